"""Who may open a WebSocket: this site's own pages, those that are allowed, and clients that are no browsers."""

import pytest

from trine import APIRouter, App, Settings, SetupError, WebSocket
from trine.testing import WebSocketDenied


def chat(**options) -> App:
    app = App()

    @app.websocket("/chat", **options)
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("hello")

    return app


def opens(client, **headers) -> bool:
    try:
        with client.websocket_connect("/chat", headers={name.replace("_", "-"): value for name, value in headers.items()}) as ws:
            return ws.receive_text() == "hello"
    except WebSocketDenied as denied:
        return denied.response.status_code != 403


def test_own_pages_and_other_programs_may_connect(client_for):
    client = client_for(chat())
    assert opens(client)
    assert opens(client, origin="http://testserver")
    assert opens(client, sec_fetch_site="same-origin", origin="http://testserver")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil.example", "http://testserver:81", ""])
def test_pages_of_other_sites_may_not(client_for, origin, caplog):
    assert not opens(client_for(chat()), origin=origin)
    assert [record.getMessage() for record in caplog.records] == [
        f"WebSocket /chat refused a page of the origin {origin!r}. allow_origins=[...] at the route would let it in."
    ]


def test_browser_that_names_another_site_is_believed(client_for):
    assert not opens(client_for(chat()), sec_fetch_site="cross-site", origin="http://testserver")


def test_other_sites_can_be_allowed(client_for):
    client = client_for(chat(allow_origins=["https://app.example.org"]))
    assert opens(client, origin="https://app.example.org", sec_fetch_site="cross-site")
    assert not opens(client, origin="https://evil.example")


def test_every_site_can_be_allowed(client_for):
    assert opens(client_for(chat(allow_origins=["*"])), origin="https://evil.example")


def test_origins_of_application_router_and_settings(client_for):
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("hello")

    by_setting = App(settings=Settings(websocket_origins=("https://a.example",)))
    by_setting.websocket("/chat")(talk)
    assert opens(client_for(by_setting), origin="https://a.example")

    by_app = App(
        settings=Settings(websocket_origins=("https://a.example",)), websocket_options={"allow_origins": ["https://b.example"]}
    )
    by_app.websocket("/chat")(talk)
    assert opens(client_for(by_app), origin="https://b.example")
    assert not opens(client_for(by_app), origin="https://a.example")

    by_router, router = App(), APIRouter(websocket_options={"allow_origins": ["https://c.example"]})
    router.websocket("/chat")(talk)
    by_router.include_router(router)
    assert opens(client_for(by_router), origin="https://c.example")


@pytest.mark.parametrize("origins", ["https://a.example", ["a.example"], ["https://a.example/"]])
def test_origin_that_no_browser_sends_stops_the_start(origins):
    with pytest.raises(SetupError, match="allow_origins"):
        chat(allow_origins=origins).prepare()


def test_option_that_there_is_not_stops_the_start():
    with pytest.raises(SetupError, match="has the option 'max_size', which there is not"):
        chat(max_size=1).prepare()
