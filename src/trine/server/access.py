"""The access log: one line for each answer, written in bursts, safe from what clients send."""

import asyncio
import json
import re
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, TextIO

from trine.errors import SetupError
from trine.types import ASGIApp, Message, Receive, Scope, Send

from .drain import RSGIEntry
from .proxy import GetHeaders, TrustedProxies, header_lines, proxies_of
from .wrapped import HeaderList, WrappedProtocol

FORMATS = {
    "text": '{time} {client} "{method} {path} {protocol}" {status} {ms}ms',
    "combined": '{client} - - [{clf_time}] "{method} {path} {protocol}" {status} - "{header:referer}" "{header:user-agent}"',
    "json": "json",
}
_FIELDS = {"time", "clf_time", "client", "method", "path", "query", "protocol", "scheme", "host", "status", "ms"}
_FIELD = re.compile(r"\{([a-z_]+)(?::([A-Za-z0-9-]+))?\}")
# A client must not write lines of its own, nor move a terminal's cursor.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f"\\\u2028\u2029]')
_NOBODY = "-"

GetHeader = Callable[[str], str | None]


class AccessLog:
    """Formats and writes lines. `template` is `text`, `combined`, `json`, or a line with `{field}` and `{header:name}`."""

    def __init__(self, template: str = "text", stream: TextIO | None = None, proxies: TrustedProxies | None = None) -> None:
        self.proxies = proxies
        self.template = FORMATS.get(template, template)
        self.stream = stream if stream is not None else sys.stdout
        self.headers = {match[2].lower() for match in _FIELD.finditer(self.template) if match[1] == "header" and match[2]}
        check_template(self.template)
        self._lines: list[str] = []
        self._second = 0
        self._times = ("", "")

    def rsgi(self, answer: RSGIEntry) -> RSGIEntry:
        """Log what an RSGI application answers."""

        def answer_logged(scope: Any, proto: Any) -> Awaitable[None]:
            return self._rsgi(answer, scope, proto)

        return answer_logged

    async def _rsgi(self, answer: RSGIEntry, scope: Any, proto: Any) -> None:
        started = time.perf_counter()
        wrapped = _StatusProtocol(proto) if scope.proto == "http" else proto
        try:
            await answer(scope, wrapped)
        finally:
            status = wrapped.status if scope.proto == "http" else 101
            fields = {
                "client": self._client(scope.client.rpartition(":")[0].strip("[]"), scope.headers.get_all),
                "method": scope.method,
                "path": scope.path,
                "query": scope.query_string,
                "protocol": f"HTTP/{scope.http_version}",
                "scheme": scope.scheme,
                "status": str(status),
            }
            self.write(fields, scope.headers.get, started)

    def asgi(self, app: ASGIApp) -> ASGIApp:
        """Log what an ASGI application answers."""

        async def answer_logged(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "lifespan":
                await app(scope, receive, send)
                return
            started = time.perf_counter()
            status = 101 if scope["type"] == "websocket" else 500

            async def send_and_note(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            try:
                await app(scope, receive, send_and_note)
            finally:
                client = scope.get("client")
                fields = {
                    "client": self._client(client[0] if client else "", partial(header_lines, scope)),
                    "method": scope.get("method", "GET"),
                    "path": scope["path"],
                    "query": scope.get("query_string", b"").decode("latin-1"),
                    "protocol": f"HTTP/{scope.get('http_version', '1.1')}",
                    "scheme": scope.get("scheme", "http"),
                    "status": str(status),
                }
                self.write(fields, _header_of(scope), started)

        return answer_logged

    def write(self, fields: dict[str, str], header: GetHeader, started: float) -> None:
        """Add a line; all lines of one turn of the event loop are written together."""
        fields["ms"] = f"{(time.perf_counter() - started) * 1000:.1f}"
        fields["time"], fields["clf_time"] = self._now()
        fields["host"] = header("host") or ""
        if not self._lines:
            asyncio.get_running_loop().call_soon(self.flush)
        if self.template == "json":
            self._lines.append(_json_line(fields))
            return
        values = {f"header:{name}": header(name) or _NOBODY for name in self.headers}
        self._lines.append(_FIELD.sub(lambda match: _safe((fields | values)[_key(match)]), self.template))

    def flush(self) -> None:
        """Write what is waiting."""
        lines, self._lines = self._lines, []
        if lines:
            self.stream.write("\n".join(lines) + "\n")
            self.stream.flush()

    def _client(self, peer: str, headers: GetHeaders) -> str:
        found = None if self.proxies is None else self.proxies.resolve(peer, headers)
        return peer if found is None or found.client is None else found.client

    def _now(self) -> tuple[str, str]:
        second = int(time.time())
        if second != self._second:
            now = datetime.fromtimestamp(second).astimezone()
            self._second, self._times = second, (now.isoformat(), now.strftime("%d/%b/%Y:%H:%M:%S %z"))
        return self._times


def access_log_of(app: Any, template: str) -> AccessLog:
    """The access log of an application: it names the clients that the application sees."""
    return AccessLog(template, proxies=proxies_of(getattr(app, "settings", None)))


class _StatusProtocol(WrappedProtocol):
    __slots__ = ("status",)

    def __init__(self, inner: Any) -> None:
        super().__init__(inner)
        self.status = 500

    def head(self, status: int, headers: HeaderList) -> HeaderList:
        self.status = status
        return headers


def check_template(template: str) -> None:
    """Refuse a template with fields that do not exist."""
    unknown = [
        match[0] for match in _FIELD.finditer(template) if not (match[1] == "header" and match[2]) and match[1] not in _FIELDS
    ]
    if unknown:
        known = ", ".join(sorted(_FIELDS))
        raise SetupError(f"The access log has no field {unknown[0]}.", hint=f"There are {known}, and header:name.")
    if template != "json" and not _FIELD.search(template):
        raise SetupError(
            f"The access log format '{template}' has no field.", hint=f"Use {', '.join(FORMATS)}, or {{status}} and others."
        )


def _key(match: re.Match[str]) -> str:
    return match[1] if match[2] is None else f"{match[1]}:{match[2].lower()}"


def _safe(text: str) -> str:
    if not text:
        return _NOBODY
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text) if _UNSAFE.search(text) else text


def _json_line(fields: Mapping[str, str]) -> str:
    record: dict[str, Any] = {name: value for name, value in fields.items() if name not in ("clf_time", "query")}
    record["status"] = int(record["status"])
    record["ms"] = float(record["ms"])
    return json.dumps(record)


def _header_of(scope: Scope) -> GetHeader:
    return lambda name: next(iter(header_lines(scope, name)), None)
