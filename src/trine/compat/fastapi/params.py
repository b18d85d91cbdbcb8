"""`fastapi.params`: Trine's declarations under FastAPI's names, with the words that FastAPI has given up."""

import warnings
from enum import Enum
from typing import Any, ClassVar

from pydantic_core import PydanticUndefined

from trine.binding import depends
from trine.binding import params as declared
from trine.binding.params import UNSET, Kind
from trine.errors import SetupError

from .cleanup import WorkerLimit
from .exceptions import FastAPIDeprecationWarning

Undefined = PydanticUndefined


class ParamTypes(Enum):
    """Where a parameter stands."""

    query = "query"
    header = "header"
    path = "path"
    cookie = "cookie"


class _Declared(declared.Param):
    """A declaration that warns about words with a newer one, and shows a missing default as FastAPI does."""

    def __init__(self, default: Any = UNSET, /, **options: Any) -> None:
        default = options.pop("default", default)
        if options.get("regex") is not None:
            _warn("`regex` has been deprecated, please use `pattern` instead")
        if options.get("example") is not None:
            _warn("`example` has been deprecated, please use `examples` instead")
        super().__init__(UNSET if default is PydanticUndefined else default, **options)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({PydanticUndefined if self.default is UNSET else self.default})"


class Param(_Declared):
    """A parameter; where nothing else is said, of the query string."""

    kind: ClassVar[Kind] = "query"
    in_: ClassVar[ParamTypes] = ParamTypes.query


class Path(Param, declared.Path):
    """A part of the path."""

    kind = "path"
    in_ = ParamTypes.path

    def __init__(self, default: Any = ..., /, **options: Any) -> None:
        default = options.pop("default", default)
        if default is not ...:
            raise AssertionError("Path parameters cannot have a default value")
        super().__init__(default, **options)


class Query(Param, declared.Query):
    """A value of the query string."""

    kind = "query"
    in_ = ParamTypes.query


class Header(Param, declared.Header):
    """A header line."""

    kind = "header"
    in_ = ParamTypes.header


class Cookie(Param, declared.Cookie):
    """A cookie."""

    kind = "cookie"
    in_ = ParamTypes.cookie


class Body(_Declared, declared.Body):
    """The body, or one key of it."""


class Form(Body, declared.Form):
    """A field of an HTML form."""


class File(Form, declared.File):
    """An uploaded file."""


class Depends(depends.Depends):
    """A dependency."""

    def __post_init__(self) -> None:
        try:
            super().__post_init__()
        except SetupError as error:
            raise ValueError("max_concurrency must be a positive integer or None") from error
        if isinstance(self.max_concurrency, int):
            object.__setattr__(self, "limit", WorkerLimit(self.max_concurrency))


class Security(Depends, depends.Security):
    """A dependency that checks who asks."""


def _warn(message: str) -> None:
    # The declaration stands three calls up: this function, the class, and the function `Query()` of `param_functions`.
    warnings.warn(message, FastAPIDeprecationWarning, stacklevel=4)
