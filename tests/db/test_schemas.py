"""Schemas from models, and the routes that a model needs."""

import pytest

from trine import App, HTTPException, Request, SetupError
from trine.db import CRUD, Database, Many, Model, ModelSchema, field, many, registry


@pytest.fixture
def models():
    with registry.isolated():

        class Writer(Model):
            name: str = field(max_length=20, help_text="As on the cover.")

            class Meta:
                package = "press"

        class Word(Model):
            text: str = field(max_length=20, unique=True)

            class Meta:
                package = "press"

        class Paper(Model):
            title: str = field(max_length=50)
            writer: Writer
            words: Many[Word] = many()
            rank: int = 0
            note: str | None = None

            class Meta:
                package = "press"

        yield Writer, Word, Paper


@pytest.fixture
def crud(models, client_for, tmp_path):
    """Start an application with the routes of a model, on a database that has rows."""
    Writer, Word, Paper = models

    def start(model=None, **options):
        app = App()
        database = Database(f"sqlite:///{tmp_path / 'press.sqlite3'}")
        app.install(database)
        app.include_router(CRUD(model or Paper, **options), prefix="/papers")
        client = client_for(app)

        async def fill() -> None:
            await database.create_all()
            ada = await Writer.objects.create(name="Ada")
            for text in ("old", "new"):
                await Word.objects.create(text=text)
            for number in range(3):
                await Paper.objects.create(title=f"Paper {number}", writer=ada, rank=number)

        client.portal.call(fill())
        return client

    return start


def test_a_schema_has_the_fields_and_limits_of_its_model(models):
    _, _, Paper = models

    class PaperIn(ModelSchema, model=Paper, fields=["title", "writer", "note"], mode="create"): ...

    document = PaperIn.model_json_schema()
    assert document["properties"]["title"]["maxLength"] == 50
    assert document["required"] == ["title", "writer_id"]
    assert PaperIn(title="x", writer_id=1).values() == {"title": "x", "writer_id": 1}


def test_a_change_tells_null_from_absent(models):
    _, _, Paper = models

    class PaperChange(ModelSchema, model=Paper, mode="update"): ...

    assert PaperChange.model_validate({"note": None}).values() == {"note": None}
    assert PaperChange.model_validate({}).values() == {}
    assert "id" not in PaperChange.model_fields


def test_relations_nest_where_the_class_says_so(models):
    Writer, Word, Paper = models

    class WriterOut(ModelSchema, model=Writer, fields=["name"]): ...

    class PaperOut(ModelSchema, model=Paper, fields=["id", "title", "writer", "words"]):
        writer: WriterOut
        words: list[Word.schema("text")]

    assert list(PaperOut.model_fields) == ["id", "title", "writer", "words"]
    read = PaperOut.model_validate({"id": 1, "title": "x", "writer": {"name": "Ada"}, "words": [{"text": "old"}]})
    assert read.model_dump()["writer"] == {"name": "Ada"}


def test_a_schema_made_twice_is_one(models):
    _, _, Paper = models
    assert Paper.schema("id", "title") is Paper.schema("id", "title")
    assert Paper.schema("id", "title").__name__ == "PaperReadIdTitle"
    assert Paper.schema(mode="update").__name__ == "PaperUpdate"
    assert Paper.schema(exclude=["note"], name="Short").__name__ == "Short"
    assert "note" not in Paper.schema(exclude=["note"]).model_fields


def test_an_unknown_field_is_named(models):
    _, _, Paper = models
    with pytest.raises(
        SetupError, match=r"PaperReadTitel takes 'titel' of Paper, which has no such field\. Did you mean 'title'\?"
    ):
        Paper.schema("titel")


def test_validators_of_the_model_count_in_its_schemas():
    from .library import Author

    with pytest.raises(ValueError, match="has no @"):
        Author.schema("email", mode="create")(email="nowhere")


