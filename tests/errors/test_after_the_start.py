"""An error after the answer has begun never starts a second answer."""

import pytest

from trine import App, BackgroundTasks, Depends, FileResponse, StreamingResponse


def broken_stream():
    yield b"begun "
    raise ValueError("too late")


def nothing(request, call_next):
    return call_next(request)


@pytest.fixture(params=[False, True], ids=["direct", "below middleware"])
def app(request) -> App:
    app = App()
    if request.param:
        app.add_middleware(lambda handler: handler)
    return app


def test_stream_that_breaks_raises_to_the_server(app, client_for):
    @app.get("/")
    def index() -> StreamingResponse:
        return StreamingResponse(broken_stream())

    with pytest.raises(ValueError, match="too late"):
        client_for(app).get("/")


def test_stream_that_breaks_has_one_head(app, client_for):
    @app.get("/")
    def index() -> StreamingResponse:
        return StreamingResponse(broken_stream())

    client = client_for(app, raise_server_exceptions=False)
    with client.stream("GET", "/") as response:
        assert response.status_code == 200
        chunks = response.iter_bytes()
        assert next(chunks) == b"begun "
        with pytest.raises(Exception, match="ended before its answer was complete"):
            next(chunks)


def test_background_work_that_fails_leaves_the_answer_alone(app, client_for):
    @app.get("/")
    def index(background: BackgroundTasks) -> dict[str, bool]:
        def fail() -> None:
            raise ValueError("after the answer")

        background.add_task(fail)
        return {"ok": True}

    response = client_for(app, raise_server_exceptions=False).get("/")
    assert (response.status_code, response.json()) == (200, {"ok": True})


def test_cleanup_that_fails_leaves_the_answer_alone(app, client_for):
    def resource():
        yield 1
        raise ValueError("after the answer")

    @app.get("/")
    def index(value: int = Depends(resource)) -> dict[str, int]:
        return {"value": value}

    response = client_for(app, raise_server_exceptions=False).get("/")
    assert (response.status_code, response.json()) == (200, {"value": 1})


def test_missing_file_is_an_error_before_the_start(app, client_for):
    @app.get("/")
    def index() -> FileResponse:
        return FileResponse("/nowhere/at/all.txt")

    response = client_for(app, raise_server_exceptions=False).get("/")
    assert (response.status_code, response.text) == (500, "Internal Server Error")
