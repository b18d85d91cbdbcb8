"""A model's own process, started by an application: `python -m trine.serving CONTROL LISTENER NUMBER FOLDER`."""

import importlib
import importlib.util
import json
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from trine.settings import Launch, set_launch

from .declaration import read_declaration, recall
from .host import run_host


def main() -> int:
    """Find the class again, and hold a replica of it."""
    # Ctrl-C goes to every process of a terminal: the application decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=int(sys.argv[1]))
    listener = socket.socket(fileno=int(sys.argv[2]))
    with control.makefile("r") as lines:
        order = json.loads(lines.readline())
    sys.path[:] = order["path"]
    set_launch(Launch(mode=order["mode"], env_file=Path(order["env_file"])))
    found: Any = _import(order["module"], order["file"])
    for part in order["name"].split("."):
        found = getattr(found, part)
    options = order["options"]
    if isinstance(options.get("replicas"), list):
        options["replicas"] = tuple(options["replicas"])
    known = recall(found, options["name"])
    # Several applications may declare the same class: what was sent is said by the one that asks.
    declaration = read_declaration(found, {**known.options, **options} if known else options)
    return run_host(declaration, int(sys.argv[3]), Path(sys.argv[4]), listener, lambda: control.sendall(b"1"), control.fileno())


def _import(name: str, file: str) -> Any:
    if name != "__main__":
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError):
            spec = None
        if spec is not None and spec.origin is not None and str(Path(spec.origin).resolve()) == file:
            return importlib.import_module(name)
    # The program itself, which is no module: the lines below its `if __name__ == "__main__"` are not for us.
    name = "__trine_model__" if name == "__main__" else name
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} cannot be imported.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.exit(main())
