"""Maps of many images: the same from the cache, in chunks, with others' baselines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from saliency.saliency_toys import SIDE, Colours, make_images

from ganeval.saliency import mapping
from ganeval.saliency.explain import explain
from ganeval.saliency.map_cache import MapCache
from ganeval.saliency.mapping import Mapper, Subject
from ganeval.saliency.maps.registry import find_methods
from ganeval.saliency.model import PixelModel, wrap_network
from ganeval.saliency.settings import SaliencySettings

NAMES = ("gradient", "smoothgrad", "vargrad", "integrated-gradients", "grad-cam")


@pytest.fixture
def model() -> PixelModel:
    return wrap_network(Colours(), side=SIDE, name="colours", digest="abc")


def subject(count: int = 7) -> Subject:
    images = (make_images(count).transpose(0, 3, 1, 2) / np.float32(255)).astype(np.float32)
    targets = np.arange(count, dtype=np.int64) % 3
    return Subject(images, targets, [f"pair{i}" for i in range(count)])


def mapper(model: PixelModel, cache: MapCache | None, **chosen: Any) -> Mapper:
    settings = SaliencySettings(methods=NAMES, n_samples=3, ig_steps=4, micro_batch=4, **chosen)
    whole = subject()
    return Mapper(model, find_methods(NAMES), settings, (whole.images, whole.keys), cache)


def joined(made: Mapper, of: Subject, **how: Any) -> dict[str, np.ndarray]:
    parts = list(made.chunks(of, **how))
    return {name: np.concatenate([maps[name].values for _, maps in parts]) for name in NAMES}


def test_chunks_and_cache_change_no_bit(
    model: PixelModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    direct = explain(
        model,
        subject().images,
        NAMES,
        subject().targets,
        keys=subject().keys,
        micro_batch=4,
        n_samples=3,
        ig_steps=4,
    )
    monkeypatch.setattr(mapping, "CHUNK", 3)
    cache = MapCache(tmp_path)
    cold = joined(mapper(model, cache), subject())
    monkeypatch.setattr(mapping, "CHUNK", 64)
    warm = joined(mapper(model, cache), subject())
    for name in NAMES:
        assert np.array_equal(cold[name], direct[name].values), name
        assert np.array_equal(warm[name], direct[name].values), name


def test_a_warm_run_computes_nothing(
    model: PixelModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = MapCache(tmp_path)
    joined(mapper(model, cache), subject())
    made = mapper(model, cache)
    assert [made.known(subject(), method) for method in made.methods] == [1.0] * len(NAMES)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("a map was made again")

    monkeypatch.setattr(mapping, "explain", never)
    joined(made, subject())
    with pytest.raises(AssertionError, match="made again"):
        joined(made, subject(), seed=1)
    with pytest.raises(AssertionError, match="made again"):
        joined(made, subject(), variant="random_all/0/0")
    other = subject()
    other.targets[:] += 1
    with pytest.raises(AssertionError, match="made again"):
        joined(made, Subject(other.images, other.targets % 3, other.keys))


def test_only_what_is_missing_is_made(model: PixelModel, tmp_path: Path) -> None:
    cache = MapCache(tmp_path)
    joined(mapper(model, cache), subject().take([0, 2]))
    made = mapper(model, cache)
    assert made.known(subject(), made.methods[0]) == pytest.approx(2 / 7)
    whole = joined(made, subject())
    alone = joined(mapper(model, None), subject())
    assert all(np.array_equal(whole[name], alone[name]) for name in NAMES)


def test_random_baselines_are_those_of_the_whole_set(model: PixelModel, tmp_path: Path) -> None:
    """An image has the map that it has among all, whatever it is explained with."""
    whole = joined(mapper(model, None, baseline="random"), subject())
    part = joined(mapper(model, MapCache(tmp_path), baseline="random"), subject().take([1, 5]))
    name = "integrated-gradients"
    assert np.array_equal(part[name], whole[name][[1, 5]])
    blurred = joined(mapper(model, None), subject())
    assert not np.array_equal(whole[name], blurred[name])


def test_progress_counts_every_pass_once(model: PixelModel, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    cache = MapCache(tmp_path)
    for _ in range(2):  # cold, then warm
        made = mapper(model, cache)
        families = 7 * (1 + 3 + 4 + 1)  # gradient, smoothgrad with vargrad, nodes, grad-cam
        made.report_to(
            lambda label, done, total, unit="images": told.append((done, total)), families
        )
        joined(made, subject())
        assert told[-1] == (families, families)
        assert [done for done, _ in told] == sorted(done for done, _ in told)
        told.clear()
