"""What goes in and comes out, as Pydantic models: for every framework that takes them."""

import os

from pydantic import BaseModel, ConfigDict

URL = os.environ["BENCHMARK_DATABASE"]
IS_SQLITE = URL.startswith("sqlite")
POOL_SIZE = 10


class Shape(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class AuthorOut(Shape):
    id: int
    name: str


class TagOut(Shape):
    id: int
    name: str


class BookOut(Shape):
    id: int
    title: str
    price: float
    author_id: int


class PageOut(Shape):
    id: int
    title: str
    price: float
    author: AuthorOut
    tags: list[TagOut]


class EntryIn(Shape):
    name: str
    amount: int


class PriceIn(Shape):
    price: float


class Inserted(Shape):
    inserted: int


class Updated(Shape):
    updated: int
