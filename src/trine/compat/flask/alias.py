"""`import flask` leads here: for extensions that import Flask by its own name."""

from trine.compat.alias import take_name


def alias() -> None:
    """Let `import flask` lead to `trine.compat.flask`. Call it before the first extension is imported.

    Raises `SetupError` where Flask itself is installed, or was imported already.
    """
    take_name("flask")
