"""`CRUD`: the routes that a model needs, typed by its schemas, under the application's permissions."""

import inspect
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import create_model

from trine.binding import Body, Query
from trine.concurrency import maybe_await
from trine.errors import HTTPException, RequestValidationError, SetupError
from trine.http import Request
from trine.lists import Filters, OrderBy, Page, Search
from trine.routing import APIRouter

from .errors import IntegrityError, did_you_mean
from .fields import MISSING
from .schemas import relation_paths, schema_of
from .scope import column_of
from .transaction import atomic
from .validation import InvalidInstance

Action = Literal["list", "read", "create", "update", "delete", "replace", "create_many", "delete_many"]
ACTIONS: tuple[Action, ...] = ("list", "read", "create", "update", "delete")
ALL_ACTIONS: tuple[Action, ...] = (*ACTIONS, "replace", "create_many", "delete_many")
_SAME: dict[Action, Action] = {"replace": "update", "create_many": "create", "delete_many": "delete"}
"""What somebody must be allowed to do to a row for these."""
_MANY = 1000
"""So many rows one request makes or deletes at most."""
Allow = Callable[[Request, Action, Any], bool | Awaitable[bool]]
Scope = Callable[[Request, Any], Any]


class CRUD(APIRouter):
    """Routes for the rows of a model: `app.include_router(CRUD(Article), prefix="/articles")`.

    GET and POST for the list; GET, PATCH and DELETE for a row. `read`, `create` and `update` are schemas, made of the model where
    they are not given. `filters` names lookups that clients may use (`title__icontains`), `order_by` fields to order by, `search`
    fields to search in. Who may do what: `dependencies` for all routes, `permissions` for single actions,
    `allow(request, action, instance)` for each row, and `scope(request, rows)` narrows the rows that a request sees at all.

    Three more are there where `actions` names them: `replace`, a PUT in which what is left out gets its default; `create_many`, a
    POST of a list to `/bulk`; and `delete_many`, a DELETE with `?key=1&key=2`. They are all or nothing, and ask for the
    permissions of `update`, `create` and `delete`.
    """

    def __init__(
        self,
        model: type[Any],
        *,
        read: Any = None,
        create: Any = None,
        update: Any = None,
        actions: Collection[Action] = ACTIONS,
        filters: Sequence[str] | type[Filters] = (),
        order_by: Sequence[str] = (),
        search: Sequence[str] = (),
        page: Any = Page,
        permissions: Mapping[Action, Sequence[Any]] | None = None,
        allow: Allow | None = None,
        scope: Scope | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**{"tags": [model.__options__.verbose_name_plural], **options})
        _refuse_unknown(model, actions, permissions or {})
        self.model = model
        self.read_schema = read or schema_of(model)
        self.create_schema = create or schema_of(model, mode="create")
        self.update_schema = update or schema_of(model, mode="update")
        self.page_model = page
        self.filters: Any = filters if inspect.isclass(filters) else _make_filters(model, filters, order_by, search)
        self._allow = allow
        self._scope = scope
        self._one, self._many = relation_paths(self.read_schema)
        self._permissions = permissions or {}
        for action in ALL_ACTIONS:
            if action in actions:
                getattr(self, f"_add_{action}")()

    # Routes -----------------------------------------------------------------------------------------------------

    def _options(self, action: Action) -> dict[str, Any]:
        name, plural = self.model.__options__.verbose_name, self.model.__options__.verbose_name_plural
        words: dict[Action, str] = {
            "list": f"List {plural}",
            "read": f"Read {_article(name)}",
            "create": f"Create {_article(name)}",
            "update": f"Change {_article(name)}",
            "delete": f"Delete {_article(name)}",
            "replace": f"Replace {_article(name)}",
            "create_many": f"Create several {plural}",
            "delete_many": f"Delete several {plural}",
        }
        called = f"{action}_{name.replace(' ', '_')}"
        guards = self._permissions.get(action)
        if guards is None:
            # Whoever guards a single deletion means the one of several too.
            guards = self._permissions.get(_SAME.get(action, action), ())
        return {"name": called, "summary": words[action], "dependencies": list(guards)}

    def _add_list(self) -> None:
        async def list_rows(request: Request, asked: Any) -> Any:
            await self._check(request, "list", None)
            rows = asked.apply(self._rows(request))
            return rows if rows.ordering else rows.order_by(*self.model.__keys__)

        list_rows.__annotations__["asked"] = self.filters
        self.get("", response_model=self.page_model[self.read_schema], **self._options("list"))(list_rows)

    def _add_create(self) -> None:
        async def create_row(request: Request, body: Any) -> Any:
            await self._check(request, "create", body)
            async with atomic():
                instance = await _written(body, body.create())
                return await self._row(request, instance.pk)

        create_row.__annotations__["body"] = self.create_schema
        created: dict[str, Any] = {"status_code": 201, "responses": {409: {"description": "It would not be unique."}}}
        self.post("", response_model=self.read_schema, **created, **self._options("create"))(create_row)

    def _add_read(self) -> None:
        async def read_row(request: Request, key: Any) -> Any:
            instance = await self._row(request, key)
            await self._check(request, "read", instance)
            return instance

        read_row.__annotations__["key"] = self._key_type()
        self.get("/{key}", response_model=self.read_schema, **self._options("read"))(read_row)

    def _add_update(self) -> None:
        async def update_row(request: Request, key: Any, body: Any) -> Any:
            async with atomic():
                instance = await self._row(request, key)
                await self._check(request, "update", instance)
                await _written(body, body.update(instance))
                return await self._row(request, key)

        update_row.__annotations__ |= {"key": self._key_type(), "body": self.update_schema}
        self.patch("/{key}", response_model=self.read_schema, **self._options("update"))(update_row)

    def _add_delete(self) -> None:
        async def delete_row(request: Request, key: Any) -> None:
            instance = await self._row(request, key)
            await self._check(request, "delete", instance)
            try:
                await instance.delete()
            except IntegrityError as error:
                raise HTTPException(409, "It cannot be deleted: others refer to it.") from error

        delete_row.__annotations__["key"] = self._key_type()
        self.delete("/{key}", status_code=204, **self._options("delete"))(delete_row)

    def _add_replace(self) -> None:
        async def replace_row(request: Request, key: Any, body: Any) -> Any:
            async with atomic():
                instance = await self._row(request, key)
                await self._check(request, "update", instance)
                values, emptied = _left_out(self.model, body)
                await _written(body, body.update(instance, **values))
                for name in emptied:
                    await getattr(instance, name).set([])
                return await self._row(request, key)

        replace_row.__annotations__ |= {"key": self._key_type(), "body": self.create_schema}
        self.put("/{key}", response_model=self.read_schema, **self._options("replace"))(replace_row)

    def _add_create_many(self) -> None:
        async def create_rows(request: Request, body: Any) -> Any:
            async with atomic():
                keys = []
                for number, one in enumerate(body):
                    await self._check(request, "create", one)
                    keys.append((await _written(body, one.create(), number)).pk)
                return await self._several(request, keys)

        create_rows.__annotations__["body"] = Annotated[list[self.create_schema], Body(min_length=1, max_length=_MANY)]  # type: ignore[name-defined] # a schema
        created: dict[str, Any] = {"status_code": 201, "responses": {409: {"description": "One would not be unique."}}}
        self.post("/bulk", response_model=list[self.read_schema], **created, **self._options("create_many"))(create_rows)  # type: ignore[name-defined] # a schema

    def _add_delete_many(self) -> None:
        async def delete_rows(request: Request, key: Any) -> None:
            async with atomic():
                instances = await self._several(request, key)
                for instance in instances:
                    await self._check(request, "delete", instance)
                try:
                    for instance in instances:
                        await instance.delete()
                except IntegrityError as error:
                    raise HTTPException(409, "One of them cannot be deleted: others refer to it.") from error

        delete_rows.__annotations__["key"] = Annotated[list[self._key_type()], Query(min_length=1, max_length=_MANY)]  # type: ignore[misc] # the key's
        self.delete("", status_code=204, **self._options("delete_many"))(delete_rows)

    # Rows -------------------------------------------------------------------------------------------------------

    def _rows(self, request: Request) -> Any:
        rows: Any = self.model.objects.all()
        return rows if self._scope is None else self._scope(request, rows)

    async def _several(self, request: Request, keys: Sequence[Any]) -> list[Any]:
        found = {instance.pk: instance for instance in await self._related(request).filter(pk__in=list(keys))}
        wanted = dict.fromkeys(keys)
        if any(key not in found for key in wanted):
            raise HTTPException(404)
        return [found[key] for key in wanted]

    def _related(self, request: Request) -> Any:
        rows = self._rows(request)
        if self._one:
            rows = rows.select_related(*self._one)
        return rows.prefetch_related(*self._many) if self._many else rows

    async def _row(self, request: Request, key: Any) -> Any:
        instance = await self._related(request).filter(pk=key).first()
        if instance is None:
            raise HTTPException(404)
        return instance

    async def _check(self, request: Request, action: Action, instance: Any) -> None:
        if self._allow is not None and not await maybe_await(self._allow(request, action, instance)):
            raise HTTPException(403)

    def _key_type(self) -> Any:
        keys = self.model.__keys__
        if len(keys) != 1:
            raise SetupError(
                f"CRUD({self.model.__name__}) has no path for a key of {len(keys)} columns.",
                hint="Write its routes by hand, or say actions=['list', 'create'].",
            )
        made = self.model.__fields__.get(keys[0])
        return int if made is None else made.python_type


