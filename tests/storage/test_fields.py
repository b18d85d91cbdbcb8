"""Fields for files, in models."""

import pytest

from trine import App, Settings, UploadFile
from trine.db import Database, Model, ModelSchema, field, registry
from trine.storage import FileColumn, FileName, Storages

KEY = "Vq8Zp3Rt6Wx9Ck2Nm5Jh7Lf4Gd1Sb0Ya"


@pytest.fixture
def shop(tmp_path):
    """An application whose books have covers."""
    with registry.isolated():

        class Book(Model):
            title: str
            cover: FileName | None = field(type=FileColumn("media"), default=None)

            class Meta:
                package = "covers"

        class BookOut(ModelSchema, model=Book): ...

        app = App(settings=Settings(secret_key=KEY))
        database = Database(f"sqlite:///{tmp_path / 'books.sqlite3'}")
        app.install(Storages("memory://", media=str(tmp_path / "media")), database)

        @app.on_event("startup")
        async def make_tables() -> None:
            await database.create_all()

        @app.post("/books", response_model=BookOut)
        async def add(title: str, cover: UploadFile) -> Book:
            saved = await FileName.save(cover, storage="media", folder="covers", max_size=1000)
            return await Book.objects.create(title=title, cover=saved)

        @app.get("/books/{id}/cover")
        async def link(id: int) -> str:
            book = await Book.objects.get(id=id)
            return await book.cover.url()

        @app.delete("/books/{id}")
        async def remove(id: int) -> bool:
            book = await Book.objects.get(id=id)
            await book.cover.delete()
            await book.delete()
            return await book.cover.storage.exists(book.cover)

        yield app


def test_a_row_keeps_the_name_and_a_storage_the_file(shop, client_for, tmp_path):
    client = client_for(shop)
    made = client.post("/books?title=One", files={"cover": ("../My cover.PNG", b"\x89PNG")}).json()
    assert made == {"id": 1, "title": "One", "cover": "covers/My-cover.png"}
    assert (tmp_path / "media" / "covers" / "My-cover.png").read_bytes() == b"\x89PNG"
    assert client.get(client.get("/books/1/cover").json()).content == b"\x89PNG"
    assert client.post("/books?title=Two", files={"cover": ("x.png", b"x" * 1001)}).status_code == 413
    assert client.delete("/books/1").json() is False


def test_a_name_that_leads_elsewhere_is_no_file():
    with pytest.raises(ValueError, match="A file cannot be named"):
        FileName("../secret")
