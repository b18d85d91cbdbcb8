"""One door for model files: `load_model(path)` knows the format by its ending, and looks at the file before it reads it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from trine.errors import SetupError

from .checksum import check_sha256
from .failures import ModelFileError
from .permission import permission

_PICKLES = frozenset({"pickle", "joblib"})
_MAX_UNPACKED = 8 << 30
"""So many bytes may an archive unpack to."""


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """What the caller said about loading."""

    trusted: Sequence[str]
    device: str
    providers: Sequence[str] | None


def load_model(
    path: str | Path,
    *,
    format: str | None = None,
    sha256: str | None = None,
    trusted: Collection[str] = (),
    device: str = "cpu",
    providers: Sequence[str] | None = None,
    allow_pickle: bool = False,
) -> Any:
    """Load a model file by its format. Raises `ModelFileError` for one that is missing, broken, tampered with or not trusted.

    An `.onnx` file gives an `onnxruntime.InferenceSession` (with `providers`, else those for `device`), `.safetensors`,
    `.npz` and `.npy` NumPy arrays, `.skops` the estimator, of scikit-learn's types and those in `trusted`, `.pt` and `.pth` what
    PyTorch loads as plain weights. Pickles and joblib files run code of whoever wrote them: they need `allow_pickle=True`, and
    inside a served model `app.model(..., allow_pickle=True)`, so that `trine check` can name it.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelFileError(path, f"is not there: {path.absolute()} is no file", "Train and save the model first.")
    kind = format or format_of(path)
    if kind not in FORMATS:
        raise ModelFileError(path, f"has the format '{kind}', which is not known", f"There are {', '.join(FORMATS)}.")
    if sha256 is not None:
        check_sha256(path, sha256)
    _check_beginning(path, kind, allow_pickle=allow_pickle)
    return FORMATS[kind](path, LoadOptions(list(trusted), device, providers))


def format_of(path: Path) -> str:
    """The format that a file's ending names. Raises `ModelFileError`."""
    kind = _ENDINGS.get(path.suffix.lower())
    if kind is None:
        raise ModelFileError(path, f"ends in '{path.suffix}', which names no format", f"There are {', '.join(_ENDINGS)}.")
    return kind


_ENDINGS = {
    ".onnx": "onnx",
    ".safetensors": "safetensors",
    ".skops": "skops",
    ".npz": "npz",
    ".npy": "npy",
    ".pt": "torch",
    ".pth": "torch",
    ".pkl": "pickle",
    ".pickle": "pickle",
    ".joblib": "joblib",
}


