"""A handler's dictionaries are answered as its response model says, whether or not instances of it are made."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, computed_field, field_serializer, field_validator, model_validator

from trine import App
from trine.errors import ResponseValidationError


class Author(BaseModel):
    id: int
    name: str = Field(max_length=20)


class Book(BaseModel):
    id: int
    title: str
    price: Decimal
    published: date | None = None
    author: Author
    others: list[Author] = []


def answered(client_for, model, value):
    app = App()

    @app.get("/rows", response_model=model)
    async def rows() -> Any:
        return value

    return client_for(app).get("/rows")


ADA = {"id": 1, "name": "Ada", "secret": "not shown"}
BOOK = {"id": "7", "title": "Notes", "price": "12.50", "author": ADA, "others": [ADA], "secret": 1}
SHOWN = {
    "id": 7,
    "title": "Notes",
    "price": "12.50",
    "published": None,
    "author": {"id": 1, "name": "Ada"},
    "others": [{"id": 1, "name": "Ada"}],
}


@pytest.mark.parametrize(("model", "value", "shown"), [(list[Book], [BOOK, BOOK], [SHOWN, SHOWN]), (Book, BOOK, SHOWN)])
def test_dictionaries_become_what_the_model_says(client_for, model, value, shown):
    assert answered(client_for, model, value).json() == shown


def test_fields_come_in_the_order_of_the_model(client_for):
    assert list(answered(client_for, Author, {"name": "Ada", "id": 1}).json()) == ["id", "name"]


def test_instances_among_dictionaries_are_answered_too(client_for):
    given = [ADA, Author(id=2, name="Grace")]
    assert answered(client_for, list[Author], given).json() == [{"id": 1, "name": "Ada"}, {"id": 2, "name": "Grace"}]


def test_what_does_not_fit_is_said_in_the_words_of_the_model(client_for):
    with pytest.raises(ResponseValidationError) as failed:
        answered(client_for, list[Author], [ADA, {"id": "x", "name": "A" * 30}])
    assert [(error["loc"], error["type"]) for error in failed.value.errors()] == [
        (["response", 1, "id"], "int_parsing"),
        (["response", 1, "name"], "string_too_long"),
    ]


class Checked(BaseModel):
    id: int

    @field_validator("id")
    @classmethod
    def next_one(cls, value: int) -> int:
        return value + 1


class Whole(BaseModel):
    id: int

    @model_validator(mode="after")
    def next_one(self) -> "Whole":
        self.id += 1
        return self


class Written(BaseModel):
    id: int

    @field_serializer("id")
    def next_one(self, value: int) -> int:
        return value + 1


class Computed(BaseModel):
    id: int

    @computed_field
    def next(self) -> int:
        return self.id + 1


class Named(BaseModel):
    id: int = Field(serialization_alias="key")


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    id: int


class Private(BaseModel):
    id: int
    _next: int = PrivateAttr(default=3)

    def model_post_init(self, context: Any) -> None:
        self.id = self._next


class Tree(BaseModel):
    id: int
    leaves: list["Tree"] = []


class Made(BaseModel):
    ids: list[int] = Field(default_factory=lambda: [1])


@pytest.mark.parametrize(
    ("model", "value", "shown"),
    [
        (Checked, {"id": 1}, {"id": 2}),
        (Whole, {"id": 1}, {"id": 2}),
        (Written, {"id": 1}, {"id": 2}),
        (Computed, {"id": 1}, {"id": 1, "next": 2}),
        (Named, {"id": 1}, {"key": 1}),
        (Open, {"id": 1, "more": 2}, {"id": 1, "more": 2}),
        (Private, {"id": 1}, {"id": 3}),
        (Tree, {"id": 1, "leaves": [{"id": 2}]}, {"id": 1, "leaves": [{"id": 2, "leaves": []}]}),
        (Made, {}, {"ids": [1]}),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_else_a_model_says_counts(client_for, model, value, shown):
    assert answered(client_for, model, value).json() == shown
    assert answered(client_for, list[model], [value]).json() == [shown]
