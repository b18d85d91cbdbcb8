"""The ladder of STYLE.md: a room imports the rooms above it, through their public names, and never a room below."""

import sys
from collections.abc import Iterator

import pytest

from .rooms import Import, imports_of, room_of, source_files

# Each step may import every step above it. A step in LONERS also keeps its rooms apart from each other.
LADDER = (
    ("errors", "types", "events", "concurrency", "signals", "familiar"),
    ("settings",),
    ("http", "websocket", "staticfiles"),
    ("server", "routing", "security"),
    ("binding",),
    ("openapi", "middleware", "lists", "arrays", "commands"),
    ("app",),
    ("i18n",),
    ("db",),
    ("channels", "replay", "cache", "observe", "metrics", "pages", "mail", "storage"),
    ("auth", "tasks", "serving"),
    ("admin", "ai"),
    ("cli", "testing", "compat"),
)
STEP = {room: number for number, rooms in enumerate(LADDER) for room in rooms}
LONERS = {"server", "routing", "security", "channels", "replay", "cache", "observe", "metrics", "pages", "mail", "storage"}
BATTERIES = {room for rooms in LADDER[7:12] for room in rooms}
TOP = set(LADDER[-1])


def imports() -> Iterator[Import]:
    for file in source_files():
        # The package's own __init__ lists every room's names and belongs to none.
        if room_of(file) != "__init__":
            yield from imports_of(file)


def targets(found: Import) -> Iterator[str]:
    """Yield the rooms that an import reaches; `from trine import http` reaches http, `from trine import App` the front door."""
    parts = found.module.split(".")
    if parts[0] != "trine":
        return
    if len(parts) > 1:
        yield parts[1]
    else:
        yield from (name if name in STEP else "trine" for name in found.names or ("trine",))


def may_import(room: str, target: str, *, at_top: bool) -> bool:
    if room == target:
        return True
    if room == "__main__":
        return target == "cli"
    if room in TOP:
        return target not in TOP or (room, target) == ("compat", "testing")
    if target not in STEP or target in TOP:
        return False
    if room == "app" and target in BATTERIES:
        return not at_top
    if STEP[room] == STEP[target]:
        return room not in LONERS
    return STEP[target] < STEP[room]


def test_every_room_has_its_place_on_the_ladder():
    rooms = {room_of(file) for file in source_files()} - {"__init__", "__main__"}
    assert rooms - set(STEP) == set()


def test_imports_point_up_the_ladder():
    wrong = [
        f"{found.where} {room_of(found.file)} imports {target}"
        for found in imports()
        for target in targets(found)
        if not may_import(room_of(found.file), target, at_top=found.at_top)
    ]
    assert wrong == []


def test_rooms_meet_through_public_names():
    wrong = [
        f"{found.where} takes {name} from {found.module}"
        for found in imports()
        for target in targets(found)
        if target != room_of(found.file)
        for name in (*found.module.split(".")[1:], *found.names)
        if name.startswith("_") and not name.startswith("__")
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("rooms", "allowed"),
    [(LADDER[0], set()), (LADDER[1], {"pydantic", "pydantic_core", "typing_extensions"})],
    ids=["ground floor", "settings"],
)
def test_lowest_rooms_lean_on_little(rooms, allowed):
    outside = {
        (room_of(found.file), found.module.split(".")[0])
        for found in imports()
        if room_of(found.file) in rooms and found.module.split(".")[0] not in {"trine", *sys.stdlib_module_names}
    }
    assert {pair for pair in outside if pair[1] not in allowed} == set()


def test_imports_are_relative_inside_a_room_and_nowhere_else():
    wrong = [
        f"{found.where} {'leaves its room by a relative import' if found.is_relative else 'names its own room in full'}"
        for found in imports()
        for target in targets(found)
        # compat holds several peers' packages; there the full name says which peer is meant.
        if room_of(found.file) != "compat" and found.is_relative != (target == room_of(found.file))
    ]
    assert wrong == []
