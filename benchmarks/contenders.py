"""Who takes part: each framework with the server, and the command line, that its documentation advises for production."""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

HTTP = frozenset({"plain", "json", "json-await", "typed", "many", "dependencies", "sync", "upload"})
COMMON = HTTP | {"websocket", "tokens"}

# Those that hand an upload over as a file object.
SPOOLED = COMMON | {"upload-file"}

WSGI = SPOOLED - {"json-await", "websocket", "tokens"}

# Rendered pages are compared among themselves: each framework with what it has for sessions and CSRF tokens.
PAGE = frozenset({"page"})

# Trine and the hand-written application get the same options, the ones that `trine run` passes.
GRANIAN = "{bin}/granian --workers 1 --loop uvloop --no-access-log --log-level warning --port {port}"
UVICORN = "{bin}/uvicorn --workers 1 --loop uvloop --http httptools --no-access-log --log-level warning --port {port}"
GUNICORN = "{bin}/gunicorn --workers 1 --threads 4 --log-level warning --bind 127.0.0.1:{port}"


@dataclass(frozen=True, slots=True)
class Contender:
    """One framework on one server: how it is started and which workloads it answers."""

    name: str
    server: str
    command: str
    packages: tuple[str, ...]
    module: str
    """Skipped where this module cannot be imported."""
    workloads: frozenset[str] = COMMON
    environment: Mapping[str, str] = field(default_factory=dict)
    threads: bool = False
    """Whether a plain `def` handler leaves the event loop's thread."""

    def command_line(self, bin: Path, port: int) -> list[str]:
        """Return the command that serves the application on a port."""
        return [word.format(bin=bin, port=port) for word in self.command.split()]

    def environment_for(self, port: int) -> dict[str, str]:
        """Return the environment that the command needs."""
        return {name: value.format(port=port) for name, value in self.environment.items()}

    def is_installed(self) -> bool:
        """Tell whether this Python can run it."""
        return importlib.util.find_spec(self.module) is not None


