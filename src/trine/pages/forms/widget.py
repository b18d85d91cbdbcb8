"""How a field of a model looks in a form, where its type does not say it already."""

from collections.abc import Callable, Iterable
from typing import Annotated, Literal

from pydantic import StringConstraints

Kind = Literal[
    "text",
    "email",
    "url",
    "tel",
    "search",
    "password",
    "number",
    "range",
    "color",
    "date",
    "datetime-local",
    "time",
    "textarea",
    "lines",
    "checkbox",
    "checkboxes",
    "radio",
    "select",
    "multiselect",
    "file",
    "files",
    "hidden",
]
Choices = Iterable[str | tuple[str, str]]


class Widget:
    """Say how a field looks: `message: Annotated[str, Widget("textarea", rows=6)]`.

    `choices` are values, or pairs of a value and what people read, or a function that gives them; nothing else is accepted then.
    Everything else is an attribute of the element, such as `autocomplete="name"`, `placeholder=...`, `class_=...`.
    """

    def __init__(
        self,
        kind: Kind | None = None,
        *,
        choices: Choices | Callable[[], Choices] | None = None,
        **attributes: str | int | bool,
    ) -> None:
        self.kind = kind
        self.choices = choices
        self.attributes = attributes


# What browsers take for an address (HTML §4.8.1.5), with a dot in the domain: linear, and the same on both sides.
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_EMAIL = rf"^[\w.!#$%&'*+/=?^`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})+$"

Email = Annotated[
    str, StringConstraints(pattern=_EMAIL, max_length=254, strip_whitespace=True), Widget("email", autocomplete="email")
]
"""A mail address, as browsers check it."""
PhoneNumber = Annotated[str, StringConstraints(pattern=r"^\+?[0-9 ()./-]{4,30}$"), Widget("tel", autocomplete="tel")]
"""A telephone number, as people write it."""
