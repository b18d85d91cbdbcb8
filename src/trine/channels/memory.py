"""Channels inside one process."""

from collections import deque
from collections.abc import Sequence
from time import time

from .backend import Listener, Member
from .delivery import Sent, place_of
from .hub import change_text
from .names import changes_of


class MemoryBackend:
    """Carries messages between the listeners of one process."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self._kept: dict[str, deque[Sent]] = {}
        self._members: dict[str, dict[str, Member]] = {}
        # Ids go on after a restart, so that a client that comes back with an old one misses nothing that is kept.
        self._last = (int(time() * 1000), 0)

    async def send(self, channel: str, text: str, keep: int) -> str:
        """Hand a message to every listener, and keep the newest ones."""
        self._last = max((int(time() * 1000), 0), (self._last[0], self._last[1] + 1))
        sent = Sent(f"{self._last[0]}-{self._last[1]}", text)
        if keep:
            kept = self._kept.get(channel)
            if kept is None or kept.maxlen != keep:
                kept = self._kept[channel] = deque(kept or (), maxlen=keep)
            kept.append(sent)
        self.listener.deliver(channel, sent)
        return sent.id

    async def open(self, channel: str) -> None:
        """Nothing to do: everybody is here."""

    async def release(self, channel: str) -> None:
        """Nothing to do: everybody is here."""

    async def history(self, channel: str, count: int, after: str | None = None) -> Sequence[Sent]:
        """The newest messages that are kept, or the first ones after a place; oldest first."""
        kept = list(self._kept.get(channel, ()))
        if after is not None:
            place = place_of(after)
            return [sent for sent in kept if sent.place > place][:count]
        return kept[-count:] if count else []

    async def join(self, member: Member) -> None:
        """Note that a member is here, and tell it where it was not."""
        stays = self._members.setdefault(member.group, {})
        is_new = all(stay.name != member.name for stay in stays.values())
        stays[member.stay] = member
        if is_new:
            await self.send(changes_of(member.group), change_text(member.name, member.info, is_here=True), 0)

    async def leave(self, member: Member) -> None:
        """Note that a member's stay is over, and tell it where that was the last one."""
        stays = self._members.get(member.group, {})
        if stays.pop(member.stay, None) is None:
            return
        if not stays:
            del self._members[member.group]
        if all(stay.name != member.name for stay in stays.values()):
            await self.send(changes_of(member.group), change_text(member.name, member.info, is_here=False), 0)

    async def members(self, group: str) -> dict[str, str]:
        """Who is here: what each member says about itself, by name."""
        return {stay.name: stay.info for stay in self._members.get(group, {}).values()}

    async def close(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self._members.clear()
