"""Many migrations as one: what is kept, what is left out, and what cannot be told apart."""

import pytest
import sqlalchemy as sa

from trine import SetupError
from trine.db.migrations.graph import Graph
from trine.db.migrations.squash import squash

from .test_run import articles, migrate, rows, run

FILL = '''
import sqlalchemy as sa

from trine.db.migrations import AlterColumn, RunPython, RunSQL

dependencies = ["shop.0001_initial"]

WORD = "{word}"


def spelled(text: str) -> str:
    """A helper that the step needs."""
    return text.upper()


def forwards(db):
    article = db.tables["article"]
    db.connection.execute(sa.insert(article).values(title=spelled(WORD)))


operations = [
    RunPython(
        forwards,
        backwards=None,
    ),
    RunSQL("DELETE FROM article WHERE title = 'nowhere'", elidable=True),
    {more}
]
'''


def squashed(growth):
    migration = squash(Graph(growth.migrations), "shop", growth.migrations[-1], "0009_squashed")
    growth.migrations.clear()
    return growth.add(migration)


async def test_own_steps_stay_in_their_place_with_what_they_name(url_of, growth):
    url = url_of("sqlite")
    growth.make(articles(sa.Column("title", sa.Text())))
    growth.write("0002_one", FILL.format(word="one", more="RunSQL(\"UPDATE article SET title = title || '!'\", None)"))
    third = FILL.format(word="two", more='AlterColumn("article", sa.Column("title", sa.String(100)))')
    third = third.replace("import AlterColumn, RunPython, RunSQL", "import RunPython, RunSQL, AlterColumn")
    growth.write("0003_two", third.replace("0001_initial", "0002_one"))
    made = squashed(growth)
    assert [type(step).__name__ for step in made.operations] == ["CreateTable", "RunPython", "RunSQL", "RunPython", "AlterColumn"]
    source = made.path.read_text()
    # Both files have a WORD and a forwards(); spelled() is the same in both.
    assert [line for line in source.splitlines() if line.startswith(("WORD", "def "))] == [
        'WORD = "one"',
        "def spelled(text: str) -> str:",
        "def forwards(db):",
        'WORD_0003 = "two"',
        "def forwards_0003(db):",
    ]
    assert "nowhere" not in source
    assert "from trine.db.migrations import AlterColumn, CreateTable, RunPython, RunSQL\n" in source
    await migrate(url, growth)
    assert await rows(url, "SELECT title FROM article") == [("ONE!",), ("TWO",)]
    await migrate(url, growth, "shop", "zero")


async def test_databases_behind_the_old_ones_do_nothing(url_of, growth):
    url = url_of("sqlite")
    growth.make(articles(sa.Column("title", sa.Text())))
    growth.write("0002_one", FILL.format(word="one", more=""))
    await migrate(url, growth)
    made = squash(Graph(growth.migrations), "shop", growth.migrations[-1], "0002_squashed")
    growth.add(made)
    assert await migrate(url, growth) == []
    await run(url, "DELETE FROM article")
    assert await migrate(url, growth) == []


def test_steps_that_do_not_stand_in_the_list_one_by_one_are_refused(growth):
    growth.make(articles(sa.Column("title", sa.Text())))
    growth.write(
        "0002_many",
        'from trine.db.migrations import RunSQL\n\ndependencies = ["shop.0001_initial"]\n'
        'operations = [RunSQL(f"SELECT {number}") for number in range(3)]\n',
    )
    with pytest.raises(SetupError) as caught:
        squashed(growth)
    assert "The steps of the migration shop.0002_many do not stand in its list one by one, so they cannot be kept." in str(
        caught.value
    )


def test_a_migration_beside_transactions_stays_beside_them(growth):
    growth.make(articles(sa.Column("title", sa.Text())))
    growth.write(
        "0002_beside",
        'from trine.db.migrations import RunSQL\n\ndependencies = ["shop.0001_initial"]\natomic = False\n'
        'operations = [RunSQL("VACUUM", None)]\n',
    )
    made = squashed(growth)
    assert made.atomic is False
    assert 'RunSQL("VACUUM", None)' in made.path.read_text()
