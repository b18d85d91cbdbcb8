"""The registry: versions are published as a whole, never change, and are checked whenever they are loaded."""

import json
import threading
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from trine import App
from trine.cli.main import cli
from trine.serving import LoadContext, ModelFileError, Registry, RegistryError, load_model, models_of
from trine.storage import Storage
from trine.testing import AsyncTestClient, TestClient

from ..services import S3_OPTIONS


@pytest.fixture(params=["folder", "bucket"])
def registry(request, tmp_path):
    """A registry in a folder, and one whose files must be fetched, as from a bucket."""
    if request.param == "folder":
        return Registry(tmp_path / "models")
    return Registry(Storage("memory://", name="models"), cache=tmp_path / "cache")


@pytest.fixture
def weights(tmp_path):
    def make(value):
        path = tmp_path / f"made-{value}" / "weights.npy"
        path.parent.mkdir(exist_ok=True)
        np.save(path, np.full(3, value))
        return path

    return make


def test_a_version_is_published_and_fetched(registry, weights):
    published = registry.publish("digits", weights(1), metrics={"accuracy": 0.9}, description="first")
    assert (published.version, published.format, published.metrics) == ("1", "npy", {"accuracy": 0.9})
    folder, known = registry.fetch("digits")
    assert known == published == registry.version("digits", "1")
    assert load_model(folder / "weights.npy").tolist() == [1, 1, 1]
    assert registry.models() == ["digits"]


def test_versions_are_numbered_and_the_first_is_the_default(registry, weights):
    for value in (1, 2, 3):
        registry.publish("digits", weights(value))
    assert [one.version for one in registry.versions("digits")] == ["1", "2", "3"]
    assert registry.release("digits").default == "1"
    registry.publish("digits", weights(4), version="best", promote=True)
    assert registry.release("digits").default == "best"


def test_versions_never_change(registry, weights):
    registry.publish("digits", weights(1), version="a")
    with pytest.raises(RegistryError, match="There is a version 'a' of 'digits' already, and versions never change"):
        registry.publish("digits", weights(2), version="a")
    assert load_model(registry.fetch("digits", "a")[0] / "weights.npy").tolist() == [1, 1, 1]


