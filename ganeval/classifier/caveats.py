"""What a reader of a verdict should know beside it, the gravest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ganeval.classifier.facts import Facts
from ganeval.classifier.wording import EQUALISER, NAMES, auc, p_text
from ganeval.records import Notice, VerdictName


def caveats(name: VerdictName, facts: Facts) -> list[Notice]:
    """Returns the warnings of a verdict; those that the sentence tells in full are not repeated."""
    found: list[Notice] = []
    for look in _LOOKS:
        found += look(name, facts)
    return found


def _below(name: VerdictName, facts: Facts) -> Iterator[Notice]:
    for rung in facts.below:
        if name == "leakage" and facts.below_chance and rung is facts.below[0]:
            continue  # the sentence is about it
        yield Notice(
            code="below_chance",
            text=f"Held-out scores of {NAMES[rung.name]} are below chance (AUC {auc(rung.test)}, "
            f"{p_text(rung.p_below, facts.alpha)} for one this low). Something of the same picture "
            "is in two parts; name what belongs together with --groups.",
            data={"rung": rung.name, "p": rung.p_below},
        )


def _undefended(name: VerdictName, facts: Facts) -> Iterator[Notice]:
    if not facts.formats_differ or name in ("leakage", "format"):
        return
    if facts.defence.name == "none":
        yield Notice(
            code="no_defence",
            text="The files were stored differently and nothing was done against it (--defence "
            "none): what is told apart may be the format. Leave the option out.",
        )
    if facts.control.auc_raw.value is None:
        yield Notice(
            code="no_format_control",
            text="What the format alone gives away could not be measured "
            f"({facts.control.auc_raw.reason}), so that a remainder of it may be in the answer.",
        )


def _equalised(name: VerdictName, facts: Facts) -> Iterator[Notice]:
    if facts.defence.name == "equalise" and name != "leakage":
        yield Notice(
            code="equalised",
            text=f"Both sets were equalised, since neither can be matched to the other; "
            f"{EQUALISER}. A low AUC after it is no proof that nothing is there.",
        )


def _cross_validated(name: VerdictName, facts: Facts) -> Iterator[Notice]:
    if facts.split.method == "cross-validation":
        yield Notice(
            code="cross_validation",
            text="There are too few groups to hold some out: the AUC is the mean over grouped "
            "folds and p comes from refits under permuted labels. It has no interval, and only "
            "large differences show.",
        )


def _colour(name: VerdictName, facts: Facts) -> Iterator[Notice]:
    if facts.cnn_beats_colour is False and name in ("inconclusive", "not_distinguishable"):
        yield Notice(
            code="colour_does_as_well",
            text="The CNN does not beat the colour histogram by more than chance, so its scores "
            "and maps may show nothing but colour.",
        )


def _question(name: VerdictName, facts: Facts) -> Iterator[Notice]:
    if facts.question == "change":
        yield Notice(
            code="sources",
            text="REAL holds the sources of FAKE: the answer tells how visibly the translation "
            "changed them, not whether it arrives. For that, compare FAKE with real images of the "
            "domain it was translated to.",
        )


def _metadata(name: VerdictName, facts: Facts) -> Iterator[Notice]:
    if facts.audit.notes:
        yield Notice(
            code="metadata_differs",
            text=f"The files differ in what touches no pixel ({'; '.join(facts.audit.notes)}). It "
            "tells the sets apart at once and says nothing about the images; the verdict leaves it "
            "out.",
        )


_LOOKS: Final[tuple[Callable[[VerdictName, Facts], Iterator[Notice]], ...]] = (
    _below,
    _undefended,
    _equalised,
    _cross_validated,
    _colour,
    _question,
    _metadata,
)
