"""Generated clients: written from the application itself, type-checked, and used against a real server."""

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from trine.testing import LiveServer

SHOP = """
from typing import Any

from pydantic import BaseModel

from trine import App, HTTPException, Page


class Item(BaseModel):
    id: int
    name: str
    tags: list[str] = []


ITEMS = {1: Item(id=1, name="lamp")}
app = App(title="Shop")


@app.get("/items", operation_id="list_items", tags=["items"], response_model=Page[Item])
async def list_items() -> Any:
    return list(ITEMS.values())


@app.post("/items", operation_id="add_item", tags=["items"], status_code=201)
async def add_item(item: Item, dry_run: bool = False) -> Item:
    if not dry_run:
        ITEMS[item.id] = item
    return item
"""
USE = """
from shop_client import Client
from shop_client.api.items import add_item, list_items
from shop_client.models import HTTPValidationError, Item


def use(url: str) -> list[str]:
    with Client(base_url=url) as client:
        added = add_item.sync(client=client, body=Item(id=2, name="chair"))
        assert isinstance(added, Item)
        page = list_items.sync(client=client, size=50)
        assert page is not None and not isinstance(page, HTTPValidationError)
        return [item.name for item in page.items]
"""


@pytest.fixture
def own_shop(folder):
    Path("shop.py").write_text(SHOP)
    return folder


def required(found, what):
    if not found:
        report = pytest.fail if os.environ.get("CI") else pytest.skip
        report(f"no {what} here")


@pytest.mark.slow
def test_a_python_client_is_typed_and_works(trine, own_shop):
    required(importlib.util.find_spec("openapi_python_client"), "openapi-python-client")
    answer = trine("client", "python", "shop.py", "--output", "shop_client")
    assert (answer.status, answer.out, answer.err) == (0, "Written: shop_client\n", "")
    Path("use.py").write_text(USE)
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--follow-untyped-imports", "use.py"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert [line for line in checked.stdout.splitlines() if line.startswith("use.py")] == []
    sys.path.insert(0, str(own_shop))
    app = importlib.import_module("shop").app
    with LiveServer(app) as server:
        assert importlib.import_module("use").use(server.url) == ["lamp", "chair"]
    assert trine("client", "python", "shop.py", "--output", "shop_client").status == 0


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--types-only",)], ids=["client", "types"])
def test_a_typescript_client_is_typed(trine, own_shop, options):
    required(shutil.which("npx"), "npx")
    answer = trine("client", "typescript", "shop.py", "--output", "client", *options)
    assert (answer.status, answer.out) == (0, "Written: client\n")
    if options:
        Path("use.ts").write_text(
            'import type { paths } from "./client/schema";\n'
            'const item: paths["/items"]["post"]["requestBody"]["content"]["application/json"] = { id: 1, name: "lamp" };\n'
            "export default item;\n"
        )
    else:
        Path("use.ts").write_text(
            'import { addItem, listItems } from "./client";\n'
            'import { client } from "./client/client.gen";\n'
            "export async function use(url: string): Promise<string[]> {\n"
            "  client.setConfig({ baseUrl: url });\n"
            '  await addItem({ body: { id: 3, name: "table" } });\n'
            "  const answer = await listItems({ query: { size: 50 } });\n"
            "  return (answer.data?.items ?? []).map((item) => item.name);\n"
            "}\n"
        )
    line = ["npx", "--yes", "-p", "typescript@5.9.3", "tsc", "--noEmit", "--strict", "--skipLibCheck", "--target", "es2022"]
    line += ["--module", "esnext", "--moduleResolution", "bundler", "--lib", "es2022,dom,dom.iterable", "use.ts"]
    checked = subprocess.run(line, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["python", "shop.py", "--output", "full"],
            "full has other files in it, and would be replaced. Name a folder of its own.",
        ),
        (
            ["python", "shop.py", "--output", "new", "--types-only"],
            "--types-only is for TypeScript: a Python client has its types inside.",
        ),
        (
            ["python", "shop.py", "--output", "new", "--api-version", "9"],
            "There is no API version '9'. The application declares no versions.",
        ),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(trine, own_shop, arguments, message):
    Path("full").mkdir()
    Path("full/precious.txt").write_text("mine")
    answer = trine("client", *arguments)
    assert (answer.status, answer.err.splitlines()[-1]) == (2, f"Error: {message}")
    assert (Path("full/precious.txt").read_text(), Path("new").exists()) == ("mine", False)


def test_a_missing_tool_is_named(trine, own_shop, monkeypatch):
    monkeypatch.setenv("PATH", str(own_shop))
    answer = trine("client", "typescript", "shop.py", "--output", "client")
    assert answer.status == 2
    assert (
        answer.err.splitlines()[-1] == "Error: trine client typescript needs npx, which comes with Node.js (https://nodejs.org)."
    )
