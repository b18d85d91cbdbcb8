"""Read a function's signature once: which inputs, dependencies and objects of the request it asks for."""

import inspect
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import AliasChoices, Json
from pydantic.fields import FieldInfo

from trine.concurrency import ConcurrencyLimit
from trine.errors import SetupError
from trine.http import BackgroundTasks, Connection, Request, Response
from trine.websocket import WebSocket

from .annotations import (
    bare_type,
    is_fields_model,
    is_scalar,
    is_sequence_type,
    is_upload,
    metadata_of,
    resolved,
    says,
    union_members,
)
from .depends import Depends, Security, SecurityScopes
from .params import UNSET, Body, Cookie, File, Form, Header, Kind, Param, Path, Query

Overrides = Mapping[Callable[..., Any], Callable[..., Any]]
Special = Literal["request", "websocket", "response", "background", "scopes"]
CallKind = Literal["async", "sync", "class", "async generator", "generator"]


@dataclass(frozen=True, eq=False)
class Input:
    """One value that the client sends: where it stands, under which name, and of which type."""

    name: str
    kind: Kind
    aliases: tuple[str, ...]
    annotation: Any
    param: Param
    default: Any
    where: str

    @property
    def alias(self) -> str:
        """The name on the wire; the first of several that are accepted."""
        return self.aliases[0]

    @property
    def required(self) -> bool:
        """Whether the request is refused when the value is absent."""
        return self.default is UNSET and self.param.options.get("default_factory") is None

    @property
    def bare(self) -> Any:
        """The type without `Annotated` and without `None`."""
        return bare_type(self.annotation)

    @property
    def is_sequence(self) -> bool:
        """Whether every value of the name is taken, not only one."""
        return not self.is_json_text and any(is_sequence_type(member) for member in union_members(self.annotation))

    @property
    def is_json_text(self) -> bool:
        """Whether one value carries JSON (Pydantic's `Json`), whatever the type that it is decoded to."""
        return any(item is Json or type(item) is Json for item in metadata_of(self.annotation))

    @property
    def is_model(self) -> bool:
        """Whether the fields of a model are read one by one (a parameter model)."""
        if self.is_json_text:
            return False
        members = [member for member in union_members(self.annotation) if member is not NoneType]
        return self.kind in ("query", "header", "cookie", "form") and all(is_fields_model(member) for member in members)


def reads_same(one: Input, other: Input) -> bool:
    """Whether two inputs are one value of the body, declared alike: a form model is not, its fields are."""
    if one is other:
        return True
    said, others = ((item.kind, item.aliases, item.is_model, item.param.options) for item in (one, other))
    return (
        one.kind in ("body", "form", "file")
        and not one.is_model
        and said == others
        and one.annotation == other.annotation
        and (one.default is other.default or (type(one.default) in _PLAIN and one.default == other.default))
    )


_PLAIN = (str, bytes, int, float, bool)


@dataclass(frozen=True, eq=False)
class Call:
    """A function with everything that must be at hand before it can be called."""

    function: Callable[..., Any]
    kind: CallKind
    inputs: tuple[Input, ...]
    specials: tuple[tuple[str, Special], ...]
    dependencies: tuple[tuple[str | None, "Call"], ...]
    use_cache: bool = True
    scope: Literal["function", "request"] | None = None
    scopes: tuple[str, ...] = ()
    own_scopes: tuple[str, ...] = ()
    declared: Callable[..., Any] | None = field(default=None)
    limit: ConcurrencyLimit | None = None
    """How many requests may use it at the same time."""

    def walk(self) -> "Iterator[Call]":
        """Give the call and everything below it, in the order in which it runs."""
        for _, dependency in self.dependencies:
            yield from dependency.walk()
        yield self

    @property
    def wants_scopes(self) -> bool:
        """Whether the call, or one below it, looks at the security scopes."""
        return any(kind == "scopes" for call in self.walk() for _, kind in call.specials)


