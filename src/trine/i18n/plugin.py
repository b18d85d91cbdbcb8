"""The battery: `app.install(I18n())`."""

from collections.abc import AsyncIterable, AsyncIterator, Callable
from functools import cached_property
from inspect import iscoroutinefunction
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from trine.concurrency import run_in_thread
from trine.errors import SetupError
from trine.http import Handler, Request, Response, StreamingResponse, render_cookie
from trine.middleware.header_lines import add_vary, line_of, own_copy, set_line

from .accept import best_language
from .catalogues import load_catalogue, parse_locale
from .current import current_speaker, gettext, ngettext, npgettext, pgettext
from .settings import I18nSettings
from .speaker import RequestSpeaker, speaker, speaking

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from babel import Locale

    from trine.app import App

_YEAR = 365 * 24 * 60 * 60
Select = Callable[[Request], Any]


class I18n:
    """Speaks the visitor's language: in pages, in forms, and wherever `gettext` is called.

    The language is the first that is known of: what `select(request)` says, the path parameter or the query field
    `parameter`, the cookie, the session, the browser's `Accept-Language`, and the default. It is chosen when the first word is
    said: a request that says none pays for a middleware, and no more.
    """

    def __init__(
        self,
        settings: I18nSettings | None = None,
        *,
        select: Select | None = None,
        select_timezone: Select | None = None,
        parameter: str | None = "lang",
        cookie: str | None = "language",
        session_key: str | None = None,
    ) -> None:
        self._settings = settings
        self.select = select
        self.select_timezone = select_timezone
        self.parameter = parameter
        self.cookie = cookie
        self.session_key = session_key
        self._app: App | None = None
        self._more: list[Path] = []
        self._catalogues: dict[str, Any] = {}
        self._locales: dict[str, Locale] = {}
        self._zones: dict[str, ZoneInfo] = {}

    def setup(self, app: "App") -> None:
        """Attach to an application."""
        self._app = app
        app.extensions["i18n"] = self
        pages = app.extensions.get("pages")
        if pages is not None and "templates" in vars(pages):
            pages.templates.forget()
        app.add_middleware(self._listen)
        app.on_event("startup")(self._load)
        from .commands import add_commands

        add_commands(self, app)

    # Languages ---------------------------------------------------------------------------------------------------

    @property
    def settings(self) -> I18nSettings:
        """What was given, or the application's settings."""
        if self._settings is None:
            self._settings = I18nSettings.load() if self._app is None else self._app.settings.part(I18nSettings)
        return self._settings

    @property
    def folder(self) -> Path:
        """Where the application's own translations are."""
        return (self._app.origin if self._app is not None else Path.cwd()) / self.settings.folder

    def add_folder(self, folder: str | PathLike[str]) -> None:
        """Look for translations in another folder too, after those of the application: for extensions."""
        self._more.append(Path(folder))
        self._catalogues.clear()

    @property
    def folders(self) -> list[Path]:
        """Every folder of translations: the application's, its blueprints', its extensions', Trine's own."""
        pages = None if self._app is None else self._app.extensions.get("pages")
        parts = [] if pages is None else [blueprint.origin / self.settings.folder for blueprint in pages.blueprints()]
        own = Path(__file__).parent / "translations"
        return [folder for folder in dict.fromkeys([self.folder, *parts, *self._more, own]) if folder.is_dir()]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The languages to choose from, the default one first."""
        said = self.settings.locales
        if not said and self.folder.is_dir():
            said = tuple(sorted(path.parent.name for path in self.folder.glob("*/LC_MESSAGES") if path.is_dir()))
        return tuple(dict.fromkeys(str(parse_locale(name)) for name in (self.settings.default_locale, *said)))

    def known(self, name: Any) -> str | None:
        """The language of a name that came from outside, None where there is none. `de-AT` is `de`, where only that is there."""
        if not isinstance(name, str) or len(name) > 35 or not name.replace("_", "-").replace("-", "").isalnum():
            return None
        return best_language(name.replace("_", "-"), self.names)

    def locale(self, name: str) -> "Locale":
        """A language with its formats."""
        if name not in self._locales:
            self._locales[name] = parse_locale(name)
        return self._locales[name]

    def catalogue(self, name: str) -> Any:
        """The messages of a language, loaded once."""
        if name not in self._catalogues:
            self._catalogues[name] = load_catalogue(self.locale(name), self.folders)
        return self._catalogues[name]

    def zone(self, name: Any) -> ZoneInfo:
        """A time zone by its name; the usual one for a name that nobody knows."""
        if isinstance(name, ZoneInfo):
            return name
        if name not in self._zones:
            try:
                found = ZoneInfo(str(name))
            except (ZoneInfoNotFoundError, ValueError, OSError):
                # A name of a visitor's is not kept: there is no end of them.
                return ZoneInfo(self.settings.timezone)
            self._zones[name] = found
        return self._zones[name]

    def force_locale(self, name: str, timezone: str | None = None) -> "AbstractContextManager[None]":
        """Speak a language while inside, whoever asks: for mail, tasks and scripts."""
        chosen = self.known(name)
        if chosen is None:
            raise LookupError(f"The language '{name}' is not spoken here. There are {', '.join(self.names)}.")
        return speaking(RequestSpeaker(self, lambda: chosen, lambda: timezone or self.settings.timezone))

    def remember_locale(self, response: Response, name: str) -> Response:
        """Let a browser ask for a language from now on, by a cookie."""
        chosen = self.known(name)
        if chosen is None or self.cookie is None:
            raise LookupError(f"The language '{name}' is not spoken here. There are {', '.join(self.names)}.")
        response.headers.append("set-cookie", render_cookie(self.cookie, chosen, max_age=_YEAR, path="/", samesite="lax"))
        return response

    @property
    def url_values(self) -> dict[str, Callable[[], str]]:
        """What pages add to addresses whose path has the parameter: links stay in the language that is spoken."""
        return {} if self.parameter is None else {self.parameter: self._spoken}

    def _spoken(self) -> str:
        found = speaker()
        return (self.names[0] if found is None else found.name).replace("_", "-")

    # Requests ----------------------------------------------------------------------------------------------------

    def _listen(self, handler: Handler) -> Handler:
        """Say who speaks while a request is answered, and tell caches what the answer depends on."""
        waits = iscoroutinefunction(self.select)
        waits_for_zone = iscoroutinefunction(self.select_timezone)

        async def with_language(request: Request) -> Response:
            selected = await self.select(request) if waits and self.select is not None else None
            zone = await self.select_timezone(request) if waits_for_zone and self.select_timezone is not None else None
            asked: list[str] = []
            found = RequestSpeaker(
                self,
                lambda: self._choose(request, selected, asked),
                lambda: zone or self._zone_of(request),
            )
            token = current_speaker.set(found)
            try:
                response = await handler(request)
                if isinstance(response, StreamingResponse) and response.body is None:
                    # Nobody can say later what the answer depends on.
                    _ = found.name
                    response.body_iterator = _in_language(found, response.body_iterator)
            finally:
                current_speaker.reset(token)
            return _told(response, found, asked) if found.has_spoken else response

        return with_language

    def _choose(self, request: Request, selected: Any, asked: list[str]) -> str:
        if self.select is not None and selected is None and not iscoroutinefunction(self.select):
            selected = self.select(request)
        if selected is not None and (chosen := self.known(str(selected))):
            asked.append("Cookie")
            return chosen
        if self.parameter is not None:
            said = request.path_params.get(self.parameter)
            if said is None and self.parameter in request.query_string:
                said = request.query_params.get(self.parameter)
            if said is not None and (chosen := self.known(said)):
                return chosen
        if self.cookie is not None:
            asked.append("Cookie")
            if chosen := self.known(request.cookies.get(self.cookie)):
                return chosen
        if self.session_key is not None and request.session_loader is not None:
            asked.append("Cookie")
            if chosen := self.known(request.session.get(self.session_key)):
                return chosen
        asked.append("Accept-Language")
        return best_language(",".join(request.headers.getlist("accept-language")), self.names) or self.names[0]

    def _zone_of(self, request: Request) -> Any:
        found = (
            None if self.select_timezone is None or iscoroutinefunction(self.select_timezone) else self.select_timezone(request)
        )
        return found or self.settings.timezone

    # Start, and templates ----------------------------------------------------------------------------------------

    async def _load(self) -> None:
        try:
            ZoneInfo(self.settings.timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            hint = "Write it as 'Europe/Berlin'; where the system knows none, install tzdata."
            raise SetupError(f"TRINE_I18N_TIMEZONE is '{self.settings.timezone}', which is no time zone.", hint=hint) from error
        for name in self.names:
            await run_in_thread(self.catalogue, name)

    def prepare_templates(self, environment: Any) -> None:
        """Let templates speak: `{% trans %}`, `_()`, and formats as functions and filters."""
        from . import formats

        environment.add_extension("jinja2.ext.i18n")
        environment.policies["ext.i18n.trimmed"] = True
        environment.install_gettext_callables(gettext, ngettext, newstyle=True, pgettext=pgettext, npgettext=npgettext)
        for name in ("date", "datetime", "time", "timedelta", "number", "percent", "currency", "list"):
            function = getattr(formats, f"format_{name}")
            environment.globals[f"format_{name}"] = environment.filters[f"format_{name}"] = function
        environment.globals["get_locale"] = formats.get_locale


def _told(response: Response, found: RequestSpeaker, asked: list[str]) -> Response:
    answer = own_copy(response)
    headers = list(dict.fromkeys(asked))
    if headers and line_of(answer, "vary") is None:
        set_line(answer, "vary", ", ".join(headers))
    else:
        for header in headers:
            add_vary(answer, header)
    if line_of(answer, "content-language") is None:
        set_line(answer, "content-language", found.name.replace("_", "-"))
    return answer


async def _in_language(found: RequestSpeaker, source: AsyncIterable[Any]) -> AsyncIterator[Any]:
    """Step a stream with its visitor's language, which is nobody else's between two steps."""
    iterator = aiter(source)
    try:
        while True:
            with speaking(found):
                try:
                    item = await anext(iterator)
                except StopAsyncIteration:
                    return
            yield item
    finally:
        close = getattr(iterator, "aclose", None)
        if close is not None:
            await close()
