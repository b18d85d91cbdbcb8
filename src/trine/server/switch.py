"""An application of another make behind Trine's workers: its entry can be exchanged while it is called."""

from collections.abc import Callable
from typing import Any

Answer = Callable[..., Any]


class Switch:
    """Calls an application. After `drain`, each answer closes its connection."""

    def __init__(self, answer: Answer, closing: Callable[[Any], Any]) -> None:
        self.answer = answer
        self.closing = closing

    def __call__(self, *arguments: Any) -> Any:
        """Call the application."""
        return self.answer(*arguments)

    def drain(self) -> None:
        """Ask every client to leave."""
        self.answer = self.closing(self.answer)
