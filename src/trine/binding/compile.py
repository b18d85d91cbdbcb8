"""Write each route as one specialised function, once, at start-up.

The source of a route stands in tracebacks and debuggers like any other file's. It does, in this order: read inputs,
call dependencies, call the handler, encode its value, answer. What a route does not need is not written.
"""

import dis
from collections.abc import Awaitable, Callable
from typing import Any

from trine.events import Operation
from trine.http import JSONResponse

from .bound import BoundRoute
from .lifetimes import make_timed_out
from .readers import misfit, reads_in_thread
from .representations import make_chooser
from .steps import StepWriter
from .watch import watched_encoder
from .wires import REQUEST, Wire
from .writer import define, identifier

Endpoint = Callable[..., Awaitable[Any]]


def compile_endpoint(bound: BoundRoute, wire: Wire) -> Endpoint:
    """Compile a route for one wire. The result takes the wire's arguments, then the path's values."""
    return _EndpointCompiler(bound, wire).compile()


def has_await(function: Any) -> bool:
    """Whether a coroutine function can suspend at all. Unknown callables are taken to."""
    code = getattr(function, "__code__", None)
    if code is None:
        return True
    return any(step.opname in ("SEND", "YIELD_VALUE", "GET_AWAITABLE", "YIELD_FROM") for step in dis.get_instructions(code))


