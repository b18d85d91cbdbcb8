"""Every book gets its slug."""

import sqlalchemy as sa

from trine.db.migrations import Historical, RunPython

dependencies = ["app.0002_book_slug"]


async def fill_slugs(db: Historical) -> None:
    book = db.tables["book"]
    for key, title in (await db.connection.execute(sa.select(book.c.id, book.c.title))).all():
        slug = "-".join(title.lower().split())
        await db.connection.execute(sa.update(book).where(book.c.id == key).values(slug=slug))


operations = [RunPython(fill_slugs, backwards=None)]
