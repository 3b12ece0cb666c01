"""Where labels go so that none lies over another."""

from __future__ import annotations

from collections.abc import Sequence


def spread_out(wanted: Sequence[float], *, gap: float, low: float, high: float) -> list[float]:
    """Moves heights apart as little as needed, least squares, and keeps their order.

    Neighbours that would lie closer than ``gap`` become a block around the mean of what they want.

    Args:
        wanted: Where each would like to be.
        gap: Least distance of two.
        low: Least height.
        high: Greatest height; exceeded only where there is no room for all.
    """
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    blocks: list[list[float]] = []  # start, members
    for index in order:
        blocks.append([wanted[index], 1])
        while True:
            start, size = blocks[-1]
            start = max(min(start, high - gap * (size - 1)), low)
            blocks[-1][0] = start
            if len(blocks) == 1 or blocks[-2][0] + gap * blocks[-2][1] <= start:
                break
            _, size = blocks.pop()
            before = blocks[-1]
            members = order[: order.index(index) + 1][-int(before[1] + size) :]
            ideal = [wanted[one] - gap * place for place, one in enumerate(members)]
            blocks[-1] = [sum(ideal) / len(ideal), before[1] + size]
    found = [0.0] * len(wanted)
    place = 0
    for start, size in blocks:
        for step in range(int(size)):
            found[order[place]] = start + gap * step
            place += 1
    return found


def rows_without_overlap(spans: Sequence[tuple[float, float]], *, gap: float) -> list[int]:
    """Returns the row of each span, from 0, such that spans of one row keep a gap.

    Args:
        spans: Start and end of each.
        gap: Least space between two of one row.
    """
    ends: list[float] = []
    rows = [0] * len(spans)
    for index in sorted(range(len(spans)), key=lambda one: spans[one]):
        start, end = spans[index]
        row = next((row for row, taken in enumerate(ends) if taken + gap <= start), len(ends))
        if row == len(ends):
            ends.append(end)
        ends[row] = end
        rows[index] = row
    return rows
