"""The fixtures of the pytest plugin, and what loading it costs everybody who has Trine installed."""

import subprocess
import sys

import httpx2

from trine import App

pytest_plugins = ["pytester"]


def test_live_server_answers_over_a_socket(live_server):
    app = App()
    happened = []

    @app.on_event("startup")
    def up() -> None:
        happened.append("up")

    @app.get("/")
    async def index() -> str:
        return "hello"

    server = live_server(app)
    assert httpx2.get(server.url).json() == "hello"
    assert happened == ["up"]


def test_plugin_loads_nothing_but_itself():
    program = (
        "import pytest, sys; before = set(sys.modules); import trine.testing.plugin; print(*sorted(set(sys.modules) - before))"
    )
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    assert loaded == ["trine", "trine.testing", "trine.testing.plugin"]


def test_a_project_may_test_both_wires(pytester):
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(params=["asgi", "rsgi"])
        def trine_interface(request):
            return request.param
        """
    )
    pytester.makepyfile(
        """
        from trine import App

        def test_hello(client_for):
            app = App()
            app.get("/")(lambda: "hello")
            assert client_for(app).get("/").json() == "hello"
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=2)


def test_a_missing_httpx2_names_the_extra():
    program = "import sys; sys.modules['httpx2'] = None; from trine.testing import TestClient"
    run = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert run.stderr.splitlines()[-1] == (
        'ModuleNotFoundError: TestClient needs httpx2. Install it with: pip install "trine[test]"'
    )
