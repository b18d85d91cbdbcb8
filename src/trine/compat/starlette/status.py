"""`starlette.status`: status codes by name."""

import warnings

from trine.http import status as trine_status
from trine.http.status import *  # noqa: F403 - the same names, all of them

from .exceptions import StarletteDeprecationWarning

_RENAMED = {
    "HTTP_413_REQUEST_ENTITY_TOO_LARGE": "HTTP_413_CONTENT_TOO_LARGE",
    "HTTP_414_REQUEST_URI_TOO_LONG": "HTTP_414_URI_TOO_LONG",
    "HTTP_416_REQUESTED_RANGE_NOT_SATISFIABLE": "HTTP_416_RANGE_NOT_SATISFIABLE",
    "HTTP_422_UNPROCESSABLE_ENTITY": "HTTP_422_UNPROCESSABLE_CONTENT",
}
for _name in _RENAMED:
    globals().pop(_name, None)


def __getattr__(name: str) -> int:
    if name not in _RENAMED:
        raise AttributeError(f"module 'starlette.status' has no attribute '{name}'")
    message = f"'{name}' is deprecated. Use '{_RENAMED[name]}' instead."
    warnings.warn(message, StarletteDeprecationWarning, stacklevel=2)
    code: int = getattr(trine_status, name)
    return code
