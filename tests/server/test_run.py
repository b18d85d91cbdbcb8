"""`trine run`: addresses, servers, workers, and everything that it refuses to start with."""

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
from pathlib import Path

import httpx2
import pytest
import trustme

from .conftest import until

SERVERS = [(), ("--asgi",), ("--server", "uvicorn"), ("--server", "hypercorn")]


@pytest.mark.parametrize("server", SERVERS, ids=["granian", "granian-asgi", "uvicorn", "hypercorn"])
def test_every_server_serves_and_logs_alike(serve, server):
    process = serve(*server)
    assert httpx2.get(f"{process.url}/").json().keys() == {"pid"}
    assert httpx2.post(f"{process.url}/echo", content=b"x" * 200_000).json() == {"bytes": 200_000}
    assert httpx2.get(f"{process.url}/", headers={"host": "evil.example"}).status_code == 400
    process.wait_for(r'127\.0\.0\.1 "POST /echo HTTP/1\.1" 200 \d+\.\dms')
    process.wait_for(r'127\.0\.0\.1 "GET / HTTP/1\.1" 400 \d+\.\dms')
    assert process.stop() == 0
    assert "Traceback" not in process.printed


def test_unix_socket(serve, tmp_path):
    path = tmp_path / "app.sock"
    process = serve("--uds", path)
    with httpx2.Client(transport=httpx2.HTTPTransport(uds=str(path))) as client:
        assert client.get("http://localhost/").status_code == 200
    if shutil.which("curl"):
        command = ["curl", "--silent", "--unix-socket", path, "http://localhost/"]
        assert "pid" in json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert process.stop() == 0
    assert not path.exists()


@pytest.mark.parametrize("server", [(), ("--server", "uvicorn")], ids=["granian", "uvicorn"])
def test_tls(serve, server, tmp_path):
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    (tmp_path / "key.pem").write_bytes(issued.private_key_pem.bytes())
    (tmp_path / "cert.pem").write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
    process = serve("--tls-certificate", "cert.pem", "--tls-key", "key.pem", *server)
    assert process.url.startswith("https://127.0.0.1:")
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    assert httpx2.get(f"{process.url}/who", verify=trusting).json()["url"] == f"{process.url}/who"
    assert process.stop() == 0


def test_dead_worker_is_replaced_and_the_others_lose_nothing(serve):
    process = serve("--workers", "2", "--no-access-log")

    def answering() -> int:
        # A connection each: the system gives it to any worker.
        return httpx2.get(f"{process.url}/").json()["pid"]

    seen: set[int] = set()

    def both() -> bool:
        seen.add(answering())
        return len(seen) == 2

    until(both, "Two workers did not answer")
    victim = min(seen)
    os.kill(victim, signal.SIGKILL)
    until(lambda: not Path(f"/proc/{victim}/stat").exists(), "The worker did not die")
    until(lambda: answering() not in seen, "No new worker answered")
    process.wait_for(r"Worker \d was killed by SIGKILL; a new one takes its place")
    assert process.stop() == 0


