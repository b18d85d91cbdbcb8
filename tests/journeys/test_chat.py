"""A chat room in two server processes that share a Redis; one of them is killed."""

import json
import os
import secrets
import signal
from pathlib import Path

import httpx2
import pytest
from websockets.sync.client import connect

CHAT = Path(__file__).with_name("chat_app.py")
PATIENCE = 20


@pytest.fixture
def two_servers(serve, redis_url):
    env = {"TRINE_CHANNELS_URL": redis_url, "TRINE_CHANNELS_KEY_PREFIX": f"test:{secrets.token_hex(4)}:"}
    return serve(CHAT, env=env), serve(CHAT, "--server", "uvicorn", env=env)


def heard(socket) -> tuple[str, str]:
    message = json.loads(socket.recv(timeout=PATIENCE))
    return message["by"], message["text"]


def test_who_is_in_a_killed_process_leaves_and_the_others_talk_on(two_servers):
    first, second = two_servers
    address = [f"ws://127.0.0.1:{server.port}/rooms/1" for server in (first, second)]
    with (
        httpx2.Client(timeout=PATIENCE) as client,
        connect(f"{address[0]}?name=ada") as ada,
        client.stream("GET", f"{second.url}/rooms/1/changes") as stream,
    ):
        changes = (json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: "))
        assert next(changes) == {"member": "ada", "is_here": True}
        with connect(f"{address[1]}?name=bob") as bob:
            assert next(changes) == {"member": "bob", "is_here": True}
            ada.send('{"text": "hello"}')
            assert heard(ada) == heard(bob) == ("ada", "hello")
            bob.send('{"text": "good day"}')
            assert heard(ada) == heard(bob) == ("bob", "good day")
            members = client.get(f"{second.url}/rooms/1/members").json()
            assert set(members) == {"ada", "bob"}

            # The worker, not the process that holds its address: nothing says good-bye.
            os.kill(members["ada"], signal.SIGKILL)
            assert next(changes) == {"member": "ada", "is_here": False}
            assert set(client.get(f"{second.url}/rooms/1/members").json()) == {"bob"}

            # A new worker has taken its place, and Ada comes back to everything that was said.
            with connect(f"{address[0]}?name=ada", open_timeout=PATIENCE) as again:
                assert next(changes) == {"member": "ada", "is_here": True}
                assert [heard(again) for _ in range(2)] == [("ada", "hello"), ("bob", "good day")]
                again.send('{"text": "back"}')
                assert heard(bob) == heard(again) == ("ada", "back")
