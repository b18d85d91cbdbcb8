"""The book shop of the examples: migrations that fit its models, an API, pages, and rows."""

import asyncio
import sys

import pytest

from trine.db import registry
from trine.db.migrations.answers import Answers
from trine.db.migrations.engine import connect
from trine.db.migrations.files import Folders
from trine.db.migrations.make import Models, make_migrations
from trine.db.migrations.run import Migrator
from trine.testing import TestClient


@pytest.fixture(scope="module")
def shop(root, tmp_path_factory):
    """The application with migrated tables and a hundredth of its rows."""
    folder = root / "examples" / "shop"
    patch = pytest.MonkeyPatch()
    patch.syspath_prepend(str(folder))
    patch.chdir(folder)
    url = f"sqlite:///{tmp_path_factory.mktemp('shop') / 'shop.sqlite3'}"
    patch.setenv("TRINE_DB_URL", url)
    patch.setenv("TRINE_SECRET_KEY", "Vq8Zp3Rt6Wx9Ck2Nm5Jh7Lf4Gd1Sb0Ya")
    with registry.isolated():
        from app import app
        from shop.seed import fill

        models = Models.of(registry, registry.metadata)
        migrations = Folders(models.modules).load()
        assert make_migrations(models, migrations, Answers()) == []
        asyncio.run(migrate(url, Migrator(migrations, say=lambda line: None)))
        with TestClient(app) as client:
            assert client.portal.call(fill(100)) == 1002
            yield client
    patch.undo()
    for name in [name for name, module in sys.modules.items() if str(folder) in str(getattr(module, "__file__", ""))]:
        del sys.modules[name]


async def migrate(url: str, migrator: Migrator) -> None:
    async with connect(url) as connection:
        await migrator.migrate(connection)
        await migrator.migrate(connection, "shop", "zero")
        await migrator.migrate(connection)


def test_books_are_listed_with_publisher_and_authors(shop):
    page = shop.get("/api/books", params={"order_by": "price", "size": 3, "price__gte": 10}).json()
    assert page["total"] > 100
    assert [float(row["price"]) for row in page["items"]] == sorted(float(row["price"]) for row in page["items"])
    book = shop.get("/api/books/1").json()
    assert set(book) == {"id", "title", "isbn", "publisher", "authors", "price", "stock", "published"}
    assert book["publisher"]["name"].startswith("Press ")
    assert len(book["authors"]) == 1
    assert shop.get("/api/books", params={"search": "Lantern"}).json()["total"] > 0


def test_a_book_comes_into_the_shop_and_leaves(shop):
    body = {"title": "New", "isbn": "9780000999999", "publisher_id": 1, "authors": [1], "price": "9.90", "published": 2026}
    made = shop.post("/api/books", json=body)
    assert made.status_code == 201, made.text
    assert shop.post("/api/books", json=body).status_code == 409
    assert shop.patch(f"/api/books/{made.json()['id']}", json={"stock": 3}).json()["stock"] == 3
    assert shop.patch(f"/api/books/{made.json()['id']}", json={"stock": -1}).status_code == 409
    assert shop.delete(f"/api/books/{made.json()['id']}").status_code == 204
    assert shop.delete("/api/publishers/1").status_code == 409


def test_an_order_takes_books_from_the_stock_or_changes_nothing(shop):
    shop.patch("/api/books/1", json={"stock": 2})
    shop.patch("/api/books/2", json={"stock": 0})
    made = shop.post("/api/orders", json={"email": "ada@example.org", "lines": [{"book": 1, "count": 2}]})
    assert made.status_code == 201, made.text
    assert [(line["book_id"], line["count"]) for line in made.json()["lines"]] == [(1, 2)]
    assert shop.get(f"/api/orders/{made.json()['id']}").json() == made.json()
    shop.patch("/api/books/1", json={"stock": 1})
    refused = shop.post("/api/orders", json={"email": "ada@example.org", "lines": [{"book": 1}, {"book": 2}]})
    assert refused.status_code == 409
    assert shop.get("/api/books/1").json()["stock"] == 1
    assert shop.post("/api/orders", json={"email": "nobody", "lines": []}).status_code == 422


def test_readers_find_their_way(shop):
    first = shop.get("/")
    assert "200 books" in first.text
    assert 'rel="next"' in first.text
    assert shop.get("/?page=10").text.count("<tr>") == 21
    assert "0 books" in shop.get("/", params={"q": "<script>"}).text
    assert "<script>" not in shop.get("/", params={"q": "<script>"}).text
    assert "In stock" in shop.get("/books/1").text
    assert shop.get("/books/9999").status_code == 404
