"""Real server processes: `trine run` on a free port, waited for, and stopped after the test."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PATIENCE = 30


@dataclass(frozen=True)
class Server:
    """A server process that answers on its address."""

    process: subprocess.Popen[str]
    port: int
    log: Path

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(server: Server) -> None:
    """Return once somebody listens. A connection is the only sign that every kind of server gives."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            pytest.fail(f"The server ended with {server.process.returncode}:\n{server.log.read_text()}")
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", server.port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"The server did not listen within {PATIENCE} seconds:\n{server.log.read_text()}")


@pytest.fixture(scope="session")
def serve(tmp_path_factory) -> Iterator[Callable[..., Server]]:
    """Start `trine run FILE OPTIONS...`; `command` names another way to serve, with `{port}` where the port goes."""
    started: list[Server] = []

    def start(program: Path, *options: str, command: list[str] | None = None, env: dict[str, str] | None = None) -> Server:
        port = free_port()
        trine = [str(Path(sys.executable).with_name("trine")), "run", str(program), "--port", "{port}", *options]
        line = [word.format(port=port) for word in command or trine]
        log = tmp_path_factory.mktemp("server") / "log.txt"
        with log.open("w") as output:
            process = subprocess.Popen(
                line, stdout=output, stderr=subprocess.STDOUT, text=True, cwd=program.parent, env=os.environ | (env or {})
            )
        started.append(Server(process, port, log))
        wait_for(started[-1])
        return started[-1]

    yield start
    for server in started:
        server.process.terminate()
    for server in started:
        try:
            server.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            server.process.kill()
            server.process.wait()


@pytest.fixture(scope="session")
def doors(serve) -> Callable[[str], Server]:
    """Serve the application that is made to be attacked; after a server's name, "impatient" means short time-outs."""
    started: dict[str, Server] = {}

    def start(name: str) -> Server:
        if name not in started:
            engine, _, mood = name.partition(" ")
            # Without an access log requests take the shortest way from Granian to a handler: the way that must hold too.
            options = ["--server", engine, "--no-access-log"]
            env = {}
            if mood == "asgi":
                options.append("--asgi")
            if mood == "impatient":
                options += ["--header-timeout", "1"]
                env = {"TRINE_BODY_TIMEOUT": "1", "TRINE_TIMEOUT": "1"}
            started[name] = serve(Path(__file__).with_name("bad_input_app.py"), *options, env=env)
        return started[name]

    return start
