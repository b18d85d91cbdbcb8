"""From a client that leaves to the model's last step: at most one step."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ..server.conftest import until

PROGRAM = Path(__file__).with_name("leaving_program.py")
STEP = 0.05


@pytest.mark.slow
@pytest.mark.parametrize("runner", ["thread", "process"])
def test_a_client_that_leaves_costs_at_most_one_more_step(serve, tmp_path, runner):
    log = tmp_path / "steps.txt"
    server = serve("--no-access-log", program=PROGRAM, TRINE_MODELS_RUNNER=runner, STEPS_LOG=str(log))
    left: dict[int, float] = {}

    def come_and_leave(number: int) -> None:
        body = str(number).encode()
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            head = f"POST /count HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
            client.sendall(head.encode() + b"\r\n\r\n" + body)
            received = b""
            while b"data: 0" not in received:
                received += client.recv(4096)
            left[number] = time.monotonic()

    with ThreadPoolExecutor(10) as clients:
        list(clients.map(come_and_leave, range(100)))

    def steps() -> list[tuple[int, float]]:
        return [(int(number), float(began)) for number, began in map(str.split, log.read_text().splitlines())]

    def has_rested() -> bool:
        before = len(steps())
        time.sleep(4 * STEP)
        return len(steps()) == before

    until(has_rested, "The model went on")
    after = dict.fromkeys(left, 0)
    for number, began in steps():
        after[number] += began > left[number]
    # The step that is under way when the client leaves began before; one more may begin while the news travels.
    assert {number: count for number, count in after.items() if count > 1} == {}
