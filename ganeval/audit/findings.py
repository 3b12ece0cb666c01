"""What in the audited sets threatens a metric, in words: what it means, then what to do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from ganeval.audit.copies import Copies
from ganeval.metrics.format_mix import DIFFERENT_MIX, mix, storage_differences, variation
from ganeval.records import AuditedSet, Estimate, Notice, Overlap
from ganeval.statistics.intervals import t_interval

CODES: Final = ("leak", "unreadable", "duplicates", "mixed_formats", "mixed_sizes")
"""Codes of the findings, the gravest first."""

SHORT: Final = {
    "leak": "images of one set match images of another",
    "unreadable": "files cannot be read",
    "duplicates": "images repeat within a set",
    "mixed_formats": "the files were stored differently",
    "mixed_sizes": "image sizes differ or are distorted",
}

_DUPLICATES = 0.01  # share of the images of a set
_MOSTLY = 0.5  # share of the images of a set
_BLOCKINESS = 0.05  # difference of the means
_NOT_SQUARE = 0.01  # share of images
_SMALLEST_SIDE = 32  # pixels
_KINDS = {
    "bytes": "as the very same file",
    "pixels": "by equal pixels",
    "dhash": "by a near difference hash",
}


@dataclass(frozen=True)
class Found:
    """All that a finding can depend on."""

    sets: Sequence[AuditedSet]
    copies: Copies


def findings(found: Found) -> list[Notice]:
    """Returns the findings, the gravest first."""
    checks = (_leaks, _unreadable, _duplicates, _mixed_formats, _mixed_sizes)
    return [notice for check in checks for notice in check(found)]


def verdict(sets: Sequence[AuditedSet], notices: Sequence[Notice]) -> str:
    """One sentence about what was found; `notices` are the findings alone."""
    total = sum(len(one.images) for one in sets)
    what = "this set" if len(sets) == 1 else f"these {len(sets)} sets"
    codes = list(dict.fromkeys(notice.code for notice in notices))
    if not codes:
        return f"Nothing was found in {what} ({total:,} images) that threatens a metric."
    count = f"{len(notices)} finding{'s' if len(notices) > 1 else ''}"
    return f"{count} in {what} ({total:,} images): {'; '.join(SHORT[code] for code in codes)}."


def _leaks(found: Found) -> Iterator[Notice]:
    """Images of one set are also in another."""
    for overlap in found.copies.overlaps:
        later = next(one for one in found.sets if one.input.label == overlap.b)
        total = sum(overlap.images.values())
        kinds = ", ".join(f"{count} {_KINDS[kind]}" for kind, count in overlap.images.items())
        yield Notice(
            code="leak",
            text=f"{total} of {len(later.images)} images of {overlap.b} match an image of "
            f"{overlap.a}: {kinds}. {_leak_meaning(overlap)}",
            data={
                "a": overlap.a,
                "b": overlap.b,
                "matched": total,
                "same_name": overlap.same_name,
                **overlap.images,
            },
        )


def _leak_meaning(overlap: Overlap) -> str:
    total = sum(overlap.images.values())
    if overlap.images.keys() != {"dhash"}:
        return (
            "The same image in both sets makes every distance too small, and a classifier that "
            "was trained on one of them has seen the other. Remove it from one of the sets."
        )
    source = (
        f"{overlap.same_name} of them match the image of the same name: a translation keeps the "
        f"layout of its photo, so this is expected where {overlap.b} was made from {overlap.a}, "
        "and then the two are not independent samples."
    )
    other = (
        "A near difference hash means the same layout of light and dark: a copy, another crop or "
        "compression of the same picture, or two pictures that happen to agree. Look at the "
        f"pairs: the most alike of these differ by {overlap.luma_difference:.2g} of 255 grey "
        "levels on average, copies by a few."
    )
    if not overlap.same_name:
        return other
    return source if overlap.same_name == total else f"{source} {other}"


def _unreadable(found: Found) -> Iterator[Notice]:
    """Files that are no readable images."""
    for one in found.sets:
        if one.unreadable:
            count, total = len(one.unreadable), len(one.images) + len(one.unreadable)
            first = one.unreadable[0]
            yield Notice(
                code="unreadable",
                text=f"{count} of {total} images of {one.input.label} cannot be read, the first "
                f"being {first.key}: {first.reason}. Metrics stop at them or leave them out; "
                "replace them.",
                data={"set": one.input.label, "count": count},
            )


def _duplicates(found: Found) -> Iterator[Notice]:
    """More than 1 % of a set are duplicates of others in it."""
    for one, groups in zip(found.sets, found.copies.clusters, strict=True):
        extra = sum(len(group) - 1 for group in groups)
        if extra <= _DUPLICATES * len(one.images):
            continue
        kinds = ", ".join(f"{count} {_KINDS[kind]}" for kind, count in one.duplicates.items())
        near = one.duplicates.get("dhash", 0)
        advice = ""
        if near > _MOSTLY * len(one.images):
            advice = (
                " So many near hashes mean that the pictures of this set share their layout "
                "(digits, faces, logos), not that they are copies."
            )
        elif near:
            advice = " Look at the near ones first: plain pictures can agree by chance."
        yield Notice(
            code="duplicates",
            text=f"{extra} of {len(one.images)} images of {one.input.label} repeat others of the "
            f"set ({kinds}). Repeated images are no independent sample and pull every metric "
            f"towards themselves; remove them, or join them with --groups.{advice}",
            data={"set": one.input.label, "repeated": extra, **one.duplicates},
        )


def _mixed_formats(found: Found) -> Iterator[Notice]:
    """Two sets were stored differently."""
    for a, b in combinations(found.sets, 2):
        label_a, label_b = a.input.label, b.input.label
        parts = [
            f"{what} ({label_a}: {mix_a}; {label_b}: {mix_b})"
            for what, (mix_a, mix_b) in storage_differences(a.input, b.input).items()
        ]
        blocks = _blockiness(a), _blockiness(b)
        if _differ(*blocks):
            shown = [f"{one.value or 0.0:.2f}".replace("-", "−") for one in blocks if one]
            parts.append(
                f"8×8 blockiness ({label_a}: {shown[0]}; {label_b}: {shown[1]}; a past as JPEG "
                "shows in it whatever the format is now)"
            )
        if parts:
            yield Notice(
                code="mixed_formats",
                text=f"{label_a} and {label_b} differ in {' and '.join(parts)}. Traces of "
                "compression count as a difference between sets, for metrics and classifiers "
                "alike. Store both alike, best without loss from the start.",
                data={"a": label_a, "b": label_b, "differences": len(parts)},
            )


def _mixed_sizes(found: Found) -> Iterator[Notice]:
    """Sizes differ between sets, or are distorted by the square that networks take."""
    parts = []
    for a, b in combinations(found.sets, 2):
        if variation(a.input.sizes, b.input.sizes) > DIFFERENT_MIX:
            parts.append(
                f"sizes differ ({a.input.label}: {mix(a.input.sizes)}; "
                f"{b.input.label}: {mix(b.input.sizes)})"
            )
    for one in found.sets:
        label, total = one.input.label, len(one.images)
        oblong = sum(image.width != image.height for image in one.images)
        tiny = sum(min(image.width, image.height) < _SMALLEST_SIDE for image in one.images)
        if oblong > _NOT_SQUARE * total:
            parts.append(f"{oblong} of {total} images of {label} are not square")
        if tiny:
            parts.append(f"{tiny} images of {label} have a side under {_SMALLEST_SIDE} pixels")
    if parts:
        text = "; ".join(parts)
        yield Notice(
            code="mixed_sizes",
            text=f"{text[0].upper()}{text[1:]}. All are resized to one square for the network, "
            "which blurs or distorts them unequally; crop and resize all sets alike beforehand.",
            data={"reasons": len(parts)},
        )


def _blockiness(one: AuditedSet) -> Estimate | None:
    for measurement in one.measurements:
        if measurement.name == "blockiness":
            return measurement.estimate
    return None


def _differ(a: Estimate | None, b: Estimate | None) -> bool:
    """Tells whether mean blockiness differs by enough to matter, and by more than chance."""
    if a is None or b is None or None in (a.value, b.value, a.se, b.se):
        return False
    difference = abs((a.value or 0.0) - (b.value or 0.0))
    freedom = min(*a.n.values(), *b.n.values()) - 1
    low, _ = t_interval(difference, math.hypot(a.se or 0.0, b.se or 0.0), freedom)
    return difference > _BLOCKINESS and low > 0
