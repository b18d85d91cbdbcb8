"""Tables whose key changes: their rows stay, and the way back is known."""

import pytest
import sqlalchemy as sa

from trine import SetupError
from trine.db.migrations import AddColumn, AlterColumn, AlterKey, DropColumn
from trine.db.migrations.engine import connect
from trine.db.types import Integer

from .conftest import differences
from .test_run import migrate, rows, run
from .test_squash import squashed


def counted(name: str = "id") -> sa.Column:
    return sa.Column(name, Integer(), sa.Identity(), primary_key=True, autoincrement=True)


def number(name: str, **said) -> sa.Column:
    return sa.Column(name, Integer(), autoincrement=False, **said)


def text(name: str, **said) -> sa.Column:
    return sa.Column(name, sa.String(50), **said)


def books(*columns: sa.Column, name: str = "book", more: tuple = ()) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(name, metadata, *columns, *more)
    return metadata


async def start(url: str, growth, metadata: sa.MetaData, *statements: str) -> None:
    growth.make(metadata)
    await migrate(url, growth)
    await run(url, *statements)


async def change(url: str, growth, metadata: sa.MetaData, **answers) -> list:
    """Let the history grow by one migration. Gives its steps."""
    (made,) = growth.make(metadata, **answers)
    assert growth.make(metadata) == []
    await migrate(url, growth)
    await same(url, metadata)
    return [type(step) for step in made.operations]


async def same(url: str, metadata: sa.MetaData) -> None:
    """The database is what the tables say, its keys included."""
    async with connect(url) as connection:
        assert await differences(connection, metadata) == []
        for table in metadata.tables.values():
            found = await connection.run_sync(lambda sync, name=table.name: sa.inspect(sync).get_pk_constraint(name))
            assert found["constrained_columns"] == [column.name for column in table.primary_key.columns]


async def back(url: str, growth, metadata: sa.MetaData) -> None:
    await migrate(url, growth, "shop", growth.migrations[-2].name)
    await same(url, metadata)


async def test_a_natural_key_gives_way_to_one_that_is_counted(url, growth):
    natural = books(text("slug", primary_key=True), text("title"))
    await start(url, growth, natural, "INSERT INTO book (slug, title) VALUES ('b', 'B'), ('a', 'A'), ('c', 'C')")
    by_id = books(counted(), text("slug", nullable=False, unique=True), text("title"))
    steps = await change(url, growth, by_id)
    assert steps[:2] == [AddColumn, AlterKey]
    assert 'AlterKey("book", "id", counted=True)' in growth.migrations[-1].path.read_text()
    await run(url, "INSERT INTO book (slug, title) VALUES ('d', 'D')")
    assert await rows(url, "SELECT id, slug FROM book ORDER BY id") == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]
    await back(url, growth, natural)
    assert await rows(url, "SELECT slug, title FROM book ORDER BY slug") == [("a", "A"), ("b", "B"), ("c", "C"), ("d", "D")]


async def test_a_counted_key_gives_way_to_a_natural_one(url, growth):
    by_id = books(counted(), text("slug"), text("title"))
    await start(url, growth, by_id, "INSERT INTO book (slug, title) VALUES ('b', 'B'), ('a', 'A')")
    natural = books(text("slug", primary_key=True), text("title"))
    assert await change(url, growth, natural, fills=["book.slug=''"]) == [AlterColumn, AlterKey, DropColumn]
    await run(url, "INSERT INTO book (slug, title) VALUES ('c', 'C')")
    assert await rows(url, "SELECT slug, title FROM book ORDER BY slug") == [("a", "A"), ("b", "B"), ("c", "C")]
    await back(url, growth, by_id)
    await run(url, "INSERT INTO book (slug) VALUES ('d')")
    assert await rows(url, "SELECT id, slug FROM book ORDER BY id") == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]


