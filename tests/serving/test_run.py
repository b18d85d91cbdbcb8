"""One model behind all workers of `trine run`."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from trine.testing import TestClient

from ..server.conftest import starting, until

# A connection for each request: the workers take turns.
ask_anew = httpx2.Client(headers={"connection": "close"}, timeout=60)
PROGRAM = f"{Path(__file__).with_name('served_program.py')}:make_app()"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for the tests that leave it as it was."""
    with starting(tmp_path_factory.mktemp("shared")) as start:
        process = start("run", PROGRAM, "--port", "0", "--workers", "2", "--no-access-log", TRINE_ACCEPT_RISKS="open-metrics")
        process.wait_for("is served at")
        yield process
        assert process.stop() == 0
        assert "Traceback" not in process.printed


@pytest.fixture
def shared(serve):
    return serve("--workers", "2", "--no-access-log", program=PROGRAM, TRINE_ACCEPT_RISKS="open-metrics")


def model_process(url: str) -> int:
    return ask_anew.post(f"{url}/square", json={"value": 3}).json()["process"]


def test_all_workers_ask_the_same_process(server):
    url = server.url
    assert ask_anew.get(f"{url}/models/ready").status_code == 200
    workers, processes = set(), set()

    def both_answered() -> bool:
        workers.add(ask_anew.get(f"{url}/worker").json())
        processes.add(model_process(url))
        return len(workers) == 2

    until(both_answered, "Only one worker answered")
    assert len(processes) == 1
    assert not processes & workers


def test_any_worker_stops_a_stream_of_another(server):
    for _ in range(6):
        # A connection each: some of them ask another worker than the one that reads the stream.
        with httpx2.stream("POST", f"{server.url}/letters", json="x") as answer:
            lines = answer.iter_lines()
            assert next(lines) == 'data: "a"'
            address = f"{server.url}/letters/{answer.headers['stream-id']}"
            assert ask_anew.delete(address).status_code == 204
            assert "event: end" in lines
            assert ask_anew.delete(address).status_code == 404


async def test_replicas_come_and_go_with_the_work(server):
    statuses: set[int] = set()
    processes: set[int] = set()

    async def ask(is_over: Callable[[], bool]) -> None:
        async with httpx2.AsyncClient(timeout=60) as client:
            while not is_over():
                answer = await client.post(f"{server.url}/slow", json=1)
                statuses.add(answer.status_code)
                processes.add(answer.json())

    def ready_replicas() -> float:
        line = 'trine_model_replicas{model="slow",state="ready"} '
        found = [text for text in ask_anew.get(f"{server.url}/metrics").text.splitlines() if text.startswith(line)]
        return float(found[0].removeprefix(line))

    async def work_until_there_are_two() -> None:
        is_over = False
        asking = [asyncio.create_task(ask(lambda: is_over)) for _ in range(6)]
        while len(processes) < 2 or await asyncio.to_thread(ready_replicas) != 2:
            await asyncio.sleep(0.01)
        is_over = True
        await asyncio.gather(*asking)

    assert ready_replicas() == 1
    await work_until_there_are_two()
    grown = set(processes)
    # One client alone is answered by the first, and the other ends. Nobody is refused, and nothing is printed as a mistake.
    await ask(lambda: any(not is_running(process) for process in grown))
    assert statuses == {200}
    until(lambda: ready_replicas() == 1, "The workers did not notice")
    # A new process sleeps where it was, and comes when it is needed.
    processes.clear()
    await work_until_there_are_two()
    assert statuses == {200}
    assert len(processes - grown) == 1
    assert "takes its place" not in server.printed


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_killed_model_process_costs_no_wrong_answer(server):
    url = server.url
    first = model_process(url)
    statuses: dict[int, int] = {}
    wrong = []
    is_over = asyncio.Event()

    async def ask(start: int) -> None:
        async with httpx2.AsyncClient(timeout=60) as client:
            value = start
            while not is_over.is_set():
                value += 16
                answer = await client.post(f"{url}/square", json={"value": value})
                statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
                if answer.status_code == 200 and answer.json()["square"] != value**2:
                    wrong.append(value)
                if answer.status_code == 503 and "retry-after" not in answer.headers:
                    wrong.append(value)

    asking = [asyncio.create_task(ask(number)) for number in range(16)]
    killed = {first}
    for _ in range(3):
        before = statuses.get(200, 0)
        while statuses.get(200, 0) < before + 100:
            await asyncio.sleep(0.01)
        process = await asyncio.to_thread(model_process, url)
        killed.add(process)
        os.kill(process, signal.SIGKILL)
    while (process := await asyncio.to_thread(lambda: ask_anew.post(f"{url}/square", json={"value": 3}))).status_code != 200:
        await asyncio.sleep(0.01)
    is_over.set()
    await asyncio.gather(*asking)
    assert wrong == []
    assert set(statuses) <= {200, 503}
    assert process.json()["process"] not in killed


