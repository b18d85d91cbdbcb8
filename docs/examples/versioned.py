from datetime import date

from trine import APIRouter, APIVersions, App, Deprecation

moving = Deprecation(date(2026, 1, 1), sunset=date(2026, 12, 31), link="https://shop.example/moving")
app = App(title="Shop", versions=APIVersions("1", "2", deprecated={"1": moving}))


@app.get("/prices", until="1")
async def prices_in_cents() -> dict[str, int]:
    return {"lamp": 1999}


@app.get("/prices", since="2")
async def prices() -> dict[str, str]:
    return {"lamp": "19.99"}


@app.get("/health", versioned=False)
async def health() -> str:
    return "well"


wishes = APIRouter(prefix="/wishes")


@wishes.get("/")
async def list_wishes() -> list[str]:
    return ["chair"]


app.include_router(wishes, since="2")
