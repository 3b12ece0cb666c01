"""Null controls: comparisons in which there is nothing to find, run like the real one."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from scipy.special import ndtr

from ganeval.classifier.examples import FAKE, PARTS, REAL, Examples, Labels, Scores, Split
from ganeval.classifier.neighbouring import neighbouring_files
from ganeval.classifier.relabelling import halved_labels, shuffled_labels
from ganeval.classifier.rungs import Matrix, RungProblem
from ganeval.classifier.settings import ClassifySettings
from ganeval.classifier.units import UnitScores, unit_scores
from ganeval.records import Estimate
from ganeval.records.classify import NullControl, RungName
from ganeval.statistics.auc import auc_value
from ganeval.statistics.intervals import holm, t_interval
from ganeval.statistics.ranks import mid_ranks
from ganeval.statistics.streams import generator

FitNetwork = Callable[[Examples, Split], Scores]
"""Fits the network to other labels or parts and returns the logits of all rows, ``[n]``."""

ControlName = Literal["shuffled", "real-real", "neighbours-real", "neighbours-fake"]

RUNS: Final = 20
"""Relabellings of every control of a cheap rung."""

_ALARM = 0.01  # of the p-value adjusted over all controls of a run
_REACH = 2.5758293035489004  # standard errors to either side: 99 % of a normal distribution
_NOTEWORTHY = 0.55  # mean AUC up to which neighbouring files may be as alike as they are
_FEWEST = 4  # units of each label in the test part, below which a control tells nothing
_CHEAP: Final[tuple[RungName, ...]] = ("features", "knn", "spectrum", "colour")
_TOO_FEW = "too few independent units were held out"
_LOOK = (
    "Labels that mean nothing were predicted, so the result above cannot be trusted either; this "
    "is a defect of the test itself: please report it with the record."
)


def null_controls(
    best_name: RungName,
    matrices: Mapping[RungName, Matrix],
    examples: Examples,
    split: Split,
    *,
    pairs_confirmed: bool,
    settings: ClassifySettings,
    fit_network: FitNetwork | None = None,
) -> list[NullControl]:
    """Runs every null control that the settings ask for.

    Shuffled labels: those of the groups, within every part, twenty times. Real against real: the
    reals' groups in random halves, twenty times. Neighbours: see `neighbouring_files`, for each
    set. The network is fitted to shuffled labels once if asked for, with the preset ``thorough``
    also to halves of the reals. An alarm needs a p-value below 0.01 after Holm's adjustment over
    all controls of the run.

    Args:
        best_name: The rung that the verdict rests on; where it is the network, the twenty runs are
            those of the best cheap rung there is.
        matrices: Numbers of the rungs, float ``[n, d]`` each; ``knn`` takes those of ``features``.
        examples: The images.
        split: The split of the test.
        pairs_confirmed: Groups with both classes hold versions of one picture.
        settings: Which controls, and the seed.
        fit_network: Fits the network; None leaves its controls out.

    Returns:
        The controls in this order; what could not be run has no value, and a reason.
    """
    if settings.null_check == "none":
        return []
    seed = settings.seed
    test = _Held(examples, split, pairs_confirmed, seed)
    reals = _Held(examples, _of_reals(examples, split), pairs_confirmed, seed)
    controls = []
    name = _cheap_rung(best_name, matrices)
    if name is not None:
        matrix = _matrix(name, matrices)
        controls.append(_shuffled(name, test, _cheap(name, matrix, test.split), RUNS))
        controls.append(_halves(name, reals, _cheap(name, matrix, reals.split), RUNS))
        controls += [_neighbours(label, name, matrices, test) for label in (REAL, FAKE)]
    if fit_network is not None and settings.null_check == "full":
        controls.append(_shuffled("cnn", test, _network(fit_network, test), 1))
        if settings.preset == "thorough":
            controls.append(_halves("cnn", reals, _network(fit_network, reals), 1))
    return _judged(controls)


Refit = Callable[[Labels], Scores]
"""Fits a rung to other labels, ``[n]``, and scores every row it may be asked about."""


@dataclass(frozen=True)
class _Held:
    """The images, who is held out of them, and how held-out scores become units."""

    examples: Examples
    split: Split
    pairs_confirmed: bool
    seed: int

    def units(self, scores: Scores, labels: Labels) -> UnitScores:
        rows = self.split.rows("test")
        groups = [self.examples.groups[int(row)] for row in rows]
        return unit_scores(
            scores[rows],
            labels[rows],
            groups,
            pairs_confirmed=self.pairs_confirmed,
            seed=self.seed,
        )


def _of_reals(examples: Examples, split: Split) -> Split:
    """The same split without the fakes."""
    parts = np.where(examples.labels == REAL, split.parts, -1).astype(np.int8)
    return Split(parts, split.hash)


def _cheap_rung(best: RungName, matrices: Mapping[RungName, Matrix]) -> RungName | None:
    """The best rung if it is cheap, else the highest cheap one."""
    known = [name for name in (best, *_CHEAP) if name in matrices]
    if best == "knn" and "features" in matrices:
        known.insert(0, best)
    return known[0] if known else None


def _matrix(name: RungName, matrices: Mapping[RungName, Matrix]) -> Matrix:
    return matrices["features"] if name == "knn" and name not in matrices else matrices[name]


def _cheap(name: RungName, matrix: Matrix, split: Split) -> Refit:
    """Refits a cheap rung; what does not depend on labels is computed once."""
    if not len(split.rows("train")):
        return lambda labels: np.zeros(len(labels))  # nothing was learnt; too few units say so
    problem = RungProblem(name, matrix, split.rows("train"), split.rows("validation"))
    return lambda labels: problem.fit(labels).scores(matrix)


def _network(fit_network: FitNetwork, held: _Held) -> Refit:
    return lambda labels: fit_network(replace(held.examples, labels=labels), held.split)


def _shuffled(rung: RungName, held: _Held, refit: Refit, runs: int) -> NullControl:
    """Labels of the groups shuffled within every part."""
    examples, parts = held.examples, held.split.parts
    rng = generator(held.seed, f"null control shuffled {rung}")
    labellings = [
        shuffled_labels(examples.labels, examples.groups, parts, rng) for _ in range(runs)
    ]
    return _control("shuffled", "Shuffled labels", rung, held, refit, labellings)


def _halves(rung: RungName, held: _Held, refit: Refit, runs: int) -> NullControl:
    """Random halves of the groups with reals, within every part."""
    chosen = np.flatnonzero(held.split.parts >= 0)
    rng = generator(held.seed, f"null control real-real {rung}")
    parts, groups = held.split.parts, held.examples.groups
    labellings = [halved_labels(chosen, groups, parts, rng) for _ in range(runs)]
    return _control("real-real", "Real against real", rung, held, refit, labellings)


def _control(
    name: ControlName,
    display: str,
    rung: RungName,
    held: _Held,
    refit: Refit,
    labellings: Sequence[Labels],
) -> NullControl:
    """Refits under labellings and compares the mean AUC with what chance allows.

    Given the fit, held-out labels are as good as drawn anew, so every run's AUC has mean 1/2 and
    the variance of label swaps, and different runs are uncorrelated.
    """
    if not _enough(held, labellings[0]):
        return _not_run(name, display, rung, _TOO_FEW)
    values, variances = [], []
    for labels in labellings:
        units = held.units(refit(labels), labels)
        values.append(auc_value(units.fakes, units.reals))
        variances.append(_swap_variance(units))
    mean, se = float(np.mean(values)), math.sqrt(sum(variances)) / len(values)
    # Scores that are all equal have no variance, and an AUC of exactly 1/2.
    p = 2 * float(ndtr(-abs(mean - 0.5) / se)) if se > 0 else 1.0
    n = {"real": units.n, "fake": units.m}
    return NullControl(
        name=name,
        display=display,
        rung=rung,
        auc=_mean(values, n, se),
        runs=values,
        low=max(0.0, 0.5 - _REACH * se),
        high=min(1.0, 0.5 + _REACH * se),
        p=p,
        remedy=_LOOK,
    )


def _swap_variance(units: UnitScores) -> float:
    """Variance of the AUC when pairs swap labels by coins and all other units exchange theirs.

    The fakes' sum of ranks moves by a pair's difference of ranks or not, and else is that of a
    draw without replacement.
    """
    ranks = mid_ranks(np.concatenate([units.fakes, units.reals]))
    place = {group: units.m + i for i, group in enumerate(units.real_groups)}
    pairs = [(i, place[group]) for i, group in enumerate(units.fake_groups) if group in place]
    together = np.array(pairs, np.int64).reshape(-1, 2)
    variance = float(np.square(ranks[together[:, 0]] - ranks[together[:, 1]]).sum()) / 4
    alone = np.setdiff1d(np.arange(len(ranks)), together)
    if len(alone) > 1:
        drawn = int((alone < units.m).sum())
        spread = float(ranks[alone].var())
        variance += drawn * (len(alone) - drawn) / (len(alone) - 1) * spread
    return variance / (units.m * units.n) ** 2


def _enough(held: _Held, labels: Labels) -> bool:
    """Tells whether both labels are learnt from, and enough units of both are held out."""
    train = labels[held.split.rows("train")]
    test = held.split.rows("test")
    groups = np.array(held.examples.groups)[test]
    counts = [len(np.unique(groups[labels[test] == label])) for label in (REAL, FAKE)]
    return len(np.unique(train)) == 2 and min(counts) >= _FEWEST


def _neighbours(
    label: int, rung: RungName, matrices: Mapping[RungName, Matrix], held: _Held
) -> NullControl:
    """Whether neighbouring files of one set look alike."""
    name: ControlName = "neighbours-fake" if label == FAKE else "neighbours-real"
    examples = held.examples
    of = examples.names[label]
    display = f"Neighbouring files of {of}"
    rows = np.flatnonzero((examples.labels == label) & (held.split.parts >= 0))
    rows = rows[np.argsort(np.array(examples.keys)[rows], kind="stable")]
    parts = held.split.parts[rows]
    found = neighbouring_files(
        _alike(rung, matrices)[rows],
        [examples.groups[int(row)] for row in rows],
        (parts == PARTS.index("train")) | (parts == PARTS.index("validation")),
        parts == PARTS.index("test"),
        generator(held.seed, f"null control {name}"),
        RUNS,
    )
    if found is None:
        return _not_run(name, display, "knn", "too few files of this set were held out")
    values = np.array(found.runs)
    se = float(values.std(ddof=1)) / math.sqrt(RUNS)
    return NullControl(
        name=name,
        display=display,
        rung="knn",
        auc=_mean(found.runs, {"fake" if label == FAKE else "real": found.files}, se),
        runs=found.runs,
        low=max(0.0, 0.5 - _REACH * se),
        high=min(1.0, max(_NOTEWORTHY, 0.5 + _REACH * se)),
        p=found.p,
        remedy=f"Files of {of} that lie side by side look alike and are counted as independent; "
        "tell by --groups which of them belong together.",
    )


def _alike(rung: RungName, matrices: Mapping[RungName, Matrix]) -> Matrix:
    """Numbers in which likeness is looked for: features, else the rung's own, standardised."""
    if "features" in matrices:
        return matrices["features"]
    own = np.asarray(_matrix(rung, matrices), np.float64)
    scale = own.std(axis=0)
    standardised: Matrix = (own - own.mean(axis=0)) / np.where(scale > 0, scale, 1.0)
    return standardised


