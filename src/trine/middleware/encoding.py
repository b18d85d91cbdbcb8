"""Which content codings a client takes (RFC 9110 §12.5.3)."""

import re

from .tokens import split_list

# A weight above zero (RFC 9110 §12.4.2); what breaks the grammar counts as none.
_is_positive = re.compile(r"q=(?:1(?:\.0{0,3})?|0\.(?=[0-9]*[1-9])[0-9]{1,3})").fullmatch
_MAX_LENGTH = 1024


def accepts_encoding(line: str, coding: str) -> bool:
    """Whether an Accept-Encoding line takes a coding: named with a weight above zero, or else covered by `*`."""
    any_other = False
    for member in split_list(line[:_MAX_LENGTH]):
        name, _, parameter = member.partition(";")
        name = name.strip().lower()
        is_taken = not parameter or _is_positive(parameter.strip().lower()) is not None
        if name == coding:
            return is_taken
        if name == "*":
            any_other = is_taken
    return any_other
