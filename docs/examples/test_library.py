import sqlite3

import library
import pytest


@pytest.fixture
def client(client_for, tmp_path, monkeypatch):
    monkeypatch.setattr(library, "DATABASE", tmp_path / "library.db")
    return client_for(library.app)


def test_added_book_is_found(client):
    added = client.post("/books/", json={"title": "Emma", "year": 1815})
    assert added.status_code == 201
    assert client.get("/books/", params={"q": "em"}).json() == [added.json()]


def test_book_without_title_is_refused(client):
    answer = client.post("/books/", json={"year": 1815})
    assert answer.status_code == 422
    assert [error["loc"] for error in answer.json()["detail"]] == [["body", "title"]]


# --8<-- [start:override]
def test_broken_database_is_not_explained_to_the_world(client):
    def broken() -> sqlite3.Connection:
        raise sqlite3.OperationalError("disk I/O error")

    library.app.dependency_overrides[library.open_database] = broken
    try:
        with pytest.raises(sqlite3.OperationalError, match="disk I/O error"):
            client.get("/books/1")
    finally:
        library.app.dependency_overrides.clear()


# --8<-- [end:override]
