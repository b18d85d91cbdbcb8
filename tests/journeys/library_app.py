"""An application that uses most of the declaration language, for a tool that asks everything its documentation allows."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, TypedDict
from uuid import UUID, uuid5

import msgspec
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictStr

from trine import (
    APIRouter,
    App,
    Body,
    Cookie,
    Depends,
    Filters,
    Form,
    Header,
    HTTPException,
    OffsetPage,
    OrderBy,
    Path,
    Query,
    Response,
    Search,
    UploadFile,
)
from trine.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer


class Genre(StrEnum):
    """What a book is."""

    novel = "novel"
    poem = "poem"


def whole(value: Any) -> Any:
    """Read 3.0 as 3: to JSON Schema both are integers, to a strict model they are not."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(whole)]


class Author(BaseModel):
    """Who wrote a book."""

    # Strict: Pydantic takes a number for a date otherwise, which its JSON schema does not say.
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(min_length=1, max_length=50)
    born: date | None = None


class Book(BaseModel):
    """A book as it is sent and stored."""

    model_config = ConfigDict(strict=True)

    title: str = Field(min_length=1, max_length=100)
    genre: Genre = Genre.novel
    pages: Whole = Field(gt=0, le=10_000)
    price: float = Field(ge=0, le=1e6)
    weight: float | None = Field(default=None, gt=0)
    authors: list[Author] = Field(min_length=1, max_length=5)
    tags: list[str] = Field(default_factory=list, max_length=10)
    notes: dict[str, Any] = {}


class StoredBook(Book):
    """A book with what the library knows of it."""

    id: UUID
    added: datetime


class Shelf(msgspec.Struct, forbid_unknown_fields=True):
    """Where books stand."""

    room: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    width: Annotated[float, msgspec.Meta(gt=0, le=10)]
    books: Annotated[list[str], msgspec.Meta(max_length=20)] = []
    kind: Literal["wood", "steel"] = "wood"


@dataclass
class Loan:
    """Who has a book, and until when."""

    reader: str
    days: float = 14.0
    reminders: list[datetime] | None = None


class Fine(TypedDict):
    """What a late reader pays."""

    reader: str
    amount: float


class Letter(BaseModel):
    """What a form is filled with."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1)
    age: int = Field(default=0, ge=0, le=150)


class Cover(BaseModel):
    """A form with a file."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1)
    picture: UploadFile


class Message(BaseModel):
    """Why a request was refused."""

    detail: str


