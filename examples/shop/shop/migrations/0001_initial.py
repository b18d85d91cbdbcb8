"""Create table shop_publisher, create table shop_author, create table shop_order, and 3 more."""

import sqlalchemy as sa

from trine.db.migrations import CreateTable
from trine.db.types import Integer, Number, UTCDateTime

dependencies = []

operations = [
    CreateTable(
        "shop_publisher",
        sa.Column("id", Integer(), sa.Identity(), primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("city", sa.String(60), nullable=False),
        sa.UniqueConstraint("name", name="uq_shop_publisher_name"),
    ),
    CreateTable(
        "shop_author",
        sa.Column("id", Integer(), sa.Identity(), primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("born", Integer()),
        sa.Index("ix_shop_author_name", "name"),
    ),
    CreateTable(
        "shop_order",
        sa.Column("id", Integer(), sa.Identity(), primary_key=True, autoincrement=True),
        sa.Column("email", sa.String(200), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("made", UTCDateTime(), nullable=False),
        sa.Index("ix_shop_order_email", "email"),
        sa.Index("ix_shop_order_made", "made"),
    ),
    CreateTable(
        "shop_book",
        sa.Column("id", Integer(), sa.Identity(), primary_key=True, autoincrement=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("isbn", sa.String(13), nullable=False),
        sa.Column(
            "publisher_id",
            Integer(),
            sa.ForeignKey("shop_publisher.id", name="fk_shop_book_publisher_id", ondelete="RESTRICT"),
            nullable=False,
        ),
        sa.Column("price", Number(8, 2), nullable=False),
        sa.Column("stock", Integer(), nullable=False),
        sa.Column("published", Integer(), nullable=False),
        sa.CheckConstraint("stock >= 0", name="ck_shop_book_stock_not_negative"),
        sa.UniqueConstraint("isbn", name="uq_shop_book_isbn"),
        sa.Index("ix_shop_book_publisher_id", "publisher_id"),
        sa.Index("ix_shop_book_publisher_id_published", "publisher_id", "published"),
        sa.Index("ix_shop_book_title", "title"),
    ),
    CreateTable(
        "shop_order_line",
        sa.Column("id", Integer(), sa.Identity(), primary_key=True, autoincrement=True),
        sa.Column(
            "order_id",
            Integer(),
            sa.ForeignKey("shop_order.id", name="fk_shop_order_line_order_id", ondelete="RESTRICT"),
            nullable=False,
        ),
        sa.Column(
            "book_id",
            Integer(),
            sa.ForeignKey("shop_book.id", name="fk_shop_order_line_book_id", ondelete="RESTRICT"),
            nullable=False,
        ),
        sa.Column("count", Integer(), nullable=False),
        sa.Column("price", Number(8, 2), nullable=False),
        sa.UniqueConstraint("order_id", "book_id", name="one_line_a_book"),
        sa.Index("ix_shop_order_line_book_id", "book_id"),
        sa.Index("ix_shop_order_line_order_id", "order_id"),
    ),
    CreateTable(
        "shop_book_authors",
        sa.Column(
            "book_id",
            Integer(),
            sa.ForeignKey("shop_book.id", name="fk_shop_book_authors_book_id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column(
            "author_id",
            Integer(),
            sa.ForeignKey("shop_author.id", name="fk_shop_book_authors_author_id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Index("ix_shop_book_authors_author_id", "author_id"),
    ),
]
