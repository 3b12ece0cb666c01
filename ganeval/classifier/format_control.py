"""The format-only control: what the formats alone give away, on identical content."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import sqrt
from typing import Final

import numpy as np
import numpy.typing as npt

from ganeval.classifier.defence import Defence
from ganeval.classifier.examples import FAKE, REAL, Examples, Labels, Rows, Scores
from ganeval.classifier.linear import fit_linear
from ganeval.classifier.pipelines import Pipeline, set_pipeline
from ganeval.classifier.probes import compression_matrix
from ganeval.classifier.settings import ClassifySettings
from ganeval.classifier.stored import all_grey
from ganeval.features.devices import usable_cores
from ganeval.images.decoding import Pixels
from ganeval.metrics.settings import Progress, silent
from ganeval.records import Estimate
from ganeval.records.classify import FormatControl
from ganeval.statistics.auc import auc_value
from ganeval.statistics.groups import Codes, group_codes, group_count
from ganeval.statistics.intervals import t_interval
from ganeval.statistics.streams import generator

SPLITS: Final = 5

_SMALLEST = 32  # pixels of a side, after halving
_FEWEST = 8  # groups of reals
_MOST = 1000  # reals; more would not narrow what the splits leave open
_IDLE: Final = "nothing was done to the pixels"
_LABEL: Final = "format-only control"
_NOT_COVERED: Final = (
    "Earlier resizing and compression that the files do not tell of are not covered unless they "
    "are declared (--real-pipeline, --fake-pipeline)."
)


@dataclass(frozen=True)
class _Control:
    """Both classes made of the same content.

    Args:
        pixels: The same pictures through the pipeline of the reals, and through that of the fakes.
        keys: Content hash of the real behind each, ``[k]``.
        groups: int ``[k]``, its group.
        scale: Lengths in them over lengths in the images of the test.
    """

    pixels: tuple[list[Pixels], list[Pixels]]
    keys: list[str]
    groups: Codes
    scale: float


def format_control(
    examples: Examples, defence: Defence, settings: ClassifySettings, progress: Progress = silent
) -> FormatControl:
    """Measures what the formats alone give away.

    Each real, reduced to half its size, goes through the pipeline of the reals and through that of
    the fakes: identical content of two formats. How well a logistic regression on the marks of
    compression tells the one from the other, on held-out pictures, is what the formats give away;
    the same after the defence is what the defence leaves of it.

    Args:
        examples: Both sets, with their groups.
        defence: What is done to the pixels.
        settings: With the declared pipelines, the shares of the split and the seed.
        progress: Told how far it is.

    Returns:
        AUCs without value, with the reason, where images or sets are too small.

    Raises:
        InputError: A declared pipeline cannot be understood, or an image cannot be read any more.
    """
    sides = (set_pipeline(examples, REAL, settings), set_pipeline(examples, FAKE, settings))
    rows = _rows(examples, settings.seed)
    scale = _scale(examples)
    reason = _not_measurable(examples, rows, scale)
    unmeasured = Estimate(value=None, reason=reason)
    raw = defended = unmeasured
    if reason is None and _alike(sides) and defence.idle:
        raw = _by_construction(len(rows))
        defended = Estimate(value=None, reason=_IDLE)
    elif reason is None:
        control = _control(examples, rows, sides, scale, settings, progress)
        raw = _measured(control, control.pixels, settings, progress)
        defended = _defended(control, defence, raw, settings, progress)
    return FormatControl(
        auc_raw=raw,
        auc_defended=defended,
        real_pipeline=sides[REAL].describe(),
        fake_pipeline=sides[FAKE].describe(),
        declared=any(side.declared for side in sides),
        images=0 if reason else len(rows),
        note=" ".join([_NOT_COVERED, *_caveats(sides)]),
    )


def _alike(sides: tuple[Pipeline, Pipeline]) -> bool:
    """Tells whether both classes of the control are the same images, pixel by pixel."""
    return sides[REAL].fixed and sides[REAL].chains == sides[FAKE].chains


def _by_construction(images: int) -> Estimate:
    """The AUC of two classes of the same images, whose scores all tie."""
    return Estimate(
        value=0.5,
        n={"real": images, "fake": images},
        unit="AUC",
        method="both pipelines do the same to every image, so all scores tie",
        reason="exact by construction, so no interval",
    )


def _rows(examples: Examples, seed: int) -> Rows:
    """The reals, or a random choice of very many."""
    rows: Rows = np.flatnonzero(examples.labels == REAL)
    if len(rows) > _MOST:
        rng = generator(seed, "format control images")
        rows = np.sort(rng.choice(rows, _MOST, replace=False))
    return rows


def _scale(examples: Examples) -> float:
    """Factor of all lengths at which every size of either set is a reduction of a real by 2."""
    medians = [
        np.median(
            [
                (header.height, header.width)
                for header, one in zip(examples.headers, examples.labels, strict=True)
                if one == label
            ],
            axis=0,
        )
        for label in (REAL, FAKE)
    ]
    return 0.5 * min(1.0, float((medians[REAL] / medians[FAKE]).min()))


def _end(examples: Examples, scale: float) -> tuple[int, int]:
    height, width, _ = examples.pixels[0].shape
    return round(height * scale), round(width * scale)


def _not_measurable(examples: Examples, rows: Rows, scale: float) -> str | None:
    """Why the control cannot be made; None if it can."""
    groups = len({examples.groups[int(row)] for row in rows})
    if groups < _FEWEST:
        return f"{groups} groups of reals are too few for it; {_FEWEST} are needed"
    if min(_end(examples, scale)) < _SMALLEST:
        height, width, _ = examples.pixels[0].shape
        return (
            f"images of {width}x{height} px are too small for it: reduced by "
            f"{1 / scale:.3g} they have fewer than {_SMALLEST} px a side"
        )
    return None


def _control(
    examples: Examples,
    rows: Rows,
    sides: tuple[Pipeline, Pipeline],
    scale: float,
    settings: ClassifySettings,
    progress: Progress,
) -> _Control:
    """Sends the same pictures through both pipelines."""
    end = _end(examples, scale)
    source = _sources(examples, rows)

    def both(place: int) -> tuple[Pixels, Pixels]:
        content = source(place)
        rng = generator(settings.seed, f"format control {examples.contents[int(rows[place])]}")
        real, fake = (side.apply(content, rng, scale, end) for side in sides)
        return real, fake

    workers = settings.workers or min(8, usable_cores())
    made: list[tuple[Pixels, Pixels]] = []
    with ThreadPoolExecutor(workers, thread_name_prefix="control") as pool:
        for pair in pool.map(both, range(len(rows))):
            made.append(pair)
            progress(_LABEL, len(made), len(rows))
    return _Control(
        pixels=([pair[REAL] for pair in made], [pair[FAKE] for pair in made]),
        keys=[examples.contents[int(row)] for row in rows],
        groups=group_codes([examples.groups[int(row)] for row in rows], len(rows)),
        scale=scale,
    )


def _sources(examples: Examples, rows: Rows) -> Callable[[int], Pixels]:
    """Gives the reals in the largest size there is of them, by place."""
    if not any(
        (header.height, header.width) != examples.pixels[0].shape[:2] for header in examples.headers
    ):
        return lambda place: examples.pixels[int(rows[place])]
    grey = all_grey(examples.pixels)

    def native(place: int) -> Pixels:
        image = examples.images[REAL].image(examples.keys[int(rows[place])])
        return np.asarray(image.convert("L").convert("RGB") if grey else image)

    return native


def _defended(
    control: _Control,
    defence: Defence,
    raw: Estimate,
    settings: ClassifySettings,
    progress: Progress,
) -> Estimate:
    """What the defence leaves."""
    if defence.idle:
        return Estimate(value=None, reason=_IDLE)

    def defend(place: int, label: int) -> Pixels:
        rng = generator(settings.seed, f"format control defence {label} {control.keys[place]}")
        return defence.defend(control.pixels[label][place], label, rng, control.scale)

    workers = settings.workers or min(8, usable_cores())
    with ThreadPoolExecutor(workers, thread_name_prefix="control") as pool:
        places = range(len(control.keys))
        changed = [list(pool.map(partial(defend, label=one), places)) for one in (REAL, FAKE)]
    return _measured(control, (changed[REAL], changed[FAKE]), settings, progress)


def _measured(
    control: _Control,
    pixels: tuple[Sequence[Pixels], Sequence[Pixels]],
    settings: ClassifySettings,
    progress: Progress,
) -> Estimate:
    """Held-out AUC of the marks of compression: mean of 5 splits by group."""
    count = len(control.keys)
    matrix = compression_matrix([*pixels[REAL], *pixels[FAKE]], settings.workers)
    labels = np.repeat(np.array([REAL, FAKE], np.int64), count)
    groups = np.tile(control.groups, 2)
    aucs, ratio = [], 0.0
    for number in range(SPLITS):
        rng = generator(settings.seed, f"format control split {number}")
        parts = _parts(groups, settings.split, rng)
        model = fit_linear(matrix, labels, parts[0], parts[1])
        scores = model.scores(matrix[parts[2]])
        aucs.append(_unit_auc(scores, labels[parts[2]], groups[parts[2]]))
        ratio = len(parts[2]) / len(parts[0])
        progress(f"{_LABEL}, splits", number + 1, SPLITS, "rounds")
    return _over_splits(np.array(aucs), ratio, group_count(control.groups), count)


def _parts(
    groups: Codes, shares: tuple[float, float, float], rng: np.random.Generator
) -> list[Rows]:
    """Rows of train, validation and test, by group; at least one group each."""
    order = rng.permutation(group_count(groups))
    wanted = np.array(shares) / sum(shares) * len(order)
    test, validation = (max(1, round(float(wanted[part]))) for part in (2, 1))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    mine = place[groups]
    return [
        np.flatnonzero(mine >= test + validation),
        np.flatnonzero((mine >= test) & (mine < test + validation)),
        np.flatnonzero(mine < test),
    ]


def _unit_auc(scores: Scores, labels: Labels, groups: Codes) -> float:
    """AUC of the mean scores per group and class."""
    means = []
    for label in (FAKE, REAL):
        mine = groups[labels == label]
        sums = np.bincount(mine, weights=scores[labels == label])
        counts = np.bincount(mine)
        means.append(sums[counts > 0] / counts[counts > 0])
    return auc_value(means[0], means[1])


def _over_splits(aucs: npt.NDArray[np.float64], ratio: float, groups: int, images: int) -> Estimate:
    """The mean over splits, its interval corrected for their overlap.

    Source: Nadeau and Bengio, Machine Learning 52 (2003) 239, the corrected resampled t-test.
    """
    value, spread = float(aucs.mean()), float(aucs.std(ddof=1))
    method = f"mean AUC of {len(aucs)} splits by group, logistic regression on marks of compression"
    shared = {"n": {"real": images, "fake": images}, "unit": "AUC", "method": method}
    if spread == 0:
        return Estimate(value=value, reason="the same in every split, so no interval", **shared)
    se = sqrt((1 / len(aucs) + ratio) * spread**2)
    low, high = t_interval(value, se, len(aucs) - 1, lower_bound=0, upper_bound=1)
    return Estimate(
        value=value,
        se=se,
        low=low,
        high=high,
        covers=f"other splits of these {groups} groups and other such groups",
        **shared,
    )


def _caveats(sides: tuple[Pipeline, Pipeline]) -> list[str]:
    found = [one for side in sides for one in side.caveats]
    return [f"{one[0].upper()}{one[1:]}." for one in dict.fromkeys(found)]
