"""What happens to rows, and what happens when something goes wrong."""

import asyncio
import subprocess
import sys

import pytest
import sqlalchemy as sa

from trine import SetupError
from trine.db.migrations import CreateExtension, CreateTable
from trine.db.migrations.engine import connect
from trine.db.migrations.run import Migrator
from trine.db.types import Integer, Vector

from .conftest import differences, empty


def articles(*columns: sa.Column, name: str = "article") -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(name, metadata, sa.Column("id", Integer(), sa.Identity(), primary_key=True, autoincrement=True), *columns)
    return metadata


async def rows(url: str, sql: str) -> list[tuple]:
    async with connect(url) as connection:
        return [tuple(row) for row in await connection.execute(sa.text(sql))]


async def run(url: str, *statements: str) -> None:
    async with connect(url) as connection:
        for statement in statements:
            await connection.execute(sa.text(statement))
        await connection.commit()


async def migrate(url: str, growth, *target: str) -> list:
    async with connect(url) as connection:
        return await growth.migrator.migrate(connection, *target)


async def test_rows_live_through_renames_and_new_columns(url, growth):
    growth.make(articles(sa.Column("title", sa.String(100), nullable=False)))
    await migrate(url, growth)
    await run(url, "INSERT INTO article (title) VALUES ('one')")
    changed = articles(
        sa.Column("headline", sa.String(200), nullable=False),
        sa.Column("likes", Integer(), nullable=False),
        sa.Column("lang", sa.String(5), nullable=False, server_default="en"),
        name="post",
    )
    growth.make(changed, renames=["article=post", "post.title=post.headline"], fills=["post.likes=3"], ask=lambda question: "n")
    await migrate(url, growth)
    assert await rows(url, "SELECT id, headline, likes, lang FROM post") == [(1, "one", 3, "en")]
    await migrate(url, growth, "shop", "0001")
    assert await rows(url, "SELECT id, title FROM article") == [(1, "one")]


async def test_the_number_of_a_deleted_row_is_never_given_again(url, growth):
    growth.make(articles(sa.Column("title", sa.String(100))))
    await migrate(url, growth)
    await run(
        url, "INSERT INTO article (title) VALUES ('one')", "DELETE FROM article", "INSERT INTO article (title) VALUES ('two')"
    )
    assert await rows(url, "SELECT id, title FROM article") == [(2, "two")]
    growth.make(articles(sa.Column("title", sa.String(200), nullable=False)), fills=["article.title=''"])
    await migrate(url, growth)
    await run(url, "INSERT INTO article (title) VALUES ('three')")
    assert await rows(url, "SELECT id FROM article ORDER BY id") == [(2,), (3,)]


@pytest.mark.parametrize("kind", ["sqlite", "pgvector", "mysql"])
async def test_the_first_vector_brings_its_extension(kind, url_of, growth):
    url = url_of(kind)
    await empty(url)
    growth.make(articles(sa.Column("title", sa.String(100), nullable=False)))
    await migrate(url, growth)
    (added,) = growth.make(articles(sa.Column("title", sa.String(100), nullable=False), sa.Column("meaning", Vector(3))))
    assert 'CreateExtension("vector")' in (growth.folder / "shop" / f"{added.name}.py").read_text()
    more = articles(sa.Column("title", sa.String(100), nullable=False), sa.Column("meaning", Vector(3)))
    sa.Table("passage", more, sa.Column("id", Integer(), primary_key=True), sa.Column("meaning", Vector(4), nullable=False))
    (table,) = growth.make(more)
    assert [type(step) for step in table.operations] == [CreateTable]
    await migrate(url, growth)
    if kind == "pgvector":
        assert await rows(url, "SELECT count(*) FROM pg_extension WHERE extname = 'vector'") == [(1,)]
        await run(url, "INSERT INTO article (title, meaning) VALUES ('one', '[1, 2, 3]')")
        assert await rows(url, "SELECT vector_dims(meaning) FROM article") == [(3,)]
    await migrate(url, growth, "shop", "0001")
    await migrate(url, growth)


def test_the_name_of_an_extension_is_looked_at():
    assert CreateExtension("uuid-ossp").describe() == "Create extension uuid-ossp"
    with pytest.raises(SetupError, match="is no name of an extension"):
        CreateExtension('vector"; DROP TABLE article; --')


