"""What the environment says about pages and their sessions."""

from typing import Literal

from pydantic import Field

from trine.settings import SettingsGroup


class PagesSettings(SettingsGroup, prefix="TRINE_PAGES_"):
    """What holds for every page."""

    csrf: bool = True
    """Whether what changes something must carry the visitor's token. Without it production does not start."""
    trusted_origins: tuple[str, ...] = ()
    """Other sites whose pages may send forms here, such as `https://app.example.org`."""
    static_root: str = "staticfiles"
    """Where `trine collectstatic` puts files, and production takes them from; relative to the application's folder."""


class SessionSettings(SettingsGroup, prefix="TRINE_SESSION_"):
    """Where the sessions of pages are kept, and for how long. An installed `SessionMiddleware` says it for itself."""

    url: str = "cookie://"
    """`cookie://` for a signed cookie, `memory://` for one process, `redis://host:6379/0` or `database://` for several."""
    cookie: str = "session"
    """The name of the cookie; `__Host-` is put before it where the cookie is secure."""
    max_age: int = Field(default=14 * 24 * 60 * 60, ge=1)
    """Seconds that a session counts after its last change."""
    permanent: bool = False
    """Whether browsers keep sessions when they are closed, where `session.permanent` does not say it."""
    same_site: Literal["lax", "strict"] = "lax"
    """Whether links from other sites bring the session along."""
    domain: str | None = None
    """A domain whose hosts share the session; without it the session is this host's alone."""
    key_prefix: str = "trine:"
    """What the names of Redis keys begin with."""
    timeout: float = Field(default=5.0, gt=0)
    """Seconds that Redis may take to answer."""
