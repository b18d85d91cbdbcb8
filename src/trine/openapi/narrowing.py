"""Two schemas of one value: what the new one refuses that the old one took, or no longer promises."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

Schema = Mapping[str, Any]
Direction = Literal["sends", "reads"]
"""Whether the client sends the value, so that the schema may become wider, or reads it, so that it may become narrower."""

_TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_EXACT = ("pattern", "format", "multipleOf", "uniqueItems", "contentMediaType", "contentEncoding")
_NO_LENGTH = {"minLength": 0, "minItems": 0, "minProperties": 0}


class Comparison:
    """Compares schemas of two documents. Schemas that refer to themselves are followed once."""

    def __init__(self, previous: Schema, present: Schema, direction: Direction) -> None:
        self.previous = previous
        self.present = present
        self.direction = direction
        self._seen: set[tuple[str, str]] = set()

    def resolve_old(self, schema: Any) -> Schema:
        """Follow the references of a part of the previous document."""
        return _resolve(schema, self.previous)

    def resolve_new(self, schema: Any) -> Schema:
        """Follow the references of a part of the present document."""
        return _resolve(schema, self.present)

    def compare(self, old: Any, new: Any, title: str) -> Iterator[str]:
        """Give what breaks clients, as sentences about `title`."""
        pair = (str(_reference(old)), str(_reference(new)))
        if pair != ("", ""):
            if pair in self._seen:
                return
            self._seen.add(pair)
        old, new = self.resolve_old(old), self.resolve_new(new)
        if old == new and not _has_references(old):
            return
        old_members, new_members = _members(old), _members(new)
        if old_members is None and new_members is None:
            yield from self._compare_plain(old, new, title)
        else:
            yield from self._compare_unions(old_members or [old], new_members or [new], title)

    @property
    def _sends(self) -> bool:
        return self.direction == "sends"

    # Unions -----------------------------------------------------------------------------------------------------

    def _compare_unions(self, old: list[Any], new: list[Any], title: str) -> Iterator[str]:
        """Of what a client sends, every old member must fit some new one; of what it reads, every new one some old one."""
        if self._sends:
            members, others, resolve, resolve_other = old, new, self.resolve_old, self.resolve_new
        else:
            members, others, resolve, resolve_other = new, old, self.resolve_new, self.resolve_old
        for member in members:
            kinds = _kinds(resolve(member))
            near = [list(self._try(member, other, title)) for other in others if kinds & _kinds(resolve_other(other))]
            if [] in near:
                continue
            if len(near) == 1:
                yield from near[0]
            else:
                name = _reference(member).rpartition("/")[2] or _listed(_without(kinds, set()))
                yield f"{title} {'may no longer' if self._sends else 'may now'} be {name}"

    def _try(self, member: Any, other: Any, title: str) -> Iterator[str]:
        """Compare on trial: what was seen on the way counts for this trial alone."""
        trial = Comparison(self.previous, self.present, self.direction)
        trial._seen = set(self._seen)
        old, new = (member, other) if self._sends else (other, member)
        return trial.compare(old, new, title)

    # One schema -------------------------------------------------------------------------------------------------

    def _compare_plain(self, old: Schema, new: Schema, title: str) -> Iterator[str]:
        old_kinds, new_kinds = _kinds(old), _kinds(new)
        gone, come = _without(old_kinds, new_kinds), _without(new_kinds, old_kinds)
        if gone and self._sends:
            yield f"{title} may no longer be {_listed(gone)}"
        if come and not self._sends:
            yield f"{title} may now be {_listed(come)}"
        yield from self._compare_values(old, new, title)
        yield from self._compare_limits(old, new, title)
        if "object" in old_kinds & new_kinds:
            yield from self._compare_objects(old, new, title)
        if "array" in old_kinds & new_kinds:
            yield from self._compare_items(old, new, title)

    def _compare_values(self, old: Schema, new: Schema, title: str) -> Iterator[str]:
        before, after = _values(old), _values(new)
        narrow, wide = (before, after) if self._sends else (after, before)
        if wide is None:
            return
        if narrow is None:
            yield f"{title} is {'limited to' if self._sends else 'no longer limited to'} {_listed(wide)}"
        elif narrow - wide:
            yield f"{title} {'may no longer' if self._sends else 'may now'} be {_listed(narrow - wide)}"

    def _compare_limits(self, old: Schema, new: Schema, title: str) -> Iterator[str]:
        # What the client sends must not be limited further; what it reads must keep the limits that it had.
        weak, strong = (old, new) if self._sends else (new, old)
        for word in (*_LOWER, *_UPPER):
            sign = 1 if word in _LOWER else -1
            limit = strong.get(word)
            other = weak.get(word, _NO_LENGTH.get(word))
            if limit is not None and (other is None or sign * limit > sign * other):
                yield f"{title}: {word} was {_shown(old, word)}, and is {_shown(new, word)}"
        for word in _EXACT:
            if strong.get(word) and strong[word] != weak.get(word):
                yield f"{title}: {word} was {_shown(old, word)}, and is {_shown(new, word)}"

    def _compare_objects(self, old: Schema, new: Schema, title: str) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        required_before, required_after = set(old.get("required", ())), set(new.get("required", ()))
        for name, schema in before.items():
            if name in after:
                yield from self.compare(schema, after[name], f"'{name}' of {title}")
            else:
                yield f"'{name}' of {title} was removed"
        if self._sends:
            for name in sorted(required_after - required_before):
                yield f"'{name}' of {title} is {'required now' if name in before else 'new and required'}"
        else:
            for name in sorted((required_before - required_after) & after.keys()):
                yield f"'{name}' of {title} may be missing now"
        yield from self._compare_rest(old, new, title)

    def _compare_rest(self, old: Schema, new: Schema, title: str) -> Iterator[str]:
        before, after = old.get("additionalProperties", True), new.get("additionalProperties", True)
        if self._sends and after is False and before is not False:
            yield f"{title} may no longer have further properties"
        elif isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from self.compare(before, after, f"the values of {title}")
        elif isinstance(after if self._sends else before, Mapping) and (before if self._sends else after) is True:
            yield f"{title}: the type of further properties has changed"

    def _compare_items(self, old: Schema, new: Schema, title: str) -> Iterator[str]:
        before, after = old.get("prefixItems", []), new.get("prefixItems", [])
        for place, (one, other) in enumerate(zip(before, after, strict=False)):
            yield from self.compare(one, other, f"item {place} of {title}")
        if len(before) != len(after):
            yield f"{title} had {len(before)} items of their own types, and has {len(after)}"
        yield from self.compare(old.get("items", {}), new.get("items", {}), f"the items of {title}")


def _resolve(schema: Any, document: Schema) -> Schema:
    """Follow references, and join what `allOf` lists."""
    for _ in range(20):
        reference = _reference(schema)
        if not reference.startswith("#/"):
            break
        target: Any = document
        for step in reference[2:].split("/"):
            step = step.replace("~1", "/").replace("~0", "~")  # noqa: PLW2901 - as it is written in a pointer
            target = target.get(step, {}) if isinstance(target, Mapping) else {}
        schema = target
    if schema is False:
        return {"enum": []}
    if not isinstance(schema, Mapping):
        return {}
    if "allOf" not in schema:
        return schema
    joined: dict[str, Any] = {key: value for key, value in schema.items() if key != "allOf"}
    for part in schema["allOf"]:
        resolved = _resolve(part, document)
        joined = {**resolved, **joined}
        joined["properties"] = {**resolved.get("properties", {}), **joined.get("properties", {})}
        joined["required"] = sorted({*resolved.get("required", ()), *joined.get("required", ())})
    return joined


def _reference(schema: Any) -> str:
    found = schema.get("$ref", "") if isinstance(schema, Mapping) else ""
    return found if isinstance(found, str) else ""


def _has_references(schema: Any) -> bool:
    if isinstance(schema, Mapping):
        return "$ref" in schema or any(map(_has_references, schema.values()))
    return isinstance(schema, list) and any(map(_has_references, schema))


def _members(schema: Schema) -> list[Any] | None:
    for word in ("anyOf", "oneOf"):
        if isinstance(schema.get(word), list):
            members: list[Any] = schema[word]
            return members
    return None


def _kinds(schema: Any) -> set[str]:
    """The types that a value may have. A number may be an integer; what says nothing takes everything."""
    if not isinstance(schema, Mapping):
        return set(_TYPES)
    values = _values(schema)
    declared = schema.get("type")
    if declared is None and values is not None:
        return {_kind_of(json.loads(value)) for value in values}
    kinds = set(_TYPES) if declared is None else {declared} if isinstance(declared, str) else set(declared)
    return kinds | {"integer"} if "number" in kinds else kinds


def _kind_of(value: Any) -> str:
    if value is None:
        return "null"
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}
    return kinds.get(type(value), "object")


def _without(kinds: set[str], others: set[str]) -> set[str]:
    left = kinds - others
    return left - {"integer"} if "number" in left else left


def _values(schema: Schema) -> set[str] | None:
    """The only values that are allowed, as JSON; None where there is no list of them."""
    if "const" in schema:
        return {json.dumps(schema["const"], sort_keys=True)}
    return {json.dumps(value, sort_keys=True) for value in schema["enum"]} if isinstance(schema.get("enum"), list) else None


def _listed(values: set[str]) -> str:
    shown = sorted(values)
    more = f" and {len(shown) - 10} more" if len(shown) > 10 else ""
    return ", ".join(shown[:10]) + more


def _shown(schema: Schema, word: str) -> str:
    return json.dumps(schema[word]) if word in schema else "not set"
