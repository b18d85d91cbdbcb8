"""A directory of files below a path: what is found, what is sent, and what never leaves the directory."""

import os

import pytest

from trine import App, SetupError, StaticFiles


@pytest.fixture
def site(tmp_path):
    """A directory with a secret beside it."""
    (tmp_path / "secret.txt").write_text("secret")
    site = tmp_path / "site"
    (site / "css").mkdir(parents=True)
    (site / "docs").mkdir()
    (site / "assets").mkdir()
    (site / "css" / "main.css").write_text("body {}")
    (site / "index.html").write_text("<h1>Home</h1>")
    (site / "docs" / "index.html").write_text("<h1>Docs</h1>")
    (site / "404.html").write_text("<h1>Not here</h1>")
    (site / "app.js").write_text("alert('plain')")
    (site / "assets" / "app-3f2a9c1b.js").write_text("alert(1)")
    (site / ".env").write_text("KEY=1")
    (site / ".well-known").mkdir()
    (site / ".well-known" / "security.txt").write_text("Contact: mailto:a@example.org")
    (site / "ä b.txt").write_text("umlaut")
    return site


@pytest.fixture
def client_of(client_for, site):
    """A client of an application that serves the directory below /static."""

    def make(**options):
        app = App()
        app.mount("/static", StaticFiles(directory=site, **options), name="static")

        @app.get("/static/made")
        async def made() -> str:
            return "made"

        return client_for(app, follow_redirects=False)

    return make


def test_a_file_is_sent_with_its_type_size_and_date(client_of):
    answer = client_of().get("/static/css/main.css")
    assert (answer.status_code, answer.text) == (200, "body {}")
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["content-length"] == "7"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert {"etag", "last-modified", "accept-ranges"} <= set(answer.headers)
    assert "cache-control" not in answer.headers


def test_a_name_may_hold_any_letters(client_of):
    assert client_of().get("/static/%C3%A4%20b.txt").text == "umlaut"


def test_ranges_and_conditions_are_answered(client_of):
    client = client_of()
    etag = client.get("/static/app.js").headers["etag"]
    assert client.get("/static/app.js", headers={"if-none-match": etag}).status_code == 304
    assert client.get("/static/app.js", headers={"range": "bytes=0-4"}).text == "alert"
    assert client.head("/static/app.js").headers["content-length"] == "14"


def test_a_changed_file_is_seen_at_once(client_of, site):
    client = client_of()
    first = client.get("/static/app.js")
    (site / "app.js").write_text("alert('a longer one')")
    second = client.get("/static/app.js", headers={"if-none-match": first.headers["etag"]})
    assert (second.status_code, second.text) == (200, "alert('a longer one')")
    (site / "app.js").unlink()
    assert client.get("/static/app.js").status_code == 404


@pytest.mark.parametrize("path", ["/static/none.txt", "/static/css", "/static/css/", "/static/", "/static", "/static/app.js/"])
def test_what_is_no_file_is_not_found(client_of, path):
    assert client_of().get(path).status_code == 404


def test_other_methods_are_refused_by_name(client_of):
    client = client_of()
    for method in ("POST", "PUT", "DELETE"):
        answer = client.request(method, "/static/app.js")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert client.options("/static/app.js").headers["allow"] == "GET, HEAD"


def test_routes_win_over_files(client_of):
    assert client_of().get("/static/made").json() == "made"


def test_url_for_builds_the_address_of_a_file(client_for, site):
    app = App()
    app.mount("/static", StaticFiles(directory=site), name="static")
    assert app.url_path_for("static", path="/css/main.css") == "/static/css/main.css"


