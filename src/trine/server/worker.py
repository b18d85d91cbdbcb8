"""One worker process: it starts the application, serves it until it is told to stop, and leaves when nothing is in flight."""

import asyncio
import logging
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Protocol

from trine.errors import SetupError

from .drain import ENDED_BY_DRAIN, ConnectionCount, end_sockets, open_sockets
from .logs import say
from .options import ServerOptions

logger = logging.getLogger("trine.server")

LINGER = 1.0
"""Seconds that kept connections have to hear `connection: close` before silent ones are cut."""
_STEP = 0.02
# What streams may still write once they were ended.
_LAST_WORDS = 2.0


class Served(Protocol):
    """What an engine tells of itself while it is stopped."""

    def close(self) -> None:
        """Accept nothing more, and close every connection as soon as it has its answer."""
        ...

    def is_closed(self) -> bool:
        """Whether every connection has ended."""
        ...

    def in_flight(self) -> Iterable["asyncio.Task[Any]"]:
        """Requests that are being answered."""
        ...


class Worker:
    """What an engine needs: the socket, the options, when to stop and how."""

    def __init__(self, options: ServerOptions, listener: socket.socket, *, lifeline: int, ready: Callable[[], None]) -> None:
        self.options = options
        self.listener = listener
        self.ready = ready
        self._lifeline = lifeline
        self._asked = asyncio.Event()
        self._connections = ConnectionCount(listener)

    def new_loop(self) -> asyncio.AbstractEventLoop:
        """Make the process's event loop: uvloop's where it is installed."""
        try:
            import uvloop
        except ImportError:
            loop = asyncio.new_event_loop()
        else:
            loop = uvloop.new_event_loop()
        asyncio.set_event_loop(loop)
        return loop

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Listen for the signal to stop, and for the end of the parent process."""
        asked = self._asked

        def orphaned() -> None:
            loop.remove_reader(self._lifeline)
            asked.set()

        loop.add_signal_handler(signal.SIGTERM, asked.set)
        loop.add_reader(self._lifeline, orphaned)

    async def until_asked(self) -> None:
        """Wait until the worker shall stop."""
        await self._asked.wait()

    async def drain(self, served: Served, ask_clients_to_leave: Callable[[], None]) -> None:
        """Stop serving without losing an answer: at most as long as the drain timeout says."""
        deadline = time.monotonic() + self.options.drain_timeout
        ask_clients_to_leave()
        await self._until(lambda: not self._connections(), min(time.monotonic() + LINGER, deadline))
        end_sockets()
        await self._until(lambda: not open_sockets, min(time.monotonic() + _LAST_WORDS, deadline))
        served.close()
        await self._until(lambda: served.is_closed() and not any(served.in_flight()), min(time.monotonic() + LINGER, deadline))
        # A connection that never sends a request may stay open, but nobody is waited for who has asked for nothing.
        await self._until(lambda: not any(served.in_flight()), deadline)
        late = list(served.in_flight())
        if late:
            logger.warning("%d requests did not end within %g seconds, and are ended now.", len(late), self.options.drain_timeout)
            for task in late:
                task.cancel(ENDED_BY_DRAIN)
            await self._until(lambda: not any(served.in_flight()), time.monotonic() + _LAST_WORDS)
        # The last bytes are on their way to the clients.
        await self._until(served.is_closed, time.monotonic() + LINGER)

    @staticmethod
    async def _until(condition: Callable[[], bool], deadline: float) -> None:
        # What is waited for is asked of the system and of servers, which send no event.
        while not condition() and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(_STEP)


def run_worker(worker: Worker, load: Callable[[], Any]) -> int:
    """Load the application and serve it to the end. Gives the exit status of the process."""
    raise_descriptor_limit()
    try:
        app = load()
        serve = _engine(worker.options.engine)
        serve(app, worker)
    except SetupError as error:
        say(str(error), logging.ERROR)
        return 1
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 1
    except BaseException:
        logger.exception("The application did not start, or did not stop, in worker %d.", os.getpid())
        return 1
    return 0


def raise_descriptor_limit() -> None:
    """Allow as many open connections as the system allows at all."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def leave_process(status: int) -> None:
    """End a forked process at once, with everything written: what the parent has registered for its end is not this one's."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def _engine(name: str) -> Callable[[Any, Worker], None]:
    if name == "uvicorn":
        from .uvicorn import serve
    elif name == "hypercorn":
        from .hypercorn import serve
    else:
        from .granian import serve
    return serve
