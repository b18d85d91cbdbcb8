"""What pages tell whoever cares."""

import pytest

from trine import HTTPException, SetupError, flash, render_template, stream_template
from trine.pages.signals import got_request_exception, message_flashed, request_finished, request_started, template_rendered


@pytest.fixture
def app(site):
    app = site({"hello.html": "Hello {{ name }}"})

    @app.context_processor
    def names():
        return {"name": "Ada"}

    @app.page("/")
    def index():
        flash("Saved.", "success")
        return render_template("hello.html", more=1)

    @app.page("/stream")
    def stream():
        return stream_template("hello.html")

    @app.page("/broken")
    def broken():
        raise LookupError("nothing there")

    @app.page("/refused")
    def refused():
        raise HTTPException(410)

    return app


def test_a_page_tells_its_beginning_its_template_its_messages_and_its_end(app, browser_for):
    told = []

    def started(sender, request):
        told.append(("started", sender is app, request.path))

    def rendered(sender, template, context):
        told.append((template.name, context))

    def flashed(sender, message, category):
        told.append((message, category))

    async def finished(sender, response):
        told.append(("finished", response.status_code))

    with (
        request_started.connected_to(started, app),
        template_rendered.connected_to(rendered, app),
        message_flashed.connected_to(flashed),
        request_finished.connected_to(finished),
    ):
        browser = browser_for(app)
        browser.get("/")
        browser.get("/stream")
    assert told == [
        ("started", True, "/"),
        ("Saved.", "success"),
        ("hello.html", {"name": "Ada", "more": 1}),
        ("finished", 200),
        ("started", True, "/stream"),
        ("hello.html", {"name": "Ada"}),
        ("finished", 200),
    ]


def test_what_nobody_expected_is_told_and_refusals_are_not(app, browser_for):
    told = []

    def failed(sender, exception):
        told.append(repr(exception))
        raise RuntimeError("a receiver that fails changes nothing")

    with got_request_exception.connected_to(failed):
        browser = browser_for(app, raise_server_exceptions=False)
        assert browser.get("/broken").status_code == 500
        assert browser.get("/refused").status_code == 410
    assert told == ["LookupError('nothing there')"]


def test_what_is_told_from_plain_code_takes_plain_receivers():
    async def rendered(sender): ...

    with pytest.raises(SetupError, match="is async, and the signal 'template_rendered' is sent where nothing can be awaited"):
        template_rendered.connect(rendered)
