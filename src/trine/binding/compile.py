"""Write each route as one specialised function, once, at start-up.

The source of a route stands in tracebacks and debuggers like any other file's. It does, in this order: read inputs,
call dependencies, call the handler, encode its value, answer. What a route does not need is not written.
"""

import dis
import linecache
import re
from asyncio import CancelledError, current_task
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from itertools import count
from keyword import iskeyword
from typing import Any

from trine.concurrency import contextmanager_in_thread, run_in_thread
from trine.errors import HandlerTimeout, RequestTimeout, RequestValidationError
from trine.http import BackgroundTasks, JSONResponse, Request, Response, last_values, parse_cookies
from trine.routing import PathPattern, handler_name

from . import readers
from .bound import BoundRoute
from .context import BindContext
from .depends import SecurityScopes
from .plan import Plan, Step, ordered
from .readers import FAILED
from .signature import Input
from .wires import REQUEST, Wire
from .writer import Writer

Endpoint = Callable[..., Awaitable[Any]]
_number = count(1)


def compile_endpoint(bound: BoundRoute, wire: Wire) -> Endpoint:
    """Compile a route for one wire. The result takes the wire's arguments, then the path's values."""
    return _EndpointCompiler(bound, wire).compile()


def has_await(function: Any) -> bool:
    """Whether a coroutine function can suspend at all. Unknown callables are taken to."""
    code = getattr(function, "__code__", None)
    if code is None:
        return True
    return any(step.opname in ("SEND", "YIELD_VALUE", "GET_AWAITABLE", "YIELD_FROM") for step in dis.get_instructions(code))


def define(name: str, source: str, title: str, namespace: dict[str, Any]) -> Any:
    """Turn written source into a function. Tracebacks, debuggers and profilers show the source from here."""
    title = f"<trine {next(_number)}: {title}>"
    linecache.cache[title] = (len(source), None, source.splitlines(keepends=True), title)
    exec(compile(source, title, "exec"), namespace)  # noqa: S102 - the source is written here, from declarations
    return namespace[name]


