"""Metrics of a real server with several workers: whoever is asked answers for all."""

import httpx2
from tests.server.conftest import start, until  # noqa: F401 - `start` is a fixture

PROGRAM = """
import os
from trine import App
from trine.metrics import Metrics

app = App()
app.install(Metrics())

@app.get("/")
async def index() -> dict:
    return {"pid": os.getpid()}
"""
LINE = 'trine_http_request_seconds_count{method="GET",route="/",status="200"}'


def test_workers_are_added_up(start, tmp_path):  # noqa: F811 - the fixture
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    process = start("run", program, "--workers", "2", "--port", "0", TRINE_ACCEPT_RISKS="open-metrics")
    pids = set()
    for _ in range(40):
        pids.add(httpx2.get(f"{process.url}/").json()["pid"])

    def is_complete():
        text = httpx2.get(f"{process.url}/metrics").text
        return next((float(line.split()[-1]) for line in text.splitlines() if line.startswith(LINE)), 0) == 40

    until(is_complete, f"The 40 requests that {len(pids)} workers answered were not told")
    assert process.stop() == 0
