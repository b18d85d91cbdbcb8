"""Whatever changes: once detected and migrated, nothing is left to detect, and the database is what the tables say."""

import asyncio
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from trine.db.migrations.engine import connect
from trine.db.types import JSON, Integer, Number, UTCDateTime

from .conftest import Growth, differences, empty

# Without shrinking: a database for every attempt would take minutes.
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]

TYPES = {
    "int": lambda: Integer(),
    "small": lambda: Integer(16),
    "text": lambda: sa.Text(),
    "short": lambda: sa.String(20),
    "long": lambda: sa.String(200),
    "number": lambda: Number(8, 2),
    "time": lambda: UTCDateTime(),
    "flag": lambda: sa.Boolean(),
    "json": lambda: JSON(),
    "date": lambda: sa.Date(),
}
# A column keeps to types that databases turn into each other.
FAMILIES = {
    "one": ["int", "small", "number"],
    "two": ["text", "short", "long"],
    "three": ["flag"],
    "four": ["time", "date"],
    "five": ["json"],
}
VALUES = {"id": "0", "word": "'x'", "one": "0", "two": "'x'", "three": "False", "four": "'2026-01-01'", "five": "{}"}
KEYS = ["counted", "plain", "both", "word"]
INDEXABLE = {"int", "small", "short", "number", "date"}


@st.composite
def schemas(draw) -> dict:
    names = draw(st.lists(st.sampled_from(["a", "b", "c", "d"]), unique=True, min_size=1, max_size=4))
    tables = {}
    for name in names:
        columns = draw(st.lists(st.sampled_from(sorted(FAMILIES)), unique=True, max_size=4))
        tables[name] = {
            column: {
                "type": draw(st.sampled_from(FAMILIES[column])),
                "nullable": draw(st.booleans()),
                "over": draw(st.sampled_from([None, None, "index", "unique"])),
                "to": draw(st.sampled_from([None, None, None, *names])) if column == "one" else None,
            }
            for column in columns
        }
    referred_to = {column["to"] for columns in tables.values() for column in columns.values()}
    keys = {name: draw(st.sampled_from(KEYS[:2] if name in referred_to else KEYS)) for name in names}
    return {name: (keys[name], columns) for name, columns in tables.items()}


def key_of(kind: str) -> list[sa.Column]:
    word = sa.Column("word", sa.String(20), primary_key=True)
    if kind == "word":
        return [word]
    counting = [sa.Identity()] if kind == "counted" else []
    key = sa.Column("id", Integer(), *counting, primary_key=True, autoincrement=kind == "counted")
    return [key, word] if kind == "both" else [key]


def metadata_of(tables: dict) -> sa.MetaData:
    metadata = sa.MetaData()
    for name, (key_kind, columns) in tables.items():
        items = key_of(key_kind)
        for column, said in columns.items():
            kind, key = TYPES[said["type"]](), []
            if said["to"] is not None:
                kind = Integer()
                key = [sa.ForeignKey(f"{said['to']}.id", name=f"fk_{name}_{column}", ondelete="CASCADE")]
            items.append(sa.Column(column, kind, *key, nullable=said["nullable"] or said["to"] is not None))
            if said["to"] is not None or (said["over"] == "index" and said["type"] in INDEXABLE):
                items.append(sa.Index(f"ix_{name}_{column}", column))
            elif said["over"] == "unique" and said["type"] in INDEXABLE:
                items.append(sa.UniqueConstraint(column, name=f"uq_{name}_{column}"))
        sa.Table(name, metadata, *items)
    return metadata


async def grow(url: str, steps: list[dict]) -> None:
    await empty(url)
    with tempfile.TemporaryDirectory() as folder:
        growth = Growth(Path(folder))
        for step in steps:
            metadata = metadata_of(step)
            growth.make(metadata, ask=lambda question: VALUES[question.partition("'")[2].partition("'")[0].partition(".")[2]])
            assert growth.make(metadata) == []
            async with connect(url) as connection:
                await growth.migrator.migrate(connection)
                assert await differences(connection, metadata) == []
        async with connect(url) as connection:
            await growth.migrator.migrate(connection, "shop", "0001")
            assert await differences(connection, metadata_of(steps[0])) == []
            await growth.migrator.migrate(connection, "shop", "zero")
            assert await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names()) == ["trine_migrations"]
            await connection.rollback()


@settings(max_examples=15, phases=PHASES)
@given(st.lists(schemas(), min_size=2, max_size=3))
def test_detected_and_migrated_leaves_nothing_to_detect_on_sqlite(steps):
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(grow(f"sqlite:///{folder}/db.sqlite3", steps))


@pytest.mark.parametrize("service", ["postgresql_url", "mariadb_url"])
def test_detected_and_migrated_leaves_nothing_to_detect_on_servers(service, request):
    url = request.getfixturevalue(service)

    @settings(max_examples=4, phases=PHASES)
    @given(st.lists(schemas(), min_size=2, max_size=3))
    def search(steps):
        asyncio.run(grow(url, steps))

    search()
