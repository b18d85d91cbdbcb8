"""House prices: the model that train.py stored, behind a typed API."""

from pathlib import Path
from typing import Annotated, Any

import skops.io
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from trine import App

SALE = {
    "lotsize": 5850, "bedrooms": 3, "bathrms": 1, "stories": 2, "garagepl": 1, "driveway": True,
    "recroom": False, "fullbase": True, "gashw": False, "airco": False, "prefarea": False,
}  # fmt: skip


def whole(value: Any) -> Any:
    """Read 3.0 as 3: to JSON Schema, and so to the documentation, both are integers."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(whole)]


class House(BaseModel):
    """A house as the sales records describe it."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [SALE]})

    lotsize: Whole = Field(gt=0, le=1_000_000, description="Lot size in square feet")
    bedrooms: Whole = Field(ge=0, le=100)
    bathrms: Whole = Field(ge=0, le=100, description="Full bathrooms")
    stories: Whole = Field(ge=1, le=100, description="Storeys, the basement not counted")
    garagepl: Whole = Field(ge=0, le=100, description="Garage places")
    driveway: bool
    recroom: bool = Field(description="Has a recreation room")
    fullbase: bool = Field(description="Has a full and finished basement")
    gashw: bool = Field(description="Heats its water with gas")
    airco: bool = Field(description="Has central air conditioning")
    prefarea: bool = Field(description="Stands in the preferred neighbourhood")


class Price(BaseModel):
    """What such a house would have sold for."""

    price: float = Field(ge=0, description="Canadian dollars of 1987")


class Health(BaseModel):
    """Whether the service can answer."""

    status: str


app = App(title="House prices", version="1.0.0")


@app.model("/predict", max_batch=64)  # requests that come at the same time are answered together
class HousePrices:
    """Predict the price of a house."""

    def load(self) -> None:
        """Read the trained model: once, wherever it is going to run."""
        self.model = skops.io.load(Path(__file__).with_name("housing.skops"))

    def predict(self, houses: list[House]) -> list[Price]:
        """Give a price for each house."""
        return [Price(price=price) for price in self.model.predict([house.model_dump() for house in houses])]


@app.get("/health")
def health() -> Health:
    """Answer once the model is loaded."""
    return Health(status="ok")
