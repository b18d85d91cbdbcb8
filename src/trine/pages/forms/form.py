"""A form: a model that somebody fills in, with what was typed, what is wrong with it, and how it looks."""

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, SecretBytes, SecretStr, ValidationError
from pydantic_core import SchemaValidator

from trine.binding import Depends
from trine.binding.validate import adapter_for, refuse_non_finite
from trine.errors import SetupError
from trine.http import Request
from trine.i18n.current import gettext

from .fields import FormField, read_fields
from .html import Html
from .messages import FORGED, NO_CHOICE, TOO_MANY_ROWS, words_for
from .posted import Posted, collect, is_empty

M = TypeVar("M", bound=BaseModel)
FORM = "form.name"
ADD = "form.add"
REMOVE = "form.remove"

_SENT = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_IMPOSSIBLE = re.compile(r"[\x00\ud800-\udfff]")
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class ModelForm(Generic[M]):
    """A form of a model, as a page's parameter: `form: ModelForm[Contact]` shows it, takes it, and keeps what was typed.

    ```python
    @app.page("/contact", methods=["GET", "POST"])
    def contact(form: ModelForm[Contact]):
        if form.valid:
            keep(form.data)                      # a Contact
            return redirect(url_for("contact"))
        return render_template("contact.html", form=form), form.status_code
    ```

    `{{ form.render() }}` is the whole form; `{{ form.email.render() }}` is one field of it, `form.email.control()` its input
    alone. A field with the name of something that every form has, such as `data`, is `form["data"]`. Errors that only the program
    knows are added: `form.add_error("email", "We know you already.")`.
    """

    form_model: ClassVar[type[BaseModel]]
    form_fields: ClassVar[tuple[FormField, ...]] = ()
    form_name: ClassVar[str] = ""
    form_method: ClassVar[str] = "post"
    _validator: ClassVar[SchemaValidator]
    _made: ClassVar[dict[tuple[type, type[BaseModel]], type["ModelForm[Any]"]]] = {}

    if not TYPE_CHECKING:

        def __class_getitem__(cls, model: Any) -> Any:
            if not isinstance(model, type) or model is Any:
                return super().__class_getitem__(model)
            form = cls.of(model)
            return Annotated[form, Depends(form.read)]

    def __init__(self, sent: Iterable[tuple[str, Any]] | None = None) -> None:
        self._posted = None if sent is None else Posted.read(sent)
        self._errors: dict[str, list[str]] | None = None
        self._data: BaseModel | None = None
        self._initial: Any = {}

    @classmethod
    def of(cls, model: type[BaseModel]) -> "type[ModelForm[Any]]":
        """The form of a model, for those who fill it in by hand: `ModelForm.of(Contact)([("name", "Ada")])`."""
        if not issubclass(model, BaseModel):
            raise SetupError(
                f"{cls.__name__}[{model.__name__}] is no form.", hint=f"Name a Pydantic model: {cls.__name__}[Contact]."
            )
        key = (cls, model)
        if key not in cls._made:
            # What lists and numbers may be is bounded by the form itself; floats are finite, as everywhere.
            validator = SchemaValidator(refuse_non_finite(adapter_for(model).core_schema), _use_prebuilt=False)
            said = {
                "form_model": model,
                "form_fields": read_fields(model),
                "form_name": _WORD.sub("-", model.__name__).lower(),
                "_validator": validator,
                "__doc__": f"The form of {model.__name__}.",
            }
            cls._made[key] = type(f"{cls.__name__}[{model.__name__}]", (cls,), said)
        return cls._made[key]

    @classmethod
    async def read(cls, request: Request) -> "ModelForm[M]":
        """Read the form of a request."""
        if request.method not in _SENT:
            return cls()
        return cls((await request.form()).multi_items())

    # What was sent -----------------------------------------------------------------------------------------------

    @cached_property
    def is_submitted(self) -> bool:
        """Whether this form was sent: of several on a page, this one."""
        return self._posted is not None and self._posted.text(FORM) in (None, self.form_name)

    @property
    def is_edited(self) -> bool:
        """Whether only a row was added or removed: nothing is checked yet."""
        return self.is_submitted and bool(self._sent.text(ADD) or self._sent.text(REMOVE))

    @property
    def valid(self) -> bool:
        """Whether the form was sent, and everything fits."""
        return self.is_submitted and not self.is_edited and not self.errors

    @property
    def data(self) -> M:
        """The model. Raises `ValueError` where the form was not sent, or does not fit."""
        if not self.valid or self._data is None:
            raise ValueError("form.data is there when form.valid is true: ask that first.")
        return self._data  # type: ignore[return-value] # made by the validator of M

    @property
    def errors(self) -> dict[str, list[str]]:
        """What does not fit, by the full name of the field; under the empty name what concerns the whole form."""
        if self._errors is None:
            self._errors = {}
            if self.is_submitted and not self.is_edited:
                self._check()
        return self._errors

    @property
    def status_code(self) -> int:
        """The status of a page that shows the form: 422 where it was sent and does not fit, else 200."""
        return 422 if self.is_submitted and not self.is_edited and self.errors else 200

    def add_error(self, field: str | None, message: str) -> None:
        """Say what only the program knows, beside a field or, with None, above the form. It is not valid any more."""
        self.errors.setdefault("" if field is None else self._known(field), []).append(message)

    def fill(self, values: BaseModel | Mapping[str, Any]) -> "ModelForm[M]":
        """Show values before anything was sent: a model, or a part of one."""
        self._initial = values
        vars(self).pop("fields", None)
        return self

    # How it looks ------------------------------------------------------------------------------------------------

    @cached_property
    def fields(self) -> "dict[str, BoundField]":
        """The fields by name, in their order."""
        return {one.name: BoundField(self, one, one.key, _part(self._initial, one)) for one in self.form_fields}

    def __iter__(self) -> "Iterator[BoundField]":
        return iter(self.fields.values())

    def __getitem__(self, name: str) -> "BoundField":
        return self.fields[name]

    def render(self, *, action: str = "", submit: str = "", **attributes: str | int | bool) -> Html:
        """The whole form, with a button."""
        from .render import form_html

        return form_html(self, action=action, submit=submit, attributes=attributes)

    def hidden(self) -> Html:
        """What every form carries along unseen: the visitor's token, its own name, and hidden fields."""
        from .render import hidden_html

        return hidden_html(self)

    def summary(self) -> Html:
        """Everything that does not fit, above the form, with links to the fields. Empty where all is well."""
        from .render import summary_html

        return summary_html(self)

    def __html__(self) -> str:
        return self.render()

    @property
    def has_files(self) -> bool:
        """Whether it must be sent as multipart."""
        return any(_has_files(one) for one in self.form_fields)

    @property
    def _sent(self) -> Posted:
        return self._posted if self._posted is not None else Posted()

    def typed_texts(self, name: str) -> list[str] | None:
        """What was typed, None where nothing was sent."""
        return self._sent.texts(name) if self.is_submitted else None

    def row_numbers(self, field: FormField, name: str, initial: Any) -> list[int]:
        """The rows that are shown of a list."""
        if not self.is_submitted:
            return list(range(min(max(len(initial or ()), field.least or field.required), field.most)))
        numbers = self._sent.numbers(name, field.most)[: field.most]
        if self._sent.text(ADD) == name and len(numbers) < field.most:
            numbers.append(max(numbers, default=-1) + 1)
        removed = self._sent.text(REMOVE) or ""
        return [number for number in numbers if f"{name}.{number}" != removed]

    # Checking ----------------------------------------------------------------------------------------------------

    def _check(self) -> None:
        found: dict[str, list[str]] = self._errors if self._errors is not None else {}
        values = collect(self.form_fields, self._sent)
        for name, message in _own_checks(self.form_fields, self._sent, ""):
            found.setdefault(name, []).append(message)
        try:
            data = self._validator.validate_python(values)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                name, field = _place(detail["loc"], self.form_fields, self._sent)
                message = words_for(detail, None if field is None else field.kind)
                if message not in found.setdefault(name, []):
                    found[name].append(message)
        else:
            self._data = None if found else data

    def _known(self, field: str) -> str:
        first = field.partition(".")[0]
        if first not in self.fields:
            raise KeyError(f"The form of {self.form_model.__name__} has no field '{first}'. It has {', '.join(self.fields)}.")
        return ".".join([self.fields[first].field.key, *field.split(".")[1:]])


