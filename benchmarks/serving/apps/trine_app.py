"""Trine: one class, in a thread or in a process of its own, as TRINE_MODELS_RUNNER says."""

from benchmarks.serving.works import chosen
from trine import App

work = chosen()
app = App(docs_url=None, redoc_url=None, openapi_url=None)
Input, Output = work.input, work.output


@app.model("/predict", max_batch=64)
class Model:
    def load(self) -> None:
        self.compute = work.load()

    def predict(self, items: list[Input]) -> list[Output]:
        return self.compute(items)
