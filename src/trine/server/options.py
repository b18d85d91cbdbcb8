"""What a server is told: where it listens, with how many workers, and how patient it is."""

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

Engine = Literal["granian", "uvicorn", "hypercorn"]
Interface = Literal["rsgi", "asgi"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """Everything that `trine run` and `trine dev` decide before the application is loaded."""

    target: str
    """What to serve: `app.py`, `app.py:app`, `package.module:app`, or `module:create_app()`."""
    development: bool = False
    env_file: str = ".env"
    host: str = "127.0.0.1"
    port: int = 8000
    uds: str | None = None
    """Path of a Unix socket, instead of host and port."""
    engine: Engine = "granian"
    interface: Interface = "rsgi"
    http: Literal["1", "2", "auto"] = "1"
    """Protocol versions. HTTP/1.1 alone costs less memory and cuts silent connections; `auto` adds HTTP/2."""
    workers: int = 1
    preload: bool = True
    """Load the application once and fork the workers from it, or let each worker load its own."""
    backlog: int = 1024
    max_connections: int = 16_384
    """Connections that one worker serves at once; more wait."""
    header_timeout: float = 30.0
    """Seconds in which a request's headers must arrive, and that an idle connection is kept."""
    header_buffer: int = 65_536
    """Most bytes of a request's line and headers."""
    drain_timeout: float = 25.0
    """Seconds that requests in flight may take to end when a worker stops. Below the 30 that orchestrators allow."""
    tls_certificate: str | None = None
    tls_key: str | None = None
    tls_key_password: str | None = None
    access_log: bool = True
    access_log_format: str = "text"
    log_level: str = "info"
    pid_file: str | None = None

    @property
    def url(self) -> str:
        """Where the server is reached."""
        if self.uds is not None:
            return f"unix:{self.uds}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls_certificate else 'http'}://{host}:{self.port}"

    def to_json(self) -> str:
        """Write the options down for another process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "ServerOptions":
        """Read what `to_json` wrote."""
        values: dict[str, Any] = json.loads(text)
        return cls(**values)
