import sqlite3

from trine import App, flash, g, redirect, render_template, request, session, url_for

app = App()


@app.before_request
def open_book():
    # Hooks and pages run in worker threads, one after the other, not always in the same one.
    g.book = sqlite3.connect("guest_book.sqlite3", check_same_thread=False)
    g.book.execute("CREATE TABLE IF NOT EXISTS entries (name TEXT NOT NULL, text TEXT NOT NULL)")


@app.teardown_request
def close_book(error):
    # A request that was refused before it came that far has none.
    if "book" in g:
        g.book.close()


@app.page("/", methods=["GET", "POST"])
def index():
    if request.method == "POST":
        name, text = request.form["name"].strip(), request.form["text"].strip()
        if name and text:
            with g.book:
                g.book.execute("INSERT INTO entries VALUES (?, ?)", (name, text))
            session["name"] = name
            flash("Thank you!")
            return redirect(url_for("index"))
        flash("Write your name and a line.", "error")
    entries = g.book.execute("SELECT name, text FROM entries ORDER BY rowid DESC LIMIT 50").fetchall()
    return render_template("guest_book.html", entries=entries)


@app.errorhandler(404)
def missing(error):
    return render_template("missing.html"), 404
