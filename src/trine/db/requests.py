"""Each request as a transaction, where the settings say so."""

from typing import TYPE_CHECKING, Any

from trine.http import Handler, Request, Response
from trine.routing import Middleware

from .transaction import atomic

if TYPE_CHECKING:
    from .database import Database


class _Undone(Exception):
    """Carries an answer out of a transaction that is undone."""

    def __init__(self, response: Response) -> None:
        self.response = response


def atomic_requests(database: "Database") -> Middleware:
    """Wrap every request in a transaction. It is undone where the answer is an error; a stream begins after the commit."""

    def with_transaction(handler: Handler) -> Any:
        async def in_transaction(request: Request) -> Response:
            try:
                async with atomic(database):
                    response = await handler(request)
                    if response.status_code >= 400:
                        raise _Undone(response)
                    return response
            except _Undone as undone:
                return undone.response

        return in_transaction

    return with_transaction
