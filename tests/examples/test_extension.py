"""The extension in examples/extension: built, installed, and used by an application that knows nothing but its name."""

import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import pytest

from trine import App, Depends, SetupError, render_template_string
from trine.settings import Settings
from trine.testing import run_command

pytest.importorskip("hatchling")

PROGRAM = """
from trine import App
from trine_maintenance import Maintenance

app = App()
app.install(Maintenance())
"""


@pytest.fixture(scope="module")
def installed(root, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*pip, "--target", folder, root / "examples" / "extension"], check=True, capture_output=True)
    return folder


@pytest.fixture
def extension(installed, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(installed))
    return importlib.import_module("trine_maintenance")


@pytest.fixture
def app(extension) -> App:
    app = App()
    maintenance = extension.Maintenance()
    app.install(maintenance)

    @app.get("/")
    def index(reason: Annotated[str | None, Depends(maintenance.reason)]) -> dict:
        return {"closed": reason}

    @app.get("/health")
    def health(reason: Annotated[str | None, Depends(maintenance.reason)]) -> dict:
        return {"closed": reason}

    return app


def test_the_application_closes_and_opens_by_command(app, client_for):
    client = client_for(app)
    assert client.get("/").json() == {"closed": None}
    assert run_command(app, "maintenance", "on", "Back at noon.").output == "Closed: Back at noon.\n"
    closed = client.get("/")
    assert (closed.status_code, closed.text, closed.headers["retry-after"]) == (503, "Back at noon.\n", "300")
    assert client.get("/health").json() == {"closed": "Back at noon."}
    assert run_command(app, "maintenance", "status").output == "Closed: Back at noon.\n"
    assert run_command(app, "maintenance", "off").output == "Open.\n"
    assert client.get("/").status_code == 200


def test_templates_know_it_too(app, client_for):
    @app.page("/health/page")
    def page():
        return render_template_string("{{ closing_reason() }}")

    run_command(app, "maintenance", "on", "<noon>")
    assert client_for(app).get("/health/page").text == "&lt;noon&gt;"


def test_whoever_cares_is_told(app, extension):
    told = []

    def tell(sender, reason):
        told.append((sender is app, reason))

    with extension.maintenance_changed.connected_to(tell):
        run_command(app, "maintenance", "on", "Soon back.")
        run_command(app, "maintenance", "off")
    assert told == [(True, "Soon back."), (True, None)]


def test_its_settings_are_read_and_checked(extension, monkeypatch):
    monkeypatch.setenv("MAINTENANCE_OPEN_PATHS", "/")
    app = App(settings=Settings.load(dotenv=None))
    app.install(extension.Maintenance())
    with pytest.raises(SetupError, match="MAINTENANCE_OPEN_PATHS has '/': the application can never be closed"):
        app.refuse_unsafe()
    monkeypatch.setenv("MAINTENANCE_RETRY_AFTER", "soon")
    with pytest.raises(SetupError, match="MAINTENANCE_RETRY_AFTER is 'soon', but it should be a valid integer"):
        App(settings=Settings.load(dotenv=None)).install(extension.Maintenance())


def test_its_commands_stand_in_the_command_line(installed, tmp_path):
    (tmp_path / "app.py").write_text(PROGRAM)
    environment = os.environ | {"PYTHONPATH": str(installed)}
    command = [Path(sys.executable).with_name("trine")]
    shown = subprocess.run([*command, "--help"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert "maintenance" in shown.stdout.partition("Commands of app.py:")[2]
    told = subprocess.run(
        [*command, "maintenance", "on", "Soon."], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert told.stdout == "Closed: Soon.\n"
