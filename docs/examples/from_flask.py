from trine.compat.flask import Flask, flash, redirect, render_template_string, request, session, url_for

app = Flask(__name__)
app.config.from_prefixed_env("SHOP")  # SHOP_SECRET_KEY, SHOP_SESSION_COOKIE_SECURE=true

PAGE = """
{% for message in get_flashed_messages() %}<p>{{ message }}</p>{% endfor %}
<ul>{% for item in session.cart %}<li>{{ item }}</li>{% else %}<li>empty</li>{% endfor %}</ul>
<form method="post" action="{{ url_for('add') }}"><input name="item"><button>Add</button></form>
"""


@app.get("/")
def cart():
    return render_template_string(PAGE)


@app.post("/items")
def add():
    session["cart"] = [*session.get("cart", []), request.form["item"]]
    flash(f"{request.form['item']} is in the cart.")
    return redirect(url_for("cart"))


@app.get("/api/cart")
async def api_cart():
    return {"items": session.get("cart", [])}
