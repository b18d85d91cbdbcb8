"""The `.env` file: variables of one machine, one per line."""

import re
from dataclasses import dataclass
from pathlib import Path

from trine.errors import SetupError

_LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<rest>.*)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "$": "$"}


@dataclass(frozen=True, slots=True)
class Variable:
    """A value with the place that it was read from, such as `.env:3`."""

    value: str
    where: str = ""


def read_dotenv(path: Path) -> dict[str, Variable]:
    r"""Read a `.env` file. A file that does not exist is empty; every line that cannot be read is reported.

    A line is `NAME=value`, perhaps after `export`. A value in single quotes is taken as it is; in double quotes it may
    use `\n`, `\t`, `\"` and `\\`; both may go over several lines. Without quotes a value ends before ` #`.
    Nothing is substituted: `$` is a dollar sign.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SetupError(f"{path} cannot be read: {reason}.", hint="Mend the file, or name another with --env-file.") from None
    return parse_dotenv(text, str(path))


def parse_dotenv(text: str, name: str = ".env") -> dict[str, Variable]:
    """Read the text of a `.env` file. Of two lines with one name the last one counts."""
    found: dict[str, Variable] = {}
    problems: list[SetupError] = []
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        first, line = number, lines[number].strip()
        number += 1
        if not line or line.startswith("#"):
            continue
        where = f"{name}:{first + 1}"
        match = _LINE.fullmatch(line)
        if match is None:
            problems.append(SetupError("This line is no variable.", where=where, hint="Write NAME=value, or begin with # ."))
            continue
        rest = match["rest"]
        if rest[:1] not in ("'", '"'):
            found[match["name"]] = Variable(re.sub(r"(^|\s+)#.*", "", rest).rstrip(), where)
            continue
        # The line as it stands: inside quotes, spaces at its end count.
        quoted = lines[first][lines[first].index(rest[0]) :]
        while (end := _closing_quote(quoted)) < 0 and number < len(lines):
            quoted += "\n" + lines[number]
            number += 1
        after = quoted[end + 1 :].strip()
        if end < 0:
            # Only this line is lost: what follows is read as if the quote had been closed.
            number = first + 1
            problems.append(SetupError(f"The value of {match['name']} has no closing {rest[0]}.", where=where, hint="Close it."))
        elif after and not after.startswith("#"):
            hint = "Put the whole value in quotes."
            problems.append(SetupError(f"The value of {match['name']} goes on after its quotes.", where=where, hint=hint))
        else:
            found[match["name"]] = Variable(_unquote(quoted[: end + 1]), where)
    if problems:
        raise SetupError.together(problems, name)
    return found


def _closing_quote(text: str) -> int:
    quote = text[0]
    position = 1
    while position < len(text):
        if text[position] == "\\" and quote == '"':
            position += 1
        elif text[position] == quote:
            return position
        position += 1
    return -1


def _unquote(text: str) -> str:
    inside = text[1:-1]
    if text[0] == "'":
        return inside
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[0]), inside, flags=re.DOTALL)
