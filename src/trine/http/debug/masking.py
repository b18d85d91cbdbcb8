"""Keep secrets off the error page: by the names that they stand under, since values do not tell."""

import re
from itertools import pairwise

MASK = "••••••••"

_is_secret = re.compile(
    r"(?:pass(word|wd|phrase|code)?|pwd|secret|token|jwt|auth(orization)?|cookie|credential|session|csrf|xsrf|otp|pin|ssn"
    r"|(api|access|private|secret|signing|encryption|license|ssh)_?key|signature|dsn|card(_?number)?|cvv)s?|key|salt",
    re.IGNORECASE,
).fullmatch
_split_words = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])").findall

# A quoted or bare name, then = or : or a comma, then the value: `password='x'`, `"token": "x"`, `(b'cookie', b'x')`.
_find_pairs = re.compile(
    r"""(?<![\w.-])(?P<before>b?['"]?(?P<name>[A-Za-z_][\w.-]{0,60})['"]?\s?[=:,]\s?)(?P<value>SecretStr\([^)]*\)|b?'[^']*'?|b?"[^"]*"?|[^\s,;&)}\]'"]+)"""
)
_find_literal_pairs = re.compile(
    r"""(?<![\w.-])(?P<before>b?['"]?(?P<name>[A-Za-z_][\w.-]{0,60})['"]?\]?\s?[=:,]\s?)(?P<value>[rbf]?'[^']+'|[rbf]?"[^"]+")"""
)
_find_url_password = re.compile(r"(?P<before>[a-z][a-z0-9+.-]{0,30}://[^\s:/@'\"]{0,200}:)[^\s/@'\"]{1,200}(?=@)", re.IGNORECASE)
_find_bearer = re.compile(r"\b(?P<before>(?:Bearer|Basic|Digest|Token) )[\w.~+/=-]{8,}", re.IGNORECASE)


def is_secret_name(name: str) -> bool:
    """Whether a variable, header or field of this name should not be shown: `user_password`, `X-API-Key`, `csrftoken`."""
    words = [word.lower() for word in _split_words(name)]
    pairs = [first + second for first, second in pairwise(words)]
    return any(_is_secret(word) for word in [*words, *pairs]) or any(part in name.lower() for part in _PARTS)


# Found in words that are written together, too: `csrftoken`, `sessionid`, `dbpassword`.
_PARTS = ("password", "passwd", "secret", "token", "apikey", "authorization", "cookie", "credential", "sessionid", "privatekey")


def mask_text(text: str) -> str:
    """Mask values that stand beside a secret's name in a text, and passwords in URLs. Meant for short texts."""
    return _mask(text, _find_pairs)


def mask_source(text: str) -> str:
    """Mask literals beside a secret's name in a line of source. Names and calls stay: they tell nothing."""
    return _mask(text, _find_literal_pairs)


def _mask(text: str, pairs: re.Pattern[str]) -> str:
    text = _find_url_password.sub(rf"\g<before>{MASK}", text)
    text = _find_bearer.sub(rf"\g<before>{MASK}", text)
    parts, position = [], 0
    while found := pairs.search(text, position):
        parts.append(text[position : found.start()] + found["before"])
        if is_secret_name(found["name"]):
            parts.append(f"'{MASK}'")
            position = found.end()
        else:
            # The value may hold further pairs: `query=b'token=x'`.
            position = found.end("before")
    return "".join([*parts, text[position:]])
