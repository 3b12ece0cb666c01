"""A study as it runs on images made by code: smaller networks, fewer updates, fewer seeds."""

from __future__ import annotations

from typing import Any, Final

from ganeval.ablation.resolving import preset_keys
from ganeval.ablation.study_form import (
    BASE,
    CommandTrainer,
    DemoForm,
    NoiseSeeds,
    Study,
    StudyBudget,
    StudyData,
)
from ganeval.errors import InputError

_DEFAULT_DEMO: Final = "stripes"
_SEEDS: Final = 3
_BUDGET_KEY: Final = "budget.updates"
# Of cells of a demo: half of what its preset trains, about 50 s on one core; objects of stripes
# are then right in 0.96 of their pixels (seed 0).
_UPDATES: Final = 250
# What makes networks and images small; the rest of a preset says how it trains, which is left to
# the study where its own base says so.
_SIZES: Final = ("data.", "nets.")


def as_demo(study: Study, *, demo: str | None, quick: bool) -> Study:
    """Returns the study on a pair made by code, with what its section ``demo`` says.

    The base stays what it is but for sizes, which are those of the preset ``demo``, or ``tiny``
    for a quick one.

    Args:
        study: As it was read.
        demo: Name of the pair; None: that of the study's data, or stripes.
        quick: Whether the smallest networks are taken.

    Raises:
        InputError: The trainer is called by its command, and sizes of it are not known.
    """
    if isinstance(study.trainer, CommandTrainer) or study.trainer != "cyclegan":
        raise InputError(
            f"{study.places.place('trainer')}: trainer: --demo and --quick need the trainer"
            " cyclegan, whose small networks are known",
            hint="Leave them out.",
        )
    small = preset_keys("tiny" if quick else "demo")
    form, variants = study.demo, dict(study.variants)
    for name, variant in form.variants.items():
        if variant is None:
            variants.pop(name, None)
        else:
            variants[name] = variant
    seeds = form.seeds or study.seeds[:_SEEDS]
    named = demo or (study.data.demo if study.data else None) or _DEFAULT_DEMO
    axes = study.axes if form.axes is None else form.axes
    known = {BASE, *variants}
    protocol = study.protocol.model_copy(update={"evaluate_at": ()})
    if protocol.checkpoint.startswith(("update:", "best:")):
        protocol = protocol.model_copy(update={"checkpoint": "last"})
    compare = study.compare
    if compare is not None and not axes:
        kept = [one for one in compare if {one.variant, one.against} <= known]
        compare = tuple(kept) or None
    return study.model_copy(
        update={
            "base": study.base.model_copy(update={"set": _settings(study, small)}),
            "data": StudyData(demo=named),
            "budget": form.budget or StudyBudget(updates=small[_BUDGET_KEY] if quick else _UPDATES),
            "seeds": seeds,
            "aa": _noise(study.aa, len(seeds)),
            "variants": variants,
            "axes": axes,
            "compare": compare,
            "protocol": protocol,
            "quick": False,
            "demo": DemoForm(),
        }
    )


def _settings(study: Study, small: dict[str, Any]) -> dict[str, Any]:
    """Returns the settings of the base: its own, sizes over them, and what the demo says last."""
    own = {**preset_keys(study.base.preset), **study.base.set}
    over = {
        key: value
        for key, value in small.items()
        if key != _BUDGET_KEY and (key.startswith(_SIZES) or key not in own)
    }
    return {**study.base.set, **over, **study.demo.set}


def _noise(aa: NoiseSeeds | None, count: int) -> NoiseSeeds | None:
    if aa is None or aa.same_seeds:
        return aa
    return NoiseSeeds(seeds=aa.seeds[:count])
