"""From what a browser sends to what a model validates. Only fields that the model declares are looked at."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from trine.http import UploadFile

from .fields import FormField

_ROW = re.compile(r"[0-9]{1,4}")
# No form has a longer name: models are nested six deep at most, and every list adds a number.
_LONGEST_NAME = 1000
_MOST_PARTS = 16
_UNSTRIPPED = frozenset({"password", "hidden"})


@dataclass
class Posted:
    """The values of a form by name, and the rows of its lists."""

    values: dict[str, list[Any]] = field(default_factory=dict)
    rows: dict[str, set[int]] = field(default_factory=dict)

    @classmethod
    def read(cls, pairs: Iterable[tuple[str, Any]]) -> "Posted":
        """Sort what was sent, in one go over it."""
        posted = cls()
        for name, value in pairs:
            if len(name) > _LONGEST_NAME:
                continue
            posted.values.setdefault(name, []).append(value)
            parts = name.split(".", _MOST_PARTS)[:_MOST_PARTS]
            for position, part in enumerate(parts[1:-1], 1):
                if _ROW.fullmatch(part):
                    posted.rows.setdefault(".".join(parts[:position]), set()).add(int(part))
        return posted

    def texts(self, name: str) -> list[str]:
        """Every text of a name."""
        return [value for value in self.values.get(name, ()) if isinstance(value, str)]

    def text(self, name: str) -> str | None:
        """The last text of a name."""
        texts = self.texts(name)
        return texts[-1] if texts else None

    def files(self, name: str) -> list[UploadFile]:
        """Every file of a name that somebody chose: browsers send an empty one where nobody did."""
        return [value for value in self.values.get(name, ()) if isinstance(value, UploadFile) and (value.filename or value.size)]

    def numbers(self, name: str, most: int) -> list[int]:
        """The rows of a list, in order, no more than may be."""
        return sorted(self.rows.get(name, ()))[: most + 1]


def collect(fields: Iterable[FormField], posted: Posted, prefix: str = "") -> dict[str, Any]:
    """Make the values of a model. What was left empty is left out, so that the model's defaults count."""
    found = {}
    for one in fields:
        value = _value(one, posted, prefix + one.key)
        if value is not _ABSENT:
            found[one.key] = value
    return found


_ABSENT: Any = object()


def _value(one: FormField, posted: Posted, name: str) -> Any:
    if one.kind == "fieldset":
        inner = collect(one.fields, posted, f"{name}.")
        return None if one.nullable and is_empty(one.fields, posted, f"{name}.") else inner
    if one.kind == "rows":
        return [
            collect(one.fields, posted, f"{name}.{number}.")
            for number in posted.numbers(name, one.most)
            if not is_empty(one.fields, posted, f"{name}.{number}.")
        ]
    if one.kind in ("file", "files"):
        files = posted.files(name)
        return files if one.kind == "files" else (files[-1] if files else _empty(one))
    if one.kind == "checkbox":
        return _checked(one, posted, name)
    if one.is_multiple:
        return _meanings(one, posted.texts(name))
    return _typed(one, posted.text(name))


def _typed(one: FormField, text: str | None) -> Any:
    if text is None:
        return _ABSENT
    text = text.replace("\r\n", "\n")
    if one.kind == "lines":
        return [line.strip() for line in text.split("\n") if line.strip()]
    if one.kind not in _UNSTRIPPED:
        text = text.strip()
    if not text:
        return _empty(one)
    return _meanings(one, [text])[0] if one.choices else text


def _checked(one: FormField, posted: Posted, name: str) -> Any:
    text = posted.text(name)
    if text is None:
        return _ABSENT if one.choices else False
    return one.choices[0].meaning if one.choices else True


def _meanings(one: FormField, texts: Iterable[str]) -> list[Any]:
    known: Mapping[str, Any] = {choice.value: choice.meaning for choice in one.choices}
    return [known.get(text, text) for text in texts]


def _empty(one: FormField) -> Any:
    """What an empty field means: nothing, where there may be nothing; else that nobody filled it in."""
    if one.nullable:
        return None
    return "" if not one.required and not one.choices and isinstance(one.default, str) else _ABSENT


def is_empty(fields: Iterable[FormField], posted: Posted, prefix: str) -> bool:
    """Whether nobody has filled in anything of a part of the form. What cannot be left empty does not count."""
    for one in fields:
        name = prefix + one.key
        if one.kind == "fieldset":
            if not is_empty(one.fields, posted, f"{name}."):
                return False
        elif one.kind == "rows":
            if any(not is_empty(one.fields, posted, f"{name}.{number}.") for number in posted.numbers(name, one.most)):
                return False
        elif posted.files(name) or (one.kind not in ("select", "hidden") and any(text.strip() for text in posted.texts(name))):
            return False
    return True
