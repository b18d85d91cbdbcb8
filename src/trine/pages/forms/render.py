"""How a form looks: plain HTML that works without a script, and that screen readers can follow.

An application shows any part otherwise by a template of its own: `forms/field.html` for a field with everything around it,
`forms/textarea.html` and the like for an input, `forms/form.html` for the whole. It finds `field` (or `form`), and the `html`
that would be there without it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from trine.i18n.current import gettext

from ..context import current_context
from ..csrf import FIELD, csrf_token
from .form import ADD, FORM, REMOVE, BoundField, ModelForm
from .html import Html, element, joined
from .messages import N_

if TYPE_CHECKING:
    from jinja2 import Environment

Attributes = Mapping[str, str | int | bool]
_NO_VALUE = frozenset({"password", "file", "files"})
_GROUPS = frozenset({"radio", "checkboxes"})
_PROBLEM = N_("There is a problem")
_OPTIONAL = N_("(optional)")
_SEND = N_("Send")
_ADD = N_("Add another")
_REMOVE = N_("Remove")
_CHOOSE = N_("Choose")


def form_html(form: ModelForm[Any], *, action: str, submit: str, attributes: Attributes) -> Html:
    """The whole form."""
    said: dict[str, Any] = {"method": form.form_method, "action": action or None, "id": form.form_name, **attributes}
    if form.has_files:
        said["enctype"] = "multipart/form-data"
    fields = [field.render() for field in form if field.field.kind != "hidden"]
    button = element("button", {"type": "submit"}, submit or gettext(_SEND))
    # The first button of a form is pressed by the Enter key: it must be the one that sends, not one that removes a row.
    first = (
        element("button", {"type": "submit", "hidden": True, "tabindex": -1, "aria-hidden": "true"}, "")
        if _has_rows(form)
        else Html()
    )
    html = element("form", said, first, form.hidden(), form.summary(), *fields, button)
    return _overridden("form", html, form=form)


def hidden_html(form: ModelForm[Any]) -> Html:
    """What nobody sees."""
    # What is asked in the address needs no token, and an address without its form's name is easier to read.
    is_sent_as_body = form.form_method == "post"
    pieces = [element("input", {"type": "hidden", "name": FORM, "value": form.form_name})] if is_sent_as_body else []
    context = current_context.get()
    if is_sent_as_body and context is not None and context.request is not None and context.pages.csrf:
        pieces.append(element("input", {"type": "hidden", "name": FIELD, "value": csrf_token()}))
    pieces += [field.control() for field in form if field.field.kind == "hidden"]
    return joined(pieces)


def summary_html(form: ModelForm[Any]) -> Html:
    """Everything that does not fit, with links to the fields."""
    if not form.errors:
        return Html()
    places = {field.name: (field, label) for field, label in _places(form.fields.values())}
    items = []
    for name, messages in form.errors.items():
        field, label = places.get(name, (None, ""))
        for message in messages:
            link = message if field is None else element("a", {"href": f"#{field.id}"}, f"{label}: {message}")
            items.append(element("li", None, link))
    title = f"{form.form_name}-problems"
    head = element("h2", {"id": title}, gettext(_PROBLEM))
    box: dict[str, Any] = {"class": "error-summary", "role": "alert", "aria-labelledby": title, "tabindex": -1}
    return element("div", box, head, element("ul", None, *items))


def field_html(field: BoundField, attributes: Attributes) -> Html:
    """A field with its label, help and errors."""
    kind = field.field.kind
    if kind == "hidden":
        return field.control(**attributes)
    if kind == "fieldset":
        inner = [one.render() for one in field.fields.values()]
        html = _group(field, *inner)
    elif kind == "rows":
        html = _group(field, *_rows(field))
    elif kind in _GROUPS:
        html = _group(field, field.control(**attributes))
    else:
        label = element("label", {"for": field.id}, *_label(field))
        control = field.control(**attributes)
        # A box that is ticked stands before its words.
        head = (control, label) if kind == "checkbox" else (label,)
        tail = () if kind == "checkbox" else (control,)
        html = element("div", {"class": _class(field)}, *head, _help(field), *tail, _errors(field))
    return _overridden("field", html, field=field)


def control_html(field: BoundField, attributes: Attributes) -> Html:
    """The input of a field."""
    kind = field.field.kind
    said: dict[str, Any] = {
        "id": field.id,
        "name": field.name,
        "required": field.field.is_demanded,
        **field.field.attributes,
        **attributes,
    }
    said |= {"aria-describedby": _described(field), "aria-invalid": "true" if field.errors else None}
    if kind == "checkbox":
        # Only a box that must be ticked is required; any other may stay empty.
        must = bool(field.field.choices) and field.field.is_demanded
        on = bool(field.texts) and field.text != ""
        html = element("input", {**said, "type": "checkbox", "value": "true", "checked": on, "required": must})
    elif kind in ("textarea", "lines"):
        said.setdefault("rows", 5)
        # A browser drops the first line break.
        html = element("textarea", said, f"\n{field.text}" if field.text.startswith("\n") else field.text)
    elif kind in ("select", "multiselect"):
        html = element("select", {**said, "multiple": kind == "multiselect"}, *_options(field))
    elif kind in _GROUPS:
        html = joined(_boxes(field, attributes))
    elif kind == "hidden":
        html = element("input", {"type": "hidden", "name": field.name, "value": field.text, **attributes})
    else:
        said["type"] = "file" if kind == "files" else kind
        said["multiple"] = kind == "files"
        html = element("input", said if kind in _NO_VALUE else {**said, "value": field.text})
    return _overridden(kind, html, field=field)


def _options(field: BoundField) -> list[Html]:
    chosen, choices = set(field.texts), field.field.current_choices()
    options = [
        element("option", {"value": choice.value, "selected": choice.value in chosen}, gettext(choice.label))
        for choice in choices
    ]
    is_open = chosen.isdisjoint(choice.value for choice in choices)
    if field.field.kind == "select" and (is_open or not field.field.required):
        # Without it a browser would choose the first one by itself.
        label = gettext(_CHOOSE) if field.field.required else "–"
        options.insert(0, element("option", {"value": "", "selected": is_open}, label))
    return options


def _boxes(field: BoundField, attributes: Attributes) -> list[Html]:
    kind = "radio" if field.field.kind == "radio" else "checkbox"
    chosen = set(field.texts)
    boxes = []
    for number, choice in enumerate(field.field.current_choices()):
        name = field.id if number == 0 else f"{field.id}-{number}"
        said: dict[str, Any] = {
            "type": kind,
            "id": name,
            "name": field.name,
            "value": choice.value,
            "checked": choice.value in chosen,
        }
        said["required"] = kind == "radio" and field.field.is_demanded
        box = element("input", {**said, **field.field.widget.attributes, **attributes})
        boxes.append(element("div", {"class": "choice"}, box, element("label", {"for": name}, gettext(choice.label))))
    return boxes


def _rows(field: BoundField) -> list[Html]:
    rows = []
    for position, (number, inner) in enumerate(field.rows, 1):
        fields = [one.render() for one in inner.values()]
        said: dict[str, Any] = {"type": "submit", "name": REMOVE, "value": f"{field.name}.{number}", "formnovalidate": True}
        said["aria-label"] = f"{gettext(_REMOVE)} {field.label} {position}"
        button = element("button", said, gettext(_REMOVE))
        name = element("legend", None, f"{field.label} {position}")
        rows.append(element("fieldset", {"class": "row", "id": f"{field.id}-{number}"}, name, *fields, button))
    if len(rows) < field.field.most:
        named = f"{gettext(_ADD)}: {field.label}"
        add: dict[str, Any] = {"type": "submit", "name": ADD, "value": field.name, "formnovalidate": True, "aria-label": named}
        rows.append(element("button", add, gettext(_ADD)))
    return rows


def _group(field: BoundField, *content: Html) -> Html:
    legend = element("legend", None, *_label(field))
    said: dict[str, Any] = {"class": _class(field), "aria-describedby": _described(field)}
    if field.field.kind not in _GROUPS:
        said |= {"id": field.id, "tabindex": -1}
    return element("fieldset", said, legend, _help(field), _errors(field), *content)


def _label(field: BoundField) -> tuple[str, ...]:
    default = field.field.default
    has_value = default is not None and default != "" and default not in ([], (), {}, set(), frozenset())
    if field.field.required or has_value or field.field.kind in ("checkbox", "fieldset", "rows"):
        return (field.label,)
    return (field.label, Html(" "), element("span", {"class": "optional"}, gettext(_OPTIONAL)))


def _help(field: BoundField) -> Html:
    return element("p", {"class": "help", "id": f"{field.id}-help"}, field.help) if field.help else Html()


def _errors(field: BoundField) -> Html:
    if not field.errors:
        return Html()
    lines = [
        element("span", None, message) if number == 0 else joined((Html("<br>"), message))
        for number, message in enumerate(field.errors)
    ]
    return element("p", {"class": "error", "id": f"{field.id}-error"}, *lines)


def _described(field: BoundField) -> str | None:
    ids = [f"{field.id}-help"] if field.help else []
    ids += [f"{field.id}-error"] if field.errors else []
    return " ".join(ids) or None


def _class(field: BoundField) -> str:
    return f"field {field.field.kind}{' invalid' if field.errors else ''}"


def _places(fields: Iterable[BoundField], above: str = "") -> Iterator[tuple[BoundField, str]]:
    """Every field with what it is called away from its place: those of a row with the row's number."""
    for field in fields:
        yield field, f"{above}{field.label}"
        if field.field.kind == "fieldset":
            yield from _places(field.fields.values(), f"{above}{field.label}, ")
        elif field.field.kind == "rows":
            for position, (_, inner) in enumerate(field.rows, 1):
                yield from _places(inner.values(), f"{above}{field.label} {position}, ")


def _has_rows(form: ModelForm[Any]) -> bool:
    return any(field.field.kind == "rows" or any(one.kind == "rows" for one in field.field.fields) for field in form)


# Templates of the application's own -------------------------------------------------------------------------------

_own_templates: "WeakKeyDictionary[Environment, frozenset[str]]" = WeakKeyDictionary()


def _overridden(name: str, html: Html, **values: Any) -> Html:
    """What an application shows in the place of a part."""
    context = current_context.get()
    if context is None or not ("templates" in vars(context.pages) or (context.pages.template_folder / "forms").is_dir()):
        return html
    environment = context.pages.templates.environment
    known = _own_templates.get(environment)
    if known is None:
        known = frozenset(environment.list_templates(filter_func=lambda path: path.startswith("forms/")))
        _own_templates[environment] = known
    path = f"forms/{name}.html"
    return Html(environment.get_template(path).render(html=html, **values)) if path in known else html
