"""Quart's page: Jinja2, the session in a signed cookie, and a CSRF token kept in it by hand, since it brings none."""

import os
import secrets

from quart import Quart, abort, render_template, request, session

from .people import TITLE, USER, people

app = Quart(__name__)
app.secret_key = os.urandom(32)


@app.before_request
async def check_token() -> None:
    if request.method == "POST":
        sent = (await request.form).get("csrf_token", "")
        if not secrets.compare_digest(sent.encode(), session.get("csrf_token", "none").encode()):
            abort(403)


@app.template_global()
def csrf_token() -> str:
    if "csrf_token" not in session:
        session["csrf_token"] = secrets.token_urlsafe(32)
    return session["csrf_token"]


@app.get("/people/enter")
async def enter() -> str:
    session["user"] = USER
    return "entered"


@app.route("/people", methods=["GET", "POST"])
async def show() -> str:
    if request.method == "POST":
        return "added"
    return await render_template("people.html", title=TITLE, user=session["user"], people=people())
