"""From a path of a URL to a file below a directory, and never to one outside of it."""

import os
import stat as stat_module
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

# What a file must still be for a path that was resolved before: its place on the disk, and its last change of any kind.
_Identity = tuple[int, int, int]
_REMEMBERED = 4096
_RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{kind}{number}" for kind in ("com", "lpt") for number in range(10))})


@dataclass(frozen=True)
class FoundFile:
    """A file or a folder inside a directory, with what the file system said of it just now."""

    path: str
    stat: os.stat_result

    @cached_property
    def is_file(self) -> bool:
        """Whether it is a regular file: no folder, no socket, no device."""
        return stat_module.S_ISREG(self.stat.st_mode)

    @cached_property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return stat_module.S_ISDIR(self.stat.st_mode)


class Directory:
    """One or several folders, the first that has a file first.

    Unless asked for, a link that leads outside is not followed, and of names that begin with a dot only `.well-known` is found.
    """

    def __init__(self, roots: Sequence[str | os.PathLike[str]], *, follow_symlink: bool = False, hidden: bool = False) -> None:
        self.roots = [str(Path(root).absolute()) for root in roots]
        self.follow_symlink = follow_symlink
        self.hidden = hidden
        self._inside: dict[str, _Identity] = {}

    def find(self, path: str) -> FoundFile | None:
        """Find what a relative path names, with `/` between its segments. A second look at a file costs one system call."""
        if path and not all(self._may_name(segment) for segment in path.split("/")):
            return None
        for root in self.roots:
            full_path = f"{root}/{path}" if path else root
            try:
                result = os.stat(full_path)
            except (OSError, ValueError):
                continue
            if self.follow_symlink or self._is_inside(root, full_path, result):
                return FoundFile(full_path, result)
        return None

    def _may_name(self, segment: str) -> bool:
        if segment in ("", ".", "..") or "\\" in segment or "\0" in segment:
            return False
        if segment[0] == "." and not self.hidden and segment != ".well-known":
            return False
        return os.name != "nt" or _is_plain_on_windows(segment)

    def _is_inside(self, root: str, full_path: str, result: os.stat_result) -> bool:
        identity = (result.st_dev, result.st_ino, result.st_ctime_ns)
        if self._inside.get(full_path) == identity:
            return True
        real_root, real_path = Path(root).resolve(), Path(full_path).resolve()
        if not real_path.is_relative_to(real_root):
            return False
        remember(self._inside, full_path, identity)
        return True


def remember(memory: dict[str, Any], key: str, value: Any) -> None:
    """Keep a value for the next request. Bounded: what is full is begun anew."""
    if len(memory) >= _REMEMBERED:
        memory.clear()
    memory[key] = value


def _is_plain_on_windows(segment: str) -> bool:
    """Whether Windows reads a name as it stands: no drive, stream or device, and no ending that it takes away."""
    return ":" not in segment and segment[-1] not in ". " and segment.partition(".")[0].strip().lower() not in _RESERVED