async def test_a_counted_key_stays_as_a_plain_column(url, growth):
    by_id = books(counted(), text("slug", nullable=False))
    await start(url, growth, by_id, "INSERT INTO book (id, slug) VALUES (7, 'b'), (9, 'a')")
    natural = books(number("id", nullable=False), text("slug", primary_key=True))
    assert await change(url, growth, natural) == [AlterKey, AlterColumn]
    await run(url, "INSERT INTO book (id, slug) VALUES (3, 'c')")
    await back(url, growth, by_id)
    await run(url, "INSERT INTO book (slug) VALUES ('d')")
    assert await rows(url, "SELECT id, slug FROM book ORDER BY id") == [(3, "c"), (7, "b"), (9, "a"), (10, "d")]


async def test_a_key_gets_a_second_column_and_loses_it(url, growth):
    one = books(number("number", primary_key=True), text("title"))
    await start(url, growth, one, "INSERT INTO book (number, title) VALUES (1, 'one'), (2, 'two')")
    two = books(text("shelf", primary_key=True), number("number", primary_key=True), text("title"))
    assert await change(url, growth, two, fills=["book.shelf='A'"]) == [AddColumn, AlterKey]
    await run(url, "INSERT INTO book (shelf, number) VALUES ('B', 3)")
    assert await rows(url, "SELECT shelf, number FROM book ORDER BY number") == [("A", 1), ("A", 2), ("B", 3)]
    assert await change(url, growth, one) == [AlterKey, DropColumn]
    await back(url, growth, two)
    await migrate(url, growth, "shop", "0001")
    await same(url, one)
    assert await rows(url, "SELECT number, title FROM book ORDER BY number") == [(1, "one"), (2, "two"), (3, None)]


async def test_a_key_of_two_columns_gives_way_to_one_that_is_counted(url, growth):
    metadata = sa.MetaData()
    sa.Table("author", metadata, counted())
    author = sa.ForeignKey("author.id", name="fk_author")
    sa.Table("book", metadata, sa.Column("author_id", Integer(), author, primary_key=True), text("title", primary_key=True))
    filled = ["INSERT INTO author (id) VALUES (1), (2)", "INSERT INTO book VALUES (2, 'b'), (1, 'z'), (1, 'y')"]
    await start(url, growth, metadata, *filled)
    changed = sa.MetaData()
    sa.Table("author", changed, counted())
    author = sa.ForeignKey("author.id", name="fk_author")
    sa.Table("book", changed, counted(), sa.Column("author_id", Integer(), author, nullable=False), text("title", nullable=False))
    for _ in range(2):
        if len(growth.migrations) == 1:
            await change(url, growth, changed)
        await migrate(url, growth)
        assert await rows(url, "SELECT id, author_id, title FROM book ORDER BY id") == [(1, 1, "y"), (2, 1, "z"), (3, 2, "b")]
        await back(url, growth, metadata)


@pytest.mark.parametrize("is_referred_to", [False, True])
async def test_a_key_begins_to_be_counted_and_ceases_to(url, growth, is_referred_to):
    def more(metadata):
        if is_referred_to:
            sa.Table(
                "loan", metadata, counted(), sa.Column("book_id", Integer(), sa.ForeignKey("book.id", name="fk_loan"), index=True)
            )
        return metadata

    plain = more(books(number("id", primary_key=True), text("title")))
    await start(url, growth, plain, "INSERT INTO book (id, title) VALUES (0, 'zero'), (41, 'one')")
    if is_referred_to:
        await run(url, "INSERT INTO loan (book_id) VALUES (0), (41)")
    by_count = more(books(counted(), text("title")))
    assert await change(url, growth, by_count) == [AlterKey]
    await run(url, "INSERT INTO book (title) VALUES ('two')")
    assert await rows(url, "SELECT id, title FROM book ORDER BY id") == [(0, "zero"), (41, "one"), (42, "two")]
    await change(url, growth, plain)
    await run(url, "INSERT INTO book (id, title) VALUES (7, 'three')")
    await migrate(url, growth, "shop", "0001")
    await same(url, plain)


