"""What stands around each page: its context, its hooks, its session, and the check of what changes something."""

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Sequence
from contextvars import Token
from dataclasses import dataclass
from functools import partial
from inspect import iscoroutinefunction
from typing import Any

from trine.concurrency import run_in_thread
from trine.http import Handler, Request, Response, StreamingResponse
from trine.http.multipart_reader import FormLimits
from trine.middleware.header_lines import own_copy
from trine.routing import PageOptions

from .answers import Abort, to_response
from .context import PageContext, current_context
from .csrf import SAFE_METHODS, check_origin, check_token
from .request import PageRequest
from .signals import request_finished, request_started

Recover = Callable[[Exception, Request], Awaitable[Response]]
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


@dataclass(frozen=True)
class PageFrame:
    """The middleware of one page, with everything that is known of it at start-up."""

    pages: Any
    endpoint: str
    blueprints: tuple[str, ...]
    options: PageOptions
    recover: Recover
    is_async: bool = True
    reads_body: bool = True
    preprocessors: Sequence[Callable[[str, dict[str, Any]], Any]] = ()
    before: Sequence[Callable[[], Any]] = ()
    after: Sequence[Callable[[Any], Any]] = ()
    teardown: Sequence[Callable[[Any], Any]] = ()
    processors: tuple[Callable[[], Any], ...] = ()
    max_body_size: int | None = None
    form_limits: FormLimits | None = None

    def __call__(self, handler: Handler) -> Handler:
        """Wrap the page."""
        pages, endpoint, blueprints, processors = self.pages, self.endpoint, self.blueprints, self.processors
        app, keeper, recover = pages.app, pages.keeper, self.recover
        before = _in_turn(self.before)
        preloads = keeper.must_wait and self.is_async and self.options.get("load_session", True)

        async def answer_page(request: Request) -> Response:
            owns_session = request.session_loader is None
            if owns_session:
                request.session_loader = keeper.load
            context = PageContext(app, pages, PageRequest(request, endpoint, blueprints), processors)
            if self.teardown:
                # Noted first: whatever happens, also where the client leaves, it comes at the end.
                request.exit_stack.push_async_callback(_tear_down, context, self.teardown)
            token = current_context.set(context)
            try:
                try:
                    if request_started.receivers:
                        await request_started.send(app, request=context.request)
                    if preloads:
                        await keeper.preload(request)
                    if request.method not in SAFE_METHODS and self.reads_body:
                        await self._take_body(request, context)
                    if self.preprocessors:
                        await _preprocess(request, endpoint, self.preprocessors)
                    response = None if before is None else await before()
                    if response is None:
                        response = await handler(request)
                except Exception as error:  # noqa: BLE001 - whatever escapes becomes an answer
                    context.error, response = error, await recover(error, request)
                try:
                    return await self._finish(response, request, context, owns_session=owns_session)
                except Exception as error:  # noqa: BLE001 - the same
                    context.error, response = error, await recover(error, request)
                    return response
            finally:
                _leave(token)

        return answer_page

    async def _finish(self, response: Response, request: Request, context: PageContext, *, owns_session: bool) -> Response:
        """Let hooks see the answer, keep the session, and give what comes later its context."""
        if self.after or context.after:
            for function in [*reversed(context.after), *reversed(self.after)]:
                response = to_response(await call(function, response))
        session = vars(request).get("session")
        if owns_session and session is not None:
            response = await self.pages.keeper.save(session, own_copy(response), request)
        if request_finished.receivers:
            await request_finished.send(context.app, response=response)
        context.is_answered = True
        if response.body is None and isinstance(response, StreamingResponse):
            response.body_iterator = _in_context(context, response.body_iterator)
        if response.background is not None:
            response.background = partial(_run_in_context, context, response.background)
        return response

    async def _take_body(self, request: Request, context: PageContext) -> None:
        """Read what was sent, so that plain functions find it, and refuse what comes from elsewhere."""
        if self.max_body_size is not None:
            request.body_limit = self.max_body_size
        if self.form_limits is not None:
            request.form_limits = self.form_limits
        is_checked = self.options.get("csrf", self.pages.csrf)
        if is_checked:
            check_origin(request, self.pages.same_origin)
        page = context.needs_request("form")
        if page.mimetype not in _FORMS:
            page.data = await request.body()
        elif self.options.get("read_form", True):
            page.posted = await request.form()
        if is_checked:
            if self.pages.keeper.must_wait:
                await self.pages.keeper.preload(request)
            check_token(request, context)


async def _preprocess(request: Request, endpoint: str, functions: Sequence[Callable[..., Any]]) -> None:
    """Let functions look at the values of the path. One that was taken out stays for a page that asks for it."""
    values = dict(request.path_params)
    for function in functions:
        await call(function, endpoint, values)
    request.path_params = {name: values.get(name, value) for name, value in request.path_params.items()}


def _leave(token: "Token[PageContext | None]") -> None:
    try:
        current_context.reset(token)
    except ValueError:
        # A page that is given up while it waits may be closed from another context, which has nothing to be reset.
        current_context.set(None)


def _in_turn(functions: Sequence[Callable[[], Any]]) -> Callable[[], Awaitable[Response | None]] | None:
    """Make one function of those that come before a page: plain ones that follow each other share a thread."""
    if not functions:
        return None
    groups: list[tuple[bool, list[Callable[[], Any]]]] = []
    for function in functions:
        is_async = iscoroutinefunction(function)
        if groups and not is_async and not groups[-1][0]:
            groups[-1][1].append(function)
        else:
            groups.append((is_async, [function]))

    async def run_before() -> Response | None:
        for is_async, group in groups:
            value = await group[0]() if is_async else await run_in_thread(_first_answer, group)
            if value is not None:
                return to_response(value)
        return None

    return run_before


def _first_answer(functions: Sequence[Callable[[], Any]]) -> Any:
    for function in functions:
        value = function()
        if value is not None:
            return value
    return None


async def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a hook: an `async` one here, a plain one in a thread."""
    if iscoroutinefunction(function):
        return await function(*arguments)
    value = await run_in_thread(function, *arguments)
    return await value if hasattr(value, "__await__") else value


async def _tear_down(context: PageContext, functions: Sequence[Callable[..., Any]]) -> None:
    token = current_context.set(context)
    try:
        for function in reversed(functions):
            await call(function, context.error)
    finally:
        _leave(token)


async def _run_in_context(context: PageContext, background: Callable[[], Awaitable[None]]) -> None:
    token = current_context.set(context)
    try:
        await background()
    finally:
        _leave(token)


async def _in_context(context: PageContext, source: AsyncIterable[Any]) -> AsyncIterator[Any]:
    """Step a stream with its page's context, which is nobody else's between two steps."""
    iterator = aiter(source)
    try:
        while True:
            token = current_context.set(context)
            try:
                item = await anext(iterator)
            except StopAsyncIteration:
                return
            finally:
                _leave(token)
            yield item
    finally:
        close = getattr(iterator, "aclose", None)
        if close is not None:
            await close()


async def abort_answer(_request: Request, error: Abort) -> Response:
    """The response that `abort()` was given."""
    return error.response
