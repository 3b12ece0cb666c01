"""What each image does: its nearest neighbour, its place among the reals, its part in the distance.

One row per image, for a spreadsheet; a record holds the few that a page shows.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from ganeval.metrics.manifold import PRESETS, membership
from ganeval.metrics.measured import Measured
from ganeval.metrics.nearest import nearest_rows
from ganeval.metrics.realism import realism
from ganeval.metrics.rows import Floats, Rows
from ganeval.metrics.samples import Sample
from ganeval.metrics.sides import Side
from ganeval.metrics.unit_vectors import unit_rows

COLUMNS = (
    "set",
    "role",
    "against",
    "key",
    "digest",
    "group",
    "width",
    "height",
    "format",
    "nearest_key",
    "nearest_distance",
    "nearest_cosine",
    "inside",
    "realism",
    "authentic",
    "influence",
    "fid_if_removed",
    "duplicate_of",
)
"""``nearest_*`` is of the other set; ``inside`` of a fake: within the reach of a real, of a real:
covered by a fake."""

_REALISM_K = 3
_BLOCK = 4096  # rows at once
_PRESET = PRESETS["prdc"]

Row = dict[str, object]


def image_rows(real: Sample, fake: Sample, distance: Measured | None) -> Iterator[Row]:
    """Yields one row per fake and per real image of one comparison.

    Realism and membership are empty where a side has too few images for them. ``fid_if_removed``
    is the distance less influence/(n-1): all images share an offset, because a smaller sample has
    a larger distance, so only their order and differences mean something.

    Args:
        real: The real set.
        fake: The fake set.
        distance: The main Fréchet distance with influences; None: it was not asked for.
    """
    one, other = real.side, fake.side
    rows = one.rows("--per-image"), other.rows("--per-image")
    k, smallest = max(_PRESET.k, _REALISM_K), min(map(len, rows))
    member = membership(*rows, k=_PRESET.k, inclusive=_PRESET.inclusive) if smallest > k else None
    real_look = realism(*rows, k=_REALISM_K) if smallest > k else None
    to_real = nearest_rows(rows[1], rows[0], "euclidean")
    to_fake = nearest_rows(rows[0], rows[1], "euclidean")
    within = nearest_rows(rows[0], rows[0], "euclidean", within=True).distance[:, 0]
    value = distance.metrics[0].estimate.value if distance else None
    influence = distance.influence if distance else None
    nearest, far = to_real.index[:, 0], to_real.distance[:, 0]
    cosines = _cosines(rows[1], rows[0], nearest)
    for i, row in enumerate(_described(other, one.label)):
        row |= {
            "nearest_key": one.keys[nearest[i]],
            "nearest_distance": float(far[i]),
            "nearest_cosine": float(cosines[i]) if np.isfinite(cosines[i]) else None,
            "inside": _word(None if member is None else member.in_real_manifold, i),
            "realism": None if real_look is None else float(real_look[i]),
            "authentic": "yes" if far[i] > within[nearest[i]] else "no",
        }
        yield row | _influence(influence, value, i)
    nearest, far = to_fake.index[:, 0], to_fake.distance[:, 0]
    influence = distance.influence_real if distance else None
    for i, row in enumerate(_described(one, other.label)):
        row |= {
            "nearest_key": other.keys[nearest[i]],
            "nearest_distance": float(far[i]),
            "inside": _word(None if member is None else member.covered, i),
        }
        yield row | _influence(influence, value, i)


def _cosines(rows: Rows, others: Rows, nearest: npt.NDArray[np.int64]) -> Floats:
    """Cosine of every row with the other it is nearest to; NaN where a row is zero throughout."""
    cosines = np.full(len(rows), np.nan)
    for start in range(0, len(rows), _BLOCK):
        i = np.arange(start, min(start + _BLOCK, len(rows)))
        i = i[rows[i].any(axis=1) & others[nearest[i]].any(axis=1)]
        cosines[i] = np.sum(unit_rows(rows[i]) * unit_rows(others[nearest[i]]), axis=1)
    return cosines


def image_table(rows: Sequence[Row]) -> str:
    """Returns the rows as CSV with a header line; what is not known is an empty cell."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _described(side: Side, against: str) -> Iterator[Row]:
    headers = {}
    if side.images is not None:
        headers = dict(zip(side.images.keys, side.images.headers, strict=True))
    first: dict[str, str] = {}
    for key, digest, group in zip(side.keys, side.digests, side.groups, strict=True):
        header = headers.get(key)
        original = first.setdefault(digest, key)
        yield {
            "set": side.label,
            "role": side.role,
            "against": against,
            "key": key,
            "digest": digest,
            "group": "" if group == digest else group,
            "width": header.width if header else None,
            "height": header.height if header else None,
            "format": header.format if header else None,
            "duplicate_of": original if original != key else None,
        }


def _influence(influence: Floats | None, value: float | None, i: int) -> Row:
    if influence is None or value is None:
        return {}
    return {
        "influence": float(influence[i]),
        "fid_if_removed": value - float(influence[i]) / (len(influence) - 1),
    }


def _word(flags: np.ndarray | None, i: int) -> str | None:
    return None if flags is None else "yes" if flags[i] else "no"
