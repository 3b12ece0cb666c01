"""The trust panel: does a map show the model, or the image alone?"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from ganeval.records.model import Estimate
from ganeval.records.saliency import MethodTrust, TrustCheck
from ganeval.saliency.paired import Unit, column
from ganeval.saliency.panel_tables import Looked
from ganeval.saliency.similarity_panel import TESTED, kappa

MOST_RANDOM: Final = 0.5
"""Largest kappa of the maps of a random network at which a method still shows the model."""

MOST_PATH_ERROR: Final = 0.05
"""Largest relative error of completeness of integrated gradients."""

_Layers = Literal["random_last", "random_all"]
_DISPLAYS: Final[dict[_Layers, str]] = {
    "random_last": "kappa of the maps with a random last layer",
    "random_all": "kappa of the maps of a random network",
}
_ORDER: Final = "removing pixels by the map, less in random order"


def method_trust(method: str, looked: Looked, unit: Unit) -> MethodTrust:
    """Returns whether the maps of a method may be read, and all that tells.

    A method whose maps hardly change when all weights are random shows the image, not the model.

    Args:
        method: Name of the maps.
        looked: In numbers.
        unit: What is independent.

    Source: Adebayo et al., arXiv 1810.03292, for maps of random networks.
    """
    decisive = _random(method, looked, unit, "random_all")
    checks = [
        _random(method, looked, unit, "random_last"),
        decisive,
        _own_ceiling(method, looked, unit),
        _mean(method, looked, unit, "reseed"),
        _flip(method, looked, unit),
        _path_error(method, looked),
        _guided(method, looked),
        *(_faithful(method, name, looked, unit) for name in looked.faithful),
    ]
    told = [check for check in checks if check is not None]
    if decisive is None:
        return MethodTrust(
            method=method,
            trusted=None,
            reason="no maps of networks with random weights were made",
            checks=told,
        )
    if decisive.passed is None:
        return MethodTrust(method=method, trusted=None, reason=decisive.note, checks=told)
    if decisive.passed:
        return MethodTrust(method=method, trusted=True, checks=told)
    return MethodTrust(
        method=method,
        trusted=False,
        reason=(
            "its maps stay much the same when all weights of the network are random (kappa "
            f"{decisive.value.value:.2f}, at most {MOST_RANDOM:g} is allowed): they show the "
            "image, not the model"
        ),
        checks=told,
    )


def _random(method: str, looked: Looked, unit: Unit, which: _Layers) -> TrustCheck | None:
    """Kappa of a network with random weights; without null and ceiling the bare correlation."""
    found = column(looked.similarity, which, TESTED)
    if found is None:
        return None
    scaled = kappa(looked, which, TESTED, unit)
    if scaled is None:
        return TrustCheck(
            method=method,
            name=which,
            display=_DISPLAYS[which].replace("kappa", "rank correlation"),
            value=unit.mean(found),
            passed=None,
            note="not judged: the controls null and ceiling, which give its scale, were not made",
        )
    judged = which == "random_all" and scaled.value is not None
    return TrustCheck(
        method=method,
        name=which,
        display=_DISPLAYS[which],
        value=scaled,
        passed=scaled.value <= MOST_RANDOM if judged and scaled.value is not None else None,
        note=scaled.reason or "" if scaled.value is None else "",
    )


def _own_ceiling(method: str, looked: Looked, unit: Unit) -> TrustCheck | None:
    """Images whose map the least change of a file moves as far as another image's map lies."""
    ceiling = column(looked.similarity, "ceiling", TESTED)
    null = column(looked.similarity, "null", TESTED)
    if ceiling is None or null is None:
        return None
    highest = float(np.nanquantile(null, 0.95))
    below = np.where(np.isfinite(ceiling), (ceiling < highest).astype(np.float64), np.nan)
    return TrustCheck(
        method=method,
        name="own_ceiling",
        display="share of images whose own ceiling lies below the null's 95th percentile",
        value=unit.mean(below),
        passed=None,
    )


def _mean(method: str, looked: Looked, unit: Unit, reference: str) -> TrustCheck | None:
    found = column(looked.similarity, reference, TESTED)
    if found is None:
        return None
    return TrustCheck(
        method=method,
        name=reference,
        display="rank correlation to the map with other random draws",
        value=unit.mean(found),
        passed=None,
    )


def _flip(method: str, looked: Looked, unit: Unit) -> TrustCheck | None:
    if looked.flip is None or not np.isfinite(looked.flip).any():
        return None
    return TrustCheck(
        method=method,
        name="flip",
        display="rank correlation of the mirrored image's map to the mirrored map",
        value=unit.mean(looked.flip),
        passed=None,
    )


def _path_error(method: str, looked: Looked) -> TrustCheck | None:
    if looked.path_error is None or not np.isfinite(looked.path_error).any():
        return None
    known = looked.path_error[np.isfinite(looked.path_error)]
    beyond = int((known > MOST_PATH_ERROR).sum())
    return TrustCheck(
        method=method,
        name="path_error",
        display="median relative error of completeness",
        value=Estimate(value=float(np.median(known)), n={"images": len(known)}),
        passed=beyond == 0,
        note=f"beyond 5 % in {beyond} of {len(known)} images, which are left out" if beyond else "",
    )


def _guided(method: str, looked: Looked) -> TrustCheck | None:
    if looked.guided is None or not looked.nonlinearities:
        return None
    share = looked.guided / looked.nonlinearities
    return TrustCheck(
        method=method,
        name="guided",
        display="share of the nonlinearities that are guided",
        value=Estimate(value=share, n={"nonlinearities": looked.nonlinearities}),
        passed=None,
        note=f"{looked.guided} of {looked.nonlinearities}",
    )


def _faithful(method: str, name: str, looked: Looked, unit: Unit) -> TrustCheck | None:
    found = looked.faithful[name]
    if not np.isfinite(found).any():
        return None
    displays = {
        "deletion": f"score while {_ORDER}",
        "insertion": "score while adding pixels by the map, less in random order",
    }
    return TrustCheck(
        method=method,
        name=name,
        display=displays.get(name, name.replace("_", " ")),
        value=unit.mean(found),
        passed=None,
    )
