"""The page about commands keeps its promises."""

from trine.testing import run_command


def test_commands(load_example):
    app = load_example("commands").app
    assert run_command(app, "remind", "2026-05-01", "--most", "1").output == "reminded ada\n"
    assert run_command(app, "remind", "2026-05-01", "--dry-run").output == "would remind ada\nwould remind grace\n"
    assert run_command(app, "rooms", "close", "12", input="y\n").output.endswith("room 12 is closed\n")
    assert run_command(app, "rooms", "close", "12", input="n\n").exit_code == 1
