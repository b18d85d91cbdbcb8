"""The rooms of the house, read from the source: which there are, what they offer and what they import."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "trine"


@dataclass(frozen=True)
class Import:
    """One imported module or name, as `trine.room` or as a third party's name, with the line that imports it."""

    file: Path
    line: int
    module: str
    names: tuple[str, ...]
    at_top: bool
    is_relative: bool = False

    @property
    def where(self) -> str:
        """File and line, as an editor opens them."""
        return f"{self.file.relative_to(SOURCE.parents[1])}:{self.line}"


def source_files() -> Iterator[Path]:
    """Yield every Python file of the package."""
    yield from sorted(SOURCE.rglob("*.py"))


def room_of(file: Path) -> str:
    """Return the room that a file belongs to: the folder, or the module, directly under the package."""
    first = file.relative_to(SOURCE).parts[0]
    return first.removesuffix(".py")


def imports_of(file: Path) -> Iterator[Import]:
    """Yield every import of a file, whether at the top, inside a function or for the type checker alone."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    inside_functions = {
        id(child)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for child in ast.walk(function)
    }
    for node in ast.walk(tree):
        at_top = id(node) not in inside_functions
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, node.lineno, alias.name, (), at_top)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            yield Import(file, node.lineno, _absolute(node, file), names, at_top, is_relative=node.level > 0)


def _absolute(node: ast.ImportFrom, file: Path) -> str:
    if not node.level:
        return node.module or ""
    package = ["trine", *file.relative_to(SOURCE).parts[:-1]]
    base = package[: len(package) - node.level + 1]
    return ".".join([*base, *([node.module] if node.module else [])])
