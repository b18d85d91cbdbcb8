"""A model as it was declared: which functions it has, what they take and what they give."""

import inspect
import re
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from inspect import Parameter, isclass
from types import NoneType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin
from weakref import WeakKeyDictionary

from trine.binding.annotations import union_members
from trine.binding.signature import signature_of
from trine.errors import SetupError
from trine.types import ModelOptions

from .context import LoadContext
from .formats import pickles_allowed
from .outputs import OutputCheck, make_output_check
from .sequence import ActiveSequence

if TYPE_CHECKING:
    from .registry import Registry

_STREAMS = (AsyncIterable, AsyncIterator, AsyncGenerator, Iterable, Iterator, Generator)
_LISTS = (list, Sequence)
_HOOKS = ("predict", "stream", "step")


@dataclass(frozen=True)
class ModelDeclaration:
    """A model: declared, not yet loaded. `source` is the class, or the function that predicts."""

    name: str
    source: Any
    options: ModelOptions = field(default_factory=ModelOptions)
    input_type: Any = Any
    output_type: Any = Any
    """What `predict` gives for one item."""
    token_type: Any = Any
    """What `stream` or `step` gives, one after the other."""
    where: str = ""

    @property
    def version(self) -> str:
        """The version that is loaded first: the one that is named, the registry's default, or "1"."""
        given = self.options.get("version")
        if given is None and self.registry is not None:
            return self._released
        return "1" if given is None else given

    @cached_property
    def _released(self) -> str:
        registry = self.registry
        default = None if registry is None else registry.release(self.name).default
        if default is None:
            raise SetupError(
                f"The registry of the model {self.name} has no version of it.",
                hint=f"Publish one: trine models publish {self.name} FILE",
                where=self.where,
            )
        return default

    @cached_property
    def max_batch(self) -> int:
        """Most items of a batch."""
        return self.options.get("max_batch", 32)

    @property
    def max_wait(self) -> float:
        """Longest wait for further items, in seconds."""
        return self.options.get("max_wait_ms", 5.0) / 1000

    @cached_property
    def max_queue(self) -> int:
        """How many items may wait."""
        return self.options.get("max_queue", 16 * self.max_batch)

    @cached_property
    def timeout(self) -> float:
        """Seconds in which an item must be answered."""
        given = self.options.get("timeout", 30.0)
        return 30.0 if callable(given) else given

    @property
    def replicas(self) -> tuple[int, int]:
        """The least and the most processes that hold the model."""
        given = self.options.get("replicas", 1)
        return (given, given) if isinstance(given, int) else given

    @property
    def scales(self) -> bool:
        """Whether replicas above the least start and end as needed."""
        least, most = self.replicas
        return least < most

    @property
    def predicts(self) -> bool:
        """Whether the model answers items, and not only with streams."""
        return not isclass(self.source) or hasattr(self.source, "predict")

    @property
    def steps(self) -> bool:
        """Whether streams are advanced together, one step at a time."""
        return isclass(self.source) and hasattr(self.source, "step")

    @property
    def streams(self) -> bool:
        """Whether the model answers with streams."""
        return self.steps or (isclass(self.source) and hasattr(self.source, "stream"))

    @cached_property
    def registry(self) -> "Registry | None":
        """Where the versions are kept, None where the class knows its one version itself."""
        said = self.options.get("registry")
        if said is None:
            return None
        from .registry import Registry

        return said if isinstance(said, Registry) else Registry(said)

    @cached_property
    def check_output(self) -> OutputCheck:
        """Give an output that has its type, or raise."""
        return make_output_check(self.output_type, self.where)

    def device(self, replica: int) -> str:
        """The device of a replica: one after the other, from the start again when there are more replicas."""
        devices = self.options.get("devices") or ("cpu",)
        return devices[replica % len(devices)]

    def new(self) -> Any:
        """Make an unloaded instance; for a function, one that has it as `predict`."""
        return self.source() if isclass(self.source) else FunctionModel(self.source)


class FunctionModel:
    """A model that is nothing but a function."""

    def __init__(self, predict: Callable[..., Any]) -> None:
        self.predict = predict


def read_declaration(source: Any, options: ModelOptions) -> ModelDeclaration:
    """Read what a class or function says. Raises `SetupError` with every reason why it cannot be served."""
    where = _place(source)
    name = options.get("name") or _name_of(source)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
        raise SetupError(f"A model cannot be called '{name}'.", hint="Use letters, digits, '.', '_' and '-'.", where=where)
    _check_options(name, options, where)
    hooks = {hook: getattr(source, hook) for hook in _HOOKS if hasattr(source, hook)} if isclass(source) else {"predict": source}
    if not hooks:
        hint = "Add 'def predict(self, items: list[Input]) -> list[Output]', a 'stream' or a 'step'."
        raise SetupError(f"The model {name} has nothing that answers.", hint=hint, where=where)
    if {"stream", "step"} <= hooks.keys():
        hint = "Keep 'step' to advance all streams together, or 'stream' for each by itself."
        raise SetupError(f"The model {name} has both 'stream' and 'step'.", hint=hint, where=where)
    if inspect.iscoroutinefunction(getattr(source, "load", None)):
        hint = "Write a plain 'def load': it has a thread to itself."
        raise SetupError(f"load() of the model {name} is an 'async def'.", hint=hint, where=where)
    found = [_read_hook(name, hook, function, isclass(source)) for hook, function in hooks.items()]
    inputs = [taken for taken, _ in found]
    if any(taken != inputs[0] for taken in inputs):
        hint = "They answer the same address: let them take the same type."
        raise SetupError(f"The hooks {' and '.join(hooks)} of the model {name} take different inputs.", hint=hint, where=where)
    given = dict(zip(hooks, (output for _, output in found), strict=True))
    return ModelDeclaration(
        name,
        source,
        options,
        inputs[0],
        given.get("predict", Any),
        given.get("stream", given.get("step", Any)),
        where,
    )