class StepWriter:
    """Writes the part that every wire shares: inputs, dependencies and the final call."""

    def __init__(self, plan: Plan, wire: Wire, context: BindContext, pattern: PathPattern | None, inline: bool) -> None:
        self.plan = plan
        self.wire = wire
        self.context = context
        self.path_names = () if pattern is None else pattern.names
        # Parameters whose converter leaves text as it is.
        self.text_names = {name for name, converter in (pattern.parameters if pattern else ()) if converter.parse is str}
        self.inline = inline
        self.out = Writer()
        self.done: set[str] = set()
        self.guards = any(step.needs for step in plan.steps)
        self.needs_request = self._needs_request()
        self.has_inputs = bool(plan.inputs())
        self._fallible: set[str] = set()
        self._variables: dict[Any, str] = {}
        self.stacks = {self._scope(step) for step in plan.steps[:-1] if "generator" in step.call.kind}

    def _needs_request(self) -> bool:
        plan = self.plan
        if self.wire.request == "request" or plan.asks_for("request") or plan.asks_for("websocket"):
            return True
        slow = any(_is_slow(item) for item in plan.inputs() if item.kind in ("query", "header", "cookie"))
        return slow or plan.body_kind == "form"

    def _scope(self, step: Step) -> str:
        return step.call.scope or "request"

    # Inputs -----------------------------------------------------------------------------------------------------

    def write_steps(self) -> None:
        """Write every step but the last, and the last one's inputs."""
        for step in self.plan.steps:
            for source in ordered(step):
                if source[0] == "input":
                    self._write_input(step, source[1])
            if step is not self.plan.handler:
                self._write_dependency(step)

    def _write_input(self, step: Step, item: Input) -> None:
        name = self._variable(item)
        if name in self.done:
            self._write_repeat(step, name)
            return
        self.done.add(name)
        write = getattr(self, f"_write_{item.kind}")
        write(item, name)
        self._write_failure(step, name)

    def _write_failure(self, step: Step, name: str) -> None:
        if self.guards and name in self._fallible:
            self.out.line(f"if {name} is FAILED:")
            self.out.line(f"    failed.add({step.index})")

    def _write_repeat(self, step: Step, name: str) -> None:
        self._write_failure(step, name)

    def _write_path(self, item: Input, name: str) -> None:
        position = self.path_names.index(item.alias)
        self._write_scalar(item, name, f"p{position}", readers.value_reader(item))

    def _write_query(self, item: Input, name: str) -> None:
        if _is_slow(item):
            self._write_slow(item, name, "request.query_params")
            return
        self._once("query", f"query = last_values({self.wire.query}) if {self.wire.query} else NOTHING")
        self._write_scalar(item, name, f"query.get({item.alias!r})", readers.value_reader(item))

    def _write_header(self, item: Input, name: str) -> None:
        if _is_slow(item):
            self._write_slow(item, name, "request.headers")
            return
        self._write_headers()
        raw = self.wire.header(item.alias.lower())
        if self.wire.decodes_headers:
            self.out.line(f"raw = {raw}")
            raw = "None if raw is None else raw.decode('latin-1')"
        self._write_scalar(item, name, raw, readers.value_reader(item))

    def _write_cookie(self, item: Input, name: str) -> None:
        if _is_slow(item):
            self._write_slow(item, name, "request.cookies")
            return
        if "cookies" not in self.done:
            self._write_headers()
            lines = self.wire.header_list("cookie")
            joined = f"b'; '.join({lines}).decode('latin-1')" if self.wire.decodes_headers else f"'; '.join({lines})"
            self._once("cookies", f"cookies = parse_cookies({joined})")
        self._write_scalar(item, name, f"cookies.get({item.alias!r})", readers.value_reader(item))

    def _write_scalar(self, item: Input, name: str, raw: str, reader: readers.Reader) -> None:
        """Settle the plain cases in place, and leave the rest to the reader."""
        out, read = self.out, self.out.name(f"read_{item.name}", reader)
        self._fallible.add(name)
        plain = not (set(item.param.field_options) - _HARMLESS_OPTIONS)
        kind = item.annotation if plain else None
        if kind is int:
            out.line(f"raw = {raw}")
            present = "" if item.kind == "path" else "raw is not None and "
            # A converter may have made a value of it already.
            text = "type(raw) is str and " if self._is_converted(item) else ""
            out.line(f"if {present}{text}raw.isdecimal() and raw.isascii() and len(raw) < 19:")
            out.line(f"    {name} = int(raw)")
            out.line("else:")
            out.line(f"    {name} = {read}(raw, errors)")
        elif kind is bool:
            out.line(f"raw = {raw}")
            out.line(f"{name} = BOOLEANS.get(raw)")
            out.line(f"if {name} is None:")
            out.line(f"    {name} = {read}(raw, errors)")
        elif kind is str and item.kind != "path":
            out.line(f"{name} = {raw}")
            out.line(f"if {name} is None:")
            out.line(f"    {name} = {read}(None, errors)")
        elif kind is str:
            out.line(f"{name} = {read}({raw}, errors)" if self._is_converted(item) else f"{name} = {raw}")
        else:
            out.line(f"{name} = {read}({raw}, errors)")

    def _is_converted(self, item: Input) -> bool:
        return item.kind == "path" and item.alias not in self.text_names

    def _write_slow(self, item: Input, name: str, source: str) -> None:
        reader = readers.model_reader(item) if item.is_model else readers.list_reader(item)
        read = self.out.name(f"read_{item.name}", reader)
        self._fallible.add(name)
        self.out.line(f"{name} = {read}({source}, errors)")

    def _write_headers(self) -> None:
        self._once("headers", self.wire.headers)

    def _once(self, what: str, line: str) -> None:
        if what not in self.done:
            self.done.add(what)
            self.out.line(line)

    # The body ---------------------------------------------------------------------------------------------------

    def _write_body(self, item: Input, name: str) -> None:
        kind = self.plan.body_kind
        self._fallible.add(name)
        if kind == "form":
            self._write_form(item, name)
            return
        self._write_body_bytes()
        if kind == "json":
            self._write_json(item, name)
            return
        if "document" not in self.done:
            read = self.out.name("read_document", readers.document_reader(self.context.max_json_depth))
            self._once("document", f"document = {read}(body, content_type, errors)")
        read = self.out.name(f"read_{item.name}", readers.member_reader(item))
        self.out.line(f"{name} = FAILED if document is FAILED else {read}(document, errors)")

    def _write_json(self, item: Input, name: str) -> None:
        out, depth = self.out, self.context.max_json_depth
        codec, read_odd, read_failed = readers.body_reader(item, depth)
        decode = out.name(f"decode_{item.name}", codec.decode)
        failed = out.name(f"read_failed_{item.name}", read_failed)
        failures = out.name("DECODE_FAILURES", codec.failures)
        read = out.name(f"read_{item.name}", read_odd)
        shallow = "" if codec.is_bounded else f" and body.count(b'[') + body.count(b'{{') <= {depth}"
        out.line(f"if 0 < len(body) <= {readers.LARGE_BODY} and content_type in JSON_TYPES{shallow}:")
        with out.block("    try:"):
            out.line(f"{name} = {decode}(body)")
        with out.block(f"    except {failures} as problem:"):
            out.line(f"{name} = {failed}(problem, body, errors)")
        out.line("else:")
        out.line(f"    {name} = {read}(body, content_type, errors)")

    def _write_form(self, item: Input, name: str) -> None:
        self._once("form", f"request.body_limit = LIMIT\n{self.out.indent}form = await request.form()")
        if self.plan.is_whole_body_form:
            read = self.out.name(f"read_{item.name}", readers.model_reader(item))
            self.out.line(f"{name} = {read}(form, errors)")
        else:
            read = self.out.name(f"read_{item.name}", readers.form_reader(item))
            self.out.line(f"{name} = await {read}(form, errors)")

    def _write_file(self, item: Input, name: str) -> None:
        self._write_body(item, name)

    def _write_body_bytes(self) -> None:
        if "body" in self.done:
            return
        self.done.add("body")
        self._write_headers()
        for line in self.wire.body:
            self.out.line(line)
        raw = self.wire.header("content-type")
        if self.wire.decodes_headers:
            self.out.line(f"content_type = {raw}")
            self.out.line("content_type = None if content_type is None else content_type.decode('latin-1')")
        else:
            self.out.line(f"content_type = {raw}")
        if self.timed:
            # The client has done its part: from here on it is the handler's time.
            self.out.line("entries[task] = deadlines.now + TIMEOUT")
            self.out.line("reading = False")

    timed = False

    # Calls ------------------------------------------------------------------------------------------------------

    def _write_dependency(self, step: Step) -> None:
        out = self.out
        call = self.call(step)
        subtree = sorted(step.needs | {step.index})
        fallible = any(source[0] == "input" for index in subtree for source in self.plan.steps[index].arguments.values())
        target = f"d{step.index}"
        if "generator" in step.call.kind:
            stack = f"{self._scope(step)}_stack"
            call = f"await {stack}.enter_async_context({call})"
        if fallible:
            out.line(f"if not errors or failed.isdisjoint({tuple(subtree)!r}):")
            out.line(f"    {target} = {call}")
        else:
            out.line(f"{target} = {call}")

    def call(self, step: Step) -> str:
        """The expression that calls a step's function."""
        call = step.call
        arguments = ", ".join(f"{name}={self._argument(step, source)}" for name, source in step.arguments.items())
        function = call.function
        if call.kind == "async generator":
            return f"{self.out.name(f'manage_{step.index}', asynccontextmanager(function))}({arguments})"
        if call.kind == "generator":
            managed = self.out.name(f"manage_{step.index}", contextmanager(function))
            if self.inline:
                return f"in_place({managed}({arguments}))"
            return f"contextmanager_in_thread({managed}({arguments}))"
        name = self.out.name(f"call_{_identifier(handler_name(function))}", function)
        if call.kind == "async":
            return f"await {name}({arguments})"
        if call.kind == "class" or self.inline:
            return f"{name}({arguments})"
        return f"await run_in_thread({name}{', ' if arguments else ''}{arguments})"

    def _argument(self, step: Step, source: Any) -> str:
        kind, value = source
        if kind == "input":
            return self._variable(value)
        if kind == "step":
            return f"d{value}"
        if value == "scopes":
            return self.out.name(f"scopes_{step.index}", SecurityScopes(step.call.scopes))
        return {"request": "request", "websocket": "request", "response": "reply", "background": "background"}[value]

    def _variable(self, item: Input) -> str:
        # Form fields and body members of one name are one value, whoever asks for them.
        key = (item.kind, item.alias) if item.kind in ("body", "form", "file") else item
        return self._variables.setdefault(key, f"a{len(self._variables)}_{_identifier(item.name)}")

    def namespace(self) -> dict[str, Any]:
        """The names that the written source uses."""
        return {
            **self.wire.namespace,
            **self.out.names,
            "AsyncExitStack": AsyncExitStack,
            "BOOLEANS": readers.BOOLEANS,
            "BackgroundTasks": BackgroundTasks,
            "CancelledError": CancelledError,
            "FAILED": FAILED,
            "JSON_TYPES": readers.JSON_TYPES,
            "NOTHING": {},
            "RequestValidationError": RequestValidationError,
            "Response": Response,
            "app": self.context.app,
            "contextmanager_in_thread": contextmanager_in_thread,
            "current_task": current_task,
            "deadlines": self.context.deadlines,
            "entries": self.context.deadlines.entries,
            "expired": self.context.deadlines.expired,
            "held_stack": held_stack,
            "in_place": in_place,
            "parse_cookies": parse_cookies,
            "last_values": last_values,
            "run_in_thread": run_in_thread,
        }


