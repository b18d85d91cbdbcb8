"""Sentence embeddings: a real model behind a typed API, without a deep-learning framework."""

import sys
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from trine import App
from trine.arrays import Array
from trine.serving import LoadContext, ModelMonitor, Registry, models_of

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from minilm import Encoder  # noqa: E402 - a file beside this one

Vector = Annotated[NDArray[np.float32], Array(shape=(384,))]
Text = Annotated[str, Field(min_length=1, max_length=20_000)]


class Pair(BaseModel):
    """Two texts that may mean the same."""

    left: Text
    right: Text


app = App(title="Sentence embeddings", version="1.0.0")
app.install(ModelMonitor())


@app.model("/embed", name="minilm", registry=Registry(HERE / "models"), max_batch=32)
class MiniLM:
    """Give the vector of a text: what means the same lies close together."""

    def load(self, context: LoadContext) -> None:
        """Load the version that the registry names."""
        if context.path is not None:
            self.encoder = Encoder.load(context.path)

    def predict(self, texts: list[Text]) -> list[Vector]:
        """Encode many texts at once."""
        return list(self.encoder.encode(texts))


@app.post("/similarity")
async def similarity(pair: Pair) -> float:
    """Say how much two texts mean the same: 1 for the same, about 0 for what has nothing to do with each other."""
    left, right = await models_of(app)["minilm"].predict_many([pair.left, pair.right])
    return float(np.dot(left, right))
