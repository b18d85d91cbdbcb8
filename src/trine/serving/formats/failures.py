"""What can be wrong with a model file."""

from pathlib import Path

from trine.errors import TrineError


class ModelFileError(TrineError):
    """A model file that is missing, broken, not what it should be, or not to be trusted."""

    def __init__(self, path: Path, problem: str, hint: str = "") -> None:
        self.path = path
        super().__init__(f"{path.name} {problem}.{' ' + hint if hint else ''}")
