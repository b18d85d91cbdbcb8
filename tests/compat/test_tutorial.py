"""Small programs in FastAPI's words, with nothing but their imports changed."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from trine.compat.fastapi import (
    APIRouter,
    BackgroundTasks,
    Body,
    Cookie,
    Depends,
    FastAPI,
    File,
    Form,
    Header,
    HTTPException,
    Path,
    Query,
    Request,
    Response,
    Security,
    UploadFile,
    WebSocket,
    WebSocketDisconnect,
    status,
)
from trine.compat.fastapi.encoders import jsonable_encoder
from trine.compat.fastapi.exceptions import RequestValidationError, ResponseValidationError
from trine.compat.fastapi.middleware.cors import CORSMiddleware
from trine.compat.fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, StreamingResponse
from trine.compat.fastapi.routing import APIRoute
from trine.compat.fastapi.security import HTTPBasic, HTTPBasicCredentials, OAuth2PasswordBearer, SecurityScopes
from trine.compat.fastapi.staticfiles import StaticFiles
from trine.compat.fastapi.testclient import TestClient


class Boat(BaseModel):
    name: str = Field(min_length=2)
    masts: int = 1
    secret: str | None = None


class BoatOut(BaseModel):
    name: str
    masts: int


def test_path_query_and_body_are_read_from_the_signature():
    app = FastAPI()

    @app.put("/harbours/{harbour_id}/boats")
    async def moor(harbour_id: int, boat: Boat, urgent: bool = False) -> dict[str, Any]:
        return {"harbour": harbour_id, "boat": boat, "urgent": urgent}

    response = TestClient(app).put("/harbours/7/boats?urgent=yes", json={"name": "Alma"})
    assert response.status_code == 200
    assert response.json() == {"harbour": 7, "boat": {"name": "Alma", "masts": 1, "secret": None}, "urgent": True}


def test_every_mistake_of_a_request_is_reported_at_once():
    app = FastAPI()

    @app.post("/boats/{number}")
    def build(number: Annotated[int, Path(ge=1)], boat: Boat, length: Annotated[float, Query(gt=0)]):
        return boat

    response = TestClient(app).post("/boats/0?length=-1", json={"name": "X"})
    assert response.status_code == 422
    assert [(error["type"], error["loc"]) for error in response.json()["detail"]] == [
        ("greater_than_equal", ["path", "number"]),
        ("greater_than", ["query", "length"]),
        ("string_too_short", ["body", "name"]),
    ]


def test_headers_and_cookies():
    app = FastAPI()

    @app.get("/who")
    def who(user_agent: Annotated[str, Header()], visits: Annotated[int, Cookie()] = 0):
        return [user_agent, visits]

    assert TestClient(app, cookies={"visits": "3"}).get("/who", headers={"user-agent": "parrot"}).json() == ["parrot", 3]


def test_a_response_model_leaves_out_what_it_does_not_name():
    app = FastAPI()

    @app.get("/boat", response_model=BoatOut)
    def boat():
        return Boat(name="Alma", secret="draught 3 m")

    @app.get("/broken", response_model=BoatOut)
    def broken():
        return {"name": "Alma"}

    client = TestClient(app)
    assert client.get("/boat").json() == {"name": "Alma", "masts": 1}
    with pytest.raises(ResponseValidationError) as caught:
        client.get("/broken")
    assert caught.value.errors()[0]["loc"] == ("response", "masts")


def test_dependencies_nest_yield_and_are_overridden():
    app = FastAPI()
    log: list[str] = []

    def connection() -> Iterator[str]:
        log.append("open")
        yield "connection"
        log.append("close")

    def repository(connection: Annotated[str, Depends(connection)]) -> str:
        return f"repository on {connection}"

    @app.get("/")
    async def index(repository: Annotated[str, Depends(repository)]):
        log.append("handler")
        return repository

    client = TestClient(app)
    assert client.get("/").json() == "repository on connection"
    assert log == ["open", "handler", "close"]
    app.dependency_overrides[repository] = lambda: "another one"
    assert client.get("/").json() == "another one"
    app.dependency_overrides.clear()
    assert client.get("/").json() == "repository on connection"


def test_routers_are_included_with_prefix_and_tags_also_for_later_routes():
    app = FastAPI()
    router = APIRouter(prefix="/boats", tags=["boats"])
    app.include_router(router, prefix="/v1", responses={418: {"description": "Teapot"}})

    @router.get("/{name}")
    def show(name: str):
        return name

    client = TestClient(app)
    assert client.get("/v1/boats/alma").json() == "alma"
    operation = client.get("/openapi.json").json()["paths"]["/v1/boats/{name}"]["get"]
    assert operation["tags"] == ["boats"]
    assert operation["operationId"] == "show_v1_boats__name__get"
    assert operation["responses"]["418"] == {"description": "Teapot"}
    assert app.url_path_for("show", name="alma") == "/v1/boats/alma"


def test_routes_are_tried_in_the_order_of_their_declaration():
    app = FastAPI()

    @app.get("/boats/{name}")
    def by_name(name: str):
        return {"name": name}

    @app.get("/boats/newest")
    def newest():
        return {"newest": True}

    assert TestClient(app).get("/boats/newest").json() == {"name": "newest"}


def test_only_declared_methods_are_answered():
    app = FastAPI()

    @app.get("/")
    def index():
        return "index"

    client = TestClient(app)
    response = client.post("/")
    assert (response.status_code, response.headers["allow"]) == (405, "GET")
    assert response.json() == {"detail": "Method Not Allowed"}
    assert client.head("/").status_code == 405


def test_the_document_has_fastapis_defaults():
    document = FastAPI().openapi()
    assert document == {"openapi": "3.1.0", "info": {"title": "FastAPI", "version": "0.1.0"}, "paths": {}}


def test_documentation_pages():
    client = TestClient(FastAPI(swagger_ui_init_oauth={"clientId": "</script>"}))
    page = client.get("/docs").text
    assert "oauth2RedirectUrl: window.location.origin + '/docs/oauth2-redirect'" in page
    assert r"\u003c/script\u003e" in page
    assert "/openapi.json" in client.get("/redoc").text
    assert TestClient(FastAPI(openapi_url=None)).get("/docs").status_code == 404


def test_exceptions_and_their_handlers():
    app = FastAPI()

    class Sunk(Exception):
        pass

    @app.get("/missing")
    def missing():
        raise HTTPException(status.HTTP_404_NOT_FOUND, detail={"boat": "unknown"}, headers={"x-hint": "look below"})

    @app.get("/sunk")
    def sunk():
        raise Sunk

    @app.exception_handler(Sunk)
    def answer_sunk(request: Request, error: Sunk):
        return JSONResponse({"sunk": request.url.path}, status_code=410)

    @app.exception_handler(RequestValidationError)
    async def answer_invalid(request: Request, error: RequestValidationError):
        return PlainTextResponse(str(len(error.errors())), status_code=400)

    @app.get("/typed")
    def typed(depth: int):
        return depth

    client = TestClient(app)
    response = client.get("/missing")
    assert (response.status_code, response.headers["x-hint"]) == (404, "look below")
    assert response.json() == {"detail": {"boat": "unknown"}}
    assert (client.get("/sunk").status_code, client.get("/sunk").json()) == (410, {"sunk": "/sunk"})
    assert (client.get("/typed?depth=deep").status_code, client.get("/typed?depth=deep").text) == (400, "1")


def test_unexpected_errors_reach_the_test_or_become_500():
    app = FastAPI()

    @app.get("/")
    def index():
        raise ZeroDivisionError("of course")

    with pytest.raises(ZeroDivisionError, match="of course"):
        TestClient(app).get("/")
    response = TestClient(app, raise_server_exceptions=False).get("/")
    assert (response.status_code, response.text) == (500, "Internal Server Error")


def test_forms_and_files():
    app = FastAPI()

    @app.post("/log")
    async def log(entry: Annotated[str, Form()], chart: Annotated[UploadFile, File()], raw: Annotated[bytes, File()]):
        return {"entry": entry, "chart": chart.filename, "size": len(await chart.read()), "raw": len(raw)}

    response = TestClient(app).post(
        "/log", data={"entry": "calm"}, files={"chart": ("bay.txt", b"12345"), "raw": ("raw.bin", b"123")}
    )
    assert response.json() == {"entry": "calm", "chart": "bay.txt", "size": 5, "raw": 3}


def test_a_form_as_a_model_and_several_bodies():
    app = FastAPI()

    @app.post("/form")
    def form(boat: Annotated[Boat, Form()]):
        return boat

    @app.post("/both")
    def both(boat: Boat, captain: Annotated[str, Body()]):
        return [boat.name, captain]

    client = TestClient(app)
    assert client.post("/form", data={"name": "Alma", "masts": "2"}).json() == {"name": "Alma", "masts": 2, "secret": None}
    assert client.post("/both", json={"boat": {"name": "Alma"}, "captain": "Ida"}).json() == ["Alma", "Ida"]


def test_responses_headers_cookies_and_status():
    app = FastAPI()

    @app.get("/page", response_class=HTMLResponse)
    def page():
        return "<h1>Ahoy</h1>"

    @app.post("/boats", status_code=201)
    def create(response: Response):
        response.headers["x-berth"] = "12"
        response.set_cookie("berth", "12")
        return "created"

    @app.get("/old")
    def old():
        return RedirectResponse("/page")

    @app.get("/lines")
    def lines():
        return StreamingResponse(iter(["one", "two"]), media_type="text/plain")

    @app.delete("/boats", status_code=204)
    def delete() -> None:
        return None

    client = TestClient(app)
    assert client.get("/page").headers["content-type"] == "text/html; charset=utf-8"
    created = client.post("/boats")
    assert (created.status_code, created.headers["x-berth"], created.cookies["berth"]) == (201, "12", "12")
    assert client.get("/old").text == "<h1>Ahoy</h1>"
    assert client.get("/lines").text == "onetwo"
    assert client.delete("/boats").content == b""


def test_functions_that_yield_stream_json_lines():
    app = FastAPI()

    @app.get("/boats")
    async def boats() -> AsyncIterator[BoatOut]:
        yield BoatOut(name="Alma", masts=2)
        yield BoatOut(name="Bris", masts=1)

    response = TestClient(app).get("/boats")
    assert response.headers["content-type"] == "application/jsonl"
    assert response.text == '{"name":"Alma","masts":2}\n{"name":"Bris","masts":1}\n'


def test_background_tasks_run_after_the_response():
    app = FastAPI()
    done: list[str] = []

    @app.post("/notify")
    async def notify(tasks: BackgroundTasks):
        tasks.add_task(done.append, "sent")
        return len(done)

    assert TestClient(app).post("/notify").json() == 0
    assert done == ["sent"]


def test_middleware_wraps_in_the_order_of_fastapi():
    app = FastAPI()
    app.add_middleware(CORSMiddleware, allow_origins=["https://harbour.example"])

    @app.middleware("http")
    async def mark(request: Request, call_next):
        response = await call_next(request)
        response.headers["x-marked"] = "yes"
        return response

    @app.get("/")
    def index():
        return "index"

    response = TestClient(app).get("/", headers={"origin": "https://harbour.example"})
    assert response.json() == "index"
    assert response.headers["x-marked"] == "yes"
    assert response.headers["access-control-allow-origin"] == "https://harbour.example"


def test_any_asgi_middleware_can_be_added():
    class Shout:
        def __init__(self, app: Any, suffix: str) -> None:
            self.app = app
            self.suffix = suffix

        async def __call__(self, scope, receive, send):
            async def loud(message):
                if message["type"] == "http.response.start":
                    message["headers"] = [*message["headers"], (b"x-shout", self.suffix.encode())]
                await send(message)

            await self.app(scope, receive, loud)

    app = FastAPI()
    app.add_middleware(Shout, suffix="ahoy")
    assert TestClient(app).get("/nowhere").headers["x-shout"] == "ahoy"


def test_lifespan_and_state():
    events: list[str] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, int]]:
        events.append("up")
        yield {"boats": 3}
        events.append("down")

    app = FastAPI(lifespan=lifespan)

    @app.get("/")
    def count(request: Request):
        return request.state.boats

    with TestClient(app) as client:
        assert client.get("/").json() == 3
        assert events == ["up"]
    assert events == ["up", "down"]


def test_sub_applications_and_static_files(tmp_path):
    (tmp_path / "chart.txt").write_text("rocks")
    inner = FastAPI()

    @inner.get("/boats")
    def boats():
        return ["Alma"]

    app = FastAPI()
    app.mount("/inner", inner)
    app.mount("/static", StaticFiles(directory=tmp_path), name="static")
    client = TestClient(app)
    assert client.get("/inner/boats").json() == ["Alma"]
    assert client.get("/inner/openapi.json").json()["servers"] == [{"url": "/inner"}]
    assert client.get("/static/chart.txt").text == "rocks"
    assert client.get("/static/../chart.txt").status_code == 404
    assert app.url_path_for("static", path="chart.txt") == "/static/chart.txt"


def test_a_route_class_may_wrap_the_handler():
    class Signed(APIRoute):
        def get_route_handler(self):
            handler = super().get_route_handler()

            async def signed(request: Request) -> Response:
                response = await handler(request)
                response.headers["x-signed-by"] = "harbour master"
                return response

            return signed

    router = APIRouter(route_class=Signed)

    @router.get("/papers")
    def papers():
        return "in order"

    app = FastAPI()
    app.include_router(router)
    response = TestClient(app).get("/papers")
    assert (response.json(), response.headers["x-signed-by"]) == ("in order", "harbour master")


def test_security_schemes_and_scopes():
    app = FastAPI()
    basic, bearer = HTTPBasic(), OAuth2PasswordBearer(tokenUrl="token", scopes={"sail": "Go out"})

    @app.get("/basic")
    def with_basic(credentials: Annotated[HTTPBasicCredentials, Depends(basic)]):
        return credentials.username

    def user(scopes: SecurityScopes, token: Annotated[str, Depends(bearer)]) -> str:
        return f"{token} may {scopes.scope_str}"

    @app.get("/bearer")
    def with_bearer(user: Annotated[str, Security(user, scopes=["sail"])]):
        return user

    client = TestClient(app)
    assert client.get("/basic", auth=("ida", "secret")).json() == "ida"
    refused = client.get("/bearer")
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert refused.json() == {"detail": "Not authenticated"}
    assert client.get("/bearer", headers={"authorization": "Bearer t"}).json() == "t may sail"
    document = app.openapi()
    assert document["paths"]["/bearer"]["get"]["security"] == [{"OAuth2PasswordBearer": ["sail"]}]
    assert document["components"]["securitySchemes"]["HTTPBasic"] == {"type": "http", "scheme": "basic"}


def test_websockets_with_dependencies():
    app = FastAPI()

    async def crew(name: Annotated[str, Query()]) -> str:
        if name == "stowaway":
            raise HTTPException(403, "Not on the list")
        return name

    @app.websocket("/radio/{channel}")
    async def radio(socket: WebSocket, channel: int, name: Annotated[str, Depends(crew)]):
        await socket.accept()
        await socket.send_json({"channel": channel, "heard": await socket.receive_text(), "from": name})
        await socket.close()

    client = TestClient(app)
    with client.websocket_connect("/radio/16?name=ida") as socket:
        socket.send_text("ahoy")
        assert socket.receive_json() == {"channel": 16, "heard": "ahoy", "from": "ida"}
    with pytest.raises(WebSocketDisconnect) as caught, client.websocket_connect("/radio/x?name=ida"):
        pytest.fail("the handshake must be refused")
    assert caught.value.code == status.WS_1008_POLICY_VIOLATION


def test_limits_of_bodies_are_inherited():
    app = FastAPI(max_body_size=5)

    @app.post("/small")
    async def small(request: Request):
        return len(await request.body())

    @app.post("/large", max_body_size=10)
    async def large(request: Request):
        return len(await request.body())

    client = TestClient(app)
    assert client.post("/small", content=b"123456").status_code == 413
    assert client.post("/large", content=b"123456").json() == 6


def test_jsonable_encoder_takes_models_inside_containers():
    assert jsonable_encoder({"boats": [Boat(name="Alma")]}, exclude_none=True) == {"boats": [{"name": "Alma", "masts": 1}]}
