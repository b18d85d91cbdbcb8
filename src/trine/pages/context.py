"""What surrounds the code of a page: the request, its session, `g` and the application, wherever the page's code runs.

One context variable holds all of it. Tasks and worker threads take a copy of it along, and streams get it back for each step.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast

from trine.middleware import Session

from .proxy import Proxy
from .request import PageRequest

if TYPE_CHECKING:
    from trine.app import App

    from .plugin import Pages


class Globals:
    """A bag of attributes for the time of one request: `g.user = ...`."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"g has no '{name}'. Set it first, such as in a function with @app.before_request.")

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__[name] = value

    def get(self, name: str, default: Any = None) -> Any:
        """Give a value, or the default where nobody has set it."""
        return self.__dict__.get(name, default)

    def pop(self, name: str, *default: Any) -> Any:
        """Take a value out."""
        return self.__dict__.pop(name, *default)

    def setdefault(self, name: str, default: Any = None) -> Any:
        """Give a value, set to the default where there is none."""
        return self.__dict__.setdefault(name, default)

    def __contains__(self, name: object) -> bool:
        return name in self.__dict__

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dict__)

    def __repr__(self) -> str:
        return f"<g {self.__dict__!r}>"


class PageContext:
    """One request while a page answers it; without a request, an application for code that runs outside of one."""

    def __init__(
        self,
        app: "App",
        pages: "Pages",
        request: PageRequest | None = None,
        processors: tuple[Callable[[], Any], ...] = (),
    ) -> None:
        self.app = app
        self.pages = pages
        self.request = request
        self.processors = processors
        self.after: list[Callable[..., Any]] = []
        self.flashed: list[tuple[str, str]] | None = None
        self.csrf_token: str | None = None
        self.error: Exception | None = None
        """What went wrong, for those who clean up."""
        self.is_answered = False
        """Whether the head of the answer is on its way: cookies come too late."""
        self._g: Globals | None = None

    @property
    def g(self) -> Globals:
        """What the code of this request keeps for itself."""
        if self._g is None:
            self._g = Globals()
        return self._g

    @property
    def session(self) -> Session:
        """The visitor's session, read on first use."""
        return cast("Session", self.needs_request("session").connection.session)

    def needs_request(self, what: str) -> PageRequest:
        """The request, for what makes no sense without one."""
        if self.request is None:
            raise RuntimeError(f"'{what}' belongs to a request, and there is only an application here, no request.")
        return self.request


current_context: ContextVar[PageContext | None] = ContextVar("trine_page", default=None)


def here(what: str) -> PageContext:
    """What surrounds the code that asks. Raises RuntimeError where there is nothing."""
    context = current_context.get()
    if context is None:
        raise RuntimeError(
            f"'{what}' is there while a page is answered, and no page is answered here. Use it in functions with @app.page and "
            "in what they call; an API route takes 'request: Request' as a parameter, a script enters 'with app_context(app):'."
        )
    return context


request = cast("PageRequest", Proxy("request", lambda: here("request").needs_request("request")))
session = cast("Session", Proxy("session", lambda: here("session").session))
g = cast("Globals", Proxy("g", lambda: here("g").g))
current_app = cast("App", Proxy("current_app", lambda: here("current_app").app))


async def load_session() -> Session:
    """Wait for the session of a database or Redis, in an `async def` page that has `load_session=False`."""
    context = here("session")
    request = context.needs_request("session")
    await context.pages.keeper.preload(request.connection)
    return context.session


@contextmanager
def app_context(app: "App") -> Iterator[PageContext]:
    """Let code outside of a request use `current_app`, `g` and templates: in a script, a task or a test."""
    from .plugin import pages_of

    context = PageContext(app, pages_of(app))
    token = current_context.set(context)
    try:
        yield context
    finally:
        current_context.reset(token)


def has_request_context() -> bool:
    """Whether a page is answered here."""
    context = current_context.get()
    return context is not None and context.request is not None


def after_this_request(function: Callable[..., Any]) -> Callable[..., Any]:
    """Call a function with the answer of this page alone; it gives the answer back, or another one."""
    here("after_this_request").after.append(function)
    return function