_declared: "WeakKeyDictionary[Any, dict[str, ModelDeclaration]]" = WeakKeyDictionary()


def remember(declaration: ModelDeclaration) -> None:
    """Note a declaration beside its source: another process that imports the source finds it there, with all its options."""
    _declared.setdefault(declaration.source, {})[declaration.name] = declaration


def recall(source: Any, name: str) -> ModelDeclaration | None:
    """Find the declaration of a source again. None where importing it declares nothing."""
    return _declared.get(source, {}).get(name)


def load_model(declaration: ModelDeclaration, context: LoadContext) -> Any:
    """Make an instance and load it. Blocks as long as the model's own `load` does; a registry's files are fetched first."""
    registry = declaration.registry
    if registry is not None and context.path is None:
        path, known = registry.fetch(declaration.name, context.version)
        context = replace(context, path=path, about=known.model_dump(mode="json"))
    model = declaration.new()
    load = getattr(model, "load", None)
    if load is not None:
        with pickles_allowed(declaration.options.get("allow_pickle", False)):
            load(*([context] if inspect.signature(load).parameters else []))
    return model


def _read_hook(name: str, hook: str, function: Any, is_method: bool) -> tuple[Any, Any]:
    """The type of one item and of one output of `predict`, `stream` or `step`."""
    signature = signature_of(function)
    where = _place(function)
    parameters = list(signature.parameters.values())[1 if is_method else 0 :]
    needed = [one for one in parameters if one.default is Parameter.empty and one.kind < Parameter.VAR_POSITIONAL]
    if not parameters or len(needed) > 1:
        hint = "It takes one item." if hook == "stream" else "It takes a list and nothing else."
        raise SetupError(f"{hook}() of the model {name} takes {len(parameters)} parameters.", hint=hint, where=where)
    taken, given = parameters[0].annotation, signature.return_annotation
    taken = Any if taken is Parameter.empty else taken
    given = Any if given is signature.empty else given
    if hook == "stream":
        return taken, _inside(given, _STREAMS, name, hook, "Iterator[Token]", where)
    inner = "ActiveSequence[Prompt]" if hook == "step" else "Input"
    taken = _inside(taken, _LISTS, name, hook, f"list[{inner}]", where)
    given = _inside(given, _LISTS, name, hook, "list[Token | None]" if hook == "step" else "list[Output]", where)
    if hook == "step":
        if taken is not Any and (get_origin(taken) or taken) is not ActiveSequence:
            hint = "Write 'def step(self, sequences: list[ActiveSequence[Prompt]]) -> list[Token | None]'."
            raise SetupError(f"step() of the model {name} takes a list of {taken!r}.", hint=hint, where=where)
        taken = next(iter(get_args(taken)), Any)
        given = _without_none(given)
    return taken, given


def _inside(annotation: Any, outer: tuple[Any, ...], name: str, hook: str, example: str, where: str) -> Any:
    if annotation is Any:
        return Any
    if (get_origin(annotation) or annotation) not in outer:
        shown = getattr(annotation, "__name__", None) or repr(annotation)
        raise SetupError(
            f"{hook}() of the model {name} is declared with {shown}, not with {example}.",
            hint="It gets many items in one call, and gives an output for each."
            if hook != "stream"
            else "It gives one token after the other.",
            where=where,
        )
    return next(iter(get_args(annotation)), Any)


def _without_none(annotation: Any) -> Any:
    members = [member for member in union_members(annotation) if member is not NoneType]
    return Union[tuple(members)] if members else Any  # noqa: UP007 - made from what was found


def _check_options(name: str, options: ModelOptions, where: str) -> None:
    value: Any
    for word in ("max_batch", "max_queue", "max_items"):
        value = options.get(word, 1)
        if type(value) is not int or value < 1:
            raise SetupError(f"The model {name} has {word}={value!r}.", hint="Say how many, at least 1.", where=where)
    wait, timeout = options.get("max_wait_ms", 0), options.get("timeout", 1.0)
    if wait < 0 or (not callable(timeout) and timeout <= 0):
        hint = "max_wait_ms is in milliseconds, at least 0; timeout is in seconds, above 0."
        raise SetupError(f"The model {name} has max_wait_ms={wait!r} and timeout={timeout!r}.", hint=hint, where=where)
    replicas: Any = options.get("replicas", 1)
    least, most = replicas if isinstance(replicas, tuple) and len(replicas) == 2 else (replicas, replicas)
    if type(least) is not int or type(most) is not int or not 1 <= least <= most:
        hint = "Say a number, or the least and the most: replicas=(1, 4)."
        raise SetupError(f"The model {name} has replicas={replicas!r}.", hint=hint, where=where)

    for word in ("grow_wait_ms", "shrink_after"):
        value = options.get(word, 0)
        if value < 0:
            hint = "grow_wait_ms is in milliseconds, shrink_after in seconds; both at least 0."
            raise SetupError(f"The model {name} has {word}={value!r}.", hint=hint, where=where)


def _name_of(source: Any) -> str:
    """`HousePrices` is called house-prices, `predict_prices` predict-prices."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", getattr(source, "__name__", "model"))
    return words.replace("_", "-").strip("-").lower() or "model"


def _place(source: Any) -> str:
    try:
        return f"{inspect.getsourcefile(source)}:{inspect.getsourcelines(source)[1]}"
    except (OSError, TypeError):
        return ""
