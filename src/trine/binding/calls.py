"""Dependencies without a request: commands, tasks and tools are called like handlers."""

from collections.abc import Awaitable, Callable
from typing import Any

from trine.errors import SetupError
from trine.routing import handler_name

from .context import BindContext
from .params import UNSET
from .plan import Step, make_plan
from .signature import Input, Overrides, read_call
from .steps import StepWriter
from .wires import REQUEST
from .writer import define


def bind_call(
    function: Callable[..., Any], *, app: Any = None, overrides: Overrides | None = None
) -> Callable[..., Awaitable[Any]]:
    """Bind a function to its dependencies. The result is awaited with the function's other arguments by name.

    Dependencies are called once, nested and cleaned up as in a request. One that reads a query, a header or another
    part of a request without a default is refused with `SetupError`.
    """
    call = read_call(function, overrides=overrides)
    for inner in call.walk():
        for _, special in inner.specials:
            if special != "scopes":
                raise SetupError(
                    f"{handler_name(inner.function)}() asks for the {special}, which exists only while a request is answered.",
                    hint="Take what it needs as parameters.",
                )
        for item in inner.inputs if inner is not call else ():
            if item.required:
                raise SetupError(
                    f"{handler_name(inner.function)}() reads '{item.name}' from a request, and there is none.",
                    hint="Give it a default, or override the dependency.",
                )
    context = BindContext(app=app, recover=_no_recovery)
    writer = _CallWriter(make_plan(call), REQUEST, context, None, inline=False)
    return writer.compile(handler_name(function))


class _CallWriter(StepWriter):
    def _write_input(self, step: Step, item: Input) -> None:
        name = self._variable(item)
        default = self.out.name(f"default_{item.name}", item.default)
        if step is not self.plan.handler:
            self.out.line(f"{name} = {default}")
        elif item.default is UNSET:
            self.out.line(f"{name} = given[{item.name!r}]")
        else:
            self.out.line(f"{name} = given.get({item.name!r}, {default})")

    def compile(self, name: str) -> Callable[..., Awaitable[Any]]:
        """Write and define the function."""
        self.has_inputs = False
        stacks = [f"async with AsyncExitStack() as {scope}_stack:" for scope in sorted(self.stacks, reverse=True)]
        with self.out.block("async def run(**given):"), self.out.blocks(stacks):
            self.out.line("errors = ()")
            self.write_steps()
            self.out.line(f"return {self.call(self.plan.handler)}")
        run: Callable[..., Awaitable[Any]] = define("run", self.out.source, f"call of {name}", self.namespace())
        return run


def _no_recovery(_handlers: Any) -> Any:
    raise AssertionError("There is no response to recover to.")