async def test_the_key_of_a_renamed_table_changes(url, growth):
    await start(url, growth, books(number("number", primary_key=True), text("title")), "INSERT INTO book VALUES (5, 'one')")
    renamed = books(number("number", primary_key=True), text("title"), name="volume")
    growth.make(renamed, renames=["book=volume"], ask=lambda question: "y")
    by_title = books(number("number"), text("title", primary_key=True), name="volume")
    await change(url, growth, by_title, fills=["volume.title=''"])
    assert await rows(url, "SELECT number, title FROM volume") == [(5, "one")]
    await back(url, growth, renamed)


async def test_an_empty_table_counts_from_one(url, growth):
    await start(url, growth, books(text("slug", primary_key=True)))
    await change(url, growth, books(counted(), text("slug")))
    await run(url, "INSERT INTO book (slug) VALUES ('a')")
    assert await rows(url, "SELECT id, slug FROM book") == [(1, "a")]


async def test_names_may_be_whatever_a_database_takes(url, growth):
    table = "A reader's: books"
    odd = books(text("group", primary_key=True), name=table)
    quoted = f"`{table}`" if url.startswith("mysql") else f'"{table}"'
    await start(url, growth, odd, f"INSERT INTO {quoted} VALUES ('b'), ('a')")
    await change(url, growth, books(counted("It's: id"), text("group", nullable=False), name=table))
    assert await rows(url, f"SELECT * FROM {quoted} ORDER BY 1 DESC") in ([(2, "b"), (1, "a")], [("b", 2), ("a", 1)])
    await back(url, growth, odd)


def lent(key: sa.Column, *columns: sa.Column, book: tuple = (), name: str = "loan") -> sa.MetaData:
    metadata = books(key, *book)
    sa.Table(name, metadata, counted(), *columns)
    return metadata


def test_a_key_that_others_refer_to_is_refused(growth):
    growth.make(lent(text("slug", primary_key=True), text("book_id"), sa.ForeignKeyConstraint(["book_id"], ["book.slug"])))
    with pytest.raises(SetupError) as caught:
        growth.make(
            lent(
                counted(),
                sa.Column("book_id", Integer()),
                sa.ForeignKeyConstraint(["book_id"], ["book.id"]),
                book=(text("slug", nullable=False),),
            )
        )
    assert str(caught.value) == (
        "The key of the table 'book' changes, and 'loan.book_id' refers to it. Write three migrations: make it a plain field, "
        "which drops the foreign key; change the key; then refer to the new one."
    )


async def test_the_steps_that_a_refusal_names_lead_there(url, growth):
    key = sa.ForeignKeyConstraint(["book_id"], ["book.slug"], name="fk_loan")
    before = lent(text("slug", primary_key=True), text("book_id", index=True), key)
    await start(url, growth, before, "INSERT INTO book VALUES ('b'), ('a')", "INSERT INTO loan (book_id) VALUES ('a'), ('b')")
    plain = lent(text("slug", primary_key=True), text("book_slug"))
    growth.make(plain, renames=["loan.book_id=loan.book_slug"], ask=lambda question: "y")
    await change(url, growth, lent(counted(), text("book_slug"), book=(text("slug", nullable=False),)))
    after = lent(
        counted(),
        sa.Column("book_id", Integer(), nullable=False),
        sa.ForeignKeyConstraint(["book_id"], ["book.id"], name="fk_loan"),
        sa.Index("ix_loan_book_id", "book_id"),
        book=(text("slug", nullable=False),),
    )
    await change(url, growth, after, fills=["loan.book_id=sql:(SELECT book.id FROM book WHERE book.slug = loan.book_slug)"])
    assert await rows(url, "SELECT id, book_id FROM loan ORDER BY id") == [(1, 1), (2, 2)]
    await migrate(url, growth, "shop", "0001")


