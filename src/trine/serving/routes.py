"""The routes of a model: one item, a list of items, a stream, and what belongs to it."""

import logging
import secrets
from collections.abc import AsyncIterator, Callable
from inspect import Parameter, Signature, isclass
from typing import Annotated, Any

import msgspec
from pydantic import Field

from trine.binding import Body, Depends, Query
from trine.binding.validate import is_struct_type
from trine.errors import HTTPException
from trine.http import EventSourceResponse, JSONLinesResponse, Request, Response, ServerSentEvent, best_match
from trine.routing import APIRouter

from .answers import ItemError, ItemErrorStruct, batch_answer, item_error
from .listeners import StreamListeners
from .served import ServedModel

logger = logging.getLogger("trine.serving")

_BUSY: dict[int | str, dict[str, Any]] = {503: {"description": "The model is busy or starts anew: try again after `Retry-After`"}}
_FORMATS = [EventSourceResponse.media_type, JSONLinesResponse.media_type]


def model_router(served: ServedModel) -> APIRouter:
    """Make the routes of a model."""
    options = served.declaration.options
    router = APIRouter(
        tags=options.get("tags", [served.name]),
        dependencies=options.get("dependencies"),
        include_in_schema=options.get("include_in_schema", True),
        max_body_size=options.get("max_body_size"),
        responses=_BUSY,
        on_disconnect="cancel",
    )
    path, title = served.path.rstrip("/"), served.name.replace("-", " ").replace("_", " ").capitalize()
    summary, about = options.get("summary", title), served.declaration.source.__doc__
    if served.declaration.predicts:
        name = served.name
        router.add_api_route(path or "/", _item_handler(served), methods=["POST"], name=name, summary=summary, description=about)
        lists = _list_handler(served)
        router.add_api_route(f"{path}/batch", lists, methods=["POST"], name=f"{name}-batch", summary=f"{summary}: many")
    if served.declaration.streams:
        _add_streams(router, served, f"{path}/stream" if served.declaration.predicts else path, summary)
    return router


def _item_handler(served: ServedModel) -> Callable[..., Any]:
    predict, says_more = served.predict, _asks_more(served)

    if served.declaration.registry is not None:

        async def answer(item: Any, response: Response, version: str | None = None, **asked: Any) -> Any:
            chosen = version or served.choose_version(asked.pop("key", None))
            response.headers["model-version"] = chosen
            return await predict(item, version=chosen, **asked)

    elif says_more:

        async def answer(item: Any, **asked: Any) -> Any:  # type: ignore[misc] # the same for those with one version
            return await predict(item, **asked)

    else:
        # As predict() does it, without a second coroutine for each request.
        async def answer(item: Any) -> Any:  # type: ignore[misc] # the same for those who say nothing more
            if not served.is_started:
                await served.start()
            return await served.submit(item)

    declaration = served.declaration
    item = Parameter("item", Parameter.POSITIONAL_OR_KEYWORD, annotation=Annotated[declaration.input_type, Body()])
    parameters = [item]
    if declaration.registry is not None:
        response = Parameter("response", Parameter.POSITIONAL_OR_KEYWORD, annotation=Response)
        parameters += [response, _version_parameter()]
    return _as_handler(answer, served, parameters, declaration.output_type)


def _version_parameter() -> Parameter:
    annotation = Annotated[str | None, Query(description="The version that answers", max_length=100)]
    return Parameter("version", Parameter.POSITIONAL_OR_KEYWORD, annotation=annotation, default=None)


def _list_handler(served: ServedModel) -> Callable[..., Any]:
    declaration = served.declaration
    answer_type: Any = batch_answer(served.name, declaration.output_type)
    is_struct = is_struct_type(answer_type)
    make = answer_type if is_struct else answer_type.model_construct
    error_type: Any = ItemErrorStruct if is_struct else ItemError

    async def answer(items: list[Any], **asked: Any) -> Any:
        outcomes = await served.predict_many(items, **asked)
        errors = []
        for index, outcome in enumerate(outcomes):
            if isinstance(outcome, BaseException):
                if not isinstance(outcome, HTTPException):
                    logger.error("Item %d of a list failed in the model %s.", index, served.name, exc_info=outcome)
                errors.append(error_type(**item_error(index, outcome)))
                outcomes[index] = None
        return make(outputs=outcomes, errors=errors)

    most = declaration.options.get("max_items", 1000)
    bound = msgspec.Meta(max_length=most) if is_struct_type(declaration.input_type) else Field(max_length=most)
    annotation = Annotated[list[declaration.input_type], bound, Body()]  # type: ignore[name-defined] # read from the model
    items = Parameter("items", Parameter.POSITIONAL_OR_KEYWORD, annotation=annotation)
    return _as_handler(answer, served, [items], answer_type)


# Streams --------------------------------------------------------------------------------------------------------


