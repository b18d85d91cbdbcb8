"""Several databases, copies that are read, and SQLAlchemy's sessions beside."""
# ruff: noqa: PT012 - what is undone stands inside a transaction

import pytest
from sqlalchemy import select

from trine import App, SetupError
from trine.db import Database, DatabaseError, Model, NotSupported, atomic, find_database, registry
from trine.testing import AsyncTestClient

from .library import Author, Book, Tag


@pytest.fixture
def two(tmp_path):
    return [f"sqlite:///{tmp_path / name}.sqlite3" for name in ("one", "two")]


async def test_a_query_names_its_database(two, monkeypatch):
    monkeypatch.setattr("trine.db.database._installed", {})  # applications of other tests leave theirs
    async with Database(two[0]) as first, Database(two[1], alias="archive") as second:
        for database in (first, second):
            await database.create_all()
        await Tag.objects.create(name="here")
        await Tag.objects.using("archive").create(name="there")
        assert await Tag.objects.values_list("name", flat=True) == ["here"]
        assert await Tag.objects.using(second).values_list("name", flat=True) == ["there"]
        with pytest.raises(ZeroDivisionError):
            async with atomic("archive"):
                await Tag.objects.using("archive").delete()
                raise ZeroDivisionError
        assert await Tag.objects.using("archive").count() == 1
    with pytest.raises(DatabaseError, match=r"No database 'default' is installed. Add app.install\(Database\(\)\)"):
        await Tag.objects.count()


async def test_two_applications_do_not_share_a_name(two, monkeypatch):
    monkeypatch.setattr("trine.db.database._installed", {})
    apps = []
    for url, alias in ((two[0], "default"), (two[1], "default"), (two[1], "archive"), (two[0], "default")):
        app = App()
        app.install(Database(url, alias=alias))
        apps.append(app)
    first, second, named, same = apps
    async with AsyncTestClient(first):
        with pytest.raises(SetupError, match="Two applications in this process have a database 'default'"):
            async with AsyncTestClient(second):
                pass
        async with AsyncTestClient(named), AsyncTestClient(same):
            pass
    async with AsyncTestClient(second):
        pass


async def test_a_name_goes_back_to_who_is_still_open(two, monkeypatch):
    monkeypatch.setattr("trine.db.database._installed", {})
    first, second = Database(two[0]), Database(two[1])
    await first.open()
    await second.open()
    await first.close()
    assert find_database() is second
    await second.close()
    with pytest.raises(DatabaseError, match="No database 'default' is installed"):
        find_database()


async def test_a_model_may_live_elsewhere(two):
    with registry.isolated():

        class Entry(Model):
            text: str

            class Meta:
                database = "log"

        async with Database(two[0], alias="log") as log:
            await log.create_all()
            await Entry.objects.create(text="a")
            entry = await Entry.objects.get(text="a")
            entry.text = "b"
            await entry.save()
            assert await Entry.objects.values_list("text", flat=True) == ["b"]


async def test_what_was_read_from_a_database_is_written_back_to_it(two, monkeypatch):
    monkeypatch.setattr("trine.db.database._installed", {})
    async with Database(two[0]) as first, Database(two[1], alias="archive") as second:
        for database in (first, second):
            await database.create_all()
            author = await Author.objects.using(database).create(name="Ann")
            book = await Book.objects.using(database).create(title="Dune", author=author)
            await book.tags.create(name="sand")
        archived = Book.objects.using("archive")
        # A row of the same key is in both.
        book = await archived.select_related("author").get(title="Dune")
        book.title = "Old"
        await book.save()
        book.author.name = "Old Ann"
        await book.author.save()
        by_key = await archived.get(id=book.id)
        await by_key.load("author")
        assert by_key.author.name == "Old Ann"
        (tag,) = await by_key.tags
        tag.name = "dust"
        await tag.save()
        assert await by_key.tags.filter(name="dust").count() == 1
        await by_key.tags.add(await Tag.objects.using("archive").create(name="old"))
        await by_key.refresh_from_db()
        await by_key.tags.clear()
        async for row in archived.iterator():
            await row.delete()
        await Tag.objects.using("archive").bulk_create(made := [Tag(name="a"), Tag(name="b")])
        await made[0].delete()
        assert await Book.objects.values_list("title", "author__name", "tags__name") == [("Dune", "Ann", "sand")]
        assert await archived.count() == 0
        assert await Tag.objects.using("archive").order_by("name").values_list("name", flat=True) == ["b", "dust", "old"]
        # Saved to another one, it belongs there.
        new = Tag(name="new")
        await new.save(using="archive")
        new.name = "newer"
        await new.save()
        assert await Tag.objects.using("archive").filter(name="newer").exists()
        assert await Tag.objects.values_list("name", flat=True) == ["sand"]


async def test_copies_are_read_until_something_was_written(two):
    for url in two:
        async with Database(url) as database:
            await database.create_all()
    async with Database(two[1]):
        await Tag.objects.create(name="copy")
    async with Database(two[0], replicas=[two[1]]):
        assert await Tag.objects.values_list("name", flat=True) == ["copy"]
        async with atomic(read_only=True):
            assert await Tag.objects.count() == 0
        await Tag.objects.create(name="original")
        assert await Tag.objects.values_list("name", flat=True) == ["original"]


async def test_a_session_joins_the_transaction(committing):
    if committing.dialect.name != "postgresql":
        async with atomic():
            with pytest.raises(NotSupported, match=r"cannot share a transaction of Trine's with an AsyncSession"):
                committing.session()
        return
    author = await Author.objects.create(name="Ann")
    for is_kept in (True, False):
        try:
            async with atomic(), committing.session() as session:
                session.add(Book(title=f"kept: {is_kept}", author_id=author.id))
                await session.commit()
                assert await Book.objects.filter(title=f"kept: {is_kept}").exists()
                if not is_kept:
                    raise KeyError
        except KeyError:
            pass
    assert await Book.objects.values_list("title", flat=True) == ["kept: True"]
    async with committing.session() as session:
        book = (await session.scalars(select(Book))).one()
        await session.delete(book)
        await session.commit()
    assert await Book.objects.count() == 0
