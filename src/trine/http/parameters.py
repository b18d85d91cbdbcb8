"""Parameters of a header value, as in `form-data; name="a"; filename*=utf-8''b` (RFC 9110 §5.6.6, RFC 8187)."""

import re
from urllib.parse import unquote_to_bytes

_find_parameter = re.compile(
    # Possessive throughout: a mismatch is never tried again with less.
    r""";[ \t]*+([!#$%&'*+.^_`|~0-9A-Za-z-]++)[ \t]*+=[ \t]*+(?:"((?:[^"\\]|\\.)*+)"|([^;"]*+))[ \t]*+(?=;|\Z)""",
    re.DOTALL,
)
_find_quoted_pair = re.compile(r'\\(["\\])')


def parse_parameters(value: str) -> dict[str, str]:
    """Give the parameters that follow a header's first word, names in lower case. Raises `ValueError`.

    A backslash escapes quotes and backslashes only, because some browsers send Windows paths. A parameter that
    stands twice is refused: two readers would take two different ones.
    """
    parameters: dict[str, str] = {}
    position = value.find(";")
    while position >= 0:
        found = _find_parameter.match(value, position)
        if found is None:
            following = value.find(";", position + 1)
            if value[position + 1 : following if following >= 0 else None].strip(" \t"):
                raise ValueError(f"The header value {value[:200]!r} has malformed parameters.")
            position = following  # A stray semicolon does no harm.
            continue
        name, quoted, plain = found.groups()
        name = name.lower()
        if name in parameters:
            raise ValueError(f"The header value {value[:200]!r} has the parameter {name!r} twice.")
        parameters[name] = plain.strip(" \t") if quoted is None else _find_quoted_pair.sub(r"\1", quoted)
        position = value.find(";", found.end())
    return parameters


def decode_extended(value: str) -> str | None:
    """Decode an extended value such as `utf-8''na%C3%AFve.txt` (RFC 8187 §3.2), or give None when it is none."""
    charset, quote, rest = value.partition("'")
    _, second_quote, encoded = rest.partition("'")
    if not (quote and second_quote) or charset.lower() not in ("utf-8", "iso-8859-1"):
        return None
    return unquote_to_bytes(encoded).decode(charset, "replace")