def test_a_model_that_cannot_load_stops_the_start(start, tmp_path):
    (tmp_path / "program.py").write_text(
        "from trine import App\n\napp = App()\n\n\n@app.model('/predict', runner='process')\nclass Broken:\n"
        "    def load(self):\n        raise FileNotFoundError('no weights')\n\n"
        "    def predict(self, items: list[int]) -> list[int]:\n        return items\n"
    )
    process = start("run", "program.py", "--port", "0")
    assert process.end() == 1
    assert "no weights" in process.printed


def test_without_preload_each_worker_has_a_model_process_of_its_own(start, tmp_path):
    (tmp_path / "program.py").write_text(
        "import os\nfrom trine import App\n\napp = App()\n\n\n@app.model('/predict', runner='process')\nclass Pids:\n"
        "    def predict(self, items: list[int]) -> list[int]:\n        return [os.getpid() for _ in items]\n\n\n"
        "@app.get('/worker')\nasync def worker() -> int:\n    return os.getpid()\n"
    )
    server = start("run", "program.py", "--port", "0", "--no-preload", "--workers", "2", "--no-access-log")
    url, models, workers = server.url, set(), set()

    def all_answered() -> bool:
        # A model process is a fresh Python here, and the first request waits for it.
        models.add(ask_anew.post(f"{url}/predict", json=1).json())
        workers.add(ask_anew.get(f"{url}/worker").json())
        return len(models) == len(workers) == 2

    until(all_answered, "Two workers with a model each did not answer")
    assert not models & workers
    assert server.stop() == 0
    assert not any(map(is_running, models))


def test_without_preload_streams_need_one_worker(start):
    server = start("run", PROGRAM, "--port", "0", "--no-preload", "--workers", "2", TRINE_ACCEPT_RISKS="open-metrics")
    assert server.end() == 1
    assert "The model letters makes streams in each web worker: of 2 workers only one could stop each of them." in server.printed


def test_a_rolling_restart_brings_a_new_model_without_losing_a_request(shared):
    url = shared.url
    before = model_process(url)
    shared.send(signal.SIGHUP)
    shared.wait_for("New workers serve.")
    until(lambda: model_process(url) != before, "The old model went on answering")
    assert shared.stop() == 0


def test_a_model_of_a_function_cannot_be_found_by_a_fresh_process():
    from trine import App, SetupError

    app = App()

    @app.model("/predict", runner="process", name="hidden")
    def predict(items: list[int]) -> list[int]:
        return items

    with pytest.raises(SetupError) as caught, TestClient(app):
        pass
    assert str(caught.value).startswith("The model hidden cannot run in a process of its own: no import gives the function")


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_a_signal_to_the_whole_group_loses_no_answer_and_leaves_no_folder(shared):
    url, process = shared.url, shared.process
    model = model_process(url)
    opened = Path(f"/proc/{model}/net/unix").read_text()
    addresses = [Path(line.split()[-1]) for line in opened.splitlines() if line.endswith("/0.sock")]
    folders = [path.parent for path in addresses if path.exists()]
    assert folders
    with httpx2.Client() as client:
        assert client.post(f"{url}/square", json={"value": 2}).json()["square"] == 4
        os.kill(model, signal.SIGTERM)
        assert client.post(f"{url}/square", json={"value": 3}).json() == {"square": 9, "process": model}
    process.terminate()
    assert shared.end() == 0
    assert "Traceback" not in shared.printed
    # Other programs may serve models meanwhile: at least one folder has gone, and it was ours.
    assert any(not folder.exists() for folder in folders)
