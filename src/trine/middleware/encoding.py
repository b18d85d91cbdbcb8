"""Which content codings a client takes (RFC 9110 §12.5.3)."""

from .tokens import split_list

_MAX_LENGTH = 1024


def accepts_encoding(line: str, coding: str) -> bool:
    """Whether an Accept-Encoding line takes a coding: named with a weight above zero, or else covered by `*`."""
    any_other = False
    for member in split_list(line[:_MAX_LENGTH]):
        name, _, parameter = member.partition(";")
        name = name.strip().lower()
        weight = parameter.replace(" ", "").lower()
        is_taken = not weight or (weight.startswith("q=") and weight[2:].strip("0.") != "")
        if name == coding:
            return is_taken
        if name == "*":
            any_other = is_taken
    return any_other
