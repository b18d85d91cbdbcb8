"""Where an application or a router was made: what it brings along, such as templates, lies beside that file."""

import sys
from pathlib import Path
from typing import Any


def origin_of(made: Any) -> Path:
    """The folder of the module that is making an object: call it in the object's `__init__`. Where there is no file, here."""
    frame = sys._getframe(1)  # noqa: SLF001 - inspect's way to the same frame reads source files
    while frame.f_back is not None and frame.f_code.co_name == "__init__" and frame.f_locals.get("self") is made:
        frame = frame.f_back
    return folder_of(frame.f_globals.get("__file__"))


def folder_of(file: str | None) -> Path:
    """The folder of a file; the working directory where there is none, as in a notebook."""
    return Path(file).absolute().parent if file and Path(file).is_file() else Path.cwd()
