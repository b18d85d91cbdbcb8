"""Where an input comes from, and what it must look like: `Query`, `Path`, `Header`, `Cookie`, `Body`, `Form`, `File`.

Use them inside `Annotated[...]` or as default values. The constraints are Pydantic's; they are handed over when the
route is bound, so that declaring a parameter imports nothing.
"""

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any, ClassVar, Literal, Self, TypedDict, Unpack

Kind = Literal["path", "query", "header", "cookie", "body", "form", "file"]


class _Unset:
    """The absence of a default; `...` says the same."""

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET: Any = _Unset()


class FieldOptions(TypedDict, total=False):
    """What may be said about an input besides its type and default."""

    default_factory: Callable[[], Any]
    """Makes the default anew for each request."""
    alias: str
    """The name on the wire, where it differs from the parameter's."""
    alias_priority: int
    validation_alias: Any
    serialization_alias: str
    title: str
    """A short name for the documentation."""
    description: str
    """What it means, for the documentation."""
    gt: float
    """Greater than."""
    ge: float
    """Greater than or equal to."""
    lt: float
    """Less than."""
    le: float
    """Less than or equal to."""
    multiple_of: float
    min_length: int
    max_length: int
    pattern: str
    """A regular expression that the text must match."""
    regex: str
    """The older word for `pattern`."""
    discriminator: Any
    validate_default: bool
    """Check the default too, not only what was sent."""
    union_mode: Literal["smart", "left_to_right"]
    fail_fast: bool
    strict: bool
    """No conversion: `"1"` is not an integer."""
    allow_inf_nan: bool
    """Accept NaN and infinity, which a route refuses otherwise."""
    max_digits: int
    decimal_places: int
    examples: list[Any]
    """Example values, for the documentation."""
    openapi_examples: dict[str, Any]
    """Named examples with summary and description (OpenAPI's Example Object)."""
    deprecated: bool | str
    include_in_schema: bool
    """Whether the documentation shows it; yes when absent."""
    json_schema_extra: Any
    convert_underscores: bool
    """Headers only: `user_agent` reads `user-agent`; yes when absent."""
    embed: bool
    """Body only: expect the value under its name, also where it is the only one."""
    media_type: str
    """Body only: the content type that the documentation names."""
    example: Any


_OWN_OPTIONS = frozenset(
    {"openapi_examples", "include_in_schema", "convert_underscores", "embed", "media_type", "regex", "example"}
)


class Param:
    """An input of a request. Subclasses say where it comes from."""

    kind: ClassVar[Kind]

    def __init__(self, default: Any = UNSET, /, **options: Unpack[FieldOptions]) -> None:
        if "default" in options:
            default = options.pop("default")  # type: ignore[typeddict-item] # FastAPI's spelling: Query(default=1)
        self.default = UNSET if default is ... else default
        self.options: dict[str, Any] = dict(options)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.default!r})"

    def __getattr__(self, name: str) -> Any:
        if name == "options":
            raise AttributeError(name)
        # Every option reads as an attribute, None where it was not given.
        if name in FieldOptions.__annotations__:
            return self.options.get(name)
        raise AttributeError(f"'{type(self).__name__}' has no attribute '{name}'")

    @property
    def field_options(self) -> dict[str, Any]:
        """The options that Pydantic's `Field` takes."""
        chosen = {name: value for name, value in self.options.items() if name not in _OWN_OPTIONS}
        if self.options.get("regex") is not None:
            chosen.setdefault("pattern", self.options["regex"])
        return chosen

    def completed(self, options: dict[str, Any]) -> Self:
        """The same declaration with further options; its own ones win."""
        copied = copy(self)
        if "alias" in self.options:
            # A name given here is the name, whatever Field() called it.
            options = {key: value for key, value in options.items() if key not in ("validation_alias", "serialization_alias")}
        copied.options = {**options, **self.options}
        return copied

    @property
    def include_in_schema(self) -> bool:
        """Whether the documentation shows this input."""
        return self.options.get("include_in_schema") is not False


class Path(Param):
    """A part of the path. Always required."""

    kind = "path"


class Query(Param):
    """A value of the query string. A list, set or tuple takes every value of its name."""

    kind = "query"


class Header(Param):
    """A header line. Underscores in the parameter's name stand for hyphens."""

    kind = "header"

    @property
    def convert_underscores(self) -> bool:
        """Whether `user_agent` reads the header `user-agent`."""
        return bool(self.options.get("convert_underscores", True))


class Cookie(Param):
    """A cookie by its name."""

    kind = "cookie"


class Body(Param):
    """The body, or one key of it where several bodies are declared or `embed` is set."""

    kind: ClassVar[Kind] = "body"

    @property
    def embed(self) -> bool | None:
        """Whether the value stands under its name; None leaves it to the number of bodies."""
        return self.options.get("embed")

    @property
    def media_type(self) -> str:
        """The content type that the documentation names."""
        return str(self.options.get("media_type", "application/json"))


class Form(Body):
    """A field of an HTML form."""

    kind: ClassVar[Kind] = "form"

    @property
    def media_type(self) -> str:
        """The content type that the documentation names."""
        return str(self.options.get("media_type", "application/x-www-form-urlencoded"))


class File(Form):
    """An uploaded file: `bytes` reads it into memory, `UploadFile` leaves it on disk."""

    kind: ClassVar[Kind] = "file"

    @property
    def media_type(self) -> str:
        """The content type that the documentation names."""
        return str(self.options.get("media_type", "multipart/form-data"))


Scopes = Sequence[str]
