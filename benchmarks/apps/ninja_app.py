"""django-ninja on gunicorn: typed operations over Django, with Pydantic bodies and responses."""

from typing import Any

from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path
from ninja import Cookie, File, Header, NinjaAPI, UploadedFile

from .answers import GROUPS, TEXT, describe, find_tenant, find_user, message, open_account, short
from .many import MANY
from .pydantic_records import House, PricedHouse, price

api = NinjaAPI()


def add_workloads() -> None:
    """Add every route but the 200 of the many-routes workload."""

    @api.get("/plain")
    def plain(request: HttpRequest) -> HttpResponse:
        return HttpResponse(TEXT, content_type="text/plain; charset=utf-8")

    @api.get("/json")
    def small(request: HttpRequest) -> Any:
        return message()

    @api.get("/sync")
    def sync(request: HttpRequest) -> Any:
        return short()

    @api.post("/houses/{id}", response=PricedHouse)
    def typed(request: HttpRequest, id: int, house: House, insured: bool = False) -> PricedHouse:
        return price(id, insured, house)

    @api.post("/upload")
    @api.post("/upload-file")
    def upload(request: HttpRequest, file: UploadedFile = File(...)) -> Any:
        return {"size": file.size}

    @api.get("/account")
    def account(request: HttpRequest, x_tenant: str = Header(...), session: str = Cookie(...)) -> Any:
        return describe(find_user(open_account(session, find_tenant(x_tenant))))


def add_group(group: str) -> None:
    """Add one group's static and dynamic route."""

    @api.get(f"/{group}/about")
    def about(request: HttpRequest) -> Any:
        return message()

    @api.get(f"/{group}/items/{{id}}")
    def item(request: HttpRequest, id: int) -> Any:
        return {"group": group, "id": id}


if MANY:
    for n in GROUPS:
        add_group(f"group{n}")
else:
    add_workloads()

urlpatterns = [path("", api.urls)]
app = get_wsgi_application()
