"""Mounted WSGI applications (PEP 3333): what they see, what becomes of what they send, and when they may clean up."""

from contextvars import ContextVar
from threading import Event, current_thread

import pytest

from trine import App


@pytest.fixture
def mounted(client_for):
    """A client of an application that has a WSGI application below `/old`."""

    def make(wsgi, **options):
        app = App()
        app.mount("/old", wsgi)
        return client_for(app, **options)

    return make


def answering(*chunks, status="200 OK", headers=(("content-type", "text/plain"),)):
    def wsgi(environ, start_response):
        start_response(status, list(headers))
        return list(chunks)

    return wsgi


def test_it_sees_the_request_as_pep_3333_says(mounted):
    seen = {}

    def wsgi(environ, start_response):
        seen.update(environ)
        seen["body"] = environ["wsgi.input"].read()
        start_response("200 OK", [])
        return []

    headers = [
        ("x-a", "1"),
        ("x-a", "2"),
        ("cookie", "a=1"),
        ("cookie", "b=2"),
        ("x_forged", "no"),
        ("content-type", "text/plain"),
    ]
    mounted(wsgi).post("/old/caf%C3%A9?q=1%202", content=b"body", headers=headers)
    wanted = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "/old",
        "PATH_INFO": "/café".encode().decode("latin-1"),
        "QUERY_STRING": "q=1%202",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "4",
        "HTTP_X_A": "1,2",
        "HTTP_COOKIE": "a=1; b=2",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "body": b"body",
    }
    assert {name: seen.get(name) for name in wanted} == wanted
    assert "HTTP_X_FORGED" not in seen
    assert seen["SERVER_NAME"] and seen["SERVER_PORT"].isdecimal() and seen["REMOTE_ADDR"]
    assert not any(name in seen for name in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"))


def test_without_a_body_it_sees_the_same(mounted):
    seen = []

    def wsgi(environ, start_response):
        seen.append({**environ, "wsgi.input": environ["wsgi.input"].read()})
        start_response("200 OK", [])
        return [b"x"]

    client = mounted(wsgi)
    for length in ([], [("content-length", "0")]):
        headers = [("x-a", "1"), ("x-a", "2"), ("cookie", "a=1"), ("cookie", "b=2"), ("x_forged", "no"), *length]
        client.request("GET", "/old/caf%C3%A9?q=1%202", headers=headers)
    assert seen[1].pop("CONTENT_LENGTH") == "0"
    assert seen[0] == seen[1]
    assert (seen[0]["HTTP_X_A"], seen[0]["HTTP_COOKIE"]) == ("1,2", "a=1; b=2")


def test_at_the_mount_itself_the_path_is_empty(mounted):
    def wsgi(environ, start_response):
        start_response("200 OK", [])
        return [f"{environ['SCRIPT_NAME']}|{environ['PATH_INFO']}".encode()]

    client = mounted(wsgi)
    assert [client.get(path).text for path in ("/old", "/old/")] == ["/old|", "/old|/"]


def test_its_answer_goes_out_with_safe_headers_of_the_application(mounted):
    own = (("X-Frame-Options", "SAMEORIGIN"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Connection", "close"))
    response = mounted(answering(b"one", b"two", status="202 Fine", headers=own)).get("/old/")
    assert (response.status_code, response.text) == (202, "onetwo")
    assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert response.headers.get_list("x-frame-options") == ["SAMEORIGIN"]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "connection" not in response.headers


def test_a_length_that_is_wrong_is_corrected(mounted):
    response = mounted(answering(b"four", headers=[("content-length", "99")])).get("/old/")
    assert (response.text, response.headers["content-length"]) == ("four", "4")


def test_head_has_the_headers_and_no_body(mounted):
    client = mounted(answering(b"four", headers=[("content-length", "4"), ("content-type", "text/x")]))
    response = client.head("/old/")
    assert (response.content, response.headers["content-length"], response.headers["content-type"]) == (b"", "4", "text/x")
    assert mounted(answering(status="304 Not Modified", headers=[("etag", '"a"')])).get("/old/").headers["etag"] == '"a"'


@pytest.mark.parametrize("size", [0, 1, 256 * 1024, 256 * 1024 + 1, 3_000_000])
def test_bodies_of_any_size_arrive(mounted, size):
    def wsgi(environ, start_response):
        body = environ["wsgi.input"]
        read = sum(len(line) for line in iter(lambda: body.read(100_000), b""))
        start_response("200 OK", [])
        return [f"{read} {body.read(1)!r}".encode()]

    client = mounted(wsgi)
    assert client.post("/old/", content=b"x" * size).text == f"{size} b''"
    assert client.post("/old/", content=iter([b"x" * size] if size else [])).text == f"{size} b''"


def test_lines_of_a_large_body_can_be_read(mounted):
    def wsgi(environ, start_response):
        start_response("200 OK", [])
        return [str(sum(1 for _ in environ["wsgi.input"])).encode()]

    assert mounted(wsgi).post("/old/", content=b"line\n" * 100_000).text == "100000"


def test_an_application_that_reads_nothing_of_a_large_body_answers_all_the_same(mounted):
    response = mounted(answering(b"too large", status="413 Too Large")).post("/old/", content=b"x" * 1_000_000)
    assert (response.status_code, response.text) == (413, "too large")


def test_pieces_come_one_by_one(mounted):
    go_on = Event()

    def wsgi(environ, start_response):
        start_response("200 OK", [("content-type", "text/event-stream")])
        yield b"one"
        assert go_on.wait(10)
        yield b"two"

    with mounted(wsgi).stream("GET", "/old/") as response:
        pieces = response.iter_raw()
        first = next(pieces)
        go_on.set()
        assert [first, *pieces] == [b"one", b"two"]


def test_what_is_written_comes_before_what_is_returned(mounted):
    def wsgi(environ, start_response):
        write = start_response("200 OK", [])
        write(b"written, ")
        return [b"returned"]

    assert mounted(wsgi).get("/old/").text == "written, returned"


def test_it_may_clean_up_once_whatever_happens(mounted):
    closed = []

    class Body:
        def __init__(self, *chunks):
            self.chunks = iter(chunks)

        def __iter__(self):
            return self

        def __next__(self):
            chunk = next(self.chunks)
            if isinstance(chunk, Exception):
                raise chunk
            return chunk

        def close(self):
            closed.append(True)

    def wsgi_of(*chunks):
        def wsgi(environ, start_response):
            start_response("200 OK", [])
            return Body(*chunks)

        return wsgi

    assert mounted(wsgi_of(b"a", b"b")).get("/old/").text == "ab"
    assert mounted(wsgi_of()).get("/old/").text == ""
    with pytest.raises(LookupError):
        mounted(wsgi_of(LookupError("early"))).get("/old/")
    with mounted(wsgi_of(*[b"x" * 100_000] * 50)).stream("GET", "/old/") as response:
        next(response.iter_raw())
    assert closed == [True] * 4


def test_context_variables_last_for_the_whole_call(mounted):
    variable = ContextVar("variable", default="unset")

    def wsgi(environ, start_response):
        token = variable.set("set")
        start_response("200 OK", [])
        yield variable.get().encode()
        yield variable.get().encode()
        variable.reset(token)

    assert mounted(wsgi).get("/old/").text == "setset"
    assert variable.get() == "unset"


def test_it_runs_in_worker_threads_even_below_middleware(client_for):
    app = App()

    @app.middleware("http")
    async def mark(request, call_next):
        response = await call_next(request)
        response.headers["x-marked"] = "yes"
        return response

    app.mount("/old", lambda environ, start: (start("200 OK", []), [current_thread().name.encode()])[1])
    response = client_for(app).post("/old/", content=b"body")
    assert response.text.startswith("trine-worker") and response.headers["x-marked"] == "yes"
    assert response.headers["x-content-type-options"] == "nosniff"


def test_an_error_is_answered_and_told(mounted):
    def broken(environ, start_response):
        raise LookupError("in the application")

    assert mounted(broken, raise_server_exceptions=False).get("/old/").status_code == 500
    with pytest.raises(LookupError, match="in the application"):
        mounted(broken).get("/old/")
    with pytest.raises(RuntimeError, match=r"sent a body without calling start_response\(\)"):
        mounted(lambda environ, start: [b"x"]).get("/old/")


def test_an_application_may_change_its_mind_before_it_has_sent_anything(mounted):
    def wsgi(environ, start_response):
        start_response("200 OK", [("x-a", "1")])
        try:
            raise LookupError("late")
        except LookupError as error:
            start_response("500 Broken", [("x-b", "2")], (type(error), error, error.__traceback__))
        return [b"sorry"]

    response = mounted(wsgi).get("/old/")
    assert (response.status_code, response.headers["x-b"], "x-a" in response.headers) == (500, "2", False)


def test_websockets_are_refused(mounted):
    from trine.errors import WebSocketDisconnect

    with pytest.raises(WebSocketDisconnect), mounted(answering(b"")).websocket_connect("/old/"):
        pass
