import skops.io
from pydantic import NonNegativeInt as Count
from typing_extensions import TypedDict
from trine import App
app = App(title="House prices")
model = skops.io.load("housing.skops")  # cannot run code, unlike a pickle
House = TypedDict("House", {"lotsize": Count, "bedrooms": Count, "bathrms": Count, "stories": Count, "garagepl": Count,
    "driveway": bool, "recroom": bool, "fullbase": bool, "gashw": bool, "airco": bool, "prefarea": bool})
@app.model("/predict")  # houses that are asked for at the same time are answered in one batch
def predict(houses: list[House]) -> list[dict[str, float]]:
    return [{"price": price} for price in model.predict(houses)]
app.get("/health")(lambda: {"status": "ok"})
