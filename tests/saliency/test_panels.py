"""Panels of numbers made by hand: what is tested, withheld and said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ganeval.records.saliency import Effect
from ganeval.saliency import paired
from ganeval.saliency.paired import Unit, corrected, paired_effect
from ganeval.saliency.panels import Looked, Panels, ScoreTable, panels
from ganeval.saliency.similarity_panel import kappa
from ganeval.statistics.intervals import holm

N = 32
CODES = np.arange(N)


def noise(seed: int, sd: float = 0.01, n: int = N) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, sd, n)


def scores(drop: float = -1.0) -> ScoreTable:
    before = 10 + noise(0, 1.0)
    logit = {
        "before": before,
        "after": before + drop + noise(1),
        "noise": before - 5 + noise(2),
        "colour": before - 2 + noise(3),
    }
    top = {name: np.zeros(N, np.int64) for name in logit}
    top["after"][:8] = 1
    return ScoreTable(logit, {name: 0.1 * one for name, one in logit.items()}, top)


def looked(random: float = 0.25, ceiling: float = 0.8) -> Looked:
    def alike(mean: float, seed: int) -> dict[str, np.ndarray]:
        return {"spearman": mean + noise(seed)}

    def one(gini: float, seed: int) -> dict[str, np.ndarray]:
        return {"gini": gini + noise(seed), "grad_l1": np.exp(noise(seed + 9))}

    return Looked(
        {"before": one(0.5, 20), "after": one(0.5, 21)},
        {
            "transfer": alike(0.5, 10),
            "null": alike(0.2, 11),
            "ceiling": alike(ceiling, 12),
            "noise": alike(0.3, 13),
            "colour": alike(0.7, 14),
            "random_all": alike(random, 15),
        },
    )


def judged(table: ScoreTable | None = None, **methods: Looked) -> Panels:
    """All panels; 300 draws place an interval of these narrow differences as well as 2,000."""
    found = methods or {"gradient": looked()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paired, "DRAWS", 300)
        return panels(table or scores(), found, CODES, {"gradient": "Gradient"}, seed=0)


def effect(found: Panels, name: str) -> Effect:
    return next(one for one in found.effects if one.name == name)


def test_the_verdict_combines_the_panels() -> None:
    found = judged()
    assert effect(found, "logit").change == "fell"
    assert effect(found, "logit-noise").change == "rose"
    assert effect(found, "gini").change == "unchanged"
    assert found.verdict.startswith("Score fell (logit -1.00 [")
    assert "concentration unchanged within 0.03" in found.verdict
    assert "less than under equal noise (kappa 0.50 against 0.17)" in found.verdict
    assert "more than under equal recolouring (kappa 0.50 against 0.83)" in found.verdict
    assert found.verdict.endswith("32 independent pairs.")


def test_kappa_is_withheld_where_the_least_change_is_like_other_images() -> None:
    assert kappa(looked(ceiling=0.35), "transfer", "spearman", Unit(CODES, 0)).value is not None  # type: ignore[union-attr]
    found = kappa(looked(ceiling=0.25), "transfer", "spearman", Unit(CODES, 0))
    assert found is not None
    assert found.value is None
    assert "cannot resolve" in (found.reason or "")
    assert "not resolved" in judged(gradient=looked(ceiling=0.25)).verdict


def test_the_interval_of_kappa_is_over_groups() -> None:
    rng = np.random.default_rng(5)
    values = rng.normal(0.5, 0.1, N // 4).repeat(4)  # four equal pairs per group
    table = looked()
    table = replace(table, similarity={**table.similarity, "transfer": {"spearman": values}})
    alone = kappa(table, "transfer", "spearman", Unit(CODES, 0))
    grouped = kappa(table, "transfer", "spearman", Unit(CODES // 4, 0))
    assert alone is not None
    assert grouped is not None
    assert alone.value == pytest.approx(grouped.value)
    ratio = (grouped.high - grouped.low) / (alone.high - alone.low)  # type: ignore[operator]
    assert 1.5 < ratio < 2.6  # 2 by a quarter of the units; 8 groups are few


def test_all_tests_are_one_family() -> None:
    found = judged(gradient=looked(), smoothgrad=looked())
    tested = [one for one in found.effects if one.p is not None]
    assert len(tested) == 6 + 2 * 4
    assert [one.p_holm for one in tested] == holm([one.p for one in tested if one.p is not None])


def test_below_six_pairs_there_is_no_p() -> None:
    values = -1 + noise(0, n=5)
    five = paired_effect("score", "logit", "logit", values, 0.1, Unit(np.arange(5), 0))
    six = paired_effect(
        "score", "logit", "logit", np.append(values, -1), 0.1, Unit(np.arange(6), 0)
    )
    assert five is not None
    assert six is not None
    assert five.p is None
    assert corrected([five])[0].change == "undecided"
    assert six.p == pytest.approx(2 / 64)  # all six fell
    grouped = paired_effect("score", "logit", "l", -1 + noise(1), 0.1, Unit(CODES % 5, 0))
    assert grouped is not None
    assert grouped.p is None


@pytest.mark.parametrize(
    ("mean", "sd", "change"),
    [
        (0.1, 0.01, "rose"),
        (-0.1, 0.01, "fell"),
        (0.001, 0.01, "unchanged"),
        (0.0, 0.3, "undecided"),
    ],
)
def test_what_may_be_said_of_a_difference(mean: float, sd: float, change: str) -> None:
    found = paired_effect("structure", "gini", "gini", mean + noise(4, sd), 0.03, Unit(CODES, 0))
    assert found is not None
    assert corrected([found])[0].change == change


def test_a_map_that_ignores_the_weights_is_not_trusted_and_not_in_the_verdict() -> None:
    copy = looked(random=0.8)  # the maps of a random network are as alike as can be
    found = judged(**{"image copy": copy, "gradient": looked()})
    by_name = {one.method: one for one in found.trust}
    assert by_name["image copy"].trusted is False
    assert "image, not the model" in by_name["image copy"].reason
    assert by_name["gradient"].trusted is True
    assert "image copy: " not in found.verdict
    assert "not read, as random weights give much the same maps: image copy" in found.verdict


def test_one_set_alone_knows_no_change() -> None:
    table = scores()
    alone = ScoreTable(
        {"before": table.logit["before"]},
        {"before": table.probability["before"]},
        {"before": table.top["before"]},
    )
    maps = looked()
    kept = {name: maps.similarity[name] for name in ("null", "ceiling", "random_all")}
    found = judged(alone, gradient=Looked({"before": maps.values["before"]}, kept))
    assert not found.effects
    assert not found.kappas
    for verb in ("rose", "fell", "unchanged", "moved"):
        assert verb not in found.verdict


def test_shares_and_mcnemar() -> None:
    table = scores()
    found = judged(table)
    kept = next(one for one in found.shares if one.name == "kept" and one.condition == "after")
    assert kept.share.value == pytest.approx(0.75)
    assert found.mcnemar is None  # the image before wins by construction
    labelled = judged(replace(table, labels=np.zeros(N, np.int64), by_before=False))
    assert labelled.mcnemar is not None
    assert (labelled.mcnemar.lost, labelled.mcnemar.gained) == (8, 0)
    assert labelled.mcnemar.p == pytest.approx(2 / 2**8)


def test_missing_maps_are_left_out_and_never_zero() -> None:
    maps = looked()
    gini = maps.values["after"]["gini"].copy()
    gini[:10] = np.nan
    values = {**maps.values, "after": {**maps.values["after"], "gini": gini}}
    found = effect(judged(gradient=replace(maps, values=values)), "gini")
    assert found.shift.n == {"pairs": 22, "groups": 22}
    assert found.before == pytest.approx(maps.values["before"]["gini"][10:].mean())


@pytest.mark.slow
def test_false_alarms_are_as_many_as_the_level_says() -> None:
    rng = np.random.default_rng(11)
    found = 0
    for _ in range(200):
        after, control = rng.normal(0, 1, (2, 20))
        one = paired_effect("score", "l", "l", after - control, 0.0, Unit(np.arange(20), 0))
        assert one is not None
        found += corrected([one])[0].change in ("rose", "fell")
    assert 2 <= found <= 21  # .05 of 200; outside but 3 times in 1,000
