"""The statements that are written by hand, and what is made of their rows."""

from collections.abc import Iterable, Mapping
from typing import Any

ONE = "SELECT id, title, price, author_id FROM book WHERE id = "
TWENTY = "SELECT id, title, price, author_id FROM book ORDER BY id DESC LIMIT 20"
PAGES = (
    "SELECT b.id, b.title, b.price, a.id AS author_key, a.name AS author_name "
    "FROM book b JOIN author a ON a.id = b.author_id ORDER BY b.id DESC LIMIT 20"
)
TAGS = "SELECT x.book_id, t.id, t.name FROM book_tags x JOIN tag t ON t.id = x.tag_id WHERE x.book_id "
INSERT = "INSERT INTO entry (name, amount) VALUES "
UPDATE = "UPDATE book SET price = "


def nested(books: Iterable[Any], tags: Iterable[Any]) -> list[Mapping[str, Any]]:
    """Books with their authors and tags."""
    of_book: dict[int, list[Mapping[str, Any]]] = {}
    for book_id, key, name in tags:
        of_book.setdefault(book_id, []).append({"id": key, "name": name})
    return [
        {
            "id": key,
            "title": title,
            "price": price,
            "author": {"id": author_id, "name": author_name},
            "tags": of_book.get(key, []),
        }
        for key, title, price, author_id, author_name in books
    ]
