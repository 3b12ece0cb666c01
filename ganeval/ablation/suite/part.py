"""What a part of the evaluation is given, and what it gives."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from ganeval.images.decoding import Pixels, decode_file
from ganeval.images.failures import naming
from ganeval.images.headers import read_header
from ganeval.images.listing import write_list
from ganeval.images.policy import Decoding
from ganeval.records.ablation import CellMetric
from ganeval.records.comparison import Better, Direction
from ganeval.records.model import Estimate, Notice
from ganeval.statistics.intervals import t_interval

Files = Mapping[str, Path]

_DECODING: Final = Decoding()


class Absent(Exception):
    """A part cannot be made of these images; the message says why."""


@dataclass(frozen=True)
class ImagesOf:
    """The images of one cell in one direction.

    Args:
        stems: Of the inputs, sorted.
        fake: Stem to translation.
        real: Images of the target domain: folder, archive, list.
        source: Stem to input; None: unknown.
        recovered: Stem to the input translated there and back.
        identity: Stem to what the generator of the other direction makes of the input.
        train: Images of the target domain that the generator was trained on.
    """

    stems: tuple[str, ...]
    fake: Files
    real: Path
    source: Files | None = None
    recovered: Files | None = None
    identity: Files | None = None
    train: Path | None = None


@dataclass(frozen=True)
class Part:
    """What one part found.

    Args:
        metrics: Numbers, of any direction but without an arm.
        per_image: Metric to stem to value.
        notices: What a reader should know.
        format_differs: How the files of fakes and reals differ, where a part looks at that.
    """

    metrics: Sequence[CellMetric]
    per_image: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    notices: Sequence[Notice] = ()
    format_differs: str | None = None


@dataclass(frozen=True)
class Place:
    """Where numbers belong."""

    arm: str
    seed: int | None
    direction: Direction

    def number(
        self,
        name: str,
        display: str,
        better: Better,
        estimate: Estimate,
        *,
        unit: str = "",
        compare: bool = True,
    ) -> CellMetric:
        """Returns a number of this cell."""
        return CellMetric(
            arm=self.arm,
            seed=self.seed,
            direction=self.direction,
            name=name,
            display=display,
            unit=unit,
            better=better,
            estimate=estimate,
            compare=compare,
        )


def required(files: Files | None, what: str) -> Files:
    """Returns files that a part cannot do without.

    Raises:
        Absent: There are none.
    """
    if files is None:
        raise Absent(f"{what} are not there")
    return files


def mean_estimate(values: Mapping[str, float], unit: str = "") -> Estimate:
    """Returns the mean of values per image with its t interval over images."""
    found = np.array(list(values.values()), np.float64)
    n = {"fake": len(found)}
    if len(found) < 2:
        return Estimate(
            value=float(found.mean()) if len(found) else None,
            n=n,
            unit=unit,
            method="mean over images",
            reason="fewer than 2 images",
        )
    value, se = float(found.mean()), float(found.std(ddof=1) / np.sqrt(len(found)))
    low, high = t_interval(value, se, len(found) - 1)
    return Estimate(
        value=value,
        se=se,
        low=low,
        high=high,
        n=n,
        unit=unit,
        method="mean over images, t interval",
        covers="the mean over images like these; not over seeds of training",
    )


def decoded(files: Files, stems: Sequence[str]) -> Iterator[tuple[str, Pixels]]:
    """Yields the pixels uint8 ``[H, W, 3]`` of files in the order of their stems.

    Raises:
        InputError: One cannot be read.
    """
    for stem in stems:
        yield stem, pixels_of(files[stem])


def pixels_of(path: Path) -> Pixels:
    """Returns the pixels of a file, uint8 ``[H, W, 3]``, as every other command reads them.

    Raises:
        InputError: It cannot be read.
    """
    with naming(str(path)):
        data = path.read_bytes()
        header = read_header(io.BytesIO(data), str(path), _DECODING)
        return decode_file(data, str(path), header, _DECODING)


def listed(files: Files, stems: Sequence[str], scratch: Path) -> Path:
    """Writes a list of files, which opens as an image set, and returns its path."""
    scratch.mkdir(parents=True, exist_ok=True)
    paths = [files[stem].absolute() for stem in stems]
    digest = hashlib.sha256("\n".join(map(str, paths)).encode("utf-8", "surrogateescape"))
    path = scratch / f"images-{digest.hexdigest()[:16]}.txt"
    write_list(path, paths, ())
    return path
