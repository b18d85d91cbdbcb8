"""django-bolt on its own server: querysets returned from typed handlers, msgspec for what goes in and out."""

from typing import Annotated, Any

import msgspec
from django_bolt import BoltAPI
from django_bolt.exceptions import HTTPException
from django_bolt.param_functions import Body

from .django_books.models import Book, Entry
from .django_shown import page, pages

api = BoltAPI()
urlpatterns: list[Any] = []


class BookOut(msgspec.Struct):
    id: int
    title: str
    price: float
    author_id: int


class NamedOut(msgspec.Struct):
    id: int
    name: str


class PageOut(msgspec.Struct):
    id: int
    title: str
    price: float
    author: NamedOut
    tags: list[NamedOut]


class EntryIn(msgspec.Struct):
    name: str
    amount: int


class PriceIn(msgspec.Struct):
    price: float


@api.get("/books/{key}", response_model=BookOut)
async def one(key: int) -> Any:
    try:
        return await Book.objects.aget(id=key)
    except Book.DoesNotExist:
        raise HTTPException(404, detail="not found") from None


@api.get("/books", response_model=list[BookOut])
async def twenty() -> Any:
    return Book.objects.order_by("-id")[:20]


@api.get("/pages", response_model=list[PageOut])
async def related() -> Any:
    return [page(book) async for book in pages()]


@api.post("/entries", status_code=200)
async def insert(body: Annotated[list[EntryIn], Body()]) -> dict[str, int]:
    made = await Entry.objects.abulk_create([Entry(name=entry.name, amount=entry.amount) for entry in body])
    return {"inserted": len(made)}


@api.patch("/books/{key}")
async def update(key: int, body: PriceIn) -> dict[str, int]:
    changed = await Book.objects.filter(id=key).aupdate(price=body.price)
    if not changed:
        raise HTTPException(404, detail="not found")
    return {"updated": changed}
