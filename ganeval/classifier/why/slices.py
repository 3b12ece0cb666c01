"""Parts of the test images by what they are: where are fakes told from reals, and where not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

import numpy as np
import numpy.typing as npt

from ganeval.classifier.examples import FAKE, PARTS, REAL, Examples, Rows, Scores, Split
from ganeval.classifier.why.held_out import HeldOut, Separation
from ganeval.images.pixel_statistics import luma
from ganeval.records.classify import Slice
from ganeval.statistics.intervals import holm

FEWEST: Final = 5
"""Groups of each class below which a slice gets no AUC."""

MOST_FOLDERS: Final = 12

_Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Part:
    by: str
    name: str
    mask: _Mask  # [n] of the test part


def slices(
    held_out: HeldOut,
    split: Split,
    scores: Scores,
    generator_train: _Mask | None = None,
) -> list[Slice]:
    """Returns the AUC of the classifier in parts of the test images.

    Parts are made by native size and by brightness in thirds of the pooled test images, by the
    folder an image lies in, and by whether the generator was trained on a fake's source. What does
    not vary makes no parts. p-values are one-sided, adjusted by Holm over all parts.

    Args:
        held_out: The test part.
        split: The parts of all images.
        scores: float64 ``[n]`` of all images.
        generator_train: bool ``[n]``, the fakes whose sources the generator was trained on; None
            where that is not known.
    """
    found: list[tuple[str, str, Separation]] = []
    for part in (*_by_size(held_out), *_by_brightness(held_out), *_by_folder(held_out)):
        found.append((part.by, part.name, _separation(held_out, scores, held_out.rows[part.mask])))
    if generator_train is not None and generator_train.any():
        found += _by_generator_training(held_out, split, scores, generator_train)
    return _adjusted(found)


def _adjusted(found: list[tuple[str, str, Separation]]) -> list[Slice]:
    """Adjusts the p-values that are there."""
    there = [one.p for _, _, one in found if one.p is not None]
    adjusted = iter(holm(there))
    return [
        Slice(
            by=by,
            name=name,
            auc=one.auc,
            p=one.p,
            p_holm=None if one.p is None else next(adjusted),
        )
        for by, name, one in found
    ]


def _by_size(held_out: HeldOut) -> Iterator[_Part]:
    """Thirds by the number of pixels that the files hold, or the sizes themselves if few."""
    headers = [held_out.examples.headers[int(row)] for row in held_out.rows]
    sizes = [f"{header.width} x {header.height} px" for header in headers]
    area = np.array([header.width * header.height for header in headers], np.float64)
    if len(set(sizes)) <= 3:
        if len(set(sizes)) == 1:
            return
        for size in sorted(set(sizes), key=lambda one: float(area[sizes.index(one)])):
            yield _Part("size", size, np.array([own == size for own in sizes]))
        return
    yield from _thirds("size", np.sqrt(area), ("small", "medium", "large"), "px")


def _by_brightness(held_out: HeldOut) -> Iterator[_Part]:
    values = np.array(
        [float(luma(held_out.pixels(place)).mean()) for place in range(len(held_out))]
    )
    yield from _thirds("brightness", values, ("dark", "medium", "bright"), "of 255")


def _thirds(
    by: str, values: npt.NDArray[np.float64], names: tuple[str, str, str], unit: str
) -> Iterator[_Part]:
    """Cuts at the terciles; equal values stay together, and a third without images is left out."""
    low, high = np.quantile(values, [1 / 3, 2 / 3])
    if low == high:
        return
    masks = (values <= low, (values > low) & (values <= high), values > high)
    ends = (f"up to {low:.0f}", f"{low:.0f} to {high:.0f}", f"above {high:.0f}")
    for name, end, mask in zip(names, ends, masks, strict=True):
        if mask.any():
            yield _Part(by, f"{name}, {end} {unit}", mask)


def _by_folder(held_out: HeldOut) -> Iterator[_Part]:
    """Images of one folder; where only one set has folders, against all of the other set."""
    folders = np.array([_folder(held_out.examples, int(row)) for row in held_out.rows])
    labels = held_out.labels
    varied = [len(set(folders[labels == label])) > 1 for label in (REAL, FAKE)]
    if not any(varied):
        return
    own = np.isin(labels, [label for label in (REAL, FAKE) if varied[label]])
    names, counts = np.unique(folders[own], return_counts=True)
    shown = names[np.argsort(-counts, kind="stable")][:MOST_FOLDERS]
    for name in sorted(shown):
        mask = folders == name
        for label in (REAL, FAKE):
            if not varied[label]:
                mask |= labels == label
        yield _Part("source class", name or "(no folder)", mask)


def _folder(examples: Examples, row: int) -> str:
    """The first folder of a key, "" without one."""
    parts = PurePosixPath(examples.keys[row]).parts
    return parts[0] if len(parts) > 1 else ""


def _by_generator_training(
    held_out: HeldOut, split: Split, scores: Scores, generator_train: _Mask
) -> Iterator[tuple[str, str, Separation]]:
    """Fakes made from the generator's training images, and the others, each against the reals.

    The first kind is kept out of the test part; here it is scored, unless the classifier itself
    learnt from it or chose by it.
    """
    examples = held_out.examples
    reals = held_out.rows[held_out.labels == REAL]
    learnt = np.isin(split.parts, [PARTS.index("train"), PARTS.index("validation")])
    fakes = examples.labels == FAKE
    known = np.flatnonzero(fakes & generator_train & ~learnt)
    unknown = np.intersect1d(held_out.rows, np.flatnonzero(fakes & ~generator_train))
    for name, own in (
        ("fakes of training images of the generator", known),
        ("other fakes", unknown),
    ):
        rows = np.concatenate([reals, own]).astype(np.int64)
        yield "generator training", name, _separation(held_out, scores, rows)


def _separation(held_out: HeldOut, scores: Scores, rows: Rows) -> Separation:
    return held_out.separation(
        np.asarray(scores, np.float64)[rows], rows, fewest=FEWEST, threshold=held_out.threshold
    )
