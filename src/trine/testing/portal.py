"""An event loop in a thread of its own, for programs that are not asynchronous themselves."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future, wait
from typing import Any, TypeVar

T = TypeVar("T")


class Portal:
    """Runs coroutines for any thread. Whatever still runs on its loop is cancelled when it closes."""

    def __init__(self) -> None:
        opened: Future[asyncio.AbstractEventLoop] = Future()
        self._thread = threading.Thread(target=self._run, args=(opened,), name="trine-testing", daemon=True)
        self._thread.start()
        self._loop = opened.result()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop."""
        return self._loop

    def call(self, coroutine: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """Run a coroutine to its end and give its value. Raises `NotInTime` where it takes longer than `timeout`."""
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise RuntimeError(
                "A synchronous test client was called on the event loop that runs its application, which would wait for ever. "
                "Use AsyncTestClient there."
            )
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            if not wait([future], timeout).done:
                raise NotInTime
            return future.result()
        finally:
            # Without effect on what has ended; what was interrupted must not go on alone.
            future.cancel()

    def close(self) -> None:
        """Cancel what still runs, and end the thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def _run(self, opened: "Future[asyncio.AbstractEventLoop]") -> None:
        with asyncio.Runner() as runner:
            loop = runner.get_loop()
            opened.set_result(loop)
            loop.run_forever()


class NotInTime(Exception):
    """A call took longer than its caller waits."""


_shared: list[Portal] = []
_opening = threading.Lock()


def shared_portal() -> Portal:
    """The portal of all clients that were not started with `with`: one thread, however many there are."""
    with _opening:
        if not _shared:
            _shared.append(Portal())
        return _shared[0]