def test_process_between_is_replaced_with_its_workers(serve):
    process = serve("--no-access-log")
    worker = httpx2.get(process.url).json()["pid"]
    between = int(Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(between, signal.SIGKILL)
    process.wait_for("a new one is started")
    until(lambda: httpx2.get(process.url).json()["pid"] != worker, "No new worker answered")
    until(lambda: not Path(f"/proc/{worker}").exists(), "The old worker did not leave")
    assert process.stop() == 0


def test_workers_leave_when_their_parents_are_killed(serve):
    process = serve("--workers", "2")
    worker = httpx2.get(f"{process.url}/").json()["pid"]
    process.process.kill()
    until(lambda: not Path(f"/proc/{worker}").exists(), "The worker did not leave")


def test_pid_file_names_the_process_and_refuses_a_second_one(serve, start, tmp_path):
    process = serve("--pid-file", "app.pid")
    assert (tmp_path / "app.pid").read_text() == f"{process.process.pid}\n"
    second = start("run", Path(__file__).with_name("program.py"), "--port", "0", "--pid-file", "app.pid")
    assert second.end() == 3
    assert second.printed.strip() == (
        f"ERROR trine.server: app.pid belongs to process {process.process.pid}, which runs. "
        "Stop it, or name another file with --pid-file."
    )
    assert process.stop() == 0
    assert not (tmp_path / "app.pid").exists()


def test_address_that_is_taken_is_refused(start):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        process = start("run", Path(__file__).with_name("program.py"), "--port", str(port))
        assert process.end() == 3
        assert process.printed.strip() == (
            f"ERROR trine.server: 127.0.0.1:{port} is taken: another process listens there. "
            "Stop it, or use --port with a free one."
        )


def test_two_servers_do_not_share_a_port(serve, start):
    process = serve()
    second = start("run", Path(__file__).with_name("program.py"), "--port", str(process.port))
    assert second.end() == 3
    assert "is taken" in second.printed


def test_access_log_can_be_json_or_nothing(serve):
    process = serve("--access-log-format", "json")
    httpx2.get(f"{process.url}/")
    record = json.loads(process.wait_for(r'\{.*"status": 200.*\}')[0])
    assert (record["method"], record["path"], record["client"]) == ("GET", "/", "127.0.0.1")
    quiet = serve("--no-access-log")
    httpx2.get(f"{quiet.url}/")
    assert quiet.stop() == 0
    assert "GET" not in quiet.printed


def test_proxies_are_believed_where_they_are_trusted(serve):
    headers = {"x-forwarded-for": "198.51.100.4", "x-forwarded-proto": "https"}
    trusting = serve("--access-log-format", "{client} {path}", TRINE_TRUSTED_PROXIES="127.0.0.0/8")
    answer = httpx2.get(f"{trusting.url}/who", headers=headers).json()
    assert answer == {"client": "198.51.100.4", "url": trusting.url.replace("http:", "https:") + "/who"}
    trusting.wait_for(r"198\.51\.100\.4 /who")
    wary = serve()
    assert httpx2.get(f"{wary.url}/who", headers=headers).json() == {"client": "127.0.0.1", "url": f"{wary.url}/who"}


def test_options_come_from_the_file_and_the_environment_wins(serve, tmp_path):
    (tmp_path / ".env").write_text("TRINE_ACCESS_LOG_FORMAT={status} from the file\nTRINE_WORKERS=2\n")
    process = serve(TRINE_WORKERS="1")
    assert "(1 worker, Granian, RSGI)" in process.printed
    httpx2.get(f"{process.url}/")
    process.wait_for("200 from the file")


def test_libraries_find_their_variables_in_the_file(serve, tmp_path):
    (tmp_path / ".env").write_text('SOME_LIBRARY_KEY="of the file"\n')
    program = tmp_path / "reads.py"
    program.write_text("import os\nfrom trine import App\napp = App()\napp.get('/')(lambda: os.environ['SOME_LIBRARY_KEY'])\n")
    assert httpx2.get(f"{serve(program=program).url}/").json() == "of the file"


@pytest.mark.parametrize(
    ("variables", "options", "words"),
    [
        ({"TRINE_ALLOWED_HOSTS": "*"}, (), "allowed_hosts is '*'"),
        ({"TRINE_TRUSTED_PROXIES": "*"}, (), "trusted_proxies is '*'"),
        ({"TRINE_SECRET_KEY": "secret"}, (), "secret_key has 6 characters, and needs at least 32"),
        ({"TRINE_MODE": "development"}, (), "TRINE_MODE is not a setting"),
        ({}, ("--host", "0.0.0.0"), "The server listens on 0.0.0.0, where others reach it"),
    ],
    ids=["any host", "any proxy", "weak key", "mode", "public address"],
)
def test_unsafe_production_does_not_start(start, variables, options, words):
    process = start("run", Path(__file__).with_name("program.py"), "--port", "0", *options, **variables)
    assert process.end() == 1
    assert process.printed.startswith("Error: ")
    assert words in process.printed
    assert "Traceback" not in process.printed


def test_unsafe_code_does_not_start_and_every_problem_is_named(start, tmp_path):
    (tmp_path / "unsafe.py").write_text(
        "from trine import App\n"
        "from trine.middleware import CORSMiddleware, SessionMiddleware\n"
        "app = App(debug=True)\n"
        "app.add_middleware(CORSMiddleware, allow_origins=['*'], allow_credentials=True)\n"
        "app.add_middleware(SessionMiddleware)\n"
    )
    process = start("run", "unsafe.py", "--port", "0")
    assert process.end() == 1
    assert process.printed.startswith("Error: 3 problems in the settings, which are unsafe in production:\n")
    for words in (
        "debug mode",
        "CORSMiddleware allows credentials",
        "SessionMiddleware signs values, and there is no secret key",
    ):
        assert words in process.printed


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import nothing_like_this\n", "No module named 'nothing_like_this' (broken.py:1)"),
        ("from trine import App\napp = App()\n@app.get('/{id}')\ndef show(): ...\n@app.get('x')\ndef x(): ...\n", "broken.py"),
        ("from trine import App\napp = App()\n@app.on_event('startup')\ndef fail():\n    raise OSError('no disk')\n", "no disk"),
    ],
    ids=["import", "declaration", "start"],
)
@pytest.mark.parametrize("preload", ["--preload", "--no-preload"])
def test_program_that_cannot_start_ends_the_command(start, tmp_path, program, words, preload):
    (tmp_path / "broken.py").write_text(program)
    process = start("run", "broken.py", "--port", "0", "--workers", "2", preload)
    assert process.end() == 1
    assert words in process.printed


def test_plain_asgi_application_is_served(serve, tmp_path):
    program = tmp_path / "plain.py"
    program.write_text(
        "async def app(scope, receive, send):\n"
        "    if scope['type'] != 'http':\n"
        "        raise RuntimeError('no lifespan here')\n"
        "    await send({'type': 'http.response.start', 'status': 200, 'headers': [(b'content-length', b'2')]})\n"
        "    await send({'type': 'http.response.body', 'body': b'ok'})\n"
    )
    process = serve(program=program)
    assert httpx2.get(process.url).text == "ok"
    assert process.stop() == 0
