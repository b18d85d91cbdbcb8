"""An application that lives below a prefix which a proxy takes away."""

import pytest

from trine import App, Request
from trine.testing import TestClient


def test_urls_have_the_prefix_that_a_proxy_takes_away(client_for):
    app = App(root_path="/api")

    @app.get("/items/{id}")
    async def show(request: Request, id: int) -> list[str]:
        return [str(request.url_for("show", id=id)), request.url.path, str(request.base_url)]

    assert client_for(app).get("/items/7").json() == [
        "http://testserver/api/items/7",
        "/api/items/7",
        "http://testserver/api/",
    ]


@pytest.mark.parametrize(("path", "seen"), [("/app/items", "/items"), ("/application", "/application"), ("/items", "/items")])
def test_only_whole_segments_are_taken_for_the_mount_point(path, seen):
    app = App()

    @app.get("/{rest:path}")
    async def show(request: Request) -> str:
        return request.path

    client = TestClient(app, root_path="/app", interface="asgi")
    assert client.get(path).json() == seen
