"""Who may unpickle: nobody, unless a model says so where it is declared."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_allowed: ContextVar[bool | None] = ContextVar("pickles_allowed", default=None)


@contextmanager
def pickles_allowed(allowed: bool, /) -> Iterator[None]:
    """Let `load_model()` unpickle inside, or not, whatever it is told itself: how a served model is loaded."""
    token = _allowed.set(allowed)
    try:
        yield
    finally:
        _allowed.reset(token)


def permission() -> bool | None:
    """What the declaration of the model that is being loaded says; None where none is."""
    return _allowed.get()
