"""How Trine serves a Flask application: mounted at the root of an `App`, its views in worker threads."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from trine import App
from trine.settings import Problem, Settings, weakness_of

if TYPE_CHECKING:
    from .app import Flask


def serve(flask: "Flask") -> App:
    """Make the `App` around a Flask application."""
    app = App(title=flask.name, openapi_url=None, docs_url=None, redoc_url=None)
    app.install(ServedFlask(flask))
    return app


class ServedFlask:
    """Mounts a Flask application, and knows what is unsafe about it in production."""

    def __init__(self, flask: "Flask") -> None:
        self.flask = flask

    def setup(self, app: Any) -> None:
        """Attach it."""
        app.mount("/", self.flask)

    def check(self, settings: Settings) -> Sequence[Problem]:
        """Refuse debug mode, and a secret key with which sessions can be forged."""
        problems = []
        if self.flask.debug and not settings.is_development:
            hint = "Remove app.debug = True and FLASK_DEBUG: `trine dev` shows errors, production never does."
            problems.append(Problem("debug", f"The Flask application '{self.flask.name}' is in debug mode.", hint))
        key = self.flask.secret_key
        text = key.decode("utf-8", "replace") if isinstance(key, bytes) else key
        weakness = weakness_of(SecretStr(text)) if text is not None else None
        if weakness is not None:
            message = f"The SECRET_KEY of the Flask application '{self.flask.name}' {weakness}: its sessions can be forged."
            hint = 'Set it to the output of: python -c "import secrets; print(secrets.token_urlsafe(48))"'
            problems.append(Problem("weak-secret-key", message, hint))
        return problems
