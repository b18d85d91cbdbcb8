"""An exception as plain data: its messages, its frames with source and values, and the exceptions behind it."""

import linecache
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from traceback import walk_tb
from types import CodeType, FrameType, TracebackType
from typing import Any, Literal

from .masking import mask_source, mask_text
from .values import Shown, ValueReader, shorten

Origin = Literal["application", "library", "generated"]

CONTEXT = 5
"""Lines shown above and below the one that failed."""
_MAX_FAILURES = 8
_MAX_FRAMES = 60
_MAX_LOCALS = 40
_MAX_LINE = 300
_MAX_MESSAGE = 4000


@dataclass
class Line:
    """A line of source. `marked` is the part that was running, from one column to another."""

    number: int
    text: str
    failed: bool = False
    marked: tuple[int, int] | None = None


@dataclass
class Frame:
    """One call on the way to the error."""

    file: str
    shown_file: str
    number: int
    function: str
    origin: Origin
    lines: list[Line]
    values: list[Shown]


@dataclass
class Failure:
    """One exception of the chain, its frames in the order of the calls."""

    kind: str
    message: str
    hint: str
    notes: list[str]
    link: str
    """How it led to the failure before it in the list; empty for the one that was raised in the end."""
    frames: list[Frame] = field(default_factory=list)
    left_out: int = 0

    @property
    def place(self) -> Frame | None:
        """The application's own line that matters most: the innermost one, or the innermost of all."""
        own = [frame for frame in self.frames if frame.origin == "application"]
        return own[-1] if own else self.frames[-1] if self.frames else None


def read_failures(error: BaseException, reader: ValueReader) -> list[Failure]:
    """Read an exception and those behind it, what was raised last first. `reader.run()` then fills in the values."""
    return [_read(link, exception, reader) for link, exception in islice(_chain(error), _MAX_FAILURES)]


def generated_source(file: str) -> list[str]:
    """The source that was written for a route at start-up, line by line."""
    return [line.rstrip("\n") for line in linecache.getlines(file)[:400]]


def _chain(error: BaseException) -> Iterator[tuple[str, BaseException]]:
    current: BaseException | None = error
    link, seen = "", set[int]()
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield link, current
        if current.__cause__ is not None:
            link, current = "Caused by", current.__cause__
        elif not current.__suppress_context__:
            link, current = "While handling", current.__context__
        else:
            current = None


def _read(link: str, error: BaseException, reader: ValueReader) -> Failure:
    kind = type(error)
    module = "" if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}."
    hint = getattr(error, "hint", "")
    message = _message(error)
    if isinstance(hint, str) and hint:
        message = message.removesuffix(hint).rstrip()
    notes = [shorten(mask_text(str(note)), _MAX_MESSAGE) for note in getattr(error, "__notes__", ())[:20]]
    failure = Failure(f"{module}{kind.__qualname__}", message, hint if isinstance(hint, str) else "", notes, link)
    tracebacks = list(walk_tb(error.__traceback__))
    kept = tracebacks if len(tracebacks) <= _MAX_FRAMES else tracebacks[:10] + tracebacks[10 - _MAX_FRAMES :]
    failure.left_out = len(tracebacks) - len(kept)
    positions = _positions(error.__traceback__)
    failure.frames = [_read_frame(frame, number, positions.get(id(frame)), reader) for frame, number in kept]
    if isinstance(error, BaseExceptionGroup):
        failure.notes += [f"Holds {type(inner).__qualname__}: {_message(inner)}" for inner in error.exceptions[:20]]
    return failure


def _message(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception as second:  # noqa: BLE001 - str() of an exception may raise anything
        text = f"<its message cannot be shown: {type(second).__name__}>"
    return shorten(mask_text(text[: _MAX_MESSAGE * 2]), _MAX_MESSAGE)


Span = tuple[int, int, int]


def _positions(traceback: TracebackType | None) -> dict[int, Span]:
    """By frame: the line, and the columns of the expression that was running, where it stands on one line."""
    found: dict[int, Span] = {}
    while traceback is not None:
        span = _span(traceback.tb_frame.f_code, traceback.tb_lasti)
        if span is not None:
            found[id(traceback.tb_frame)] = span
        traceback = traceback.tb_next
    return found


def _span(code: CodeType, instruction: int) -> Span | None:
    for index, (line, end_line, column, end_column) in enumerate(code.co_positions()):
        if index * 2 == instruction:
            if line is None or line != end_line or column is None or end_column is None:
                return None
            return line, column, end_column
    return None


def _read_frame(frame: FrameType, number: int, span: Span | None, reader: ValueReader) -> Frame:
    code = frame.f_code
    values = _locals_of(frame)
    names = [name for name in values if not name.startswith("__")][:_MAX_LOCALS]
    return Frame(
        code.co_filename,
        _short_path(code.co_filename),
        number,
        code.co_qualname,
        _origin(code.co_filename),
        _read_lines(frame, number, span),
        [reader.add(name, values[name]) for name in names],
    )


def _locals_of(frame: FrameType) -> dict[str, Any]:
    """A copy, since the frame may belong to a worker thread that has gone on."""
    try:
        return dict(frame.f_locals)
    except RuntimeError:
        return {}


def _read_lines(frame: FrameType, number: int, span: Span | None) -> list[Line]:
    source = linecache.getlines(frame.f_code.co_filename, frame.f_globals)
    lines = []
    for current in range(max(1, number - CONTEXT), min(len(source), number + CONTEXT) + 1):
        text = source[current - 1].rstrip("\n")
        line = Line(current, shorten(mask_source(text[: _MAX_LINE * 2]), _MAX_LINE), current == number)
        if line.failed and line.text == text and span is not None and span[0] == number:
            line.marked = _marked(text, span)
        lines.append(line)
    return lines


def _marked(text: str, span: Span) -> tuple[int, int] | None:
    """The columns in characters (positions count bytes of UTF-8), or None when they are the whole line anyway."""
    raw = text.encode("utf-8", "replace")
    start, end = (len(raw[:column].decode("utf-8", "replace")) for column in span[1:])
    return None if text[start:end] == text.strip() else (start, end)


_TRINE = str(Path(__file__).parents[2])
_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")} | {_TRINE})


def _origin(file: str) -> Origin:
    if file.startswith("<trine "):
        return "generated"
    if file.startswith(("<frozen", *_LIBRARIES)) or "site-packages" in file:
        return "library"
    return "application"


def _short_path(file: str) -> str:
    """The path as one would import it, or below the working directory."""
    candidates = [str(Path.cwd()), *filter(None, sys.path)]
    for folder in sorted(candidates, key=len, reverse=True):
        if file.startswith(folder.rstrip("/") + "/"):
            return file[len(folder.rstrip("/")) + 1 :]
    return file