def test_publishers_at_the_same_time_get_versions_of_their_own(registry, weights):
    paths = [weights(value) for value in range(8)]
    found, start = [], threading.Barrier(8)

    def publish(path):
        start.wait()
        found.append((registry.publish("digits", path).version, path))

    threads = [threading.Thread(target=publish, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(version for version, _ in found) == sorted(map(str, range(1, 9)))
    for version, path in found:
        assert (registry.fetch("digits", version)[0] / "weights.npy").read_bytes() == path.read_bytes()


def test_changes_at_the_same_time_do_not_undo_each_other(registry, weights):
    for value in range(9):
        registry.publish("digits", weights(value))
    start = threading.Barrier(9)

    def promote(version):
        start.wait()
        registry.promote("digits", version) if version != "1" else registry.shadow("digits", "9")

    threads = [threading.Thread(target=promote, args=(str(number),)) for number in range(1, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    release = registry.release("digits")
    # Each of eight was the default once, and is in the history or the default now.
    assert sorted([*release.history, release.default]) == [str(number) for number in range(1, 10)]


def test_what_was_not_published_to_its_end_is_not_there(registry, weights, monkeypatch):
    save = type(registry.storage.sync).save

    def fail_at_manifest(self, name, content, **options):
        if name.endswith("manifest.json"):
            raise OSError("the disk is full")
        return save(self, name, content, **options)

    monkeypatch.setattr(type(registry.storage.sync), "save", fail_at_manifest)
    with pytest.raises(OSError, match="full"):
        registry.publish("digits", weights(1))
    monkeypatch.undo()
    assert registry.models() == []
    assert registry.versions("digits") == []
    assert registry.publish("digits", weights(1)).version == "1"


def test_promote_and_roll_back(registry, weights):
    for value in (1, 2, 3):
        registry.publish("digits", weights(value))
    registry.promote("digits", "2")
    registry.promote("digits", "3")
    assert registry.rollback("digits").default == "2"
    assert registry.rollback("digits").default == "1"
    with pytest.raises(RegistryError, match="'digits' had no default before '1'"):
        registry.rollback("digits")
    with pytest.raises(RegistryError, match=r"There is no version '9' of 'digits'. There are 1, 2, 3."):
        registry.promote("digits", "9")


def test_traffic_is_split_and_a_shadow_named(registry, weights):
    for value in (1, 2, 3):
        registry.publish("digits", weights(value))
    registry.split("digits", {"2": 0.25})
    release = registry.shadow("digits", "3")
    assert (release.default, release.traffic, release.shadow, release.versions) == ("1", {"2": 0.25}, "3", ("1", "2", "3"))
    for shares in ({"2": 0.7, "3": 0.7}, {"2": -0.1}, {"1": 0.5}, {"9": 0.1}):
        with pytest.raises(RegistryError):
            registry.split("digits", shares)
    # Who is promoted has no share beside that any more.
    assert registry.promote("digits", "2").traffic == {}
    assert registry.shadow("digits", None).shadow is None


def test_versions_that_answer_are_not_deleted(registry, weights):
    for value in (1, 2):
        registry.publish("digits", weights(value))
    with pytest.raises(RegistryError, match="Version '1' of 'digits' answers requests"):
        registry.delete("digits", "1")
    registry.delete("digits", "2")
    assert [one.version for one in registry.versions("digits")] == ["1"]
    assert [file.name for file in registry.storage.sync.list() if "/2/" in file.name] == []


def stored(registry, ending):
    return next(file.name for file in registry.storage.sync.list() if file.name.endswith(ending))


def test_a_file_that_was_changed_is_not_fetched(registry, weights):
    registry.publish("digits", weights(1))
    name = stored(registry, ".npy")
    whole = registry.storage.sync.read(name)
    for content in (whole[:-1] + b"x", whole[:-1], b""):
        registry.storage.sync.save(name, content, if_exists="replace")
        with pytest.raises(ModelFileError, match="it was changed or cut off"):
            registry.fetch("digits")
    registry.storage.sync.delete(name)
    with pytest.raises(RegistryError, match=r"weights.npy is missing"):
        registry.fetch("digits")


def test_a_file_that_was_changed_after_it_was_fetched_is_fetched_again(tmp_path, weights):
    registry = Registry(Storage("memory://", name="models"), cache=tmp_path / "cache")
    registry.publish("digits", weights(1))
    path = registry.fetch("digits")[0] / "weights.npy"
    whole = path.read_bytes()
    path.write_bytes(b"changed")
    assert (registry.fetch("digits")[0] / "weights.npy").read_bytes() == whole


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"model": "other"}', b'{"files": [{"name": "../x", "size": 1, "sha256": "0"}]}']
)
def test_a_broken_manifest_is_named(registry, weights, content):
    registry.publish("digits", weights(1))
    whole = json.loads(registry.storage.sync.read("digits/1/manifest.json"))
    if content.startswith(b"{") and len(content) > 1:
        content = json.dumps({**whole, **json.loads(content)}).encode()
    registry.storage.sync.save("digits/1/manifest.json", content, if_exists="replace")
    with pytest.raises(RegistryError, match="manifest of 'digits' 1"):
        registry.fetch("digits", "1")


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "x" * 101])
def test_names_stay_in_their_folder(registry, weights, name):
    with pytest.raises(RegistryError, match="cannot be called"):
        registry.publish(name, weights(1))
    with pytest.raises(RegistryError, match="cannot be called"):
        registry.fetch("digits", name or ".")


def test_manifests_are_small(registry, weights):
    with pytest.raises(RegistryError, match="keep statistics, not data"):
        registry.publish("digits", weights(1), statistics={"x": "y" * 3_000_000})


def test_a_served_model_loads_its_version_from_the_registry(registry, weights):
    registry.publish("factor", weights(3), version="1")
    app = App()

    @app.model("/times", name="factor", registry=registry)
    class Times:
        def load(self, context: LoadContext) -> None:
            assert context.path is not None
            assert context.about["files"][0]["name"] == "weights.npy"
            self.factor = int(load_model(context.path / "weights.npy")[0])

        def predict(self, items: list[int]) -> list[int]:
            return [item * self.factor for item in items]

    with TestClient(app) as client:
        assert client.post("/times", json=2).json() == 6


