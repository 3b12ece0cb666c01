"""Statistics and features in the files that torch-fidelity's cache and its forks keep."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ganeval.errors import InputError

_CONVERT = "Convert it, where it comes from, to an .npz file with the entries mu and sigma."
_NUMBERS = ("f2", "f4", "f8", "i4", "i8")
_ROWS = ("feats", "features")  # what forks call features beside other things


def refused_pickle(path: Path, reason: str = "is a pickle") -> InputError:
    """Builds the error for a file that only running what it says would open."""
    return InputError(
        f"{path}: {reason}, which is not opened because it can run any program", hint=_CONVERT
    )


def read_torch_cache(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Reads a ``.pt`` file with ``mu`` and ``sigma``, or with features ``[n, d]``.

    Only tensors, NumPy arrays of numbers and plain containers are ever built from it.

    Args:
        path: A zip archive as `torch.save` writes it.

    Returns:
        The entries ``mu`` and ``sigma``, or ``feats``.

    Raises:
        InputError: It is damaged, asks for anything else to be built, or holds something else.
    """
    held = _loaded(path)
    if isinstance(held, dict) and {"mu", "sigma"} <= held.keys():
        return {name: _array(held[name], name, path) for name in ("mu", "sigma")}
    if isinstance(held, dict):
        name = next((name for name in _ROWS if name in held), None)
        if name is None:
            told = ", ".join(str(key) for key in list(held)[:5]) or "nothing"
            raise InputError(
                f"{path}: holds no saved statistics, only {told}",
                hint="A dictionary with mu and sigma, or a tensor of features, is needed.",
            )
        held = held[name]
    return {"feats": _array(held, "the file", path)}


def _loaded(path: Path) -> object:
    import torch

    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals(_numpy_globals()):
            warnings.simplefilter("ignore")  # of sparse tensors, which are refused anyway
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise refused_pickle(path, "holds more than tensors and arrays of numbers") from error
    except (RuntimeError, EOFError, OSError, ValueError, TypeError, KeyError) as error:
        reason = str(error).partition("\n")[0]
        raise InputError(f"{path}: cannot be read as saved statistics: {reason}") from error


def _numpy_globals() -> list[Any]:
    """What rebuilds an array of numbers, under its names in NumPy 1 and 2."""
    rebuild = np._core.multiarray._reconstruct  # type: ignore[attr-defined]
    scalar = np._core.multiarray.scalar  # type: ignore[attr-defined]
    dtypes = [type(np.dtype(name)) for name in _NUMBERS]
    return [
        np.ndarray,
        np.dtype,
        *dtypes,
        *((rebuild, f"numpy.{room}.multiarray._reconstruct") for room in ("core", "_core")),
        *((scalar, f"numpy.{room}.multiarray.scalar") for room in ("core", "_core")),
    ]


def _array(held: object, name: str, path: Path) -> npt.NDArray[Any]:
    import torch

    if isinstance(held, torch.Tensor):
        if held.layout != torch.strided or held.dtype == torch.bfloat16:
            raise InputError(f"{path}: {name} is a {held.dtype} tensor ({held.layout})")
        array: npt.NDArray[Any] = held.detach().numpy()
        return array
    if isinstance(held, np.ndarray) and held.dtype.kind in "fiu":
        return held
    raise InputError(f"{path}: {name} holds {type(held).__name__}, not an array of numbers")
