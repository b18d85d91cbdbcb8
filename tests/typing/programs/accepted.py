"""Programs that a strict type checker accepts as they are."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, assert_type

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from trine import (
    APIRouter,
    App,
    Body,
    Depends,
    Header,
    HTTPException,
    ModelForm,
    Path,
    Query,
    Request,
    Response,
    WebSocket,
    redirect,
)
from trine.arrays import Array
from trine.serving import LoadContext, load_model
from trine.signals import Signal


class Item(BaseModel):
    name: str
    price: float = 0.0


@asynccontextmanager
async def lifespan(app: App) -> AsyncIterator[None]:
    app.state.ready = True
    yield


app = App(title="Typed", lifespan=lifespan)
router = APIRouter(prefix="/items", tags=["items"])


def current_user(authorization: Annotated[str, Header()] = "") -> str:
    return authorization


@router.get("/{item_id}", response_model=Item, tags=["read"], deprecated=False)
def read_item(item_id: Annotated[int, Path(ge=1)], q: Annotated[str | None, Query(max_length=50)] = None) -> Item:
    return Item(name=q or str(item_id))


@router.post("/", status_code=201)
async def add_item(item: Annotated[Item, Body()], user: Annotated[str, Depends(current_user)], request: Request) -> Response:
    if not user:
        raise HTTPException(401, "Who asks?", headers={"WWW-Authenticate": "Bearer"})
    assert_type(await request.body(), bytes)
    return Response(item.model_dump_json(), media_type="application/json")


@app.websocket("/echo")
async def echo(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text(await socket.receive_text())


@app.websocket("/typed", allow_origins=["https://app.example.org"], idle_timeout=60)
async def typed(socket: WebSocket[Item, list[Item]]) -> None:
    await socket.accept()
    assert_type(await socket.receive_model(), Item)
    async for item in socket.iter_models():
        await socket.send_model([item])


@app.post("/points")
async def points(points: Annotated[NDArray[np.float32], Array(shape=(None, 3), ge=0)]) -> Annotated[NDArray[np.float32], Array()]:
    return points * np.float32(2)


@app.model("/predict", registry="models", allow_pickle=False)
class Doubles:
    def load(self, context: LoadContext) -> None:
        assert context.path is not None
        self.weights = load_model(context.path / "weights.npz")

    def predict(self, items: list[Item]) -> list[float]:
        return [item.price * 2 for item in items]


@app.websocket("/half-typed")
async def half_typed(socket: WebSocket[Item]) -> None:
    await socket.send_model(await socket.receive_model())


@app.page("/items", methods=["GET", "POST"])
def edit(form: ModelForm[Item]) -> Any:
    if form.valid:
        assert_type(form.data, Item)
        return redirect("/")
    return form.fill({"name": "pen"}).render(submit="Save"), form.status_code


@app.command()
async def reindex(folder: str, user: Annotated[str, Depends(current_user)], count: int = 3) -> None:
    await app.mail.send_mail("Done", "ada@example.org", f"{folder} {user} {count}", reply_to=["office@example.org"])


saved = Signal("saved", values=("item",))


@saved.connect(sender=Item)
def hear(sender: type[Item], item: Item) -> str:
    return item.name


assert_type(hear(Item, Item(name="pen")), str)
app.include_router(router)
# A decorated function stays what it was: it can be called, and its mistakes are still seen.
assert_type(read_item(1, q="pen"), Item)
