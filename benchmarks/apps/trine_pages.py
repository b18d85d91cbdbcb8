"""Trine's page: Jinja2, the session in a signed cookie, and a CSRF token, on its production defaults."""

import os

from trine import App, Settings, render_template, request, session

from .people import TITLE, USER, people

app = App(settings=Settings(secret_key=os.urandom(32).hex(), allowed_hosts=("127.0.0.1",)))


@app.page("/people/enter")
async def enter() -> str:
    session["user"] = USER
    return "entered"


@app.page("/people", methods=["GET", "POST"])
async def show() -> str:
    if request.method == "POST":
        return "added"
    return render_template("people.html", title=TITLE, user=session["user"], people=people())
