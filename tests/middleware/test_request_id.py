"""Request ids: in the answer, in the state, in the logs."""

import logging
import re

import pytest

from trine import App, HTTPException, Request, Settings, SetupError, StreamingResponse
from trine.middleware import RequestIDFilter, RequestIDMiddleware, current_request_id

logger = logging.getLogger("shop")


def shop(settings=None, **options) -> App:
    app = App(settings=settings)
    app.add_middleware(RequestIDMiddleware, **options)

    @app.get("/")
    def index(request: Request) -> list[str | None]:
        logger.warning("looked")
        return [request.state.request_id, current_request_id()]

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def ids():
            yield current_request_id() or ""

        return StreamingResponse(ids())

    @app.get("/refused")
    def refused() -> None:
        raise HTTPException(403)

    return app


def test_request_gets_an_id(client_for):
    client = client_for(shop())
    first, second = client.get("/"), client.get("/")
    assert re.fullmatch("[0-9a-f]{32}", first.headers["x-request-id"])
    assert first.json() == [first.headers["x-request-id"]] * 2
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert current_request_id() is None


def test_stream_knows_its_id(client_for):
    response = client_for(shop()).get("/stream")
    assert response.text == response.headers["x-request-id"]


def test_sane_id_of_the_client_is_kept(client_for):
    assert client_for(shop()).get("/", headers={"x-request-id": "trace-1234:5"}).json() == ["trace-1234:5"] * 2


@pytest.mark.parametrize(
    "sent", ["", "short", "a" * 129, "with space", "new\tline9", 'quote"quote', "<script>alert", "caf\xe9 caf\xe9"]
)
def test_other_ids_are_replaced(sent, client_for):
    answered = client_for(shop()).get("/", headers={"x-request-id": sent.encode("latin-1")}).headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", answered)


def test_clients_may_be_kept_from_choosing(client_for):
    client = client_for(shop(accept=False, header="X-Trace"))
    assert client.get("/", headers={"x-trace": "trace-1234:5"}).headers["x-trace"] != "trace-1234:5"


def test_logs_name_the_request(client_for, caplog):
    caplog.handler.addFilter(RequestIDFilter())
    client_for(shop()).get("/", headers={"x-request-id": "trace-1234:5"})
    logger.warning("outside")
    assert [record.request_id for record in caplog.records if record.name == "shop"] == ["trace-1234:5", "-"]


def test_problem_details_name_the_request(client_for):
    client = client_for(shop(Settings(problem_details=True)))
    response = client.get("/refused", headers={"x-request-id": "trace-1234:5"})
    assert response.headers["x-request-id"] == "trace-1234:5"
    assert response.json()["request_id"] == "trace-1234:5"


def test_header_that_none_can_be_is_refused():
    with pytest.raises(SetupError) as caught:
        RequestIDMiddleware(header="a b")
    assert str(caught.value) == "header has 'a b', which no header can carry. Use letters, digits and hyphens."
