"""What views return and what hooks look like, as types."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response

WSGIApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

ResponseValue = Response | str | bytes | list[Any] | Mapping[str, Any] | Iterator[str] | Iterator[bytes]
HeaderValue = str | list[str] | tuple[str, ...]
HeadersValue = Headers | Mapping[str, HeaderValue] | Sequence[tuple[str, HeaderValue]]
ResponseReturnValue = (
    ResponseValue
    | tuple[ResponseValue, HeadersValue]
    | tuple[ResponseValue, int]
    | tuple[ResponseValue, int, HeadersValue]
    | WSGIApplication
)
ResponseClass = TypeVar("ResponseClass", bound=Response)

AppOrBlueprintKey = str | None
"""The name of a blueprint; None stands for the application."""

AfterRequestCallable = Callable[[ResponseClass], ResponseClass] | Callable[[ResponseClass], Awaitable[ResponseClass]]
BeforeRequestCallable = Callable[[], ResponseReturnValue | None] | Callable[[], Awaitable[ResponseReturnValue | None]]
ErrorHandlerCallable = Callable[..., Any] | Callable[..., Awaitable[Any]]
RouteCallable = Callable[..., Any] | Callable[..., Awaitable[Any]]
ShellContextProcessorCallable = Callable[[], dict[str, Any]]
TeardownCallable = Callable[[BaseException | None], None] | Callable[[BaseException | None], Awaitable[None]]
TemplateContextProcessorCallable = Callable[[], dict[str, Any]] | Callable[[], Awaitable[dict[str, Any]]]
TemplateFilterCallable = Callable[..., Any]
TemplateGlobalCallable = Callable[..., Any]
TemplateTestCallable = Callable[..., bool]
URLDefaultCallable = Callable[[str, dict[str, Any]], None]
URLValuePreprocessorCallable = Callable[[str | None, dict[str, Any] | None], None]
