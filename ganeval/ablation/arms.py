"""The arms of a study: what each changes, and the whole configuration that follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from ganeval.ablation.axis_cells import axis_cells
from ganeval.ablation.factors import factor_words, factors_of
from ganeval.ablation.resolving import Resolver, is_volatile, resolver_of
from ganeval.ablation.study_form import (
    AA,
    BASE,
    CommandTrainer,
    DeclaredComparison,
    Settings,
    Study,
    StudyBudget,
    Variant,
)
from ganeval.errors import InputError

MANY_CELLS: Final = 500
"""Above which a study asks before it starts."""

ArmOrigin = Literal["base", "variant", "axis", "aa"]


@dataclass(frozen=True)
class Arm:
    """One setting.

    Attributes:
        name: Of the arm.
        settings: Dotted keys over the base, those of the variant it starts from included.
        resolved: Every dotted key but the seed, as the trainer has it.
        factor: What it changes, in words; "several factors changed: ..." where it is so.
        several: It changes several factors.
        note: What the study says about it.
        budget_note: Why it has a budget of its own.
        excluded: It has one, and no verdict speaks of it.
        origin: Where the study declares it.
        against: Arm it is compared with by default.
        seeds: In the order of the study's.
        budget: How long each cell trains.
        repeat: Which run under the very same seeds; 0: the first.
        version: Of the trainer's numbers.
    """

    name: str
    settings: Settings
    resolved: dict[str, Any]
    factor: str = ""
    several: bool = False
    note: str = ""
    budget_note: str = ""
    excluded: bool = False
    origin: ArmOrigin = "variant"
    against: str = BASE
    seeds: tuple[int, ...] = ()
    budget: StudyBudget = field(default_factory=StudyBudget)
    repeat: int = 0
    version: int | str = 1


def arms_of(study: Study) -> list[Arm]:
    """Returns the base, the variants, the cells of axes and the A/A arm, in this order.

    Raises:
        InputError: The trainer refuses an arm; an arm changes several factors without saying so,
            nothing, or the same as another one. The line of the study file is told.
    """
    resolver = resolver_of(study)
    base = _base(study, resolver)
    arms = [base, *_variants(study, resolver, base), *_axes(study, resolver, base)]
    _refuse_equal(study, arms)
    _check_averages(study, arms)
    if study.aa is not None:
        arms.append(_noise(study, base))
    return _chosen(study, arms)


def comparisons_of(study: Study, arms: Sequence[Arm]) -> tuple[DeclaredComparison, ...]:
    """Returns the family: the comparisons that are declared in advance, of the arms given.

    By default every variant and axis cell is compared with what it changes, from A to B; arms
    with a budget of their own are in no comparison.

    Args:
        study: What it declares.
        arms: See `arms_of`.
    """
    names = {arm.name for arm in arms}
    if study.compare is not None:
        return tuple(one for one in study.compare if {one.variant, one.against} <= names)
    return tuple(
        DeclaredComparison(variant=arm.name, against=arm.against)
        for arm in arms
        if arm.origin in ("variant", "axis") and not arm.excluded
    )


def check_count(cells: int, *, yes: bool) -> None:
    """Asks for ``--yes`` where a study has very many cells.

    Raises:
        InputError: It has, and nobody said yes.
    """
    if cells > MANY_CELLS and not yes:
        raise InputError(
            f"the study has {cells} cells, more than {MANY_CELLS}",
            hint="Add --yes if that is meant, or run some arms with --only.",
        )


def _base(study: Study, resolver: Resolver) -> Arm:
    try:
        resolved = resolver.resolve({}, study.budget)
    except InputError as error:
        raise _placed(study, "base.set", study.base.set, error, "base") from error
    return Arm(
        name=BASE,
        settings={},
        resolved=resolved,
        origin="base",
        seeds=study.seeds,
        budget=study.budget,
        version=resolver.version,
    )


def _variants(study: Study, resolver: Resolver, base: Arm) -> Iterator[Arm]:
    for name, variant in study.variants.items():
        at = f"variants.{name}"
        factors = factors_of(variant.settings)
        if len(factors) > 1 and not variant.multi_factor:
            raise study.places.error(
                at,
                f"changes {len(factors)} factors at once, {' and '.join(factors)}",
                "Make it several variants, or add multi_factor: true.",
            )
        chain = _chain(study, name)
        settings = {key: value for one in chain for key, value in one.settings.items()}
        budget = variant.budget or study.budget
        yield Arm(
            name=name,
            settings=settings,
            resolved=_resolved(study, resolver, at, settings, budget),
            factor=factor_words(variant.settings),
            several=len(factors) > 1,
            note=variant.note,
            budget_note=variant.budget_note
            or (f"its budget is {budget.words}" if variant.unequal_budget else ""),
            excluded=variant.unequal_budget,
            against=variant.from_ or BASE,
            seeds=study.seeds,
            budget=budget,
            version=base.version,
        )


def _axes(study: Study, resolver: Resolver, base: Arm) -> Iterator[Arm]:
    for name, settings in axis_cells(study.axes):
        resolved = _resolved(study, resolver, "axes", settings, study.budget)
        if resolved == base.resolved:
            continue  # the base stands in for it
        yield Arm(
            name=name,
            settings=settings,
            resolved=resolved,
            factor=factor_words(settings),
            several=len(factors_of(settings)) > 1,
            origin="axis",
            seeds=study.seeds,
            budget=study.budget,
            version=base.version,
        )


def _noise(study: Study, base: Arm) -> Arm:
    assert study.aa is not None
    again = study.aa.same_seeds
    return Arm(
        name=AA,
        settings={},
        resolved=base.resolved,
        factor="nothing: the base under the same seeds" if again else "nothing: other seeds",
        origin="aa",
        seeds=study.seeds if again else study.aa.seeds,
        budget=study.budget,
        repeat=1 if again else 0,
        version=base.version,
    )


def _chain(study: Study, name: str) -> list[Variant]:
    """Returns a variant and those it starts from, the first of them first."""
    chain = [study.variants[name]]
    while (parent := chain[0].from_) is not None:
        chain.insert(0, study.variants[parent])
    return chain


def _resolved(
    study: Study, resolver: Resolver, at: str, settings: Settings, budget: StudyBudget
) -> dict[str, Any]:
    try:
        return resolver.resolve(settings, budget)
    except InputError as error:
        raise _placed(study, at, settings, error, at) from error


def _placed(
    study: Study, at: str, settings: Mapping[str, Any], error: InputError, otherwise: str
) -> InputError:
    """Puts the line of the key that a trainer's error speaks of in front of it."""
    spoken = [key for key in settings if key in error.message]
    name = f"{at}.{max(spoken, key=len)}" if spoken else otherwise
    text = error.message.removeprefix(f"{name.removeprefix(at + '.')}: ") if spoken else ""
    return study.places.error(name, text or error.message, error.hint)


