"""The text that the model learns from: the licences, guides and docstrings that every Python installation carries."""

import importlib
import inspect

MODULES = ("argparse", "asyncio.events", "collections", "datetime", "decimal", "email.message", "fractions", "functools",
           "heapq", "html.parser", "inspect", "logging", "mailbox", "optparse", "pathlib", "pickle", "random", "shutil",
           "socket", "statistics", "string", "subprocess", "tarfile", "tempfile", "textwrap", "threading", "typing",
           "unittest.case", "urllib.parse", "zipfile")  # fmt: skip


def read_text() -> str:
    """Return the docstrings of the standard library: plain English about programs, the same on every machine with this Python."""
    found: list[str] = []
    for name in MODULES:
        module = importlib.import_module(name)
        things = [module, *(value for _, value in inspect.getmembers(module, inspect.isclass))]
        for thing in things:
            members = [member for _, member in inspect.getmembers(thing, inspect.isfunction)] if inspect.isclass(thing) else []
            docs = [inspect.getdoc(one) for one in (thing, *members)]
            found += [doc for doc in docs if isinstance(doc, str)]
    unique = dict.fromkeys(found)
    return "".join(character for character in "\n\n".join(unique) + "\n" if character == "\n" or " " <= character <= "~")
