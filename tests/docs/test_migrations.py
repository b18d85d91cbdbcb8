"""The migrations on the page are ones that run."""

from pathlib import Path

import sqlalchemy as sa

from trine.db.migrations.engine import connect
from trine.db.migrations.files import load_migration
from trine.db.migrations.run import Migrator

FIRST = """
import sqlalchemy as sa
from trine.db.migrations import CreateTable
from trine.db.types import Integer

operations = [
    CreateTable(
        "book",
        sa.Column("id", Integer(), sa.Identity(), primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(200), nullable=False),
    )
]
"""


async def test_migrations(root, tmp_path):
    (tmp_path / "0001_initial.py").write_text(FIRST)
    examples = root / "docs" / "examples" / "migrations"
    paths = [tmp_path / "0001_initial.py", *(examples / f"{name}.py" for name in ("0002_book_slug", "0003_fill_slugs"))]
    migrator = Migrator([load_migration("app", Path(path)) for path in paths], say=lambda line: None)
    async with connect(f"sqlite:///{tmp_path / 'books.db'}") as connection:
        await migrator.migrate(connection, "app", "0001")
        await connection.execute(sa.text("INSERT INTO book (name) VALUES ('War and Peace')"))
        await connection.commit()
        await migrator.migrate(connection)
        assert (await connection.execute(sa.text("SELECT title, slug FROM book"))).all() == [("War and Peace", "war-and-peace")]
        await connection.rollback()
        await migrator.migrate(connection, "app", "0001")
