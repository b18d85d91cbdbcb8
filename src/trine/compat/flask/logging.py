"""The application's logger, and where it writes while nobody has configured logging."""

import logging
import sys
from typing import TYPE_CHECKING, TextIO

from werkzeug.local import LocalProxy

from .globals import _cv_request

if TYPE_CHECKING:
    from .app import Flask


def _errors_stream() -> TextIO:
    context = _cv_request.get(None)
    return sys.stderr if context is None else context.request.environ["wsgi.errors"]


wsgi_errors_stream: TextIO = LocalProxy(_errors_stream)  # type: ignore[assignment] # stands for what it leads to
"""The server's error stream during a request, else standard error."""

default_handler = logging.StreamHandler(wsgi_errors_stream)
"""Added to the application's logger where no other handler would show its messages."""
default_handler.setFormatter(logging.Formatter("[%(asctime)s] %(levelname)s in %(module)s: %(message)s"))


def has_level_handler(logger: logging.Logger) -> bool:
    """Whether some handler shows the messages that this logger lets through."""
    level = logger.getEffectiveLevel()
    current: logging.Logger | None = logger
    while current is not None:
        if any(handler.level <= level for handler in current.handlers):
            return True
        current = current.parent if current.propagate else None
    return False


def create_logger(app: "Flask") -> logging.Logger:
    """The logger with the application's name: everything while debugging, and the default handler where there is no other."""
    logger = logging.getLogger(app.name)
    if app.debug and not logger.level:
        logger.setLevel(logging.DEBUG)
    if not has_level_handler(logger):
        logger.addHandler(default_handler)
    return logger
