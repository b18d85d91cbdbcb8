"""Flask's page: Jinja2, the session in a signed cookie, and Flask-WTF's CSRF token."""

import os

from flask import Flask, render_template, request, session
from flask_wtf.csrf import CSRFProtect

from .people import TITLE, USER, people

app = Flask(__name__)
app.secret_key = os.urandom(32)
CSRFProtect(app)


@app.get("/people/enter")
def enter() -> str:
    session["user"] = USER
    return "entered"


@app.route("/people", methods=["GET", "POST"])
def show() -> str:
    if request.method == "POST":
        return "added"
    return render_template("people.html", title=TITLE, user=session["user"], people=people())
