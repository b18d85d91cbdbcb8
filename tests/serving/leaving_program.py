"""A model that steps every 50 milliseconds, and writes down when each step of a stream began."""

import os
import time
from pathlib import Path

from trine import App
from trine.serving import ActiveSequence

app = App()
LOG = Path(os.environ.get("STEPS_LOG", "steps.txt"))


@app.model("/count")
class Counting:
    def step(self, sequences: list[ActiveSequence[int]]) -> list[int | None]:
        began = time.monotonic()
        with LOG.open("a", encoding="utf-8") as log:
            log.writelines(f"{sequence.input} {began}\n" for sequence in sequences)
        time.sleep(0.05)
        return [0 for _ in sequences]
