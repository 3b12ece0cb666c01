"""KID against its definition, its standard error against leaving images out, its p-value."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import ganeval.metrics.kernel as module
from ganeval.errors import InputError
from ganeval.metrics.kernel import kid

RNG = np.random.default_rng(0)
REAL = RNG.normal(size=(14, 6)) + 0.4
FAKE = RNG.normal(size=(11, 6)) * 1.2
EXACT = 1e-12  # absolute, at kernel values of order one


def by_definition(real: np.ndarray, fake: np.ndarray) -> float:
    """The U-statistic as two loops."""

    def k(x: np.ndarray, y: np.ndarray) -> float:
        return float((x @ y / len(x) + 1) ** 3)

    m, n = len(real), len(fake)
    own = sum(k(x, y) for x, y in itertools.permutations(real, 2)) / (m * (m - 1))
    other = sum(k(x, y) for x, y in itertools.permutations(fake, 2)) / (n * (n - 1))
    return own + other - 2 * sum(k(x, y) for x in real for y in fake) / (m * n)


def delete_groups(real: np.ndarray, fake: np.ndarray, labels: list[np.ndarray]) -> float:
    """The jackknife's standard error by computing everything again without each group."""
    variance = 0.0
    for side, groups in enumerate(labels):
        replicates = []
        for group in np.unique(groups):
            sides = [real, fake]
            sides[side] = sides[side][groups != group]
            replicates.append(by_definition(*sides))
        count = len(replicates)
        variance += (count - 1) / count * ((replicates - np.mean(replicates)) ** 2).sum()
    return float(np.sqrt(variance))


@pytest.mark.parametrize(("m", "n"), [(2, 2), (2, 11), (14, 11)])
def test_value_is_the_mean_over_all_pairs(m: int, n: int) -> None:
    value = kid(REAL[:m], FAKE[:n]).estimate.value
    assert value == pytest.approx(by_definition(REAL[:m], FAKE[:n]), abs=EXACT)


def test_standard_error_is_that_of_leaving_one_image_out() -> None:
    expected = delete_groups(REAL, FAKE, [np.arange(14), np.arange(11)])
    estimate = kid(REAL, FAKE).estimate
    assert estimate.se == pytest.approx(expected, abs=EXACT)
    assert estimate.low < estimate.value < estimate.high
    assert "10 degrees of freedom" in estimate.method


