"""Names of groups, and of the channels that belong to them."""

from trine.errors import SetupError

MAX_NAME = 200
POSTGRESQL = ("postgresql", "postgres")
"""How addresses of PostgreSQL begin."""


def checked_name(name: str) -> str:
    """A group's name. Often it comes from a client: what is empty, too long or not printable is refused."""
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise ValueError(f"A group cannot be named {name!r:.80}: a name has 1 to {MAX_NAME} printable characters.")
    return name


def messages_of(group: str) -> str:
    """The channel of a group's messages."""
    return f"m:{group}"


def changes_of(group: str) -> str:
    """The channel of a group's changes of members."""
    return f"p:{group}"


def checked_url(url: str) -> str:
    """Where groups live. Raises `SetupError` for what is no place."""
    scheme = url.partition("://")[0]
    if scheme not in ("memory", "redis", "rediss", "unix", *POSTGRESQL) or "://" not in url:
        raise SetupError(
            f"Channels have the url '{scheme}://...', which is none that they know.",
            hint="Use 'memory://', 'redis://host:6379/0', 'rediss://...', 'unix:///path' or 'postgresql://user@host/name'.",
        )
    return url
