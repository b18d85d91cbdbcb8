"""Django's page: its own templates, the session in a signed cookie, and its CSRF token."""

from pathlib import Path

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from .people import TITLE, USER, people

settings.MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
settings.TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]


def enter(request: HttpRequest) -> HttpResponse:
    request.session["user"] = USER
    return HttpResponse("entered")


def show(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return HttpResponse("added")
    return render(request, "people_django.html", {"title": TITLE, "user": request.session["user"], "people": people()})


urlpatterns = [path("people/enter", enter), path("people", show)]
app = get_wsgi_application()
