"""The first call of a model, before anybody waits for it: libraries compile, allocate and read what they need."""

from collections.abc import Awaitable, Callable
from inspect import isclass, iscoroutinefunction
from typing import Any

from pydantic import BaseModel

from trine.binding.annotations import bare_type

from .declaration import ModelDeclaration


async def warm_up(model: Any, declaration: ModelDeclaration, run: Callable[..., Awaitable[Any]]) -> None:
    """Call the model's own `warm_up()`, else `predict` with the examples that its input model has in its schema."""
    own = getattr(model, "warm_up", None)
    if own is not None:
        await (own() if iscoroutinefunction(own) else run(own))
        return
    examples = _examples(declaration.input_type) if declaration.predicts else []
    if examples:
        predict = model.predict
        await (predict(examples) if iscoroutinefunction(predict) else run(predict, examples))


def _examples(annotation: Any) -> list[Any]:
    kind = bare_type(annotation)
    if not isclass(kind) or not issubclass(kind, BaseModel):
        return []
    extra = kind.model_config.get("json_schema_extra")
    found = extra.get("examples") if isinstance(extra, dict) else None
    return [kind.model_validate(example) for example in found] if isinstance(found, list) else []
