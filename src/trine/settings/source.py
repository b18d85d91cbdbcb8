"""Where settings come from: the process's environment, then `.env`."""

import os
from collections.abc import Mapping
from pathlib import Path

from .dotenv import Variable, read_dotenv
from .launch import launch


class Source(dict[str, Variable]):
    """Variables by name, each with its place. The process's environment wins over the file."""

    @classmethod
    def read(cls, env: Mapping[str, str] | None = None, dotenv: str | Path | None = "") -> "Source":
        """Read the environment, and a `.env` file: the one that `trine` was told, unless named here. None reads no file."""
        found = {} if dotenv is None else read_dotenv(launch().env_file if dotenv == "" else Path(dotenv))
        for name, value in (os.environ if env is None else env).items():
            # What `trine` put into the environment from the file keeps its place in the file.
            if name not in found or found[name].value != value:
                found[name] = Variable(value)
        return cls(found)


# What `trine run` and `trine dev` read from the environment themselves: their options, under these names.
SERVER_VARIABLES = frozenset(
    f"TRINE_{name}"
    for name in (
        "ACCESS_LOG",
        "ACCESS_LOG_FORMAT",
        "ALIAS",
        "APP",
        "BACKLOG",
        "DRAIN_TIMEOUT",
        "HEADER_TIMEOUT",
        "HOST",
        "HTTP",
        "LOG_LEVEL",
        "MAX_CONNECTIONS",
        "PID_FILE",
        "PORT",
        "PRELOAD",
        "SERVER",
        "TLS_CERTIFICATE",
        "TLS_KEY",
        "TLS_KEY_PASSWORD",
        "UDS",
        "WORKERS",
    )
)
