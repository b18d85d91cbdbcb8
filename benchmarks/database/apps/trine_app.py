"""Trine: querysets, response models of the models, plain handlers."""

import os

from trine import App, HTTPException
from trine.db import Database, Many, Model, ModelSchema, QuerySet, field, many

app = App()
app.install(Database(os.environ["BENCHMARK_DATABASE"]))


class Author(Model):
    name: str = field(max_length=50)

    class Meta:
        db_table = "author"


class Tag(Model):
    name: str = field(max_length=50)

    class Meta:
        db_table = "tag"


class Book(Model):
    title: str = field(max_length=100)
    price: float
    author: Author
    tags: Many[Tag] = many()

    class Meta:
        db_table = "book"


class Entry(Model):
    name: str = field(max_length=50)
    amount: int

    class Meta:
        db_table = "entry"


class AuthorOut(ModelSchema, model=Author, fields=["id", "name"]): ...


class TagOut(ModelSchema, model=Tag, fields=["id", "name"]): ...


class BookOut(ModelSchema, model=Book, fields=["id", "title", "price", "author"]): ...


class PageOut(ModelSchema, model=Book, fields=["id", "title", "price"]):
    author: AuthorOut
    tags: list[TagOut]


class EntryIn(ModelSchema, model=Entry, mode="create"): ...


class PriceIn(ModelSchema, model=Book, fields=["price"], mode="create"): ...


@app.get("/books/{id}", response_model=BookOut)
async def one(id: int) -> Book:
    return await Book.objects.get_or_404(id=id)


@app.get("/books", response_model=list[BookOut])
async def twenty() -> QuerySet[Book]:
    return Book.objects.order_by("-id")[:20]


@app.get("/pages", response_model=list[PageOut])
async def related() -> QuerySet[Book]:
    return Book.objects.order_by("-id")[:20]


@app.post("/entries")
async def insert(body: list[EntryIn]) -> dict[str, int]:
    made = await Entry.objects.bulk_create([Entry(**entry.values()) for entry in body])
    return {"inserted": len(made)}


@app.patch("/books/{id}")
async def update(id: int, body: PriceIn) -> dict[str, int]:
    changed = await Book.objects.filter(id=id).update(**body.values())
    if not changed:
        raise HTTPException(404)
    return {"updated": changed}