def read_call(
    function: Callable[..., Any],
    *,
    path_names: Collection[str] = (),
    overrides: Overrides | None = None,
    extra: Sequence[Depends] = (),
    complete: Callable[..., Any] | None = None,
) -> Call:
    """Read a handler's signature. `extra` are dependencies whose value nobody takes, such as a router's.

    `complete` makes the answer of the handler's value, which it takes as its first parameter.
    """
    reader = _Reader(frozenset(path_names), overrides or {})
    call = reader.read(function, scopes=(), use_cache=True, scope=None)
    if extra:
        added = tuple((None, reader.dependency(depends, depends.dependency, (), _place(function))) for depends in extra)
        call = replace(call, dependencies=added + call.dependencies)
    return call if complete is None else _completed(call, reader.read(complete, scopes=(), use_cache=True, scope=None))


def _completed(call: Call, complete: Call) -> Call:
    """Call a handler first, and then what completes its value. What the latter depends on decides whether the first is called."""
    (value, _), *inputs = [(item.name, item) for item in complete.inputs]
    needed = tuple((None, dependency) for _, dependency in complete.dependencies)
    inner = replace(call, dependencies=call.dependencies + needed)
    dependencies = ((value, inner), *complete.dependencies)
    return replace(complete, inputs=tuple(item for _, item in inputs), dependencies=dependencies)


class _Reader:
    def __init__(self, path_names: frozenset[str], overrides: Overrides) -> None:
        self.path_names = path_names
        self.overrides = overrides
        self.chain: list[Any] = []

    def read(
        self,
        function: Callable[..., Any],
        *,
        scopes: tuple[str, ...],
        use_cache: bool,
        scope: Literal["function", "request"] | None,
        own_scopes: tuple[str, ...] = (),
    ) -> Call:
        declared = function
        function = self.overrides.get(function, function)
        if function in self.chain:
            names = " → ".join(_name(link) for link in [*self.chain, function])
            raise SetupError(f"Dependencies go in a circle: {names}.", hint="Break the circle.", where=_place(function))
        self.chain.append(function)
        inputs: list[Input] = []
        specials: list[tuple[str, Special]] = []
        dependencies: list[tuple[str | None, Call]] = []
        parameters = list(signature_of(function).parameters.values())
        view = getattr(function, "__view__", None)
        if view is not None:
            # The method of a class-based route: an instance comes first.
            dependencies.append((parameters.pop(0).name, self.dependency(Depends(view), view, scopes, _place(function))))
        for parameter in parameters:
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            declared_type, param, depends = _split(parameter, function, in_path=parameter.name in self.path_names)
            special = None if param or depends else _special(declared_type)
            if depends is not None:
                target = depends.dependency or bare_type(declared_type)
                dependencies.append((parameter.name, self.dependency(depends, target, scopes, _place(function))))
            elif special is not None:
                specials.append((parameter.name, special))
            else:
                inputs.append(self._input(parameter, declared_type, param, function))
        self.chain.pop()
        return Call(
            function,
            call_kind(function),
            tuple(inputs),
            tuple(specials),
            tuple(dependencies),
            use_cache,
            scope,
            scopes,
            own_scopes,
            declared,
        )

    def dependency(self, depends: Depends, target: Any, scopes: tuple[str, ...], where: str) -> Call:
        if not callable(target):
            raise SetupError(
                f"Depends({target!r}) names nothing that can be called.", hint="Pass a function or a class.", where=where
            )
        own: tuple[str, ...] = tuple(depends.scopes) if isinstance(depends, Security) else ()
        together = scopes + tuple(scope for scope in own if scope not in scopes)
        call = self.read(target, scopes=together, use_cache=depends.use_cache, scope=depends.scope, own_scopes=own)
        _check_scopes(call, where)
        return replace(call, limit=depends.limit)

    def _input(self, parameter: inspect.Parameter, annotation: Any, param: Param | None, function: Any) -> Input:
        where = _place(function)
        if isinstance(annotation, str):
            raise SetupError(
                f"'{parameter.name}' of {_name(function)}() has the type '{annotation}', which cannot be found.",
                hint="Import it outside of 'if TYPE_CHECKING:', or define it at the top of the module.",
                where=where,
            )
        default = parameter.default
        if isinstance(default, Param | FieldInfo) or default is parameter.empty or default is ...:
            default = UNSET if param is None else param.default
        name = parameter.name
        if name in self.path_names:
            if param is not None and not isinstance(param, Path):
                raise SetupError(
                    f"'{name}' of {_name(function)}() is part of the path, but declared as {type(param).__name__}().",
                    hint="Declare it as Path(), or rename the parameter.",
                    where=where,
                )
            if isinstance(param, Path) and param.default is not UNSET:
                raise SetupError(
                    f"Path parameter '{name}' of {_name(function)}() has a default value.",
                    hint="A path parameter is always there: remove the default.",
                    where=where,
                )
            # A default in the signature is for other paths of the same function: here the value is always there.
            default = UNSET
            param = param or Path()
        elif param is None:
            param = _guess(annotation, function)()
        _check_scalar(name, annotation, param, function)
        return Input(name, param.kind, self._names(name, param), annotation, param, default, where)

    def _names(self, name: str, param: Param) -> tuple[str, ...]:
        aliases = _aliases(name, param)
        if not isinstance(param, Path):
            return aliases
        # The path itself says which of the names it uses.
        return (next((alias for alias in (*aliases, name) if alias in self.path_names), aliases[0]),)


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """A function's signature with its annotations evaluated. Names that only a type checker sees stay text."""
    try:
        signature = inspect.signature(function, eval_str=True)
    except (NameError, AttributeError):
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        # Built-in types such as `dict` have no signature; they are called without arguments.
        return inspect.Signature()
    annotations = (signature.return_annotation, *(parameter.annotation for parameter in signature.parameters.values()))
    # One name that cannot be found, or a signature that was set by hand, leaves all of them as text.
    return _evaluated(signature, function) if any(isinstance(one, str) for one in annotations) else signature


