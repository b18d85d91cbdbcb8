"""The request as the code of a page sees it: Flask's words, and Trine's own for the rest."""

from functools import cached_property
from typing import Any

from trine.errors import BadRequest
from trine.http import FormData, ImmutableMultiDict, QueryParams, Request, UploadFile
from trine.http.json import decode_json


class MissingField(BadRequest, KeyError):
    """A form or query without a field that the page asks for: the client gets a 400 that names it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The request has no field '{name}'.")


class Fields(ImmutableMultiDict[str, Any]):
    """Fields by name. Asking for one that is not there is answered with 400, where nobody catches it."""

    def __getitem__(self, key: str) -> Any:
        try:
            return super().__getitem__(key)
        except KeyError:
            raise MissingField(key) from None


class PageRequest:
    """A request, while a page answers it. What is not here is asked of the `Request` behind it.

    The body was read before the page was called, so that plain functions find it: `form`, `files`, `json` and `data` wait for
    nothing.
    """

    def __init__(self, connection: Request, endpoint: str = "", blueprints: tuple[str, ...] = ()) -> None:
        self.connection = connection
        """The request itself, as API routes get it."""
        self.endpoint = endpoint
        self.blueprints = blueprints
        self.posted: FormData | None = None
        self.data = b""
        """The body, where it is no form."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)

    @property
    def method(self) -> str:
        """The method, such as `GET`."""
        return self.connection.method

    @property
    def path(self) -> str:
        """The path, decoded."""
        return self.connection.path

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies by name."""
        return self.connection.cookies

    @property
    def args(self) -> QueryParams:
        """The fields of the query."""
        return self.connection.query_params

    @cached_property
    def form(self) -> Fields:
        """The fields of the form, without its files."""
        return Fields([pair for pair in self._posted() if not isinstance(pair[1], UploadFile)])

    @cached_property
    def files(self) -> Fields:
        """The files of the form."""
        return Fields([pair for pair in self._posted() if isinstance(pair[1], UploadFile)])

    @cached_property
    def values(self) -> Fields:
        """The fields of the form, and of the query where the form has none of the name."""
        return Fields([*self.args.multi_items(), *self.form.multi_items()])

    @property
    def view_args(self) -> dict[str, Any]:
        """The values of the path's parameters."""
        return self.connection.path_params

    @property
    def blueprint(self) -> str | None:
        """The name of the blueprint that answers, with those around it."""
        return self.endpoint.rpartition(".")[0] or None

    @property
    def remote_addr(self) -> str | None:
        """The address of the client."""
        client = self.connection.client
        return None if client is None else client.host

    @property
    def mimetype(self) -> str:
        """The content type without its parameters."""
        return self.connection.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_json(self) -> bool:
        """Whether the body says that it is JSON."""
        return self.mimetype == "application/json" or (self.mimetype[:12] == "application/" and self.mimetype[-5:] == "+json")

    @property
    def json(self) -> Any:
        """The body decoded from JSON. Raises a 415 where it says that it is none, a 400 where it is none."""
        return self.get_json()

    def get_json(self, *, force: bool = False, silent: bool = False) -> Any:
        """Decode the body from JSON; `force` whatever it says it is, and `silent` gives None instead of an error."""
        if not (force or self.is_json):
            if silent:
                return None
            raise BadRequest("Send JSON, with the content type application/json.")
        try:
            return decode_json(self.data)
        except ValueError as error:
            if silent:
                return None
            raise BadRequest(f"The request body is not valid JSON: {error}.") from error

    @property
    def is_secure(self) -> bool:
        """Whether the connection is encrypted."""
        return self.connection.scheme == "https"

    @property
    def host(self) -> str:
        """The host that the client asked for, with its port where it is not the usual one."""
        return self.connection.headers.get("host", "")

    @property
    def full_path(self) -> str:
        """The path with the query."""
        return f"{self.path}?{self.connection.query_string}"

    @property
    def referrer(self) -> str | None:
        """The page that the visitor came from, where the browser tells."""
        return self.connection.headers.get("referer")

    @property
    def user_agent(self) -> str:
        """What the client calls itself."""
        return self.connection.headers.get("user-agent", "")

    def __repr__(self) -> str:
        return f"<PageRequest {self.method} {self.path}>"

    def _posted(self) -> list[tuple[str, Any]]:
        if self.posted is None:
            return []
        return self.posted.multi_items()
