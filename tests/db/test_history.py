"""Every change of a row is kept: what, when, by whom, in the same transaction."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated
from uuid import UUID, uuid4

import pytest

from trine import App, Depends, Header, SetupError
from trine.db import Database, F, History, Model, NotSupported, SoftDelete, atomic, changed_by, field, registry
from trine.db.migrations.answers import Answers
from trine.db.migrations.make import Models, make_migrations
from trine.db.migrations.specs import State
from trine.db.migrations.write import source_of
from trine.testing import AsyncTestClient


@pytest.fixture
async def kept(database_url):
    """Two models with a history, in a database with their tables."""
    with registry.isolated():

        class Shelf(Model):
            name: str = field(max_length=50)

        class Article(History, SoftDelete):
            title: str = field(max_length=100)
            price: Decimal = field(default=Decimal(0), max_digits=6, decimal_places=2)
            tags: list[str] = field(default_factory=list)
            secret: str = field(default="", max_length=20, history=False)
            shelf: Shelf | None = field(default=None, related_name="articles", on_delete="SET NULL")

            class Meta:
                db_table = "kept_article"

        class Token(History):
            id: UUID = field(primary_key=True, default_factory=uuid4)
            uses: int = 0

            class Meta:
                db_table = "kept_token"

        async with Database(database_url) as database:
            await database.create_all()
            transaction = await database.begin()
            with database.pinned(transaction):
                yield type("Kept", (), {"Article": Article, "Token": Token, "Shelf": Shelf, "database": database})
            await database.end(transaction, commit=False)
            for table in ("kept_article_change", "kept_article", "kept_token_change", "kept_token", Shelf.__table__.name):
                await database.run(f"DROP TABLE {table}")


def told(changes):
    return [(change.kind, change.by, change.changes) for change in changes]


async def test_an_article_from_its_making_to_its_end(kept):
    with changed_by("ada"):
        article = await kept.Article.objects.create(title="Draft", tags=["a"], secret="x")
    article.title = "News"
    article.price = Decimal("2.50")
    article.tags.append("b")
    article.secret = "y"
    with changed_by("bob", "proofread"):
        await article.save()
    await article.save()
    newest, first = await article.history
    assert (newest.kind, newest.by, newest.reason) == ("update", "bob", "proofread")
    assert newest.changes == {"title": ["Draft", "News"], "price": ["0.00", "2.50"], "tags": [["a"], ["a", "b"]]}
    assert (first.kind, first.by, first.changes["title"]) == ("create", "ada", [None, "Draft"])
    assert "secret" not in first.changes
    assert datetime.now(UTC) - timedelta(minutes=1) < first.at <= newest.at
    key = article.pk
    await article.delete()
    assert [change.kind for change in await article.history] == ["update", "update", "create"]
    assert list((await article.history.first()).changes) == ["deleted"]
    await article.delete_for_good()
    gone = await kept.Article.history.filter(row=key).first()
    assert (gone.kind, gone.by, gone.changes["title"]) == ("delete", None, ["News", None])


async def test_changes_of_many_rows_at_once_are_kept_row_by_row(kept):
    made = await kept.Token.objects.bulk_create([kept.Token(uses=number) for number in range(3)])
    assert sorted(change.changes["uses"][1] for change in await kept.Token.history.filter(kind="create")) == [0, 1, 2]
    with changed_by("job"):
        assert await kept.Token.objects.filter(uses__gte=1).update(uses=F("uses") + 10) == 2
    assert sorted(str(change.changes) for change in await kept.Token.history.filter(by="job")) == [
        "{'uses': [1, 11]}",
        "{'uses': [2, 12]}",
    ]
    made[0].uses = 7
    await kept.Token.objects.bulk_update(made[:1], ["uses"])
    assert told(await made[0].history)[0] == ("update", None, {"uses": [0, 7]})
    assert await kept.Token.objects.filter(uses=7).delete() == 1
    assert [change.kind for change in await made[0].history] == ["delete", "update", "create"]
    token, _ = await kept.Token.objects.update_or_create(id=made[1].id, defaults={"uses": 1})
    assert told(await token.history)[0] == ("update", None, {"uses": [11, 1]})


async def test_changes_through_a_relation_are_kept_and_those_of_the_database_are_not(kept):
    shelf = await kept.Shelf.objects.create(name="old")
    article = await kept.Article.objects.create(title="Draft", shelf=shelf)
    await shelf.articles.all().update(title="News")
    assert told(await article.history)[0][2] == {"title": ["Draft", "News"]}
    await shelf.delete()
    await article.refresh_from_db()
    assert article.shelf_id is None
    assert await article.history.count() == 2


async def test_a_history_is_undone_with_its_change(kept):
    token = await kept.Token.objects.create()

    async def fail():
        async with atomic():
            token.uses = 3
            await token.save()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert [change.kind for change in await token.history] == ["create"]


@pytest.mark.parametrize("option", ["ignore_conflicts", "update_conflicts"])
async def test_what_does_not_tell_its_rows_is_refused(lite, option):
    with registry.isolated():

        class Token(History):
            uses: int = 0

        with pytest.raises(NotSupported, match=rf"^bulk_create\({option}=True\) does not tell which rows of Token it made"):
            await Token.objects.bulk_create([Token()], **{option: True})


async def test_a_dependency_says_who_it_was(lite):
    with registry.isolated():

        class Token(History):
            uses: int = 0

        app = App()

        async def signed(x_user: Annotated[str, Header()]) -> AsyncIterator[None]:
            with changed_by(x_user):
                yield

        @app.post("/async", dependencies=[Depends(signed)])
        async def use() -> None:
            await Token.objects.create()

        @app.post("/plain", dependencies=[Depends(signed)])
        def use_plainly() -> None:
            Token.objects.sync.create()

        await lite.create_all()
        async with AsyncTestClient(app) as client:
            for name in ("async", "plain"):
                assert (await client.post(f"/{name}", headers={"x-user": name})).status_code == 200
        assert [change.by for change in await Token.history.order_by("id")] == ["async", "plain"]


async def test_a_key_of_several_columns_is_refused_at_import():
    with registry.isolated(), pytest.raises(SetupError, match="Pair keeps a History, and its key is a relation or several"):

        class Pair(History):
            left: int = field(primary_key=True)
            right: int = field(primary_key=True)


def test_the_table_of_changes_is_in_migrations():
    with registry.isolated():

        class Article(History):
            title: str = field(max_length=100)

            class Meta:
                package = "shop"

        changes = registry["shop.ArticleChange"]
        assert [column.name for column in changes.__table__.columns] == ["id", "kind", "at", "by", "reason", "changes", "row"]
        assert not changes.__table__.foreign_keys
        assert changes in list(registry)
        assert Article.history.model is changes
        models = Models(
            State.read(registry.metadata.tables.values()), dict.fromkeys(registry.tables.tables, "shop"), [("shop", "shop")]
        )
        [migration] = make_migrations(models, [], Answers())
        assert "article_change" in source_of(migration)
