"""Responses may be shared: a handler can return the same object to everybody."""

from trine.http import Response
from trine.http.response import ReadyResponse


def own_copy(response: Response) -> Response:
    """Give a response whose headers may be changed for this request alone. Costs half a microsecond."""
    if type(response) is ReadyResponse:
        # Made by a compiled route, for this request.
        return response
    copied = object.__new__(type(response))
    copied.__dict__.update(response.__dict__)
    copied.headers = response.headers.mutablecopy()
    return copied
