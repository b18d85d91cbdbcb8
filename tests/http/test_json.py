"""Values as JSON, whatever a handler returns."""

import re
from collections import ChainMap
from datetime import UTC, datetime
from decimal import Decimal
from ipaddress import ip_address
from pathlib import PurePosixPath
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, HttpUrl

from trine.http.json import encode_json


class Named(BaseModel):
    inner: int = Field(serialization_alias="outer")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": [1, None, True]}, b'{"a":[1,null,true]}'),
        (float("nan"), b"null"),
        (datetime(2026, 11, 21, tzinfo=UTC), b'"2026-11-21T00:00:00Z"'),
        (Decimal("1.50"), b'"1.50"'),
        (UUID(int=1), b'"00000000-0000-0000-0000-000000000001"'),
        (Named(inner=1), b'{"outer":1}'),
        ([Named(inner=1)], b'[{"outer":1}]'),
        (ChainMap({"a": 1}), b'{"a":1}'),
        (frozenset({1}), b"[1]"),
        ({1: 2}.keys(), b"[1]"),
        (iter([1, 2]), b"[1,2]"),
        (PurePosixPath("/a/b"), b'"/a/b"'),
        (re.compile("a+"), b'"a+"'),
        (ip_address("::1"), b'"::1"'),
        (HttpUrl("https://example.org"), b'"https://example.org/"'),
        ("\ud800", b'"?"'),
    ],
)
def test_values_have_a_json_form(value: object, expected: bytes) -> None:
    assert encode_json(value) == expected


def test_a_value_without_json_form_names_its_type() -> None:
    with pytest.raises(TypeError) as refused:
        encode_json(object())

    assert str(refused.value) == "A value of type 'object' has no JSON form. Return a model, a dict, a list or a scalar."
