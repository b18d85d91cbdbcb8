"""An application with others mounted, which tells what reaches them and when."""

from contextlib import asynccontextmanager

from trine import App, Request

SEEN = []


@asynccontextmanager
async def outer_lifespan(app):
    SEEN.append("outer")
    yield


@asynccontextmanager
async def inner_lifespan(app):
    SEEN.append("inner")
    yield {"greeting": "hello from the lifespan"}


app = App(lifespan=outer_lifespan)
inner = App(lifespan=inner_lifespan, title="Inner")


@app.get("/seen")
async def seen() -> list[str]:
    return SEEN


@inner.get("/greeting")
async def greeting(request: Request) -> list[str]:
    return [request.state.greeting, str(request.url_for("greeting"))]


def wsgi(environ, start_response):
    """Reads its body piece by piece, telling of each, and answers piece by piece."""
    body = environ["wsgi.input"]
    start_response("200 OK", [("content-type", "text/plain")])
    total = 0
    while piece := body.read(100_000):
        total += len(piece)
        SEEN.append(f"wsgi {total}")
    yield f"{environ['SCRIPT_NAME']} {environ['PATH_INFO']} ".encode()
    yield str(total).encode()


async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        scope["state"]["greeting"] = "hello from ASGI"
        SEEN.append("asgi")
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    total, more = 0, True
    while more:
        message = await receive()
        more = message.get("more_body", False)
        total += len(message.get("body", b""))
        SEEN.append(f"asgi {total}")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": f"{scope['root_path']} {scope['path']} ".encode(), "more_body": True})
    await send({"type": "http.response.body", "body": f"{total} {scope['state']['greeting']}".encode()})


app.mount("/inner", inner)
app.mount("/wsgi", wsgi)
app.mount("/asgi", asgi)
