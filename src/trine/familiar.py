"""Words of FastAPI, Flask and Django that are spelled otherwise here, and what to write instead."""

import dis
import re
import sys

_ROOMS = {
    "trine.testing": ("TestClient",),
    "trine.middleware": (
        *("CORSMiddleware", "GZipMiddleware", "HTTPSRedirectMiddleware", "SessionMiddleware", "TrustedHostMiddleware"),
        "Middleware",
    ),
    "trine.security": (
        *("APIKeyCookie", "APIKeyHeader", "APIKeyQuery", "HTTPAuthorizationCredentials", "HTTPBasic", "HTTPBasicCredentials"),
        *("HTTPBearer", "OAuth2PasswordBearer", "OAuth2PasswordRequestForm"),
    ),
    "trine.db": ("F", "Model", "ModelSchema", "Q", "field"),
    "trine.i18n": ("gettext", "lazy_gettext", "ngettext"),
}
_NAMES = {
    **{name: f"Write: from {room} import {name}" for room, names in _ROOMS.items() for name in names},
    "FastAPI": "Write: from trine import App; an application as it is: from trine.compat.fastapi import FastAPI",
    "Flask": "Write: from trine import App; an application as it is: from trine.compat.flask import Flask",
    "Jinja2Templates": "A function with @app.page returns render_template('page.html').",
    "ORJSONResponse": "JSONResponse is as fast; a value that a route returns needs neither.",
    "run_in_threadpool": "Write: from trine.concurrency import run_in_thread",
    "status": "Write the number: status_code=201.",
}
_ATTRIBUTES = {
    "add_url_rule": "Write: app.page('/path', methods=[...])(function)",
    "cli": "Write: @app.command()",
    "config": "Settings come from the environment: a class of SettingsGroup, and app.settings.part(...).",
    "route": "Write @app.page('/path') for what browsers see, @app.get('/path') for an API.",
    "run": "Serve it from the command line: trine dev app.py, and trine run app.py for production.",
    "secret_key": "The key is a setting: TRINE_SECRET_KEY, or App(settings=Settings(secret_key=...)).",
    "test_client": "Write: from trine.testing import TestClient; TestClient(app)",
}
_FLASK_PARAMETER = re.compile(r"<(?:(\w+)(?:\([^<>]*\))?:)?(\w+)>")


def name_elsewhere(name: str) -> str | None:
    """What to import instead of a name of this package, where an `import` statement asks for it; None for everybody else.

    Who only looks whether there is an attribute, as `hasattr` and `pickle` do, must get an AttributeError. Python tells nobody
    the text of that one after `from trine import ...`, so the statement itself is looked for.
    """
    caller = sys._getframe(2)  # noqa: SLF001 - the way that `inspect` and `warnings` go
    is_import = caller.f_lasti >= 0 and caller.f_code.co_code[caller.f_lasti] == dis.opmap["IMPORT_FROM"]
    return _NAMES.get(name) if is_import else None


def attribute_elsewhere(name: str) -> str:
    """What to write instead of an attribute of an application; empty where nobody knows."""
    return _ATTRIBUTES.get(name, "")


def path_in_our_words(path: str) -> str | None:
    """A path whose parameters were written as Flask and Django do; None for any other."""
    if not _FLASK_PARAMETER.search(path):
        return None
    return _FLASK_PARAMETER.sub(lambda found: f"{{{found[2]}{_CONVERTERS.get(found[1] or '', '')}}}", path)


_CONVERTERS = {"int": ":int", "float": ":float", "path": ":path", "uuid": ":uuid"}
