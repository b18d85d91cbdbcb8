"""What pages call to render templates."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from .context import here

if TYPE_CHECKING:
    from jinja2 import Template

    from .templates import Templates

Names: TypeAlias = "str | Sequence[str] | Template"


def render_template(name: Names, /, **values: Any) -> str:
    """Render a template with values; of several names the first that there is."""
    return _templates("render_template()").render(name, values)


async def render_template_async(name: Names, /, **values: Any) -> str:
    """Render a template whose calls may be `async` functions: they are awaited in their place."""
    return await _templates("render_template_async()").render_async(name, values)


def render_template_string(source: str, /, **values: Any) -> str:
    """Render a text as a template. The text must be the program's: a visitor's would run as code."""
    templates = _templates("render_template_string()")
    return templates.render(templates.from_text(source), values)


def render_fragment(name: Names, block: str, /, **values: Any) -> str:
    """Render one block of a template, for a page that replaces a part of itself (htmx)."""
    return _templates("render_fragment()").render_block(name, block, values)


def stream_template(name: Names, /, **values: Any) -> Iterator[str]:
    """Render a template while it is sent. Sessions and cookies must be settled before the first piece."""
    return _templates("stream_template()").stream(name, values)


def stream_template_string(source: str, /, **values: Any) -> Iterator[str]:
    """Render a text as a template while it is sent."""
    templates = _templates("stream_template_string()")
    return templates.stream(templates.from_text(source), values)


def stream_template_async(name: Names, /, **values: Any) -> AsyncIterator[str]:
    """Render a template whose calls may be `async` functions while it is sent."""
    return _templates("stream_template_async()").stream_async(name, values)


def _templates(what: str) -> "Templates":
    return here(what).pages.templates
