"""Pages for readers."""

from typing import Any

from trine import App, render_template
from trine.db import Count

from .models import Author, Book

SIZE = 20


def add_pages(app: App) -> None:
    """Show books, and what there is of each."""

    @app.page("/")
    async def books(q: str = "", page: int = 1) -> Any:
        found = Book.objects.select_related("publisher").filter(title__icontains=q).order_by("title", "id")
        start = (max(page, 1) - 1) * SIZE
        return render_template(
            "books.html", books=await found[start : start + SIZE], total=await found.count(), q=q, page=max(page, 1), size=SIZE
        )

    @app.page("/books/{id:int}")
    async def book(id: int) -> Any:
        found = await Book.objects.select_related("publisher").prefetch_related("authors").get_or_404(pk=id)
        others = await Author.objects.filter(books=found).annotate(books_written=Count("books")).values("name", "books_written")
        return render_template("book.html", book=found, others=others)