def _add_streams(router: APIRouter, served: ServedModel, path: str, summary: str) -> None:
    declaration = served.declaration
    log = declaration.options.get("replay")
    content: dict[str, Any] = {str(kind): {} for kind in _FORMATS}
    responses: dict[int | str, dict[str, Any]] = {200: {"description": "Tokens as they are made", "content": content}}
    listeners = None if log is None else StreamListeners(served, log)

    async def answer(item: Any, request: Request, version: str | None = None, **asked: Any) -> Response:
        made = secrets.token_urlsafe(12)
        kind = _wanted_format(request)
        headers = {"stream-id": made}
        if declaration.registry is not None:
            version = headers["model-version"] = version or served.choose_version(asked.pop("key", None))
        # Opened before the answer begins: a model that is busy says so with a status.
        tokens = await served.open_stream(item, id=made, version=version, **asked)
        events = _events(served, tokens, made)
        if listeners is not None:
            events = listeners.record(made, events)
        return kind(events, headers=headers)

    item = Parameter("item", Parameter.POSITIONAL_OR_KEYWORD, annotation=Annotated[declaration.input_type, Body()])
    asking = Parameter("request", Parameter.POSITIONAL_OR_KEYWORD, annotation=Request)
    versions = [_version_parameter()] if declaration.registry is not None else []
    begin = _as_handler(answer, served, [item, asking, *versions], Response)
    router.add_api_route(
        path or "/", begin, methods=["POST"], name=f"{served.name}-stream", summary=f"{summary}: stream", responses=responses
    )

    async def stop(stream_id: str) -> Response:
        """Stop a stream: the model makes no further step for it."""
        if not served.is_started or not await served.stop_stream(stream_id[:100]):
            raise HTTPException(404, "There is no such stream.")
        return Response(status_code=204)

    router.add_api_route(
        f"{path}/{{stream_id}}", stop, methods=["DELETE"], name=f"{served.name}-stop", summary=f"{summary}: stop", status_code=204
    )
    if listeners is None:
        return

    async def resume(stream_id: str, request: Request) -> Response:
        """Give the events of a stream after the one that `Last-Event-ID` names, from the first without it."""
        kind = _wanted_format(request)
        if not await listeners.know(stream_id[:100]):
            raise HTTPException(404, "There is no such stream, or it is forgotten.")
        events = listeners.resume(stream_id[:100], after=request.headers.get("last-event-id"))
        return kind(events, headers={"stream-id": stream_id[:100]})

    router.add_api_route(
        f"{path}/{{stream_id}}",
        resume,
        methods=["GET"],
        name=f"{served.name}-resume",
        summary=f"{summary}: resume",
        responses=responses,
    )


class _JSONLines(JSONLinesResponse):
    """The data of events, a line each; what has a name of its own is told as an object."""

    def encode_item(self, item: Any) -> bytes:
        if not isinstance(item, ServerSentEvent):
            return super().encode_item(item)
        if item.event is None:
            return super().encode_item(item.data) if item.raw_data is None else item.raw_data.encode() + b"\n"
        data = msgspec.json.decode(item.raw_data) if item.raw_data else item.data
        return super().encode_item({item.event: data})


def _wanted_format(request: Request) -> type[EventSourceResponse | JSONLinesResponse]:
    chosen = best_match(request.headers.get("accept", ""), [str(kind) for kind in _FORMATS])
    if chosen is None:
        raise HTTPException(406, f"This is available as {', '.join(map(str, _FORMATS))}.", {"vary": "Accept"})
    return EventSourceResponse if chosen == EventSourceResponse.media_type else _JSONLines


async def _events(served: ServedModel, tokens: Any, id: str) -> AsyncIterator[Any]:
    """Tokens as events: their data, then an event named `end`, or `error` with a status and what went wrong."""
    try:
        async for token in tokens:
            yield ServerSentEvent(data=token)
        yield ServerSentEvent(event="end", data={})
    except Exception as error:  # noqa: BLE001 - the answer has begun: an event is all that is left
        told = item_error(0, error)
        del told["index"]
        yield ServerSentEvent(event="error", data=told)
    finally:
        tokens.cancel()
        served.runner.cancel(id)


# Signatures -----------------------------------------------------------------------------------------------------


def _asks_more(served: ServedModel) -> dict[str, Any]:
    options = served.declaration.options
    asked: dict[str, Any] = {}
    if "priority" in options:
        asked["priority"] = options["priority"]
    if callable(options.get("timeout")):
        asked["timeout"] = options["timeout"]
    if "split_by" in options:
        asked["key"] = options["split_by"]
    return asked


_ASKED: dict[str, Any] = {"priority": int, "timeout": float, "key": str}


def _as_handler(answer: Callable[..., Any], served: ServedModel, parameters: list[Parameter], output: Any) -> Callable[..., Any]:
    """Give a handler the signature that binding reads."""
    more = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=Depends(dependency), annotation=_ASKED[name])
        for name, dependency in _asks_more(served).items()
    ]
    answer.__signature__ = Signature([*parameters, *more], return_annotation=output)  # type: ignore[attr-defined] # read by inspect
    answer.__name__ = answer.__qualname__ = served.name.replace("-", "_").replace(".", "_")
    source = served.declaration.source
    answer.__module__ = source.__module__
    answer.__doc__ = source.__doc__ if isclass(source) or source.__doc__ else None
    return answer
