"""Compile WebSocket handlers: the same inputs and dependencies as routes, and a connection instead of a response."""

from collections.abc import Callable
from typing import Any

from trine.errors import WebSocketRequestValidationError
from trine.routing import PathPattern

from .context import BindContext
from .messages import message_codec
from .plan import Plan
from .steps import StepWriter
from .wires import SOCKET
from .writer import define


def compile_socket(plan: Plan, pattern: PathPattern, context: BindContext) -> Callable[..., Any]:
    """Compile a WebSocket handler. The result takes the connection, then the path's values."""
    writer = StepWriter(plan, SOCKET, context, pattern, inline=False)
    values = "".join(f", p{position}" for position in range(len(pattern.names)))
    out = writer.out
    codec = message_codec(plan, context.max_json_depth)
    with out.block(f"async def talk(request{values}):"):
        if context.events.exchange_watcher is not None:
            out.line(f"note_route({writer.route!r})")
        out.line("request.path_params = {" + ", ".join(f"{name!r}: p{at}" for at, name in enumerate(pattern.names)) + "}")
        if codec is not None:
            out.line("request.codec = CODEC")
        if writer.has_inputs:
            out.line("errors = []")
            out.line("failed = set()")
        if plan.asks_for("background"):
            out.line("background = BackgroundTasks()")
        with out.blocks([f"async with AsyncExitStack() as {scope}_stack:" for scope in sorted(writer.stacks, reverse=True)]):
            with out.blocks(writer.observed("inputs", plan.handler)):
                writer.write_steps()
                if writer.has_inputs:
                    out.line("if errors:")
                    out.line("    raise WebSocketRequestValidationError(errors)")
            out.line(writer.call(plan.handler))
        if plan.asks_for("background"):
            out.line("await background()")
    namespace = {**writer.namespace(), "CODEC": codec, "WebSocketRequestValidationError": WebSocketRequestValidationError}
    talk: Callable[..., Any] = define("talk", out.source, f"WEBSOCKET {pattern.path}", namespace)
    return talk
