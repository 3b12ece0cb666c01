"""Several plans from one decode, and all layers from one pass of the network."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from ganeval.errors import GanevalError, InputError
from ganeval.features.backend import Backend, Batch, Rows
from ganeval.features.cache import FeatureCache
from ganeval.features.decode_ahead import Consumer, Decoder
from ganeval.features.devices import Engine, choose_engine
from ganeval.features.extraction import Extraction, extract, extract_many
from ganeval.features.extractor import DirectExtractor, get_extractor
from ganeval.features.plan import Plan
from ganeval.images import Header, ImageSet, OnError, open_image_set
from ganeval.images.decoding import Pixels
from ganeval.images.policy import Decoding
from ganeval.images.source import Source

from .conftest import make_pictures


class CountingSource:
    """Counts how often each image is decoded."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.decoded: Counter[str] = Counter()

    def decode(self, key: str, header: Header, decoding: Decoding) -> Pixels:
        self.decoded[key] += 1
        return self._source.decode(key, header, decoding)


class Means(DirectExtractor):
    """Two layers: the mean of each channel, and the extremes of the image."""

    name: ClassVar[str] = "means"
    layers: ClassVar[Mapping[str, int]] = {"mean": 3, "extremes": 2}
    default_layer: ClassVar[str] = "mean"
    resize_modes: ClassVar[tuple[str, ...]] = ("none",)
    default_resize: ClassVar[str] = "none"
    size: ClassVar[int] = 8

    def __init__(self) -> None:
        self.seen = 0

    def normalisation(self, resize: str) -> str:
        return "none"

    def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
        self.seen += len(images)
        flat = images.reshape(len(images), -1).astype(np.float32)
        return {
            "mean": images.mean(axis=(2, 3), dtype=np.float32),
            "extremes": np.stack([flat.min(axis=1), flat.max(axis=1)], axis=1),
        }


class Medians(Means):
    """Another extractor with layers of the same names."""

    name: ClassVar[str] = "medians"

    def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
        rows = super().__call__(images)
        rows["mean"] = np.median(images, axis=(2, 3)).astype(np.float32)
        return rows


def plan(
    extractor: DirectExtractor, cache: FeatureCache | None = None, *layers: str, skip: bool = False
) -> Plan:
    return Plan(
        extractor=extractor,
        layers=list(layers) or ["mean"],
        resize="none",
        engine=Engine("torch", "cpu"),
        cache=cache,
        on_error=OnError(skip=skip),
    )


def counted(images: ImageSet) -> tuple[ImageSet, Counter[str]]:
    source = CountingSource(images.source)
    return replace(images, source=source), source.decoded  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_pictures(tmp_path / "set", 50)


def test_an_image_is_decoded_once_for_all_plans_and_never_when_all_is_known(
    folder: Path, cache: FeatureCache
) -> None:
    images, decoded = counted(open_image_set(folder))
    first, second = Means(), Medians()
    rows = [
        extraction.features["mean"].values
        for extraction in extract_many(images, [plan(first, cache), plan(second, cache)])
    ]
    assert set(decoded.values()) == {1}
    assert len(decoded) == 50
    assert (first.seen, second.seen) == (50, 50)
    pixels = np.stack([images.decode(i) for i in range(50)])
    np.testing.assert_allclose(rows[0], pixels.mean(axis=(1, 2)), rtol=1e-6)
    np.testing.assert_array_equal(rows[1], np.median(pixels, axis=(1, 2)))
    decoded.clear()
    again = extract_many(images, [plan(second, cache), plan(first, cache)])
    assert decoded == {}
    np.testing.assert_array_equal(again[0].features["mean"].values, rows[1])
    np.testing.assert_array_equal(again[1].features["mean"].values, rows[0])
    assert again[0].runs["mean"].backend is None