class Page(BaseModel):
    """What a listing asks for."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=10, gt=0, le=100)
    offset: int = Field(default=0, ge=0)
    order: Literal["title", "pages"] = "title"


REFUSED = {401: {"model": Message}}
BROKEN = {400: {"model": Message}}
app = App(title="Library", version="1.0.0")
books = APIRouter(prefix="/books", tags=["books"], responses={404: {"model": Message}})
key = APIKeyHeader(name="X-Key")
bearer = HTTPBearer()
stored: dict[UUID, StoredBook] = {}


async def reader_of(key: Annotated[str, Depends(key)]) -> str:
    if key != "the right one":
        raise HTTPException(401, "This key opens nothing.")
    return key


async def check_token(credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> None:
    if credentials.credentials != "the right one":
        raise HTTPException(401, "This token is not known.")


@books.post("", status_code=201)
async def add_book(book: Book) -> StoredBook:
    """Add a book."""
    identity = uuid5(UUID(int=0), repr(book))
    stored[identity] = StoredBook(**book.model_dump(), id=identity, added=datetime(1987, 6, 1, tzinfo=UTC))
    return stored[identity]


@books.get("")
async def list_books(page: Annotated[Page, Query()]) -> list[StoredBook]:
    """List books."""
    return sorted(stored.values(), key=lambda book: getattr(book, page.order))[page.offset : page.offset + page.limit]


@books.get("/{id}")
async def show_book(id: UUID) -> StoredBook:
    """Show a book."""
    if id not in stored:
        raise HTTPException(404, "There is no such book.")
    return stored[id]


@books.delete("/{id}", status_code=204)
async def remove_book(id: UUID) -> None:
    """Remove a book."""
    if stored.pop(id, None) is None:
        raise HTTPException(404, "There is no such book.")


@app.put("/shelves/{number}")
def put_shelf(number: Annotated[int, Path(ge=1, le=1000)], shelf: Shelf) -> Shelf:
    """Put a shelf up."""
    return shelf


@app.post("/loans", responses=REFUSED)
async def lend(loan: Loan, reader: Annotated[str, Depends(reader_of)], copies: Annotated[int, Query(ge=1)] = 1) -> list[Loan]:
    """Lend books to a reader who has a key."""
    return [loan] * min(copies, 5)


@app.post("/fines", responses=REFUSED, dependencies=[Depends(check_token)])
async def impose(fine: Fine, at: Annotated[datetime | None, Header()] = None) -> Fine:
    """Impose a fine, with a token."""
    return fine


@app.get("/search")
async def search(
    q: Annotated[str, Query(min_length=1, max_length=50, pattern="^[a-z ]+$")],
    genre: Genre | None = None,
    years: Annotated[list[int], Query(max_length=5)] = [],  # noqa: B006 - FastAPI's users write it so
    exact: bool = False,
    within: timedelta | None = None,
    session: Annotated[str | None, Cookie()] = None,
    accept_language: Annotated[str | None, Header()] = None,
) -> dict[str, Any]:
    """Look for books."""
    return {"q": q, "genre": genre, "years": years, "exact": exact}


@app.post("/move")
async def move(
    book: Book, shelf: Annotated[str, Body(min_length=1)], carefully: Annotated[StrictBool, Body()] = True
) -> dict[str, Any]:
    """Move a book to a shelf."""
    return {"shelf": shelf, "pages": book.pages}


@app.post("/either")
async def either(thing: Author | list[Author] | StrictStr) -> Author | list[Author] | str:
    """Take one of several kinds."""
    return thing


@app.post("/contact", responses=BROKEN)
async def contact(letter: Annotated[Letter, Form()]) -> dict[str, Any]:
    """Send a form."""
    return letter.model_dump()


@app.post("/covers", responses=BROKEN)
async def upload_cover(cover: Annotated[Cover, Form()]) -> dict[str, Any]:
    """Send a picture."""
    return {"size": len(await cover.picture.read()), "title": cover.title}


class CatalogueFilters(Filters):
    """What the catalogue can be asked for."""

    title__icontains: str | None = None
    price__gte: float | None = None
    price__range: list[float] | None = None
    genre__in: list[Genre] | None = None
    weight__isnull: bool | None = None
    search: Annotated[str, Search("title")] = ""
    order_by: Annotated[tuple[str, ...], OrderBy("title", "price", "weight")] = ("title",)


CATALOGUE = [
    Book(title=f"Book {number}", pages=number, price=number / 2, weight=number or None, authors=[Author(name="Ada")])
    for number in range(1, 40)
]


@app.get("/catalogue", response_model=OffsetPage[Book])
async def catalogue(filters: CatalogueFilters) -> Any:
    """List books, a part at a time."""
    return filters.apply(CATALOGUE)


class ShelfView:
    """A shelf of the catalogue."""

    number: Annotated[int, Path(ge=0, le=100)]

    async def get(self, upside_down: bool = False) -> list[str]:
        """List the titles on the shelf."""
        titles = [book.title for book in CATALOGUE if book.pages % 10 == self.number % 10]
        return titles[::-1] if upside_down else titles


app.add_route("/catalogue/shelves/{number}", ShelfView)


@app.get("/ping", status_code=204)
def ping(response: Response) -> None:
    """Say that the service is there."""
    response.headers["x-ping"] = "pong"


app.include_router(books)
