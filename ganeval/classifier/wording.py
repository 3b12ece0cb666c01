"""Sentences of a verdict: every number with its interval, units, test and what it could have seen.

AUCs have two decimals. Where translations are compared with their own sources the same numbers are
told in other words.
"""

from __future__ import annotations

from typing import Final

from ganeval.classifier.facts import MARGIN, Facts
from ganeval.records import Estimate, NullControl, Rung, RungName, VerdictName

NAMES: Final[dict[RungName, str]] = {
    "metadata": "the metadata of the files",
    "bytes": "the size of the files",
    "compression": "traces of compression",
    "colour": "the colour histogram",
    "spectrum": "the power spectrum",
    "features": "features of a pretrained network",
    "knn": "nearest neighbours in features of a pretrained network",
    "cnn": "the CNN",
}
_MEANINGS: Final[dict[RungName, str]] = {
    "colour": "the sets differ in colour and brightness",
    "spectrum": "the sets differ in how strong coarse and fine structure is",
    "features": "the sets differ in textures, shapes or content that a network trained on"
    " photographs sees",
    "knn": "images of one set lie close together in what a network trained on photographs sees",
    "cnn": "only a network trained on these very images finds the difference",
}
_ALARMS: Final[dict[str, str]] = {
    "shuffled": "labels without meaning were predicted",
    "real-real": "two random halves of the reals were told apart",
    "neighbours-real": "files of the reals that are neighbours by name resemble each other",
    "neighbours-fake": "files of the fakes that are neighbours by name resemble each other",
}
EQUALISER: Final = (
    "equalising also removes fine patterns: chequered ones of a period below 4 px in trials"
)


def leakage(facts: Facts) -> str:
    """Says what makes the test worthless, and the likely remedy."""
    found = [_alarm(control) for control in facts.alarms]
    if facts.below_chance:
        rung = facts.below[0]
        found.append(
            f"held-out scores of {NAMES[rung.name]} are below chance (AUC {auc(rung.test)},"
            f" {p_text(rung.p_below, facts.alpha)} for one this low), as when a picture and its"
            " translation are in different parts"
        )
    remedies = list(dict.fromkeys(one.remedy for one in facts.alarms if one.remedy))
    remedy = " ".join(remedies) or "Name the images that belong together with --groups."
    return f"Leakage suspected: {'; '.join(found)}; no verdict. {remedy}"


def format_only(facts: Facts) -> str:
    """Says that the file format explains what was told apart."""
    parts = [_raw(facts)]
    alone = facts.control.auc_raw
    if alone.value is None:
        parts.append(f"what the format alone gives could not be measured ({alone.reason})")
    else:
        parts.append(f"the format alone gives {auc(alone)} on identical content")
    test = f"{auc(facts.best.test)}, {p_text(facts.primary.p, facts.alpha)}, {units(facts)}"
    if facts.defence.name == "none":
        parts.append("nothing was done against it (--defence none)")
    elif facts.primary.significant:
        remains = _value(facts.control.auc_defended.value)
        parts.append(f"{_after(facts)} {test}, no more than the format leaves there ({remains})")
    else:
        parts.append(f"{_after(facts)} {test} ({_would(facts, 'of content ')})")
    caveat = f" ({EQUALISER})" if facts.defence.name == "equalise" else ""
    return f"Format, not content: {_formats(facts)}. {_join(parts)}{caveat}."


def inconclusive(facts: Facts) -> str:
    """Says that a test of this size could not have answered."""
    what = ""
    if facts.question == "change":
        what = " whether translations can be told from their sources"
    return (
        f"Too few to say{what}: AUC {auc(facts.best.test)}, {units(facts)},"
        f" {p_text(facts.primary.p, facts.alpha)}; {_only(facts)}{_undone(facts)}."
    )


def not_distinguishable(facts: Facts) -> str:
    """Says that nothing was found, and what would have been."""
    start = "Not distinguishable"
    if facts.question == "change":
        start = "Translations are not distinguishable from their sources"
    return (
        f"{start} by this test: AUC {auc(facts.best.test)}, {units(facts)},"
        f" {p_text(facts.primary.p, facts.alpha)}; {_would(facts)} with"
        f" {facts.power.power:.0%} power{_undone(facts)}.".replace("%", " %")
    )


