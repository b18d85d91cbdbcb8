"""Django on Uvicorn: asynchronous views, Pydantic for bodies."""

from django.core.asgi import get_asgi_application

app = get_asgi_application()

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse  # noqa: E402 - after Django's setup
from django.urls import path  # noqa: E402
from django.views.decorators.http import require_GET, require_http_methods, require_POST  # noqa: E402
from pydantic import ValidationError  # noqa: E402

from .django_books.models import Book, Entry  # noqa: E402
from .django_shown import VALUES, entries_of, page, pages, price_of  # noqa: E402


@require_http_methods(["GET", "PATCH"])
async def one(request: HttpRequest, key: int) -> HttpResponse:
    if request.method == "PATCH":
        return await update(request, key)
    book = await Book.objects.filter(id=key).values(*VALUES).afirst()
    return JsonResponse(book) if book else HttpResponseNotFound()


async def update(request: HttpRequest, key: int) -> HttpResponse:
    try:
        body = price_of(request.body)
    except ValidationError as error:
        return HttpResponse(error.json(include_url=False), status=422, content_type="application/json")
    changed = await Book.objects.filter(id=key).aupdate(price=body.price)
    return JsonResponse({"updated": changed}) if changed else HttpResponseNotFound()


@require_GET
async def twenty(request: HttpRequest) -> HttpResponse:
    return JsonResponse([book async for book in Book.objects.order_by("-id").values(*VALUES)[:20]], safe=False)


@require_GET
async def related(request: HttpRequest) -> HttpResponse:
    return JsonResponse([page(book) async for book in pages()], safe=False)


@require_POST
async def insert(request: HttpRequest) -> HttpResponse:
    try:
        body = entries_of(request.body)
    except ValidationError as error:
        return HttpResponse(error.json(include_url=False), status=422, content_type="application/json")
    made = await Entry.objects.abulk_create([Entry(name=entry.name, amount=entry.amount) for entry in body])
    return JsonResponse({"inserted": len(made)})


urlpatterns = [path("books/<int:key>", one), path("books", twenty), path("pages", related), path("entries", insert)]
