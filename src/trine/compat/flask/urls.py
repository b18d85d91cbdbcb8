"""URLs of an application: which host and path a request has, and how the URL of a view is built."""

import warnings
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from werkzeug.routing import BuildError, MapAdapter
from werkzeug.wsgi import get_host

from .globals import _cv_app, _cv_request

if TYPE_CHECKING:
    from .app import Flask
    from .wrappers import Request


def make_adapter(app: "Flask", request: "Request | None") -> MapAdapter | None:
    """What finds and builds URLs for a request; without one, for `SERVER_NAME`."""
    config = app.config
    server_name = config["SERVER_NAME"]
    if request is None:
        if server_name is None:
            return None
        return app.url_map.bind(server_name, script_name=config["APPLICATION_ROOT"], url_scheme=config["PREFERRED_URL_SCHEME"])
    if config["TRUSTED_HOSTS"] is not None:
        request.trusted_hosts = config["TRUSTED_HOSTS"]
        # Raises SecurityError, a 400, for a host that is not among them.
        get_host(request.environ, request.trusted_hosts)
    if app.url_map.host_matching:
        # The request's own host is what is matched.
        return app.url_map.bind_to_environ(request.environ)
    if app.subdomain_matching and server_name is not None:
        subdomain = _subdomain_of(request, server_name)
    else:
        subdomain = app.url_map.default_subdomain or ""
    return app.url_map.bind_to_environ(request.environ, server_name=server_name, subdomain=subdomain)


def _subdomain_of(request: "Request", server_name: str) -> str:
    """What stands before `SERVER_NAME` in the request's host; a name that no rule has where that is another host."""
    host, wanted = get_host(request.environ).lower(), server_name.lower()
    usual = ":443" if request.environ["wsgi.url_scheme"] in ("https", "wss") else ":80"
    wanted = wanted.removesuffix(usual)
    if host == wanted:
        return ""
    if host.endswith(f".{wanted}"):
        return host[: -len(wanted) - 1]
    message = f"Current server name {host!r} doesn't match configured server name {wanted!r}"
    # Programs have filters for the place that Flask warns from.
    warnings.warn_explicit(message, UserWarning, "flask/app.py", 1, module="flask.app")
    return "<invalid>"


def build(
    app: "Flask",
    endpoint: str,
    values: dict[str, Any],
    *,
    anchor: str | None,
    method: str | None,
    scheme: str | None,
    external: bool | None,
) -> str:
    """The URL of a view: a path during a request, the whole URL outside of one, or with another scheme."""
    adapter, blueprint, is_request = _here(app)
    if adapter is None:
        raise RuntimeError(
            "The URL of a view cannot be built outside of a request without a host. Set SERVER_NAME, or push a request context."
        )
    if endpoint.startswith("."):
        endpoint = f"{blueprint}{endpoint}" if blueprint else endpoint[1:]
    if external is None:
        external = scheme is not None or not is_request
    elif scheme is not None and not external:
        raise ValueError(f"_scheme={scheme!r} makes a whole URL, and _external=False asks for a path. Leave one of them out.")

    app.inject_url_defaults(endpoint, values)
    try:
        url = adapter.build(endpoint, values, method=method, url_scheme=scheme, force_external=external)
    except BuildError as error:
        values.update(_anchor=anchor, _method=method, _scheme=scheme, _external=external)
        return app.handle_url_build_error(error, endpoint, values)
    return url if anchor is None else f"{url}#{quote(anchor, safe='%!#$&()*+,/:;=?@~')}"


def _here(app: "Flask") -> tuple[MapAdapter | None, str | None, bool]:
    """The adapter of the request that is answered, its blueprint, and whether there is one at all."""
    answered = _cv_request.get(None)
    if answered is not None:
        return answered.url_adapter, answered.request.blueprint, True
    context = _cv_app.get(None)
    return (app.create_url_adapter(None) if context is None else context.url_adapter), None, False
