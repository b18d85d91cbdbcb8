from typing import Annotated, Any

from pydantic import BaseModel

from trine import App, Filters, OrderBy, Page, Search


class Book(BaseModel):
    id: int
    title: str
    year: int


BOOKS = [
    Book(id=1, title="Emma", year=1815),
    Book(id=2, title="Persuasion", year=1817),
    Book(id=3, title="Middlemarch", year=1871),
]

app = App(title="Catalogue")


class BookFilters(Filters):
    year__gte: int | None = None
    year__lte: int | None = None
    search: Annotated[str, Search("title")] = ""
    order_by: Annotated[list[str], OrderBy("title", "year")] = ["title"]


@app.get("/books", response_model=Page[Book])
async def list_books(filters: BookFilters) -> Any:
    return filters.apply(BOOKS)
