"""The page itself: HTML without scripts for people, plain text for everybody else."""

import logging
from base64 import b64encode
from hashlib import sha256
from html import escape
from pathlib import Path
from platform import python_version
from traceback import format_exception

from ..negotiate import best_match
from ..request import Request
from ..response import HTMLResponse, PlainTextResponse, Response
from .circumstances import Section, read_circumstances
from .failure import Failure, Frame, Line, generated_source, read_failures
from .masking import mask_text
from .text import write_text
from .values import Shown, ValueReader

logger = logging.getLogger("trine")

_MAX_TEXT = 20_000
_STYLE = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    # Nothing runs and nothing is loaded, whatever a message or a value contains.
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "cache-control": "no-store",
}


def error_page(request: Request, error: Exception) -> Response:
    """Answer with everything there is to know about an error. Only for development: it shows source and values."""
    try:
        return _make_page(request, error)
    except Exception:
        # Whatever is wrong with the page, the error itself must be seen.
        logger.exception("The error page has failed.")
        return PlainTextResponse(mask_text("".join(format_exception(error))[-_MAX_TEXT:]), 500, _HEADERS)


def _make_page(request: Request, error: Exception) -> Response:
    reader = ValueReader()
    failures = read_failures(error, reader)
    sections = read_circumstances(request)
    reader.run()
    if best_match(request.headers.get("accept", ""), ["text/plain", "text/html"]) != "text/html":
        return PlainTextResponse(write_text(failures, sections), 500, _HEADERS)
    return HTMLResponse(_write_page(request, failures, sections), 500, _HEADERS)


def _write_page(request: Request, failures: list[Failure], sections: list[Section]) -> bytes:
    raised = failures[0]
    title = f"{raised.kind} at {request.method} {request.path}"
    parts = [
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        f"<style>{_STYLE}</style></head><body>",
        '<a class="skip" href="#traceback">Go to the traceback</a>',
        _write_header(request, raised),
        '<main><section id="traceback"><h2>Traceback <small>the call that failed is on top</small></h2>',
        *(_write_failure(failure, is_first=failure is raised) for failure in failures),
        "</section>",
        *_write_generated(failures),
        '<section id="request"><h2>Request</h2>',
        *(_write_section(section) for section in sections),
        '</section><section id="text"><h2>As text</h2><details><summary>The same as plain text, to copy</summary>'
        f'<pre class="text" tabindex="0">{escape(write_text(failures, sections))}</pre></details></section></main>',
        f"<footer>Trine on Python {python_version()}. This page is shown in development only; "
        "in production a client sees “Internal Server Error”.</footer></body></html>",
    ]
    return "".join(parts).encode("utf-8", "replace")


def _write_header(request: Request, raised: Failure) -> str:
    place = raised.place
    where = f'<p class="where">{_write_place(place)}</p>' if place else ""
    hint = f'<p class="hint"><strong>Hint</strong> {escape(raised.hint)}</p>' if raised.hint else ""
    module, _, name = raised.kind.rpartition(".")
    kind = f"<small>{escape(module)}.</small>{escape(name)}" if module else escape(name)
    links = [("traceback", "Traceback"), ("request", "Request"), ("text", "As text")]
    if any(frame.origin == "generated" for frame in raised.frames):
        links.insert(1, ("route", "Route"))
    return (
        f'<header><p class="line"><b>{escape(request.method)}</b> <span>{escape(request.path)}</span> <i>500</i></p>'
        f'<h1>{kind}</h1><pre class="message" tabindex="0">{escape(raised.message)}</pre>{_write_notes(raised)}{hint}{where}'
        f"<nav>{''.join(f'<a href={chr(34)}#{anchor}{chr(34)}>{text}</a>' for anchor, text in links)}</nav></header>"
    )


def _write_place(frame: Frame) -> str:
    return f"<code>{escape(frame.shown_file)}:{frame.number}</code> in <code>{escape(frame.function)}</code>"


def _write_notes(failure: Failure) -> str:
    return "".join(f'<pre class="note" tabindex="0">{escape(note)}</pre>' for note in failure.notes)


def _write_failure(failure: Failure, *, is_first: bool) -> str:
    heading = ""
    if not is_first:
        heading = (
            f'<h3 class="link"><span>{failure.link}</span> {escape(failure.kind)}</h3>'
            f'<pre class="message" tabindex="0">{escape(failure.message)}</pre>{_write_notes(failure)}'
        )
    left_out = f'<p class="left">{failure.left_out:,} calls in between are left out.</p>' if failure.left_out else ""
    place = failure.place
    frames = "".join(_write_frame(frame, is_open=frame is place) for frame in reversed(failure.frames))
    return f"{heading}{left_out}{frames or '<p class=left>It was never raised: there is no traceback.</p>'}"


def _write_frame(frame: Frame, *, is_open: bool) -> str:
    lines = "".join(_write_line(line) for line in frame.lines) or "<span>The source is not at hand.</span>"
    values = ""
    if frame.values:
        rows = "".join(_write_value(shown) for shown in frame.values)
        values = _write_details(f"Values <small>{len(frame.values)}</small>", _table(rows), is_open=is_open)
    summary = _write_place(frame) + _LABELS[frame.origin]
    return (
        f'<details class="frame {frame.origin}"{" open" if is_open else ""}><summary>{summary}</summary>'
        f'<pre class="source" tabindex="0">{lines}</pre>{values}</details>'
    )


_LABELS = {"application": "", "library": "<em>library</em>", "generated": "<em>written by Trine for this route</em>"}


def _write_details(summary: str, content: str, *, is_open: bool) -> str:
    return f"<details{' open' if is_open else ''}><summary>{summary}</summary>{content}</details>"


def _write_line(line: Line) -> str:
    text = escape(line.text)
    if line.marked is not None:
        start, end = line.marked
        text = f"{escape(line.text[:start])}<mark>{escape(line.text[start:end])}</mark>{escape(line.text[end:])}"
    return f"<span{' class=failed' if line.failed else ''}><i>{line.number}</i>{text}\n</span>"


def _write_generated(failures: list[Failure]) -> list[str]:
    frames = [frame for frame in failures[0].frames if frame.origin == "generated"]
    if not frames:
        return []
    frame = frames[-1]
    source = generated_source(frame.file)
    lines = "".join(_write_line(Line(number, text, number == frame.number)) for number, text in enumerate(source, 1))
    return [
        '<section id="route"><h2>Route <small>what Trine wrote for it at start-up</small></h2>'
        f"<details><summary><code>{escape(frame.file)}</code> {len(source)} lines</summary>"
        f'<pre class="source" tabindex="0">{lines}</pre></details></section>'
    ]


def _write_section(section: Section) -> str:
    if not section.values:
        return ""
    rows = "".join(_write_value(shown) for shown in section.values)
    return _write_details(f"{section.title} <small>{len(section.values)}</small>", _table(rows), is_open=section.is_open)


def _table(rows: str) -> str:
    return f'<div class="values" tabindex="0"><table>{rows}</table></div>'


def _write_value(shown: Shown) -> str:
    kind = f"<small>{escape(shown.kind)}</small>" if shown.kind else ""
    return f"<tr><th scope=row>{escape(shown.name)}{kind}</th><td><code>{escape(shown.text)}</code></td></tr>"
