from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, Field

from trine import APIRouter, App, Query

app = App(
    title="Bookshop",
    version="2.1",
    description="Finds books, and orders them.",
    openapi_tags=[{"name": "books", "description": "What there is to read."}],
    contact={"name": "The bookshop", "email": "books@example.com"},
)


class Book(BaseModel):
    """A book, as the shelves have it."""

    title: str = Field(examples=["Middlemarch"])
    price: Decimal = Field(gt=0, description="In euros")


class Missing(BaseModel):
    detail: str


books = APIRouter(prefix="/books", tags=["books"], responses={404: {"model": Missing, "description": "No such book."}})


@books.get("/{number}", response_description="The book.")
def read_book(number: int, currency: Annotated[str, Query(description="ISO 4217", examples=["EUR"])] = "EUR") -> Book:
    """Read one book.

    The price is converted at the rate of the day.
    """
    return Book(title="Middlemarch", price=Decimal("12.50"))


@books.get("/{number}/cover", include_in_schema=False)
def cover(number: int) -> str:
    return f"cover of {number}"


app.include_router(books)
