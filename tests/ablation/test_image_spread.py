"""Intervals over images: what they are intervals of, and how well they know their spread."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ablation.toy_evidence import evidence, number, result, write_features
from scipy.linalg import sqrtm

from ganeval.ablation.analysis import analyse
from ganeval.ablation.evidence import Evidence
from ganeval.ablation.image_spread import image_spread
from ganeval.statistics.intervals import t_interval

Rows = np.ndarray
PAIRS = [(0, 0), (1, 1), (2, 2)]


def study(folder: Path, fakes: dict[tuple[str, int], Rows], real: Rows) -> Evidence:
    """A study whose cells have these features, and the distances that follow from them."""
    values: dict[str, dict[int | None, float | None]] = {}
    results, folders = {}, {}
    for (arm, seed), fake in fakes.items():
        values.setdefault(arm, {})[seed] = kid(fake, real)
        metrics = [
            number(arm, seed, "kid", kid(fake, real)),
            number(arm, seed, "fid", frechet(fake, real)),
        ]
        folders[arm, seed] = folder / f"{arm}-{seed}"
        name = write_features(folders[arm, seed], fake, real)
        results[arm, seed] = result(
            arm, seed, metrics, features={"AtoB": name}, fakes={"AtoB": len(fake)}
        )
    return evidence(values, results=results, folders=folders)


def kid(fake: Rows, real: Rows) -> float:
    """The unbiased estimate of Gretton et al., lemma 6, term by term, times 10³."""

    def kernel(x: Rows, y: Rows) -> float:
        return float((x @ y / len(x) + 1) ** 3)

    n, m = len(fake), len(real)
    own = sum(kernel(fake[i], fake[j]) for i in range(n) for j in range(n) if i != j)
    others = sum(kernel(real[i], real[j]) for i in range(m) for j in range(m) if i != j)
    cross = sum(kernel(x, y) for x in fake for y in real)
    return 1000 * (own / (n * (n - 1)) + others / (m * (m - 1)) - 2 * cross / (n * m))


def frechet(fake: Rows, real: Rows) -> float:
    """The distance by its definition, with SciPy's square root of a matrix."""
    one, other = np.cov(fake.T), np.cov(real.T)
    root = np.real(sqrtm(one @ other))
    shift = fake.mean(0) - real.mean(0)
    return float(shift @ shift + np.trace(one + other - 2 * root))


def drawn(
    n: int = 24, m: int = 20, d: int = 5, arms: tuple[str, ...] = ("base", "arm")
) -> tuple[dict[tuple[str, int], Rows], Rows]:
    """Fakes of three seeds per arm, made of the same inputs, and reals."""
    rng = np.random.default_rng(3)
    inputs, real = rng.normal(size=(n, d)), rng.normal(size=(m, d)).astype(np.float32)
    fakes = {}
    for shift, arm in enumerate(arms):
        for seed in range(3):
            made = inputs + 0.4 * rng.normal(size=(n, d)) + 0.3 * shift
            fakes[arm, seed] = made.astype(np.float32)
    return fakes, real


def test_the_kid_of_the_interval_is_that_of_all_pairs(tmp_path: Path) -> None:
    fakes, real = drawn()
    found = image_spread(study(tmp_path, fakes, real), "kid", "arm", "base", "AtoB", PAIRS)
    wide = {key: rows.astype(float) for key, rows in fakes.items()}
    d = [kid(wide["arm", s], real.astype(float)) - kid(wide["base", s], real) for s, _ in PAIRS]
    assert found is not None
    assert found.mean == pytest.approx(np.mean(d), rel=1e-6)
    assert found.low < found.mean < found.high
    assert found.population == "over seeds and images"


def test_the_interval_of_the_frechet_distance_joins_seeds_and_images(tmp_path: Path) -> None:
    """d̄ ± t·√(sd²/n + se²), with se from leaving every image out in turn."""
    fakes, real = drawn()
    found = image_spread(study(tmp_path, fakes, real), "fid", "arm", "base", "AtoB", PAIRS)
    assert found is not None
    d = [frechet(fakes["arm", s], real) - frechet(fakes["base", s], real) for s, _ in PAIRS]
    assert found.mean == pytest.approx(np.mean(d), rel=1e-4)
    se = np.sqrt(found.se**2 - np.var(d, ddof=1) / 3)
    # Leaving one out differs from a derivative by a share of order 1/n: 24 fakes, 20 reals.
    assert se == pytest.approx(_left_out(fakes, real), rel=0.25)
    low, high = t_interval(found.mean, found.se, 2)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-12)
    assert "all runs share" in found.method


def _left_out(fakes: dict[tuple[str, int], Rows], real: Rows) -> float:
    """The jackknife of the mean difference, the same image left out of every run."""

    def difference(fake: np.ndarray, kept: np.ndarray) -> float:
        values = {
            arm: np.mean([frechet(fakes[arm, s][fake], real[kept]) for s in range(3)])
            for arm in ("arm", "base")
        }
        return float(values["arm"] - values["base"])

    n, m = len(fakes["arm", 0]), len(real)
    every, all_reals = np.arange(n), np.arange(m)
    of_fakes = np.array([difference(np.delete(every, i), all_reals) for i in range(n)])
    of_reals = np.array([difference(every, np.delete(all_reals, i)) for i in range(m)])
    variance = sum(
        (len(v) - 1) / len(v) * ((v - v.mean()) ** 2).sum() for v in (of_fakes, of_reals)
    )
    return float(np.sqrt(variance))


