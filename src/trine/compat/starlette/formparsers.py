"""`starlette.formparsers`: forms, parsed from a stream by Trine's own parser."""

import re
import warnings
from collections.abc import AsyncIterator
from enum import Enum, EnumType
from typing import Any, ClassVar

from trine.http.multipart import parse_multipart, parse_urlencoded
from trine.http.multipart_reader import FormLimits, MultipartError

from .datastructures import FormData, Headers
from .exceptions import StarletteDeprecationWarning

__all__ = ["FormMessage", "FormParser", "MultiPartException", "MultiPartParser"]


class _Deprecated(EnumType):
    """An enumeration that warns whoever uses it."""

    def __call__(cls, value: Any, *args: Any, **kwargs: Any) -> Any:
        message = "`FormMessage` is deprecated and will be removed in a future version."
        warnings.warn(message, StarletteDeprecationWarning, stacklevel=2)
        return super().__call__(value, *args, **kwargs)


class FormMessage(Enum, metaclass=_Deprecated):
    """What an older parser told about a form. Deprecated: nothing uses it."""

    FIELD_START = 1
    FIELD_NAME = 2
    FIELD_DATA = 3
    FIELD_END = 4
    END = 5


class MultiPartException(Exception):
    """A form that is malformed, or larger than its limits."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)


class FormParser:
    """Reads a urlencoded form."""

    def __init__(
        self,
        headers: Headers,
        stream: AsyncIterator[bytes],
        *,
        max_fields: int | float = 1000,
        max_part_size: int = 1024 * 1024,
    ) -> None:
        self.headers = headers
        self.stream = stream
        self.limits = make_limits(max_fields=max_fields, max_part_size=max_part_size)

    async def parse(self) -> FormData:
        """Give the form. Raises `MultiPartException`."""
        try:
            return await parse_urlencoded(self.stream, self.limits)
        except MultipartError as error:
            raise MultiPartException(in_starlettes_words(str(error), "Field")) from error


class MultiPartParser:
    """Reads a form with files."""

    spool_max_size: ClassVar[int] = 1024 * 1024
    """Files above this size wait on disk."""

    def __init__(
        self,
        headers: Headers,
        stream: AsyncIterator[bytes],
        *,
        max_files: int | float = 1000,
        max_fields: int | float = 1000,
        max_part_size: int = 1024 * 1024,
    ) -> None:
        self.headers = headers
        self.stream = stream
        self.limits = make_limits(
            max_files=max_files, max_fields=max_fields, max_part_size=max_part_size, spool_size=self.spool_max_size
        )

    async def parse(self) -> FormData:
        """Give the form. Raises `MultiPartException`."""
        content_type = self.headers["content-type"]
        if "boundary=" not in content_type.lower():
            raise MultiPartException("Missing boundary in multipart.")
        try:
            return await parse_multipart(self.stream, content_type, self.limits)
        except MultipartError as error:
            raise MultiPartException(in_starlettes_words(str(error), "Part")) from error


_WORDS = [
    (re.compile(r"The form has more than the (\d+) (files|fields) "), "Too many {1}. Maximum number of {1} is {0}."),
    (
        re.compile(r"(?:A|The) form field .*is larger than the (\d+) bytes", re.DOTALL),
        "{what} exceeded maximum size of {kilo}KB.",
    ),
    (
        re.compile(r"A form part has no name|.*has malformed parameters"),
        'The Content-Disposition header field "name" must be provided.',
    ),
    (re.compile(r"The form is not valid multipart|A form part has more than|A header of a form part"), "Invalid multipart data."),
]


def in_starlettes_words(message: str, what: str) -> str:
    """Say what is wrong with a form as Starlette does: programs show it, or look for it. Other messages stay as they are."""
    for pattern, words in _WORDS:
        match = pattern.match(message)
        if match:
            size = int(match[1]) // 1024 if what in words or "{kilo}" in words else 0
            return words.format(*match.groups(), what=what, kilo=size)
    return message


def make_limits(**limits: Any) -> FormLimits:
    """Make limits; infinity is a number that nobody reaches."""
    limits.setdefault("max_headers", 8)
    return FormLimits(**{name: 2**62 if value == float("inf") else int(value) for name, value in limits.items()})
