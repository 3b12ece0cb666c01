"""Which fakes are copies of training images: by file, by pixels, by picture, by features."""

from __future__ import annotations

from collections.abc import Sequence

from ganeval.images.duplicates import Comparison, Signature
from ganeval.metrics.memorisation import near_copies
from ganeval.metrics.sides import Side
from ganeval.records import Copy

_ORDER = ("bytes", "pixels", "dhash", "features")


def find_copies(
    train: Side,
    fake: Side,
    known: tuple[Sequence[Signature], Sequence[Signature]],
) -> list[Copy]:
    """Returns the fakes that are, or nearly are, training images; the surest and nearest first.

    A fake is listed once, by the strongest likeness it has: an equal file, equal pixels, a
    difference hash within 4 bits, or features nearer to a training image than 99 % of training
    images lie to each other.

    Args:
        train: The training images with their features.
        fake: The generated images with theirs.
        known: What the images of both are recognised by.
    """
    copies: dict[str, Copy] = {}
    for copy in [*_by_picture(train, fake, known), *_by_features(train, fake)]:
        found = copies.get(copy.fake)
        if found is None or _strength(copy) < _strength(found):
            copies[copy.fake] = copy
    return sorted(copies.values(), key=lambda copy: (*_strength(copy), copy.fake))


def _strength(copy: Copy) -> tuple[int, float]:
    return _ORDER.index(copy.kind), copy.distance or 0.0


def _by_picture(
    train: Side, fake: Side, known: tuple[Sequence[Signature], Sequence[Signature]]
) -> list[Copy]:
    return [
        Copy(
            fake_label=fake.label,
            fake=fake.keys[match.b],
            real=train.keys[match.a],
            kind=match.kind,
            distance=match.distance if match.kind == "dhash" else 0.0,
        )
        for match in Comparison(*known).first_matches()
    ]


def _by_features(train: Side, fake: Side) -> list[Copy]:
    return [
        Copy(
            fake_label=fake.label,
            fake=fake.keys[one.fake],
            real=train.keys[one.real],
            kind="features",
            distance=one.distance,
        )
        for one in near_copies(train.rows("near copies"), fake.rows("near copies"))
    ]
