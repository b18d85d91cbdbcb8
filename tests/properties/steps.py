"""Count the work of a function: a measure of time that does not depend on the machine."""

import sys
from collections.abc import Callable


def count_steps(function: Callable[[], object]) -> int:
    """Run a function, and give how many instructions of Python it took."""
    steps = 0

    def count(frame, event, argument):
        nonlocal steps
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        if event == "opcode":
            steps += 1
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        function()
    finally:
        sys.settrace(before)
    return steps
