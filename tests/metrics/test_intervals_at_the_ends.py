"""Intervals where a metric is at the end of its range, or at its jump."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ganeval.metrics.comparisons import Candidate, compare_candidates
from ganeval.metrics.measured import Measured, Provenance
from ganeval.metrics.measures import Reference, measure
from ganeval.metrics.needs import Need
from ganeval.metrics.requests import Request
from ganeval.metrics.samples import fake_samples, real_sample
from ganeval.metrics.settings import Settings
from ganeval.metrics.sides import Side
from ganeval.records import Estimate, InputInfo, Role

NEED = Need("array", "features", "none")
NOWHERE = Provenance(None, None)


def side(role: Role, label: str, rows: np.ndarray) -> Side:
    keys = [f"{i:04d}.png" for i in range(len(rows))]
    names = [f"{label}{key}" for key in keys]
    info = InputInfo(role=role, label=label, kind="memory", path=label, n=len(rows))
    values = rows.astype(np.float32)
    return Side(role, label, info, values, keys, names, names, values, None, None)


def measured(name: str, real: np.ndarray, *fakes: np.ndarray) -> tuple[list[Measured], list[str]]:
    """The metric of every fake set, and the names of what they were compared by."""
    first = real_sample({NEED: side("real", "real", real)}, NEED, 0)
    sides = [{NEED: side("fake", f"fake{i}", rows)} for i, rows in enumerate(fakes)]
    samples, units = fake_samples(sides, NEED, 0)
    request, reference = Request(name, "", NEED), Reference(first, first)
    answers = [measure(request, reference, one, NOWHERE, Settings()) for one in samples]
    candidates = [
        Candidate(sample, answer, lambda one: answers[0], below_d=False)
        for sample, answer in zip(samples, answers, strict=True)
    ]
    compared = compare_candidates(candidates, units.pairings, 0) if len(fakes) > 1 else []
    return answers, [one.metric for one in compared]


def estimates(answer: Measured) -> dict[str, Estimate]:
    return {metric.name: metric.estimate for metric in answer.metrics}


def test_shares_of_none_and_of_all_have_intervals_with_a_width() -> None:
    rng = np.random.default_rng(0)
    real = rng.normal(size=(60, 4))
    (answer,), _ = measured("prdc", real, rng.normal(size=(60, 4)) + 100)
    found = estimates(answer)
    for name in ("precision", "recall", "coverage"):
        assert (found[name].value, found[name].low) == (0.0, 0.0)
        # No event in 60: an upper end of 3/60 is the usual rule of thumb, of t instead 4.4/64.
        assert 0.04 < (found[name].high or 0) < 0.08
    assert found["density"].se is None
    assert found["density"].reason
    (answer,), _ = measured("authenticity", real, rng.normal(size=(60, 4)) + 100)
    assert (found := estimates(answer)["authenticity"]).value == found.high == 1.0
    assert 0.92 < (found.low or 0) < 0.96


def near_the_threshold(offset: float, seed: int) -> np.ndarray:
    """Rows whose memorisation distance is about 0.1 at an offset of 1, and 0.02 at one of 3."""
    rng = np.random.default_rng(seed)
    spectrum = 1 / np.sqrt(np.arange(1, 11))
    return rng.normal(size=(150, 10)) * spectrum + offset * spectrum


def test_mifid_near_its_jump_has_an_interval_that_reaches_across() -> None:
    real = near_the_threshold(1.0, 0)
    fakes = [near_the_threshold(1.0, seed) for seed in (1, 2)]
    answers, compared = measured("mifid", real, *fakes)
    for answer in answers:
        found = estimates(answer)
        memory, mifid = found["memorisation"], found["mifid"]
        assert memory.low < 0.1 < memory.high
        assert mifid.high > 5 * mifid.low > 0
    assert "mifid" not in compared
    assert "memorisation" in compared


def test_mifid_away_from_its_jump_is_compared() -> None:
    real = near_the_threshold(3.0, 0)
    answers, compared = measured("mifid", real, *(near_the_threshold(3.0, s) for s in (1, 2)))
    found = estimates(answers[0])
    assert found["memorisation"].high < 0.1
    assert found["mifid"].high < 5 * found["mifid"].low
    assert compared == ["memorisation", "mifid"]


@pytest.mark.slow
def test_shares_near_the_ends_are_held() -> None:
    held = dict.fromkeys(("recall", "coverage"), 0)
    values: dict[str, list[Estimate]] = {name: [] for name in held}
    for seed in range(150):
        rng = np.random.default_rng(seed)
        (answer,), _ = measured("prdc", rng.normal(size=(60, 24)), rng.normal(size=(60, 24)) * 1.3)
        for name in held:
            values[name].append(estimates(answer)[name])
    for found in values.values():
        truth = np.mean([one.value for one in found])
        share = np.mean([one.low <= truth <= one.high for one in found])
        # A share of 150 that is 0.95 has an SD of 0.018. value ± t·SE would hold 0.36 of one.
        assert share >= 0.90


def test_too_few_images_still_have_no_interval() -> None:
    rng = np.random.default_rng(3)
    few = replace(side("fake", "few", rng.normal(size=(12, 3))), groups=["one", "two"] * 6)
    first = real_sample({NEED: side("real", "real", rng.normal(size=(12, 3)))}, NEED, 0)
    (sample,), _ = fake_samples([{NEED: few}], NEED, 0)
    answer = measure(
        Request("prdc", "", NEED), Reference(first, first), sample, NOWHERE, Settings()
    )
    assert all("at least 5" in (one.reason or "") for one in estimates(answer).values())
