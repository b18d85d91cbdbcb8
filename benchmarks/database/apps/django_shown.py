"""What Django's views have in common: the values that are asked for, and how they become JSON."""

from typing import Any

from pydantic import TypeAdapter

from .django_books.models import Book
from .shapes import EntryIn, PriceIn

VALUES = ("id", "title", "price", "author_id")
entries_of = TypeAdapter(list[EntryIn]).validate_json
price_of = PriceIn.model_validate_json


def pages() -> Any:
    """The query of the page with two relations."""
    return Book.objects.select_related("author").prefetch_related("tags").order_by("-id")[:20]


def page(book: Any) -> dict[str, Any]:
    """A book with its author and tags."""
    return {
        "id": book.id,
        "title": book.title,
        "price": book.price,
        "author": {"id": book.author.id, "name": book.author.name},
        "tags": [{"id": tag.id, "name": tag.name} for tag in book.tags.all()],
    }