def test_what_reals_do_to_both_arms_alike_is_no_part_of_a_difference(tmp_path: Path) -> None:
    fakes, real = drawn()
    same = {("base", 0): fakes["base", 0], ("arm", 0): fakes["base", 0]}
    found = image_spread(study(tmp_path, same, real), "fid", "arm", "base", "AtoB", [(0, 0)])
    assert found is not None
    assert (found.mean, found.se) == (0.0, 0.0)


def test_one_pair_of_runs_gives_an_interval_over_images(tmp_path: Path) -> None:
    fakes, real = drawn()
    found = study(tmp_path, fakes, real)
    for metric in ("kid", "fid"):
        one = image_spread(found, metric, "arm", "base", "AtoB", [(1, 1)])
        assert one is not None
        assert (one.n, one.population) == (1, "over images, these training runs")


@pytest.mark.parametrize(("n", "m"), [(9, 20), (20, 9)])
def test_too_few_images_to_draw_from_give_no_interval_and_no_error(
    tmp_path: Path, n: int, m: int
) -> None:
    fakes, real = drawn(n, m)
    found = study(tmp_path, fakes, real)
    assert image_spread(found, "kid", "arm", "base", "AtoB", PAIRS) is None
    record = analyse(found)
    assert [one.population for one in record.comparisons[0].intervals] == [
        "over training seeds, these test images",
        "these seeds",
    ]


def test_arms_of_different_numbers_of_images_are_refused_and_not_crossed(tmp_path: Path) -> None:
    fakes, real = drawn()
    fakes = {key: rows[:20] if key[0] == "arm" else rows for key, rows in fakes.items()}
    assert analyse(study(tmp_path, fakes, real)).verdict_name == "invalid"


def test_without_features_only_standard_errors_are_left(tmp_path: Path) -> None:
    values = {"base": {0: 5.0, 1: 5.5}, "arm": {0: 4.0, 1: 4.1}}
    results = {
        (arm, seed): result(arm, seed, [number(arm, seed, "fid", value, se=0.3)])
        for arm, runs in values.items()
        for seed, value in runs.items()
    }
    folders = dict.fromkeys(results, tmp_path)
    found = evidence(values, results=results, folders=folders)
    spread = image_spread(found, "fid", "arm", "base", "AtoB", [(0, 0), (1, 1)])
    assert spread is not None
    # sd of -1.0 and -1.4 is 0.2·√2; both arms vary by 0.3 over images, whatever the seeds.
    assert spread.se == pytest.approx(np.sqrt(0.08 / 2 + 2 * 0.09), rel=1e-12)
    assert "taken as independent" in spread.method
    assert image_spread(found, "kid", "arm", "base", "AtoB", [(0, 0)]) is None


def test_values_per_image_are_crossed_over_the_images_both_arms_have(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    tables = {
        (arm, seed): {f"{i:02}": float(v) for i, v in enumerate(rng.normal(size=30))}
        for arm in ("base", "arm")
        for seed in range(3)
    }
    del tables["arm", 1]["07"]
    results = {
        (arm, seed): result(arm, seed, [], per_image={"AtoB": {"edges": table}})
        for (arm, seed), table in tables.items()
    }
    found = evidence({"base": {}, "arm": {}}, results=results, folders={("arm", 0): tmp_path})
    spread = image_spread(found, "edges", "arm", "base", "AtoB", PAIRS)
    assert spread is not None
    kept = [stem for stem in tables["base", 0] if stem != "07"]
    d = [tables["arm", s][stem] - tables["base", s][stem] for s in range(3) for stem in kept]
    assert spread.mean == pytest.approx(np.mean(d), rel=1e-12)


def test_tables_and_empty_lists_of_seeds_have_no_images(tmp_path: Path) -> None:
    fakes, real = drawn()
    found = study(tmp_path, fakes, real)
    assert image_spread(found, "kid", "arm", "base", "AtoB", []) is None
    values = {"base": {0: 1.0}, "arm": {0: 2.0}}
    assert image_spread(evidence(values), "kid", "arm", "base", "AtoB", [(0, 0)]) is None


@pytest.mark.slow
@pytest.mark.parametrize("shared", [0.0, 0.7, 0.95])
def test_the_spread_of_a_frechet_difference_is_known_within_its_band(
    tmp_path: Path, shared: float
) -> None:
    """120 fakes, 140 reals: the standard error over the true sd is 1.0 to 1.6, never too small.

    ``shared`` is how much of a fake comes from its input, which both arms have. Taking the arms
    as independent gave 1.2, 1.8 and 3.8 here.
    """
    rng = np.random.default_rng(8)
    d, reps = 64, 200
    scale = 1 / np.sqrt(1 + np.arange(d))
    means, squares = [], []
    for _ in range(reps):
        inputs, real = rng.normal(size=(120, d)), rng.normal(size=(140, d)) * scale
        fakes = {
            (arm, 0): (shared * inputs + np.sqrt(1 - shared**2) * rng.normal(size=(120, d)))
            * scale
            * (1 + 0.1 * k)
            + 0.3 * scale * (1 + 0.2 * k)
            for k, arm in enumerate(("base", "arm"))
        }
        results, folders = {}, {}
        for arm, seed in fakes:
            folders[arm, seed] = tmp_path / arm
            name = write_features(folders[arm, seed], fakes[arm, seed], real)
            results[arm, seed] = result(arm, seed, [], features={"AtoB": name})
        found = evidence({"base": {}, "arm": {}}, results=results, folders=folders)
        spread = image_spread(found, "fid", "arm", "base", "AtoB", [(0, 0)])
        assert spread is not None
        means.append(spread.mean)
        squares.append(spread.se**2)
    # The sd of 200 draws is known to 5 %.
    ratio = np.sqrt(np.mean(squares)) / np.std(means, ddof=1)
    assert 0.95 <= ratio <= 1.6
