"""How httpx2 reaches an application without sockets. Answers arrive as they are sent, piece by piece."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx2

from trine.concurrency import iterate_in_thread

from .exchange import Exchange
from .opening import Opening, read_opening
from .portal import NotInTime, Portal
from .wire import Wire


class Conversation:
    """One request and its answer, with the errors raised where the client is."""

    def __init__(self, wire: Wire, opening: Opening, exchange: Exchange, *, raises: bool, grace: float) -> None:
        self.wire = wire
        self.opening = opening
        self.exchange = exchange
        self.raises = raises
        self.grace = grace
        self.early: list[bytes] = []
        """What arrived together with the status and headers."""
        self.finished = False
        """Whether the answer is complete and the application has finished all its work."""

    async def begin(self) -> tuple[int, list[tuple[bytes, bytes]]]:
        """Send the request, and wait for status and headers."""
        exchange = self.exchange
        exchange.begin(self.wire.answer(self.opening, exchange))
        try:
            started = await exchange.started()
        except BaseException:
            await self.leave()
            raise
        # One turn of the loop more: a small answer is then complete, and nobody needs to ask again.
        await asyncio.sleep(0)
        if exchange.ended and exchange.complete:
            self.early = await self.more()
        await self._raise()
        if started and exchange.status is not None:
            return exchange.status, exchange.headers
        if self.raises:
            raise RuntimeError("The application ended without an answer.")
        # What a server says for an application that cannot answer.
        return 500, [(b"content-length", b"0")]

    async def more(self) -> list[bytes]:
        """Wait for pieces of the answer. An empty list is the end."""
        chunks = await self.exchange.arrived()
        await self._raise()
        if not chunks and self.exchange.status is not None and not self.exchange.complete:
            raise httpx2.RemoteProtocolError("The application ended before its answer was complete.")
        self.finished = self.exchange.ended and (self.exchange.complete or not chunks)
        return chunks

    async def leave(self) -> None:
        """Go away, whether the answer is complete or not."""
        await self.exchange.leave(self.grace)
        await self._raise()

    async def _raise(self) -> None:
        if self.exchange.client_error is not None:
            raise self.exchange.client_error
        if self.raises:
            if self.opening.errors:
                await self.exchange.leave(self.grace)
                raise self.opening.errors[0]
            if self.exchange.failure is not None:
                raise self.exchange.failure


class Transport(httpx2.BaseTransport):
    """For synchronous clients: the application runs on a portal's event loop."""

    def __init__(self, wire: Wire, portal: Callable[[], Portal], *, client: tuple[str, int], raises: bool, grace: float) -> None:
        self.wire = wire
        self.portal = portal
        self.client = client
        self.raises = raises
        self.grace = grace

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Let the application answer, and return as soon as its answer begins."""
        body = request.stream
        if not isinstance(body, httpx2.SyncByteStream):
            raise TypeError("A synchronous client cannot send an asynchronous body.")
        whole = isinstance(body, httpx2.ByteStream)
        exchange = Exchange(
            request.read() if whole else iterate_in_thread(iter(body)),
            is_head=request.method == "HEAD",
        )
        talk = Conversation(self.wire, read_opening(request, self.client), exchange, raises=self.raises, grace=self.grace)
        portal, timeout = self.portal(), read_timeout(request)
        try:
            status, headers = portal.call(talk.begin(), timeout)
        except NotInTime:
            portal.call(talk.leave())
            raise httpx2.ReadTimeout(f"No answer within {timeout} seconds.", request=request) from None
        return httpx2.Response(status, headers=headers, stream=AnswerStream(talk, portal, timeout), request=request)


class AnswerStream(httpx2.SyncByteStream):
    """An answer, taken from the portal's loop piece by piece. Closing it early is leaving."""

    def __init__(self, talk: Conversation, portal: Portal, timeout: float | None) -> None:
        self.talk = talk
        self.portal = portal
        self.timeout = timeout

    def __iter__(self) -> Iterator[bytes]:
        yield from self.talk.early
        try:
            while not self.talk.finished:
                yield from self.portal.call(self.talk.more(), self.timeout)
        except NotInTime:
            raise httpx2.ReadTimeout(f"Nothing more arrived within {self.timeout} seconds.") from None

    def close(self) -> None:
        """Leave."""
        if not self.talk.finished:
            self.portal.call(self.talk.leave())


class AsyncTransport(httpx2.AsyncBaseTransport):
    """For asynchronous clients: the application runs on the caller's own event loop."""

    def __init__(self, wire: Wire, *, client: tuple[str, int], raises: bool, grace: float) -> None:
        self.wire = wire
        self.client = client
        self.raises = raises
        self.grace = grace

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Let the application answer, and return as soon as its answer begins."""
        body = request.stream
        if not isinstance(body, httpx2.AsyncByteStream):
            raise TypeError("An asynchronous client cannot send a synchronous body.")
        whole = isinstance(body, httpx2.ByteStream)
        exchange = Exchange(await request.aread() if whole else aiter(body), is_head=request.method == "HEAD")
        talk = Conversation(self.wire, read_opening(request, self.client), exchange, raises=self.raises, grace=self.grace)
        status, headers = await talk.begin()
        return httpx2.Response(status, headers=headers, stream=AsyncAnswerStream(talk), request=request)


class AsyncAnswerStream(httpx2.AsyncByteStream):
    """An answer, piece by piece. Closing it early is leaving."""

    def __init__(self, talk: Conversation) -> None:
        self.talk = talk

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.talk.early:
            yield chunk
        while not self.talk.finished:
            for chunk in await self.talk.more():
                yield chunk

    async def aclose(self) -> None:
        """Leave."""
        if not self.talk.finished:
            await self.talk.leave()


def read_timeout(request: httpx2.Request) -> float | None:
    """The read timeout that the client was given; None where it waits for ever."""
    timeouts: Any = request.extensions.get("timeout") or {}
    seconds: float | None = timeouts.get("read")
    return seconds
