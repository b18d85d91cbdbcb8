"""Which of several tables answers: the host of a request, or the API version that it names, decides."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from trine.errors import HTTPException
from trine.http import Handler, Request, Response
from trine.routing import APIVersions
from trine.server import AllowedHosts
from trine.server.hosts import host_name
from trine.types import Scope

Answer = Callable[..., Awaitable[None]]


def choose_by_host(
    targets: "list[tuple[AllowedHosts, Callable[..., Awaitable[None]]]]",
    plain: Callable[..., Awaitable[None]],
    host_of: Callable[[Any], str],
) -> Callable[..., Awaitable[None]]:
    """Let the first target whose host fits answer, and `plain` where none does."""

    def answer_by_host(scope: Any, *rest: Any) -> Awaitable[None]:
        name = host_name(host_of(scope))
        if name is not None:
            for hosts, target in targets:
                if hosts.matches(name):
                    return target(scope, *rest)
        return plain(scope, *rest)

    return answer_by_host


def rsgi_host(scope: Any) -> str:
    """The host that an RSGI scope names."""
    return str(scope.headers.get("host") or scope.authority or "")


def asgi_host(scope: Scope) -> str:
    """The host that an ASGI scope names."""
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")


def choose_by_version(
    versions: APIVersions,
    answers: Mapping[str, Answer],
    default: Answer,
    refuse: Answer,
    line_of: Callable[[Any, str], str | None],
) -> Answer:
    """Let the version that a request names answer it, and the default one where it names none."""
    header = versions.header_name

    def answer_by_version(scope: Any, *rest: Any) -> Awaitable[None]:
        named = versions.named_in(line_of(scope, header))
        return (default if named is None else answers.get(named, refuse))(scope, *rest)

    return answer_by_version


def refuse_version(versions: APIVersions) -> Handler:
    """Make what answers a request for a version that there is not."""

    async def refuse(request: Request) -> Response:
        named = versions.named_in(request.headers.get(versions.header_name))
        status = 400 if versions.header is not None else 406
        raise HTTPException(
            status, f"There is no version {str(named)[:40]!r} of this API. There are: {', '.join(versions.names)}."
        )

    return refuse


def rsgi_line(scope: Any, name: str) -> str | None:
    """A header line of an RSGI scope; none of a WebSocket, whose routes have no versions."""
    line: str | None = scope.headers.get(name) if scope.proto == "http" else None
    return line


def asgi_line(scope: Scope, name: str) -> str | None:
    """A header line of an ASGI scope; none of a WebSocket, whose routes have no versions."""
    if scope["type"] != "http":
        return None
    wanted = name.encode()
    return next((value.decode("latin-1") for line, value in scope["headers"] if line == wanted), None)
