"""What other packages would print for the same images, from the same features.

Every package has conventions of its own: which files it finds, how it resizes, how it draws
subsets, what it refuses. Its numbers are made here by ganeval's own functions under those
conventions; no package is run. Where one draws without a seed, the expectation stands in.

Source: pytorch-fid 0.3.0, clean-fid 0.1.35, torch-fidelity 0.4.0, torchmetrics 1.9.0, and
openai/guided-diffusion, evaluations/evaluator.py (the ADM evaluator).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache

import numpy as np

from ganeval.errors import InputError
from ganeval.features.row_arrays import reordered
from ganeval.metrics.inception_score import inception_score
from ganeval.metrics.kernel_subsets import PRESETS as SUBSETS
from ganeval.metrics.kernel_subsets import kid_subsets
from ganeval.metrics.manifold import PRESETS as MANIFOLDS
from ganeval.metrics.manifold import Manifold, manifold
from ganeval.metrics.memorisation import memorisation_distance, mifid
from ganeval.metrics.needs import Need
from ganeval.metrics.peer_reading import (
    ADM,
    CLEAN_FID,
    CLEAN_FID_TENSORFLOW,
    PYTORCH_FID,
    TORCH_FIDELITY,
    TORCHMETRICS,
    Reader,
    has_one_size,
)
from ganeval.metrics.peer_view import EXTRACTOR, LOGITS, POOL, SPATIAL, Known, Printed, View
from ganeval.metrics.samples import Sample
from ganeval.records import PeerNumber
from ganeval.statistics.streams import generator

_CLEAN_FID_MODES = {
    "clean": ("clean", CLEAN_FID),
    "legacy_pytorch": ("pytorch-fid", CLEAN_FID),
    "legacy_tensorflow": ("tf1", CLEAN_FID_TENSORFLOW),
}
_SPLITS = 10  # of the Inception Score of torch-fidelity and torchmetrics
_SHUFFLES = 10  # over which a score that is shuffled without a seed is averaged


def compat_needs() -> list[Need]:
    """Returns the features behind the numbers: one network in the four resize modes."""
    modes = ("pytorch-fid", "clean", "tf1", "torchmetrics")
    pools = [Need(EXTRACTOR, POOL, mode) for mode in modes]
    scores = [Need(EXTRACTOR, LOGITS, mode) for mode in ("tf1", "torchmetrics")]
    return [*pools, *scores, Need(EXTRACTOR, SPATIAL, "tf1")]


def peer_numbers(real: Sample, fake: Sample) -> list[PeerNumber]:
    """Returns what other packages would print for two sets of images.

    A package's number is that of the images it would find; sets that are no folder are taken for
    a folder of PNG files. A value is null where the package would refuse, and its note says why.

    Args:
        real: The real set, with the features of `compat_needs`.
        fake: One set of fakes.
    """
    known: Known = {}

    def view(tool: str, reader: Reader, mode: str) -> View:
        return View(tool, reader, mode, real, fake, known)

    numbers = [_fid(view("pytorch-fid 0.3.0", PYTORCH_FID, "pytorch-fid"), "FID")]
    for name, (mode, reader) in _CLEAN_FID_MODES.items():
        numbers.append(_fid(view("clean-fid 0.1.35", reader, mode), f"FID ({name})"))
    numbers += _clean_fid_kid(view("clean-fid 0.1.35", CLEAN_FID, "clean"))
    numbers += _torch_fidelity(view("torch-fidelity 0.4.0", TORCH_FIDELITY, "tf1"))
    numbers += _torchmetrics(view("torchmetrics 1.9.0", TORCHMETRICS, "torchmetrics"))
    numbers.append(_fid(view("torchmetrics 1.9.0", TORCHMETRICS, "tf1"), "FID (antialias=False)"))
    numbers += _adm(view("ADM evaluator", ADM, "tf1"))
    return numbers


def _fid(view: View, metric: str) -> PeerNumber:
    return view.number(metric, lambda: Printed(view.frechet()), rooted=True)


def _clean_fid_kid(view: View) -> Iterator[PeerNumber]:
    """KID over subsets as large as the smaller set allows, drawn without a seed."""
    n, m = (len(one.rows) for one in view.sights)
    size = min(n, m, SUBSETS["clean-fid"].size)
    note = f"expectation: {SUBSETS['clean-fid'].subsets} subsets of {size} drawn without a seed"
    if n == m == size:
        note = "exact: every subset is the whole set"
    yield view.number("KID (clean)", lambda: Printed(view.kid_all_pairs(), note=note))


def _torch_fidelity(view: View) -> Iterator[PeerNumber]:
    """Its numbers with the fakes as its input 1."""
    yield view.number("ISC", lambda: _shuffled_score(view))
    yield view.number("FID", lambda: Printed(view.frechet()))
    yield view.number("KID", lambda: _kid_of_subsets(view, "torch-fidelity"))
    for metric in ("precision", "recall"):
        yield view.number(metric, _on_another_network)


def _on_another_network() -> Printed:
    return Printed(None, note="on VGG16: ask for --metrics prdc:torch-fidelity")


def _shuffled_score(view: View) -> Printed:
    rows = view.fake_rows(LOGITS)
    if len(rows) < _SPLITS:
        return Printed(None, note=f"prints nan for fewer images than its {_SPLITS} splits")
    score = inception_score(rows, preset="torch-fidelity")
    return Printed(score.value, score.spread)


def _kid_of_subsets(view: View, preset: str) -> Printed:
    """Mean and spread over subsets of a fixed size."""
    count, size = SUBSETS[preset].subsets, SUBSETS[preset].size
    n, m = (len(one.rows) for one in view.sights)
    if min(n, m) < size:
        return Printed(None, note=f"refuses: fewer than {size} images, the size of its subsets")
    if n == m == size:
        return Printed(view.kid_all_pairs(), 0.0, "every subset is the whole set")
    drawn = kid_subsets(*view.rows(), preset=preset)
    if preset == "torch-fidelity":
        return Printed(drawn.estimate.value, drawn.spread)
    off = drawn.spread / math.sqrt(count)
    return Printed(
        view.kid_all_pairs(),
        drawn.spread,
        f"expectation: subsets drawn without a seed; a run is off by {off:.1g} or so",
    )


def _torchmetrics(view: View) -> Iterator[PeerNumber]:
    """Its numbers with the resizing that is its default, and the only one of most of them."""
    yield _fid(view, "FID")
    yield view.number("KID", lambda: _kid_of_subsets(view, "torchmetrics"))
    yield view.number("IS", lambda: _unseeded_score(view))
    yield view.number("MiFID", lambda: _reversed_mifid(view))


def _unseeded_score(view: View) -> Printed:
    """Mean over shuffles of our own of a score that is shuffled by the global generator."""
    rows, rng = view.fake_rows(LOGITS), generator(0, "torchmetrics inception score")
    if len(rows) <= _SPLITS:
        return Printed(1.0, 0.0, "every split is a single image")
    scores = [
        inception_score(reordered(rows, rng.permutation(len(rows)).tolist()), preset="torchmetrics")
        for _ in range(_SHUFFLES)
    ]
    values = [score.value for score in scores]
    return Printed(
        float(np.mean(values)),
        float(np.mean([score.spread or 0.0 for score in scores])),
        f"expectation: shuffled without a seed; a run is off by {np.std(values, ddof=1):.1g} or so",
    )


def _reversed_mifid(view: View) -> Printed:
    m = memorisation_distance(*view.rows(), orientation="torchmetrics").value
    return Printed(
        mifid(view.frechet(), m), note="reversed: distance of reals to fakes, which copies escape"
    )


def _adm(view: View) -> Iterator[PeerNumber]:
    """Its numbers for arrays that hold these images in the order of their names."""
    yield view.number("Inception Score", lambda: _score_in_order(view))
    yield view.number("FID", lambda: _of_arrays(view, POOL), rooted=True)
    yield view.number("sFID", lambda: _of_arrays(view, SPATIAL), rooted=True)

    @cache
    def found() -> Manifold:
        _check_one_size(view)
        preset = MANIFOLDS["adm"]
        return manifold(*view.rows(), k=preset.k, inclusive=preset.inclusive)

    note = "its distances are in half precision, so images at the edge may fall otherwise"
    yield view.number("Precision", lambda: Printed(found().precision, note=note))
    yield view.number("Recall", lambda: Printed(found().recall, note=note))


def _score_in_order(view: View) -> Printed:
    _check_one_size(view)
    score = inception_score(view.fake_rows(LOGITS), preset="adm")
    return Printed(score.value, note="images in the order of their names, 5000 at a time")


def _of_arrays(view: View, layer: str) -> Printed:
    _check_one_size(view)
    return Printed(view.frechet(layer))


def _check_one_size(view: View) -> None:
    if not (has_one_size(view.real.side) and has_one_size(view.fake.side)):
        raise InputError("refuses: it takes arrays, whose images have one size")
