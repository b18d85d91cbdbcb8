"""Django on gunicorn: function views, Pydantic for bodies."""

from django.core.wsgi import get_wsgi_application

app = get_wsgi_application()

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse  # noqa: E402 - after Django's setup
from django.urls import path  # noqa: E402
from django.views.decorators.http import require_GET, require_http_methods, require_POST  # noqa: E402
from pydantic import ValidationError  # noqa: E402

from .django_books.models import Book, Entry  # noqa: E402
from .django_shown import VALUES, entries_of, page, pages, price_of  # noqa: E402


@require_http_methods(["GET", "PATCH"])
def one(request: HttpRequest, key: int) -> HttpResponse:
    if request.method == "PATCH":
        return update(request, key)
    book = Book.objects.filter(id=key).values(*VALUES).first()
    return JsonResponse(book) if book else HttpResponseNotFound()


def update(request: HttpRequest, key: int) -> HttpResponse:
    try:
        body = price_of(request.body)
    except ValidationError as error:
        return HttpResponse(error.json(include_url=False), status=422, content_type="application/json")
    changed = Book.objects.filter(id=key).update(price=body.price)
    return JsonResponse({"updated": changed}) if changed else HttpResponseNotFound()


@require_GET
def twenty(request: HttpRequest) -> HttpResponse:
    return JsonResponse(list(Book.objects.order_by("-id").values(*VALUES)[:20]), safe=False)


@require_GET
def related(request: HttpRequest) -> HttpResponse:
    return JsonResponse([page(book) for book in pages()], safe=False)


@require_POST
def insert(request: HttpRequest) -> HttpResponse:
    try:
        body = entries_of(request.body)
    except ValidationError as error:
        return HttpResponse(error.json(include_url=False), status=422, content_type="application/json")
    made = Entry.objects.bulk_create([Entry(name=entry.name, amount=entry.amount) for entry in body])
    return JsonResponse({"inserted": len(made)})


urlpatterns = [path("books/<int:key>", one), path("books", twenty), path("pages", related), path("entries", insert)]
