"""An application that lives below a prefix which a proxy takes away."""

from trine import App, Request


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
