import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated

from pydantic import BaseModel, Field

from trine import APIRouter, App, Depends, HTTPException, Query

DATABASE = os.environ.get("LIBRARY", "library.db")


# --8<-- [start:models]
class NewBook(BaseModel):
    title: str = Field(min_length=1, max_length=200)
    year: int = Field(ge=1450, le=2100)


class Book(NewBook):
    id: int


class Search(BaseModel):
    q: str = ""
    page: int = Field(1, ge=1, le=1_000_000)
    size: int = Field(10, ge=1, le=100)


# --8<-- [end:models]
# --8<-- [start:dependency]
def open_database() -> Iterator[sqlite3.Connection]:
    # The parts of one request may run in different worker threads, one after the other.
    database = sqlite3.connect(DATABASE, check_same_thread=False)
    database.row_factory = sqlite3.Row
    try:
        yield database
        database.commit()
    finally:
        database.close()


Database = Annotated[sqlite3.Connection, Depends(open_database)]
# --8<-- [end:dependency]
# --8<-- [start:router]
books = APIRouter(prefix="/books", tags=["books"])


@books.post("/", status_code=201)
def add_book(book: NewBook, database: Database) -> Book:
    added = database.execute("INSERT INTO book (title, year) VALUES (?, ?)", (book.title, book.year))
    return Book(id=added.lastrowid, **book.model_dump())


@books.get("/")
def list_books(search: Annotated[Search, Query()], database: Database) -> list[Book]:
    rows = database.execute(
        "SELECT * FROM book WHERE instr(lower(title), lower(?)) ORDER BY id LIMIT ? OFFSET ?",
        (search.q, search.size, (search.page - 1) * search.size),
    )
    return [Book(**row) for row in rows]


@books.get("/{book_id:int}")
def show_book(book_id: int, database: Database) -> Book:
    row = database.execute("SELECT * FROM book WHERE id = ?", (book_id,)).fetchone()
    if row is None:
        raise HTTPException(404, f"There is no book {book_id}.")
    return Book(**row)


# --8<-- [end:router]
# --8<-- [start:app]
@asynccontextmanager
async def make_table(app: App) -> AsyncIterator[None]:
    with sqlite3.connect(DATABASE) as database:
        database.execute("CREATE TABLE IF NOT EXISTS book (id INTEGER PRIMARY KEY, title TEXT NOT NULL, year INTEGER NOT NULL)")
    database.close()
    yield


app = App(title="Library", lifespan=make_table)
app.include_router(books)
# --8<-- [end:app]
