"""API versions: in the path, a header or the media type; routes that come and go; and what clients are told about it."""

from datetime import UTC, date, datetime

import pytest

from trine import APIRouter, APIVersions, App, Deprecation, Response, SetupError

PLACES = {"path": {}, "header": {"header": "API-Version"}, "media type": {"media_type": "application/vnd.shop.v{version}+json"}}


def shop(**options) -> App:
    app = App(title="Shop", versions=APIVersions("1", "2", "3", **options))

    @app.get("/items", until="1", name="items")
    async def old_items() -> str:
        return "old"

    @app.get("/items", since="2", name="items")
    async def new_items() -> str:
        return "new"

    @app.get("/only", since="2", until="2")
    async def only() -> str:
        return "only"

    @app.get("/health", versioned=False)
    async def health() -> str:
        return "well"

    return app


@pytest.fixture(params=PLACES)
def ask(request, client_for):
    """Asks for a path of a version, wherever it is named."""
    client = client_for(shop(**PLACES[request.param]))

    def ask_for(version, path):
        if request.param == "path":
            return client.get(f"/v{version}{path}")
        if request.param == "header":
            return client.get(path, headers={"api-version": version})
        return client.get(path, headers={"accept": f"text/html;q=0.1, application/vnd.shop.v{version}+json;q=0.9"})

    return ask_for


def test_a_route_exists_from_one_version_to_another(ask):
    assert [ask(version, "/items").json() for version in "123"] == ["old", "new", "new"]
    assert [ask(version, "/only").status_code for version in "123"] == [404, 200, 404]


def test_what_has_no_version_stands_beside_them(client_for):
    for options in PLACES.values():
        assert client_for(shop(**options)).get("/health").json() == "well"


def test_a_version_in_the_path_is_part_of_it(client_for):
    app = shop()
    client = client_for(app)
    assert [client.get(path).status_code for path in ("/items", "/v4/items", "/v1/health")] == [404, 404, 404]
    assert [app.url_path_for(name) for name in ("items", "1:items", "health")] == ["/v3/items", "/v1/items", "/health"]


def test_paths_may_be_named_otherwise(client_for):
    assert client_for(shop(path="/api/{version}")).get("/api/1/items").json() == "old"


def test_a_header_chooses_the_version(client_for):
    client = client_for(shop(header="API-Version"))
    assert client.get("/items").json() == "new"
    assert client.get("/items", headers={"api-version": " 1 "}).json() == "old"
    answer = client.get("/items", headers={"api-version": "1"})
    assert (answer.headers["api-version"], answer.headers["vary"]) == ("1", "API-Version")
    refused = client.get("/items", headers={"api-version": "9" * 60})
    assert refused.status_code == 400
    assert refused.json() == {"detail": f"There is no version '{'9' * 40}' of this API. There are: 1, 2, 3."}
    assert client_for(shop(header="API-Version", default="1")).get("/items").json() == "old"


def test_a_media_type_chooses_the_version(client_for):
    client = client_for(shop(media_type="application/vnd.shop.v{version}+json"))
    assert client.get("/items", headers={"accept": "*/*"}).json() == "new"
    assert client.get("/items", headers={"accept": "APPLICATION/VND.SHOP.V1+JSON"}).json() == "old"
    assert client.get("/items", headers={"accept": "application/xvnd.shop.v1+json"}).json() == "new"
    refused = client.get("/items", headers={"accept": "application/vnd.shop.v9+json"})
    assert (refused.status_code, refused.json()["detail"]) == (406, "There is no version '9' of this API. There are: 1, 2, 3.")


def test_middleware_and_hosts_work_with_versions(client_for):
    app = shop(header="API-Version")

    @app.middleware("http")
    async def mark(request, call_next):
        response = await call_next(request)
        response.headers["x-marked"] = "yes"
        return response

    client = client_for(app)
    for version, body in (("1", "old"), ("2", "new")):
        answer = client.get("/items", headers={"api-version": version})
        assert (answer.json(), answer.headers["x-marked"], answer.headers["api-version"]) == (body, "yes", version)
    assert client.get("/items", headers={"host": "elsewhere.example"}).status_code == 400


def test_routers_say_versions_of_all_that_they_have(client_for):
    app, old, new = App(versions=APIVersions("1", "2")), APIRouter(until="1"), APIRouter()
    old.add_api_route("/a", lambda: "a")
    old.add_api_route("/b", lambda: "b", until="2")
    new.add_api_route("/c", lambda: "c")
    app.include_router(old)
    app.include_router(new, prefix="/new", since="2")
    client = client_for(app)
    found = [
        path for path in ("/v1/a", "/v2/a", "/v1/b", "/v2/b", "/v1/new/c", "/v2/new/c") if client.get(path).status_code == 200
    ]
    assert found == ["/v1/a", "/v1/b", "/v2/b", "/v2/new/c"]


GOING = Deprecation(date(2026, 1, 1), sunset=datetime(2026, 12, 31, 12, tzinfo=UTC), link="https://shop.example/moving")


