"""Cursors: every row once, whatever comes and goes, and nothing that a client could make up."""

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Annotated, Any, ClassVar, Generic, TypeVar
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from trine import App, CursorPage, Filters, OrderBy, Settings
from trine.lists import ListRows
from trine.lists.cursor import behind
from trine.testing import TestClient

T = TypeVar("T")


class Post(BaseModel):
    id: int
    day: date | None = None
    likes: int = 0


class PostFilters(Filters):
    order_by: Annotated[tuple[str, ...], OrderBy("day", "likes")] = ("-day",)


def app_of(rows: list[Post], **settings: Any) -> App:
    app = App(settings=Settings(**settings))

    @app.get("/posts", response_model=CursorPage[Post])
    async def posts(filters: PostFilters) -> Any:
        return filters.apply(rows)

    return app


POSTS = [
    Post(id=number, day=None if number % 4 == 0 else date(2026, 1, 1 + number % 3), likes=number % 2) for number in range(1, 12)
]


def ids(response):
    return [post["id"] for post in response.json()["items"]]


def walk(client, url, relation="next"):
    parts = []
    while url is not None:
        response = client.get(url)
        assert response.status_code == 200, response.text
        parts.append(ids(response))
        url = response.links.get(relation, {}).get("url")
    return parts, response


def test_next_leads_through_all_rows_and_previous_back(client_for):
    client = client_for(app_of(POSTS))
    parts, last = walk(client, "/posts?size=4")
    assert parts == [[2, 5, 11, 1], [7, 10, 3, 6], [9, 4, 8]]
    back, first = walk(client, f"/posts?size=4&cursor={last.json()['previous']}", "prev")
    assert back == [[7, 10, 3, 6], [2, 5, 11, 1]]
    assert first.json()["previous"] is None
    assert walk(client, f"/posts?size=4&cursor={first.json()['next']}")[0] == parts[1:]


def test_rows_that_come_and_go_move_nothing(client_for):
    rows = list(POSTS)
    client = client_for(app_of(rows))
    first = client.get("/posts?size=4")
    rows.remove(POSTS[10])
    rows.append(Post(id=99, day=date(2027, 1, 1)))
    assert ids(client.get(first.links["next"]["url"])) == [7, 10, 3, 6]


def test_a_cursor_that_was_made_up_is_refused(client_for):
    client = client_for(app_of(POSTS))
    cursor = client.get("/posts?size=4").json()["next"]
    for wrong in ("x", cursor[:-1], cursor + "x", "é", "." * 50):
        response = client.get("/posts", params={"cursor": wrong})
        assert (response.status_code, response.json()["detail"]) == (
            422,
            [
                {
                    "type": "cursor_invalid",
                    "loc": ["query", "cursor"],
                    "msg": "The cursor is none that this list has given",
                    "input": wrong,
                }
            ],
        )
    assert client.get(f"/posts?cursor={'x' * 4097}").json()["detail"][0]["type"] == "string_too_long"


def test_a_cursor_belongs_to_its_order(client_for):
    client = client_for(app_of(POSTS))
    cursor = client.get("/posts?size=4").json()["next"]
    response = client.get(f"/posts?order_by=likes&cursor={cursor}")
    assert (response.status_code, response.json()["detail"][0]["msg"]) == (422, "The cursor belongs to another order")


def test_a_page_has_an_order_of_its_own(client_for):
    class Liked(CursorPage[T], Generic[T]):
        order_by: ClassVar = ("-likes",)

    app = App()

    @app.get("/posts", response_model=Liked[Post])
    def posts() -> Any:
        return POSTS

    assert walk(client_for(app), "/posts?size=5")[0] == [[1, 3, 5, 7, 9], [11, 2, 4, 6, 8], [10]]


def test_processes_that_share_a_key_share_cursors(client_for):
    key, other = "Zw8kR2vTq5mXc9bNf3hJs6dLg1pYt4aU", "Qe7rW2tYu5iOp9aSd3fGh6jKl1zXc4vB"
    cursor = client_for(app_of(POSTS, secret_key=key)).get("/posts?size=4").json()["next"]
    assert ids(client_for(app_of(POSTS, secret_key=key)).get(f"/posts?size=4&cursor={cursor}")) == [7, 10, 3, 6]
    changed = app_of(POSTS, secret_key=other, secret_key_fallbacks=(key,))
    assert ids(client_for(changed).get(f"/posts?size=4&cursor={cursor}")) == [7, 10, 3, 6]
    assert client_for(app_of(POSTS, secret_key=other)).get(f"/posts?cursor={cursor}").status_code == 422


def test_production_asks_for_a_secret_key():
    assert [problem.message for problem in app_of(POSTS).problems()] == [
        "CursorPage[Post] signs values, and there is no secret key."
    ]


MOMENT = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize("value", [MOMENT, MOMENT.date(), Decimal("1.10"), UUID(int=7), 1.5, True, "ä", None], ids=repr)
def test_cursors_carry_what_rows_are_ordered_by(client_for, value):
    class Keyed(CursorPage[T], Generic[T]):
        order_by: ClassVar = ("key",)

    app = App()

    @app.get("/rows", response_model=Keyed[dict])
    async def rows() -> Any:
        return [{"id": number, "key": value} for number in range(3)]

    parts = []
    client, url = client_for(app), "/rows?size=1"
    while url:
        response = client.get(url)
        parts.append(response.json()["items"][0]["id"])
        url = response.links.get("next", {}).get("url")
    assert parts == [0, 1, 2]


values = st.none() | st.integers(0, 3)


@given(st.lists(st.tuples(values, values), max_size=12), st.tuples(st.sampled_from(["a", "-a"]), st.sampled_from(["b", "-b"])))
def test_what_lies_behind_a_row_is_what_the_order_puts_there(pairs, order):
    order = (*order, "id")
    ordered = list(ListRows([SimpleNamespace(id=at, a=a, b=b) for at, (a, b) in enumerate(pairs)]).order_by(*order))
    for place, row in enumerate(ordered):
        values = [getattr(row, field.lstrip("-")) for field in order]
        found = ListRows(ordered).filter_any(*behind(order, values))
        assert list(found) == ordered[place + 1 :]


@given(st.text(max_size=200))
def test_no_cursor_ends_in_an_error_of_ours(text):
    with TestClient(app_of(POSTS)) as client:
        assert client.get("/posts", params={"cursor": text}).status_code == 422