def _left_out(model: type[Any], body: Any) -> tuple[dict[str, Any], list[str]]:
    """The defaults of what a whole row leaves out, and the relations to many rows that it empties."""
    values, emptied = {}, []
    for name in type(body).model_fields.keys() - body.model_fields_set:
        made = model.__fields__.get(name) or _by_column(model, name)
        if made is None or made is _KEY:
            continue
        if made.kind == "many":
            emptied.append(name)
        elif (value := made.make_default()) is not MISSING:
            values[made.attname] = value
        elif made.is_null:
            values[made.attname] = None
    return values, emptied


async def _written(body: Any, writing: Awaitable[Any], *place: int) -> Any:
    """Write, and say in the client's words what does not fit."""
    try:
        return await writing
    except InvalidInstance as error:
        failures = [{**failure, "loc": ("body", *place, *failure["loc"])} for failure in error.errors()]
        raise RequestValidationError(failures, body=body) from error
    except IntegrityError as error:
        raise HTTPException(409, "A row like this is there already, or refers to one that is not.") from error


def _make_filters(model: type[Any], lookups: Sequence[str], order_by: Sequence[str], search: Sequence[str]) -> type[Filters]:
    fields: dict[str, Any] = {lookup: (_lookup_type(model, lookup), None) for lookup in lookups}
    if order_by:
        fields["order_by"] = (Annotated[list[str] | None, OrderBy(*order_by)], None)
    if search:
        fields["search"] = (Annotated[str | None, Search(*search)], None)
    made: type[Filters] = create_model(f"{model.__name__}Filters", __base__=Filters, __module__=model.__module__, **fields)
    return made


