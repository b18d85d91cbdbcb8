"""One value in several formats: the client's Accept line chooses."""

from html import escape

import msgspec
import pytest
from pydantic import BaseModel

from trine import App, Depends, HTMLResponse, HTTPException, JSONResponse, Response, SetupError
from trine.http import CSVResponse, MsgPackResponse


class Article(BaseModel):
    id: int
    title: str
    tags: list[str] = []


ARTICLES = [Article(id=1, title="Tea, green", tags=["a"]), Article(id=2, title="=1+1")]


class Page(HTMLResponse):
    """The articles as a page."""

    def render(self, content):
        """Write a list of titles."""
        return "".join(f"<li>{escape(article['title'])}</li>" for article in content).encode()


@pytest.fixture
def client(client_for):
    app = App()
    calls = []

    @app.get("/articles", response_class=[JSONResponse, CSVResponse, MsgPackResponse, Page])
    async def articles() -> list[Article]:
        return ARTICLES

    @app.post("/articles", response_class=[JSONResponse, MsgPackResponse], status_code=201)
    async def create(response: Response) -> Article:
        calls.append(1)
        response.headers["x-a"] = "1"
        return ARTICLES[0]

    @app.get("/calls")
    async def count() -> int:
        return len(calls)

    @app.get("/given", response_class=[JSONResponse, CSVResponse])
    async def given() -> Response:
        return Response("as it is", media_type="text/plain")

    return client_for(app)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"),
        ("application/msgpack, application/json;q=0.9", "application/msgpack"),
        ("text/*;q=0.5, application/json;q=0.4", "text/csv; charset=utf-8"),
        ("application/json;q=0, */*;q=0.1", "text/csv; charset=utf-8"),
    ],
)
def test_the_client_chooses(client, accept, media_type):
    request = client.build_request("GET", "/articles")
    del request.headers["accept"]
    if accept is not None:
        request.headers["accept"] = accept
    answer = client.send(request)
    assert (answer.status_code, answer.headers["content-type"], answer.headers["vary"]) == (200, media_type, "Accept")


def test_every_format_says_the_same(client):
    def ask(accept):
        return client.get("/articles", headers={"accept": accept})

    values = [article.model_dump() for article in ARTICLES]
    assert ask("application/json").json() == values
    assert msgspec.msgpack.decode(ask("application/msgpack").content) == values
    assert ask("text/csv").text == 'id,title,tags\r\n1,"Tea, green","[""a""]"\r\n2,\'=1+1,[]\r\n'
    assert ask("text/html").text == "<li>Tea, green</li><li>=1+1</li>"


def test_who_takes_none_is_refused_before_anything_runs(client):
    answer = client.post("/articles", headers={"accept": "image/png"})
    assert (answer.status_code, answer.headers["vary"]) == (406, "Accept")
    assert answer.json() == {"detail": "This is available as application/json, application/msgpack."}
    assert client.get("/calls").json() == 0


def test_status_and_headers_are_kept(client):
    answer = client.post("/articles", headers={"accept": "application/msgpack"})
    assert (answer.status_code, answer.headers["x-a"]) == (201, "1")
    assert client.head("/articles", headers={"accept": "text/csv"}).headers["content-type"] == "text/csv; charset=utf-8"


def test_a_response_is_sent_as_it_is(client):
    assert client.get("/given").text == "as it is"


def test_every_format_is_documented(client):
    document = client.get("/openapi.json").json()
    responses = document["paths"]["/articles"]["get"]["responses"]
    schema = responses["200"]["content"]["application/json"]["schema"]
    assert responses["200"]["content"] == {
        "application/json": {"schema": schema},
        "text/csv": {"schema": {"type": "string"}},
        "application/msgpack": {"schema": schema},
        "text/html": {"schema": {"type": "string"}},
    }
    assert schema["items"] == {"$ref": "#/components/schemas/Article"}
    assert responses["406"] == {"description": "Not Acceptable"}


def test_the_first_format_need_not_be_json(client_for):
    app = App()

    @app.get("/", response_class=[Page, JSONResponse])
    def articles() -> list[Article]:
        return ARTICLES

    client = client_for(app)
    assert client.get("/").headers["content-type"] == "text/html; charset=utf-8"
    content = client.get("/openapi.json").json()["paths"]["/"]["get"]["responses"]["200"]["content"]
    assert content["application/json"]["schema"]["items"] == {"$ref": "#/components/schemas/Article"}


def test_below_middleware_and_with_dependencies(client_for):
    def refuse(token: str = "") -> None:
        if not token:
            raise HTTPException(401)

    app = App(default_response_class=[JSONResponse, CSVResponse])
    app.add_middleware(lambda handler: handler)

    @app.get("/", dependencies=[Depends(refuse)])
    def rows() -> list[dict]:
        return [{"a": 1}, {"b": None}]

    client = client_for(app)
    assert client.get("/", headers={"accept": "text/csv"}).status_code == 401
    assert client.get("/?token=1", headers={"accept": "text/csv"}).text == "a,b\r\n1,\r\n,\r\n"


@pytest.mark.parametrize("classes", [[], [JSONResponse, JSONResponse], [Response], [JSONResponse, dict]])
def test_mistakes_are_told_at_the_start(classes):
    app = App()

    @app.get("/", response_class=classes)
    def rows() -> list:
        return []

    with pytest.raises(SetupError, match="response_class of 'rows'"):
        app.prepare()
