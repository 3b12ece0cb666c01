"""One sentence or two about a run that a reader may quote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ganeval.records import Direction, Estimate, Score
from ganeval_cyclegan.run_folder import RunState
from ganeval_cyclegan.score_history import told

_WORDS: dict[Direction, str] = {"AtoB": "A to B", "BtoA": "B to A"}


def verdict(state: RunState, scores: Sequence[Score]) -> str:
    """Says what was trained, for how long, where the metrics went, and how the best was chosen.

    Args:
        state: Of the run.
        scores: All of them, the oldest first.
    """
    sentences = [_course(state)]
    for direction in _WORDS:
        moved = list(_moves(scores, direction))
        if moved:
            sentences.append(f"{_WORDS[direction]}: {'; '.join(moved)}.")
    if state.best is not None:
        sentences.append(told(state.best))
    return " ".join(sentences)


def score_text(scores: Sequence[Score]) -> str:
    """Returns the values of one evaluation in a line."""
    parts = []
    for direction, words in _WORDS.items():
        for network in ("raw", "ema"):
            own = [one for one in scores if (one.direction, one.network) == (direction, network)]
            known = [one for one in own if one.estimate.value is not None]
            if known:
                which = words if network == "raw" else f"{words} (averaged weights)"
                values = ", ".join(f"{one.display} {one.estimate.value:.3g}" for one in known)
                parts.append(f"{which}: {values}")
    return "; ".join(parts)


def duration(seconds: float) -> str:
    """Returns a time in the two largest of hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def epochs_text(count: float) -> str:
    """Returns a number of epochs with three digits."""
    return "1 epoch" if count == 1 else f"{count:.3g} epochs"


def _course(state: RunState) -> str:
    images = " and ".join(f"{one.trained_on} of {one.name}" for one in state.domains)
    spent = f"({epochs_text(state.epoch)}, {duration(state.seconds)})"
    planned = f" of {state.planned_updates:,}" if state.planned_updates is not None else ""
    match state.status:
        case "finished":
            return f"Trained on {images} images for {state.update:,} updates {spent}."
        case "diverged":
            last = state.checkpoints[-1].path if state.checkpoints else None
            good = f"the last good checkpoint is {last}" if last else "nothing was saved before"
            return f"Diverged after {state.update:,}{planned} updates on {images} images; {good}."
    done = f"{state.update:,}{planned} updates {spent}"
    return f"Not finished: trained on {images} images for {done}."


def _moves(scores: Sequence[Score], direction: Direction) -> Iterator[str]:
    """Where each metric of a direction went, of the weights themselves."""
    own = [one for one in scores if (one.direction, one.network) == (direction, "raw")]
    for name in dict.fromkeys(one.name for one in own):
        series = [one for one in own if one.name == name and one.estimate.value is not None]
        if not series:
            continue
        first, last = series[0], series[-1]
        if first is last:
            yield f"{last.display} {_number(last.estimate)} at update {last.update:,}"
            continue
        start = f"{first.estimate.value:.3g}" if first.estimate.value is not None else ""
        yield f"{last.display} from {start} to {_number(last.estimate)}"


def _number(estimate: Estimate) -> str:
    text = f"{estimate.value:.3g}"
    if estimate.low is None or estimate.high is None:
        return text
    return f"{text} ({estimate.level:.0%} CI {estimate.low:.3g} to {estimate.high:.3g})".replace(
        "%", " %"
    )