def test_rows_are_listed_filtered_ordered_and_searched(crud):
    client = crud(filters=["rank__gte", "title", "writer__name__icontains"], order_by=["rank", "title"], search=["title"])
    page = client.get("/papers").json()
    assert (page["total"], [row["title"] for row in page["items"]]) == (3, ["Paper 0", "Paper 1", "Paper 2"])
    assert [row["rank"] for row in client.get("/papers?rank__gte=1&order_by=-rank").json()["items"]] == [2, 1]
    assert client.get("/papers?search=2").json()["total"] == 1
    assert client.get("/papers?writer__name__icontains=AD").json()["total"] == 3
    assert client.get("/papers?rank__gte=x").status_code == 422
    assert client.get("/papers?size=1&page=2").json()["items"][0]["title"] == "Paper 1"


def test_a_row_is_made_read_changed_and_deleted(crud):
    client = crud()
    made = client.post("/papers", json={"title": "New", "writer_id": 1, "rank": 7})
    assert (made.status_code, made.json()) == (201, {"id": 4, "title": "New", "writer_id": 1, "rank": 7, "note": None})
    assert client.get("/papers/4").json()["title"] == "New"
    assert client.patch("/papers/4", json={"note": "x"}).json()["note"] == "x"
    assert client.patch("/papers/4", json={"note": None, "rank": 1}).json() == {**made.json(), "rank": 1}
    assert client.patch("/papers/4", json={"title": None}).status_code == 422
    assert client.delete("/papers/4").status_code == 204
    assert client.get("/papers/4").status_code == 404
    assert client.post("/papers", json={"title": "x" * 51, "writer_id": 1}).status_code == 422


def test_what_refers_to_nothing_is_a_conflict(crud):
    assert crud().post("/papers", json={"title": "New", "writer_id": 99}).status_code == 409


def test_what_is_not_unique_is_a_conflict(crud, models):
    assert crud(models[1]).post("/papers", json={"text": "old"}).status_code == 409


def test_relations_are_written_by_their_keys_and_read_nested(crud, models):
    Writer, Word, Paper = models
    client = crud(
        create=Paper.schema("title", "writer", "words", mode="create"),
        update=Paper.schema("words", mode="update"),
        read=Paper.schema("title", "writer", "words", writer=Writer.schema("name"), words=list[Word.schema("text")]),
    )
    made = client.post("/papers", json={"title": "New", "writer_id": 1, "words": [1, 2]}).json()
    assert made == {"title": "New", "writer": {"name": "Ada"}, "words": [{"text": "old"}, {"text": "new"}]}
    assert client.patch("/papers/4", json={"words": [2]}).json()["words"] == [{"text": "new"}]
    assert client.patch("/papers/4", json={}).json()["words"] == [{"text": "new"}]
    assert client.get("/papers").json()["items"][3] == {"title": "New", "writer": {"name": "Ada"}, "words": [{"text": "new"}]}


def test_permissions_are_asked_for_each_action_and_row(crud):
    def allow(request: Request, action: str, instance) -> bool:
        return action != "delete" or instance.rank > 0

    def scope(request: Request, rows):
        return rows.filter(rank__lt=2)

    client = crud(allow=allow, scope=scope, actions=["list", "read", "delete"])
    assert client.get("/papers").json()["total"] == 2
    assert client.get("/papers/3").status_code == 404
    assert client.delete("/papers/1").status_code == 403
    assert client.delete("/papers/2").status_code == 204
    assert client.post("/papers", json={}).status_code == 405


def test_dependencies_guard_single_actions(crud):
    from trine import Depends

    def refuse() -> None:
        raise HTTPException(401)

    client = crud(permissions={"create": [Depends(refuse)]})
    assert client.post("/papers", json={"title": "x", "writer_id": 1}).status_code == 401
    assert client.get("/papers").status_code == 200


def test_names_in_the_document_are_stable(crud):
    document = crud().get("/openapi.json").json()
    assert {"PaperRead", "PaperCreate", "PaperUpdate"} <= set(document["components"]["schemas"])
    assert document["paths"]["/papers"]["post"]["summary"] == "Create a paper"


def test_mistakes_are_told_at_once(models):
    _, _, Paper = models
    with pytest.raises(SetupError, match=r"CRUD\(Paper\) filters by 'titel', which it has not\. Did you mean 'title'\?"):
        CRUD(Paper, filters=["titel"])
    with pytest.raises(SetupError, match=r"CRUD\(Paper\) is told of 'patch'"):
        CRUD(Paper, permissions={"patch": []})
