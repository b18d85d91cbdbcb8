"""BentoML with its batching: it takes lists, so a request holds a list of one."""

import bentoml

from benchmarks.serving.works import chosen

work = chosen()
Input, Output = work.input, work.output


@bentoml.service(logging={"access": {"enabled": False}}, metrics={"enabled": False}, traffic={"timeout": 60})
class Model:
    def __init__(self) -> None:
        self.compute = work.load()

    @bentoml.api(batchable=True, max_batch_size=64, max_latency_ms=10_000)
    def predict(self, items: list[Input]) -> list[Output]:
        return self.compute(items)
