"""Responses that say the same value in another format than JSON: tables and MessagePack."""

import csv
from collections.abc import Mapping
from io import StringIO
from typing import Any

from .response import Response

# A spreadsheet takes a text that begins so for a formula, and runs it (OWASP: CSV injection).
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


class MsgPackResponse(Response):
    """A value as MessagePack: smaller than JSON, and read faster."""

    media_type = "application/msgpack"

    def render(self, content: Any) -> bytes:
        """Encode the content."""
        import msgspec

        return msgspec.msgpack.encode(content)


class CSVResponse(Response):
    """Rows as a table (RFC 4180): a list of objects, or one of them. Columns are the names, in the order they first come in.

    What is nested is written as JSON. A text that a spreadsheet would run as a formula gets an apostrophe before it.
    """

    media_type = "text/csv"

    def render(self, content: Any) -> bytes:
        """Write a heading and a line for each row."""
        rows = [_row(row) for row in (content if isinstance(content, list | tuple) else [content])]
        columns = list(dict.fromkeys(name for row in rows for name in row))
        text = StringIO()
        writer = csv.writer(text)
        if columns:
            writer.writerow([_cell(name) for name in columns])
        writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)
        return text.getvalue().encode(self.charset)


def _row(row: Any) -> Mapping[str, Any]:
    return row if isinstance(row, Mapping) else {"value": row}


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULAS) else value
    if isinstance(value, list | Mapping):
        from .json import encode_json

        return encode_json(value).decode()
    return value