def test_clients_are_told_that_a_version_goes(client_for):
    client = client_for(shop(deprecated={"1": GOING}))
    answer = client.get("/v1/items")
    assert answer.headers["deprecation"] == "@1767225600"
    assert answer.headers["sunset"] == "Thu, 31 Dec 2026 12:00:00 GMT"
    assert answer.headers["link"] == '<https://shop.example/moving>; rel="deprecation"; type="text/html"'
    assert "deprecation" not in client.get("/v2/items").headers


def test_clients_are_told_that_a_route_goes_also_by_its_errors(client_for):
    app = App()

    @app.get("/old/{number}", deprecated=Deprecation(date(2026, 1, 1)))
    async def old(number: int) -> int:
        return number

    @app.get("/own", deprecated=GOING)
    async def own() -> Response:
        return Response("text", headers={"sunset": "Fri, 01 Jan 2027 00:00:00 GMT"})

    client = client_for(app)
    for path in ("/old/1", "/old/x"):
        assert client.get(path).headers["deprecation"] == "@1767225600"
    assert client.get("/own").headers.get_list("sunset") == ["Fri, 01 Jan 2027 00:00:00 GMT"]
    operation = client.get("/openapi.json").json()["paths"]["/old/{number}"]["get"]
    assert operation["deprecated"] is True
    assert operation["responses"]["200"]["headers"]["Deprecation"]["example"] == "@1767225600"


def test_each_version_has_a_document_of_its_own(client_for):
    client = client_for(shop(header="API-Version", deprecated={"1": GOING}))
    old, new = (client.get(f"/openapi.json?version={version}").json() for version in "12")
    assert (old["info"]["version"], new["info"]["version"]) == ("1", "2")
    assert (sorted(old["paths"]), sorted(new["paths"])) == (["/health", "/items"], ["/health", "/items", "/only"])
    assert old["paths"]["/items"]["get"]["parameters"] == [
        {
            "name": "API-Version",
            "in": "header",
            "required": True,
            "schema": {"type": "string", "const": "1", "title": "API version"},
        }
    ]
    assert "parameters" not in old["paths"]["/health"]["get"]
    newest = client.get("/openapi.json").json()
    assert (newest["info"]["version"], newest["paths"]["/items"]["get"]["parameters"][0]["required"]) == ("3", False)
    assert sorted(client_for(shop()).get("/openapi.json?version=2").json()["paths"]) == ["/health", "/v2/items", "/v2/only"]


def test_the_documentation_has_a_switch(client_for):
    client = client_for(shop())
    for page in ("/docs", "/redoc"):
        text = client.get(f"{page}?version=2").text
        assert "/openapi.json?version=2" in text
        assert f'<a href="{page}?version=3">Version 3</a>' in text
        assert "Shop, version 2" in text
        assert "/openapi.json?version=3" in client.get(f"{page}?version=nonsense").text


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (APIVersions, "APIVersions names []."),
        (lambda: APIVersions("1", "1"), "APIVersions names ['1', '1']."),
        (lambda: APIVersions("1/2"), "APIVersions names ['1/2']."),
        (lambda: APIVersions("1", path="/v"), "APIVersions has no place for the version in '/v'."),
        (lambda: APIVersions("1", media_type="text/x"), "APIVersions has no place for the version in 'text/x'."),
        (lambda: APIVersions("1", header="a", media_type="b{version}"), "APIVersions asks both a header and a media type."),
        (lambda: APIVersions("1", default="1"), "APIVersions has the default '1', but its paths name the version."),
        (lambda: APIVersions("1", header="a", default="2"), "APIVersions speaks of ['2'], which it does not name."),
        (
            lambda: Deprecation(date(2026, 2, 1), sunset=date(2026, 1, 1)),
            "The sunset 2026-01-01 lies before the deprecation on 2026-02-01.",
        ),
    ],
)
def test_versions_that_cannot_be_are_mistakes(make, message):
    with pytest.raises(SetupError) as caught:
        make()
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("options", "versions", "message"),
    [
        ({"since": "9"}, APIVersions("1", "2"), "The route 'route' exists since version '9', which is not declared."),
        ({"since": "2", "until": "1"}, APIVersions("1", "2"), "The route 'route' exists since version 2, but only until 1."),
        ({"since": "1"}, None, "The route 'route' belongs to API versions, and the application declares none."),
    ],
)
def test_routes_of_versions_that_are_not_declared_are_mistakes(options, versions, message):
    app = App(versions=versions)
    app.add_api_route("/", lambda: 1, name="route", **options)
    with pytest.raises(SetupError) as caught:
        app.prepare()
    assert caught.value.message == message


def test_two_routes_of_one_version_at_one_path_are_a_mistake():
    app = App(versions=APIVersions("1", "2"))
    app.add_api_route("/a", lambda: 1, name="one")
    app.add_api_route("/a", lambda: 1, name="two", since="2")
    with pytest.raises(SetupError, match=r"GET /v2/a is answered twice: by 'one' \(/v2/a\) and 'two'\."):
        app.prepare()
