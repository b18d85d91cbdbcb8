"""The first thing a new user sees: `make demo`, and the curl line that it prints."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from urllib.request import Request, urlopen

import pytest

pytest.importorskip("skops")


@pytest.fixture
def demo(housing):
    command = [sys.executable, str(housing / "demo.py"), "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    ) as process:
        yield process
        process.kill()


@pytest.mark.slow
def test_printed_curl_line_gets_a_price_and_ctrl_c_stops_the_server(demo):
    printed = []
    for line in demo.stdout:
        printed.append(line)
        if line.startswith("Ctrl-C"):
            break
    curl = shlex.split(next(line for line in printed if line.startswith("curl")))
    address = curl[curl.index("-X") + 2]
    assert f"House prices:  {address}\n" in printed

    request = Request(address, curl[-1].encode(), {"Content-Type": "application/json"})
    with urlopen(request) as answer:
        assert 50_000 < json.load(answer)["price"] < 80_000
    if shutil.which("curl"):
        by_curl = subprocess.run([*curl, "--silent"], check=True, capture_output=True, text=True).stdout
        assert 50_000 < json.loads(by_curl)["price"] < 80_000

    # The terminal sends Ctrl-C to the whole group: the demo and its server.
    os.killpg(demo.pid, signal.SIGINT)
    assert demo.wait(timeout=30) in {0, 130, -signal.SIGINT}
