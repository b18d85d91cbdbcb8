"""Build paths from routes' names."""

from typing import Any
from urllib.parse import quote

from trine.errors import TrineError

from .pattern import PathPattern


class NoMatchFound(TrineError):
    """No route has this name and takes these parameters."""

    def __init__(self, name: str, params: dict[str, Any], known: str = "") -> None:
        listed = ", ".join(sorted(params)) or "none"
        super().__init__(f"No route named '{name}' takes the parameters: {listed}.{known}")


class ReverseTable:
    """Routes by name. A name may stand for several paths; the parameters decide."""

    def __init__(self) -> None:
        self._patterns: dict[str, list[PathPattern]] = {}
        self._mounts: list[tuple[str, str, Any]] = []
        self._others: list[ReverseTable] = []

    def add(self, name: str, pattern: PathPattern) -> None:
        """Remember a route."""
        self._patterns.setdefault(name, []).append(pattern)

    def add_mount(self, name: str, prefix: str, app: Any) -> None:
        """Remember a mounted application: `name:route` reaches inside, and `name` with `path` builds below it."""
        self._mounts.append((name, prefix, app))

    def add_table(self, other: "ReverseTable") -> None:
        """Remember the routes of another host name: their names count where this table has none of the name."""
        self._others.append(other)

    def parameters_of(self, name: str) -> frozenset[str]:
        """Every parameter that a path of the name takes."""
        return frozenset(parameter for pattern in self.patterns_of(name) for parameter in pattern.names)

    def build(self, name: str, /, **params: Any) -> str:
        """Build the path of a named route. Raises `NoMatchFound`."""
        for pattern in self.patterns_of(name):
            if set(pattern.names) == set(params):
                return build_path(pattern, params, name)
        for mounted, prefix, app in self._mounts:
            if name == mounted and set(params) == {"path"}:
                return prefix + "/" + quote(str(params["path"]).lstrip("/"), safe="/")
            inner = name.removeprefix(f"{mounted}:") if mounted else name
            if (not mounted or inner != name) and hasattr(app, "url_path_for"):
                try:
                    return prefix + str(app.url_path_for(inner, **params))
                except NoMatchFound:
                    continue
        raise NoMatchFound(name, params, self._hint(name))

    def build_with_rest(self, name: str, /, **params: Any) -> tuple[str, dict[str, Any]]:
        """Build the path of the route that takes most of the parameters, and give back those that it does not take."""
        fitting = [pattern for pattern in self.patterns_of(name) if set(pattern.names) <= params.keys()]
        if not fitting:
            return self.build(name, **params), {}
        pattern = max(fitting, key=lambda one: len(one.names))
        path = build_path(pattern, {parameter: params[parameter] for parameter in pattern.names}, name)
        return path, {parameter: value for parameter, value in params.items() if parameter not in pattern.names}

    def patterns_of(self, name: str) -> list[PathPattern]:
        """Every path of a name, of this host or else of another one."""
        found = self._patterns.get(name)
        if found is not None:
            return found
        return next((found for other in self._others if (found := other.patterns_of(name))), [])

    def _hint(self, name: str) -> str:
        patterns = self.patterns_of(name)
        if patterns:
            return " It takes: " + "; ".join(", ".join(pattern.names) or "none" for pattern in patterns) + "."
        return " `trine routes` lists the names."


def build_path(pattern: PathPattern, params: dict[str, Any], name: str) -> str:
    """Fill a path's parameters in, each through its converter, percent-encoded."""
    path = pattern.openapi_path
    for parameter, converter in pattern.parameters:
        try:
            text = converter.build(params[parameter])
        except (ValueError, TypeError) as error:
            raise NoMatchFound(name, params, f" Parameter '{parameter}' of '{pattern.path}': {error}.") from None
        path = path.replace("{" + parameter + "}", quote(text, safe="/" if converter.name == "path" else ""))
    return path
