"""Which images of a set other packages find, in which order, and where they stop.

They are told to look at the same folder, but list it by rules of their own. The rules are those of
POSIX file systems; where names are matched in any case (Windows), spelling hides no file.

Source: pytorch-fid 0.3.0 (fid_score.py), clean-fid 0.1.35 (fid.py, utils.py), torch-fidelity 0.4.0
(utils.py), torchmetrics 1.9.0 (image/fid.py), openai/guided-diffusion (evaluations/evaluator.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import PurePosixPath
from typing import Literal

import numpy as np
import numpy.typing as npt

from ganeval.images.policy import READ_DIFFERENTLY_BY_PEERS
from ganeval.metrics.sides import Side

_LIMITED_ROOT = (1, 18)  # from this SciPy on, sqrtm has no option disp
_COMMON = frozenset({"bmp", "jpg", "jpeg", "pgm", "png", "ppm", "tif", "tiff", "webp"})


@dataclass(frozen=True)
class Reader:
    """How a package comes by images.

    Attributes:
        extensions: Those it looks for, without the dot; None: it is handed arrays, and its user
            has read the files.
        any_case: Extensions are compared in lower case.
        recursive: It looks into folders inside the folder.
        archives: It reads zip archives too.
        sizes: What becomes of images of several sizes: each is resized on its ``own``; they are
            ``stacked`` into batches before, which asks for one size or batches of one image; or
            they must be one ``array``.
        old_root: It calls SciPy's sqrtm in a way that newer versions refuse.
    """

    extensions: frozenset[str] | None
    any_case: bool = False
    recursive: bool = False
    archives: bool = False
    sizes: Literal["own", "stacked", "array"] = "own"
    old_root: bool = False


PYTORCH_FID = Reader(_COMMON, sizes="stacked", old_root=True)
CLEAN_FID = Reader(
    _COMMON | {"npy", "JPEG", "JPG", "PNG"}, recursive=True, archives=True, old_root=True
)
CLEAN_FID_TENSORFLOW = Reader(
    CLEAN_FID.extensions, recursive=True, archives=True, sizes="stacked", old_root=True
)
TORCH_FIDELITY = Reader(frozenset({"png", "jpg", "jpeg"}), any_case=True, sizes="stacked")
TORCHMETRICS = Reader(None)
ADM = Reader(None, sizes="array", old_root=True)


@dataclass(frozen=True)
class Sight:
    """What a package finds of one set.

    Attributes:
        rows: int64 ``[n]``, rows of the side in the order in which it sees them.
        whole: These are all images.
        notes: What to know about it, each a clause.
    """

    rows: npt.NDArray[np.int64]
    whole: bool
    notes: tuple[str, ...]


def sight(side: Side, reader: Reader) -> Sight:
    """Returns what a package finds of a set; sets that are no folder are taken for one.

    Args:
        side: The set.
        reader: How the package reads.
    """
    by_key = sorted(range(len(side.keys)), key=side.keys.__getitem__)
    found = [row for row in by_key if _finds(reader, side, side.keys[row])]
    return Sight(
        np.array(found, dtype=np.int64),
        len(found) == len(by_key),
        tuple(_notes(side, reader, len(found))),
    )


def has_one_size(side: Side) -> bool:
    """Tells whether all images of a set have one size, as far as that is known."""
    return len(side.info.sizes) <= 1


def old_root_note(reader: Reader) -> str:
    """Returns that a package stops with the SciPy installed here, or nothing."""
    scipy = version("scipy")
    if reader.old_root and tuple(map(int, scipy.split(".")[:2])) >= _LIMITED_ROOT:
        return f"stops with SciPy 1.18 and newer (here {scipy}); its value with an older one"
    return ""


def _finds(reader: Reader, side: Side, key: str) -> bool:
    if reader.extensions is None or side.info.kind not in ("folder", "zip"):
        return True
    if side.info.kind == "zip" and not reader.archives:
        return True  # its user unpacks them first, file by file into one folder
    extension = PurePosixPath(key).suffix[1:]
    if reader.any_case or side.info.kind == "zip":
        extension = extension.lower()
    in_reach = reader.recursive or "/" not in key
    return in_reach and extension in reader.extensions


def _notes(side: Side, reader: Reader, found: int) -> Iterator[str]:
    info, role = side.info, side.role
    if reader.extensions is not None and side.images is not None:
        if found < len(side.keys):
            yield f"finds {found} of {len(side.keys)} {role} images, {_missed(side, reader)}"
        if info.ignored.get(".npy") and "npy" in reader.extensions:
            yield f"would also read .npy files as {role} images ({info.ignored['.npy']})"
        if info.skipped:
            yield f"would stop at unreadable {role} images ({len(info.skipped)} left out here)"
        read = {case: info.decoded.get(case, 0) for case in sorted(READ_DIFFERENTLY_BY_PEERS)}
        correct = side.run is not None and side.run.spec.decode != "peer"
        if correct and any(read.values()):
            told = ", ".join(f"{case} {count}" for case, count in read.items() if count)
            yield f"reads some {role} images differently ({told}): see --decode peer"
    if info.limit is not None and info.n == info.limit:
        yield f"of the {info.limit} {role} images chosen by --limit"
    if reader.sizes == "stacked" and not has_one_size(side):
        yield f"stops at {role} images of several sizes unless the batch size is 1"


def _missed(side: Side, reader: Reader) -> str:
    """Why images are not found, in words."""
    missed = [key for key in side.keys if not _finds(reader, side, key)]
    nested = [key for key in missed if "/" in key and not reader.recursive]
    spelled = sorted({PurePosixPath(key).suffix for key in set(missed) - set(nested)})
    reasons = [f"none of {' '.join(spelled)}"] if spelled else []
    reasons += [f"none in folders inside ({len(nested)})"] if nested else []
    return ", ".join(reasons)
