"""Who takes part, each on the server that its documentation advises for production."""

from ..contenders import GUNICORN, UVICORN, Contender

APPS = "benchmarks.database.apps"
DJANGO = {"DJANGO_SETTINGS_MODULE": f"{APPS}.django_settings"}
BOTH = frozenset({"postgresql", "sqlite"})
POSTGRESQL, SQLITE = frozenset({"postgresql"}), frozenset({"sqlite"})


def _on_uvicorn(name: str, app: str, packages: tuple[str, ...], module: str, databases: frozenset[str] = BOTH) -> Contender:
    return Contender(name, "Uvicorn", f"{UVICORN} {APPS}.{app}:app", (*packages, "uvicorn"), module, databases)


# `workloads` says on which databases a contender runs: each answers all five.
ALL = (
    Contender(
        "trine",
        "Granian, RSGI",
        f"{{bin}}/trine run {APPS}.trine_app:app --no-access-log --port {{port}}",
        ("granian", "sqlalchemy", "pydantic"),
        "trine.db",
        BOTH,
    ),
    _on_uvicorn("trine-asgi", "trine_app", ("sqlalchemy",), "uvicorn"),
    _on_uvicorn("raw-asgi-asyncpg", "raw_asgi", ("asyncpg", "msgspec"), "asyncpg", POSTGRESQL),
    _on_uvicorn("raw-asgi-sqlite3", "raw_asgi", ("msgspec",), "uvicorn", SQLITE),
    _on_uvicorn("fastapi-asyncpg", "fastapi_asyncpg", ("fastapi", "asyncpg"), "fastapi", POSTGRESQL),
    _on_uvicorn("fastapi-sqlalchemy", "fastapi_sqlalchemy", ("fastapi", "sqlalchemy", "aiosqlite"), "fastapi"),
    _on_uvicorn("litestar-alchemy", "litestar_app", ("litestar", "advanced-alchemy"), "litestar"),
    _on_uvicorn("fastapi-tortoise", "tortoise_app", ("tortoise-orm",), "tortoise"),
    _on_uvicorn("fastapi-piccolo", "piccolo_app", ("piccolo",), "piccolo"),
    Contender(
        "django-wsgi",
        "gunicorn",
        f"{GUNICORN} {APPS}.django_wsgi:app",
        ("django", "gunicorn", "psycopg"),
        "django",
        BOTH,
        DJANGO | {"BENCHMARK_DJANGO": "wsgi"},
    ),
    Contender(
        "django-asgi",
        "Uvicorn",
        f"{UVICORN} {APPS}.django_asgi:app",
        ("django",),
        "django",
        BOTH,
        DJANGO | {"BENCHMARK_DJANGO": "asgi"},
    ),
    Contender(
        "django-bolt",
        "its own",
        "{bin}/django-admin runbolt --host 127.0.0.1 --processes 1 --no-admin --port {port}",
        ("django-bolt",),
        "django_bolt",
        BOTH,
        DJANGO | {"BENCHMARK_DJANGO": "bolt"},
    ),
)
BY_NAME = {contender.name: contender for contender in ALL}
ORMS = tuple(name for name in BY_NAME if not name.startswith(("trine", "raw")) and name != "fastapi-asyncpg")
