"""The one sentence of a comparison: what changed and what did not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ganeval.records.model import Estimate
from ganeval.records.saliency import Effect, Kappa, MethodTrust
from ganeval.saliency.wording import change_text, number, signed

_CONTROLS: Final = {"noise": "noise", "colour": "recolouring"}


def verdict(
    effects: Sequence[Effect],
    kappas: Sequence[Kappa],
    trust: Sequence[MethodTrust],
    names: Mapping[str, str],
    *,
    units: int,
    compared: bool,
) -> str:
    """Returns the verdict; methods that failed the check of random weights are not in it.

    Args:
        effects: With adjusted p.
        kappas: Of all methods.
        trust: Of all methods.
        names: Method to how a reader knows it.
        units: Independent pairs, or images of one set alone.
        compared: There are images after; else no change is spoken of.
    """
    failed = [one.method for one in trust if one.trusted is False]
    if not compared:
        return _single(trust, names, units)
    parts = [_score(effects)]
    read = [one.method for one in trust if one.trusted is not False]
    for method in read:
        told = [_concentration(effects, method), _attention(effects, kappas, method)]
        known = [text for text in told if text]
        if known:
            label = f"{names[method]}: " if len(trust) > 1 else ""
            parts.append(label + ", ".join(known))
    if failed:
        parts.append(
            f"not read, as random weights give much the same maps: {_listed(failed, names)}"
        )
    parts.append(f"{units} independent pairs")
    return "; ".join(part for part in parts if part) + "."


def _single(trust: Sequence[MethodTrust], names: Mapping[str, str], units: int) -> str:
    groups = {
        "depend on the weights of the model": [one.method for one in trust if one.trusted],
        "show the image, not the model, and are not to be read": [
            one.method for one in trust if one.trusted is False
        ],
        "could not be checked with random weights": [
            one.method for one in trust if one.trusted is None
        ],
    }
    parts = [f"{_listed(found, names)}: maps {text}" for text, found in groups.items() if found]
    return "; ".join([*parts, f"{units} independent images, no comparison"]) + "."


def _score(effects: Sequence[Effect]) -> str:
    plain = _effect(effects, "logit", None)
    if plain is None:
        return ""
    if plain.change == "unchanged":
        text = f"Score unchanged (logit within {number(plain.margin)}"
    else:
        text = f"Score {plain.change} (logit {_written(plain.shift)}"
    for control, word in _CONTROLS.items():
        against = _effect(effects, f"logit-{control}", None)
        if against is None or against.change not in ("rose", "fell"):
            continue
        less = against.change == "rose"
        relation = "higher" if less else "lower"
        text += f", {relation} than under {word} of equal size by {_size(against)}"
    return f"{text})"


def _concentration(effects: Sequence[Effect], method: str) -> str:
    gini = _effect(effects, "gini", method)
    if gini is None:
        return ""
    shift = gini.shift
    if shift.value is None or shift.low is None or shift.high is None:
        return "concentration undecided"
    return change_text(
        "concentration", gini.change, shift.value, shift.low, shift.high, gini.margin
    )


def _attention(effects: Sequence[Effect], kappas: Sequence[Kappa], method: str) -> str:
    """Attention against both controls, on the scale from other images to the least change."""
    scale: dict[str, Estimate] = {
        one.reference: one.kappa
        for one in kappas
        if one.method == method and one.measure == "spearman"
    }
    if "transfer" in scale and scale["transfer"].value is None:
        return "similarity not resolved on these images"
    told = []
    for control, word in _CONTROLS.items():
        against = _effect(effects, f"spearman-{control}", method)
        if against is None:
            continue
        relation = {
            "rose": "less than under",
            "fell": "more than under",
            "unchanged": "as much as under",
            "undecided": "undecided against",
        }[against.change]
        told.append(f"{relation} equal {word}{_beside(scale, control)}")
    return f"attention moved {' and '.join(told)}" if told else ""


def _beside(scale: Mapping[str, Estimate], control: str) -> str:
    ours, theirs = scale.get("transfer"), scale.get(control)
    if ours is None or theirs is None or ours.value is None or theirs.value is None:
        return ""
    return f" (kappa {ours.value:.2f} against {theirs.value:.2f})"


def _effect(effects: Sequence[Effect], name: str, method: str | None) -> Effect | None:
    return next((one for one in effects if one.name == name and one.method == method), None)


def _written(shift: Estimate) -> str:
    if shift.value is None:
        return "unknown"
    if shift.low is None or shift.high is None:
        return signed(shift.value)
    return f"{signed(shift.value)} [{signed(shift.low)}, {signed(shift.high)}]"


def _size(effect: Effect) -> str:
    return number(abs(effect.shift.value or 0.0))


def _listed(methods: Sequence[str], names: Mapping[str, str]) -> str:
    return ", ".join(names[method] for method in methods)
