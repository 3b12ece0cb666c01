"""The images of the test part that say most, with their scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import numpy as np

from ganeval.classifier.examples import FAKE, REAL
from ganeval.classifier.why.held_out import HeldOut
from ganeval.records.classify import ScoredGallery, ScoredImage

SHOWN: Final = 12

_Name = Literal["caught", "convincing", "mistaken"]

_KINDS: Final[tuple[tuple[_Name, str, int, bool], ...]] = (
    ("caught", "Fakes most surely caught", FAKE, True),
    ("convincing", "Most convincing fakes", FAKE, False),
    ("mistaken", "Reals most readily taken for fakes", REAL, True),
)


def gallery_places(held_out: HeldOut, shown: int = SHOWN) -> dict[_Name, list[int]]:
    """Chooses the images of each gallery.

    Of a group only the most extreme image is shown, so that one picture cut into many does not
    fill a gallery.

    Args:
        held_out: The test part.
        shown: Images of a gallery at most.

    Returns:
        Places in the test part, the most extreme first; equal scores come in the order of rows.
    """
    return {
        name: _most_extreme(held_out, label, highest, shown) for name, _, label, highest in _KINDS
    }


def _most_extreme(held_out: HeldOut, label: int, highest: bool, shown: int) -> list[int]:
    scores = -held_out.scores if highest else held_out.scores
    labels, groups = held_out.labels, held_out.groups
    first: dict[str, int] = {}
    for place in np.argsort(scores, kind="stable"):
        if labels[place] == label:
            first.setdefault(groups[place], int(place))
    return list(first.values())[:shown]


def galleries(
    held_out: HeldOut, places: Mapping[_Name, list[int]], maps: Mapping[int, str]
) -> list[ScoredGallery]:
    """Returns the galleries as the record holds them; one without images is left out.

    Args:
        held_out: The test part.
        places: The images of each gallery, by place in the test part.
        maps: File of the score map, by place; images without one have none.
    """
    return [
        ScoredGallery(
            name=name,
            display=display,
            images=[_image(held_out, place, maps.get(place)) for place in places[name]],
        )
        for name, display, _, _ in _KINDS
        if places.get(name)
    ]


def _image(held_out: HeldOut, place: int, score_map: str | None) -> ScoredImage:
    row = int(held_out.rows[place])
    return ScoredImage(
        label=held_out.examples.name(row),
        key=held_out.examples.keys[row],
        logit=float(held_out.scores[place]),
        p_fake=float(held_out.p_fake[place]),
        map=score_map,
    )


def gallery_digests(
    held_out: HeldOut, places: Mapping[_Name, list[int]]
) -> dict[str, dict[str, str]]:
    """Returns sha256 of the files that galleries name, by label and key."""
    digests: dict[str, dict[str, str]] = {}
    for place in sorted({place for chosen in places.values() for place in chosen}):
        row = int(held_out.rows[place])
        own = digests.setdefault(held_out.examples.name(row), {})
        own[held_out.examples.keys[row]] = held_out.examples.digests[row]
    return digests
