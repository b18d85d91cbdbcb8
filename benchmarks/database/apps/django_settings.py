"""Settings of the Django applications: the middleware that an API needs, debug off, the connections that Django advises."""

import os
from typing import Any
from urllib.parse import urlsplit

from .shapes import IS_SQLITE, POOL_SIZE, URL

DEBUG = False
SECRET_KEY = os.urandom(32).hex()
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
KIND = os.environ["BENCHMARK_DJANGO"]
ROOT_URLCONF = f"benchmarks.database.apps.django_{KIND}"
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]
INSTALLED_APPS = ["benchmarks.database.apps.django_books", *(["django_bolt"] if KIND == "bolt" else [])]
BOLT_API = ["benchmarks.database.apps.django_bolt:api"]
LOGGING_CONFIG = None

_DATABASE: dict[str, Any]
if IS_SQLITE:
    _DATABASE = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": URL.removeprefix("sqlite:///"),
        "CONN_MAX_AGE": None,
        "OPTIONS": {"timeout": 30, "transaction_mode": "IMMEDIATE", "init_command": "PRAGMA synchronous=NORMAL"},
    }
else:
    _parts = urlsplit(URL)
    _DATABASE = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _parts.path.strip("/"),
        "USER": _parts.username,
        "HOST": _parts.hostname,
        "PORT": _parts.port,
    }
    if KIND == "wsgi":
        # Threads that live on keep their connections, which is cheaper than the pool.
        _DATABASE["CONN_MAX_AGE"] = None
    else:
        _DATABASE["OPTIONS"] = {"pool": {"min_size": POOL_SIZE, "max_size": POOL_SIZE}}
DATABASES = {"default": _DATABASE}
