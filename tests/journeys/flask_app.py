"""A Flask application as it is: under trine run with `import flask` led to trine.compat.flask, and under a WSGI server."""

import asyncio

from flask import Flask, Response, request, session, stream_with_context

app = Flask(__name__)
app.secret_key = "nPq8-Zr5TkW2vYx7LmB4cJ6hD9sF1gAeUoQi3tRw"
loops = set()


@app.get("/visits")
def visits():
    session["visits"] = session.get("visits", 0) + 1
    return str(session["visits"])


@app.get("/loops")
async def count_loops():
    await asyncio.sleep(0)
    loops.add(id(asyncio.get_running_loop()))
    return {"loops": len(loops)}


@app.post("/up")
def up():
    return str(sum(len(piece) for piece in iter(lambda: request.stream.read(65536), b"")))


@app.get("/stream")
def stream():
    return Response(stream_with_context(f"{request.args['word']}{number}\n" for number in range(3)))


@app.get("/boom")
def boom():
    raise RuntimeError("secret detail")