async def test_children_stay_when_the_table_of_their_parent_is_copied(url_of, growth):
    url = url_of("sqlite")
    metadata = articles(sa.Column("title", sa.Text()))
    child = [sa.Column("id", Integer(), primary_key=True), sa.Column("to_id", sa.ForeignKey("article.id", ondelete="CASCADE"))]
    sa.Table("comment", metadata, *child)
    growth.make(metadata)
    await migrate(url, growth)
    await run(url, "INSERT INTO article (title) VALUES ('one')", "INSERT INTO comment (to_id) VALUES (1)")
    changed = articles(sa.Column("title", sa.String(50), nullable=False))
    child = [sa.Column("id", Integer(), primary_key=True), sa.Column("to_id", sa.ForeignKey("article.id", ondelete="CASCADE"))]
    sa.Table("comment", changed, *child)
    growth.make(changed, fills=["article.title=''"])
    await migrate(url, growth)
    assert await rows(url, "SELECT to_id FROM comment") == [(1,)]


DATA = """
import sqlalchemy as sa

from trine.db.migrations import Historical, RunPython

dependencies = ["shop.{before}"]


async def shout(db: Historical) -> None:
    article = db.tables["article"]
    await db.connection.execute(sa.update(article).values(title=sa.func.upper(article.c.title)))


def whisper(db: Historical) -> None:
    article = db.tables["article"]
    db.connection.execute(sa.update(article).values(title=sa.func.lower(article.c.title)))


operations = [RunPython({forwards}, {backwards})]
"""


@pytest.mark.parametrize(("forwards", "backwards"), [("shout", "whisper"), ("whisper", "shout")])
async def test_data_is_changed_by_functions_plain_and_async(url, growth, forwards, backwards):
    (first,) = growth.make(articles(sa.Column("title", sa.String(100))))
    growth.write("0002_case", DATA.format(before=first.name, forwards=forwards, backwards=backwards))
    await migrate(url, growth, "shop", "0001")
    await run(url, "INSERT INTO article (title) VALUES ('One')")
    results = {"shout": "ONE", "whisper": "one"}
    await migrate(url, growth)
    assert await rows(url, "SELECT title FROM article") == [(results[forwards],)]
    await migrate(url, growth, "shop", "0001")
    assert await rows(url, "SELECT title FROM article") == [(results[backwards],)]


async def test_a_step_without_a_way_back_says_so(url_of, growth):
    url = url_of("sqlite")
    growth.make(articles())
    growth.write(
        "0002_sql",
        'from trine.db.migrations import RunSQL\n\ndependencies = ["shop.0001_initial"]\noperations = [RunSQL("SELECT 1")]\n',
    )
    await migrate(url, growth)
    with pytest.raises(SetupError, match=r"RunSQL has no backwards=\.\.\."):
        await migrate(url, growth, "shop", "0001")


BROKEN = """
import sqlalchemy as sa

from trine.db.migrations import AddColumn, RunSQL

dependencies = ["shop.0001_initial"]
operations = [
    AddColumn("article", sa.Column("extra", sa.Text())),
    RunSQL("{sql}", None),
    AddColumn("article", sa.Column("more", sa.Text())),
]
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_migration_that_fails_leaves_nothing(kind, url_of, growth):
    url = url_of(kind)
    await run(url, *(["DROP SCHEMA public CASCADE", "CREATE SCHEMA public"] if kind == "postgresql" else []))
    metadata = articles(sa.Column("title", sa.Text()))
    growth.make(metadata)
    await migrate(url, growth)
    growth.write("0002_broken", BROKEN.format(sql="SELECT * FROM nowhere"))
    with pytest.raises(
        SetupError, match=r"Run SQL: SELECT \* FROM nowhere in shop\.0002_broken failed: .*Nothing of this migration was kept"
    ):
        await migrate(url, growth)
    async with connect(url) as connection:
        assert await differences(connection, metadata) == []
        assert list(await growth.migrator.applied(connection)) == ["shop.0001_initial"]


async def test_mariadb_goes_on_where_a_migration_failed(url_of, growth, tmp_path):
    url = url_of("mysql")
    from .conftest import empty

    await empty(url)
    growth.make(articles(sa.Column("title", sa.Text())))
    await migrate(url, growth)
    broken = growth.write("0002_broken", BROKEN.format(sql="SELECT * FROM nowhere"))
    with pytest.raises(SetupError, match=r"What was done before it stays\. Mend the cause and migrate again"):
        await migrate(url, growth)
    growth.migrations.remove(broken)
    growth.write("0002_broken", BROKEN.format(sql="SELECT 1"))
    await migrate(url, growth)
    expected = articles(sa.Column("title", sa.Text()), sa.Column("extra", sa.Text()), sa.Column("more", sa.Text()))
    async with connect(url) as connection:
        assert await differences(connection, expected) == []


KILLED = """
import asyncio, os, sys
from pathlib import Path
from trine.db.migrations import CreateExtension, CreateTable
from trine.db.migrations.engine import connect
from trine.db.migrations.files import load_migration
from trine.db.migrations.run import Migrator

async def main():
    found = [load_migration("shop", path) for path in sorted(Path(sys.argv[2]).glob("*.py"))]
    async with connect(sys.argv[1]) as connection:
        await Migrator(found).migrate(connection)

