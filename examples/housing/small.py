import skops.io
from pydantic import NonNegativeInt as Count
from typing_extensions import TypedDict
from trine import App
app = App(title="House prices")
model = skops.io.load("housing.skops")  # cannot run code, unlike a pickle
House = TypedDict("House", {"lotsize": Count, "bedrooms": Count, "bathrms": Count, "stories": Count, "garagepl": Count,
    "driveway": bool, "recroom": bool, "fullbase": bool, "gashw": bool, "airco": bool, "prefarea": bool})
@app.post("/predict")
def predict(house: House) -> dict[str, float]:
    return {"price": model.predict([house])[0]}
app.get("/health")(lambda: {"status": "ok"})
