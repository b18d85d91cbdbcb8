"""The models that the tests of this room share."""

import datetime
import enum
import uuid
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, field_validator

from trine.db import (
    CheckConstraint,
    F,
    Index,
    Many,
    Model,
    Q,
    QuerySet,
    SoftDelete,
    Timestamped,
    UniqueConstraint,
    field,
    many,
    reverse,
)


class Genre(enum.Enum):
    NOVEL = "novel"
    POETRY = "poetry"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Size(BaseModel):
    width: int
    height: int


class Country(Model):
    code: str = field(max_length=2, primary_key=True)
    name: str = field(max_length=50)


class Publisher(Model):
    name: str = field(max_length=100, unique=True)
    country: Country | None = None

    class Meta:
        ordering = ("name",)


class Author(Model):
    name: str = field(max_length=100)
    email: str | None = field(max_length=100, default=None, unique=True)
    born: datetime.date | None = None
    mentor: "Author | None" = field(default=None, related_name="pupils")
    friends: "Many[Author]" = many(symmetrical=True)
    books: "Many[Book]" = reverse("author")

    @field_validator("email")
    @classmethod
    def check_email(cls, value: str | None) -> str | None:
        if value is not None and "@" not in value:
            raise ValueError("has no @")
        return value


class Tag(Model):
    name: str = field(max_length=50, unique=True)
    books: "Many[Book]" = reverse("tags")


class BookQuerySet(QuerySet["Book"]):
    def cheap(self) -> "BookQuerySet":
        return self.filter(price__lt=10)


class Book(Model):
    title: str = field(max_length=200)
    author: Author = field(related_name="books", on_delete="CASCADE")
    publisher: Publisher | None = field(default=None, related_name="books")
    tags: Many[Tag] = many(related_name="books")
    price: Decimal = field(max_digits=8, decimal_places=2, default=Decimal("9.50"))
    pages: Annotated[int, Field(ge=0)] = 100
    published: datetime.datetime | None = None
    genre: Genre = Genre.NOVEL
    metadata: dict[str, Any] = field(default_factory=dict)
    keywords: list[str] = field(default_factory=list)

    objects = BookQuerySet.as_manager()

    @property
    def is_long(self) -> bool:
        return self.pages > 200

    class Meta:
        ordering = ("title",)
        indexes = (Index("author", "-published"),)
        constraints = (
            UniqueConstraint("author", "title", name="one_title_per_author"),
            CheckConstraint(Q(price__gte=0), name="price_not_negative"),
        )


class Cover(Model):
    book: Book = field(one_to_one=True, related_name="cover", on_delete="CASCADE")
    colour: str = "white"


class Review(Model):
    book: Book = field(related_name="reviews", on_delete="CASCADE")
    stars: int = 3
    text: str = ""


class Club(Model):
    name: str = field(max_length=50)
    members: Many[Author] = many(through="Membership", related_name="clubs")


class Membership(Model):
    club: Club = field(on_delete="CASCADE")
    author: Author = field(on_delete="CASCADE")
    since: int = 2000


class Everything(Model):
    id: uuid.UUID = field(primary_key=True, default_factory=uuid.uuid4)
    flag: bool = False
    ratio: float = 0.5
    blob: bytes = b""
    day: datetime.date = datetime.date(2026, 1, 2)
    clock: datetime.time = datetime.time(3, 4, 5)
    span: datetime.timedelta = datetime.timedelta(hours=1)
    moment: datetime.datetime | None = None
    local: datetime.datetime | None = field(default=None, timezone=False)
    level: Level = Level.LOW
    word: Literal["a", "b"] = "a"
    size: Size | None = None
    sizes: list[Size] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    schema: str = ""
    json: Any = None
    width: int = 2
    double: int | None = field(default=None, generated=F("width") * 2)
    status: str = field(max_length=20, db_default="new")


class Pair(Model):
    left: int = field(primary_key=True)
    right: int = field(primary_key=True)
    note: str = ""


class Note(Timestamped, SoftDelete):
    text: str
