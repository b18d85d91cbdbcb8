"""Pages for readers."""

from typing import Annotated, Any

from trine import App, Query, render_template
from trine.db import Count

from .models import Author, Book

SIZE = 20


def add_pages(app: App) -> None:
    """Show books, and what there is of each."""

    @app.page("/")
    async def books(q: str = "", page: Annotated[int, Query(ge=1, le=1_000_000)] = 1) -> Any:
        found = Book.objects.select_related("publisher").filter(title__icontains=q).order_by("title", "id")
        total = await found.count()
        rows = await found[(page - 1) * SIZE : page * SIZE]
        return render_template("books.html", books=rows, total=total, q=q, page=page, pages=-(-total // SIZE))

    @app.page("/books/{id:int}")
    async def book(id: int) -> Any:
        found = await Book.objects.select_related("publisher").get_or_404(pk=id)
        authors = Author.objects.filter(books=found).annotate(books_written=Count("books")).order_by("name")
        return render_template("book.html", book=found, authors=await authors)
