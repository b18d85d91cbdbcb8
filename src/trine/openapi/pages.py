"""The pages that show the OpenAPI document."""

from typing import Any

from trine.http import JSONResponse
from trine.routing import APIRouter


def docs_router(app: Any) -> APIRouter:
    """The routes of the documentation."""
    router = APIRouter(include_in_schema=False)
    if app.openapi_url is None:
        return router

    async def openapi() -> JSONResponse:
        return JSONResponse(app.openapi())

    router.add_api_route(app.openapi_url, openapi, methods=["GET"])
    return router