async def test_what_refers_to_the_new_key_comes_behind_it(url, growth):
    before = lent(text("slug", primary_key=True), text("book_id"), sa.ForeignKeyConstraint(["book_id"], ["book.slug"], name="fk"))
    sa.Table(
        "order", before, counted(), text("book_slug"), sa.ForeignKeyConstraint(["book_slug"], ["book.slug"], name="fk_order")
    )
    await start(url, growth, before, "INSERT INTO book VALUES ('b'), ('a')")
    after = sa.MetaData()
    sa.Table("loan", after, counted(), sa.Column("to_id", sa.ForeignKey("book.id", name="fk_to"), index=True))
    sa.Table("a_new_one", after, counted(), sa.Column("book_id", sa.ForeignKey("book.id", name="fk_new"), index=True))
    sa.Table("book", after, counted(), text("slug", nullable=False))
    await change(url, growth, after)
    await run(url, "INSERT INTO loan (to_id) VALUES (2)", "INSERT INTO a_new_one (book_id) VALUES (1)")
    await migrate(url, growth, "shop", "0001")


async def test_a_new_database_has_what_another_package_referred_to_before_the_key_changes(url, growth):
    packages = {"book": "shelves", "loan": "shop"}
    key = sa.ForeignKeyConstraint(["book_id"], ["book.slug"], name="fk_loan")
    growth.make(lent(text("slug", primary_key=True), text("book_id", index=True), key), packages=packages)
    growth.make(lent(text("slug", primary_key=True), text("book_id")), packages=packages)
    after = lent(counted(), text("book_id"), book=(text("slug", nullable=False),))
    (made,) = growth.make(after, packages=packages)
    assert made.dependencies == ("shelves.0001_initial", "shop.0002_drop_fk_loan_drop_ix_loan_book_id")
    await migrate(url, growth)
    await same(url, after)


def test_a_key_is_refused_while_another_package_refers_to_it_until_now(growth):
    packages = {"book": "shelves", "loan": "shop"}
    key = sa.ForeignKeyConstraint(["book_id"], ["book.slug"])
    growth.make(lent(text("slug", primary_key=True), text("book_id"), key), packages=packages)
    with pytest.raises(SetupError, match=r"The key of the table 'book' changes, and 'loan\.book_id' refers to it\."):
        growth.make(lent(counted(), text("book_id"), book=(text("slug", nullable=False),)), packages=packages)


def test_statements_can_be_read(growth):
    growth.make(books(text("slug", primary_key=True)))
    (made,) = growth.make(books(counted(), text("slug", nullable=False)))
    for dialect, word in (
        ("postgresql", "ALTER TABLE book ADD PRIMARY KEY (id);"),
        ("mysql", "ALTER TABLE book DROP PRIMARY KEY, MODIFY id BIGINT NOT NULL AUTO_INCREMENT, ADD PRIMARY KEY (id);"),
        ("sqlite", "INSERT INTO _trine_book (id, slug) SELECT id, slug FROM book ORDER BY id NULLS LAST, slug NULLS LAST;"),
    ):
        assert word in growth.migrator.sql(made.label, dialect)
        assert "KEY" in growth.migrator.sql(made.label, dialect, backwards=True)


async def test_a_key_changes_in_a_squashed_history(url, growth):
    growth.make(books(text("slug", primary_key=True)))
    growth.write(
        "0002_fill",
        "from trine.db.migrations import RunSQL\n\n"
        'dependencies = ["shop.0001_initial"]\noperations = [RunSQL("INSERT INTO book VALUES (\'a\')", None)]\n',
    )
    after = books(counted(), text("slug", nullable=False))
    growth.make(after)
    made = squashed(growth)
    assert [type(step).__name__ for step in made.operations] == ["CreateTable", "RunSQL", "AddColumn", "AlterKey"]
    await migrate(url, growth)
    await same(url, after)
    assert await rows(url, "SELECT id, slug FROM book") == [(1, "a")]
    await migrate(url, growth, "shop", "zero")


def test_a_counted_key_has_one_column():
    with pytest.raises(SetupError, match="AlterKey for book counts 2 columns"):
        AlterKey("book", "a", "b", counted=True)