def _check_beginning(path: Path, kind: str, *, allow_pickle: bool) -> None:
    if kind in _PICKLES:
        _check_permission(path, allow_pickle=allow_pickle)
        return
    with path.open("rb") as file:
        start = file.read(16)
    if not start:
        raise ModelFileError(path, "is empty", "Save the model again.")
    # A pickle of protocol 2 and above begins so, and no format here does; PyTorch's oldest files are pickles.
    if start[0] == 0x80 and start[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05") and kind not in ("torch", "onnx", "safetensors"):
        raise ModelFileError(path, f"is a pickle, whatever its name says: as {kind} it is not loaded", _SAFE_FORMATS)
    if kind in ("skops", "npz"):
        _check_archive(path, kind)


_SAFE_FORMATS = "Save it as .onnx, .safetensors or .skops."


def _check_permission(path: Path, *, allow_pickle: bool) -> None:
    declared = permission()
    if declared if declared is not None else allow_pickle:
        return
    hint = "If you made it yourself, say app.model(..., allow_pickle=True)."
    if declared is None:
        hint = "If you made it yourself, say load_model(..., allow_pickle=True)."
    raise ModelFileError(path, "is a pickle: loading it would run whatever code is in it", f"{_SAFE_FORMATS} {hint}")


def _check_archive(path: Path, kind: str) -> None:
    try:
        with ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
            broken = None if size > _MAX_UNPACKED else archive.testzip()
    except (BadZipFile, OSError, EOFError, NotImplementedError, ValueError, RuntimeError) as error:
        raise ModelFileError(path, f"is no complete .{kind} file", "Save the model again.") from error
    if size > _MAX_UNPACKED:
        raise ModelFileError(path, f"unpacks to {size} bytes, more than {_MAX_UNPACKED}")
    if broken is not None:
        raise ModelFileError(path, f"is damaged: its part '{broken[:100]}' does not have its checksum", "Save the model again.")


# One function for each format --------------------------------------------------------------------------------------


def _load_onnx(path: Path, options: LoadOptions) -> Any:
    runtime = _module("onnxruntime", "onnx")
    providers: list[Any] | None = None if options.providers is None else list(options.providers)
    if providers is None:
        cuda = options.device.startswith("cuda") and "CUDAExecutionProvider" in runtime.get_available_providers()
        number = int(options.device.partition(":")[2] or 0) if cuda else 0
        providers = (
            [("CUDAExecutionProvider", {"device_id": number}), "CPUExecutionProvider"] if cuda else ["CPUExecutionProvider"]
        )
    settings = runtime.SessionOptions()
    # What is wrong is raised, not printed.
    settings.log_severity_level = 4
    try:
        return runtime.InferenceSession(str(path), settings, providers=providers)
    except Exception as error:  # ONNX Runtime's exceptions have no common class but this
        raise _broken(path, "ONNX", error) from error


def _load_safetensors(path: Path, options: LoadOptions) -> Any:
    numpy_format = _module("safetensors.numpy", "models")
    try:
        return numpy_format.load_file(path)
    except Exception as error:  # safetensors raises one class from Rust, and KeyErrors for types that NumPy lacks
        raise _broken(path, "safetensors", error) from error


def _load_skops(path: Path, options: LoadOptions) -> Any:
    skops = _module("skops.io", "skops")
    try:
        unknown = sorted(set(skops.get_untrusted_types(file=path)) - set(options.trusted))
    except Exception as error:  # a schema that is not skops's leads anywhere
        raise _broken(path, "skops", error) from error
    if unknown:
        shown = ", ".join(unknown)[:300]
        hint = "If you know them: load_model(..., trusted=[...])."
        raise ModelFileError(path, f"holds types that are not scikit-learn's own: {shown}", hint)
    try:
        return skops.load(path, trusted=list(options.trusted))
    except Exception as error:  # as above
        raise _broken(path, "skops", error) from error


def _load_npz(path: Path, options: LoadOptions) -> Any:
    np = _module("numpy", "models")
    try:
        with np.load(path, allow_pickle=False, max_header_size=4096) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (ValueError, OSError, EOFError, BadZipFile, KeyError) as error:
        raise _broken(path, "npz", error) from error


def _load_npy(path: Path, options: LoadOptions) -> Any:
    np = _module("numpy", "models")
    try:
        return np.load(path, allow_pickle=False, max_header_size=4096)
    except (ValueError, OSError, EOFError, MemoryError) as error:
        raise _broken(path, "npy", error) from error


def _load_torch(path: Path, options: LoadOptions) -> Any:
    try:
        torch = import_module("torch")
    except ImportError as error:
        raise SetupError(f"{path.name} needs PyTorch.", hint="Install it with: pip install torch") from error
    try:
        return torch.load(path, map_location=options.device, weights_only=True)
    except Exception as error:  # an unpickler's refusal, a broken archive
        problem = "is no file of plain PyTorch weights"
        raise ModelFileError(path, problem, "Save model.state_dict(), not the model.") from error


def _load_pickle(path: Path, options: LoadOptions) -> Any:
    import pickle

    try:
        with path.open("rb") as file:
            return pickle.load(file)  # noqa: S301 - the declaration says allow_pickle
    except Exception as error:  # a pickle may raise anything
        raise _broken(path, "pickle", error) from error


def _load_joblib(path: Path, options: LoadOptions) -> Any:
    try:
        joblib = import_module("joblib")
    except ImportError as error:
        raise SetupError(f"{path.name} needs joblib.", hint="Install it with: pip install joblib") from error
    try:
        return joblib.load(path)
    except Exception as error:  # a pickle may raise anything
        raise _broken(path, "joblib", error) from error


FORMATS: dict[str, Callable[[Path, LoadOptions], Any]] = {
    "onnx": _load_onnx,
    "safetensors": _load_safetensors,
    "skops": _load_skops,
    "npz": _load_npz,
    "npy": _load_npy,
    "torch": _load_torch,
    "pickle": _load_pickle,
    "joblib": _load_joblib,
}
"""How each format is loaded."""


def _module(name: str, extra: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise SetupError(f"load_model() needs {package}.", hint=f'Install it with: pip install "trine[{extra}]"') from error


def _broken(path: Path, kind: str, error: Exception) -> ModelFileError:
    said = " ".join(str(error).split())[:200]
    return ModelFileError(path, f"is no complete {kind} file: {type(error).__name__}: {said}", "Save the model again.")
