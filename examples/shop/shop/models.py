"""What the shop knows."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum

from trine.db import CheckConstraint, Index, Many, Model, Q, UniqueConstraint, field, many


class Publisher(Model):
    """Who prints books."""

    name: str = field(max_length=100, unique=True)
    city: str = field(max_length=60, default="")

    class Meta:
        ordering = ("name",)


class Author(Model):
    """Who writes them."""

    name: str = field(max_length=100, index=True)
    born: int | None = None


class Book(Model):
    """A title that can be ordered."""

    title: str = field(max_length=200, index=True)
    isbn: str = field(max_length=13, unique=True)
    publisher: Publisher = field(on_delete="RESTRICT")
    authors: Many[Author] = many(related_name="books")
    price: Decimal = field(max_digits=8, decimal_places=2)
    stock: int = 0
    published: int = field(help_text="The year.")

    class Meta:
        constraints = (CheckConstraint(condition=Q(stock__gte=0), name="stock_not_negative"),)
        indexes = (Index("publisher", "published"),)


class Status(Enum):
    """How far an order is."""

    NEW = "new"
    PAID = "paid"
    SENT = "sent"


class Order(Model):
    """What somebody ordered."""

    email: str = field(max_length=200, index=True)
    status: Status = Status.NEW
    made: datetime = field(default_factory=lambda: datetime.now(UTC), index=True)

    class Meta:
        db_table = "shop_order"


class OrderLine(Model):
    """One book of an order, at the price of that day."""

    order: Order = field(related_name="lines")
    book: Book = field(on_delete="RESTRICT", related_name="+")
    count: int = 1
    price: Decimal = field(max_digits=8, decimal_places=2)

    class Meta:
        constraints = (UniqueConstraint("order", "book", name="one_line_a_book"),)
