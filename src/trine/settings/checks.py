"""Settings that are unsafe in production: found before a server starts, each with its remedy."""

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Protocol, runtime_checkable

from pydantic import SecretStr

from trine.errors import SetupError

from .group import closest, known_variables
from .launch import launch
from .model import Settings

logger = logging.getLogger("trine.settings")

SHORTEST_KEY = 32
# Keys that are in everybody's tutorial, and therefore in every attacker's list.
_WELL_KNOWN = re.compile("secret|change[-_]?me|password|insecure|your[-_]|example|0123456789|abcdef")
_MAKE_KEY = 'python -c "import secrets; print(secrets.token_urlsafe(48))"'


@dataclass(frozen=True, slots=True)
class Problem:
    """A setting that is unsafe in production, and how to mend it. `name` is what `TRINE_ACCEPT_RISKS` takes."""

    name: str
    message: str
    hint: str
    where: str = ""
    acceptable: bool = True
    """Whether an operator may start production nevertheless."""

    def __str__(self) -> str:
        return str(SetupError(self.message, hint=self.hint, where=self.where))


@runtime_checkable
class Checked(Protocol):
    """A middleware or battery that knows what is unsafe about itself."""

    def check(self, settings: Any) -> "Sequence[Problem]":
        """Find what is unsafe in production; nothing where all is well."""
        ...


def find_problems(
    settings: Settings,
    *,
    debug: bool = False,
    parts: Iterable[Any] = (),
    checks: Iterable[Callable[[Any], Sequence[Problem]]] = (),
) -> list[Problem]:
    """Find everything that is unsafe in production: in the settings, in middleware and batteries that can be asked, by checks."""
    found = [*_check_hosts(settings), *_check_proxies(settings), *_check_keys(settings), *_check_unknown(settings)]
    if debug:
        hint = "Remove debug=True: `trine dev` shows errors with their source, production never does."
        found.append(Problem("debug", "The application is in debug mode: its errors show source and values to everyone.", hint))
    for part in parts:
        if isinstance(part, Checked) and not isinstance(part, type):
            found += part.check(settings)
    for check in checks:
        found += check(settings)
    return list(dict.fromkeys(found))


def refuse_problems(settings: Settings, problems: Sequence[Problem]) -> None:
    """Raise one `SetupError` for all problems; warn only, in development and where the operator accepts a risk."""
    refused = []
    for problem in problems:
        if settings.is_development:
            logger.warning("Unsafe in production: %s", problem)
        elif problem.acceptable and problem.name in settings.accept_risks:
            logger.warning("Unsafe, accepted by TRINE_ACCEPT_RISKS=%s: %s", problem.name, problem.message)
        else:
            way_out = f" If it is meant: TRINE_ACCEPT_RISKS={problem.name}" if problem.acceptable else ""
            refused.append(SetupError(problem.message, hint=problem.hint + way_out, where=problem.where))
    if refused:
        raise SetupError.together(refused, "the settings, which are unsafe in production")


def check_secret_key(settings: Settings, needed_by: str) -> list[Problem]:
    """Ask for a secret key: for the `check()` of whatever signs."""
    if settings.secret_key is not None and settings.secret_key.get_secret_value():
        return []
    message = f"{needed_by} signs values, and there is no secret key."
    return [Problem("no-secret-key", message, f"Set TRINE_SECRET_KEY to the output of: {_MAKE_KEY}", acceptable=False)]


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _check_hosts(settings: Settings) -> Iterable[Problem]:
    if "*" in settings.allowed_hosts:
        hint = "Set TRINE_ALLOWED_HOSTS to the names that you serve: example.org,.example.org"
        yield Problem("any-host", "allowed_hosts is '*': links and caches can be poisoned with any Host header.", hint)
    host = launch().host
    if host is not None and not is_loopback(host) and "allowed_hosts" not in settings.model_fields_set:
        message = f"The server listens on {host}, where others reach it, but answers to localhost alone."
        hint = "Set TRINE_ALLOWED_HOSTS to the names that you serve, such as example.org, or listen on 127.0.0.1."
        yield Problem("public-address", message, hint, acceptable=False)


def _check_proxies(settings: Settings) -> Iterable[Problem]:
    everyone = [network for network in settings.trusted_proxies if network == "*" or network.endswith("/0")]
    if everyone:
        message = f"trusted_proxies is '{everyone[0]}': any client can choose the address and host that it seems to come from."
        yield Problem("any-proxy", message, "Set TRINE_TRUSTED_PROXIES to the addresses of your proxies: 10.0.0.0/8")


def _check_keys(settings: Settings) -> Iterable[Problem]:
    named = [("secret_key", settings.secret_key), *(("secret_key_fallbacks", key) for key in settings.secret_key_fallbacks)]
    for name, key in named:
        weakness = None if key is None else weakness_of(key)
        if weakness is not None:
            # Without the value: a weak key is still somebody's secret.
            hint = f"Set TRINE_{name.upper()} to the output of: {_MAKE_KEY}"
            yield Problem("weak-secret-key", f"{name} {weakness}: signatures made with it can be forged.", hint, acceptable=False)


def weakness_of(key: SecretStr) -> str | None:
    """Why a secret key could be guessed, as the end of a sentence; None for a good one."""
    text = key.get_secret_value()
    if not text:
        return "is empty"
    if len(text) < SHORTEST_KEY:
        return f"has {len(text)} characters, and needs at least {SHORTEST_KEY}"
    if len(set(text)) < 10 or _WELL_KNOWN.search(text.lower()):
        return "is well known or easy to guess"
    return None


def _check_unknown(settings: Settings) -> Iterable[Problem]:
    known = known_variables()
    for name, variable in settings.unknown_variables():
        meant = closest(name, known)
        if name == "TRINE_MODE":
            hint = "Remove it: `trine dev` is development, and everything else is production."
        else:
            hint = f"Did you mean {meant}?" if meant else "Remove it, or install the battery that reads it."
        yield Problem("unknown-setting", f"{name} is not a setting.", hint, variable.where)
