"""Handwritten digits: a small ONNX network behind a typed API, and a page to draw on."""

import sys
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from trine import App, FileResponse, StaticFiles
from trine.arrays import Array, Image
from trine.concurrency import run_in_thread
from trine.serving import LoadContext, ModelMonitor, Registry, load_model, models_of

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from drawing import SIDE, to_pixels  # noqa: E402 - a file beside this one

Pixels = Annotated[NDArray[np.float32], Array(shape=(8, 8), ge=0, le=16)]
Picture = Annotated[NDArray[np.uint8], Image(mode="L", resize=(SIDE, SIDE), resample="box", formats=["PNG", "JPEG"])]


class Reading(BaseModel):
    """What the network makes of a picture."""

    digit: int = Field(ge=0, le=9)
    probabilities: list[float] = Field(description="How likely each of the digits 0 to 9 is")


app = App(title="Handwritten digits", version="1.0.0")
app.install(ModelMonitor())
app.mount("/static", StaticFiles(directory=HERE / "static"))


@app.model("/read", name="digits", registry=Registry(HERE / "models"), max_batch=64)
class Digits:
    """Read a digit of 8 by 8 pixels, from 0 (paper) to 16 (ink)."""

    def load(self, context: LoadContext) -> None:
        """Load the version that the registry names."""
        if context.path is not None:
            self.session = load_model(context.path / "digits.onnx", device=context.device)

    def predict(self, pictures: list[Pixels]) -> list[Reading]:
        """Read many digits at once."""
        rows = np.stack(pictures).reshape(len(pictures), 64)
        _, probabilities = self.session.run(None, {self.session.get_inputs()[0].name: rows})
        return [Reading(digit=int(row.argmax()), probabilities=row.round(4).tolist()) for row in probabilities]


@app.post("/picture")
async def read_picture(picture: Picture) -> Reading:
    """Read a square drawing or photograph: dark paper, one digit in light ink, in any place and size."""
    pixels = await run_in_thread(to_pixels, picture)
    reading: Reading = await models_of(app)["digits"].predict(pixels)
    return reading


@app.get("/", include_in_schema=False)
async def page() -> FileResponse:
    """Send the page to draw on."""
    return FileResponse(HERE / "static" / "index.html")
