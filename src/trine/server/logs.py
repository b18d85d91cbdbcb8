"""What the server says about itself, on standard error; the application's own logging goes there too unless it has its own."""

import logging
import sys

logger = logging.getLogger("trine.server")

LEVELS = ("debug", "info", "warning", "error", "critical")


def configure_logs(level: str) -> None:
    """Send the log of a process that configures none to standard error."""
    logging.basicConfig(level=level.upper(), stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")


def say(message: str, level: int = logging.INFO) -> None:
    """Tell the operator something about the server."""
    logger.log(level, message)
