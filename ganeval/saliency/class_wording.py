"""What is said of class models: how far the score ran beyond real images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ganeval.records import DrawnClass, DrawnPicture, Notice

SELDOM: Final = 0.5
"""Probability below which the model itself does not take a picture for the class."""


def class_verdict(classes: Sequence[DrawnClass]) -> str:
    """Says how far scores ran, in one sentence.

    Args:
        classes: What was drawn, one or more.
    """
    drawn = [one for one in classes if one.pictures]
    if not drawn:
        names = ", ".join(dict.fromkeys(one.name for one in classes))
        return f"No picture: the class score of {names} is flat."
    told = max(drawn, key=_excess)
    full = told.pictures[0]
    start = f"{told.name}: the score of the picture is {full.score:.3g}"
    if len(classes) > 1:
        start = f"Of {len(classes)} pictures the one that ran farthest is {start}"
    if told.real is None:
        return f"{start}; without real images nobody knows how far beyond them that is."
    real = told.real
    if not runaway(told):
        return f"{start}, within the {real.n:,} real images' largest, {real.largest:.3g}."
    end = "a real image has never had it"
    matched = next((one for one in told.pictures if one.kind == "matched"), None)
    if matched is not None:
        end = f"step {matched.step} already had the score of real images"
    return (
        f"{start}, beyond all {real.n:,} real images (95th percentile {real.q95:.3g}, largest "
        f"{real.largest:.3g}): {end}."
    )


def runaway(one: DrawnClass) -> bool:
    """Tells whether the full ascent ended above the score of every real image.

    Args:
        one: A class; False where no real images were scored.
    """
    return bool(one.pictures and one.real and one.pictures[0].score > one.real.largest)


def caption(one: DrawnClass, picture: DrawnPicture) -> str:
    """Returns the sentence that belongs under a picture wherever it is shown.

    Args:
        one: The class.
        picture: One of its pictures.
    """
    text = (
        f"{one.name}, lambda {one.strength:g}, step {picture.step}: score {picture.score:.3g}, "
        f"probability {picture.probability:.3f}."
    )
    if picture.kind == "matched":
        return f"{text} The first picture on the way with the score of real images."
    if one.real is None:
        return f"{text} Not typical of the class: the score was raised as far as it would go."
    if runaway(one):
        return (
            f"{text} Not typical of the class: real images reach {one.real.largest:.3g} at most, "
            f"95 % of them {one.real.q95:.3g}."
        )
    return f"{text} Real images reach {one.real.largest:.3g} at most."


def class_notices(
    classes: Sequence[DrawnClass], of_model: Sequence[str], *, real: bool
) -> list[Notice]:
    """Returns what a careful person should know, most important first.

    Args:
        classes: What was drawn.
        of_model: What is to be known of the model.
        real: Whether real images were scored.
    """
    notices = []
    flat = [one.name for one in classes if one.flag]
    if flat:
        text = (
            f"The class score of {', '.join(dict.fromkeys(flat))} has no gradient at the mean "
            "colour nor at five noise starts: there is no picture."
        )
        notices.append(Notice(code="flat_score", text=text, data={"classes": len(flat)}))
    far = [one for one in classes if runaway(one)]
    if far:
        text = (
            f"{len(far)} of {len(classes)} pictures have a score that no real image reaches; they "
            "are not typical of their class. The matched picture is the least pattern that the "
            "model takes for it."
        )
        notices.append(Notice(code="score_runs_away", text=text, data={"pictures": len(far)}))
    elif not real:
        text = (
            "No real images were scored, so how far the score ran is not known; --images DIR "
            "gives their scores, and a picture matched to them."
        )
        notices.append(Notice(code="no_real_scores", text=text))
    others = [one for one in classes if one.pictures and one.pictures[0].probability < SELDOM]
    if others:
        text = (
            f"The model's probability of {_first(others)} stays below {SELDOM:g} on its own "
            "picture: scores of other classes rose more."
        )
        notices.append(Notice(code="others_rose_more", text=text, data={"pictures": len(others)}))
    short = [
        one
        for one in classes
        if one.real is not None and one.pictures and one.pictures[0].score < one.real.q95
    ]
    if short:
        text = (
            f"The score of {_first(short)} ends below the 95th percentile of real images; more "
            "steps, larger ones or a smaller lambda would raise it."
        )
        notices.append(Notice(code="score_below_real", text=text, data={"pictures": len(short)}))
    return notices + [Notice(code="model", text=text) for text in of_model]


def _first(classes: Sequence[DrawnClass]) -> str:
    names = list(dict.fromkeys(one.name for one in classes))
    more = len(names) - 3
    return ", ".join(names[:3]) + (f" and {more} more" if more > 0 else "")


def _excess(one: DrawnClass) -> float:
    score = one.pictures[0].score
    return score - one.real.q95 if one.real is not None else score
