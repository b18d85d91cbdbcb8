"""A blog: the application, put together."""

from trine import App, Settings, render_template

from . import accounts, database, posts


class BlogSettings(Settings, prefix="BLOG_"):
    """The settings of the blog, beside Trine's own."""

    database: str = "blog.sqlite3"
    """The file that holds everything."""


def make_app(settings: BlogSettings | None = None) -> App:
    """Make the application; a test passes settings of its own."""
    app = App(title="Blog", settings=settings or BlogSettings.load(), openapi_url=None)
    app.before_request(accounts.load_user)
    app.teardown_request(database.close)
    app.errorhandler(404)(missing)
    app.register_blueprint(accounts.accounts)
    app.register_blueprint(posts.posts)
    return app


def missing(_error: Exception) -> tuple[str, int]:
    """Answer addresses that lead nowhere."""
    return render_template("missing.html"), 404