def test_standard_error_is_that_of_leaving_one_group_out() -> None:
    groups = [np.array([0, 0, 0, 1, 2, 2, 3, 3, 3, 3, 4, 5, 5, 1]), np.arange(11) // 2]
    named = [[f"g{g}" for g in side] for side in groups]
    estimate = kid(REAL, FAKE, real_groups=named[0], fake_groups=named[1]).estimate
    assert estimate.se == pytest.approx(delete_groups(REAL, FAKE, groups), abs=EXACT)
    assert estimate.value == pytest.approx(by_definition(REAL, FAKE), abs=EXACT)


def test_fewer_than_three_groups_have_no_standard_error() -> None:
    for estimate in (
        kid(REAL[:2], FAKE).estimate,
        kid(REAL, FAKE, real_groups=["a"] * 13 + ["b"]).estimate,
    ):
        assert estimate.value is not None
        assert (estimate.se, estimate.low) == (None, None)
        assert "the real side has 2" in estimate.reason
    assert kid(REAL[:3], FAKE).estimate.se is not None
    assert kid(REAL, FAKE, real_groups=["a"] * 12 + ["b", "c"]).estimate.se is not None


def test_identical_sets_are_negative() -> None:
    assert kid(REAL, REAL).estimate.value < 0


def test_blocks_without_the_matrix_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = [str(i // 2) for i in range(14)]
    whole = kid(REAL, FAKE, real_groups=groups, permutations=0).estimate
    monkeypatch.setattr(module, "_IN_MEMORY", 20)
    monkeypatch.setattr(module, "_BLOCK", 5)
    blocked = kid(REAL, FAKE, real_groups=groups, permutations=0)
    assert blocked.estimate.value == pytest.approx(whole.value, abs=1e-6)  # float32 products
    assert blocked.estimate.se == pytest.approx(whole.se, abs=1e-6)
    assert blocked.test is None


def test_beyond_memory_the_test_takes_a_subsample_of_whole_groups(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_IN_MEMORY", 20)
    groups = [str(i // 2) for i in range(14)]
    fakes = [str(i // 2) for i in range(11)]
    test = kid(REAL, FAKE, real_groups=groups, fake_groups=fakes, permutations=99).test
    assert test is not None
    assert "of 18 images" in test.method  # 5 groups of 2 and, of 8.8, 4 groups of 2
    one = kid(REAL, FAKE, real_groups=["all"] * 14, permutations=99)
    assert one.test is None  # the one group does not fit


def share_at_least(real: np.ndarray, fake: np.ndarray, labellings: list[tuple[int, ...]]) -> float:
    """Share of labellings (the rows called real) whose KID is at least the observed one."""
    pooled = np.concatenate([real, fake])
    values = []
    for chosen in labellings:
        left = [i for i in range(len(pooled)) if i not in chosen]
        values.append(by_definition(pooled[list(chosen)], pooled[left]))
    return float(np.mean(np.array(values) >= by_definition(real, fake) - EXACT))


def four_errors(p: float, permutations: int = 9999) -> float:
    """Four standard errors of a share of random labellings, and the observed one on top."""
    return 4 * np.sqrt(p * (1 - p) / permutations) + 1 / permutations


@pytest.mark.parametrize("shift", [0.0, 0.6])
@pytest.mark.parametrize(("m", "n"), [(4, 4), (3, 5), (5, 2)])
def test_p_value_is_the_share_of_labellings(m: int, n: int, shift: float) -> None:
    real, fake = REAL[:m], FAKE[:n] + shift
    exact = share_at_least(real, fake, list(itertools.combinations(range(m + n), m)))
    test = kid(real, fake, permutations=9999).test
    assert test is not None
    assert test.p == pytest.approx(exact, abs=four_errors(exact))


def test_only_groups_of_one_size_exchange_labels() -> None:
    real, fake = REAL[:6], FAKE[:6]
    groups = [["a", "a", "b", "b", "c", "d"], ["e", "e", "f", "g", "h", "i"]]
    pairs, singles = [(0, 1), (2, 3), (6, 7)], [4, 5, 8, 9, 10, 11]
    labellings = [
        (*itertools.chain.from_iterable(two), *others)
        for two in itertools.combinations(pairs, 2)
        for others in itertools.combinations(singles, 2)
    ]
    exact = share_at_least(real, fake, labellings)
    test = kid(real, fake, real_groups=groups[0], fake_groups=groups[1], permutations=9999).test
    assert test is not None
    assert test.p == pytest.approx(exact, abs=four_errors(exact))


def test_groups_exchange_labels_as_wholes() -> None:
    pairs, same = np.repeat(REAL[:6], 2, axis=0), np.repeat(FAKE[:6], 2, axis=0)
    groups = [str(i // 2) for i in range(12)]
    grouped = kid(pairs, same, real_groups=groups, fake_groups=groups, permutations=999)
    single = kid(pairs, same, permutations=999)
    assert grouped.test is not None
    assert single.test is not None
    # Copies that are torn apart make the labelling look far less usual than it is.
    assert single.test.p < grouped.test.p


def test_groups_of_different_sizes_cannot_exchange_labels() -> None:
    result = kid(REAL[:12], FAKE, real_groups=[str(i // 3) for i in range(12)])
    assert result.test is None
    assert result.estimate.se is not None


def test_equal_images_cannot_be_told_apart() -> None:
    test = kid(np.ones((6, 5)), np.ones((7, 5)), permutations=99).test
    assert test is not None
    assert test.p == 1.0


def test_far_sets_reach_the_smallest_p() -> None:
    test = kid(REAL, FAKE + 3, permutations=199).test
    assert test is not None
    assert test.p == 1 / 200
    assert test.null == "both sets share one distribution"


def test_p_ignores_names_and_order_and_follows_the_seed() -> None:
    digests = [f"{i * 37 % 14:02d}" for i in range(14)]
    mixed = np.random.default_rng(1).permutation(14)

    def p(order: np.ndarray, seed: int = 0, **digest: list[str]) -> float:
        test = kid(REAL[order], FAKE, seed=seed, **digest).test
        assert test is not None
        return test.p

    plain = np.arange(14)
    assert p(plain) == p(mixed)
    assert p(plain, real_digests=digests) == p(mixed, real_digests=[digests[i] for i in mixed])
    assert len({p(plain, seed) for seed in range(5)}) > 1


def test_many_permutations_come_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", 10)
    test = kid(REAL, FAKE, permutations=25).test
    assert test is not None
    assert (test.p * 26) % 1 == pytest.approx(0, abs=1e-9)


def test_unfit_input_is_refused() -> None:
    with pytest.raises(InputError, match="at least 2 images per side, got 1 fake"):
        kid(REAL, FAKE[:1])
    with pytest.raises(InputError, match="real side has 6 features"):
        kid(REAL, FAKE[:, :3])
    with pytest.raises(InputError, match="row 2 of the real features"):
        kid(np.where(np.arange(14)[:, None] == 2, np.nan, REAL), FAKE)
