"""What the environment says about databases."""

from pydantic import Field, SecretStr

from trine.settings import SettingsGroup


class DatabaseSettings(SettingsGroup, prefix="TRINE_DB_"):
    """Where the data is, and how many connections lead there."""

    url: SecretStr = SecretStr("sqlite:///db.sqlite3")
    """`sqlite:///file`, `postgresql://user:password@host/name` or `mysql://...`."""
    replicas: tuple[SecretStr, ...] = ()
    """Copies that are read outside of transactions."""
    pool_size: int = Field(default=10, ge=1, le=1000)
    """How many connections a worker process has at most."""
    max_wait: float = Field(default=10.0, gt=0)
    """Seconds that a request may wait for a connection, until it gets a 503."""
    connect_timeout: float = Field(default=10.0, gt=0)
    """Seconds in which the database must answer a new connection."""
    lock_timeout: float = Field(default=5.0, gt=0)
    """Seconds that a write to SQLite may wait for another one."""
    atomic_requests: bool = False
    """Whether each request is a transaction, undone where the answer is an error."""
    repeated_queries: int = Field(default=10, ge=2)
    """In development, a query that is repeated so often in one request is warned of, with the line that asks it."""