ESCAPES = [
    "/static/../secret.txt",
    "/static/..%2fsecret.txt",
    "/static/%2e%2e/secret.txt",
    "/static/%2e%2e%2fsecret.txt",
    "/static/%252e%252e%252fsecret.txt",
    "/static/css/../../secret.txt",
    "/static/css/..%2f..%2fsecret.txt",
    "/static/..%5csecret.txt",
    "/static/..\\secret.txt",
    "/static/....//secret.txt",
    "/static//etc/passwd",
    "/static/%2fetc/passwd",
    "/static/C:/secret.txt",
    "/static/c%3a%5csecret.txt",
    "/static/app.js%00.txt",
    "/static/app.js::$DATA",
    "/static/%c0%ae%c0%ae/secret.txt",
    "/static/css//main.css",
    "/static/.env",
    "/static/css/%2e%2e/.env",
    "/static/" + "a" * 5000,
    "/static/" + "a/" * 2000,
]


@pytest.mark.parametrize("path", ESCAPES, ids=range(len(ESCAPES)))
@pytest.mark.parametrize("html", [True, False])
def test_nothing_outside_is_ever_sent(client_of, path, html):
    client = client_of(html=html)
    # As bytes on the wire: a client would tidy the path.
    request = client.build_request("GET", "/static/x")
    request.url = request.url.copy_with(raw_path=path.encode())
    answer = client.send(request)
    assert answer.status_code in (400, 404)
    assert "secret" not in answer.text.replace(path, "")
    assert "KEY" not in answer.text


def test_hidden_files_are_served_where_asked_for(client_of):
    assert client_of().get("/static/.env").status_code == 404
    assert client_of().get("/static/.well-known/security.txt").status_code == 200
    assert client_of(hidden=True).get("/static/.env").text == "KEY=1"


def test_a_link_that_leads_outside_is_not_followed(client_of, site):
    (site / "out.txt").symlink_to(site.parent / "secret.txt")
    (site / "up").symlink_to(site.parent)
    (site / "in.txt").symlink_to(site / "app.js")
    client = client_of()
    assert client.get("/static/out.txt").status_code == 404
    assert client.get("/static/up/secret.txt").status_code == 404
    assert client.get("/static/in.txt").text == "alert('plain')"
    assert client_of(follow_symlink=True).get("/static/out.txt").text == "secret"


def test_a_file_that_becomes_a_link_outside_is_not_followed(client_of, site):
    client = client_of()
    assert client.get("/static/app.js").status_code == 200
    (site / "app.js").unlink()
    (site / "app.js").symlink_to(site.parent / "secret.txt")
    assert client.get("/static/app.js").status_code == 404


def test_what_is_no_regular_file_is_not_served(client_of, site):
    os.mkfifo(site / "pipe")
    assert client_of().get("/static/pipe").status_code == 404


# Compressed forms -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, zstd", "zstd"),
        ("gzip", "gzip"),
        ("gzip;q=1, br;q=0.5", "gzip"),
        ("br;q=0, gzip;q=0, zstd;q=0", None),
        ("*", "br"),
        ("*;q=0", None),
        ("identity", None),
        ("br;q=nonsense", None),
        ("", None),
    ],
)
def test_the_compressed_form_that_a_client_likes_best_is_sent(client_of, site, accepted, coding):
    for ending in ("br", "zst", "gz"):
        (site / f"app.js.{ending}").write_text(f"{ending} form")
    client = client_of()
    request = client.build_request("GET", "/static/app.js", headers={"accept-encoding": accepted})
    answer = client.send(request, stream=True)
    raw = b"".join(answer.iter_raw())
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert raw == {"br": b"br form", "zstd": b"zst form", "gzip": b"gz form", None: b"alert('plain')"}[coding]


def test_a_form_that_is_not_there_is_passed_over(client_of, site):
    (site / "app.js.gz").write_text("gz form")
    client = client_of()
    request = client.build_request("GET", "/static/app.js", headers={"accept-encoding": "br, gzip"})
    answer = client.send(request, stream=True)
    assert (answer.headers["content-encoding"], b"".join(answer.iter_raw())) == ("gzip", b"gz form")
    tags = {client.get("/static/app.js", headers={"accept-encoding": "br"}).headers["etag"], answer.headers["etag"]}
    assert len(tags) == 2


