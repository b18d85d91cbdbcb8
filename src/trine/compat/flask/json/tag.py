"""JSON that keeps a few of Python's types: what a session cookie holds.

A value that JSON has no form for becomes an object with one key, its tag: `(1, 2)` is `{" t": [1, 2]}`. The tags are
those of Flask, so that sessions which it has written go on.
"""

from base64 import b64decode, b64encode
from datetime import datetime
from json import dumps, loads
from typing import Any, ClassVar
from uuid import UUID

from markupsafe import Markup
from werkzeug.http import http_date, parse_date


class JSONTag:
    """How one type is written and read. A subclass with a `key` is marked in the JSON; one without only converts."""

    __slots__ = ("serializer",)
    key: ClassVar[str] = ""

    def __init__(self, serializer: "TaggedJSONSerializer") -> None:
        self.serializer = serializer

    def check(self, value: Any) -> bool:
        """Whether a value is of this type."""
        raise NotImplementedError

    def to_json(self, value: Any) -> Any:
        """What JSON can say of it."""
        raise NotImplementedError

    def to_python(self, value: Any) -> Any:
        """The value again."""
        raise NotImplementedError

    def tag(self, value: Any) -> dict[str, Any]:
        """The marked value."""
        return {self.key: self.to_json(value)}


class TagDict(JSONTag):
    """A dict of one key that looks like a tag: the key is marked, so that it is not taken for one."""

    __slots__ = ()
    key = " di"

    def check(self, value: Any) -> bool:
        """Whether it could be mistaken."""
        return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in self.serializer.tags

    def to_json(self, value: Any) -> Any:
        """Its key with a mark."""
        key = next(iter(value))
        return {f"{key}__": self.serializer.tag(value[key])}

    def to_python(self, value: Any) -> Any:
        """Its key without the mark."""
        key = next(iter(value))
        return {key[:-2]: value[key]}


class PassDict(JSONTag):
    """A dict, whose values may be marked."""

    __slots__ = ()

    def check(self, value: Any) -> bool:
        """Whether it is a dict."""
        return isinstance(value, dict)

    def to_json(self, value: Any) -> Any:
        """Its values."""
        return {key: self.serializer.tag(item) for key, item in value.items()}

    tag = to_json


class TagTuple(JSONTag):
    """A tuple."""

    __slots__ = ()
    key = " t"

    def check(self, value: Any) -> bool:
        """Whether it is a tuple."""
        return isinstance(value, tuple)

    def to_json(self, value: Any) -> Any:
        """Its items."""
        return [self.serializer.tag(item) for item in value]

    def to_python(self, value: Any) -> Any:
        """The tuple."""
        return tuple(value)


class PassList(JSONTag):
    """A list, whose items may be marked."""

    __slots__ = ()

    def check(self, value: Any) -> bool:
        """Whether it is a list."""
        return isinstance(value, list)

    def to_json(self, value: Any) -> Any:
        """Its items."""
        return [self.serializer.tag(item) for item in value]

    tag = to_json


class TagBytes(JSONTag):
    """Bytes."""

    __slots__ = ()
    key = " b"

    def check(self, value: Any) -> bool:
        """Whether it is bytes."""
        return isinstance(value, bytes)

    def to_json(self, value: Any) -> Any:
        """As base64."""
        return b64encode(value).decode("ascii")

    def to_python(self, value: Any) -> Any:
        """The bytes."""
        return b64decode(value)


class TagMarkup(JSONTag):
    """Text that is safe as HTML."""

    __slots__ = ()
    key = " m"

    def check(self, value: Any) -> bool:
        """Whether it says of itself that it is HTML."""
        return callable(getattr(value, "__html__", None))

    def to_json(self, value: Any) -> Any:
        """The text."""
        return str(value.__html__())

    def to_python(self, value: Any) -> Any:
        """The markup."""
        return Markup(value)  # noqa: S704 - it was markup when it was signed


class TagUUID(JSONTag):
    """A UUID."""

    __slots__ = ()
    key = " u"

    def check(self, value: Any) -> bool:
        """Whether it is a UUID."""
        return isinstance(value, UUID)

    def to_json(self, value: Any) -> Any:
        """Its digits."""
        return value.hex

    def to_python(self, value: Any) -> Any:
        """The UUID."""
        return UUID(value)


class TagDateTime(JSONTag):
    """A date and time, to the second."""

    __slots__ = ()
    key = " d"

    def check(self, value: Any) -> bool:
        """Whether it is a datetime."""
        return isinstance(value, datetime)

    def to_json(self, value: Any) -> Any:
        """As HTTP writes it."""
        return http_date(value)

    def to_python(self, value: Any) -> Any:
        """The datetime."""
        return parse_date(value)


class TaggedJSONSerializer:
    """Write and read values with their tags. The first tag whose `check` says yes is taken."""

    __slots__ = ("order", "tags")

    default_tags: ClassVar[list[type[JSONTag]]] = [
        TagDict,
        PassDict,
        TagTuple,
        PassList,
        TagBytes,
        TagMarkup,
        TagUUID,
        TagDateTime,
    ]

    def __init__(self) -> None:
        self.tags: dict[str, JSONTag] = {}
        self.order: list[JSONTag] = []
        for tag_class in self.default_tags:
            self.register(tag_class)

    def register(self, tag_class: type[JSONTag], force: bool = False, index: int | None = None) -> None:
        """Add a tag, last or at a place. Raises KeyError for a key that is taken, unless it shall be replaced."""
        tag = tag_class(self)
        if tag.key:
            if tag.key in self.tags and not force:
                raise KeyError(f"The tag {tag.key!r} is registered already. Say force=True to replace it.")
            self.tags[tag.key] = tag
        self.order.insert(len(self.order) if index is None else index, tag)

    def tag(self, value: Any) -> Any:
        """What JSON can say of a value."""
        for tag in self.order:
            if tag.check(value):
                return tag.tag(value)
        return value

    def untag(self, value: dict[str, Any]) -> Any:
        """What an object of JSON stands for."""
        if len(value) != 1:
            return value
        [(key, content)] = value.items()
        tag = self.tags.get(key)
        return value if tag is None else tag.to_python(content)

    def dumps(self, value: Any) -> str:
        """Write a value."""
        return dumps(self.tag(value), separators=(",", ":"))

    def loads(self, value: str) -> Any:
        """Read a value. Objects are untagged from the inside out, as they are complete."""
        return loads(value, object_hook=self.untag)
