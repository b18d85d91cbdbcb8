"""The book shop: `trine dev` serves it."""

from shop.api import router
from shop.pages import add_pages
from shop.seed import add_commands

from trine import App, Pages
from trine.db import Database

app = App(title="Book shop")
app.install(Database(), Pages(template_folder="shop/templates", static_folder="shop/static"))
app.include_router(router, prefix="/api")
add_pages(app)
add_commands(app)
