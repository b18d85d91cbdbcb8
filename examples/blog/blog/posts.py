"""Posts: everybody reads them, who is logged in writes them, and their authors edit and delete them."""

import sqlite3
from typing import Any

from trine import Blueprint, abort, flash, g, redirect, render_template, request, url_for

from .accounts import login_required
from .database import connection

posts = Blueprint("posts", __name__)

MOST_TITLE, MOST_BODY = 200, 20_000
_POSTS = "SELECT posts.id, title, body, written, author_id, name AS author FROM posts JOIN users ON users.id = author_id"


@posts.page("/")
def index(page: int = 1) -> str:
    """Show the newest posts, ten on a page."""
    page = min(max(page, 1), 1_000_000)
    rows = connection().execute(f"{_POSTS} ORDER BY posts.id DESC LIMIT 11 OFFSET ?", ((page - 1) * 10,)).fetchall()
    return render_template("posts/index.html", posts=rows[:10], page=page, has_more=len(rows) > 10)


@posts.page("/{id:int}")
def show(id: int) -> str:
    """Show one post."""
    return render_template("posts/show.html", post=_find(id))


@posts.page("/write", methods=["GET", "POST"])
@login_required
def write() -> Any:
    """Write a post."""
    if request.method == "POST" and (values := _sent()) is not None:
        with connection() as db:
            cursor = db.execute("INSERT INTO posts (author_id, title, body) VALUES (?, ?, ?)", (g.user["id"], *values))
        return redirect(url_for(".show", id=cursor.lastrowid))
    return render_template("posts/edit.html", post=None)


@posts.page("/{id:int}/edit", methods=["GET", "POST"])
@login_required
def edit(id: int) -> Any:
    """Edit one's own post."""
    post = _find_own(id)
    if request.method == "POST" and (values := _sent()) is not None:
        with connection() as db:
            db.execute("UPDATE posts SET title = ?, body = ? WHERE id = ?", (*values, id))
        return redirect(url_for(".show", id=id))
    return render_template("posts/edit.html", post=post)


@posts.page("/{id:int}/delete", methods=["POST"])
@login_required
def delete(id: int) -> Any:
    """Delete one's own post."""
    _find_own(id)
    with connection() as db:
        db.execute("DELETE FROM posts WHERE id = ?", (id,))
    flash("The post was deleted.")
    return redirect(url_for(".index"))


def _find(id: int) -> sqlite3.Row:
    row: sqlite3.Row | None = connection().execute(f"{_POSTS} WHERE posts.id = ?", (id,)).fetchone() if id < 2**63 else None
    if row is None:
        abort(404, "There is no such post.")
    return row


def _find_own(id: int) -> sqlite3.Row:
    post = _find(id)
    if post["author_id"] != g.user["id"]:
        abort(403, "Only its author can change a post.")
    return post


def _sent() -> tuple[str, str] | None:
    """The title and text that were sent; None, and a message, where they cannot be a post."""
    title, body = request.form["title"].strip(), request.form["body"].strip()
    if title and len(title) <= MOST_TITLE and len(body) <= MOST_BODY:
        return title, body
    flash(f"A post has a title of 1 to {MOST_TITLE} characters, and at most {MOST_BODY:,} of text.", "error")
    return None
