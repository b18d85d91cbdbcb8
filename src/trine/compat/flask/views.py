"""Views as classes."""

from collections.abc import Callable, Collection
from typing import Any, ClassVar

from .globals import current_app, request
from .typing import ResponseReturnValue, RouteCallable

_METHODS = ("get", "post", "head", "options", "delete", "put", "trace", "patch")


class View:
    """A view: `dispatch_request` answers, with the variable parts of the path as keywords."""

    methods: ClassVar[Collection[str] | None] = None
    """HTTP methods that it answers."""
    provide_automatic_options: ClassVar[bool | None] = None
    """Whether `OPTIONS` is answered for it."""
    decorators: ClassVar[list[Callable[..., Any]]] = []
    """What the view function is wrapped in, the innermost first."""
    init_every_request: ClassVar[bool] = True
    """Whether each request gets an instance of its own; False shares one, which must keep nothing of a request."""

    def dispatch_request(self) -> ResponseReturnValue:
        """Answer."""
        raise NotImplementedError(f"{type(self).__name__} has no dispatch_request().")

    @classmethod
    def as_view(cls, name: str, *class_args: Any, **class_kwargs: Any) -> RouteCallable:
        """Make the function that a route takes. The arguments go to the class."""
        view: Any
        if cls.init_every_request:

            def view(**kwargs: Any) -> Any:
                instance = view.view_class(*class_args, **class_kwargs)
                return current_app.ensure_sync(instance.dispatch_request)(**kwargs)
        else:
            shared = cls(*class_args, **class_kwargs)

            def view(**kwargs: Any) -> Any:
                return current_app.ensure_sync(shared.dispatch_request)(**kwargs)

        for decorate in cls.decorators:
            view.__name__, view.__module__ = name, cls.__module__
            view = decorate(view)
        view.__name__, view.__module__, view.__doc__ = name, cls.__module__, cls.__doc__
        view.view_class, view.methods = cls, cls.methods
        view.provide_automatic_options = cls.provide_automatic_options
        return view  # type: ignore[no-any-return] # a function


class MethodView(View):
    """A view with a method for each of HTTP's: `get`, `post`. What it defines is what it answers."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "methods" in cls.__dict__:
            return
        inherited = {method for base in cls.__bases__ for method in getattr(base, "methods", None) or ()}
        found = inherited | {name.upper() for name in _METHODS if hasattr(cls, name)}
        if found:
            cls.methods = found

    def dispatch_request(self, **kwargs: Any) -> ResponseReturnValue:
        """Call the method with the name of the request's; `get` answers HEAD too."""
        method = getattr(self, request.method.lower(), None)
        if method is None and request.method == "HEAD":
            method = getattr(self, "get", None)
        if method is None:
            raise NotImplementedError(f"{type(self).__name__} has no {request.method.lower()}().")
        return current_app.ensure_sync(method)(**kwargs)  # type: ignore[no-any-return] # whatever a view returns