def test_an_archive_is_sent_as_what_it_is(client_of, site):
    (site / "data.tar.gz").write_bytes(b"\x1f\x8b")
    answer = client_of().get("/static/data.tar.gz")
    assert answer.headers["content-type"] == "application/gzip"
    assert "content-encoding" not in answer.headers


# Pages ------------------------------------------------------------------------------------------------------------------


def test_a_folder_is_its_page_and_what_is_missing_has_one_too(client_of):
    client = client_of(html=True)
    assert client.get("/static/").text == "<h1>Home</h1>"
    assert client.get("/static/docs/").text == "<h1>Docs</h1>"
    missing = client.get("/static/none")
    assert (missing.status_code, missing.text) == (404, "<h1>Not here</h1>")
    assert client.get("/static/css/").status_code == 404


@pytest.mark.parametrize(
    ("path", "location"), [("/static", "./static/"), ("/static/docs", "./docs/"), ("/static/docs?a=1", "./docs/?a=1")]
)
def test_a_folder_without_its_slash_is_sent_there(client_of, path, location):
    answer = client_of(html=True).get(path)
    assert (answer.status_code, answer.headers["location"]) == (307, location)


def test_pages_are_asked_for_anew_and_hashed_names_never(client_of):
    client = client_of(html=True, immutable="assets/*")
    assert client.get("/static/").headers["cache-control"] == "no-cache"
    assert client.get("/static/assets/app-3f2a9c1b.js").headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "cache-control" not in client.get("/static/app.js").headers
    other = client_of(cache_control="public, max-age=60").get("/static/index.html")
    assert other.headers["cache-control"] == "public, max-age=60"


# Places -----------------------------------------------------------------------------------------------------------------


def test_the_files_of_a_package(client_for, tmp_path, monkeypatch):
    (tmp_path / "toolkit" / "statics").mkdir(parents=True)
    (tmp_path / "toolkit" / "__init__.py").touch()
    (tmp_path / "toolkit" / "statics" / "tool.css").write_text("tool")
    (tmp_path / "toolkit" / "more").mkdir()
    (tmp_path / "toolkit" / "more" / "more.css").write_text("more")
    monkeypatch.syspath_prepend(str(tmp_path))
    app = App()
    app.mount("/static", StaticFiles(packages=["toolkit", ("toolkit", "more")]))
    client = client_for(app)
    assert (client.get("/static/tool.css").text, client.get("/static/more.css").text) == ("tool", "more")


def test_files_below_a_router_and_below_middleware(client_for, site):
    from trine import APIRouter
    from trine.middleware import RequestIDMiddleware

    router = APIRouter(prefix="/shop")
    router.mount("/static", StaticFiles(directory=site))
    app = App()
    app.include_router(router)
    app.add_middleware(RequestIDMiddleware)
    answer = client_for(app).get("/shop/static/app.js")
    assert (answer.status_code, "x-request-id" in answer.headers) == (200, True)


def test_what_middleware_adds_is_for_one_request_alone(client_for, site):
    app = App()
    app.mount("/static", StaticFiles(directory=site))

    @app.middleware("http")
    async def remember(request, call_next):
        response = await call_next(request)
        response.set_cookie("visitor", request.query_params["visitor"])
        return response

    client = client_for(app)
    for visitor in ("ada", "grace"):
        answer = client.get(f"/static/app.js?visitor={visitor}")
        assert [line.partition(";")[0] for line in answer.headers.get_list("set-cookie")] == [f"visitor={visitor}"]


def test_mistakes_are_told_when_they_are_made(tmp_path):
    with pytest.raises(SetupError, match="has nothing to serve"):
        StaticFiles()
    with pytest.raises(SetupError, match="does not exist"):
        StaticFiles(directory=tmp_path / "none")
    with pytest.raises(SetupError, match="'no_such_package', which cannot be imported"):
        StaticFiles(packages=["no_such_package"])
    assert StaticFiles(directory=tmp_path / "later", check_dir=False)