def _evaluated(signature: inspect.Signature, function: Any) -> inspect.Signature:
    """Evaluate annotations one by one, each that can be."""
    names = _globals_of(function)

    def evaluated(annotation: Any) -> Any:
        if not isinstance(annotation, str):
            return annotation
        try:
            return eval(annotation, names)  # noqa: S307 - the program's own source, which Python would have evaluated itself
        except (NameError, AttributeError, TypeError, SyntaxError):
            return annotation

    parameters = [parameter.replace(annotation=evaluated(parameter.annotation)) for parameter in signature.parameters.values()]
    return signature.replace(parameters=parameters, return_annotation=evaluated(signature.return_annotation))


def _globals_of(function: Any) -> dict[str, Any]:
    """The names that a function's annotations can use: those of its module."""
    for link in _links(function):
        function = link
    if inspect.isclass(function):
        return dict(vars(sys.modules[function.__module__]))
    return dict(getattr(function, "__globals__", {}))


def call_kind(function: Callable[..., Any]) -> CallKind:
    """How a function must be called: awaited, in a thread, constructed, or entered and left.

    A wrapper decides where it is asynchronous or a generator itself; a plain one passes on what it wraps.
    """
    if inspect.isclass(function):
        return "class"
    for link in _links(function):
        if inspect.isasyncgenfunction(link):
            return "async generator"
        if inspect.iscoroutinefunction(link):
            return "async"
        if inspect.isgeneratorfunction(link):
            return "generator"
    return "sync"


def _links(function: Any) -> Iterator[Any]:
    """Give a callable and everything that it leads to: what a partial or a wrapper calls, an object's `__call__`."""
    while not inspect.isclass(function):
        yield function
        if isinstance(function, partial):
            function = function.func
        elif hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        elif inspect.isroutine(function):
            return
        else:
            function = type(function).__call__