class BoundField:
    """A field of a form, with what was typed and what is wrong with it."""

    def __init__(self, form: ModelForm[Any], field: FormField, name: str, initial: Any) -> None:
        self.form = form
        self.field = field
        self.name = name
        """The full name, such as `address.street`."""
        self.initial = initial

    @property
    def id(self) -> str:
        """The id of the element."""
        return f"{self.form.form_name}-{self.name.replace('.', '-')}"

    @property
    def label(self) -> str:
        """What people read beside it."""
        return gettext(self.field.label)

    @property
    def help(self) -> str:
        """What people read below the label, where there is something to explain."""
        return gettext(self.field.help) if self.field.help else ""

    @property
    def errors(self) -> list[str]:
        """What does not fit."""
        return self.form.errors.get(self.name, [])

    @property
    def texts(self) -> list[str]:
        """What stands in the field: what was typed, else the initial value."""
        sent = self.form.typed_texts(self.name)
        if sent is not None:
            return sent
        return _texts(self.initial, self.field)

    @property
    def text(self) -> str:
        """What stands in the field, where it takes one text."""
        return self.texts[-1] if self.texts else ""

    @property
    def fields(self) -> "dict[str, BoundField]":
        """The fields of a model inside the model."""
        return self._inner(f"{self.name}.", self.initial)

    @property
    def rows(self) -> "list[tuple[int, dict[str, BoundField]]]":
        """The rows of a list of models, with their numbers."""
        initial = list(self.initial or ()) if not self.form.is_submitted else []
        return [
            (number, self._inner(f"{self.name}.{number}.", initial[number] if number < len(initial) else {}))
            for number in self.form.row_numbers(self.field, self.name, initial)
        ]

    def render(self, **attributes: str | int | bool) -> Html:
        """The field with its label, its help and its errors. Attributes go to the input."""
        from .render import field_html

        return field_html(self, attributes)

    def control(self, **attributes: str | int | bool) -> Html:
        """The input alone, with everything that ties it to its label, help and errors."""
        from .render import control_html

        return control_html(self, attributes)

    def __getitem__(self, name: str) -> "BoundField":
        return self.fields[name]

    def __html__(self) -> str:
        return self.render()

    def _inner(self, prefix: str, values: Any) -> "dict[str, BoundField]":
        return {one.name: BoundField(self.form, one, prefix + one.key, _part(values, one)) for one in self.field.fields}


