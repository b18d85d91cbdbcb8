"""The order of a request: which inputs are read, which functions are called, and what each of them gets."""

from dataclasses import dataclass, field
from typing import Any, Literal

from .annotations import is_fields_model
from .params import Form
from .signature import Call, Input, Special

BodyKind = Literal["none", "json", "embedded", "form"]
Source = tuple[Literal["input"], Input] | tuple[Literal["special"], Special] | tuple[Literal["step"], int]

_ORDER = {"path": 0, "query": 1, "header": 2, "cookie": 3, "body": 4, "form": 4, "file": 4}


@dataclass(frozen=True, eq=False)
class Step:
    """One function to call, and where its arguments come from."""

    index: int
    call: Call
    arguments: dict[str, Source]
    needs: frozenset[int]
    """Every step below this one: it is called only if all their inputs were valid."""


@dataclass
class Plan:
    """The steps in the order in which they run; the last one is the handler."""

    steps: list[Step] = field(default_factory=list)
    body_inputs: list[Input] = field(default_factory=list)
    body_kind: BodyKind = "none"

    @property
    def handler(self) -> Step:
        """The function that the route is about."""
        return self.steps[-1]

    @property
    def is_whole_body_form(self) -> bool:
        """Whether one model takes the whole form."""
        return self.body_kind == "form" and len(self.body_inputs) == 1 and self.body_inputs[0].is_model

    def asks_for(self, special: Special) -> bool:
        """Whether any step wants an object of the request."""
        return any(source == ("special", special) for step in self.steps for source in step.arguments.values())

    def dependency_asks_for(self, special: Special) -> bool:
        """Whether a step before the handler wants an object of the request."""
        steps = [step for step in self.steps if step is not self.handler]
        return any(source == ("special", special) for step in steps for source in step.arguments.values())

    def inputs(self) -> list[Input]:
        """Every input, in the order in which it is read."""
        return [source[1] for step in self.steps for source in ordered(step) if source[0] == "input"]


def ordered(step: Step) -> list[Source]:
    """A step's sources, inputs in the order path, query, header, cookie, body."""
    return sorted(step.arguments.values(), key=lambda source: _ORDER[source[1].kind] if source[0] == "input" else 9)


def make_plan(call: Call) -> Plan:
    """Put a tree of calls in a row. A dependency that several functions share becomes one step."""
    plan = Plan()
    _add(plan, call, {})
    seen: dict[Any, Input] = {}
    for item in plan.inputs():
        if item.kind in ("body", "form", "file"):
            seen.setdefault(item if item.is_model else item.alias, item)
    plan.body_inputs = list(seen.values())
    plan.body_kind = _body_kind(plan.body_inputs)
    return plan


def _add(plan: Plan, call: Call, known: dict[Any, int]) -> int:
    # Said or not, clean-up waits for the end of the request.
    scope = call.scope or ("request" if "generator" in call.kind else None)
    key = (call.function, call.scopes if call.wants_scopes else (), scope)
    if call.use_cache and key in known:
        return known[key]
    arguments: dict[str, Source] = {}
    needs: set[int] = set()
    for name, dependency in call.dependencies:
        index = _add(plan, dependency, known)
        needs |= {index} | plan.steps[index].needs
        if name is not None:
            arguments[name] = ("step", index)
    arguments.update({item.name: ("input", item) for item in call.inputs})
    arguments.update({name: ("special", special) for name, special in call.specials})
    plan.steps.append(Step(len(plan.steps), call, arguments, frozenset(needs)))
    # The handler itself is never cached: it may also be its own dependency's dependency under another role.
    known.setdefault(key, len(plan.steps) - 1)
    return len(plan.steps) - 1


def _body_kind(inputs: list[Input]) -> BodyKind:
    if not inputs:
        return "none"
    if any(isinstance(item.param, Form) for item in inputs):
        return "form"
    if len(inputs) > 1 or inputs[0].param.options.get("embed"):
        return "embedded"
    return "json"


def takes_fields(item: Input) -> bool:
    """Whether a form input is a model whose fields are the form's."""
    return is_fields_model(item.bare)