def partly_format(facts: Facts) -> str:
    """Says that the format explains a part of what was told apart."""
    return (
        f"{_distinguishable(facts)}, partly by format: raw {_value(facts.auc_raw)},"
        f" {_done(facts)} {auc(facts.best.test)}, {units(facts)},"
        f" {p_text(facts.primary.p, facts.alpha)} ({_test(facts)}, {facts.primary.rung})"
        f"{_lowest(facts)}{_colour(facts)}."
    )


def distinguishable(facts: Facts) -> str:
    """Says how well the sets can be told apart, and by what already."""
    condition = ""
    if facts.formats_differ:
        condition = f" {_after(facts)}" if facts.defence.name != "none" else " on raw pixels"
    return (
        f"{_distinguishable(facts)}{condition}: AUC {auc(facts.best.test)}, {units(facts)},"
        f" {p_text(facts.primary.p, facts.alpha)} ({_test(facts)}, {facts.primary.rung})"
        f"{_lowest(facts)}{_colour(facts)}{_unmeasured(facts)}."
    )


def cause_line(name: VerdictName, facts: Facts) -> str:
    """Returns what tells the sets apart: the lowest rung that comes close to the best."""
    if name == "format":
        return "How the files were stored tells the sets apart; what they show was not found to."
    if name not in ("distinguishable", "distinguishable_partly_format"):
        return ""
    low, best = lowest_rung(facts), facts.best
    if low.name != best.name:
        reach = f"AUC {low.test.value:.2f} against {best.test.value:.2f} of the best"
    elif below := [r for r in facts.ladder(facts.primary.pixels) if r.name != best.name]:
        next_best = max(below, key=lambda rung: rung.test.value or 0.0)
        reach = f"{NAMES[next_best.name]} reaches {next_best.test.value:.2f}"
        reach = reach.replace("features of a pretrained network reaches", "features reach")
    else:
        reach = "no other was asked for"
    return f"Lowest rung that does as well: {NAMES[low.name]} ({reach}); {_MEANINGS[low.name]}."


def lowest_rung(facts: Facts) -> Rung:
    """Returns the lowest rung whose AUC is at most 0.05 below that of the best."""
    limit = (facts.auc or 0.0) - MARGIN
    for rung in facts.ladder(facts.primary.pixels):
        if rung.test.value is not None and rung.test.value >= limit:
            return rung
    return facts.best


def strength(value: float) -> str:
    """Returns the word for an AUC: barely, weakly, clearly, almost always."""
    words = ((0.6, "barely"), (0.75, "weakly"), (0.9, "clearly"))
    return next((word for end, word in words if value < end), "almost always")


def auc(estimate: Estimate) -> str:
    """Prints an AUC with its interval: ``0.93 [0.90, 0.95]``."""
    if estimate.value is None:
        return f"not measured ({estimate.reason})"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.2f}"
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"


def p_text(p: float | None, alpha: float) -> str:
    """Prints a p-value with two digits; more where those would lie on the other side of alpha."""
    if p is None:
        return "no p-value"
    if p < 1e-300:
        return "p < 1e-300"
    text = next(t for d in (2, 3, 4, 17) if (float(t := f"{p:.{d}g}") < alpha) == (p < alpha))
    return f"p = {text}"


def units(facts: Facts) -> str:
    """Says what was held out, and what counted as independent: ``90 + 90 groups held out``."""
    primary = facts.primary
    done = "held out" if facts.split.method == "holdout" else "cross-validated"
    if primary.design == "paired":
        return f"{primary.n} pairs {done}"
    alone = facts.grouping.largest <= 1
    count = f"{primary.n} + {primary.m} {'images' if alone else 'groups'} {done}"
    if not facts.infer_groups and facts.grouping.source == "none":
        return f"{count} (each image taken as independent: --no-infer-groups)"
    return f"{count} (each image taken as independent)" if alone else count


def _alarm(control: NullControl) -> str:
    value = "not measured" if control.auc.value is None else f"{control.auc.value:.2f}"
    band = ""
    if control.low is not None and control.high is not None:
        band = f", {control.low:.2f} to {control.high:.2f} expected"
    return f"{_ALARMS[control.name]} (AUC {value}{band})"


