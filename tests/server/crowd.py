"""Many clients at once, on plain sockets: they keep their connections, notice every answer that is lost, and come back."""

import asyncio
from collections import Counter

REQUEST = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"


class Crowd:
    """Clients that ask again and again until they are refused or dismissed. `seen` counts what became of their requests."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.seen: Counter[str] = Counter()
        self.dismissed = False
        self.tasks: list[asyncio.Task[None]] = []

    def gather(self, clients: int, *, streams: int = 0, lines: int = 0, returning: bool = False) -> None:
        """Let clients begin; `returning` ones try again where they are refused."""
        self.tasks += [asyncio.ensure_future(self._ask(returning)) for _ in range(clients)]
        self.tasks += [asyncio.ensure_future(self._listen(lines)) for _ in range(streams)]

    async def until_seen(self, what: str, times: int) -> None:
        """Wait until something has been seen often enough."""
        async with asyncio.timeout(30):
            while self.seen[what] < times:
                await asyncio.sleep(0.01)

    async def leave(self) -> Counter[str]:
        """Dismiss everybody, and give what they have seen."""
        self.dismissed = True
        await asyncio.wait_for(asyncio.gather(*self.tasks), 30)
        return self.seen

    async def end(self) -> Counter[str]:
        """Wait until everybody was refused and every stream has ended, and give what they have seen."""
        await asyncio.wait_for(asyncio.gather(*self.tasks), 30)
        return self.seen

    async def _ask(self, returning: bool) -> None:
        while not self.dismissed:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                self.seen["refused"] += 1
                if not returning:
                    return
                continue
            try:
                while not self.dismissed and await self._once(reader, writer):
                    pass
            finally:
                writer.close()

    async def _once(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Ask once. False where the connection is not to be used again."""
        try:
            writer.write(REQUEST)
            await writer.drain()
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]))
        except (OSError, asyncio.IncompleteReadError):
            self.seen["lost"] += 1
            return False
        self.seen["answered" if head.startswith(b"http/1.1 200") else "failed"] += 1
        return b"connection: close" not in head

    async def _listen(self, lines: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"GET /stream?lines=%d HTTP/1.1\r\nhost: localhost\r\n\r\n" % lines)
        body = b""
        try:
            await reader.readuntil(b"\r\n\r\n")
            self.seen["listening"] += 1
            while size := int(await reader.readuntil(b"\r\n"), 16):
                body += (await reader.readexactly(size + 2))[:-2]
            await reader.readexactly(2)
        except (OSError, asyncio.IncompleteReadError):
            self.seen["broken"] += 1
        else:
            self.seen["complete" if not lines or body.count(b"\n") == lines else "short"] += 1
        finally:
            writer.close()
