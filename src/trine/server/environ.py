"""The environment that a WSGI application sees of a request (PEP 3333), made from whichever form the request has."""

import sys
from functools import lru_cache
from typing import Any

from trine.types import Scope

from .address import parse_address

_Lines = list[tuple[str, str]]


def make_environ(request: Any, path: str) -> dict[str, Any]:
    """Build the environment of a `Request` whose path ends in `path`: what stands before it is the mount point."""
    client, server = request.sides
    script = request.root_path + request.path[: len(request.path) - len(path)]
    return {
        **_common_environ(server, request.scheme, request.http_version, script),
        **_joined([(_KEYS.get(name) or _key(name), value) for name, value in request.lines]),
        **_asked(request.method, path, request.query_string, client),
    }


def rsgi_environ(scope: Any, root_path: str, prefix: str) -> dict[str, Any]:
    """Build the environment of a request behind RSGI that lies below a prefix."""
    return {
        **_common_environ(scope.server, scope.scheme, scope.http_version, root_path + prefix),
        **_joined([(_KEYS.get(name) or _key(name), value) for name, value in scope.headers.items()]),
        **_asked(scope.method, scope.path[len(prefix) :], scope.query_string, scope.client),
    }


def asgi_environ(scope: Scope, path: str, root_path: str, prefix: str) -> dict[str, Any]:
    """Build the environment of a request behind ASGI whose path, without what the server took away, lies below a prefix."""
    lines = [(_RAW_KEYS.get(name) or _key(name.decode("latin-1")), value.decode("latin-1")) for name, value in scope["headers"]]
    client, server = scope.get("client"), scope.get("server")
    query = scope.get("query_string", b"").decode("latin-1")
    return {
        **_common_environ(
            server and tuple(server), scope.get("scheme", "http"), scope.get("http_version", "1.1"), root_path + prefix
        ),
        **_joined(lines),
        **_asked(scope["method"], path[len(prefix) :], query, client and tuple(client)),
    }


def _asked(method: str, path: str, query: str, client: Any) -> dict[str, str]:
    """What no other request needs to share."""
    address, port = _side(client)
    return {
        "REQUEST_METHOD": method,
        "PATH_INFO": path if path.isascii() else path.encode("utf-8").decode("latin-1"),
        "QUERY_STRING": query,
        "REMOTE_ADDR": address,
        "REMOTE_PORT": port,
    }


def _joined(lines: _Lines) -> dict[str, str]:
    """The lines by their keys, those of one name joined. Those without a key are dropped."""
    joined = dict(lines)
    if len(joined) != len(lines):
        joined = {}
        for key, value in lines:
            comma = "; " if key == "HTTP_COOKIE" else ","
            joined[key] = f"{joined[key]}{comma}{value}" if key in joined else value
    joined.pop("", None)
    return joined


def _key(name: str) -> str:
    """The key of a header; none where its name has an underscore: it could pose as another one."""
    return "" if "_" in name else f"HTTP_{name.upper().replace('-', '_')}"


@lru_cache(64)
def _common_environ(server: Any, scheme: str, http_version: str, script: str) -> dict[str, Any]:
    """What many requests have in common."""
    host, port = _side(server)
    return {
        "SCRIPT_NAME": script if script.isascii() else script.encode("utf-8").decode("latin-1"),
        "SERVER_NAME": host or "localhost",
        "SERVER_PORT": port or "80",
        "SERVER_PROTOCOL": f"HTTP/{http_version}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }


@lru_cache(1024)
def _side(side: Any) -> tuple[str, str]:
    """Host and port of one end, empty where there is none (a Unix socket)."""
    address = parse_address(side) if isinstance(side, str) else side
    return (str(address[0]), str(address[1] or "")) if address else ("", "")


# Names of headers that most requests carry: they need not be put together.
_COMMON = """
accept accept-encoding accept-language authorization cache-control connection cookie host if-modified-since if-none-match
origin range referer sec-fetch-dest sec-fetch-mode sec-fetch-site transfer-encoding user-agent x-forwarded-for
x-forwarded-proto x-requested-with
"""
_KEYS = {name: _key(name) for name in _COMMON.split()}
_KEYS |= {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}
_RAW_KEYS = {name.encode(): key for name, key in _KEYS.items()}
