"""FastAPI's page: Jinja2Templates, Starlette's session, and a CSRF token kept in it by hand, since neither brings one."""

import os
import secrets
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, PlainTextResponse
from fastapi.templating import Jinja2Templates
from starlette.middleware.sessions import SessionMiddleware

from .people import TITLE, USER, people

app = FastAPI()
app.add_middleware(SessionMiddleware, secret_key=os.urandom(32).hex())
templates = Jinja2Templates(directory=Path(__file__).parent / "templates")


def token_of(request: Request) -> str:
    if "csrf_token" not in request.session:
        request.session["csrf_token"] = secrets.token_urlsafe(32)
    return request.session["csrf_token"]


async def check_token(request: Request) -> None:
    sent = str((await request.form()).get("csrf_token", ""))
    if not secrets.compare_digest(sent.encode(), request.session.get("csrf_token", "none").encode()):
        raise HTTPException(403)


@app.get("/people/enter", response_class=PlainTextResponse)
async def enter(request: Request) -> str:
    request.session["user"] = USER
    return "entered"


@app.get("/people", response_class=HTMLResponse)
async def show(request: Request) -> HTMLResponse:
    values = {"title": TITLE, "user": request.session["user"], "people": people(), "csrf_token": lambda: token_of(request)}
    return templates.TemplateResponse(request, "people.html", values)


@app.post("/people", response_class=PlainTextResponse)
async def add(_checked: Annotated[None, Depends(check_token)]) -> str:
    return "added"
