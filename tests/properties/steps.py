"""Count the work of a function: a measure of time that does not depend on the machine."""

import sys
from collections.abc import Callable


def count_steps(function: Callable[[], object]) -> int:
    """Run a function, and give how many instructions of Python it took."""
    return _count_monitored(function) if sys.version_info >= (3, 12) else _count_traced(function)


def _count_monitored(function):
    steps = 0

    def count(code, offset):
        nonlocal steps
        steps += 1

    monitoring, tool = sys.monitoring, sys.monitoring.PROFILER_ID
    monitoring.use_tool_id(tool, "steps")
    monitoring.register_callback(tool, monitoring.events.INSTRUCTION, count)
    monitoring.set_events(tool, monitoring.events.INSTRUCTION)
    try:
        function()
    finally:
        monitoring.set_events(tool, monitoring.events.NO_EVENTS)
        monitoring.free_tool_id(tool)
    return steps


def _count_traced(function):
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
