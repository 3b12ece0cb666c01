"""One sentence or two about a run that a reader may quote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ganeval.records import Direction, Score
from ganeval_cyclegan.run_folder import RunState
from ganeval_cyclegan.score_history import scaled, scaled_name, told

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
            values = [
                f"{scaled_name(one.display)} {scaled(one.display, one.estimate.value):.3g}"
                for one in own
                if one.estimate.value is not None
            ]
            if values:
                which = words if network == "raw" else f"{words} (averaged weights)"
                parts.append(f"{which}: {', '.join(values)}")
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
        display = scaled_name(last.display)
        if first is last:
            yield f"{display} {_number(last)} at update {last.update:,}"
        elif first.estimate.value is not None:
            yield f"{display} from {scaled(first.display, first.estimate.value):.3g} to " + _number(
                last
            )


def _number(score: Score) -> str:
    estimate = score.estimate
    numbers = [
        f"{scaled(score.display, one):.3g}"
        for one in (estimate.value, estimate.low, estimate.high)
        if one is not None
    ]
    if len(numbers) < 3 or score.name == "cycle_l1":
        return numbers[0]
    level = f"{estimate.level:.0%}".replace("%", "\N{NO-BREAK SPACE}%")
    return f"{numbers[0]} ({level} CI {numbers[1]} to {numbers[2]})"
