"""The five workloads: the requests, their right answers, and what every application must refuse."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..gate import GateFailed
from ..load import write_script
from ..workloads import JSON_BODY, REFUSED, Request
from .tables import BOOKS, author_of, book, tags_of

ENTRIES = [{"name": f"entry {number}", "amount": number * 7} for number in range(100)]
NEWEST = [BOOKS - number for number in range(20)]


@dataclass(frozen=True, slots=True)
class Work:
    """What is asked for: one request, or several that are sent in turn."""

    name: str
    title: str
    requests: Sequence[Request]
    answers: Sequence[Any]
    refusals: Sequence[Request]


def page_of(key: int) -> dict[str, Any]:
    """A book with its author and tags."""
    found = book(key)
    return {"id": key, "title": found["title"], "price": found["price"], "author": author_of(key), "tags": tags_of(key)}


def _post(body: object) -> Request:
    return Request("/entries", "POST", JSON_BODY, body if isinstance(body, bytes) else json.dumps(body).encode())


def _patch(key: object, body: object) -> Request:
    return Request(f"/books/{key}", "PATCH", JSON_BODY, body if isinstance(body, bytes) else json.dumps(body).encode())


# Keys that lie apart from each other, the same ones for everybody.
KEYS = [number * 7919 % BOOKS + 1 for number in range(500)]
PRICE = {"price": 12.5}

WORKS = {
    work.name: work
    for work in (
        Work(
            "one",
            "One row by key",
            [Request(f"/books/{key}") for key in KEYS],
            [book(key) for key in KEYS],
            [Request("/books/none"), Request(f"/books/{BOOKS + 1}")],
        ),
        Work("twenty", "20 rows, ordered", [Request("/books")], [[book(key) for key in NEWEST]], [Request("/bookz")]),
        Work("related", "20 rows with two relations", [Request("/pages")], [[page_of(key) for key in NEWEST]], []),
        Work(
            "insert",
            "100 rows inserted",
            [_post(ENTRIES)],
            [{"inserted": 100}],
            [_post([*ENTRIES[1:], {"name": "bad", "amount": "many"}]), _post([*ENTRIES[1:], {"name": "bad"}]), _post(b"[{")],
        ),
        Work(
            "update",
            "One row updated",
            [_patch(key, PRICE) for key in KEYS],
            [{"updated": 1} for key in KEYS],
            [_patch(KEYS[0], {"price": "cheap"}), _patch("none", PRICE), _patch(BOOKS + 1, PRICE), _patch(KEYS[0], b"{")],
        ),
    )
}


def write_turns(work: Work, path: Path) -> Path:
    """Write a work's requests as a wrk script, each of them rendered once."""
    first = work.requests[0]
    write_script(first, path)
    if len(work.requests) > 1:
        paths = ", ".join(f'"{request.path}"' for request in work.requests)
        lines = [
            f"local paths, turns, turn = {{{paths}}}, {{}}, 0",
            "function init() for i, path in ipairs(paths) do turns[i] = wrk.format(nil, path) end end",
            "function request() turn = turn % #turns + 1; return turns[turn] end",
        ]
        path.write_text(path.read_text() + "\n".join(lines) + "\n")
    return path


def check(work: Work, ask: Callable[[Request], tuple[int, bytes]], count_entries: Callable[[], int]) -> None:
    """Compare answers with the right ones, see that what was asked for is written, and that wrong requests write nothing."""
    for request, answer in list(zip(work.requests, work.answers, strict=True))[:20]:
        status, body = ask(request)
        if status not in (200, 201) or _in_order(json.loads(body)) != answer:
            raise GateFailed(f"{request.method} {request.path}: status {status}, {body[:600]!r}")
    for request in work.refusals:
        status, body = ask(request)
        if status not in REFUSED:
            raise GateFailed(f"{request.method} {request.path}: status {status} instead of a refusal: {body[:300]!r}")
    if work.name == "insert" and (count := count_entries()) != len(ENTRIES):
        raise GateFailed(f"{count} rows were inserted instead of {len(ENTRIES)}")
    if work.name == "update":
        for request in work.requests[:3]:
            _, body = ask(Request(request.path))
            if json.loads(body)["price"] != PRICE["price"]:
                raise GateFailed(f"{request.path} was not changed: {body[:300]!r}")


def _in_order(answer: Any) -> Any:
    """An answer with the tags of its books in order: the workload asks for none."""
    for row in answer if isinstance(answer, list) else ():
        if "tags" in row:
            row["tags"].sort(key=lambda tag: tag["id"])
    return answer
