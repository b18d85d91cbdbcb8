"""What the pages about versions and monitoring promise happens."""

from click.testing import CliRunner

from trine.cli.main import cli


def test_model_versions(client_of, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    client = client_of("model_versions")
    answer = client.post("/price", json={"rooms": 3, "area": 90})
    assert round(answer.json()) == 450_000
    assert answer.headers["model-version"] == "1"
    listed = CliRunner().invoke(cli, ["models", "list", "prices"]).output.split()
    assert (listed[:2], listed[3:5]) == (["prices", "1"], ["npy", "default"])
    assert "Models" in client.get("/models/monitor").text
