"""Signals: something happened, and whoever cares was told. The sender knows none of them."""

import inspect
import logging
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, overload

from trine.concurrency import maybe_await, run_in_thread, run_on_loop
from trine.errors import SetupError

logger = logging.getLogger("trine.signals")

R = TypeVar("R", bound=Callable[..., Any])

Answers = list[tuple[Callable[..., Any], Any]]
"""Every receiver that was called, with what it returned."""


class Signal:
    """Something that happens, by name. Receivers are called one after the other, in the order in which they were connected.

    A receiver takes the sender, and those values that it names: `def greet(sender, user): ...`; `**values` takes all. `values`
    lists what is sent, so that a receiver that asks for something else is refused when it is connected.

    Sending costs nothing worth measuring without receivers; a sender whose values are dear to make looks at `signal.receivers`
    first. One that is sent from plain code, wherever that runs, is `inline`: its receivers are plain functions, called in place.
    """

    def __init__(self, name: str, *, values: Sequence[str] | None = None, inline: bool = False) -> None:
        self.name = name
        self.values = None if values is None else tuple(values)
        self.inline = inline
        self.receivers: tuple[Receiver, ...] = ()
        self.sync = SyncSignal(self)

    @overload
    def connect(self, receiver: R, sender: Any = None, *, weak: bool = False, inline: bool = False) -> R: ...
    @overload
    def connect(
        self, receiver: None = None, sender: Any = None, *, weak: bool = False, inline: bool = False
    ) -> Callable[[R], R]: ...
    def connect(self, receiver: Any = None, sender: Any = None, *, weak: bool = False, inline: bool = False) -> Any:
        """Have a function called when the signal is sent: by any sender, or by one. Also a decorator, with and without options.

        A plain `def` runs in a worker thread, or in place where it never blocks and says so: `inline=True`. A `weak` receiver is
        forgotten with the object that it belongs to. Who is connected already is not connected twice.
        """
        if receiver is None:

            def register(function: R) -> R:
                self.connect(function, sender, weak=weak, inline=inline)
                return function

            return register

        connected = Receiver(self, receiver, sender, weak=weak, inline=inline)
        if not any(known.is_same(receiver, sender) for known in self.receivers):
            # A new tuple: whoever sends at this moment walks over the old one.
            self.receivers = (*self.receivers, connected)
        return receiver

    def disconnect(self, receiver: Callable[..., Any], sender: Any = None) -> bool:
        """Forget a receiver that was connected for this sender. Says whether there was one."""
        kept = tuple(known for known in self.receivers if not known.is_same(receiver, sender))
        was_there = len(kept) < len(self.receivers)
        self.receivers = kept
        return was_there

    @contextmanager
    def connected_to(self, receiver: Callable[..., Any], sender: Any = None, *, inline: bool = True) -> Iterator[None]:
        """Keep a receiver connected while inside: for tests."""
        self.connect(receiver, sender, inline=inline)
        try:
            yield
        finally:
            self.disconnect(receiver, sender)

    async def send(self, sender: Any = None, /, **values: Any) -> Answers:
        """Tell every receiver, and give what they returned. The first one that raises ends it."""
        if not self.receivers:
            return []
        return [(function, await receiver.call(function, sender, values)) for receiver, function in self.receivers_for(sender)]

    async def send_robust(self, sender: Any = None, /, **values: Any) -> Answers:
        """Tell every receiver, whatever the others do. An exception is logged, and stands in the place of an answer."""
        answers: Answers = []
        for receiver, function in self.receivers_for(sender):
            try:
                answers.append((function, await receiver.call(function, sender, values)))
            except Exception as error:  # noqa: BLE001 - told to the sender and to the log
                answers.append((function, _logged(self, function, error)))
        return answers

    def receivers_for(self, sender: Any) -> "Iterator[tuple[Receiver, Callable[..., Any]]]":
        """Every receiver that a sender reaches, with its function."""
        for receiver in self.receivers:
            if receiver.sender is None or receiver.sender is sender:
                function = receiver.function()
                if function is not None:
                    yield receiver, function

    def __repr__(self) -> str:
        return f"<Signal '{self.name}' with {len(self.receivers)} receivers>"


