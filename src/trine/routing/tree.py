"""Which route answers a path: static paths by one look-up, then a tree of segments."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from .converters import Converter
from .pattern import PathPattern, Segment

E = TypeVar("E")
Match = tuple[dict[str, E], list[Any]]
"""The endpoints of a path by method, and the values of its parameters."""


class _Node(Generic[E]):
    """A place in the tree: what may follow, from the most to the least specific."""

    __slots__ = ("endpoints", "patterns", "rests", "statics", "text")

    def __init__(self) -> None:
        self.endpoints: dict[str, E] | None = None
        self.statics: dict[str, _Node[E]] = {}
        self.patterns: list[tuple[int, str, Callable[[str], list[Any] | None], _Node[E]]] = []
        self.text: _Node[E] | None = None
        self.rests: list[tuple[re.Pattern[str], PathPattern, dict[str, E]]] = []


class RouteTree(Generic[E]):
    """Endpoints by path and method. Static segments win over typed parameters, these over text, and `path` comes last."""

    def __init__(self) -> None:
        self.statics: dict[str, dict[str, E]] = {}
        self._root: _Node[E] = _Node()
        self._has_parameters = False
        self._tails: dict[str, _Node[E]] = {}

    def add(self, pattern: PathPattern, method: str, endpoint: E) -> None:
        """Add an endpoint. The first one for a shape and method stays."""
        self.endpoints(pattern).setdefault(method, endpoint)

    def endpoints(self, pattern: PathPattern) -> dict[str, E]:
        """The endpoints of a declared path by method, made empty where there are none yet."""
        if pattern.is_static:
            return self.statics.setdefault(pattern.path, {})
        self._has_parameters = True
        parent = node = self._root
        for segment in pattern.segments:
            if segment.takes_rest:
                return _rest(node, pattern)
            parent, node = node, _child(node, segment)
        if node.endpoints is None:
            node.endpoints = {}
        if node is parent.text and all(segment.is_static for segment in pattern.segments[:-1]):
            self._tails["".join(f"/{segment.text}" for segment in pattern.segments[:-1])] = parent
        return node.endpoints

    @property
    def tails(self) -> dict[str, dict[str, E]]:
        """The endpoints of paths whose only parameter is their last segment, by the text before it.

        Most paths with a parameter are of this kind, and one look-up settles them. Ask `statics` first, and `find` last.
        """
        nodes = ((head, node.text) for head, node in self._tails.items() if not node.patterns)
        return {head: text.endpoints for head, text in nodes if text is not None and text.endpoints is not None}

    def find(self, path: str) -> Match[E] | None:
        """Find the endpoints of a path with parameters, and the parameters' values. Ask `statics` and `tails` first."""
        if not self._has_parameters:
            return None
        segments = path.split("/")
        values: list[Any] = []
        node = self._root
        # The common walk: no typed siblings, no way back. It gives the same answer as the search below, or none.
        for segment in segments[1:]:
            following = node.statics.get(segment)
            if following is None:
                following = node.text
                if following is None or node.patterns or not segment:
                    return self._search(path, segments)
                values.append(segment)
            node = following
        if node.endpoints is None:
            return self._search(path, segments)
        return node.endpoints, values

    def find_all(self, path: str) -> Iterator[Match[E]]:
        """Give every declared path with parameters that fits, the most specific first."""
        return _descend(self._root, path, path.split("/"), 1, [])

    def _search(self, path: str, segments: list[str]) -> Match[E] | None:
        return next(_descend(self._root, path, segments, 1, []), None)


def _descend(node: _Node[E], path: str, segments: list[str], index: int, values: list[Any]) -> Iterator[Match[E]]:
    """Search below a node, most specific first, and come back from dead ends. Depth and width are the declared routes'."""
    if index == len(segments):
        if node.endpoints is not None:
            yield node.endpoints, values
        yield from _match_rest(node, path)
        return
    segment = segments[index]
    following = node.statics.get(segment)
    if following is not None:
        yield from _descend(following, path, segments, index + 1, values)
    for _, _, parse, following in node.patterns:
        parsed = parse(segment)
        if parsed is not None:
            yield from _descend(following, path, segments, index + 1, values + parsed)
    if node.text is not None and segment:
        yield from _descend(node.text, path, segments, index + 1, [*values, segment])
    yield from _match_rest(node, path)


def _match_rest(node: _Node[E], path: str) -> Iterator[Match[E]]:
    for regex, pattern, endpoints in node.rests:
        match = regex.fullmatch(path)
        if match is None:
            continue
        parsed = zip(pattern.parameters, match.groups(), strict=True)
        try:
            values = [converter.parse(text) for (_, converter), text in parsed]
        except ValueError:
            continue
        yield endpoints, values


def _child(node: _Node[E], segment: Segment) -> _Node[E]:
    if segment.is_static:
        return node.statics.setdefault(segment.text, _Node())
    if segment.is_plain and segment.parameters[0][1].name == "str":
        if node.text is None:
            node.text = _Node()
        return node.text
    source, parsers = _segment_source(segment)
    for _, known, _, following in node.patterns:
        if known == source:
            return following
    following = _Node()
    rank = min(converter.rank for _, converter in segment.parameters) - (0 if segment.is_plain else 5)
    node.patterns.append((rank, source, _segment_parser(source, parsers), following))
    node.patterns.sort(key=lambda entry: entry[0])
    return following


def _rest(node: _Node[E], pattern: PathPattern) -> dict[str, E]:
    for _, known, existing in node.rests:
        if known.shape == pattern.shape:
            return existing
    endpoints: dict[str, E] = {}
    node.rests.append((pattern.regex, pattern, endpoints))
    # The longer the declared path, the more specific it is.
    node.rests.sort(key=lambda entry: -len(entry[1].shape))
    return endpoints


def _segment_source(segment: Segment) -> tuple[str, list[Converter]]:
    """A segment as a regular expression, and the converters of its groups."""
    converters = [converter for _, converter in segment.parameters]
    if segment.is_plain:
        return f"({converters[0].pattern})", converters
    pieces = re.split(r"\{[^{}]*\}", segment.text)
    groups = [f"({converter.pattern})" for converter in converters] + [""]
    return "".join(re.escape(piece) + group for piece, group in zip(pieces, groups, strict=True)), converters


def _segment_parser(source: str, converters: list[Converter]) -> Callable[[str], list[Any] | None]:
    fullmatch = re.compile(source).fullmatch

    def parse_segment(segment: str) -> list[Any] | None:
        match = fullmatch(segment)
        if match is None:
            return None
        try:
            return [converter.parse(text) for converter, text in zip(converters, match.groups(), strict=True)]
        except ValueError:
            return None

    return parse_segment