class _EndpointCompiler(StepWriter):
    def __init__(self, bound: BoundRoute, wire: Wire) -> None:
        context, layer = bound.context, bound.flat.layer
        inline = context.inline if layer.inline is None else layer.inline
        super().__init__(bound.plan, wire, context, bound.pattern, inline)
        self.bound = bound
        self.out.reserved.add(_identifier(bound.flat.name))
        self.limit = context.max_body_size if layer.max_body_size is None else layer.max_body_size
        self.timeout = context.timeout if layer.timeout is None else layer.timeout
        self.timed = wire is not REQUEST and self._may_suspend()
        self.reply_status = str(bound.status_code)

    def _may_suspend(self) -> bool:
        if self.plan.body_kind != "none":
            return True
        for step in self.plan.steps:
            kind = step.call.kind
            if kind == "async" and has_await(step.call.function):
                return True
            if "generator" in kind or (kind == "sync" and not self.inline):
                return True
        return False

    def compile(self) -> Endpoint:
        self._write()
        methods = ",".join(sorted(self.bound.flat.route.methods))
        title = f"{methods} {self.bound.flat.path} over {self.wire.name}"
        endpoint: Endpoint = define(_identifier(self.bound.flat.name), self.out.source, title, self.namespace())
        # Said of the function itself: who calls it may then do without a Task.
        endpoint.never_suspends = not self._may_suspend()  # type: ignore[attr-defined] # functions carry attributes
        return endpoint

    def namespace(self) -> dict[str, Any]:
        return {
            **super().namespace(),
            "DEFAULT_HEADERS": list(self.context.default_headers),
            "LIMIT": self.limit,
            "TIMEOUT": float("inf") if self.timeout is None else self.timeout,
            "BODY_TIMEOUT": self.context.body_timeout,
            "timed_out": _timed_out(self.timeout or 0, self.context.body_timeout),
            "recover": self.context.recover(self.bound.flat.layer.exception_handlers),
        }

    def _write(self) -> None:
        out, wire, plan = self.out, self.wire, self.plan
        values = "".join(f", p{position}" for position in range(len(self.path_names)))
        path_params = "{" + ", ".join(f"{name!r}: p{at}" for at, name in enumerate(self.path_names)) + "}"
        make_request = wire.request.format(path_params=path_params)
        with out.block(f"async def {_identifier(self.bound.flat.name)}({wire.arguments}{values}):"):
            if self.needs_request and wire.request != "request":
                out.line(f"request = {make_request}")
            if plan.body_kind in ("json", "embedded"):
                out.line("body = None")
            if wire.respond:
                out.line("sent = False")
            if self.timed:
                out.line("task = current_task()")
                out.line(f"reading = {plan.body_kind != 'none'}")
                out.line(f"entries[task] = deadlines.now + {'BODY_TIMEOUT' if plan.body_kind != 'none' else 'TIMEOUT'}")
            with out.block("try:"):
                self._write_answer()
            with out.block("except Exception as error:"):
                if wire.respond:
                    # The answer has begun: a second one would break it. The server logs the error and ends the connection.
                    out.line("if sent:")
                    out.line("    raise")
                self._write_recovery("error", make_request)
            if self.timed:
                with out.block("except CancelledError:"):
                    out.line("if task not in expired:")
                    out.line("    raise")
                    self._write_recovery("timed_out(task, expired, reading)", make_request)
                with out.block("finally:"):
                    out.line("entries.pop(task, None)")
                    self._write_close()
            elif self.needs_request and wire.request != "request":
                with out.block("finally:"):
                    self._write_close()

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
        with out.blocks(self._stack_lines()):
            self.write_steps()
            if self.has_inputs:
                out.line("if errors:")
                body = "body" if self.plan.body_kind in ("json", "embedded") else "None"
                out.line(f"    raise RequestValidationError(errors, body={body})")
            self._write_result()
            if "request" in self.stacks:
                self._write_send()
        if self.stacks:
            out.line("if response is None and payload is None:")
            out.line("    raise RuntimeError('A dependency with yield swallowed an exception: it must raise it again.')")
        if "request" not in self.stacks:
            self._write_send()
        if self.wire is REQUEST:
            out.line("return response")

    def _stack_lines(self) -> list[str]:
        lines = []
        if "request" in self.stacks:
            opened = "held_stack(request)" if self.wire is REQUEST else "AsyncExitStack()"
            lines.append(f"async with {opened} as request_stack:")
        if "function" in self.stacks:
            lines.append("async with AsyncExitStack() as function_stack:")
        return lines

    def _write_result(self) -> None:
        bound, out = self.bound, self.out
        call = self.call(self.plan.handler)
        out.line(f"result = {call}")
        if not bound.has_body:
            out.line("if isinstance(result, Response):")
            out.line("    response = result")
            out.line("else:")
            out.line("    payload = b''")
        elif bound.is_text:
            self._write_text()
        elif _is_json_class(bound.response_class):
            self._write_json_result()
        else:
            self._write_custom()
        if self.plan.asks_for("background"):
            out.line("if response is not None and response.background is None:")
            out.line("    response.background = background")

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
        encode = out.name("encode", codec.encode)
        if codec.exact is not None:
            exact = out.name("EXACT", codec.exact)
            out.line(f"if type(result) is {exact}:")
            out.line(f"    payload = {out.name('encode_exact', codec.encode_exact)}(result)")
            out.line("elif isinstance(result, Response):")
        else:
            out.line("if isinstance(result, Response):")
        out.line("    response = result")
        out.line("else:")
        out.line(f"    payload = {encode}(result)")

    def _write_custom(self) -> None:
        out, bound = self.out, self.bound
        out.line("if isinstance(result, Response):")
        out.line("    response = result")
        out.line("else:")
        make = out.name("make_response", bound.response_class)
        status = f", status_code={bound.status_code}" if bound.flat.options.get("status_code") is not None else ""
        value = "result" if bound.response_model is None else f"{out.name('to_value', bound.codec.to_value)}(result)"
        if bound.response_model is None and not _is_raw_class(bound.response_class):
            value = f"{out.name('to_value', bound.codec.to_value)}(result)"
        out.line(f"    response = {make}({value}{status})")
        if self.plan.asks_for("response"):
            out.line("    for name, value in reply.headers.multi_items():")
            out.line("        response.headers.append(name, value)")
            out.line("    response.status_code = reply.status_code or response.status_code")

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
            if self.timed and (self.stacks or self.plan.asks_for("background")):
                # What runs after the answer may take as long as it likes.
                out.line("entries.pop(task, None)")
            for line in wire.reply:
                out.line(line.format(status=status, headers=headers, raw_headers=raw_headers))
            if self.plan.asks_for("background"):
                if wire is REQUEST:
                    out.line("response.background = background")
                else:
                    out.line("await background()")
        if wire.respond:
            with out.block("else:"):
                if self.timed:
                    # A stream may take as long as it likes.
                    out.line("entries.pop(task, None)")
                receiver = "request" if self.needs_request else "receive"
                for line in wire.respond:
                    out.line(line.format(receiver=receiver))


