"""Trine's own settings, with the values that are safe where nothing is said."""

from typing import Literal

from pydantic import Field, SecretStr

from .group import SettingsGroup

ProxyHeader = Literal["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "forwarded"]

MEGABYTE = 1024 * 1024


class Settings(SettingsGroup, prefix="TRINE_"):
    """Trine's own settings. Subclass it for an application's, with a prefix of its own.

    ```python
    class ShopSettings(Settings, prefix="SHOP_"):
        currency: str = "EUR"

    app = App(settings=ShopSettings.load())
    ```

    `currency` reads the variable `SHOP_CURRENCY`; what is declared here keeps reading `TRINE_<NAME>`.
    """

    mode: Literal["development", "production"] = "production"
    """`trine dev` is development; everything else is production. No variable sets it."""
    allowed_hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    """Host names that are answered: `.example.org` includes subdomains, `*` is any."""
    secret_key: SecretStr | None = None
    """Signs what travels through the browser; at least 32 random characters."""
    secret_key_fallbacks: tuple[SecretStr, ...] = ()
    """Former keys, still accepted when reading."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks of proxies whose headers are believed; `unix` stands for a Unix socket."""
    proxy_headers: tuple[ProxyHeader, ...] = ("x-forwarded-for", "x-forwarded-proto")
    """The headers that these proxies write themselves. Others may be the client's, passed on."""
    security_headers: dict[str, str] = Field(
        default_factory=lambda: {
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "referrer-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
        }
    )
    """Headers of every response that does not set them itself."""
    problem_details: bool = False
    """Answer errors as RFC 9457 problem details."""
    max_body_size: int = Field(default=10 * MEGABYTE, ge=0)
    """Largest request body in bytes."""
    max_json_depth: int = Field(default=64, ge=1, le=150)
    """How deep JSON may nest."""
    timeout: float | None = Field(default=60.0, gt=0)
    """Seconds that a handler may take until its answer begins; None for no limit."""
    body_timeout: float = Field(default=60.0, gt=0)
    """Seconds in which a request body must arrive."""
    threads: int = Field(default=40, ge=1)
    """Worker threads for plain `def` handlers, for each worker process."""
    websocket_origins: tuple[str, ...] = ()
    """Sites whose pages may open WebSockets besides this one, such as `https://app.example.org`; `*` is any."""
    websocket_max_message_size: int = Field(default=MEGABYTE, ge=1)
    """Most bytes of one WebSocket message."""
    websocket_max_messages_per_second: float | None = Field(default=None, gt=0)
    """How many messages one WebSocket may send in a second, averaged; None for no limit."""
    websocket_idle_timeout: float | None = Field(default=None, gt=0)
    """Seconds without a message until a WebSocket is closed; None for no limit."""
    websocket_send_timeout: float | None = Field(default=30.0, gt=0)
    """Seconds that a message may wait for a client that does not read; None for no limit."""
    accept_risks: tuple[str, ...] = ()
    """Names of unsafe settings that are meant: production starts with them, and says so each time."""

    @property
    def is_development(self) -> bool:
        """Whether error pages show source and unsafe settings only warn."""
        return self.mode == "development"