ALL = (
    Contender(
        "raw-rsgi",
        "Granian, RSGI",
        f"{GRANIAN} --interface rsgi benchmarks.apps.raw_rsgi:app",
        ("granian", "uvloop", "pydantic", "msgspec"),
        "granian",
        SPOOLED | {"typed-msgspec", "sync-inline"},
    ),
    Contender(
        "raw-rsgi-batch",
        "Granian, RSGI",
        f"chrt --batch 0 {GRANIAN} --interface rsgi benchmarks.apps.raw_rsgi:app",
        ("granian", "uvloop", "pydantic", "msgspec"),
        "granian",
        SPOOLED | {"typed-msgspec", "sync-inline"},
    ),
    Contender(
        "raw-asgi",
        "Uvicorn",
        f"{UVICORN} benchmarks.apps.raw_asgi:app",
        ("uvicorn", "uvloop", "httptools", "pydantic", "msgspec"),
        "uvicorn",
        SPOOLED | {"typed-msgspec", "sync-inline"},
    ),
    Contender(
        "trine",
        "Granian, RSGI",
        "{bin}/trine run benchmarks.apps.trine_app:app --no-access-log --port {port}",
        ("granian", "uvloop", "pydantic", "msgspec"),
        "trine.app",
        SPOOLED | {"typed-msgspec", "sync-inline"},
        threads=True,
    ),
    Contender(
        "trine-rsgi",
        "Granian, RSGI",
        f"{GRANIAN} --interface rsgi benchmarks.apps.trine_app:app",
        ("granian", "uvloop", "pydantic", "msgspec"),
        "trine.app",
        SPOOLED | {"typed-msgspec", "sync-inline"},
        threads=True,
    ),
    Contender(
        "trine-rsgi-batch",
        "Granian, RSGI",
        f"chrt --batch 0 {GRANIAN} --interface rsgi benchmarks.apps.trine_app:app",
        ("granian", "uvloop", "pydantic", "msgspec"),
        "trine.app",
        SPOOLED | {"typed-msgspec", "sync-inline"},
        threads=True,
    ),
    Contender(
        "trine-asgi",
        "Uvicorn",
        f"{UVICORN} benchmarks.apps.trine_app:app",
        ("uvicorn", "uvloop", "httptools", "pydantic", "msgspec"),
        "trine.app",
        SPOOLED | {"typed-msgspec", "sync-inline"},
        threads=True,
    ),
    Contender(
        "fastapi",
        "Uvicorn",
        f"{UVICORN} benchmarks.apps.fastapi_app:app",
        ("fastapi", "starlette", "uvicorn"),
        "fastapi",
        SPOOLED,
        threads=True,
    ),
    Contender(
        "starlette",
        "Uvicorn",
        f"{UVICORN} benchmarks.apps.starlette_app:app",
        ("starlette", "uvicorn"),
        "starlette",
        SPOOLED,
        threads=True,
    ),
    Contender(
        "litestar",
        "Uvicorn",
        f"{UVICORN} benchmarks.apps.litestar_app:app",
        ("litestar", "uvicorn"),
        "litestar",
        SPOOLED | {"typed-msgspec", "sync-inline"},
        threads=True,
    ),
    Contender(
        "blacksheep",
        "Uvicorn",
        f"{UVICORN} benchmarks.apps.blacksheep_app:app",
        ("blacksheep", "uvicorn"),
        "blacksheep",
        COMMON | {"sync-inline"},
    ),
    Contender(
        "falcon",
        "Uvicorn",
        f"{UVICORN} benchmarks.apps.falcon_app:app",
        ("falcon", "uvicorn"),
        "falcon",
        COMMON | {"typed-msgspec"},
        threads=True,
    ),
    Contender(
        "sanic",
        "its own",
        "{bin}/sanic benchmarks.apps.sanic_app:app --workers 1 --no-access-logs --no-motd --port {port}",
        ("sanic",),
        "sanic",
        COMMON | {"sync-inline"},
    ),
    Contender(
        "robyn",
        "its own",
        "{bin}/python -m benchmarks.apps.robyn_app --processes 1 --workers 1 --log-level ERROR",
        ("robyn",),
        "robyn",
        HTTP,
        environment={"BENCHMARK_PORT": "{port}"},
        threads=True,
    ),
    Contender(
        "emmett55",
        "Granian, RSGI",
        "{bin}/emmett55 -a benchmarks.apps.emmett55_app serve --interface rsgi --loop uvloop --log-level error --port {port}",
        ("emmett55", "granian"),
        "emmett55",
        COMMON - {"upload", "tokens"},
    ),
    Contender(
        "django-bolt",
        "its own",
        "{bin}/django-admin runbolt --host 127.0.0.1 --processes 1 --port {port}",
        ("django-bolt", "django"),
        "django_bolt",
        COMMON - {"typed"} | {"typed-msgspec", "sync-inline"},
        {"DJANGO_SETTINGS_MODULE": "benchmarks.apps.django_settings", "BENCHMARK_URLS": "benchmarks.apps.bolt_app"},
    ),
    Contender(
        "flask",
        "gunicorn",
        f"{GUNICORN} benchmarks.apps.flask_app:app",
        ("flask", "werkzeug", "gunicorn"),
        "flask",
        WSGI,
        threads=True,
    ),
    Contender(
        "django",
        "gunicorn",
        f"{GUNICORN} benchmarks.apps.django_app:app",
        ("django", "gunicorn"),
        "django",
        WSGI,
        {"DJANGO_SETTINGS_MODULE": "benchmarks.apps.django_settings", "BENCHMARK_URLS": "benchmarks.apps.django_app"},
        threads=True,
    ),
    Contender(
        "django-ninja",
        "gunicorn",
        f"{GUNICORN} benchmarks.apps.ninja_app:app",
        ("django-ninja", "django", "gunicorn"),
        "ninja",
        WSGI,
        {"DJANGO_SETTINGS_MODULE": "benchmarks.apps.django_settings", "BENCHMARK_URLS": "benchmarks.apps.ninja_app"},
        threads=True,
    ),
    Contender(
        "trine-pages",
        "Granian, RSGI",
        "{bin}/trine run benchmarks.apps.trine_pages:app --no-access-log --port {port}",
        ("granian", "jinja2", "itsdangerous"),
        "trine.app",
        PAGE,
    ),
    Contender(
        "trine-pages-asgi",
        "Uvicorn",
        f"{UVICORN} benchmarks.apps.trine_pages:app",
        ("uvicorn", "jinja2", "itsdangerous"),
        "trine.app",
        PAGE,
    ),
    Contender(
        "flask-wtf",
        "gunicorn",
        f"{GUNICORN} benchmarks.apps.flask_pages:app",
        ("flask", "flask-wtf", "jinja2", "werkzeug", "gunicorn"),
        "flask_wtf",
        PAGE,
    ),
    Contender(
        "flask-wtf-granian",
        "Granian, WSGI",
        f"{GRANIAN.replace(' --loop uvloop', '')} --interface wsgi benchmarks.apps.flask_pages:app",
        ("flask", "flask-wtf", "jinja2", "werkzeug", "granian"),
        "flask_wtf",
        PAGE,
    ),
    Contender("quart", "Uvicorn", f"{UVICORN} benchmarks.apps.quart_pages:app", ("quart", "jinja2", "uvicorn"), "quart", PAGE),
    Contender(
        "fastapi-jinja2",
        "Uvicorn",
        f"{UVICORN} benchmarks.apps.fastapi_pages:app",
        ("fastapi", "starlette", "jinja2", "uvicorn"),
        "fastapi",
        PAGE,
    ),
    Contender(
        "django-pages",
        "gunicorn",
        f"{GUNICORN} benchmarks.apps.django_pages:app",
        ("django", "gunicorn"),
        "django",
        PAGE,
        {"DJANGO_SETTINGS_MODULE": "benchmarks.apps.django_settings", "BENCHMARK_URLS": "benchmarks.apps.django_pages"},
    ),
)

BY_NAME = {contender.name: contender for contender in ALL}
