from trine import App, flash, get_flashed_messages, redirect, render_template_string, request, safe_next, session, url_for

app = App()

PAGE = """
{% for message in get_flashed_messages() %}<p>{{ message }}</p>{% endfor %}
<p>{{ session.get("user", "Nobody") }} has {{ session.get("basket", [])|length }} things.</p>
<form method="post" action="{{ url_for('add') }}">
  {{ csrf_field() }}
  <input name="thing" aria-label="Thing" required> <button>Add</button>
</form>
"""


@app.page("/")
async def index():
    return render_template_string(PAGE)


@app.page("/add", methods=["POST"])
async def add():
    session.setdefault("basket", []).append(request.form["thing"])
    flash(f"{request.form['thing']} is in your basket.")
    return redirect(url_for("index"))


@app.page("/login", methods=["POST"])
async def login():
    session.regenerate()  # another id: nobody can have planted it
    session["user"] = request.form["user"]
    session.permanent = "remember" in request.form
    return redirect(safe_next(url_for("index")))


@app.page("/logout", methods=["POST"])
async def logout():
    session.clear()
    return redirect(url_for("index"))


@app.page("/messages")
async def messages():
    return get_flashed_messages(with_categories=True)