def test_only_what_a_plan_misses_is_decoded_and_computed(folder: Path, cache: FeatureCache) -> None:
    some = open_image_set(folder, limit=20)
    extract(some, plan(Means(), cache))
    extract(open_image_set(folder, limit=30), plan(Medians(), cache))
    images, decoded = counted(open_image_set(folder))
    extract(images, plan(first := Means(), cache))
    assert first.seen == 30
    assert set(decoded) == set(images.keys) - set(some.keys)
    decoded.clear()
    first, second = Means(), Medians()
    both = extract_many(images, [plan(first, cache), plan(second, cache)])
    assert (first.seen, second.seen) == (0, 20)
    assert sum(decoded.values()) == 20
    assert [e.runs["mean"].cache_misses for e in both] == [0, 20]
    alone = extract(images, plan(Medians()))
    np.testing.assert_array_equal(both[1].features["mean"].values, alone.features["mean"].values)


def test_images_of_many_sizes_come_back_in_their_order() -> None:
    rng = np.random.default_rng(0)
    sides = rng.integers(4, 9, 40)
    pictures = [rng.integers(0, 256, (n, n, 3), dtype=np.uint8) for n in sides]
    images = open_image_set(pictures)
    plans = [replace(plan(Means()), batch_size=3), replace(plan(Means()), batch_size=7)]
    expected = np.array([picture.mean(axis=(0, 1)) for picture in pictures])
    for extraction in extract_many(images, plans):
        values = extraction.features["mean"].values
        order = [int(key) for key in extraction.images.keys]
        np.testing.assert_allclose(values, expected[order], rtol=1e-6)


def test_progress_of_several_plans_only_rises_and_ends_at_the_total(
    folder: Path, cache: FeatureCache
) -> None:
    extract(open_image_set(folder, limit=20), plan(Means(), cache))
    (folder / "7.png").write_bytes(b"no picture")
    told: list[tuple[int, int]] = []
    images = open_image_set(folder)
    plans = [plan(Means(), cache, skip=True), plan(Medians(), cache, skip=True)]
    plans[1].batch_size = 3
    extract_many(images, plans, lambda done, total: told.append((done, total)))
    assert told[0] == (0, len(images))
    assert told[-1] == (len(images), len(images))
    assert told == sorted(told)
    assert len(told) > 5


def test_unreadable_images_are_skipped_for_every_plan(folder: Path, cache: FeatureCache) -> None:
    # Known before the file broke, so that the first plan alone would not have noticed.
    extract(open_image_set(folder), plan(Means(), cache))
    whole = (folder / "9.png").read_bytes()
    images = open_image_set(folder)
    (folder / "9.png").write_bytes(whole[:-30])
    plans = [plan(Means(), cache, skip=True), plan(Medians(), cache, skip=True)]
    both = extract_many(images, plans)
    for extraction in both:
        assert [skip.key for skip in extraction.images.skipped] == ["9.png"]
        assert "9.png" not in extraction.features["mean"].keys
        assert extraction.features["mean"].values.shape == (49, 3)
    kept = [i for i, key in enumerate(images.keys) if key != "9.png"]
    known = extract(images, plan(Means(), cache)).features["mean"].values
    np.testing.assert_array_equal(both[0].features["mean"].values, known[kept])


def test_an_unreadable_image_stops_all_plans_and_what_was_computed_is_kept(
    folder: Path, cache: FeatureCache
) -> None:
    whole = (folder / "9.png").read_bytes()
    (folder / "9.png").write_bytes(whole[:-30])
    plans = [plan(Means(), cache), plan(Medians(), cache)]
    with pytest.raises(InputError, match=r"9\.png"):
        extract_many(open_image_set(folder), plans)
    (folder / "9.png").unlink()
    images, decoded = counted(open_image_set(folder))
    extract_many(images, plans)
    assert sum(decoded.values()) < 49


def test_a_plan_cannot_be_given_twice(folder: Path) -> None:
    one = plan(Means())
    with pytest.raises(ValueError, match="only once"):
        extract_many(open_image_set(folder), [one, one])


