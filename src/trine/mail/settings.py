"""What the environment says about mail."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from trine.settings import SettingsGroup

Backend = Literal["smtp", "console", "memory"]


class MailSettings(SettingsGroup, prefix="TRINE_MAIL_"):
    """Who sends, and through which server. Without a host, development shows messages on the console, and production refuses."""

    backend: Backend | None = None
    """`smtp` where there is a host, else `console` in development."""
    host: str = ""
    """Name of the SMTP server."""
    port: int | None = Field(default=None, ge=1, le=65535)
    """587 for STARTTLS, 465 for TLS, 25 without either, where nothing is said."""
    username: str = ""
    password: SecretStr = SecretStr("")
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`starttls` and `tls` check the server's certificate; `none` sends in the clear."""
    ca_file: Path | None = None
    """Certificates that are trusted besides the system's: for a server with a certificate of one's own."""
    timeout: float = Field(default=30.0, gt=0)
    """Seconds that each step of a conversation may take."""
    connections: int = Field(default=2, ge=1, le=50)
    """How many connections to the server are open at the same time. They are kept for the next message."""
    sender: str = ""
    """Who sends where a message does not say it, such as `Shop <hello@example.org>`."""

    @property
    def chosen_port(self) -> int:
        """The port that was said, or the one that fits the security."""
        return self.port or {"starttls": 587, "tls": 465, "none": 25}[self.security]
