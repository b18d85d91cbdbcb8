"""What FastAPI's programs expect around a request: anyio's threads and cancel scopes, limits on dependencies, telemetry."""

from typing import Annotated

import anyio
import anyio.from_thread
import anyio.lowlevel
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from trine.compat.fastapi import Depends, FastAPI
from trine.compat.fastapi.telemetry import get_telemetry_data
from trine.compat.fastapi.testclient import TestClient


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_plain_function_comes_back_to_the_event_loop_from_its_thread(backend):
    app = FastAPI()

    @app.get("/")
    def index() -> str:
        anyio.from_thread.run(anyio.sleep, 0)
        return "ok"

    assert TestClient(app, backend=backend).get("/").json() == "ok"


@pytest.mark.parametrize("scope", ["function", "request"])
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_clean_up_is_shielded_from_the_scope_that_cancels_its_request(scope, backend):
    app, happened = FastAPI(), []

    async def session():
        try:
            yield
        finally:
            await anyio.lowlevel.checkpoint()
            happened.append("closed")

    @app.get("/", dependencies=[Depends(session, scope=scope)])
    async def index() -> None:
        cancelled.cancel()
        await anyio.lowlevel.checkpoint()

    async def receive():
        await anyio.sleep_forever()

    async def send(message):
        happened.append(message["type"])

    async def answer() -> None:
        nonlocal cancelled
        asked = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [], "asgi": {"version": "3.0"}}
        with anyio.CancelScope() as cancelled:
            await app(asked, receive, send)

    cancelled: anyio.CancelScope
    anyio.run(answer, backend=backend)
    assert happened == ["closed"]


@pytest.mark.parametrize("wrong", [0, True, "2"])
def test_a_limit_that_is_none_is_refused_as_fastapi_does(wrong):
    with pytest.raises(ValueError, match="positive integer or None"):
        Depends(max_concurrency=wrong)


def test_telemetry_names_the_parts_of_a_request_as_fastapi_does():
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    app = FastAPI(telemetry={"tracer_provider": provider, "exclude": lambda scope: scope["path"] == "/health"})
    inner = FastAPI()
    seen = []

    def user() -> str:
        return "ada"

    @inner.get("/items/{item_id}")
    def read_item(item_id: int, user: Annotated[str, Depends(user)]) -> dict[str, int]:
        data = get_telemetry_data()
        assert data is not None
        seen.append((data.request.url.path, data.values, data.errors))
        return {"item_id": item_id}

    @app.get("/health")
    async def health() -> str:
        assert get_telemetry_data() is None
        return "ok"

    app.mount("/shops/{shop}", inner)
    client = TestClient(app)
    assert client.get("/shops/7/items/3").json() == {"item_id": 3}
    assert client.get("/health").json() == "ok"
    names = [span.name for span in exporter.get_finished_spans()]
    parts = ["fastapi.dependencies", "fastapi.endpoint", "fastapi.serialization"]
    assert names == [*parts, "GET /shops/{shop}/items/{item_id}"]
    assert seen == [("/shops/7/items/3", {"item_id": 3, "user": "ada"}, [])]
    assert get_telemetry_data() is None