asyncio.run(main())
"""

SUICIDE = """
import os, signal
import sqlalchemy as sa

from trine.db.migrations import AddColumn, RunPython

dependencies = ["shop.0001_initial"]


def die(db):
    os.kill(os.getpid(), signal.SIGKILL)


operations = [AddColumn("article", sa.Column("extra", sa.Text())), RunPython(die)]
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_process_that_is_killed_leaves_the_schema_as_it_was(kind, url_of, growth):
    url = url_of(kind)
    await run(url, *(["DROP SCHEMA public CASCADE", "CREATE SCHEMA public"] if kind == "postgresql" else []))
    metadata = articles(sa.Column("title", sa.Text()))
    growth.make(metadata)
    await migrate(url, growth)
    killed = growth.write("0002_killed", SUICIDE)
    ended = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", KILLED, url, killed.path.parent], check=False)
    assert ended.returncode == -9
    growth.migrations.remove(killed)
    async with connect(url) as connection:
        assert await differences(connection, metadata) == []
        assert list(await growth.migrator.applied(connection)) == ["shop.0001_initial"]
        # The lock went with the process.
        assert await growth.migrator.migrate(connection) == []


REST = """
import sqlalchemy as sa

from trine.db.migrations import AddColumn, RunSQL

dependencies = ["shop.0001_initial"]
operations = [
    AddColumn("article", sa.Column("extra", sa.Text())),
    RunSQL("SELECT 1", None),
    AddColumn("article", sa.Column("more", sa.Text())),
]
"""


async def killed_in(url: str, growth, source: str) -> None:
    """Begin a history on MariaDB, and let a process be killed in its second migration."""
    await empty(url)
    growth.make(articles(sa.Column("title", sa.Text())))
    await migrate(url, growth)
    killed = growth.write("0002_killed", source)
    ended = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", KILLED, url, killed.path.parent], check=False)
    assert ended.returncode == -9
    growth.migrations.remove(killed)


async def test_mariadb_goes_on_where_a_process_was_killed(url_of, growth):
    url = url_of("mysql")
    await killed_in(url, growth, SUICIDE)
    growth.write("0002_killed", REST)
    async with connect(url) as connection:
        assert list(await growth.migrator.applied(connection)) == ["shop.0001_initial"]
        assert await growth.migrator.unfinished(connection) == {"shop.0002_killed": 1}
    await migrate(url, growth)
    said = "shop.0002_killed was interrupted: 1 of its 3 steps are done. It goes on with: Run SQL: SELECT 1."
    assert said in growth.said
    expected = articles(sa.Column("title", sa.Text()), sa.Column("extra", sa.Text()), sa.Column("more", sa.Text()))
    async with connect(url) as connection:
        assert await differences(connection, expected) == []
        assert await growth.migrator.unfinished(connection) == {}


async def test_mariadb_can_be_taken_back_where_a_process_was_killed(url_of, growth):
    url = url_of("mysql")
    await killed_in(url, growth, SUICIDE)
    growth.write("0002_killed", REST)
    await migrate(url, growth, "shop", "0001")
    async with connect(url) as connection:
        assert await differences(connection, articles(sa.Column("title", sa.Text()))) == []
        assert await growth.migrator.unfinished(connection) == {}


HALF = """
import os, signal

import sqlalchemy as sa

from trine.db.migrations import AddColumn, RunPython

dependencies = ["shop.0001_initial"]


def half(db):
    db.connection.exec_driver_sql("ALTER TABLE article ADD COLUMN extra TEXT")
    os.kill(os.getpid(), signal.SIGKILL)


operations = [RunPython(half)]
"""


async def test_a_step_that_was_done_and_not_noted_is_named(url_of, growth):
    url = url_of("mysql")
    await killed_in(url, growth, HALF)
    growth.write("0002_killed", REST)
    with pytest.raises(
        SetupError,
        match=r"Add column extra to article in shop\.0002_killed failed: .*Duplicate column name 'extra'.*"
        r"An earlier run ended in this step, and a part of it may be done\. Take back by hand what is there of it",
    ):
        await migrate(url, growth)
    assert (
        "shop.0002_killed was interrupted: 0 of its 3 steps are done. It goes on with: Add column extra to article."
        in growth.said
    )
    await run(url, "ALTER TABLE article DROP COLUMN extra")
    await migrate(url, growth)
    assert await rows(url, "SELECT title, extra, more FROM article") == []


