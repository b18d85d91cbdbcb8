"""Django on gunicorn: function views, security and common middleware; Pydantic is called by the view."""

from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_GET, require_POST
from pydantic import ValidationError

from .answers import GROUPS, TEXT, describe, find_tenant, find_user, message, open_account, short
from .flags import flag
from .many import MANY
from .pydantic_records import House, price


@require_GET
def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse(TEXT, content_type="text/plain; charset=utf-8")


@require_GET
def small(request: HttpRequest) -> HttpResponse:
    return JsonResponse(message())


@require_GET
def sync(request: HttpRequest) -> HttpResponse:
    return JsonResponse(short())


@require_POST
def typed(request: HttpRequest, id: int) -> HttpResponse:
    try:
        insured = flag(request.GET.get("insured", "false"))
        house = House.model_validate_json(request.body)
    except (ValueError, ValidationError):
        return HttpResponse(status=422)
    return HttpResponse(price(id, insured, house).model_dump_json(), content_type="application/json")


@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"size": request.FILES["file"].size})


@require_GET
def account(request: HttpRequest) -> HttpResponse:
    tenant, session = request.headers.get("x-tenant"), request.COOKIES.get("session")
    if tenant is None or session is None:
        return HttpResponse(status=422)
    return JsonResponse(describe(find_user(open_account(session, find_tenant(tenant)))))


@require_GET
def item(request: HttpRequest, id: int, group: str) -> HttpResponse:
    return JsonResponse({"group": group, "id": id})


if MANY:
    names = [f"group{n}" for n in GROUPS]
    urlpatterns = [route for g in names for route in (path(f"{g}/about", small), path(f"{g}/items/<int:id>", item, {"group": g}))]
else:
    urlpatterns = [
        path("plain", plain),
        path("json", small),
        path("sync", sync),
        path("houses/<int:id>", typed),
        path("account", account),
        path("upload", upload),
        path("upload-file", upload),
    ]

app = get_wsgi_application()