class SyncSignal:
    """A signal for plain functions. Receivers run in place; an `async` one runs on the loop that the thread works for."""

    def __init__(self, signal: Signal) -> None:
        self._signal = signal

    def send(self, sender: Any = None, /, **values: Any) -> Answers:
        """Tell every receiver, and give what they returned. The first one that raises ends it."""
        if not self._signal.receivers:
            return []
        return [
            (function, receiver.call_here(function, sender, values)) for receiver, function in self._signal.receivers_for(sender)
        ]

    def send_robust(self, sender: Any = None, /, **values: Any) -> Answers:
        """Tell every receiver, whatever the others do. An exception is logged, and stands in the place of an answer."""
        answers: Answers = []
        for receiver, function in self._signal.receivers_for(sender):
            try:
                answers.append((function, receiver.call_here(function, sender, values)))
            except Exception as error:  # noqa: BLE001 - told to the sender and to the log
                answers.append((function, _logged(self._signal, function, error)))
        return answers


class Receiver:
    """A function that is connected to a signal, and how it is called. `sender` is None where anybody may send."""

    def __init__(self, signal: Signal, function: Callable[..., Any], sender: Any, *, weak: bool, inline: bool) -> None:
        self.sender = sender
        self.names = _names_it_takes(signal, function)
        self.is_async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
            getattr(function, "__call__", None)  # noqa: B004 - asked for its kind, not called
        )
        if self.is_async and signal.inline:
            raise SetupError(
                f"{_name_of(function)}() is async, and the signal '{signal.name}' is sent where nothing can be awaited.",
                hint="Connect a plain function. It may start a task.",
            )
        self.is_inline = inline or self.is_async
        self.function: Callable[[], Callable[..., Any] | None] = _weak(signal, function, self) if weak else lambda: function

    def is_same(self, function: Callable[..., Any], sender: Any) -> bool:
        """Whether this is the connection of a function for a sender."""
        # Bound methods are made anew each time they are asked for: they are equal, and not identical.
        return self.sender is sender and self.function() == function

    async def call(self, function: Callable[..., Any], sender: Any, values: dict[str, Any]) -> Any:
        """Call the function on the loop, or in a worker thread where it may block."""
        chosen = self._chosen(values)
        if self.is_async:
            return await function(sender, **chosen)
        if self.is_inline:
            return await maybe_await(function(sender, **chosen))
        return await maybe_await(await run_in_thread(function, sender, **chosen))

    def call_here(self, function: Callable[..., Any], sender: Any, values: dict[str, Any]) -> Any:
        """Call the function in this thread."""
        chosen = self._chosen(values)
        return run_on_loop(function, sender, **chosen) if self.is_async else function(sender, **chosen)

    def _chosen(self, values: dict[str, Any]) -> dict[str, Any]:
        return values if self.names is None else {name: values[name] for name in self.names if name in values}


def _logged(signal: Signal, function: Callable[..., Any], error: Exception) -> Exception:
    logger.error("%s() failed at the signal '%s'.", _name_of(function), signal.name, exc_info=error)
    return error


def _weak(signal: Signal, function: Callable[..., Any], receiver: Receiver) -> Callable[[], Callable[..., Any] | None]:
    def forget(_: Any) -> None:
        signal.receivers = tuple(known for known in signal.receivers if known is not receiver)

    if inspect.ismethod(function):
        return weakref.WeakMethod(function, forget)
    return weakref.ref(function, forget)


def _names_it_takes(signal: Signal, function: Callable[..., Any]) -> tuple[str, ...] | None:
    """The values that a receiver names, None where it takes all. Raises `SetupError` for what is never sent."""
    try:
        sender, *others = inspect.signature(function).parameters.values()
    except ValueError:
        raise SetupError(
            f"{_name_of(function)}() takes nothing, and a receiver of the signal '{signal.name}' is called with its sender.",
            hint=f"Write: def {_name_of(function)}(sender): ...",
        ) from None
    if sender.kind is sender.KEYWORD_ONLY or sender.kind is sender.VAR_KEYWORD:
        raise SetupError(
            f"{_name_of(function)}() has no place for the sender of the signal '{signal.name}'.",
            hint="The sender is the first argument, by position.",
        )
    if any(other.kind is other.VAR_KEYWORD for other in others):
        return None
    names = [other for other in others if other.kind is not other.VAR_POSITIONAL]
    for other in names:
        if signal.values is not None and other.name not in signal.values and other.default is other.empty:
            sent = ", ".join(signal.values) or "nothing"
            raise SetupError(
                f"{_name_of(function)}() asks for '{other.name}', which the signal '{signal.name}' does not send.",
                hint=f"Besides its sender it sends {sent}.",
            )
    return tuple(other.name for other in names)


def _name_of(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__qualname__", type(function).__qualname__))
