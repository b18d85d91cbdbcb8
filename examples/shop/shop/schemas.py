"""What the API shows, and what it takes."""

from pydantic import BaseModel, Field

from trine.db import ModelSchema

from .models import Author, Book, Order, OrderLine, Publisher


class PublisherOut(ModelSchema, model=Publisher, fields=["id", "name"]):
    """A publisher, as books name it."""


class AuthorOut(ModelSchema, model=Author, fields=["id", "name"]):
    """An author, as books name them."""


class BookOut(ModelSchema, model=Book, fields=["id", "title", "isbn", "publisher", "authors", "price", "stock", "published"]):
    """A book with its publisher and authors."""

    publisher: PublisherOut
    authors: list[AuthorOut]


class LineOut(ModelSchema, model=OrderLine, fields=["book", "count", "price"]):
    """A line of an order."""


class OrderOut(ModelSchema, model=Order, fields=["id", "email", "status", "made"]):
    """An order with its lines."""

    lines: list[LineOut]


class LineIn(BaseModel):
    """A book that is ordered."""

    book: int
    count: int = Field(default=1, ge=1, le=100)


class OrderIn(BaseModel):
    """An order that comes in."""

    email: str = Field(max_length=200, pattern=r"^[^@\s]+@[^@\s]+$")
    lines: list[LineIn] = Field(min_length=1, max_length=50)