def _split(parameter: inspect.Parameter, function: Any, *, in_path: bool) -> tuple[Any, Param | None, Depends | None]:
    """Take an annotation apart: the type, and the `Param` or `Depends` that stands in it or in the default."""
    annotation = Any if parameter.annotation is parameter.empty else resolved(parameter.annotation)
    param: Param | None = None
    depends: Depends | None = None
    said: dict[str, Any] = {}
    if get_origin(annotation) is Annotated:
        declared, *metadata = get_args(annotation)
        kept = [item for item in metadata if not isinstance(item, Param | Depends)]
        for item in kept:
            if isinstance(item, FieldInfo):
                said.update(item.asdict()["attributes"])
        marks = [item for item in metadata if isinstance(item, Param | Depends)]
        annotation = Annotated[(declared, *kept)] if kept else declared
        if marks:
            mark = marks[-1]
            param, depends = (mark, None) if isinstance(mark, Param) else (None, mark)
            if isinstance(mark, Param) and mark.default is not UNSET:
                raise SetupError(
                    f"{type(mark).__name__}() of '{parameter.name}' in {_name(function)}() sets a default inside Annotated.",
                    hint=f"Write the default after '=': {parameter.name}: Annotated[...] = {mark.default!r}.",
                    where=_place(function),
                )
    default = parameter.default
    if isinstance(default, FieldInfo):
        # Pydantic's own Field() as the default: what it says about the value, wherever that comes from.
        attributes = default.asdict()["attributes"]
        annotation = Annotated[annotation, default]
        kind = Path if in_path else _guess(annotation, function)
        default = param = kind(attributes.pop("default", UNSET), **attributes)
        return annotation, param, None
    if isinstance(default, Param | Depends):
        if param is not None or depends is not None:
            raise SetupError(
                f"'{parameter.name}' of {_name(function)}() is declared both inside Annotated and as the default value.",
                hint="Keep one of the two.",
                where=_place(function),
            )
        param, depends = (default, None) if isinstance(default, Param) else (None, default)
    if said and depends is None:
        param = (param or (Path if in_path else _guess(annotation, function))()).completed(
            {key: said[key] for key in said if key != "default"}
        )
    return annotation, param, depends


def _special(annotation: Any) -> Special | None:
    kind = bare_type(annotation)
    kind = get_origin(kind) or kind
    if not inspect.isclass(kind):
        return None
    if issubclass(kind, WebSocket):
        return "websocket"
    if issubclass(kind, Request | Connection):
        return "request"
    if issubclass(kind, BackgroundTasks):
        return "background"
    if issubclass(kind, Response):
        return "response"
    return "scopes" if issubclass(kind, SecurityScopes) else None


def _aliases(name: str, param: Param) -> tuple[str, ...]:
    alias = param.options.get("validation_alias") or param.options.get("alias")
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    texts = tuple(choice for choice in choices if isinstance(choice, str))
    if texts:
        return texts
    return (name.replace("_", "-") if isinstance(param, Header) and param.convert_underscores else name,)


def _guess(annotation: Any, function: Any) -> type[Param]:
    if getattr(function, "reads_form", False):
        return Form
    if is_upload(annotation):
        return File
    if getattr(bare_type(annotation), "reads_query", False):
        return Query
    return Query if is_scalar(annotation) else Body


def _check_scalar(name: str, annotation: Any, param: Param, function: Any) -> None:
    """Path, query, header and cookie values are text: refuse a type that text cannot carry."""
    if isinstance(param, Body | Form) or is_scalar(annotation):
        return
    members = [member for member in union_members(annotation) if member is not NoneType]
    if all(is_fields_model(member) for member in members) and not isinstance(param, Path):
        return
    inner = all(
        is_scalar(argument)
        for member in union_members(annotation)
        if is_sequence_type(member)
        for argument in get_args(member)
        if argument is not Ellipsis
    )
    if (
        isinstance(param, Query | Header | Cookie)
        and inner
        and not says(annotation, "reads_body")
        and all(is_sequence_type(member) or is_scalar(member) for member in union_members(annotation))
    ):
        return
    raise SetupError(
        f"{type(param).__name__} parameter '{name}' of {_name(function)}() has a type that text cannot carry: {annotation}.",
        hint="Use a scalar, a list of scalars or a model, or declare it as Body().",
        where=_place(function),
    )


def _check_scopes(call: Call, where: str) -> None:
    """What outlives a function must not use what ends with it."""
    if call.kind not in ("generator", "async generator") or call.scope == "function":
        return
    for _, inner in call.dependencies:
        if inner.kind in ("generator", "async generator") and inner.scope == "function":
            raise SetupError(
                f"The dependency '{_name(call.function)}' lives until the response was sent, "
                f"but uses '{_name(inner.function)}' with scope 'function', which ends before.",
                hint="Give both the same scope.",
                where=where,
            )


def _name(function: Any) -> str:
    return getattr(function, "__qualname__", None) or type(function).__qualname__


def _place(function: Any) -> str:
    code = getattr(inspect.unwrap(function) if callable(function) else function, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else ""
