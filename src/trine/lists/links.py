"""`Link` lines (RFC 8288): where the other pages of a list are."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from trine.http import Request

LINK_HEADER: Mapping[str, Any] = {
    "description": 'Where the other pages are (RFC 8288), such as `<https://…?page=3>; rel="next"`.',
    "schema": {"type": "string"},
}


def link_line(request: Request, targets: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
    """Write the addresses of other pages: this request's, with other values in the query. Each target is a relation and these."""
    base = str(request.url.replace(query="", fragment=""))
    links = []
    for relation, changed in targets:
        kept = [(name, value) for name, value in request.query_params.multi_items() if name not in changed]
        # Encoded anew: what a client sent cannot leave the angle brackets.
        links.append(f'<{base}?{urlencode([*kept, *changed.items()])}>; rel="{relation}"')
    return ", ".join(links)
