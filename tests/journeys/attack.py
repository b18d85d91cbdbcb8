"""What every attack must leave behind: a clear refusal or a cut connection, no secret, and a server that answers the next one."""

import re
from pathlib import Path

from .conftest import Server
from .wire import Answer, exchange, get

REFUSED = range(400, 500)
_SECRETS = (b"Traceback", b"site-packages", b"bad_input_app", str(Path(__file__).parents[2]).encode())


def attack(port: int, data: bytes) -> Answer | None:
    """Send bytes on a connection of their own. None stands for a connection that was cut without an answer."""
    answer = exchange(port, data)
    if answer is not None:
        assert_harmless(answer)
    assert_alive(port)
    return answer


def assert_refused(port: int, data: bytes) -> None:
    """Send bytes that must not be taken for a good request."""
    answer = attack(port, data)
    assert answer is None or answer.status in REFUSED, (data[:200], answer)


def assert_harmless(answer: Answer) -> None:
    """Check that an answer is no failure of the server and shows nothing of its inside."""
    assert answer.status < 500, answer
    shown = repr(answer.lines).encode() + answer.body
    assert not [secret for secret in _SECRETS if secret in shown], answer


def assert_alive(port: int) -> None:
    """Check that the next client is answered as usual."""
    answer = exchange(port, get("/"))
    assert answer is not None
    assert (answer.status, answer.json) == (200, {"status": "ok"})


def peak_memory(server: Server) -> int:
    """The most memory in MB that a process of the server has ever held (VmHWM, Linux)."""
    peaks = [re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text()) for pid in _tree(server.process.pid)]
    return max(int(peak[1]) for peak in peaks if peak) // 1024


def _tree(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in _tree(int(child)))]