def _mean(values: Sequence[float], n: dict[str, int], se: float) -> Estimate:
    mean = float(np.mean(values))
    if len(values) < 2:
        return Estimate(value=mean, se=se, n=n, method="one run; standard error of label swaps")
    spread = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    low, high = t_interval(mean, spread, len(values) - 1, 0.95, 0.0, 1.0)
    return Estimate(
        value=mean,
        se=spread,
        low=low,
        high=high,
        n=n,
        method=f"mean AUC of {len(values)} relabellings, t interval",
        covers="other relabellings of these images",
    )


def _not_run(name: ControlName, display: str, rung: RungName, reason: str) -> NullControl:
    return NullControl(
        name=name, display=display, rung=rung, auc=Estimate(value=None, reason=reason)
    )


def _judged(controls: Sequence[NullControl]) -> list[NullControl]:
    """Adjusts p-values over all controls and raises the alarm where one stays small."""
    known = [control for control in controls if control.p is not None]
    adjusted = holm([control.p for control in known if control.p is not None])
    by_control = {id(control): p for control, p in zip(known, adjusted, strict=True)}
    judged = []
    for control in controls:
        p = by_control.get(id(control))
        outside = p is not None and p < _ALARM
        if control.name.startswith("neighbours"):
            mean, high = control.auc.value, control.high
            outside = outside and mean is not None and high is not None and mean > high
        judged.append(
            control.model_copy(
                update={"p_holm": p, "alarm": outside, "remedy": control.remedy if outside else ""}
            )
        )
    return judged
