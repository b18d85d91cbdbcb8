"""Parts of a compiled function that somebody watches. Nobody's watching is not written at all."""

from collections.abc import Callable
from typing import Any

from trine.events import NO_ARGUMENTS, Operation, OperationWatcher


def watched_call(function: Callable[..., Any], watch: OperationWatcher, operation: Operation, *, is_async: bool) -> Any:
    """Give a function whose calls are watched, where they happen: in the thread of a plain one."""

    async def await_watched(**arguments: Any) -> Any:
        with watch(operation, arguments):
            return await function(**arguments)

    def call_watched(**arguments: Any) -> Any:
        with watch(operation, arguments):
            return function(**arguments)

    return await_watched if is_async else call_watched


def watched_encoder(encode: Callable[[Any], Any], watch: OperationWatcher, operation: Operation) -> Callable[[Any], Any]:
    """Give an encoder whose calls are watched."""

    def encode_watched(value: Any) -> Any:
        with watch(operation, NO_ARGUMENTS):
            return encode(value)

    return encode_watched
