"""The Inception Score and what blocks of images add to it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

import ganeval.metrics.inception_score as module
from ganeval.errors import InputError
from ganeval.metrics.inception_score import PRESETS, inception_score, inception_score_jackknife
from ganeval.metrics.rows import NonFiniteFeaturesError
from ganeval.metrics.unequal_blocks import level
from ganeval.statistics.resampling import jackknife_standard_error

RNG = np.random.default_rng(0)
LOGITS = (3 * RNG.normal(size=(203, 12))).astype(np.float32)


def score_of(logits: np.ndarray) -> float:
    p = softmax(logits.astype(np.float64), axis=1)
    return float(np.exp((p * (np.log(p) - np.log(p.mean(axis=0)))).sum(axis=1).mean()))


def parts(n: int, preset: str) -> list[np.ndarray]:
    """Rows of every split, as the packages cut them."""
    order = np.random.RandomState(2020).permutation(n)
    if preset == "torch-fidelity":
        return [order[i * n // 10 : (i + 1) * n // 10] for i in range(10)]
    if preset == "torchmetrics":
        return [order[i : i - (-n // 10)] for i in range(0, n, -(-n // 10))]
    if preset == "stylegan3":
        return [np.arange(n)[i * n // 10 : (i + 1) * n // 10] for i in range(10)]
    return [np.arange(n)[i : i + 5000] for i in range(0, n, 5000)]


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("n", [11, 200, 203])
@pytest.mark.parametrize("held", [17, 4096])
def test_is_the_mean_over_splits(
    n: int, preset: str, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SLICE", held)
    found = inception_score(LOGITS[:n], preset=preset)
    expected = [score_of(LOGITS[part]) for part in parts(n, preset)]
    assert found.value == pytest.approx(np.mean(expected), rel=1e-12)
    assert found.splits == len(expected)
    assert found.per_split == min(len(part) for part in parts(n, preset))
    if preset == "adm":
        assert found.spread is None
    else:
        ddof = 1 if preset == "torchmetrics" else 0
        assert found.spread == pytest.approx(np.std(expected, ddof=ddof), rel=1e-9)


def test_adm_splits_by_5000_in_the_order_given() -> None:
    classes = np.repeat(np.eye(4), 2500, axis=0) * 50
    found = inception_score(classes, preset="adm")
    assert found.splits == 2
    # Sorted by class, each half knows two of the four classes.
    assert found.value == pytest.approx(2, rel=1e-9)
    mixed = classes[np.random.default_rng(1).permutation(10000)]
    assert inception_score(mixed, preset="adm").value == pytest.approx(4, rel=1e-3)


def test_ends_of_the_range() -> None:
    assert inception_score(np.zeros((50, 8))).value == pytest.approx(1, abs=1e-12)
    sure = np.tile(np.eye(5) * 800.0, (20, 1))  # probabilities that underflow to 0
    assert inception_score(sure[np.argsort(np.tile(np.arange(20), 5))]).value <= 5 * (1 + 1e-12)
    split_by_class = np.repeat(np.eye(5), 20, axis=0) * 800
    assert inception_score(split_by_class, preset="stylegan3").value == pytest.approx(1)


def test_a_constant_added_to_the_logits_of_an_image_changes_nothing() -> None:
    moved = LOGITS.astype(np.float64) + 1000 * RNG.normal(size=(203, 1))
    assert inception_score(moved).value == pytest.approx(inception_score(LOGITS).value, rel=1e-10)


def deal(n: int, count: int, seed: int) -> list[np.ndarray]:
    return np.array_split(np.random.default_rng(seed).permutation(n), count)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("count", [5, 20, 50])
def test_replicates_leave_images_out_of_their_splits(count: int, preset: str) -> None:
    blocks = deal(203, count, 2)
    found = inception_score_jackknife(LOGITS, blocks, preset=preset)
    assert found.value == inception_score(LOGITS, preset=preset).value
    assert found.real is None
    expected = [
        np.mean([score_of(LOGITS[np.setdiff1d(part, block)]) for part in parts(203, preset)])
        for block in blocks
    ]
    sizes = np.array([len(block) for block in blocks])
    np.testing.assert_allclose(
        found.fake, level(found.value, np.array(expected), sizes, 203), rtol=1e-12
    )


def test_a_split_that_loses_all_images_is_left_out() -> None:
    part = parts(20, "stylegan3")[3]
    found = inception_score_jackknife(
        LOGITS[:20], [part, np.setdiff1d(np.arange(20), part)], preset="stylegan3"
    )
    others = [score_of(LOGITS[p]) for p in parts(20, "stylegan3") if p[0] != part[0]]
    expected = np.array([np.mean(others), score_of(LOGITS[part])])
    np.testing.assert_allclose(
        found.fake, level(found.value, expected, np.array([2, 18]), 20), rtol=1e-12
    )


def test_the_value_stands_where_nothing_or_everything_is_left_out() -> None:
    everything = inception_score_jackknife(LOGITS, [np.arange(203)])
    nothing = inception_score_jackknife(LOGITS, [np.empty(0, np.int64)] * 2)
    assert everything.fake is not None
    assert nothing.fake is not None
    assert everything.fake.tolist() == [everything.value]
    assert nothing.fake.tolist() == [everything.value] * 2


@pytest.mark.parametrize(
    ("n", "classes"), [(300, 30), pytest.param(1000, 100, marks=pytest.mark.slow)]
)
def test_standard_errors_are_of_the_size_of_the_spread(n: int, classes: int) -> None:
    rng = np.random.default_rng(n)
    found = np.empty((120, 2))
    for run in range(len(found)):
        logits = 2 * rng.normal(size=(n, classes))
        logits[np.arange(n), rng.integers(0, classes, n)] += 6 * rng.random(n)
        result = inception_score_jackknife(logits, deal(n, 20, run))
        assert result.fake is not None
        found[run] = result.value, jackknife_standard_error(result.fake)
    ratio = found[:, 1].mean() / found[:, 0].std(ddof=1)
    # An SD of 120 values is known to 6.5 %, and one of 20 blocks is on average 1 % low.
    assert 0.7 <= ratio <= 1.6, ratio


def test_unfit_input_is_refused() -> None:
    with pytest.raises(InputError, match="needs at least 10 images, better 5000; got 9"):
        inception_score(LOGITS[:9])
    with pytest.raises(InputError, match="did you mean torchmetrics"):
        inception_score(LOGITS, preset="torchmetric")
    with pytest.raises(NonFiniteFeaturesError, match="row 4"):
        inception_score(np.where(np.arange(203)[:, None] == 4, np.inf, LOGITS))
    with pytest.raises(InputError, match="float array"):
        inception_score_jackknife(LOGITS[:, 0], [])