def test_layers_nobody_asked_for_are_kept_from_the_same_pass(
    folder: Path, cache: FeatureCache
) -> None:
    images, decoded = counted(open_image_set(folder))
    first = extract(images, plan(Means(), cache))
    assert list(first.features) == ["mean"]
    decoded.clear()
    later = Means()
    second = extract(images, plan(later, cache, "extremes", "mean"))
    assert (later.seen, len(decoded)) == (0, 0)
    assert second.runs["extremes"].cache_misses == 0
    pixels = np.stack([images.decode(i) for i in range(50)])
    np.testing.assert_array_equal(
        second.features["extremes"].values,
        np.stack([pixels.min(axis=(1, 2, 3)), pixels.max(axis=(1, 2, 3))], axis=1),
    )
    np.testing.assert_array_equal(second.features["mean"].values, first.features["mean"].values)


def test_a_declared_layer_that_is_not_given_is_named(folder: Path, cache: FeatureCache) -> None:
    class Forgetful(Means):
        def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
            return {"mean": super().__call__(images)["mean"]}

    with pytest.raises(GanevalError, match="means: gave no layer 'extremes'"):
        extract(open_image_set(folder), plan(Forgetful(), cache))


def test_a_cache_that_breaks_is_told_of_once(
    folder: Path, cache: FeatureCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    both = extract_many(open_image_set(folder), [plan(Means(), cache), plan(Medians(), cache)])
    assert [[notice.code for notice in e.notices] for e in both] == [["cache_unavailable"], []]


def test_prepared_images_count_in_the_window(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = 8 * 8 * 3
    monkeypatch.setattr("ganeval.features.decode_ahead._WINDOW_BYTES", 16 * image)
    monkeypatch.setattr("ganeval.features.decode_ahead._BATCH_BYTES", 1)
    images = open_image_set(folder)
    # One decoded and one prepared image make 8 at a time, one and three make 4; one more is in
    # the hands of the decoder itself, one in the batch.
    assert 6 < most_held(images, 1) <= 8 + 2
    assert 2 < most_held(images, 3) <= 4 + 2


def most_held(images: ImageSet, count: int) -> int:
    """Images decoded and not yet submitted, at most, with ``count`` backends that copy them."""
    images, decoded = counted(images)

    class Slow(Backend):
        batch_size = 50

        def __init__(self) -> None:
            self.submitted = 0
            self.most = 0

        def prepared_bytes(self, decoded: int) -> int:
            return decoded

        def submit(self, batch: Batch) -> list[Rows]:
            time.sleep(0.004)  # enough for the threads to decode as far ahead as they may
            self.most = max(self.most, len(decoded) - self.submitted)
            self.submitted += len(batch.positions)
            return []

    decoder = Decoder(images, workers=2, stop_at_failure=True, failures={})
    backends = [Slow() for _ in range(count)]
    for consumer, batch in decoder.batches([Consumer(b, range(50)) for b in backends]):
        consumer.backend.submit(batch)
    assert [b.submitted for b in backends] == [50] * count
    return backends[0].most


def test_a_network_keeps_all_its_layers_as_it_gives_them_alone(
    inception_weights: Path, cache: FeatureCache, tmp_path: Path
) -> None:
    images = open_image_set(make_pictures(tmp_path / "few", 3))
    extractor = get_extractor("inception-2015")

    def of(cache: FeatureCache | None, layer: str) -> Extraction:
        return extract(
            images,
            Plan(
                extractor=extractor,
                layers=[layer],
                resize="pytorch-fid",
                engine=choose_engine("auto", "cpu"),
                weights=extractor.weights(inception_weights, None),
                cache=cache,
            ),
        )

    of(cache, "2048")
    assert {entry.layer for entry in cache.info()} == set(extractor.layers)
    kept = of(cache, "64")
    assert kept.runs["64"].backend is None
    # Without a cache the network ends at the layer asked for; the numbers are the same.
    np.testing.assert_array_equal(kept.features["64"].values, of(None, "64").features["64"].values)
