"""What a connection to any database can do, whoever drives it. Each is in autocommit until a transaction begins on it."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence
from typing import Any

Row = Sequence[Any]


class Connection(ABC):
    """One connection. One statement runs on it at a time."""

    survives_cancellation = True
    """Whether it can go on after a statement was cancelled, once it has recovered."""

    def __init__(self) -> None:
        self._is_broken = False

    @property
    def is_broken(self) -> bool:
        """Whether it must not be used again."""
        return self._is_broken

    @is_broken.setter
    def is_broken(self, is_broken: bool) -> None:
        self._is_broken = is_broken

    @abstractmethod
    async def fetch(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        """Run a statement and give its rows."""

    @abstractmethod
    async def fetch_named(self, sql: str, args: Sequence[Any] = ()) -> tuple[list[str], Sequence[Row]]:
        """Run a statement and give the names of its columns, and its rows."""

    @abstractmethod
    async def run(self, sql: str, args: Sequence[Any] = ()) -> int:
        """Run a statement and give how many rows it changed."""

    @abstractmethod
    async def run_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement once for each of several rows of values."""

    @abstractmethod
    async def command(self, sql: str) -> None:
        """Run a statement without values, such as BEGIN."""

    @abstractmethod
    def stream(self, sql: str, args: Sequence[Any], size: int) -> AsyncGenerator[Sequence[Row]]:
        """Run a statement inside a transaction, and give its rows in parts of about `size`."""

    @abstractmethod
    async def insert(self, sql: str, args: Sequence[Any] = ()) -> Any:
        """Run an INSERT where the database has no RETURNING, and give the key that it has counted."""

    @abstractmethod
    async def close(self) -> None:
        """Say good-bye to the database."""

    @abstractmethod
    def terminate(self) -> None:
        """Drop the connection at once."""

    async def rollback(self) -> None:
        """Undo the transaction."""
        await self.command("ROLLBACK")

    async def recover_savepoint(self, name: str) -> bool:
        """Undo everything since a savepoint. False where the transaction around it is gone too."""
        await self.command(f"ROLLBACK TO SAVEPOINT {name}")
        await self.command(f"RELEASE SAVEPOINT {name}")
        return True

    async def recover(self) -> None:
        """Make it usable after a statement was cancelled, or mark it broken."""
        self.is_broken = True