# The command line ------------------------------------------------------------------------------------------------


async def test_a_served_model_follows_a_registry_in_a_bucket(s3_endpoint, tmp_path, weights):
    storage = Storage(f"s3://files/{tmp_path.name}", options={**S3_OPTIONS, "endpoint": s3_endpoint}, name="models")
    registry = Registry(storage, cache=tmp_path / "cache")
    for value in (1, 2, 3):
        registry.publish("times", weights(value))
    with pytest.raises(RegistryError, match="There is a version '2' of 'times' already"):
        registry.publish("times", weights(4), version="2")
    app = App()

    @app.model("/times", name="times", registry=registry)
    class Times:
        def load(self, context: LoadContext) -> None:
            self.factor = int(load_model(context.path / "weights.npy")[0])

        def predict(self, items: list[int]) -> list[int]:
            return [item * self.factor for item in items]

    async with AsyncTestClient(app) as client:
        assert (await client.post("/times", json=10)).json() == 10
        registry.promote("times", "2")
        await models_of(app).refresh()
        assert (await client.post("/times", json=10)).json() == 20
        # What was changed in the bucket never answers.
        (name,) = [file.name for file in storage.sync.list("times/3") if file.name.endswith("weights.npy")]
        storage.sync.save(name, weights(9).read_bytes(), if_exists="replace")
        registry.promote("times", "3")
        await models_of(app).refresh()
        assert (await client.post("/times", json=10)).json() == 20
    with pytest.raises(ModelFileError, match="it was changed or cut off"):
        registry.fetch("times", "3")


def run(folder, *arguments):
    found = CliRunner().invoke(cli, ["models", "--registry", str(folder), *map(str, arguments)])
    return found.exit_code, found.output.strip()


def test_commands(tmp_path, weights):
    folder = tmp_path / "models"
    assert run(folder, "list") == (0, "There is nothing yet: trine models publish NAME FILE")
    published = run(folder, "publish", "digits", weights(1), "--metric", "accuracy=0.9")
    assert published == (0, "digits 1: 1 files, 152 bytes. It is the default.")
    statistics = tmp_path / "statistics.json"
    statistics.write_text('{"features": {}}')
    assert run(folder, "publish", "digits", weights(2), "--statistics", statistics) == (0, "digits 2: 1 files, 152 bytes.")
    assert run(folder, "split", "digits", "2=0.1") == (0, "digits: 1 answers 90%, 2 10%.")
    assert run(folder, "shadow", "digits", "2") == (0, "digits: 1 answers 90%, 2 10%. Shadow: 2.")
    lines = run(folder, "list", "digits")[1].splitlines()
    assert [line.split()[1] for line in lines] == ["1", "2"]
    assert lines[0].endswith("npy  default  accuracy=0.9")
    assert lines[1].endswith("npy  10%, shadow")
    assert run(folder, "promote", "digits", "2") == (0, "digits: 2 answers 100%.")
    assert run(folder, "rollback", "digits") == (0, "digits: 1 answers 100%.")
    assert run(folder, "verify", "digits")[1].splitlines()[1] == "digits 2: 1 files are as they were published."
    assert json.loads(run(folder, "show", "digits", "2")[1])["statistics"] == {"features": {}}
    assert [row["role"] for row in json.loads(run(folder, "list", "--json")[1])] == ["default", ""]
    assert run(folder, "delete", "digits", "2") == (0, "digits 2 is gone.")


def test_commands_tell_mistakes_in_a_line(tmp_path, weights):
    folder = tmp_path / "models"
    run(folder, "publish", "digits", weights(1))
    assert run(folder, "promote", "digits", "7") == (1, "Error: There is no version '7' of 'digits'. There are 1.")
    assert run(folder, "publish", "digits", weights(1), "--metric", "many")[0] == 2
    changed = Path(next(folder.rglob("*.npy")))
    changed.write_bytes(b"tampered")
    code, said = run(folder, "verify", "digits")
    assert (code, "it was changed or cut off" in said) == (1, True)
