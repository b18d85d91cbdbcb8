from pathlib import Path

import numpy as np
from pydantic import BaseModel, Field

from trine import App, Header
from trine.serving import LoadContext, ModelMonitor, Registry, load_model, training_statistics


class House(BaseModel):
    rooms: int = Field(gt=0)
    area: float = Field(gt=0)


registry = Registry("models")


def train() -> None:
    houses = [House(rooms=rooms, area=30.0 * rooms) for rooms in (1, 2, 3, 4, 5) for _ in range(20)]
    prices = np.array([5000.0 * house.area for house in houses])
    rows = np.array([[house.rooms, house.area] for house in houses])
    weights = np.linalg.lstsq(rows, prices)[0]
    np.save("weights.npy", weights)
    error = float(np.abs(rows @ weights - prices).mean())
    statistics = training_statistics(houses)
    registry.publish("prices", Path("weights.npy"), metrics={"error": error}, statistics=statistics)


if "prices" not in registry.models():
    train()


def customer(x_customer: str = Header("")) -> str:
    return x_customer


app = App()
app.install(ModelMonitor())


@app.model("/price", name="prices", registry=registry, split_by=customer)
class Prices:
    def load(self, context: LoadContext) -> None:
        self.weights = load_model(context.path / "weights.npy")

    def predict(self, houses: list[House]) -> list[float]:
        return (np.array([[house.rooms, house.area] for house in houses]) @ self.weights).tolist()
