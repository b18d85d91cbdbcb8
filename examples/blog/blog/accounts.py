"""Accounts: register, log in, log out, and who is logged in."""

import sqlite3
from collections.abc import Callable
from functools import wraps
from typing import Any

from trine import Blueprint, flash, g, redirect, render_template, request, safe_next, session, url_for

from .database import connection
from .passwords import hash_password, is_password

accounts = Blueprint("accounts", __name__, url_prefix="/accounts")

LONGEST = 200


def load_user() -> None:
    """Look up who is logged in, before each page."""
    user_id = session.get("user_id")
    row = user_id and connection().execute("SELECT id, name FROM users WHERE id = ?", (user_id,)).fetchone()
    g.user = row or None


def login_required(page: Callable[..., Any]) -> Callable[..., Any]:
    """Send whoever is not logged in to the login, and back again afterwards."""

    @wraps(page)
    def guarded(*arguments: Any, **values: Any) -> Any:
        if g.user is None:
            return redirect(url_for("accounts.login", next=request.path))
        return page(*arguments, **values)

    return guarded


@accounts.page("/register", methods=["GET", "POST"])
def register() -> Any:
    """Make an account."""
    if request.method == "POST":
        name, password = request.form["name"].strip(), request.form["password"]
        problem = _problem(name, password)
        if problem is None:
            try:
                with connection() as db:
                    values = (name, hash_password(password))
                    user_id = db.execute("INSERT INTO users (name, password) VALUES (?, ?)", values).lastrowid
            except sqlite3.IntegrityError:
                problem = f"The name {name} is taken."
            else:
                _log_in(user_id)
                flash(f"Welcome, {name}!")
                return redirect(url_for("posts.index"))
        flash(problem, "error")
    return render_template("auth/register.html")


@accounts.page("/login", methods=["GET", "POST"])
def login() -> Any:
    """Begin a session for an account."""
    if request.method == "POST":
        name = request.form["name"].strip()
        row = connection().execute("SELECT id, password FROM users WHERE name = ?", (name,)).fetchone()
        if is_password(request.form["password"][:LONGEST], row and row["password"]):
            _log_in(row["id"])
            return redirect(safe_next(url_for("posts.index")))
        flash("The name or the password is wrong.", "error")
    return render_template("auth/login.html")


@accounts.page("/logout", methods=["POST"])
def logout() -> Any:
    """End the session."""
    session.clear()
    return redirect(url_for("posts.index"))


def _log_in(user_id: int | None) -> None:
    session.regenerate()
    session["user_id"] = user_id


def _problem(name: str, password: str) -> str | None:
    if not name or len(name) > LONGEST:
        return f"Choose a name of 1 to {LONGEST} characters."
    if not 8 <= len(password) <= LONGEST:
        return f"Choose a password of 8 to {LONGEST} characters."
    return None
