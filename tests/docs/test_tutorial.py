"""What the tutorial promises happens."""

import shutil
import subprocess
import sys

import pytest


def test_ten_lines(client_of):
    client = client_of("ten_lines")
    assert client.get("/").text == '{"message":"Hello"}'
    assert client.get("/squares/12").text == '{"number":12,"square":144}'
    refused = client.get("/squares/twelve")
    assert refused.status_code == 422
    assert refused.json() == {
        "detail": [
            {
                "type": "int_parsing",
                "loc": ["path", "number"],
                "msg": "Input should be a valid integer, unable to parse string as an integer",
                "input": "twelve",
            }
        ]
    }
    assert client.get("/docs").status_code == 200


@pytest.fixture
def library(client_of, monkeypatch, tmp_path):
    monkeypatch.setenv("LIBRARY", str(tmp_path / "library.db"))
    return client_of("library")


def test_library_keeps_books(library):
    added = library.post("/books/", json={"title": "Emma", "year": 1815})
    assert (added.status_code, added.text) == (201, '{"title":"Emma","year":1815,"id":1}')
    assert library.get("/books/?q=em").text == '[{"title":"Emma","year":1815,"id":1}]'
    assert library.get("/books/?q=persuasion").json() == []
    assert library.get("/books/?page=2").json() == []
    assert library.get("/books/1").json() == added.json()


def test_library_refuses_what_is_no_book(library):
    assert library.get("/books/emma").status_code == 404
    missing = library.get("/books/7")
    assert (missing.status_code, missing.json()) == (404, {"detail": "There is no book 7."})
    assert [error["loc"] for error in library.get("/books/?size=1000").json()["detail"]] == [["query", "size"]]


def test_library_has_tests_that_pass(root, tmp_path):
    for name in ("library", "test_library"):
        shutil.copy(root / "docs" / "examples" / f"{name}.py", tmp_path)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout
    assert "3 passed" in run.stdout


def test_chat_room(client_of):
    client = client_of("chat")
    assert "<title>Chat</title>" in client.get("/").text
    with client.websocket_connect("/rooms/lobby?name=ada") as ada, client.websocket_connect("/rooms/lobby?name=bob") as bob:
        ada.send_json({"text": "hello"})
        assert ada.receive_json() == bob.receive_json() == {"by": "ada", "text": "hello"}
        assert client.get("/rooms/lobby/members").json() == ["ada", "bob"]
        ada.send_json({"text": ""})
        assert ada.receive_json()["detail"][0]["msg"] == "String should have at least 1 character"
