"""Versions of a model that several web workers share, from start to end of a real server."""

import re
import threading
from collections import Counter

import httpx2
import numpy as np
from tests.server.conftest import start, until  # noqa: F401 - `start` is a fixture

from trine.serving import Registry

PROGRAM = """
import os
from trine import App
from trine.metrics import Metrics
from trine.serving import LoadContext, ModelMonitor, load_model

app = App()
app.install(Metrics(), ModelMonitor())

@app.model("/times", name="times", registry="models", timeout=0.5)
class Times:
    def load(self, context: LoadContext) -> None:
        self.factor = int(load_model(context.path / "weights.npy")[0])

    def predict(self, items: list[int]) -> list[list[int]]:
        return [[item * self.factor, os.getpid()] for item in items]

@app.get("/pid")
async def pid() -> int:
    return os.getpid()
"""


def test_shared_models_follow_their_registry_without_losing_a_request(start, tmp_path):  # noqa: F811 - the fixture
    registry = Registry(tmp_path / "models")
    for value in (1, 2, 3):
        np.save(tmp_path / "weights.npy", np.array([value]))
        registry.publish("times", tmp_path / "weights.npy")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    risks = {"TRINE_ACCEPT_RISKS": "open-metrics,open-monitor", "TRINE_MODELS_REFRESH": "0.1"}
    process = start("run", program, "--workers", "2", "--port", "0", **risks)
    url = process.url
    # Each request on a connection of its own, so that both workers are asked.
    client = httpx2.Client(headers={"connection": "close"}, timeout=30)
    until(lambda: client.get(f"{url}/models/ready").status_code == 200, "The model was not ready")
    found, models, is_over = Counter(), set(), threading.Event()

    def ask():
        while not is_over.is_set():
            answer = client.post(f"{url}/times", json=1)
            said = answer.json() if answer.status_code == 200 else [0, 0]
            found[answer.status_code, str(said[0]) == answer.headers.get("model-version", "")] += 1
            models.add(said[1])

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    for version in ("2", "3", "1", "2"):
        registry.promote("times", version)
        answers = []

        def is_followed(version=version, answers=answers):
            answers.append(client.post(f"{url}/times", json=1).headers["model-version"])
            return answers[-6:] == [version] * 6

        until(is_followed, f"Version {version} was not followed")

    def is_alone():
        (model,) = client.get(f"{url}/models/monitor/data").json()["models"]
        return [one["version"] for one in model["versions"] if one["role"]] == ["2"]

    until(is_alone, "The versions before were not let go")
    is_over.set()
    for asker in askers:
        asker.join()
    assert set(found) == {(200, True)}
    # One process has the model, and both workers ask it.
    assert len(models) == 1

    def told():
        text = client.get(f"{url}/metrics").text
        return sum(float(count) for count in re.findall(r'trine_model_items_total\{model="times",version="."\} ([\d.]+)', text))

    asked = found.total()
    until(lambda: told() >= asked, "Not every item was told")
    client.close()
    assert process.stop() == 0
    assert "Traceback" not in process.printed
