"""A server that stops, or restarts, answers everything that it has accepted."""

import asyncio
import shutil
import signal
import subprocess

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from .conftest import until
from .crowd import Crowd

SERVERS = [("--workers", "2"), ("--workers", "2", "--asgi"), ("--server", "uvicorn")]


@pytest.mark.parametrize("server", SERVERS, ids=["granian", "granian-asgi", "uvicorn"])
async def test_sigterm_under_load_loses_no_answer(serve, server):
    process = serve("--no-access-log", *server)
    crowd = Crowd(process.port)
    crowd.gather(30, streams=20, lines=40)
    await crowd.until_seen("listening", 20)
    await crowd.until_seen("answered", 300)
    process.send(signal.SIGTERM)
    seen = await crowd.end()
    assert {what: count for what, count in seen.items() if what not in ("answered", "listening")} == {
        "complete": 20,
        "refused": 30,
    }
    assert process.end() == 0
    assert "Traceback" not in process.printed


@pytest.mark.parametrize("options", [("--workers", "2"), ("--server", "uvicorn")], ids=["granian", "uvicorn"])
async def test_rolling_restart_under_load_fails_no_request(serve, options):
    process = serve("--no-access-log", *options)
    first = httpx2.get(process.url).json()["pid"]
    crowd = Crowd(process.port)
    crowd.gather(20, streams=5, lines=60, returning=True)
    await crowd.until_seen("listening", 5)
    for times in (1, 2, 3):
        process.send(signal.SIGHUP)
        await asyncio.to_thread(process.wait_for, "New workers serve", times)
        await crowd.until_seen("answered", crowd.seen["answered"] + 200)
    seen = await crowd.leave()
    assert {what: count for what, count in seen.items() if what not in ("answered", "listening")} == {"complete": 5}
    assert httpx2.get(process.url).json()["pid"] != first
    assert process.stop() == 0


async def test_restart_over_a_unix_socket_fails_no_request(serve, tmp_path):
    path = tmp_path / "app.sock"
    process = serve("--uds", path, "--no-access-log")

    async def answering(times: int) -> set[int]:
        async with httpx2.AsyncClient(transport=httpx2.AsyncHTTPTransport(uds=str(path))) as client:
            return {(await client.get("http://localhost/")).json()["pid"] for _ in range(times)}

    seen = await answering(1)
    for times in (1, 2):
        process.send(signal.SIGHUP)
        await answering(100)
        await asyncio.to_thread(process.wait_for, "New workers serve", times)
        newest = await answering(1)
        assert not newest & seen
        seen |= newest
    assert process.stop() == 0
    assert list(tmp_path.glob("*.sock*")) == []


def test_restart_takes_the_code_as_it_is_now(serve, tmp_path):
    program = tmp_path / "changes.py"
    source = "from trine import App\napp = App()\napp.get('/')(lambda: {answer!r})\n"
    program.write_text(source.format(answer="before"))
    process = serve(program=program)
    assert httpx2.get(process.url).json() == "before"
    program.write_text(source.format(answer="after"))
    process.send(signal.SIGHUP)
    process.wait_for("New workers serve")
    until(lambda: httpx2.get(process.url).json() == "after", "The new code did not answer")


@pytest.mark.parametrize("options", [(), ("--uds", "app.sock")], ids=["tcp", "unix"])
def test_restart_that_fails_keeps_the_old_workers(serve, tmp_path, options):
    program = tmp_path / "breaks.py"
    program.write_text("from trine import App\napp = App()\napp.get('/')(lambda: 'still here')\n")
    process = serve(*options, program=program)
    transport = httpx2.HTTPTransport(uds=str(tmp_path / "app.sock")) if options else None
    program.write_text("1 / 0\n")
    process.send(signal.SIGHUP)
    process.wait_for("The new workers did not start; the old ones stay.")
    assert "ZeroDivisionError: division by zero (breaks.py:1)" in process.printed
    with httpx2.Client(transport=transport) as client:
        assert client.get("http://localhost/" if options else process.url).json() == "still here"
    assert [path.name for path in tmp_path.glob("*.sock*")] == (["app.sock"] if options else [])
    assert process.stop() == 0


@pytest.mark.parametrize("server", SERVERS, ids=["granian", "granian-asgi", "uvicorn"])
async def test_endless_streams_are_ended_cleanly_at_the_limit(serve, server):
    process = serve("--drain-timeout", "1.5", *server)
    crowd = Crowd(process.port)
    crowd.gather(0, streams=5)
    await crowd.until_seen("listening", 5)
    process.send(signal.SIGTERM)
    assert await crowd.end() == {"listening": 5, "complete": 5}
    assert process.end() == 0
    assert "did not end within 1.5 seconds, and are ended now." in process.printed


@pytest.mark.parametrize("server", SERVERS, ids=["granian", "granian-asgi", "uvicorn"])
async def test_websockets_are_closed_and_may_come_back(serve, server):
    process = serve(*server)
    async with connect(f"ws://127.0.0.1:{process.port}/socket") as socket:
        await socket.send("hello")
        assert await socket.recv() == "hello"
        process.send(signal.SIGTERM)
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    # Granian sends no code with RSGI.
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code in (1012, 1005)
    assert process.end() == 0


async def test_late_request_is_told_to_come_again(serve):
    process = serve("--drain-timeout", "0.5")
    async with httpx2.AsyncClient() as client:
        asking = asyncio.ensure_future(client.get(f"{process.url}/sleep?seconds=30"))
        await asyncio.to_thread(_until_busy, process)
        process.send(signal.SIGTERM)
        answer = await asking
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert process.end() == 0


async def test_second_signal_stops_at_once(serve):
    process = serve()
    async with httpx2.AsyncClient() as client:
        asking = asyncio.ensure_future(client.get(f"{process.url}/sleep?seconds=30"))
        await asyncio.to_thread(_until_busy, process)
        process.send(signal.SIGTERM)
        process.wait_for("a second signal stops at once")
        process.send(signal.SIGTERM)
        assert process.end() == 0
        with pytest.raises(httpx2.TransportError):
            await asking


def test_start_and_stop_of_the_application_run_in_each_worker(serve, tmp_path):
    program = tmp_path / "lives.py"
    program.write_text(
        "from contextlib import asynccontextmanager\n"
        "from trine import App\n\n"
        "@asynccontextmanager\n"
        "async def lifespan(app):\n"
        "    print('opened', flush=True)\n"
        "    yield\n"
        "    print('closed', flush=True)\n\n"
        "app = App(lifespan=lifespan)\n"
    )
    process = serve("--workers", "2", program=program)
    assert process.stop() == 0
    assert process.printed.count("opened") == process.printed.count("closed") == 2


def _until_busy(process) -> None:
    """Wait until the request that sleeps has been read: another one that comes later has its answer."""
    for _ in range(3):
        httpx2.get(process.url)


@pytest.mark.skipif(shutil.which("curl") is None, reason="h2, the other client here, does not survive the server's goodbye")
def test_stream_over_http_2_is_complete(serve):
    process = serve("--http", "2", "--no-access-log")
    command = ["curl", "--silent", "--show-error", "--no-buffer", "--http2-prior-knowledge", f"{process.url}/stream?lines=40"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as listening:
        assert listening.stdout is not None
        first = listening.stdout.readline()
        process.send(signal.SIGTERM)
        received = [first, *listening.stdout]
    assert received == [f"{number}\n" for number in range(40)]
    assert listening.returncode == 0
    assert process.end() == 0
