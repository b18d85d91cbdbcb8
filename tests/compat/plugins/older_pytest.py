"""A pytest plugin (`-p older_pytest`): a private name that Flask's suite imports, and that pytest 9 spells otherwise."""

from _pytest import monkeypatch

if not hasattr(monkeypatch, "notset"):
    monkeypatch.notset = monkeypatch.NOTSET
