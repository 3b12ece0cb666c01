"""Extraction: what is computed, what is kept, what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganeval.errors import GanevalError, InputError
from ganeval.features.cache import FeatureCache
from ganeval.features.devices import Engine, choose_engine
from ganeval.features.extraction import extract
from ganeval.features.plan import Plan
from ganeval.features.random_projection import RandomProjection
from ganeval.images import Decoding, ImageSet, OnError, open_image_set


class Counting(RandomProjection):
    """Counts the images it sees."""

    def __init__(self) -> None:
        self.seen = 0

    def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
        self.seen += len(images)
        return super().__call__(images)


@pytest.fixture
def images(tmp_path: Path) -> ImageSet:
    return open_image_set(make_pictures(tmp_path / "set", 600))


def make_pictures(folder: Path, count: int) -> Path:
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(count):
        Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(folder / f"{i}.png")
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> FeatureCache:
    return FeatureCache.open(tmp_path / "features")


def plan(extractor: RandomProjection, cache: FeatureCache | None, **options: OnError) -> Plan:
    return Plan(
        extractor=extractor,
        layers=["64"],
        resize="area",
        engine=Engine("torch", "cpu"),
        cache=cache,
        **options,
    )


def test_a_killed_run_goes_on_where_rows_were_stored(images: ImageSet, cache: FeatureCache) -> None:
    class Dying(Counting):
        def __call__(self, batch: np.ndarray) -> dict[str, np.ndarray]:
            if self.seen >= 300:
                raise KeyboardInterrupt
            return super().__call__(batch)

    with pytest.raises(KeyboardInterrupt):
        extract(images, plan(Dying(), cache))
    second = Counting()
    extraction = extract(images, plan(second, cache))
    assert second.seen <= 300
    fresh = extract(images, plan(Counting(), None))
    assert np.array_equal(extraction.features["64"].values, fresh.features["64"].values)


def test_progress_ends_at_the_total(images: ImageSet, cache: FeatureCache) -> None:
    told: list[tuple[int, int]] = []
    extract(images, plan(Counting(), cache), lambda done, total: told.append((done, total)))
    assert told[0] == (0, 600)
    assert told[-1] == (600, 600)
    told.clear()
    extract(images, plan(Counting(), cache), lambda done, total: told.append((done, total)))
    assert told == [(600, 600)]


def test_a_row_that_is_not_finite_names_its_image(images: ImageSet) -> None:
    class Broken(RandomProjection):
        def __call__(self, batch: np.ndarray) -> dict[str, np.ndarray]:
            rows = super().__call__(batch)["64"]
            rows[-1, 3] = np.nan
            return {"64": rows}

    with pytest.raises(GanevalError, match=r"\d+\.png: .* not finite"):
        extract(images, plan(Broken(), None))


def test_rows_of_the_wrong_shape_are_refused(images: ImageSet) -> None:
    class Narrow(RandomProjection):
        def __call__(self, batch: np.ndarray) -> dict[str, np.ndarray]:
            return {"64": super().__call__(batch)["64"][:, :63]}

    with pytest.raises(GanevalError, match="63"):
        extract(images, plan(Narrow(), None))


def test_bad_files_stop_the_network_and_keep_good_features(
    tmp_path: Path, cache: FeatureCache
) -> None:
    folder = make_pictures(tmp_path / "set", 40)
    for name in ("9.png", "39.png"):
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[:-30])
    extractor = Counting()
    with pytest.raises(InputError) as caught:
        extract(open_image_set(folder), plan(extractor, cache))
    assert "9.png" in str(caught.value)
    assert "39.png" in str(caught.value)
    assert extractor.seen > 0
    assert f"{extractor.seen} good images are cached" in str(caught.value)


def test_skipped_files_leave_the_others_in_order(tmp_path: Path) -> None:
    folder = make_pictures(tmp_path / "set", 40)
    whole = extract(open_image_set(folder), plan(Counting(), None)).features["64"]
    (folder / "7.png").write_bytes(b"no picture")
    left = extract(
        open_image_set(folder), plan(Counting(), None, on_error=OnError.parse("skip"))
    ).features["64"]
    assert left.keys == [key for key in whole.keys if key != "7.png"]
    kept = [i for i, key in enumerate(whole.keys) if key != "7.png"]
    assert np.array_equal(left.values, whole.values[kept])


def test_images_decoded_otherwise_are_not_taken_from_the_cache(
    tmp_path: Path, cache: FeatureCache
) -> None:
    folder = tmp_path / "alpha"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(3):
        pixels = rng.integers(0, 256, (8, 8, 4), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    rows = [
        extract(open_image_set(folder, decoding=decoding), plan(Counting(), cache))
        for decoding in (Decoding(), Decoding(background=(0, 0, 0)), Decoding("peer"))
    ]
    assert [run.runs["64"].cache_misses for run in rows] == [3, 3, 3]
    assert len({run.runs["64"].spec.decode for run in rows}) == 3


def test_large_images_wait_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganeval.features.decode_ahead._BATCH_BYTES", 3 * 8 * 8 * 3)
    sizes: list[int] = []

    class Watching(RandomProjection):
        def __call__(self, batch: np.ndarray) -> dict[str, np.ndarray]:
            sizes.append(len(batch))
            return super().__call__(batch)

    extract(open_image_set(make_pictures(tmp_path / "set", 10)), plan(Watching(), None))
    assert max(sizes) == 3
    assert sum(sizes) == 10


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("ganeval.features.devices.cuda_present", lambda: False)
    return


@pytest.mark.usefixtures("no_gpu")
def test_engine_is_openvino_on_cpus_and_torch_on_request() -> None:
    assert choose_engine() == Engine("openvino", "cpu")
    assert choose_engine("torch") == Engine("torch", "cpu")
    assert choose_engine("auto", "cuda:1") == Engine("torch", "cuda:1")
    assert choose_engine("auto", "cuda:1").name == "torch-cuda"


def test_engine_is_torch_where_there_is_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganeval.features.devices.cuda_present", lambda: True)
    assert choose_engine() == Engine("torch", "cuda")
    assert choose_engine("auto", "cpu") == Engine("openvino", "cpu")


def test_openvino_does_not_run_on_a_gpu() -> None:
    with pytest.raises(InputError, match="--backend torch"):
        choose_engine("openvino", "cuda")


def test_a_device_that_is_not_there_is_named(inception_weights: Path) -> None:
    from ganeval.features.inception import Inception2015
    from ganeval.features.torch_backend import TorchBackend

    extractor = Inception2015()
    weights = extractor.weights(inception_weights, None)
    with pytest.raises(InputError, match="--device nonsense"):
        TorchBackend(extractor, weights, device="nonsense", layers=["64"], resize="clean")
