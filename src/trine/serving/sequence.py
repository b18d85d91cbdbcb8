"""A stream that a model advances step by step together with others."""

from typing import Any, Generic, TypeVar

Prompt = TypeVar("Prompt")
Value = TypeVar("Value")


class ActiveSequence(Generic[Prompt]):
    """One of the streams that `step(self, sequences)` advances: `input` is what the client sent, `state` the model's to keep."""

    __slots__ = ("id", "input", "is_finished", "state")

    def __init__(self, id: str, input: Prompt) -> None:
        self.id = id
        self.input = input
        self.state: Any = None
        """None before the first step; whatever the model keeps after it."""
        self.is_finished = False

    def finish(self, last: Value | None = None) -> Value | None:
        """End the sequence after this step, whose last output may be given: `return [s.finish() ...]`."""
        self.is_finished = True
        return last
