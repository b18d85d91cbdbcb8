"""Where messages go: a protocol, and the two ways that need no server."""

import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Protocol, TextIO

from .addresses import Address
from .message import Message


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message on its way: as it was made, as it is sent, and who gets it."""

    message: Message
    sender: Address
    mime: EmailMessage

    @property
    def message_id(self) -> str:
        """The name of the message in everybody's logs."""
        return str(self.mime["Message-ID"])


class Transport(Protocol):
    """Sends messages, one after the other. A third party's service is one class with these two methods."""

    async def send(self, envelopes: Sequence[Envelope]) -> "Sequence[Mapping[str, str] | Exception]":
        """Send messages. Gives the recipients that each was refused for, with the reason, or why it was not sent at all."""
        ...

    async def aclose(self) -> None:
        """Let connections go."""
        ...


class ConsoleTransport:
    """Shows messages on standard error: for development."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream
        self._lock = threading.Lock()

    async def send(self, envelopes: Sequence[Envelope]) -> Sequence[Mapping[str, str] | Exception]:
        """Write messages in a form to read."""
        with self._lock:
            for envelope in envelopes:
                print(readable(envelope), file=self.stream or sys.stderr, flush=True)
        return [{} for _ in envelopes]

    async def aclose(self) -> None:
        """Keep nothing open."""


class MemoryTransport:
    """Keeps messages in a list: for tests."""

    def __init__(self, outbox: list[Message] | None = None) -> None:
        self.outbox: list[Message] = [] if outbox is None else outbox

    async def send(self, envelopes: Sequence[Envelope]) -> Sequence[Mapping[str, str] | Exception]:
        """Keep messages, as they were made."""
        self.outbox += [envelope.message for envelope in envelopes]
        return [{} for _ in envelopes]

    async def aclose(self) -> None:
        """Keep what was sent."""


_capturing: list[MemoryTransport] = []


@contextmanager
def captured_mail() -> Iterator[list[Message]]:
    """Keep every message of this process in a list while inside, whatever the settings say. pytest's `outbox` is this."""
    transport = MemoryTransport()
    _capturing.append(transport)
    try:
        yield transport.outbox
    finally:
        _capturing.remove(transport)


def capturing() -> MemoryTransport | None:
    """Who captures mail now."""
    return _capturing[-1] if _capturing else None


def readable(envelope: Envelope) -> str:
    """A message for a reader of the console: its text as it is, and everything else by name."""
    message = envelope.message
    lines = [f"{name}: {value}" for name, value in envelope.mime.items() if name not in ("MIME-Version", "Message-ID", "Date")]
    lines += [f"Bcc: {', '.join(message.bcc)}"] if message.bcc else []
    lines = [line for line in lines if not line.lower().startswith("content-")]
    body = message.text or message.html
    about = [f"[HTML of {len(message.html)} characters]"] if message.text and message.html else []
    about += [
        f"[{attachment.name}: {attachment.content_type}, {len(attachment.data)} bytes]" for attachment in message.attachments
    ]
    rule = "─" * 72
    return "\n".join([rule, *lines, "", body.rstrip(), *([""] if about else []), *about, rule])