def _refuse_equal(study: Study, arms: Sequence[Arm]) -> None:
    """Refuses two arms that would train the same."""
    seen: dict[str, Arm] = {}
    for arm in arms:
        kept = {
            key: value
            for key, value in arm.resolved.items()
            if key in arm.settings or not is_volatile(key)
        }
        same = seen.setdefault(repr(sorted(kept.items(), key=lambda pair: pair[0])), arm)
        if same is arm:
            continue
        at = f"variants.{arm.name}" if arm.origin == "variant" else "axes"
        if same.origin == "base":
            raise study.places.error(
                at,
                f"{arm.name} is equal to the base: {factor_words(arm.settings)} is what it has",
                "Leave it out.",
            )
        raise study.places.error(
            at, f"{arm.name} and {same.name} are the same setting", "Leave one of them out."
        )


def _check_averages(study: Study, arms: Sequence[Arm]) -> None:
    if study.protocol.checkpoint != "ema:last" or isinstance(study.trainer, CommandTrainer):
        return
    for arm in arms:
        if "ema.decay" in arm.resolved and not arm.resolved["ema.decay"]:
            raise study.places.error(
                "protocol.checkpoint",
                f"ema:last needs averaged weights, and ema.decay of {arm.name} is 0",
                "Set ema.decay in base.set, for example to 0.999, or use last.",
            )


def _chosen(study: Study, arms: list[Arm]) -> list[Arm]:
    """Returns the arms to run: those asked for, what they start from, and the base."""
    if study.only is None:
        return arms
    wanted = {BASE, *study.only}
    for arm in reversed(arms):
        if arm.name in wanted:
            wanted.add(arm.against)
    return [arm for arm in arms if arm.name in wanted]
