from typing import Annotated

from trine import App, Blueprint, Depends, MethodView, abort, g, make_response, redirect, request, url_for

app = App()
shop = Blueprint("shop", __name__, url_prefix="/shop")

PRICES = {"tea": 4, "coffee": 6}


def language(accept: Annotated[str, Depends(lambda: request.headers.get("accept-language", "en"))]) -> str:
    return accept[:2]


@app.page("/")
async def index(language: Annotated[str, Depends(language)], page: int = 1):
    return f"<h1>Hello ({language}, page {page})</h1>"


@app.page("/status")
async def status():
    return {"open": True}, 200, {"cache-control": "no-store"}


@app.page("/old")
async def moved():
    return redirect(url_for("shop.show", name="tea"))


@shop.before_request
async def find_prices():
    g.prices = PRICES


@shop.after_request
async def mark(response):
    response.headers["x-part"] = "shop"
    return response


@shop.errorhandler(404)
async def sold_out(error):
    return f"<h1>{error.detail}</h1><a href='{url_for('.show', name='tea')}'>Try our tea</a>", 404


@shop.page("/{name}")
async def show(name: str):
    if name not in g.prices:
        abort(404, "We do not sell that.")
    response = make_response(f"<h1>{name}: {g.prices[name]} €</h1>")
    response.set_cookie("last_seen", name)
    return response


class Rating(MethodView):
    async def get(self, name: str):
        return f"<p>{name} is good.</p>"

    async def post(self, name: str):
        return f"<p>{request.form['stars']} stars for {name}.</p>"


shop.add_page("/{name}/rating", Rating.as_view("rating"), csrf=False)
app.register_blueprint(shop)
