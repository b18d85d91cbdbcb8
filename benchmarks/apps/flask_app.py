"""Flask on gunicorn: plain functions, as WSGI applications are written; Pydantic is called by the view."""

from os import SEEK_END
from typing import Any

from flask import Flask, Response, abort, request
from pydantic import ValidationError

from .answers import GROUPS, TEXT, describe, find_tenant, find_user, message, open_account, short
from .flags import flag
from .many import MANY
from .pydantic_records import House, price

app = Flask(__name__)


def add_workloads() -> None:
    """Add every route but the 200 of the many-routes workload."""

    @app.get("/plain")
    def plain() -> Response:
        return Response(TEXT, content_type="text/plain; charset=utf-8")

    @app.get("/json")
    def small() -> dict[str, Any]:
        return message()

    @app.get("/sync")
    def sync() -> dict[str, Any]:
        return short()

    @app.post("/houses/<int:id>")
    def typed(id: int) -> Response:
        try:
            insured = flag(request.args.get("insured", "false"))
            house = House.model_validate_json(request.get_data(cache=False))
        except (ValueError, ValidationError):
            abort(422)
        return Response(price(id, insured, house).model_dump_json(), content_type="application/json")

    @app.post("/upload")
    @app.post("/upload-file")
    def upload() -> dict[str, Any]:
        return {"size": request.files["file"].seek(0, SEEK_END)}

    @app.get("/account")
    def account() -> dict[str, Any]:
        tenant, session = request.headers.get("x-tenant"), request.cookies.get("session")
        if tenant is None or session is None:
            abort(422)
        return describe(find_user(open_account(session, find_tenant(tenant))))


def add_group(group: str) -> None:
    """Add one group's static and dynamic route."""

    @app.get(f"/{group}/about", endpoint=f"{group}-about")
    def about() -> dict[str, Any]:
        return message()

    @app.get(f"/{group}/items/<int:id>", endpoint=f"{group}-item")
    def item(id: int) -> dict[str, Any]:
        return {"group": group, "id": id}


if MANY:
    for n in GROUPS:
        add_group(f"group{n}")
else:
    add_workloads()
