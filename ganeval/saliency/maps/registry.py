"""The maps there are, by name: where each comes from, what it needs and what it costs."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, cast

from ganeval.errors import InputError, unknown_name
from ganeval.saliency.maps.occlusion_grid import occlusion_grid
from ganeval.saliency.maps.settings import MapSettings

if TYPE_CHECKING:
    from ganeval.saliency.maps.result import Maps
    from ganeval.saliency.maps.task import Task

Need = Literal["baseline", "layer", "modules", "two outputs"]
Pass = Literal["gradient", "forward"]
Family = Callable[["Task", tuple[str, ...]], dict[str, "Maps"]]

RANDOM_BASELINES: Final = 8
"""Other images that the baseline ``random`` is a mean over, at the most."""


@dataclass(frozen=True)
class Method:
    """One kind of map.

    Args:
        name: As a user types it.
        title: As a page prints it.
        paper: Where it comes from: arXiv number.
        signed: Values speak for (positive) and against (negative) the target; measures of
            concentration and similarity take their absolute value.
        passes: Passes through the network for one image, from the settings and the side of the
            image in pixels; integrated gradients may need more.
        pass_kind: What one pass is: forward and backward, or forward alone.
        needs: What must be given or possible.
        family: ``"module:function"`` that makes the maps; methods of one family share passes.
        caution: What has to be said wherever the map is shown.
    """

    name: str
    title: str
    paper: str
    signed: bool
    passes: Callable[[MapSettings, int], int]
    pass_kind: Pass
    needs: frozenset[Need]
    family: str
    caution: str | None = None

    def load(self) -> Family:
        """Imports and returns the function that makes the maps of the family."""
        module, _, function = self.family.partition(":")
        return cast(Family, getattr(importlib.import_module(module), function))


def _one(settings: MapSettings, side: int) -> int:
    return 1


def _samples(settings: MapSettings, side: int) -> int:
    return settings.n_samples


def _baselines(settings: MapSettings) -> int:
    return RANDOM_BASELINES if settings.baseline == "random" else 1


def _nodes(settings: MapSettings, side: int) -> int:
    return settings.ig_steps * _baselines(settings)


def _squares(settings: MapSettings, side: int) -> int:
    return occlusion_grid(side).squares * _baselines(settings)


def _method(
    name: str,
    title: str,
    paper: str,
    place: str,
    *,
    passes: Callable[[MapSettings, int], int] = _one,
    pass_kind: Pass = "gradient",
    signed: bool = False,
    needs: Iterable[Need] = (),
    caution: str | None = None,
) -> Method:
    family = f"ganeval.saliency.maps.{place}"
    return Method(name, title, paper, signed, passes, pass_kind, frozenset(needs), family, caution)


_ALL = (
    _method("gradient", "Gradient", "1312.6034", "gradient:gradient"),
    _method("smoothgrad", "SmoothGrad", "1706.03825", "smoothgrad:smoothgrad", passes=_samples),
    _method(
        "smoothgrad-sq",
        "SmoothGrad squared",
        "1806.10758",
        "smoothgrad:smoothgrad",
        passes=_samples,
    ),
    _method("vargrad", "VarGrad", "1810.03307", "smoothgrad:smoothgrad", passes=_samples),
    _method(
        "integrated-gradients",
        "Integrated gradients",
        "1703.01365",
        "integrated_gradients:integrated_gradients",
        passes=_nodes,
        signed=True,
        needs=["baseline"],
    ),
    _method(
        "guided-backprop",
        "Guided backpropagation",
        "1412.6806",
        "guided_backprop:guided_backprop",
        needs=["modules"],
        caution=(
            "Guided backpropagation largely ignores the later weights of a network (arXiv "
            "1810.03292, 1805.07039, 1912.09818): it shows the image more than the model."
        ),
    ),
    _method(
        "grad-cam",
        "Grad-CAM",
        "1610.02391",
        "grad_cam:grad_cam",
        needs=["layer", "modules"],
    ),
    _method("contrast", "Contrast of two classes", "1312.6034", "contrast:contrast"),
    _method(
        "occlusion",
        "Occlusion",
        "1311.2901",
        "occlusion:occlusion",
        passes=_squares,
        pass_kind="forward",
        signed=True,
        needs=["baseline"],
    ),
)

METHODS: Final[Mapping[str, Method]] = MappingProxyType({method.name: method for method in _ALL})
"""All maps by name, in the order in which they are shown."""

DEFAULT_METHODS: Final = ("gradient", "smoothgrad", "grad-cam")


def find_methods(names: Iterable[str]) -> list[Method]:
    """Returns the methods of these names, in their order.

    Raises:
        InputError: Nobody knows a name, it is given twice, or there is none.
    """
    found: list[Method] = []
    for name in names:
        if name not in METHODS:
            raise unknown_name("method", name, METHODS)
        if METHODS[name] in found:
            raise InputError(f"--methods: {name} is given twice")
        found.append(METHODS[name])
    if not found:
        raise InputError("--methods: there is none", hint=f"Known: {', '.join(METHODS)}.")
    return found