def _part(values: Any, field: FormField) -> Any:
    """A field's share of initial values."""
    if isinstance(values, Mapping):
        found = values.get(field.name, values.get(field.key, field.default))
    else:
        found = getattr(values, field.name, field.default)
    return found if found is not None else ({} if field.kind == "fieldset" else None)


def _texts(value: Any, field: FormField) -> list[str]:
    if value is None or isinstance(value, SecretStr | SecretBytes):
        return []
    if field.kind == "lines":
        return ["\n".join(_text(one, field) for one in value)]
    if field.is_multiple:
        return [_text(one, field) for one in value]
    return [_text(value, field)]


def _text(value: Any, field: FormField) -> str:
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, bool):
        return "true" if value else "" if field.kind == "checkbox" else "false"
    if field.kind == "datetime-local" and hasattr(value, "isoformat"):
        return str(value.replace(tzinfo=None).isoformat(timespec="minutes"))
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


def _has_files(field: FormField) -> bool:
    return field.kind in ("file", "files") or any(_has_files(one) for one in field.fields)


def _own_checks(fields: Iterable[FormField], sent: Posted, prefix: str) -> Iterator[tuple[str, str]]:
    """What the model cannot see: characters that no database takes, choices of the form alone, and how many rows there are."""
    for one in fields:
        name = prefix + one.key
        if one.kind == "fieldset":
            yield from _own_checks(one.fields, sent, f"{name}.")
        elif one.kind == "rows":
            numbers = sent.numbers(name, one.most)
            if len(numbers) > one.most:
                yield name, gettext(TOO_MANY_ROWS, max_length=one.most)
            for number in numbers:
                yield from _own_checks(one.fields, sent, f"{name}.{number}.")
        else:
            texts = [text for text in sent.texts(name) if text]
            if one.kind in ("lines", *_SEVERAL) and _count(one, sent, name) > one.most:
                yield name, gettext(TOO_MANY_ROWS, max_length=one.most)
            elif any(_IMPOSSIBLE.search(text) for text in texts):
                yield name, gettext(FORGED)
            elif one.widget.choices is not None and not {choice.value for choice in one.current_choices()}.issuperset(texts):
                yield name, gettext(NO_CHOICE)


_SEVERAL = ("multiselect", "checkboxes", "files")


def _count(field: FormField, sent: Posted, name: str) -> int:
    if field.kind == "files":
        return len(sent.files(name))
    texts = sent.texts(name)
    return sum(bool(line.strip()) for line in (texts[-1] if texts else "").split("\n")) if field.kind == "lines" else len(texts)


def _place(location: tuple[Any, ...], fields: tuple[FormField, ...], sent: Posted) -> tuple[str, FormField | None]:
    """The full name of the field that an error of the model is about, and the field."""
    name, rest, found = "", list(location), None
    while rest:
        one = next((field for field in fields if field.key == rest[0] or field.name == rest[0]), None)
        if one is None:
            break
        found, name, fields = one, f"{name}.{one.key}" if name else one.key, one.fields
        rest.pop(0)
        if one.kind == "rows" and rest and isinstance(rest[0], int):
            kept = [number for number in sent.numbers(name, one.most) if not is_empty(one.fields, sent, f"{name}.{number}.")]
            name = f"{name}.{kept[rest.pop(0)]}"
    return name, found
