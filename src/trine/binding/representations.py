"""One value in several formats: which one, the client's Accept line says (RFC 9110 §12.5.1)."""

from collections.abc import Callable, Sequence
from inspect import isclass
from typing import Annotated, Any, get_origin

from trine.errors import HTTPException, SetupError
from trine.http import JSONResponse, Response, best_match

from .annotations import metadata_of
from .encode import ResponseCodec

Represent = Callable[..., Response]


def check_representations(classes: Sequence[Any], name: str) -> tuple[type[Response], ...]:
    """Give the response classes of a route. Raises `SetupError` where a client could not choose among them."""
    types: list[str] = []
    for chosen in classes:
        media_type = chosen.media_type if isclass(chosen) and issubclass(chosen, Response) else None
        if media_type is None or media_type in types:
            raise SetupError(
                f"The response_class of '{name}' lists {chosen!r}, which is no response class with a media_type of its own.",
                hint="List classes such as [JSONResponse, CSVResponse].",
            )
        types.append(media_type)
    if not types:
        raise SetupError(f"The response_class of '{name}' is an empty list.", hint="List at least one class.")
    return tuple(classes)


def offered_by(model: Any) -> tuple[type[Response], ...]:
    """The formats that a type offers of itself, by a mark beside it; none for most."""
    if get_origin(model) is not Annotated:
        return ()
    return next((mark.representations for mark in metadata_of(model) if getattr(mark, "reads_body", False) is True), ())


def make_chooser(classes: Sequence[type[Response]], codec: ResponseCodec) -> Callable[[str], Represent]:
    """Make the function from an Accept line to what makes the response. It raises a 406 where none will do."""
    makers = {str(chosen.media_type): _maker(chosen, codec) for chosen in classes}
    offers = list(makers)

    def choose_representation(accept: str) -> Represent:
        chosen = best_match(accept, offers)
        if chosen is None:
            raise HTTPException(406, f"This is available as {', '.join(offers)}.", {"vary": "Accept"})
        return makers[chosen]

    return choose_representation


def _maker(chosen: type[Response], codec: ResponseCodec) -> Represent:
    content_of = codec.for_class(chosen)

    def represent(value: Any, status_code: int = 200) -> Response:
        if chosen is JSONResponse:
            response = Response(codec.encode(value), status_code, media_type=JSONResponse.media_type)
        else:
            response = chosen(content_of(value), status_code=status_code)
        response.headers.add_vary_header("Accept")
        return response

    return represent