def _distinguishable(facts: Facts) -> str:
    word = strength(facts.auc or 0.5)
    if facts.question == "change":
        return f"Translations are {word} distinguishable from their sources"
    return f"Fakes are {word} distinguishable"


def _formats(facts: Facts) -> str:
    """How the files differ, in the words of the audit."""
    if not facts.audit.reasons:  # only declared
        return f"reals: {facts.control.real_pipeline}; fakes: {facts.control.fake_pipeline}"
    shown = facts.audit.reasons[:2]
    more = len(facts.audit.reasons) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more else "")


def _raw(facts: Facts) -> str:
    """The AUC on raw pixels, of the best rung if that found most, else of the probe."""
    best, probe = facts.best_raw, facts.rung("compression", "raw")
    found = best is not None and best.p is not None and best.p < facts.alpha
    if best is not None and found and _height(probe) <= _height(best):
        return f"raw AUC {auc(best.test)}"
    assert probe is not None, "raw pixels are significant through one of the two"
    return f"raw AUC {auc(probe.test)} (traces of compression)"


def _height(rung: Rung | None) -> float:
    return 0.0 if rung is None or rung.test.value is None else rung.test.value


def _done(facts: Facts) -> str:
    return {"match": "matched", "equalise": "equalised", "none": "undefended"}[facts.defence.name]


def _after(facts: Facts) -> str:
    return {"match": "after matching", "equalise": "after equalising", "none": "on raw pixels"}[
        facts.defence.name
    ]


def _would(facts: Facts, what: str = "") -> str:
    visible = facts.power.auc
    if visible is None:
        return f"no AUC {what}would surely have been seen"
    return f"AUC >= {visible:.2f} {what}would have been seen"


def _only(facts: Facts) -> str:
    if facts.power.auc is None:
        return "with so few no AUC would surely have been seen"
    return f"only AUC >= {facts.power.auc:.2f} would have been seen"


def _undone(facts: Facts) -> str:
    """What is missing from a negative answer where raw pixels could be told apart."""
    if not facts.formats_differ:
        return ""
    text = ""
    if facts.raw_significant:
        text = f"; {_raw(facts)}"
        if facts.control.auc_raw.value is not None:
            text += f", of which the format alone explains {facts.control.auc_raw.value:.2f}"
    if facts.defence.name == "equalise":
        text += f" ({EQUALISER}: no proof that nothing is there)"
    return text


def _unmeasured(facts: Facts) -> str:
    """Warns of a difference in format that nothing vouches for."""
    if not facts.formats_differ:
        return ""
    left = facts.control.auc_defended
    if left.value is None:
        if facts.defence.name == "none":
            return "; formats differ and nothing was done against it: this may be the format alone"
        return "; what the format leaves after that could not be measured"
    if facts.auc is not None and facts.auc <= left.value + MARGIN:
        return f"; the format alone leaves {left.value:.2f} there"
    return ""


def _test(facts: Facts) -> str:
    """Name of the test behind p."""
    if facts.split.method == "cross-validation":
        return "refits under permuted labels"
    return {"paired": "signed-rank", "unpaired": "rank-sum", "mixed": "label swaps"}[
        facts.primary.design
    ]


def _lowest(facts: Facts) -> str:
    low = lowest_rung(facts)
    if low.name == facts.primary.rung:
        return ""
    verb = "reach" if low.name in ("features", "knn") else "reaches"
    return f"; {NAMES[low.name]} alone {verb} {low.test.value:.2f}"


def _colour(facts: Facts) -> str:
    """Says so where the network is no better than the colour histogram."""
    if facts.cnn_beats_colour is not False:
        return ""
    cnn, colour = (facts.rung(name, facts.primary.pixels) for name in ("cnn", "colour"))
    assert cnn is not None
    assert colour is not None
    p = "" if facts.cnn_over_colour is None else f" ({p_text(facts.cnn_over_colour, 0.05)})"
    return (
        f"; the CNN ({_value(cnn.test.value)}) does not beat the colour histogram"
        f" ({_value(colour.test.value)}){p}"
    )


def _value(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.2f}"


def _join(parts: list[str]) -> str:
    text = "; ".join(parts)
    return text[:1].upper() + text[1:]