class _EndpointCompiler(StepWriter):
    def __init__(self, bound: BoundRoute, wire: Wire) -> None:
        context, layer = bound.context, bound.flat.layer
        inline = context.inline if layer.inline is None else layer.inline
        super().__init__(bound.plan, wire, context, bound.pattern, inline)
        self.bound = bound
        # A prefix of its own: a handler may have any name, also that of something the source uses.
        self.name = f"answer_{identifier(bound.flat.name)}"
        self.out.reserved.add(self.name)
        self.limit = context.max_body_size if layer.max_body_size is None else layer.max_body_size
        self.depth = context.max_json_depth if layer.max_json_depth is None else layer.max_json_depth
        self.timeout = context.timeout if layer.timeout is None else layer.timeout
        self.steps_may_suspend = self._steps_may_suspend()
        self.timed = self._may_suspend() and (self.timeout is not None or context.body_timeout != float("inf"))
        self.watched = self._may_suspend() and bound.cancels
        reads_whole_body = self.plan.body_kind in ("json", "embedded")
        self.waits_to_read_alone = self.timed and reads_whole_body and not (self.steps_may_suspend or self.watched)
        released = ["entries.pop(task, None)"] * self.timed + ["present.pop(task, None)"] * self.watched
        self.released = "; ".join(released)

    def _may_suspend(self) -> bool:
        return self.plan.body_kind != "none" or self.steps_may_suspend or self.bound.is_stream

    def _steps_may_suspend(self) -> bool:
        if any(map(reads_in_thread, self.plan.inputs())):
            return True
        for step in self.plan.steps:
            kind = step.call.kind
            if step.call.limit is not None or (kind == "async" and has_await(step.call.function)):
                return True
            if "generator" in kind or (kind == "sync" and not self.inline):
                return True
        return False

    def compile(self) -> Endpoint:
        self._write()
        methods = ",".join(sorted(self.bound.flat.route.methods))
        title = f"{methods} {self.bound.flat.path} over {self.wire.name}"
        endpoint: Endpoint = define(self.name, self.out.source, title, self.namespace())
        # Said of the function itself: who calls it may then do without a Task.
        endpoint.never_suspends = not self._may_suspend()  # type: ignore[attr-defined] # functions carry attributes
        endpoint.cleans_up = bool(self.stacks)  # type: ignore[attr-defined] # the same
        whole_body = self.plan.body_kind in ("json", "embedded")
        endpoint.suspends_to_read = whole_body and not self.steps_may_suspend  # type: ignore[attr-defined] # the same
        return endpoint

    def namespace(self) -> dict[str, Any]:
        return {
            **super().namespace(),
            "DEFAULT_HEADERS": list(self.context.default_headers),
            "FORM_LIMITS": self.bound.flat.layer.form_limits,
            "LIMIT": self.limit,
            "TIMEOUT": float("inf") if self.timeout is None else self.timeout,
            "BODY_TIMEOUT": self.context.body_timeout,
            "timed_out": make_timed_out(self.timeout or 0, self.context.body_timeout),
            "misfit": misfit,
            "recover": self.context.recover(self.bound.flat.layer.exception_handlers),
        }

    def _write(self) -> None:
        out, wire, plan = self.out, self.wire, self.plan
        values = "".join(f", p{position}" for position in range(len(self.path_names)))
        path_params = "{" + ", ".join(f"{name!r}: p{at}" for at, name in enumerate(self.path_names)) + "}"
        make_request = wire.request.format(path_params=path_params)
        with out.block(f"async def {self.name}({wire.arguments}{values}):"):
            if self.context.events.exchange_watcher is not None:
                out.line(f"note_route({self.route!r})")
            if self.needs_request and wire.request != "request":
                out.line(f"request = {make_request}")
            if plan.asks_for("request"):
                out.line("request.body_limit = LIMIT")
            if self.needs_request and self.bound.flat.layer.form_limits is not None:
                out.line("request.form_limits = FORM_LIMITS")
            if plan.body_kind in ("json", "embedded"):
                out.line("body = None")
            if wire.respond:
                out.line("sent = False")
            elif self.path_names:
                # The request was made before its route was known.
                out.line(f"request.path_params = {path_params}")
            self._write_begin()
            with out.block("try:"):
                self._write_answer()
            with out.block("except Exception as error:"):
                if wire.respond:
                    # The answer has begun: a second one would break it. The server logs the error and ends the connection.
                    out.line("if sent:")
                    out.line("    raise")
                self._write_recovery("error", make_request)
            if self.released:
                self._write_early_end(make_request)
            if self.released or (self.needs_request and wire.request != "request"):
                with out.block("finally:"):
                    if self.released:
                        out.line(self.released)
                    self._write_close()

    def _write_begin(self) -> None:
        out, has_body = self.out, self.plan.body_kind != "none"
        if self.waits_to_read_alone:
            out.line("task = None")
            out.line("reading = True")
            return
        if self.released:
            out.line("task = current_task()")
        if self.timed:
            out.line(f"reading = {has_body}")
            out.line(f"entries[task] = deadlines.now + {'BODY_TIMEOUT' if has_body else 'TIMEOUT'}")
        if not has_body:
            self._write_watch()

    def _write_early_end(self, make_request: str) -> None:
        """Answer for a task that was ended before it had an answer: too late, or its client left."""
        out = self.out
        with out.block("except CancelledError:"):
            out.line("if task not in expired:")
            out.line("    raise")
            reading = "reading" if self.timed else "False"
            receiving = ", request.is_receiving" if self.needs_request else ""
            out.line(f"error = timed_out(task, expired, {reading}{receiving})")
            if self.wire.respond:
                out.line("if sent:")
                out.line("    return")
            self._write_recovery("error", make_request)

    def _write_close(self) -> None:
        if self.needs_request and self.wire.request != "request":
            self.out.line("if request.awaits_closing:")
            self.out.line("    await request.close()")

    def _write_recovery(self, error: str, make_request: str) -> None:
        out = self.out
        if not self.needs_request:
            out.line(f"request = {make_request}")
        if self.plan.body_kind in ("json", "embedded") and self.wire.request != "request":
            out.line("request._body = body")
        out.line(f"response = await recover({error}, request)")
        for line in self.wire.respond or ("return response",):
            out.line(line.format(receiver="request"))

    def _write_answer(self) -> None:
        out = self.out
        if self.has_inputs:
            out.line("errors = []")
            if self.guards:
                out.line("failed = set()")
        if self.plan.asks_for("response"):
            out.line("reply = Response()")
            out.line("del reply.headers['content-length']")
            out.line("reply.status_code = None")
        if self.plan.asks_for("background"):
            out.line("background = BackgroundTasks()")
        out.line("response = None")
        if self.stacks:
            out.line("payload = None")
        if self.bound.representations:
            self._write_choice()
        with out.blocks(self._open_stack("request")):
            with out.blocks(self._open_stack("function")):
                self._write_call()
            self._check_swallowed("function")
            if "request" in self.stacks:
                self._write_send()
        self._check_swallowed("request")
        if "request" not in self.stacks:
            self._write_send()
        if self.wire is REQUEST:
            out.line("return response")

    def _open_stack(self, scope: str) -> list[str]:
        if scope not in self.stacks:
            return []
        opened = "held_stack(request, AsyncExitStack())" if scope == "request" and self.wire is REQUEST else "AsyncExitStack()"
        return [f"async with {opened} as {scope}_stack:"]

    def _check_swallowed(self, scope: str) -> None:
        if scope in self.stacks:
            self.out.line("if response is None and payload is None:")
            self.out.line("    raise SwallowedException")

    def _write_call(self) -> None:
        """Write everything from the inputs to the handler's value."""
        out = self.out
        guarded = self.released and self.stacks
        with out.blocks(["try:"] if guarded else []):
            with out.blocks(self.observed("inputs", self.plan.handler)):
                self.write_steps()
                if self.has_inputs:
                    out.line("if errors:")
                    if self.plan.body_kind in ("json", "embedded"):
                        out.line(f"    raise misfit(errors, body, {self.wire.header('content-encoding')})")
                    else:
                        body = "form" if self.plan.body_kind == "form" else None
                        out.line(f"    raise RequestValidationError(errors, body={body})")
            self._write_result()
        if guarded:
            # Whatever happened, clean-up comes next: it runs to its end, however late it is.
            with out.block("finally:"):
                out.line(self.released)

    def _write_result(self) -> None:
        bound, out = self.bound, self.out
        call = self.call(self.plan.handler)
        out.line(f"result = {call}")
        if bound.is_stream:
            self._write_stream()
        elif not bound.has_body and not self.plan.asks_for("response"):
            out.line("if isinstance(result, Response):")
            out.line("    response = result")
            out.line("else:")
            out.line("    payload = b''")
        elif bound.representations:
            self._write_represented()
        elif bound.is_text:
            self._write_text()
        elif bound.response_class is JSONResponse:
            self._write_json_result()
        else:
            self._write_custom()
        if self.plan.asks_for("background"):
            out.line("if response is not None and response.background is None:")
            out.line("    response.background = background")

    def _write_choice(self) -> None:
        """Before anything runs: a client that takes none of the formats is refused."""
        out, raw = self.out, self.wire.header("accept")
        self._write_headers()
        choose = out.name("choose_representation", make_chooser(self.bound.representations, self.bound.codec))
        out.line(f"accept = {raw}")
        accept = "accept.decode('latin-1')" if self.wire.decodes_headers else "accept"
        out.line(f"represent = {choose}({accept} if accept else '')")

    def _write_represented(self) -> None:
        out = self.out
        out.line("if isinstance(result, Response):")
        out.line("    response = result")
        out.line("else:")
        out.line(f"    response = represent(result, {self.bound.status_code})")
        self._write_merge("    ")

    def _write_text(self) -> None:
        out = self.out
        out.line("if type(result) is str:")
        out.line("    payload = result.encode()")
        out.line("elif isinstance(result, Response):")
        out.line("    response = result")
        out.line("else:")
        out.line("    payload = result if type(result) is bytes else str(result).encode()")

    def _write_json_result(self) -> None:
        out, codec = self.out, self.bound.codec
        encode = out.name("encode", self._encoder(codec.encode))
        if codec.exact is not None:
            exact = out.name("EXACT", codec.exact)
            out.line(f"if type(result) is {exact}:")
            out.line(f"    payload = {out.name('encode_exact', self._encoder(codec.encode_exact))}(result)")
            out.line("elif isinstance(result, Response):")
        else:
            out.line("if isinstance(result, Response):")
        out.line("    response = result")
        out.line("else:")
        out.line(f"    payload = {encode}(result)")

    def _write_stream(self) -> None:
        status = self.bound.flat.options.get("status_code")
        make = self.out.name("make_stream", self.bound.make_stream)
        self.out.line(f"response = {make}(result{'' if status is None else f', status_code={status}'})")
        self._write_merge("")

    def _encoder(self, encode: Any) -> Any:
        watch = self.context.events.operation_watcher("encoding")
        operation = Operation("encoding", self.bound.call.function, self.route)
        return encode if watch is None else watched_encoder(encode, watch, operation)

    def _write_custom(self) -> None:
        out, bound = self.out, self.bound
        if getattr(bound.response_class, "takes_text", False):
            # A class that makes responses of many values, and of text what the finished headers say already.
            out.line("if type(result) is str:")
            out.line("    payload = result.encode()")
            out.line("elif isinstance(result, Response):")
        else:
            out.line("if isinstance(result, Response):")
        out.line("    response = result")
        out.line("else:")
        make = out.name("make_response", bound.response_class)
        status = f", status_code={bound.status_code}" if bound.flat.options.get("status_code") is not None else ""
        value = "result"
        if bound.response_model is not None or not _is_raw_class(bound.response_class):
            value = f"{out.name('to_value', self._encoder(bound.codec.for_class(bound.response_class)))}(result)"
        out.line(f"    response = {make}({value}{status})")
        self._write_merge("    ")

    def _write_merge(self, indent: str) -> None:
        """What dependencies and the handler said about the answer goes into the response."""
        if self.plan.asks_for("response"):
            self.out.line(f"{indent}for name, value in reply.headers.multi_items():")
            self.out.line(f"{indent}    response.headers.append(name, value)")
            self.out.line(f"{indent}response.status_code = reply.status_code or response.status_code")

    def _write_reply(self, lines: tuple[str, ...], parts: dict[str, str]) -> None:
        for line in lines:
            self.out.line(line.format(**parts))

    def _write_send(self) -> None:
        out, wire, bound = self.out, self.wire, self.bound
        with out.block("if response is None:"):
            content_type = _content_type(bound) if bound.has_body else None
            pairs = ([("content-type", content_type)] if content_type else []) + list(self.context.default_headers)
            raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
            headers = out.name("HEADERS", raw if wire.headers_as_bytes else pairs)
            raw_headers = out.name("RAW_HEADERS", raw)
            status = str(bound.status_code)
            if self.plan.asks_for("response"):
                extra = "reply.headers.raw" if wire.headers_as_bytes else "reply.headers.multi_items()"
                out.line(f"merged = [*{headers}, *{extra}]")
                out.line(f"status = {status} if reply.status_code is None else reply.status_code")
                headers, status = "merged", "status"
                raw_headers = f"[*{raw_headers}, *reply.headers.raw]"
            if self.released and self.plan.asks_for("background") and not self.stacks:
                # What runs after the answer may take as long as it likes.
                out.line(self.released)
            parts = {"status": status, "headers": headers, "raw_headers": raw_headers}
            if status == "status":
                # Only now is it known whether the answer may have a body.
                with out.block("if status < 200 or status in (204, 205, 304):"):
                    self._write_reply(wire.reply_empty, parts)
                with out.block("else:"):
                    if not bound.has_body and (kind := _content_type(bound)):
                        # The status was changed to one that allows a body.
                        raw_kind = out.name("RAW_KIND", (b"content-type", kind.encode("latin-1")))
                        own = raw_kind if wire.headers_as_bytes else out.name("KIND", ("content-type", kind))
                        parts |= {"headers": f"[{own}, *merged]", "raw_headers": f"[{raw_kind}, *{raw_headers}]"}
                    self._write_reply(wire.reply, parts)
            else:
                self._write_reply(wire.reply if bound.has_body else wire.reply_empty, parts)
            if self.plan.asks_for("background"):
                if wire is REQUEST:
                    out.line("response.background = background")
                else:
                    out.line("await background()")
        if wire.respond:
            with out.block("else:"):
                if self.released:
                    # A stream may take as long as it likes, and watches its client itself.
                    out.line(self.released)
                receiver = "request" if self.needs_request else "receive"
                for line in wire.respond:
                    out.line(line.format(receiver=receiver))


def _is_raw_class(response_class: Any) -> bool:
    """Whether a response class takes content as it is, such as a stream, a file or a redirect."""
    media_type = getattr(response_class, "media_type", None)
    return media_type is None or "json" not in media_type


def _content_type(bound: BoundRoute) -> str | None:
    media_type = bound.response_class.media_type
    if media_type is not None and media_type.startswith("text/") and "charset=" not in media_type:
        return f"{media_type}; charset=utf-8"
    return media_type
