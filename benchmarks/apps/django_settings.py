"""Settings of the Django applications: no database, the middleware that an API needs, debug off."""

import os

DEBUG = False
SECRET_KEY = os.urandom(32).hex()
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = os.environ["BENCHMARK_URLS"]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]
BOLT_MAX_UPLOAD_SIZE = 20 * 1024 * 1024
INSTALLED_APPS = ["django_bolt"] if "bolt" in ROOT_URLCONF else []
BOLT_API = ["benchmarks.apps.bolt_app:api"]
LOGGING_CONFIG = None
