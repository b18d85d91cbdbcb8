"""`trine seed`: the same rows each time, so that figures can be compared."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from trine import App
from trine.db import atomic

from .models import Author, Book, Order, OrderLine, Publisher, Status

WORDS = [
    "Amber",
    "Bridge",
    "Clock",
    "Delta",
    "Ember",
    "Forest",
    "Garden",
    "Harbour",
    "Island",
    "Journey",
    "Kettle",
    "Lantern",
    "Meadow",
    "Night",
    "Orchard",
    "River",
    "Stone",
]
CITIES = ["Bern", "Graz", "Oulu", "Porto", "Turku"]


def add_commands(app: App) -> None:
    """Add the command."""

    @app.command()
    async def seed(small: bool = False) -> None:
        """Fill an empty shop: 100,200 rows, or a few."""
        if await Publisher.objects.exists():
            print("The shop has rows already.")
            return
        print(f"{await fill(100 if small else 1):,} rows.")


async def fill(part: int = 1) -> int:
    """Write 200 publishers, 5,000 authors, 20,000 books, 25,000 orders and 50,000 lines, or a part of them."""
    chance = random.Random(1)  # noqa: S311 - the same each time is meant
    publishers, authors, books, orders = (count // part for count in (200, 5_000, 20_000, 25_000))
    async with atomic():
        await Publisher.objects.bulk_create(
            [Publisher(id=n, name=f"Press {n}", city=chance.choice(CITIES)) for n in range(1, publishers + 1)]
        )
        await Author.objects.bulk_create(
            [Author(id=n, name=f"{chance.choice(WORDS)} {n}", born=chance.randint(1900, 2000)) for n in range(1, authors + 1)]
        )
        made = [
            Book(
                id=n,
                title=f"{chance.choice(WORDS)} and {chance.choice(WORDS)} {n}",
                isbn=f"978{n:010d}",
                publisher_id=chance.randint(1, publishers),
                price=Decimal(chance.randint(500, 6000)) / 100,
                stock=chance.randint(0, 50),
                published=chance.randint(1950, 2026),
            )
            for n in range(1, books + 1)
        ]
        await Book.objects.bulk_create(made)
        began = datetime(2026, 1, 1, tzinfo=UTC)
        await Order.objects.bulk_create(
            [
                Order(
                    id=n,
                    email=f"reader{chance.randint(1, 5000)}@example.org",
                    status=chance.choice(list(Status)),
                    made=began + timedelta(minutes=n),
                )
                for n in range(1, orders + 1)
            ]
        )
        lines = [
            OrderLine(order_id=order, book_id=book.id, count=chance.randint(1, 3), price=book.price)
            for order in range(1, orders + 1)
            for book in chance.sample(made, 2)
        ]
        await OrderLine.objects.bulk_create(lines)
        for book in made[: books // 10]:
            await book.authors.set(chance.sample(range(1, authors + 1), 1))
    return publishers + authors + books + orders + len(lines)
