"""Databases in tests of applications."""

import asyncio
import datetime
import uuid
from decimal import Decimal

import pytest

from trine import App, SetupError
from trine.db import Database, Many, Model, atomic, field, many, on_commit, registry
from trine.testing import (
    AsyncTestClient,
    Factory,
    assert_num_queries,
    build,
    capture_on_commit,
    make,
    make_tables,
    own_database,
    rolled_back,
)


@pytest.fixture
def shop(tmp_path):
    """An application with a database, and its models."""
    with registry.isolated():

        class Author(Model):
            name: str = field(max_length=20, unique=True)

            class Meta:
                package = "testing"

        class Tag(Model):
            word: str = field(max_length=20)

            class Meta:
                package = "testing"

        class Book(Model):
            title: str = field(max_length=20)
            author: Author
            tags: Many[Tag] = many()
            price: Decimal = field(max_digits=6, decimal_places=2)
            printed: datetime.date
            code: uuid.UUID
            note: str | None = None

            class Meta:
                package = "testing"

        url = f"sqlite:///{tmp_path / 'shop.sqlite3'}"
        app = App()
        app.install(Database(url))
        app.models = {"Author": Author, "Tag": Tag, "Book": Book, "url": url}

        @app.post("/authors")
        async def add(name: str) -> int:
            async with atomic():
                await Author.objects.create(name=name)
            return await Author.objects.count()

        @app.get("/authors")
        def count() -> int:
            return Author.objects.sync.count()

        yield app


@pytest.fixture
def tables(shop):
    asyncio.run(make_tables(shop.models["url"]))


def test_what_a_test_writes_is_undone(shop, tables, client_for):
    client = client_for(shop)
    with rolled_back(client):
        assert client.post("/authors?name=Ada").json() == 1
        shop.models["Author"].objects.sync.create(name="Bob")
        client.portal.call(make(shop.models["Author"]))
        assert client.get("/authors").json() == 3
    assert client.get("/authors").json() == 0


def test_a_client_of_the_plugin_is_undone(shop, tables, rolled_back_client_for):
    client = rolled_back_client_for(shop)
    assert client.post("/authors?name=Ada").json() == 1
    assert shop.models["Author"].objects.sync.count() == 1


async def test_async_tests_are_undone_too(shop, tables):
    async with AsyncTestClient(shop) as client:
        async with rolled_back():
            assert (await client.post("/authors?name=Ada")).json() == 1
            assert await shop.models["Author"].objects.count() == 1
        assert await shop.models["Author"].objects.count() == 0


async def test_queries_are_counted(shop, tables):
    Author = shop.models["Author"]
    async with AsyncTestClient(shop), rolled_back():
        with assert_num_queries(2):
            await Author.objects.create(name="Ada")
            await Author.objects.count()
        with pytest.raises(AssertionError, match=r"1 queries were run, and 2 expected:\n  1\. SELECT"), assert_num_queries(2):
            await Author.objects.count()


async def test_rows_are_made_up(shop, tables):
    Author, Tag, Book = (shop.models[name] for name in ("Author", "Tag", "Book"))
    async with AsyncTestClient(shop), rolled_back():
        tag = await make(Tag)
        one, two = await make(Book, title="Mine", tags=[tag]), await make(Book)
        assert one.title == "Mine"
        assert one.note is None
        assert one.author_id != two.author_id
        assert [found.pk for found in await one.tags] == [tag.pk]
        assert build(Author, name=lambda: "Called").name == "Called"
        assert (await Book.objects.count(), await Author.objects.count()) == (2, 2)


async def test_factories_say_what_rows_usually_have(shop, tables):
    Author, Book = shop.models["Author"], shop.models["Book"]

    class AuthorFactory(Factory[Author], model=Author):
        name = lambda n: f"Author {n}"  # noqa: E731 - as one writes it

    class BookFactory(Factory[Book], model=Book):
        title = "Usual"
        author = AuthorFactory

    async with AsyncTestClient(shop), rolled_back():
        book = await BookFactory.make(note="x")
        assert (book.title, book.note) == ("Usual", "x")
        assert (await Author.objects.get()).name.startswith("Author ")
        assert len(await BookFactory.make_many(2, author=await Author.objects.get())) == 2
        assert await Author.objects.count() == 1
        assert BookFactory.build().title == "Usual"


def test_a_factory_that_says_a_wrong_name_is_refused(shop):
    with pytest.raises(SetupError, match="Wrong says 'titel', which Book has not"):
        type("Wrong", (Factory,), {"titel": "x"}, model=shop.models["Book"])


@pytest.mark.parametrize("service", ["postgresql_url", "mariadb_url", None])
def test_each_process_has_a_database_of_its_own(service, request, shop, tmp_path):
    given = request.getfixturevalue(service) if service else f"sqlite:///{tmp_path}/x.sqlite3"
    with own_database(given) as url:
        assert url != given
        asyncio.run(make_tables(url))


@pytest.fixture
def mailing(shop, tables):
    """The application with a route that sends something after its commit, and what was sent."""
    sent = []

    async def send(name):
        sent.append(name)
        on_commit(lambda: sent.append(f"after {name}"))

    @shop.post("/orders")
    async def order(name: str) -> None:
        async with atomic():
            on_commit(lambda: send(name))
        try:
            async with atomic():
                on_commit(lambda: send("never"))
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass

    @shop.post("/plain")
    def order_plainly(name: str) -> None:
        on_commit(lambda: sent.append(name))

    shop.sent = sent
    return shop


def test_what_waits_for_a_commit_is_captured(mailing, rolled_back_client_for):
    client = rolled_back_client_for(mailing)
    client.post("/orders?name=before")
    with capture_on_commit() as callbacks:
        client.post("/orders?name=ada")
        client.post("/plain?name=bob")
        assert callbacks == []
    assert (len(callbacks), mailing.sent) == (2, [])
    with capture_on_commit(execute=True) as callbacks:
        client.post("/orders?name=ada")
        client.post("/plain?name=bob")
    assert (len(callbacks), mailing.sent) == (3, ["ada", "bob", "after ada"])


async def test_what_waits_for_a_commit_is_captured_in_async_tests(mailing):
    async with AsyncTestClient(mailing) as client, rolled_back():
        async with capture_on_commit(execute=True) as callbacks:
            await client.post("/orders?name=ada")
        assert (len(callbacks), mailing.sent) == (2, ["ada", "after ada"])
        with pytest.raises(ZeroDivisionError):
            async with capture_on_commit(execute=True):
                on_commit(lambda: 1 / 0)


async def test_nothing_is_captured_where_transactions_are_real(mailing):
    async with AsyncTestClient(mailing):
        with pytest.raises(RuntimeError, match=r"^capture_on_commit\(\) is outside of rolled_back"):
            capture_on_commit().__enter__()
