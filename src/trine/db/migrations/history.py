"""Which migrations a database has seen: a table of its own, `trine_migrations`."""

from datetime import UTC, datetime

import sqlalchemy as sa

TABLE = "trine_migrations"

_history = sa.Table(
    TABLE,
    sa.MetaData(),
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("package", sa.String(100), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("applied", sa.DateTime(), nullable=False),
    sa.Column("steps", sa.Integer()),
    sa.UniqueConstraint("package", "name", name="uq_trine_migrations"),
)


class History:
    """The table, behind a connection. `steps` of an unfinished migration tells how many of its operations are done."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def exists(self) -> bool:
        """Whether the database has the table."""
        return sa.inspect(self.connection).has_table(TABLE)

    def prepare(self) -> None:
        """Make the table where there is none."""
        _history.create(self.connection, checkfirst=True)

    def applied(self) -> dict[str, datetime]:
        """The labels of what has been applied completely, each with its time."""
        if not self.exists():
            return {}
        rows = self.connection.execute(sa.select(_history).where(_history.c.steps.is_(None)).order_by(_history.c.id))
        return {f"{row.package}.{row.name}": row.applied.replace(tzinfo=UTC) for row in rows}

    def unfinished(self) -> dict[str, int]:
        """Migrations that were interrupted where the database could not undo them, with how many steps are done."""
        if not self.exists():
            return {}
        rows = self.connection.execute(sa.select(_history).where(_history.c.steps.is_not(None)))
        return {f"{row.package}.{row.name}": row.steps for row in rows}

    def add(self, package: str, name: str, steps: int | None = None) -> None:
        """Write down that a migration was applied, or how far it came."""
        self.remove(package, name)
        now = datetime.now(UTC).replace(tzinfo=None)
        self.connection.execute(_history.insert().values(package=package, name=name, applied=now, steps=steps))

    def remove(self, package: str, name: str) -> None:
        """Write down that a migration was taken back."""
        self.connection.execute(_history.delete().where(_history.c.package == package, _history.c.name == name))
