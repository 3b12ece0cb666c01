"""The score panel: what the classifier says after, and how steeply its score changes."""

from __future__ import annotations

from typing import Final

import numpy as np

from ganeval.records.model import Estimate
from ganeval.records.saliency import Condition, Effect, McNemar, Reference, Shares
from ganeval.saliency.paired import Unit, column, paired_effect, present
from ganeval.saliency.panel_tables import Column, Looked, ScoreTable
from ganeval.saliency.wording import margin_of
from ganeval.statistics.mcnemar import mcnemar_exact
from ganeval.statistics.proportions import wilson

CONTROLS: Final[tuple[Reference, ...]] = ("noise", "colour")
"""Changes as large as the transfer's."""

_CURSE: Final = "the class is the top one before, so that any change tends to lower it"
_DISPLAY: Final = {"logit": "logit of the target", "probability": "probability of the target"}
_KEPT: Final[tuple[Condition, ...]] = ("after", "ceiling", "noise", "colour")


def score_effects(scores: ScoreTable, unit: Unit) -> list[Effect]:
    """Returns the changes of logit and probability: plain, and less those under the controls.

    Args:
        scores: With images after.
        unit: What is independent.
    """
    found = []
    for name, table in (("logit", scores.logit), ("probability", scores.probability)):
        before, after = table["before"], table["after"]
        margin = margin_of(name, _logit_sd(scores))
        found.append(
            paired_effect(
                "score",
                name,
                _DISPLAY[name],
                after - before,
                margin,
                unit,
                sides=(before, after),
                scale=name,
                note=_CURSE if scores.by_before else "",
            )
        )
        for control in CONTROLS:
            if control not in table:
                continue
            found.append(
                paired_effect(
                    "score",
                    f"{name}-{control}",
                    f"{_DISPLAY[name]}, less its change under {control} of equal size",
                    after - table[control],  # before cancels
                    margin,
                    unit,
                    against=control,
                    scale=name,
                )
            )
    return present(found)


def _logit_sd(scores: ScoreTable) -> float:
    if scores.logit_sd is not None:
        return scores.logit_sd
    return float(np.nanstd(scores.logit["before"]))


def size_effects(method: str, looked: Looked, unit: Unit) -> list[Effect]:
    """Returns the change of the mean absolute value of the maps, as the logarithm of the ratio.

    Args:
        method: Name of the maps.
        looked: In numbers.
        unit: What is independent.
    """
    before, after = (column(looked.values, side, "grad_l1") for side in ("before", "after"))
    if before is None or after is None:
        return []
    return present(
        [
            paired_effect(
                "score",
                "grad_l1",
                "mean size of the map",
                np.log(after) - np.log(before),
                margin_of("grad_l1"),
                unit,
                method=method,
                sides=(before, after),
                scale="log ratio",
            )
        ]
    )


def shares(scores: ScoreTable, unit: Unit) -> list[Shares]:
    """Returns how often the top class is kept under each condition, and is right.

    Args:
        scores: Of pairs, or of one set alone.
        unit: What is independent.
    """
    found = []
    top = scores.top["before"]
    for condition in _KEPT:
        if condition in scores.top:
            kept = _told(scores.top[condition] == top, scores.top[condition] >= 0)
            found.append(
                Shares(
                    name="kept",
                    display="top class kept",
                    share=_share(kept, unit),
                    condition=condition,
                )
            )
    if scores.labels is not None:
        for side in ("before", "after"):
            if side in scores.top:
                right = _told(scores.top[side] == scores.labels, scores.top[side] >= 0)
                found.append(
                    Shares(
                        name=f"accuracy_{side}",
                        display=f"top class right, {side}",
                        share=_share(right, unit),
                        condition="before" if side == "before" else "after",
                    )
                )
    return found


def mcnemar(scores: ScoreTable, unit: Unit) -> McNemar | None:
    """Returns McNemar's test of right answers before and after, one vote per group.

    A group is lost where more of its pairs were right before alone than after alone. There is no
    test without labels, and none where the image before wins by construction.

    Args:
        scores: Of pairs.
        unit: What is independent.
    """
    if scores.labels is None or scores.by_before or not scores.compared:
        return None
    right = [scores.top[side] == scores.labels for side in ("before", "after")]
    votes = right[0].astype(np.float64) - right[1]
    net = np.bincount(unit.codes, weights=votes)
    lost, gained = int((net > 0).sum()), int((net < 0).sum())
    return McNemar(lost=lost, gained=gained, p=mcnemar_exact(lost, gained))


def _told(answers: np.ndarray[tuple[int], np.dtype[np.bool_]], made: object) -> Column:
    return np.where(np.asarray(made), answers.astype(np.float64), np.nan)


def _share(answers: Column, unit: Unit) -> Estimate:
    """Wilson's interval with the groups as draws."""
    (means,), pairs = unit.means(answers)
    if pairs == 0:
        return Estimate(value=None, reason="no pair has a value", n={"pairs": 0})
    low, high = wilson(float(means.sum()), len(means))
    return Estimate(
        value=float(means.mean()),
        low=low,
        high=high,
        n={"pairs": pairs, "groups": len(means)},
        method="Wilson's interval, groups as draws",
    )
