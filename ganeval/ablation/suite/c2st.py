"""Can a classifier tell a cell's fakes from reals: one fixed recipe, equal for every arm.

The AUC of held-out images by a linear classifier on the bundled network's features, beside what
colours and what the files alone give away. The network of `ganeval classify` is not trained: in a
study with many cells it would cost more than the cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ganeval.ablation.protocol import ProtocolSettings
from ganeval.ablation.suite.part import Absent, ImagesOf, Part, Place, listed
from ganeval.classifier.settings import ClassifySettings
from ganeval.classifier.suite import Tested, two_sample_test
from ganeval.errors import GanevalError
from ganeval.metrics.settings import Progress, silent
from ganeval.records.classify import Rung, RungName
from ganeval.records.comparison import Better
from ganeval.records.model import Estimate, Notice

_RUNGS: Final[tuple[RungName, ...]] = ("metadata", "compression", "colour", "features")


def c2st(
    images: ImagesOf,
    place: Place,
    protocol: ProtocolSettings,
    scratch: Path,
    progress: Progress = silent,
) -> Part:
    """Measures the classifier two-sample test's AUC, and those of its baselines.

    Raises:
        Absent: There are too few images for a held-out part.
    """
    fakes = listed(images.fake, images.stems, scratch)
    settings = ClassifySettings(
        rungs=_RUNGS,
        preset="quick",
        question="arrival",
        null_check="none",
        seed=protocol.seed,
        device=protocol.device,
        cache=protocol.use_cache,
    )
    out = scratch / "classifier"
    out.mkdir(exist_ok=True)
    try:
        tested = two_sample_test(images.real, fakes, settings, out=out, progress=progress)
    except GanevalError as error:
        raise Absent(error.message) from error
    return _part(tested, images, place)


def _part(tested: Tested, images: ImagesOf, place: Place) -> Part:
    record = tested.record
    pixels = record.primary.pixels
    metrics = []
    for name, key, display in (
        ("features", "c2st", "classifier test, AUC"),
        ("colour", "c2st_colour", "AUC of the colour histogram alone"),
        ("metadata", "c2st_files", "AUC of the files' properties alone"),
    ):
        rung = _rung(record.rungs, name, pixels)
        if rung is not None:
            better: Better = "lower" if key == "c2st" else "none"
            metrics.append(
                place.number(key, display, better, _at_least_half(rung.test), compare=key == "c2st")
            )
    notices = []
    rung = _rung(record.rungs, "features", pixels)
    if rung is not None and rung.p_below is not None and rung.p_below < 0.01:
        notices.append(
            Notice(
                code="auc_below_half",
                text=f"{place.arm}: the classifier test is far below 0.5 (AUC "
                f"{rung.test.value:.2f}): images of the same picture may be on both sides.",
                data={"arm": place.arm, "seed": place.seed},
            )
        )
    differs = "; ".join(record.audit.reasons) if record.audit.differs else None
    return Part(metrics, {"c2st_logit": _logits(tested, images)}, notices, differs)


def _rung(rungs: list[Rung], name: str, pixels: str) -> Rung | None:
    """The rung on the pixels that the verdict rests on, else on raw ones."""
    found = [rung for rung in rungs if rung.name == name]
    return next((rung for rung in found if rung.pixels == pixels), found[0] if found else None)


def _at_least_half(estimate: Estimate) -> Estimate:
    """An AUC below one half tells no more than one half: nothing was found."""
    if estimate.value is None or estimate.value >= 0.5:
        return estimate
    return estimate.model_copy(update={"value": 0.5, "method": f"{estimate.method}; not below 0.5"})


def _logits(tested: Tested, images: ImagesOf) -> Mapping[str, float]:
    """Scores of the held-out fakes by stem, higher is more certainly fake."""
    label = tested.record.input("fake").label
    fakes = tested.images[label]
    stems = {images.fake[stem].absolute(): stem for stem in images.stems}
    found = {}
    for row in tested.rows:
        if row["set"] == label and row["part"] == "test":
            file = fakes.file(str(row["path"]))
            logit = row["logit"]
            if file is not None and isinstance(logit, float):
                found[stems[file.absolute()]] = logit
    return found
