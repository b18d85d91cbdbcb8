"""What breaks clients: two documents of an application, compared in the direction in which each value travels."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .narrowing import Comparison, Direction

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
Found = Iterator["Change"]


@dataclass(frozen=True)
class Change:
    """Something that a client of the previous document may stumble over."""

    place: str
    """The operation, such as `GET /items`."""
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


def breaking_changes(previous: Mapping[str, Any], present: Mapping[str, Any]) -> list[Change]:
    """List what breaks clients that were written for the previous document. What is only new breaks nobody.

    Clients send requests and read answers: the former may become wider, the latter narrower. For webhooks it is the other
    way round, because there the client answers.
    """
    reader = _Reader(previous, present)
    return list(dict.fromkeys([*reader.compare_paths(), *reader.compare_webhooks()]))


class _Reader:
    """Walks two documents side by side."""

    def __init__(self, previous: Mapping[str, Any], present: Mapping[str, Any]) -> None:
        self.previous = previous
        self.present = present
        self.sends: Direction = "sends"

    def compare_paths(self) -> Found:
        """Compare what the application answers."""
        present = {_shape(path): (path, item) for path, item in self.present.get("paths", {}).items()}
        for path, item in self.previous.get("paths", {}).items():
            new_path, new_item = present.get(_shape(path), (path, {}))
            names = dict(zip(_names(path), _names(new_path), strict=True))
            yield from self._compare_item(path, item, new_item, names)

    def compare_webhooks(self) -> Found:
        """Compare what the application sends."""
        self.sends = "reads"
        present = self.present.get("webhooks", {})
        for name, item in self.previous.get("webhooks", {}).items():
            yield from self._compare_item(f"webhook {name}", item, present.get(name, {}), {})

    def _compare_item(self, path: str, old: Mapping[str, Any], new: Mapping[str, Any], names: Mapping[str, str]) -> Found:
        for method in METHODS:
            if method not in old:
                continue
            place = f"{method.upper()} {path}"
            if method not in new:
                yield Change(place, "was removed" if new else "was removed, with its path")
                continue
            for what in self._compare_operation({**old, **old[method]}, {**new, **new[method]}, names):
                yield Change(place, what)

    def _compare_operation(self, old: Mapping[str, Any], new: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[str]:
        yield from self._compare_parameters(old, new, names)
        yield from self._compare_body(self._old(old.get("requestBody")), self._new(new.get("requestBody")))
        yield from self._compare_responses(old.get("responses", {}), new.get("responses", {}))
        yield from _compare_security(
            old.get("security", self.previous.get("security")), new.get("security", self.present.get("security"))
        )

    # What clients send ------------------------------------------------------------------------------------------

    def _compare_parameters(self, old: Mapping[str, Any], new: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[str]:
        before = {_key(entry, names): entry for entry in map(self._old, old.get("parameters", []))}
        after = {_key(entry, {}): entry for entry in map(self._new, new.get("parameters", []))}
        for key, entry in before.items():
            title = f"the {entry['in']} parameter '{entry['name']}'"
            if key not in after:
                yield f"{title} was removed"
                continue
            if after[key].get("required") and not entry.get("required"):
                yield f"{title} is required now"
            yield from self._compare_schemas(self.sends, entry.get("schema"), after[key].get("schema"), title)
        for key in after.keys() - before.keys():
            if after[key].get("required"):
                yield f"the {key[0]} parameter '{after[key]['name']}' is new and required"

    def _compare_body(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
        if old and not new:
            yield "the body was removed"
            return
        if new.get("required") and not old.get("required"):
            yield "the body is required now" if old else "the body is new and required"
        if old:
            yield from self._compare_content(self.sends, old, new, "the body")

    # What clients read ------------------------------------------------------------------------------------------

    def _compare_responses(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
        reads: Direction = "sends" if self.sends == "reads" else "reads"
        for status, answer in old.items():
            if status not in new:
                # One error less breaks nobody.
                if status[0] in "23":
                    now = ", ".join(key for key in new if key[0] in "23") or "no such status"
                    yield f"the answer {status} was removed (there is {now})"
                continue
            before, after = self._old(answer), self._new(new[status])
            title = f"the answer {status}"
            yield from self._compare_content(reads, before, after, title)
            known = {name.lower() for name in after.get("headers", {})}
            for name in before.get("headers", {}):
                if name.lower() not in known:
                    yield f"the header '{name}' of {title} was removed"

    def _compare_content(self, direction: Direction, old: Mapping[str, Any], new: Mapping[str, Any], title: str) -> Iterator[str]:
        after = new.get("content", {})
        for media_type, entry in old.get("content", {}).items():
            if media_type not in after:
                yield f"{title} is no longer {media_type}"
                continue
            for keyword in ("schema", "itemSchema"):
                yield from self._compare_schemas(direction, entry.get(keyword), after[media_type].get(keyword), title)

    def _compare_schemas(self, direction: Direction, old: Any, new: Any, title: str) -> Iterator[str]:
        if old is not None or new is not None:
            yield from Comparison(self.previous, self.present, direction).compare(old or {}, new or {}, title)

    def _old(self, entry: Any) -> Mapping[str, Any]:
        return Comparison(self.previous, self.present, "sends").resolve_old(entry or {})

    def _new(self, entry: Any) -> Mapping[str, Any]:
        return Comparison(self.previous, self.present, "sends").resolve_new(entry or {})


def _compare_security(old: Any, new: Any) -> Iterator[str]:
    """Whoever was let in must be let in still: with the same schemes, and no further scope."""
    for alternative in old or [{}]:
        if not any(_is_satisfied(wanted, alternative) for wanted in new or [{}]):
            yield f"{' and '.join(alternative) or 'a request without credentials'} is not enough any more"


def _is_satisfied(wanted: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    return all(name in given and set(scopes) <= set(given[name]) for name, scopes in wanted.items())


def _shape(path: str) -> str:
    return re.sub(r"\{[^{}]*\}", "{}", path)


def _names(path: str) -> list[str]:
    return re.findall(r"\{([^{}]*)\}", path)


def _key(parameter: Mapping[str, Any], renamed: Mapping[str, str]) -> tuple[str, str]:
    """What makes two parameters the same one: names of headers in either case, parts of the path by their position."""
    kind, name = parameter["in"], parameter["name"]
    if kind == "path":
        return kind, renamed.get(name, name)
    return kind, name.lower() if kind == "header" else name