@pytest.mark.parametrize("onwards", [[], ["shop", "0001"]])
async def test_a_way_back_that_failed_goes_on_in_either_direction(onwards, url_of, growth):
    url = url_of("mysql")
    await empty(url)
    growth.make(articles(sa.Column("title", sa.Text())))
    broken = growth.write("0002_broken", BROKEN.format(sql="SELECT 1").replace("None", "'SELECT * FROM nowhere'"))
    await migrate(url, growth)
    with pytest.raises(SetupError, match=r"What was done before it stays\. Mend the cause and migrate again"):
        await migrate(url, growth, "shop", "0001")
    growth.migrations.remove(broken)
    growth.write("0002_broken", BROKEN.format(sql="SELECT 1"))
    await migrate(url, growth, *onwards)
    new = [] if onwards else [sa.Column("extra", sa.Text()), sa.Column("more", sa.Text())]
    async with connect(url) as connection:
        assert await differences(connection, articles(sa.Column("title", sa.Text()), *new)) == []
        assert await growth.migrator.unfinished(connection) == {}


async def test_of_two_that_migrate_at_once_one_does_and_one_waits(url, growth):
    growth.make(articles())
    results = await asyncio.gather(*(migrate(url, growth) for _ in range(4)))
    assert sorted(len(steps) for steps in results) == [0, 0, 0, 1]
    assert growth.said.count("Apply shop.0001_initial") == 1
    assert "Another process is migrating this database: waiting for it." in growth.said


async def test_who_waits_too_long_is_told(url, growth):
    from trine.db.migrations.locks import migration_lock

    growth.make(articles())
    async with connect(url) as connection, migration_lock(connection, max_wait=0, waiting=lambda: None), connect(url) as other:
        with pytest.raises(SetupError, match="Another process has been migrating this database for 0 seconds"):
            await Migrator(growth.migrations, say=growth.said.append, max_wait=0).migrate(other)


async def test_big_tables_are_warned_of(url_of, growth):
    url = url_of("postgresql")
    await run(url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    growth.make(articles(sa.Column("title", sa.Text())))
    await migrate(url, growth)
    await run(url, "UPDATE pg_class SET reltuples = 5000000 WHERE relname = 'article'")
    growth.make(articles(sa.Column("title", sa.Text(), index=True)))
    await migrate(url, growth)
    assert growth.said[-1] == (
        "Warning: Create index ix_article_title on article holds up writes while it works through about 5,000,000 rows. "
        "Write concurrently=True in the CreateIndex, in a migration of its own that says atomic = False."
    )


async def test_an_index_is_made_while_others_write(url_of, growth):
    url = url_of("postgresql")
    await run(url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    growth.make(articles(sa.Column("title", sa.Text())))
    growth.write(
        "0002_index",
        "from trine.db.migrations import CreateIndex\n\n"
        'dependencies = ["shop.0001_initial"]\natomic = False\n'
        'operations = [CreateIndex("article", "ix_title", ["title"], concurrently=True)]\n',
    )
    await migrate(url, growth)
    await migrate(url, growth, "shop", "0001")
    await migrate(url, growth)
    assert await rows(url, "SELECT indexname FROM pg_indexes WHERE indexname = 'ix_title'") == [("ix_title",)]


async def test_faked_migrations_change_nothing(url_of, growth):
    url = url_of("sqlite")
    growth.make(articles())
    async with connect(url) as connection:
        await growth.migrator.migrate(connection, fake=True)
        assert list(await growth.migrator.applied(connection)) == ["shop.0001_initial"]
    assert await rows(url, "SELECT name FROM sqlite_master WHERE name = 'article'") == []


def test_a_missing_dependency_is_named(growth):
    growth.write("0001_initial", 'dependencies = ["other.0001_initial"]\noperations = []\n')
    with pytest.raises(SetupError, match=r"The migration shop\.0001_initial needs 'other\.0001_initial', which is not there"):
        growth.migrator.graph()


def test_an_operation_that_does_not_fit_is_named(growth):
    growth.write("0001_initial", 'from trine.db.migrations import DropTable\n\noperations = [DropTable("nowhere")]\n')
    with pytest.raises(
        SetupError, match=r"Drop table nowhere in the migration shop\.0001_initial does not fit: At this point .* no table"
    ):
        growth.migrator.graph().state()


def test_keys_in_a_circle_of_packages_come_in_a_second_migration(growth):
    metadata = sa.MetaData()
    sa.Table("a", metadata, sa.Column("id", Integer(), primary_key=True), sa.Column("b_id", sa.ForeignKey("b.id")))
    sa.Table("b", metadata, sa.Column("id", Integer(), primary_key=True), sa.Column("a_id", sa.ForeignKey("a.id")))
    made = growth.make(metadata, packages={"a": "one", "b": "two"})
    assert sorted(migration.label for migration in made) == [
        "one.0001_initial",
        "one.0002_fk_a_b_id",
        "two.0001_initial",
        "two.0002_fk_b_a_id",
    ]
    growth.migrator.graph().state()
    assert growth.make(metadata, packages={"a": "one", "b": "two"}) == []
