"""What Trine puts in front of SQLAlchemy's instances: its attributes of relations, a short way to make one, its refusals."""

from functools import wraps
from typing import Any

from sqlalchemy import orm

from .errors import NotLoaded
from .registry import registry
from .related import KeyAttribute, ManyAttribute, OneAttribute


def install_attributes() -> None:
    """Put our attributes in front of SQLAlchemy's, which stay behind them."""
    for model in registry:
        manager = orm.class_mapper(model, configure=False).class_manager
        for name, relation in model.__relations__.items():
            if name.startswith("+") or isinstance(vars(model).get(name), OneAttribute | ManyAttribute):
                continue
            kind = ManyAttribute if relation.is_many else OneAttribute
            type.__setattr__(model, name, kind(relation, manager[name]))
            if relation.origin == "foreign_key" and not isinstance(vars(model).get(relation.attname), KeyAttribute):
                type.__setattr__(model, relation.attname, KeyAttribute(relation, manager[relation.attname]))
        model.__plain__ = {
            name: attribute.impl.dispatch
            for name, attribute in manager.items()
            if vars(model).get(name) is attribute and isinstance(attribute.property, orm.ColumnProperty)
        }
        if not hasattr(vars(model)["__init__"], "__trine_init__"):
            type.__setattr__(model, "__init__", _short_init(model, manager, vars(model)["__init__"]))
        if not isinstance(manager.expired_attribute_loader, _LeftOut):
            manager.expired_attribute_loader = _LeftOut(manager.expired_attribute_loader)  # type: ignore[assignment] # called alike


def _short_init(model: type[Any], manager: Any, instrumented: Any) -> Any:
    """What SQLAlchemy's own `__init__` does for a new instance, without its events where nobody listens to them."""
    original, make_state, events = manager.original_init, manager._state_constructor, manager.dispatch
    # The mapper itself listens, to be configured and to name its kind: it is, and models of one table have no kinds.
    own = len(events.init)

    @wraps(original)
    def __init__(self: Any, *args: Any, **values: Any) -> None:  # noqa: N807 - it is one
        if type(self) is not model or len(events.init) != own or events.init_failure:
            instrumented(self, *args, **values)
            return
        self.__dict__["_sa_instance_state"] = make_state(self, manager)
        original(self, *args, **values)

    __init__.__trine_init__ = True  # type: ignore[attr-defined] # a mark
    return __init__


class _LeftOut:
    """Loads what a query has left out: SQLAlchemy does, where a session has the instance; else it is refused with the remedy."""

    def __init__(self, load_expired: Any) -> None:
        self._load_expired = load_expired

    def __call__(self, state: Any, names: Any, passive: Any) -> Any:
        if state.session_id is not None:
            return self._load_expired(state, names, passive)
        owner = type(state.obj()).__name__
        left_out = ", ".join(sorted(names))
        raise NotLoaded(
            f"This {owner} was read without {left_out}. Write await {owner.lower()}.load('{min(names)}'), or read it along."
        )
