"""The error page for terminals: what Python would print, with the values and the request."""

from .circumstances import Section
from .failure import Failure, Frame
from .values import Shown


def write_text(failures: list[Failure], sections: list[Section]) -> str:
    """Write everything as text, in Python's order: the call that failed comes last."""
    lines: list[str] = []
    for failure in reversed(failures):
        if lines:
            lines.append("")
        lines.append("Traceback (most recent call last):")
        if failure.left_out:
            lines.append(f"  … {failure.left_out:,} calls in between are left out.")
        for frame in failure.frames:
            lines += _write_frame(frame)
        lines.append(f"{failure.kind}: {failure.message}" if failure.message else failure.kind)
        lines += failure.notes
        if failure.hint:
            lines.append(f"Hint: {failure.hint}")
        if failure.link:
            lines.append(f"\n{_ONWARD[failure.link]}")
    for section in sections:
        lines += ["", section.title, *(_write_value(shown) for shown in section.values)]
    return "\n".join(lines) + "\n"


_ONWARD = {
    "Caused by": "That exception caused the next one:",
    "While handling": "While that exception was handled, the next one occurred:",
}


def _write_frame(frame: Frame) -> list[str]:
    lines = [f'  File "{frame.file}", line {frame.number}, in {frame.function}']
    for line in frame.lines:
        if line.failed:
            text = line.text.strip()
            lines.append(f"    {text}")
            if line.marked is not None:
                indent = len(line.text) - len(line.text.lstrip())
                lines.append(f"    {' ' * (line.marked[0] - indent)}{'^' * (line.marked[1] - line.marked[0])}")
    if frame.origin == "application":
        lines += [_write_value(shown, "      ") for shown in frame.values]
    return lines


def _write_value(shown: Shown, indent: str = "  ") -> str:
    return f"{indent}{shown.name} = {shown.text}" if indent != "  " else f"{indent}{shown.name}: {shown.text}"
