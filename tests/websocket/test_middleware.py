"""Middleware wraps the handshake of a WebSocket, as the GET request that it is."""

import pytest

from trine import APIRouter, App, HTTPException, Request, Response, Settings, WebSocket
from trine.middleware import RequestIDMiddleware, SessionMiddleware, current_request_id
from trine.testing import WebSocketDenied


def test_session_is_read(client_for):
    app = App(settings=Settings(secret_key="k" * 32))
    app.add_middleware(SessionMiddleware)

    @app.post("/login")
    def login(request: Request) -> None:
        request.session["user"] = "ada"

    @app.websocket("/chat")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(socket.session.get("user", "nobody"))

    client = client_for(app, base_url="https://testserver")
    with client.websocket_connect("/chat") as ws:
        assert ws.receive_text() == "nobody"
    client.post("/login")
    with client.websocket_connect("/chat") as ws:
        assert ws.receive_text() == "ada"


def test_conversation_has_the_id_of_its_handshake(client_for, trine_interface):
    app = App()
    app.add_middleware(RequestIDMiddleware)

    @app.websocket("/chat")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_json([socket.state.request_id, current_request_id()])

    with client_for(app).websocket_connect("/chat", headers={"x-request-id": "abcdefgh"}) as ws:
        assert ws.receive_json() == ["abcdefgh", "abcdefgh"]
        # Granian sends no headers with its answer to the handshake.
        assert ws.headers.get("x-request-id") == {"asgi": "abcdefgh", "rsgi": None}[trine_interface]


def test_middleware_may_refuse(client_for):
    app, router = App(), APIRouter()
    seen = []

    def members_only(handler):
        async def with_members(request: Request) -> Response:
            seen.append((request.method, request.path, request.scheme))
            if "authorization" not in request.headers:
                raise HTTPException(401, "Members only")
            return await handler(request)

        return with_members

    def no_teapots(handler):
        async def with_teapots(request: Request) -> Response:
            return Response("no", 418) if request.query_string == "tea" else await handler(request)

        return with_teapots

    inner = APIRouter(middleware=[no_teapots])

    @inner.websocket("/chat")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()

    router.include_router(inner)
    app.include_router(router)
    app.add_middleware(members_only)
    client = client_for(app)
    with client.websocket_connect("/chat", headers={"authorization": "yes"}):
        pass
    for path, headers, status in [("/chat", {}, 401), ("/chat?tea", {"authorization": "yes"}, 418)]:
        with pytest.raises(WebSocketDenied) as denied, client.websocket_connect(path, headers=headers):
            pass
        assert denied.value.response.status_code == status
    assert seen == [("GET", "/chat", "http")] * 3


def test_middleware_for_asgi_sees_the_handshake(client_for):
    class Tagged:
        def __init__(self, app) -> None:
            self.app = app

        async def __call__(self, scope, receive, send) -> None:
            scope["state"]["tag"] = f"{scope['type']} {scope['method']}"
            await self.app(scope, receive, send)

    app = App()
    app.add_middleware(Tagged)
    app.add_middleware(Tagged)

    @app.websocket("/chat")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(socket.state.tag)

    with client_for(app).websocket_connect("/chat") as ws:
        assert ws.receive_text() == "http GET"


def test_dependency_refuses_with_the_status_of_its_exception(client_for):
    from trine import Depends

    def locked() -> None:
        raise HTTPException(401)

    app = App()

    @app.websocket("/chat", dependencies=[Depends(locked)])
    async def talk(socket: WebSocket) -> None: ...

    with pytest.raises(WebSocketDenied) as denied, client_for(app).websocket_connect("/chat"):
        pass
    assert denied.value.response.status_code == 401
