"""What the handlers answer, and the providers of the dependencies workload as plain functions."""

from dataclasses import dataclass
from typing import Any

TEXT = "Hello, World!"

GROUPS = range(100)
"""Many routes: each group has one static and one dynamic route, so 200 in all, half of them dynamic."""


def message() -> dict[str, Any]:
    """Return the small JSON answer: an object of three fields, built anew for every request."""
    return {"id": 7, "name": "Ada Lovelace", "active": True}


UPLOADED = {"size": 10 * 1024 * 1024}
"""The answer to the upload, for whoever reads it without parsing it."""


def short() -> dict[str, Any]:
    """Return the sync handler's answer: two fields."""
    return {"id": 7, "kind": "sync"}


@dataclass(frozen=True, slots=True)
class Account:
    """Whose request it is, as the second provider knows it."""

    tenant: str
    session: str


@dataclass(frozen=True, slots=True)
class User:
    """Who asks, as the third provider knows it."""

    name: str
    tenant: str
    writer: bool


def find_tenant(x_tenant: str) -> str:
    """Return the tenant that the header names: the first provider's work."""
    return x_tenant.lower()


def open_account(session: str, tenant: str) -> Account:
    """Return the account behind the session cookie: the second provider's work."""
    return Account(tenant, session)


def find_user(account: Account) -> User:
    """Return the account's user: the third provider's work."""
    return User(account.session, account.tenant, not account.session.startswith("guest-"))


def describe(user: User) -> dict[str, Any]:
    """Return the dependencies workload's answer: three fields."""
    return {"user": user.name, "tenant": user.tenant, "writer": user.writer}


async def tenant_of(x_tenant: str) -> str:
    """Find the tenant, as the first of three nested async providers."""
    return find_tenant(x_tenant)


async def account_of(session: str, x_tenant: str) -> Account:
    """Open the account, as the second of three nested async providers."""
    return open_account(session, await tenant_of(x_tenant))


async def user_of(session: str, x_tenant: str) -> User:
    """Find the user, as the last of three nested async providers."""
    return find_user(await account_of(session, x_tenant))
