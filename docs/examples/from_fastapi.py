from typing import Annotated

from pydantic import BaseModel

from trine.compat.fastapi import Depends, FastAPI, Header, HTTPException
from trine.compat.fastapi.middleware.cors import CORSMiddleware

app = FastAPI(title="Berths")
app.add_middleware(CORSMiddleware, allow_origins=["https://harbour.example"])


class Boat(BaseModel):
    name: str
    length: float


def harbour_master(x_badge: Annotated[str, Header()]) -> str:
    if x_badge != "12":
        raise HTTPException(403, "Ask the harbour master.")
    return "the harbour master"


@app.post("/berths/{number}")
async def moor(number: int, boat: Boat, by: Annotated[str, Depends(harbour_master)]):
    return {"berth": number, "boat": boat.name, "allowed_by": by}
