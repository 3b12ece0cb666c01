"""The table of a saliency record: one row per image, method and condition."""

from __future__ import annotations

import csv
import io
from typing import Final

from ganeval.records import LookedPair, MeasuredMap, SaliencyRecord, ScoredSide

MEASURES: Final = (
    "grad_l1",
    "gini",
    "effective_area",
    "hoyer",
    "spread",
    "mass",
    "lift",
    "rank_acc",
    "pointing",
    "spearman",
    "ssim",
    "iou10",
    "sim",
    "shift",
)

COLUMNS: Final = (
    "pair",
    "group",
    "set",
    "method",
    "condition",
    "target",
    "target_name",
    "logit",
    "prob",
    "rank",
    "argmax",
    "kept",
    "rms",
    *MEASURES,
    "flag",
)


def saliency_table(record: SaliencyRecord) -> str:
    """Returns comma-separated values, a header first; what is missing is empty.

    ``kept`` is 1 where the top class is that of the image before. Networks with random weights have
    no scores; their measures are means over the draws.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    labels = [info.label for info in record.inputs]
    for pair in record.pairs:
        scores = {one.condition: one for one in pair.scores}
        for one in pair.maps:
            label = labels[-1] if one.condition == "after" else labels[0]
            table.writerow(_row(pair, one, scores.get(one.condition), scores["before"], label))
    return text.getvalue()


def _row(
    pair: LookedPair,
    one: MeasuredMap,
    score: ScoredSide | None,
    before: ScoredSide,
    label: str,
) -> list[object]:
    target = score or before
    scored: list[object] = [""] * 6
    if score is not None:
        scored = [
            _cell(score.logit),
            _cell(score.probability),
            score.rank,
            score.top,
            int(score.top == before.top),
            _cell(score.rms),
        ]
    return [
        pair.key,
        pair.group,
        label,
        one.method,
        one.condition,
        target.target,
        target.target_name,
        *scored,
        *(_cell(one.values.get(name)) for name in MEASURES),
        one.flag or "",
    ]


def _cell(value: float | None) -> str:
    return "" if value is None else repr(value)
