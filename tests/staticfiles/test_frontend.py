"""Built single-page applications: files where nothing else answers, and a page for the paths that the browser routes."""

import pytest

from trine import APIRouter, App, Depends, HTTPException, Settings, SetupError

PAGE = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def dist(tmp_path):
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<div id=app>")
    (dist / "assets" / "app.js").write_text("run()")
    return dist


@pytest.fixture
def client_of(client_for, dist):
    """A client of an application with an API and a front end beside it."""

    def make(path: str = "/", **options):
        app = App()

        @app.get("/api/items/{id}")
        async def item(id: int) -> dict[str, int]:
            return {"id": id}

        @app.post("/api/items")
        async def create() -> str:
            return "created"

        app.frontend(path, directory=dist, **options)
        return client_for(app, follow_redirects=False)

    return make


def test_files_are_served_beside_the_api(client_of):
    client = client_of(immutable="assets/*")
    assert client.get("/").text == "<div id=app>"
    assert client.get("/").headers["cache-control"] == "no-cache"
    assert client.get("/assets/app.js").text == "run()"
    assert "immutable" in client.get("/assets/app.js").headers["cache-control"]
    assert client.get("/api/items/1").json() == {"id": 1}
    assert client.post("/api/items").json() == "created"


def test_a_browser_gets_the_page_for_any_other_path(client_of):
    client = client_of()
    assert client.get("/orders/7", headers=PAGE).text == "<div id=app>"
    assert client.head("/orders/7", headers=PAGE).status_code == 200


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html;q=0", "image/avif,*/*"])
def test_what_no_browser_opens_is_not_found(client_of, accept):
    assert client_of().get("/assets/gone.js", headers={"accept": accept}).status_code == 404


def test_other_methods_are_never_answered_with_the_page(client_of):
    client = client_of()
    assert client.post("/orders", headers=PAGE).status_code == 404
    assert client.post("/assets/app.js").status_code == 405
    assert client.get("/api/items", headers=PAGE).status_code == 405


def test_a_404_page_of_the_build_is_used(client_of, dist):
    (dist / "404.html").write_text("gone")
    answer = client_of().get("/orders/7", headers=PAGE)
    assert (answer.status_code, answer.text) == (404, "gone")
    assert client_of(fallback="index.html").get("/orders/7", headers=PAGE).text == "<div id=app>"
    assert client_of(fallback=None).get("/orders/7", headers=PAGE).json() == {"detail": "Not Found"}


def test_a_front_end_below_a_path(client_of):
    client = client_of("/admin")
    assert client.get("/admin/").text == "<div id=app>"
    assert client.get("/admin").headers["location"] == "./admin/"
    assert client.get("/admin/users", headers=PAGE).text == "<div id=app>"
    assert client.get("/administrator", headers=PAGE).status_code == 404


def test_the_longest_path_wins(client_for, dist, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "index.html").write_text("other")
    app = App()
    app.frontend("/", directory=dist)
    app.frontend("/other", directory=other)
    client = client_for(app)
    assert client.get("/other/x", headers=PAGE).text == "other"
    assert client.get("/x", headers=PAGE).text == "<div id=app>"


def test_dependencies_and_handlers_of_the_router_hold_for_it(client_for, dist):
    def refuse() -> None:
        raise HTTPException(401)

    router = APIRouter(prefix="/inside", dependencies=[Depends(refuse)])
    router.frontend(directory=dist)
    app = App()
    app.include_router(router)
    assert client_for(app).get("/inside/assets/app.js").status_code == 401


def test_it_is_no_part_of_the_documentation(client_of):
    assert list(client_of().get("/openapi.json").json()["paths"]) == ["/api/items/{id}", "/api/items"]


def test_a_missing_build_stops_the_start(tmp_path):
    app = App(settings=Settings(mode="production"))
    app.frontend("/", directory=tmp_path / "dist")
    with pytest.raises(SetupError, match=r"The front end's directory .* does not exist"):
        app.prepare()


def test_a_missing_build_is_only_told_in_development(tmp_path, caplog):
    app = App(settings=Settings(mode="development"))
    app.frontend("/", directory=tmp_path / "dist")
    app.prepare()
    assert "Build the front end first." in caplog.text


def test_mistakes_are_told_when_they_are_made(dist):
    with pytest.raises(SetupError, match="must start with '/'"):
        App().frontend("admin", directory=dist)
    with pytest.raises(SetupError, match=r"fallback='page\.html'"):
        App().frontend("/", directory=dist, fallback="page.html")
    app = App(settings=Settings(mode="production"))
    app.frontend("/", directory=dist, fallback="404.html")
    with pytest.raises(SetupError, match=r"has no 404\.html"):
        app.prepare()
