"""The webhook receiver: what is signed is taken, once, and nothing else."""

import base64
import hashlib
import hmac
import io
import json
import time
import tokenize
from contextlib import asynccontextmanager

import pytest

from trine.testing import TestClient

pytest.importorskip("sqlalchemy")
from trine.db import atomic

KEY = b"a key of twenty-four byte"
EVENT = json.dumps({"type": "invoice.paid", "data": {"id": 7}}).encode()


@pytest.fixture(scope="module")
def receiver(root, load_program, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOOK_SECRET", "whsec_" + base64.b64encode(KEY).decode())
        patch.setenv("TRINE_DB_URL", f"sqlite:///{tmp_path_factory.mktemp('hooks') / 'hooks.sqlite3'}")
        yield load_program(root / "examples" / "webhook" / "app.py")


@pytest.fixture
def client(receiver):
    with TestClient(receiver.app) as client:
        yield client


def signed(body: bytes = EVENT, *, id: str = "msg_1", at: float | None = None, key: bytes = KEY) -> dict[str, str]:
    stamp = str(int(time.time() if at is None else at))
    mark = hmac.new(key, f"{id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(mark).decode()}"
    headers = {"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": f"v1,bm90aGluZw== {signature}"}
    return headers | {"content-type": "application/json"}


def test_a_signed_message_is_taken_once(client):
    headers = signed()
    assert client.post("/hooks", content=EVENT, headers=headers).json() == {"new": True}
    assert client.post("/hooks", content=EVENT, headers=headers).json() == {"new": False}
    assert client.post("/hooks", content=EVENT, headers=signed(id="msg_2")).json() == {"new": True}


def test_it_is_remembered_over_a_restart(receiver):
    for new in (True, False):
        with TestClient(receiver.app) as client:
            assert client.post("/hooks", content=EVENT, headers=signed(id="restarted")).json() == {"new": new}


def test_what_fails_is_not_taken_and_comes_again(receiver, client, monkeypatch):
    @asynccontextmanager
    async def failing():
        async with atomic():
            yield
            raise RuntimeError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(receiver, "atomic", failing)
        with pytest.raises(RuntimeError, match="the disk is full"):
            client.post("/hooks", content=EVENT, headers=signed(id="failed"))
    assert client.post("/hooks", content=EVENT, headers=signed(id="failed")).json() == {"new": True}


@pytest.mark.parametrize(
    ("content", "make_headers"),
    [
        (EVENT.replace(b"7", b"8"), lambda: signed()),
        (EVENT, lambda: signed(key=b"another key of the same length")),
        (EVENT, lambda: signed(at=time.time() - 400)),
        (EVENT, lambda: signed(at=time.time() + 400)),
        (EVENT, lambda: signed() | {"webhook-id": "msg_2"}),
        (EVENT, lambda: signed() | {"webhook-timestamp": str(int(time.time()) - 1)}),
        (EVENT, lambda: signed() | {"webhook-signature": "v1,"}),
        (EVENT, lambda: signed() | {"webhook-signature": "v1,\xe4"}),
    ],
    ids=["another body", "another key", "too old", "from the future", "another id", "another time", "empty", "no ASCII"],
)
def test_what_is_not_the_senders_is_refused(client, content, make_headers):
    headers = make_headers()  # made when the test runs: they count by the clock
    answer = client.post("/hooks", content=content, headers={name: value.encode("latin-1") for name, value in headers.items()})
    assert (answer.status_code, answer.json()) == (401, {"detail": "This message is not signed, or too old."})


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_message_without_its_headers_is_refused(client, missing):
    headers = signed()
    del headers[missing]
    assert client.post("/hooks", content=EVENT, headers=headers).status_code == 422


def test_what_is_signed_and_no_event_is_told_so(client):
    for body in (b"[]", b"{", b"{}"):
        assert client.post("/hooks", content=body, headers=signed(body)).status_code == 422


def test_it_has_no_more_than_twenty_five_lines_of_its_own(root):
    """What is left without imports, blank lines, comments and docstrings, and with what stands in brackets on one line."""
    source = (root / "examples" / "webhook" / "app.py").read_text()
    lines, first = 0, None
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NEWLINE:
            lines += first not in (None, "import", "from") and not str(first).startswith('"')
            first = None
        elif first is None and token.type not in (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT):
            first = token.string
    assert lines <= 25
