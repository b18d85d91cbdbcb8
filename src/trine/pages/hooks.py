"""What is called around pages: before and after them, at their end, and where they fail."""

from collections.abc import Callable
from typing import Any

from trine.types import Decorator, F

ErrorKey = int | type[Exception]
UrlHook = Callable[[str, dict[str, Any]], Any]


class Hooks:
    """Functions of an application or a blueprint, in the order in which they were declared."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.before: list[Callable[[], Any]] = []
        self.after: list[Callable[[Any], Any]] = []
        self.teardown: list[Callable[[Any], Any]] = []
        self.processors: list[Callable[[], Any]] = []
        self.preprocessors: list[UrlHook] = []
        self.defaults: list[UrlHook] = []
        self.errors: dict[ErrorKey, Callable[[Any], Any]] = {}
        self._changed = changed

    def before_request(self, function: F) -> F:
        """Call a function before each page. What it returns, other than None, is the answer."""
        return self._note(self.before, function)

    def after_request(self, function: F) -> F:
        """Call a function with the answer of each page; it gives the answer back, or another one."""
        return self._note(self.after, function)

    def teardown_request(self, function: F) -> F:
        """Call a function with the exception, or None, once a page's answer was sent."""
        return self._note(self.teardown, function)

    def context_processor(self, function: F) -> F:
        """Give every template the dictionary that a function returns."""
        return self._note(self.processors, function)

    def url_value_preprocessor(self, function: F) -> F:
        """Call a function with the endpoint and the values of the path, before everything else of a page."""
        return self._note(self.preprocessors, function)

    def url_defaults(self, function: F) -> F:
        """Call a function with the endpoint and the values of `url_for`, to add those that nobody has said."""
        return self._note(self.defaults, function)

    def errorhandler(self, key: ErrorKey) -> Decorator:
        """Answer an exception class, or a status, with a function of the exception."""

        def register(function: F) -> F:
            self.errors[key] = function
            self._changed()
            return function

        return register

    def _note(self, functions: list[Any], function: F) -> F:
        functions.append(function)
        self._changed()
        return function