@asynccontextmanager
async def held_stack(request: Request) -> Any:
    """Clean-up that waits for the response to be sent, or runs at once when there will be none."""
    async with AsyncExitStack() as stack:
        yield stack
        request.exit_stack.push_async_exit(stack.pop_all())


@asynccontextmanager
async def in_place(manager: Any) -> Any:
    """Enter a plain context manager on the event loop itself."""
    with manager as value:
        yield value


def _timed_out(seconds: float, body_seconds: float) -> Callable[[Any, set[Any], bool], Exception]:
    def timed_out(task: Any, expired: set[Any], reading: bool) -> Exception:
        expired.discard(task)
        task.uncancel()
        return RequestTimeout(body_seconds) if reading else HandlerTimeout(seconds)

    return timed_out


def _is_slow(item: Input) -> bool:
    """Whether an input needs more than one look-up, and so the request's own mappings."""
    return item.is_model or item.is_sequence or len(item.aliases) > 1


def _is_json_class(response_class: Any) -> bool:
    return response_class is JSONResponse


def _is_raw_class(response_class: Any) -> bool:
    """Whether a response class takes content as it is, such as a stream, a file or a redirect."""
    media_type = getattr(response_class, "media_type", None)
    return media_type is None or "json" not in media_type


def _content_type(bound: BoundRoute) -> str | None:
    media_type = bound.response_class.media_type
    if media_type is not None and media_type.startswith("text/") and "charset=" not in media_type:
        return f"{media_type}; charset=utf-8"
    return media_type


def _identifier(name: str) -> str:
    name = re.sub(r"\W", "_", name)
    return f"{name}_" if iskeyword(name) or not name.isidentifier() else name


# What documents an input without changing which values it takes.
_HARMLESS_OPTIONS = frozenset(
    {"title", "description", "examples", "deprecated", "alias", "validation_alias", "serialization_alias", "json_schema_extra"}
)
