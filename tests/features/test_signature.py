"""What images are recognised by survives the way through the feature cache."""

from __future__ import annotations

import numpy as np
import pytest

from ganeval.features.devices import Engine
from ganeval.features.extraction import extract
from ganeval.features.extractor import EXTRACTORS
from ganeval.features.plan import Plan
from ganeval.features.signature import PictureSignature, signatures_of_rows
from ganeval.images import open_image_set
from ganeval.images.arrays import array_digest
from ganeval.images.duplicates import difference_hash


@pytest.fixture
def images() -> np.ndarray:
    rng = np.random.default_rng(0)
    found = rng.integers(0, 256, (9, 48, 40, 3), dtype=np.uint8)
    found[4] = 7  # a flat image has no difference hash
    return found


def test_signatures_are_those_of_the_pixels(images: np.ndarray) -> None:
    plan = Plan(
        extractor=PictureSignature(),
        layers=["signature"],
        resize="none",
        engine=Engine("torch", "cpu"),
    )
    features = extract(open_image_set(images), plan).features["signature"]
    found = signatures_of_rows(features.values, features.digests)
    assert [one.pixels for one in found] == [array_digest(image) for image in images]
    assert [one.dhash for one in found] == [difference_hash(image) for image in images]
    assert found[4].dhash is None
    assert [one.digest for one in found] == features.digests


def test_it_cannot_be_chosen_as_an_extractor() -> None:
    assert PictureSignature.name not in EXTRACTORS.names()