_ENDINGS = {"isnull": bool}
_LISTS = ("in", "range")


def _lookup_type(model: type[Any], lookup: str) -> Any:
    """What a client may say for a lookup: a value of its field, several of them, or yes and no."""
    parts, current, kind = lookup.split("__"), model, None
    for number, part in enumerate(parts):
        relation = current.__relations__.get(part)
        if relation is not None:
            current, kind = relation.target, int
            continue
        made = current.__fields__.get(part) or _by_column(current, part)
        if made is None and number == 0:
            known = {*current.__fields__, *current.__relations__}
            raise SetupError(f"CRUD({model.__name__}) filters by '{lookup}', which it has not. {did_you_mean(part, known)}")
        if made is None:
            if part in _ENDINGS:
                return _ENDINGS[part] | None
            if part in _LISTS:
                return list[kind] | None  # type: ignore[valid-type] # the field's
            break
        kind = _plain_type(made)
    return (kind or str) | None


def _plain_type(made: Any) -> Any:
    if made.kind == "foreign_key":
        return int
    return made.python_type


def _by_column(model: type[Any], name: str) -> Any:
    if column_of(model, name) is None:
        return None
    return next((made for made in model.__fields__.values() if name in (made.attname, made.name)), None) or _KEY


class _Key:
    """The key that a model gets without saying so."""

    kind = "column"
    python_type = int


_KEY = _Key()


def _refuse_unknown(model: type[Any], actions: Collection[str], permissions: Mapping[Any, Any]) -> None:
    for action in [*actions, *permissions]:
        if action not in ALL_ACTIONS:
            raise SetupError(f"CRUD({model.__name__}) is told of '{action}'. {did_you_mean(action, ALL_ACTIONS)}")


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
