"""Requests and responses: Werkzeug's, with what the application knows about them."""

from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.wrappers import Request as WerkzeugRequest
from werkzeug.wrappers import Response as WerkzeugResponse

from . import json
from .globals import _cv_app

if TYPE_CHECKING:
    from werkzeug.routing import Rule


class Request(WerkzeugRequest):
    """What a view asks about the request: Werkzeug's request, the rule that matched, and the limits of the configuration."""

    json_module: Any = json
    url_rule: "Rule | None" = None
    """The rule that matched; its `methods` say what else it takes."""
    view_args: dict[str, Any] | None = None
    """The variable parts of the path."""
    routing_exception: HTTPException | None = None
    """Why no rule matched."""

    _max_content_length: int | None = None
    _max_form_memory_size: int | None = None
    _max_form_parts: int | None = None

    @property
    def max_content_length(self) -> int | None:
        """Bytes that the body may have; `MAX_CONTENT_LENGTH` where the request has no limit of its own."""
        return self._limit(self._max_content_length, "MAX_CONTENT_LENGTH", super().max_content_length)

    @max_content_length.setter
    def max_content_length(self, value: int | None) -> None:
        self._max_content_length = value

    @property
    def max_form_memory_size(self) -> int | None:
        """Bytes that a field of a form may have, unless it is a file; `MAX_FORM_MEMORY_SIZE`."""
        return self._limit(self._max_form_memory_size, "MAX_FORM_MEMORY_SIZE", super().max_form_memory_size)

    @max_form_memory_size.setter
    def max_form_memory_size(self, value: int | None) -> None:
        self._max_form_memory_size = value

    @property  # type: ignore[override] # a class attribute there
    def max_form_parts(self) -> int | None:
        """Fields that a form may have; `MAX_FORM_PARTS`."""
        return self._limit(self._max_form_parts, "MAX_FORM_PARTS", super().max_form_parts)

    @max_form_parts.setter
    def max_form_parts(self, value: int | None) -> None:
        self._max_form_parts = value

    @staticmethod
    def _limit(own: int | None, name: str, default: int | None) -> int | None:
        if own is not None:
            return own
        context = _cv_app.get(None)
        return default if context is None else context.app.config[name]

    @property
    def endpoint(self) -> str | None:
        """The name of the view that answers; None where no rule matched."""
        return None if self.url_rule is None else self.url_rule.endpoint

    @property
    def blueprint(self) -> str | None:
        """The name under which the view's blueprint is registered; None for the application's own views."""
        endpoint = self.endpoint
        return endpoint.rpartition(".")[0] or None if endpoint else None

    @property
    def blueprints(self) -> list[str]:
        """The name of the view's blueprint, then those of the blueprints around it."""
        name = self.blueprint
        return [] if name is None else blueprint_path(name)

    def _load_form_data(self) -> None:
        super()._load_form_data()
        if _is_debugged() and self.mimetype != "multipart/form-data" and not self.files:
            from .debughelpers import ExplainingFiles

            vars(self)["files"] = ExplainingFiles(self)

    def on_json_loading_failed(self, e: ValueError | None) -> Any:
        """Refuse a body that is no JSON, and say why where the application is being debugged."""
        try:
            return super().on_json_loading_failed(e)
        except BadRequest as refused:
            if _is_debugged():
                raise
            # What went wrong may quote the body, and the page is for everybody.
            raise BadRequest from refused


def _is_debugged() -> bool:
    context = _cv_app.get(None)
    return context is not None and context.app.debug


def blueprint_path(name: str) -> list[str]:
    """A dotted name, and those of everything around it: `["a.b", "a"]`."""
    path = [name]
    while "." in name:
        name = name.rpartition(".")[0]
        path.append(name)
    return path


class Response(WerkzeugResponse):
    """What a view answers: Werkzeug's response, HTML unless it says otherwise."""

    default_mimetype = "text/html"
    json_module = json
    autocorrect_location_header = False

    @property
    def max_cookie_size(self) -> int:  # type: ignore[override] # a class attribute there
        """Bytes of a cookie above which a warning is given: `MAX_COOKIE_SIZE`."""
        context = _cv_app.get(None)
        return super().max_cookie_size if context is None else context.app.config["MAX_COOKIE_SIZE"]
