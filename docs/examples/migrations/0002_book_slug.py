"""Rename column name of book to title, add column slug to book, create index ix_book_slug on book."""

import sqlalchemy as sa

from trine.db.migrations import AddColumn, CreateIndex, RenameColumn

dependencies = ["app.0001_initial"]

operations = [
    RenameColumn("book", "name", "title"),
    AddColumn("book", sa.Column("slug", sa.String(200), nullable=False), fill=""),
    CreateIndex("book", "ix_book_slug", ["slug"]),
]
