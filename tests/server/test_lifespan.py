"""Start and stop: several lifespans, and an application that runs without a server."""

from contextlib import asynccontextmanager

import pytest

from trine import App
from trine.testing import TestClient


def told_by(told: list[str], name: str):
    @asynccontextmanager
    async def lifespan(app):
        told.append(f"{name} enters")
        yield {name: "here"}
        told.append(f"{name} leaves")

    return lifespan


def test_lifespans_are_entered_in_order_and_left_the_other_way_round():
    told: list[str] = []
    app = App(lifespan=told_by(told, "first"))
    app.add_lifespan(told_by(told, "second"))
    with TestClient(app):
        assert app.lifespan_state == {"first": "here", "second": "here"}
    assert told == ["first enters", "second enters", "second leaves", "first leaves"]


async def test_an_application_runs_without_a_server_while_inside():
    told: list[str] = []
    app = App(lifespan=told_by(told, "app"))
    async with app.running():
        assert told == ["app enters"]
        async with app.running():
            assert told == ["app enters"]
        assert told == ["app enters"]
    assert told == ["app enters", "app leaves"]


async def test_what_fails_inside_leaves_the_lifespan():
    told: list[str] = []
    app = App(lifespan=told_by(told, "app"))

    @app.on_event("shutdown")
    def stop():
        told.append("stopped")

    with pytest.raises(LookupError):
        async with app.running():
            raise LookupError
    assert told == ["app enters", "stopped", "app leaves"]
