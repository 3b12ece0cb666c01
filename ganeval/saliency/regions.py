"""Where the object lies in each image: masks from a folder, or boxes from a table."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np
import numpy.typing as npt

from ganeval.classifier.stems import stem_rule
from ganeval.errors import GanevalError, InputError
from ganeval.images import Header, ImageSet, open_image_set
from ganeval.images.failures import printable
from ganeval.images.groups import first_few
from ganeval.records import Notice
from ganeval.saliency.opening import PairedSets
from ganeval.saliency.squares import Squares

Mask = npt.NDArray[np.bool_]

ASPECT: Final = 0.01
"""Share by which the forms of a mask and of its image may differ, from rounding."""

_CORNERS: Final = ("x0", "y0", "x1", "y1")
_GREY: Final = 127  # above it a pixel of a mask belongs to the object


def object_regions(
    paired: PairedSets, squares: Squares, *, masks: Path | None, boxes: Path | None
) -> tuple[Mask, list[Notice]]:
    """Returns the region of the object in each image before, as it lies in the model's square.

    Args:
        paired: The pairs.
        squares: What images go through; the regions go through the same.
        masks: Folder, archive or list of images, above half grey on the object, named as the images
            before.
        boxes: Table with the columns path, x0, y0, x1, y1: pixels of the image before, the last
            column and row not included; several rows of one image are joined.

    Returns:
        bool ``[n, S, S]``, empty where an image has no region, and what a user should know.

    Raises:
        InputError: A file cannot be read, or has nothing for any image.
        GanevalError: A mask has another form than its image.
    """
    if masks is not None:
        option, found, notices = f"--masks {masks}", *_from_masks(paired, masks)
    elif boxes is not None:
        option, found, notices = f"--boxes {boxes}", _from_boxes(paired, boxes), []
    else:
        raise ValueError("neither masks nor boxes")
    keys = paired.keys_of(0)
    missing = [key for key, one in zip(keys, found, strict=True) if one is None]
    if len(missing) == len(keys):
        raise InputError(
            f"{option} has nothing for any image before, such as {first_few(missing)}",
            hint="Names must be those of the images before; of masks the ending may differ.",
        )
    regions = np.zeros((len(keys), squares.side, squares.side), np.bool_)
    for i, one in enumerate(found):
        if one is not None:
            regions[i] = squares.region(one)
    if missing:
        text = f"{option} has nothing for {len(missing)} of {len(keys)} images: they have no place."
        notices.append(Notice(code="no_region", text=text, data={"images": len(missing)}))
    empty = int((~regions.any(axis=(1, 2))).sum()) - len(missing)
    if empty:
        text = f"{empty} regions are empty as the model sees the image: they count as missing."
        notices.append(Notice(code="empty_region", text=text, data={"images": empty}))
    return regions, notices


def _from_masks(paired: PairedSets, folder: Path) -> tuple[list[Mask | None], list[Notice]]:
    images = open_image_set(folder)
    place = _MaskOf(images, paired.before)
    found: list[Mask | None] = []
    resized = 0
    for key, header in zip(paired.keys_of(0), paired.headers_of(0), strict=True):
        row = place(key)
        if row is None:
            found.append(None)
            continue
        mask = images.decode(row).max(axis=2) > _GREY
        if mask.shape != (header.height, header.width):
            mask = _resized(mask, header, f"--masks {folder}: {printable(images.keys[row])}")
            resized += 1
        found.append(mask)
    notices = []
    if resized:
        text = (
            f"{resized} masks have another size than their image and are resized (nearest pixel)."
        )
        notices.append(Notice(code="masks_resized", text=text, data={"masks": resized}))
    return found, notices


class _MaskOf:
    """Finds the mask of an image: by its path without ending, else by the stem of its name."""

    def __init__(self, masks: ImageSet, images: ImageSet) -> None:
        self._rule = stem_rule([images.keys, masks.keys])
        self._paths = {_bare(key): i for i, key in enumerate(masks.keys)}
        self._stems = {self._rule.stem(key): i for i, key in enumerate(masks.keys)}

    def __call__(self, key: str) -> int | None:
        row = self._paths.get(_bare(key))
        return self._stems.get(self._rule.stem(key)) if row is None else row


def _bare(key: str) -> str:
    return str(PurePosixPath(key).with_suffix(""))


def _resized(mask: Mask, header: Header, name: str) -> Mask:
    height, width = mask.shape
    if abs(width * header.height / (height * header.width) - 1) > ASPECT:
        raise GanevalError(
            f"{name} is {width} x {height} px and its image {header.width} x {header.height}: they "
            "have different forms",
            hint="A mask shows the whole image before, in its own size or another one.",
        )
    rows = (np.arange(header.height) + 0.5) * height / header.height
    columns = (np.arange(header.width) + 0.5) * width / header.width
    return np.asarray(mask[rows.astype(int)[:, None], columns.astype(int)[None, :]])


def _from_boxes(paired: PairedSets, path: Path) -> list[Mask | None]:
    keys = paired.keys_of(0)
    size = {
        key: (one.height, one.width) for key, one in zip(keys, paired.headers_of(0), strict=True)
    }
    masks: dict[str, Mask] = {}
    for line, key, corners in _read_boxes(path):
        if key not in size:
            continue
        height, width = size[key]
        x0, y0, x1, y1 = corners
        if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
            raise InputError(
                f"--boxes {path}: line {line}: the box {x0:g},{y0:g},{x1:g},{y1:g} does not lie in "
                f"{printable(key)}, which is {width} x {height} px",
                hint="Columns are path,x0,y0,x1,y1 in pixels, the corners of the box.",
            )
        mask = masks.setdefault(key, np.zeros((height, width), np.bool_))
        mask[round(y0) : round(y1), round(x0) : round(x1)] = True
    return [masks.get(key) for key in keys]


def _read_boxes(path: Path) -> list[tuple[int, str, Sequence[float]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file, skipinitialspace=True)
            table.fieldnames = [name.strip().lower() for name in table.fieldnames or []]
            if not {"path", *_CORNERS} <= set(table.fieldnames):
                raise InputError(
                    f"--boxes {path}: the first row does not name the columns path, x0, y0, x1, y1",
                    hint="Start the file with the line: path,x0,y0,x1,y1",
                )
            rows: list[tuple[int, str, Sequence[float]]] = []
            for row in table:
                try:
                    corners = [float(row[name] or "") for name in _CORNERS]
                except ValueError:
                    raise InputError(
                        f"--boxes {path}: line {table.line_num}: a corner is no number"
                    ) from None
                rows.append((table.line_num, row["path"] or "", corners))
            return rows
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"--boxes {path}: cannot be read as a table: {reason}") from error
