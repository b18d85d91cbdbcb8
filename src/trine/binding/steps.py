"""The part of a compiled function that every wire shares: inputs, dependencies and the final call."""

from asyncio import CancelledError
from collections.abc import Container
from contextlib import asynccontextmanager, contextmanager
from itertools import takewhile
from types import FunctionType
from typing import Any

from trine.errors import RequestValidationError, SwallowedException
from trine.events import NO_ARGUMENTS, Operation, OperationKind, note_route
from trine.http import BackgroundTasks, Response, last_values, parse_cookies
from trine.routing import PathPattern, handler_name

from . import readers
from .context import BindContext
from .depends import SecurityScopes
from .lifetimes import held_stack, in_place
from .plan import Plan, Step, ordered
from .readers import FAILED
from .signature import Input, reads_same
from .validate import LARGE_BODY
from .watch import watched_call
from .wires import Wire
from .writer import Writer, identifier

# What documents an input without changing which values it takes.
_HARMLESS_OPTIONS = frozenset(
    {"title", "description", "examples", "deprecated", "alias", "validation_alias", "serialization_alias", "json_schema_extra"}
)


class StepWriter:
    """Writes inputs, dependencies and the final call."""

    released = ""
    """Source that says: from here on nothing ends the function early."""
    watched = False
    """Whether the function is cancelled when the client leaves."""
    timed = False
    """Whether the function has a deadline."""
    waits_to_read_alone = False
    """Whether the deadline is for the body alone: one that is at hand needs none."""
    steps_may_suspend = True
    """Whether anything but reading the body can wait."""

    def __init__(self, plan: Plan, wire: Wire, context: BindContext, pattern: PathPattern | None, inline: bool) -> None:
        self.plan = plan
        self.wire = wire
        self.context = context
        self.depth = context.max_json_depth
        self.path_names = () if pattern is None else pattern.names
        self.route = "" if pattern is None else pattern.path
        # Parameters whose converter leaves text as it is.
        self.text_names = {name for name, converter in (pattern.parameters if pattern else ()) if converter.parse is str}
        self.inline = inline
        self.out = Writer()
        # A parameter called `body` has a reader called `read_body`, like the one that the wire has.
        self.out.reserved.update(wire.namespace)
        self.done: set[str] = set()
        self.guards = any(step.needs for step in plan.steps)
        self.needs_request = self._needs_request()
        self.has_inputs = bool(plan.inputs())
        self._fallible: set[str] = set()
        self._variables: dict[Input, str] = {}
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
        if name not in self.done:
            self.done.add(name)
            write = getattr(self, f"_write_{item.kind}")
            write(item, name)
        self._write_failure(step, name)

    def _write_failure(self, step: Step, name: str) -> None:
        if self.guards and name in self._fallible:
            self.out.line(f"if {name} is FAILED:")
            self.out.line(f"    failed.add({step.index})")

    def _write_path(self, item: Input, name: str) -> None:
        alias = next(alias for alias in item.aliases if alias in self.path_names)
        self._write_scalar(item, name, f"p{self.path_names.index(alias)}", readers.value_reader(item, alias))

    def _write_query(self, item: Input, name: str) -> None:
        if _is_slow(item):
            self._write_slow(item, name, "request.query_params")
            return
        if "query" not in self.done:
            self.out.line(f"text = {self.wire.query}")
        raw = f"query.get({item.alias!r})"
        if sum(other.kind == "query" for other in self.plan.inputs()) == 1:
            # Alone, and its value of letters and digits: there is nothing to parse.
            plain = f"(value := text.removeprefix({item.alias + '='!r})) != text and value.isalnum()"
            raw = f"(value if {plain} else last_values(text).get({item.alias!r}) if text else None)"
        else:
            self._once("query", "query = last_values(text) if text else NOTHING")
        self._write_scalar(item, name, raw, readers.value_reader(item))

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
            self._once("cookies", f"cookies = parse_cookies({self.wire.cookies})")
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
        if self.wire.headers:
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
            read = self.out.name("read_document", readers.document_reader(self.depth))
            self._once("document", f"document = {read}(body, {self._content_type}, errors)")
        read = self.out.name(f"read_{item.name}", readers.member_reader(item))
        call = f"await run_in_thread({read}, document, errors)" if readers.reads_in_thread(item) else f"{read}(document, errors)"
        self.out.line(f"{name} = FAILED if document is FAILED else {call}")

    def _write_json(self, item: Input, name: str) -> None:
        out, depth = self.out, self.depth
        codec, read_odd, read_failed = readers.body_reader(item, depth)
        decode = out.name(f"decode_{item.name}", codec.decode)
        failed = out.name(f"read_failed_{item.name}", read_failed)
        failures = out.name("DECODE_FAILURES", codec.failures)
        read = out.name(f"read_{item.name}", read_odd)
        if readers.reads_in_thread(item):
            out.line(f"{name} = await run_in_thread({read}, body, {self._content_type}, errors)")
            return
        shallow = "" if codec.is_bounded else f" and body.count(b'[') + body.count(b'{{') <= {depth}"
        out.line(f"if 0 < len(body) <= {LARGE_BODY} and content_type in JSON_TYPES{shallow}:")
        with out.block("    try:"):
            out.line(f"{name} = {decode}(body)")
        with out.block(f"    except {failures} as problem:"):
            out.line(f"{name} = {failed}(problem, body, errors)")
        out.line("else:")
        out.line(f"    {name} = {read}(body, {self._content_type}, errors)")

    def _write_form(self, item: Input, name: str) -> None:
        if "form" not in self.done:
            self._once("form", f"request.body_limit = LIMIT\n{self.out.indent}form = await request.form()")
            self._write_watch()
        self._fallible.add(name)
        if item.is_model:
            read = self.out.name(f"read_{item.name}", readers.model_reader(item))
            self.out.line(f"{name} = {read}(form, errors)")
        else:
            read = self.out.name(f"read_{item.name}", readers.form_reader(item, self.context.run_in_thread))
            self.out.line(f"{name} = await {read}(form, errors)")

    def _write_file(self, item: Input, name: str) -> None:
        self._write_body(item, name)

    def _write_watch(self) -> None:
        """Let the client be watched, once nothing is left to read from it."""
        if self.watched:
            # Where the function has read the body past the request, the request does not know that nothing is left.
            own = self.needs_request and self.plan.body_kind not in ("json", "embedded")
            self.out.line(f"present[task] = {'request' if own else self.wire.client}")

    def _write_body_bytes(self) -> None:
        if "body" in self.done:
            return
        self.done.add("body")
        self._write_headers()
        shared = self.plan.asks_for("request") and self.wire.request != "request"
        if shared and self.plan.dependency_asks_for("request"):
            # A dependency, such as one that checks a signature, may have read it before.
            with self.out.block("if request._body is not None:"):
                self.out.line("body = request._body")
            with self.out.block("else:"):
                self._write_reading()
        else:
            self._write_reading()
        if shared:
            # The handler may read it again.
            self.out.line("request._body = body")
        self.out.line(f"content_type = {self.wire.header('content-type')}")
        if self.timed:
            # The client has done its part: from here on it is the handler's time.
            if self.steps_may_suspend:
                self.out.line("entries[task] = deadlines.now + TIMEOUT")
            self.out.line("reading = False")
        self._write_watch()

    def _write_reading(self) -> None:
        for line in self.wire.body_at_hand:
            self.out.line(line)
        with self.out.blocks(["else:"] if self.wire.body_at_hand else []):
            if self.waits_to_read_alone:
                self.out.line("task = current_task()")
                self.out.line("entries[task] = deadlines.now + BODY_TIMEOUT")
            for line in self.wire.body:
                self.out.line(line)

    @property
    def _content_type(self) -> str:
        return "None if content_type is None else content_type.decode('latin-1')" if self.wire.decodes_headers else "content_type"

    # Calls ------------------------------------------------------------------------------------------------------

    def _write_dependency(self, step: Step) -> None:
        out = self.out
        call = self.call(step)
        subtree = sorted(step.needs | {step.index})
        fallible = any(source[0] == "input" for index in subtree for source in self.plan.steps[index].arguments.values())
        limit = None if step.call.limit is None else out.name(f"limit_{step.index}", step.call.limit)
        heads = [f"if not errors or failed.isdisjoint({tuple(subtree)!r}):"] if fallible else []
        lines = []
        if "generator" in step.call.kind:
            stack = f"{self._scope(step)}_stack"
            call = f"await {stack}.enter_async_context({call})"
            heads += self.observed("dependency", step)
            if limit is not None:
                # Entered first, so left last: the place is free once the clean-up is done.
                lines.append(f"await {stack}.enter_async_context({limit})")
        elif limit is not None:
            heads.append(f"async with {limit}:")
        with out.blocks(heads):
            for line in [*lines, f"d{step.index} = {call}"]:
                out.line(line)

    def call(self, step: Step) -> str:
        """The expression that calls a step's function."""
        call = step.call
        function = call.function
        watch = self.context.events.operation_watcher("handler" if step is self.plan.handler else "dependency")
        # Who watches a call is told the names of its arguments.
        first = leading_parameters(function, step.arguments) if watch is None else ()
        values = {name: self._argument(step, source) for name, source in step.arguments.items()}
        arguments = ", ".join([*(values.pop(name) for name in first), *(f"{name}={value}" for name, value in values.items())])
        if step is self.plan.handler and "generator" in call.kind:
            return f"{self.out.name(f'call_{identifier(handler_name(function))}', function)}({arguments})"
        if call.kind == "async generator":
            return f"{self.out.name(f'manage_{step.index}', asynccontextmanager(function))}({arguments})"
        if call.kind == "generator":
            managed = self.out.name(f"manage_{step.index}", contextmanager(function))
            if self.inline:
                return f"in_place({managed}({arguments}))"
            return f"contextmanager_in_thread({managed}({arguments}))"
        name = self.out.name(f"call_{identifier(handler_name(function))}", self._watched_function(step))
        if call.kind == "async":
            return f"await {name}({arguments})"
        if call.kind == "class" or self.inline:
            return f"{name}({arguments})"
        return f"await run_in_thread({name}{', ' if arguments else ''}{arguments})"

    def _watched_function(self, step: Step) -> Any:
        kind: OperationKind = "handler" if step is self.plan.handler else "dependency"
        watch = self.context.events.operation_watcher(kind)
        if watch is None:
            return step.call.function
        operation = Operation(kind, step.call.function, self.route)
        return watched_call(step.call.function, watch, operation, is_async=step.call.kind == "async")

    def observed(self, kind: OperationKind, step: Step) -> list[str]:
        """The head of a block in which a part is watched, where somebody does."""
        watch = self.context.events.operation_watcher(kind)
        if watch is None:
            return []
        operation = self.out.name(f"{kind}_{step.index}", Operation(kind, step.call.function, self.route))
        return [f"with {self.out.name(f'watch_{kind}', watch)}({operation}, NO_ARGUMENTS):"]

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
        # What two functions ask for in the same words is read once.
        known = next((one for one in self._variables if reads_same(one, item)), item)
        return self._variables.setdefault(known, f"a{len(self._variables)}_{identifier(item.name)}")

    def namespace(self) -> dict[str, Any]:
        """The names that the written source uses."""
        return {
            **self.wire.namespace,
            **self.out.names,
            "AsyncExitStack": self.context.exit_stack,
            "BOOLEANS": readers.BOOLEANS,
            "BackgroundTasks": BackgroundTasks,
            "CancelledError": CancelledError,
            "FAILED": FAILED,
            "JSON_TYPES": readers.RAW_JSON_TYPES if self.wire.decodes_headers else readers.JSON_TYPES,
            "NOTHING": {},
            "NO_ARGUMENTS": NO_ARGUMENTS,
            "RequestValidationError": RequestValidationError,
            "Response": Response,
            "SwallowedException": SwallowedException,
            "app": self.context.app,
            "contextmanager_in_thread": self.context.contextmanager_in_thread,
            "current_task": self.context.deadlines.current_task,
            "deadlines": self.context.deadlines,
            "entries": self.context.deadlines.entries,
            "expired": self.context.deadlines.expired,
            "present": self.context.deadlines.present,
            "held_stack": held_stack,
            "in_place": in_place,
            "parse_cookies": parse_cookies,
            "last_values": last_values,
            "note_route": note_route,
            "run_in_thread": self.context.run_in_thread,
        }


def leading_parameters(function: Any, given: Container[str]) -> tuple[str, ...]:
    """The parameters that a plain function can be given by position, which Python does faster. None of a decorated one."""
    if not isinstance(function, FunctionType) or hasattr(function, "__wrapped__"):
        return ()
    code = function.__code__
    return tuple(takewhile(given.__contains__, code.co_varnames[: code.co_argcount]))


def _is_slow(item: Input) -> bool:
    """Whether an input needs more than one look-up, and so the request's own mappings."""
    return item.is_model or item.is_sequence or len(item.aliases) > 1
