"""What was asked for: metrics by name, the choice behind the colon, and what they need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from ganeval.errors import InputError, unknown_name
from ganeval.features.extractor import get_extractor
from ganeval.metrics.catalogue import ALL, CATALOGUE, FAMILIES
from ganeval.metrics.inception_score import PRESETS as SCORE_PRESETS
from ganeval.metrics.kernel_subsets import PRESETS as SUBSET_PRESETS
from ganeval.metrics.manifold import PRESETS as MANIFOLD_PRESETS
from ganeval.metrics.needs import Need, main_need

REFERENCE = "inception-2015"
_CLIP = "clip-vitl14-336"
_LISTING = "`ganeval metrics`"
_NO_CHOICE = frozenset(
    ("sfid", "mifid", "memorisation", "authenticity", "cmmd", "mind", "fid_infinity")
)
_PRESETS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "kid": ("KID protocol", SUBSET_PRESETS),
    "is": ("Inception Score preset", SCORE_PRESETS),
    **dict.fromkeys(("prdc", *FAMILIES["prdc"]), ("precision and recall preset", MANIFOLD_PRESETS)),
}


@dataclass(frozen=True)
class Request:
    """One metric, or one family of metrics, that was asked for.

    Attributes:
        name: A name of the catalogue or of its families.
        choice: What followed the colon; empty: nothing.
        need: The features it is computed from.
        if_missing: What to do when it cannot be had: ``fail``, ``tell`` (leave it out with a
            notice) or ``skip`` (leave it out).
    """

    name: str
    choice: str
    need: Need
    if_missing: Literal["fail", "tell", "skip"] = "fail"

    @property
    def suffix(self) -> str:
        """What is added to the names of its metrics."""
        return f":{self.choice}" if self.choice else ""


def parse_metrics(text: str | Iterable[str], main: Need) -> list[Request]:
    """Reads names of metrics, as in ``fid,kid,fid:768,fd:dinov2-vits14,prdc:adm`` or ``all``.

    Args:
        text: The names, separated by commas, or one by one.
        main: The features that metrics use unless they name others.

    Raises:
        InputError: A name or the choice behind its colon is unknown, or it needs another extractor
            than the main one and cannot choose it.
    """
    names = text.split(",") if isinstance(text, str) else list(text)
    names = [name.strip() for name in names if name.strip()]
    if not names:
        raise InputError("--metrics: names no metric", hint=f"{_LISTING} shows all.")
    requests: dict[tuple[str, str], Request] = {}
    for name in names:
        for request in _everything(main) if name == "all" else [_one(name, main)]:
            known = requests.get((request.name, request.choice))
            if known is None or known.if_missing != "fail":
                requests[request.name, request.choice] = request
    return _without_members(requests)


def _without_members(requests: Mapping[tuple[str, str], Request]) -> list[Request]:
    """Leaves out members of a family that is asked for too; what was named stays required."""
    kept = dict(requests)
    for family, members in FAMILIES.items():
        for name, choice in requests:
            if name in members and name != family and (family, choice) in kept:
                member, whole = kept.pop((name, choice)), kept[family, choice]
                if member.if_missing == "fail":
                    kept[family, choice] = replace(whole, if_missing="fail")
    return list(kept.values())


def _everything(main: Need) -> list[Request]:
    requests = []
    for name in ALL:
        try:
            request = _one(name, main)
        except InputError:  # it needs the reference network and another one was chosen
            continue
        requests.append(Request(name, "", request.need, if_missing="tell"))
    return requests


def _one(text: str, main: Need) -> Request:
    name, colon, choice = text.partition(":")
    name = name.strip().lower()
    if name not in CATALOGUE and name not in FAMILIES:
        raise unknown_name("metric", name, [*CATALOGUE, *FAMILIES, "all"], listing=_LISTING)
    if colon and (not choice or name in _NO_CHOICE):
        raise InputError(
            f"--metrics {text}: {name} takes no choice after a colon"
            if choice
            else f"--metrics {text}: nothing follows the colon"
        )
    if choice and name in _PRESETS:
        kind, known = _PRESETS[name]
        if choice not in known:
            raise unknown_name(kind, choice, known)
    return Request(name, choice, _need(name, choice, main))


def _need(name: str, choice: str, main: Need) -> Need:
    if name in ("sfid", "is"):
        if main.extractor != REFERENCE:
            raise InputError(
                f"--metrics {name}: is defined on the extractor {REFERENCE}, and --extractor is "
                f"{main.extractor}"
            )
        return main._replace(layer="sfid" if name == "sfid" else "logits")
    if name == "cmmd":
        return main_need(_CLIP, None, None)
    if name == "fd" and choice:
        return main_need(choice, None, None)
    if name == "fid" and choice:
        return main._replace(layer=get_extractor(main.extractor).check_layer(choice))
    if name in ("prdc", *FAMILIES["prdc"]) and choice:
        preset = MANIFOLD_PRESETS[choice]
        if preset.extractor is not None and preset.extractor != main.extractor:
            return main_need(preset.extractor, preset.layer, None)
    return main
