"""Class-based pages, in Flask's words."""

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any, ClassVar

from trine.errors import HTTPException

from .context import here

_METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")


class View:
    """A page as a class: `dispatch_request` answers, with the values of the path's parameters.

    `add_page(path, ItemView.as_view("item"))` declares it. Each request gets an instance of its own.
    """

    methods: ClassVar[tuple[str, ...] | None] = None
    """The methods that the view answers; GET where it says none."""
    init_every_request: ClassVar[bool] = True
    """Whether each request gets an instance of its own."""

    def dispatch_request(self, **values: Any) -> Any:
        """Answer the request."""
        raise NotImplementedError(f"{type(self).__qualname__} has no dispatch_request().")

    @classmethod
    def as_view(cls, name: str, *arguments: Any, **options: Any) -> Callable[..., Any]:
        """Make a page of the class. What is given here goes to its constructor."""
        answers = cls._answers()
        shared = None if cls.init_every_request else cls(*arguments, **options)

        def begin() -> Any:
            view = cls(*arguments, **options) if shared is None else shared
            values = here("view").needs_request("view").view_args
            return view.dispatch_request(**values)

        async def view_async() -> Any:
            answer = begin()
            return await answer if hasattr(answer, "__await__") else answer

        def view_plain() -> Any:
            return begin()

        view: Any = view_async if any(iscoroutinefunction(answer) for answer in answers) else view_plain
        view.__name__ = view.__qualname__ = name
        view.__doc__, view.__module__ = cls.__doc__, cls.__module__
        view.methods, view.view_class = cls._methods(), cls
        return view  # type: ignore[no-any-return] # a function

    @classmethod
    def _methods(cls) -> tuple[str, ...] | None:
        return cls.methods

    @classmethod
    def _answers(cls) -> list[Callable[..., Any]]:
        return [cls.dispatch_request]


class MethodView(View):
    """A page as a class with a method for each HTTP method: `get`, `post` and their kin."""

    def dispatch_request(self, **values: Any) -> Any:
        """Let the method of the request's name answer; HEAD is answered by `get` where there is no `head`."""
        method = here("view").needs_request("view").method.lower()
        answer = getattr(self, method, None) or (getattr(self, "get", None) if method == "head" else None)
        if answer is None:
            raise HTTPException(405, headers={"allow": ", ".join(self._methods() or ())})
        return answer(**values)

    @classmethod
    def _methods(cls) -> tuple[str, ...] | None:
        return cls.methods or tuple(name.upper() for name in _METHODS if hasattr(cls, name))

    @classmethod
    def _answers(cls) -> list[Callable[..., Any]]:
        return [getattr(cls, name) for name in _METHODS if hasattr(cls, name)]
