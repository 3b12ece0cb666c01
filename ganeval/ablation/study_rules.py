"""The rules of a study that hold before any trainer is asked; each broken one names its line."""

from __future__ import annotations

import re
import shlex
import string
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ganeval.ablation.axis_cells import axis_cells, words
from ganeval.ablation.protocol import SUITE
from ganeval.ablation.study_form import AA, BASE, CommandTrainer, Study
from ganeval.errors import InputError, unknown_name
from ganeval.training.trainers import TRAINERS

NAMED_SETS: Final = ("mnist", "svhn")
"""Sets of images that the CycleGAN trainer knows by name, instead of a folder."""
DEMO_NAMES: Final = ("shapes", "stripes")
"""Pairs of domains made by code."""
PLACEHOLDERS: Final[Mapping[str, frozenset[str]]] = {
    "command": frozenset({"data", "cell", "seed", "updates", "overrides"}),
    "translate": frozenset({"data", "cell", "checkpoint", "direction", "out"}),
    "overrides": frozenset({"value"}),
    "resume": frozenset({"cell", "checkpoint"}),
    "outputs": frozenset(),
}
"""What may stand in braces in each part of a command template."""
PRIMARIES: Final = ("fid", "kid", "c2st", "cycle", "structure", "memorisation", "diversity")
"""Parts of the suite that rank arms by one number."""

_NAME: Final = re.compile(r"[A-Za-z0-9][\w.+-]*")
_CHECKPOINT: Final = re.compile(r"last|ema:last|update:(\d+)|best:(\w+):(\w+)")
_BEST: Final = ("fid", "kid")
_OWN_PLACE: Final = {"seed": "seeds", "budget": "budget"}

Finding = tuple[str, str, str | None]
"""Dotted name of the field, what is wrong with it, and the fix."""


def check_study(study: Study) -> None:
    """Checks one field against another.

    Raises:
        InputError: The first rule that is broken.
    """
    for rule in _RULES:
        for name, reason, hint in rule(study):
            raise study.places.error(name, reason, hint)


def check_only(study: Study) -> None:
    """Checks the names of the arms to run.

    Raises:
        InputError: There is no such arm.
    """
    known = arm_names(study)
    for name in study.only or ():
        if name not in known:
            raise unknown_name("arm", name, known)


def arm_names(study: Study) -> list[str]:
    """Returns the names of all arms that a study declares, the base first."""
    names = [BASE, *study.variants, *(name for name, _ in axis_cells(study.axes))]
    return names + ([AA] if study.aa else [])


def _trainer(study: Study) -> Iterator[Finding]:
    trainer = study.trainer
    if isinstance(trainer, str):
        names = TRAINERS.names()
        if trainer not in names:
            error = unknown_name("trainer", trainer, names, listing="ganeval ls trainers")
            yield "trainer", error.message, error.hint
        return
    yield from _template(trainer)
    if study.base.preset is not None:
        yield "base.preset", "a trainer called by its command has no presets", "Use base.set."
    keys = {f"base.set.{key}": key for key in study.base.set}
    for name, variant in study.variants.items():
        keys.update({f"variants.{name}.{key}": key for key in variant.settings})
    keys.update({f"axes.{key}": key for key in study.axes})
    for name, key in keys.items():
        if key not in trainer.overrides:
            yield (
                name,
                f"trainer.overrides does not say what {key} is on the command line",
                f'Add {key}: "--option {{value}}" there.',
            )


def _template(trainer: CommandTrainer) -> Iterator[Finding]:
    texts = {f"trainer.{part}": getattr(trainer, part) for part in ("command", "translate")}
    texts.update({f"trainer.overrides.{key}": text for key, text in trainer.overrides.items()})
    texts.update({f"trainer.outputs.{way}": text for way, text in trainer.outputs.items()})
    if trainer.resume is not None:
        texts["trainer.resume"] = trainer.resume
    for name, text in texts.items():
        allowed = PLACEHOLDERS[name.split(".")[1]]
        try:
            parts = shlex.split(text)
            found = [
                field for _, field, _, _ in string.Formatter().parse(text) if field is not None
            ]
        except ValueError as error:
            yield name, f"{text!r} cannot be read: {error}", "Close quotes and braces."
            continue
        for field in found:
            if field not in allowed:
                known = ", ".join(f"{{{one}}}" for one in sorted(allowed)) or "no placeholders"
                yield name, f"{{{field}}} is no placeholder here", f"It takes {known}."
        if not parts:
            yield name, "is empty", None
    for part, needed, why in (
        ("command", "overrides", "Without it all arms would be equal."),
        ("translate", "out", "It says where the translated images go."),
    ):
        if f"{{{needed}}}" not in texts[f"trainer.{part}"]:
            yield f"trainer.{part}", f"has no {{{needed}}}", why


def _budget(study: Study) -> Iterator[Finding]:
    found = {"budget": study.budget}
    for name, variant in study.variants.items():
        if variant.budget is not None:
            found[f"variants.{name}.budget"] = variant.budget
    for name, budget in found.items():
        if (budget.updates is None) == (budget.images is None):
            yield name, "needs either updates or images", "For example {updates: 100000}."


def _seeds(study: Study) -> Iterator[Finding]:
    yield from _repeated("seeds", study.seeds)
    if study.aa is None:
        return
    if study.aa.same_seeds:
        if study.aa.seeds:
            yield "aa.seeds", "contradicts same_seeds, which takes the study's", "Leave one out."
        return
    yield from _repeated("aa.seeds", study.aa.seeds)
    for seed in study.aa.seeds:
        if seed in study.seeds:
            yield (
                "aa.seeds",
                f"{seed} is among seeds, so that run would be held against itself",
                "Use other numbers, for example 100 and up.",
            )
    if len(study.aa.seeds) != len(study.seeds):
        yield (
            "aa.seeds",
            f"{len(study.aa.seeds)} seeds cannot be paired with the {len(study.seeds)} of seeds",
            "Name as many.",
        )


def _repeated(name: str, seeds: tuple[int, ...]) -> Iterator[Finding]:
    for seed in dict.fromkeys(seeds):
        if seeds.count(seed) > 1:
            yield name, f"{seed} is repeated, and one run does not count twice", "Name it once."


def _variants(study: Study) -> Iterator[Finding]:
    if not (study.variants or study.axes or study.aa):
        yield "", "has neither variants nor axes, so there is nothing to compare", "Add variants."
    for key in study.base.set:
        yield from _own_place(f"base.set.{key}", key)
    for name, variant in study.variants.items():
        at = f"variants.{name}"
        if name in (BASE, AA) or not _NAME.fullmatch(name):
            taken = f"{name} is the name of another arm" if name in (BASE, AA) else ""
            yield (
                at,
                taken or f"{name!r} cannot be the name of a folder",
                "Use letters, digits and . _ + -.",
            )
        for key in variant.settings:
            yield from _own_place(f"{at}.{key}", key)
        yield from _variant_budget(study, name)
        if not variant.settings and variant.budget is None:
            yield at, "changes nothing", "Name at least one key of the trainer."
        yield from _parent(study, name)


def _own_place(name: str, key: str) -> Iterator[Finding]:
    first = key.partition(".")[0]
    if first in _OWN_PLACE:
        field = _OWN_PLACE[first]
        yield name, f"{key} is set by {field} of the study, equally for all arms", f"Use {field}."


def _variant_budget(study: Study, name: str) -> Iterator[Finding]:
    variant, at = study.variants[name], f"variants.{name}"
    if variant.unequal_budget and variant.budget is None:
        yield f"{at}.unequal_budget", "the arm has no budget of its own", f"Add {at}.budget."
    for field in ("budget", "budget_note"):
        if getattr(variant, field) and not variant.unequal_budget:
            yield (
                f"{at}.{field}",
                "arms are compared at equal budgets",
                "Add unequal_budget: true; no verdict will speak of the arm.",
            )


def _parent(study: Study, name: str) -> Iterator[Finding]:
    seen, at = [name], f"variants.{name}.from"
    while (parent := study.variants[seen[-1]].from_) is not None:
        if parent not in study.variants:
            yield at, unknown_name("variant", parent, study.variants).message, None
            return
        if parent in seen:
            yield at, f"{parent} starts from itself", None
            return
        seen.append(parent)


def _axes(study: Study) -> Iterator[Finding]:
    for key, values in study.axes.items():
        yield from _own_place(f"axes.{key}", key)
        names = [words(value) for value in values]
        for i, text in enumerate(names):
            if text in names[:i]:
                yield f"axes.{key}.{i}", f"{text} is repeated", "Name every value once."
            if "/" in text or "\\" in text:
                yield (
                    f"axes.{key}.{i}",
                    f"{text!r} cannot be part of a folder's name",
                    "Make it a variant with a name of its own.",
                )


def _compare(study: Study) -> Iterator[Finding]:
    if study.compare is None:
        return
    if not study.compare:
        yield "compare", "is empty, so nothing would be decided", "Leave it out for the default."
    known = [name for name in arm_names(study) if name != AA]
    for i, one in enumerate(study.compare):
        at = f"compare.{i}"
        for field, name in (("variant", one.variant), ("against", one.against)):
            if name == AA:
                yield (
                    f"{at}.{field}",
                    "base against aa is compared by itself, outside the family",
                    "Leave it out.",
                )
            if name not in known:
                yield f"{at}.{field}", unknown_name("arm", name, known).message, None
            variant = study.variants.get(name)
            if variant is not None and variant.unequal_budget:
                yield (
                    f"{at}.{field}",
                    f"{name} has a budget of its own, and no verdict speaks of such an arm",
                    "Leave the comparison out.",
                )
        if one.variant == one.against:
            yield at, f"{one.variant} is compared with itself", None
        if one in study.compare[:i]:
            yield at, "is declared twice", "Leave one of them out."


def _protocol(study: Study) -> Iterator[Finding]:
    protocol = study.protocol
    for i, name in enumerate(protocol.suite):
        if name not in SUITE:
            error = unknown_name("part of the suite", name, SUITE)
            yield f"protocol.suite.{i}", error.message, None
        if name in protocol.suite[:i]:
            yield f"protocol.suite.{i}", f"{name} is repeated", "Name it once."
    if protocol.primary not in PRIMARIES:
        error = unknown_name("primary metric", protocol.primary, PRIMARIES)
        yield "protocol.primary", error.message, None
    if protocol.primary not in protocol.suite:
        yield (
            "protocol.primary",
            f"{protocol.primary} is not in protocol.suite",
            f"Add {protocol.primary} there.",
        )
    yield from _checkpoint(study)
    updates = study.budget.updates
    for i, point in enumerate(protocol.evaluate_at):
        if i and point <= protocol.evaluate_at[i - 1]:
            yield f"protocol.evaluate_at.{i}", f"{point} does not come after the one before", None
        if updates is not None and point > updates:
            yield (
                f"protocol.evaluate_at.{i}",
                f"{point} lies after the last update, {updates}",
                "Points have to lie within the budget.",
            )
    if protocol.split == "val" and _without_val(study):
        yield "protocol.split", "val, and data has no val", "Add data.val: {A: DIR, B: DIR}."


def _checkpoint(study: Study) -> Iterator[Finding]:
    at, rule = "protocol.checkpoint", study.protocol.checkpoint
    found = _CHECKPOINT.fullmatch(rule)
    if found is None:
        yield at, f"{rule!r} is no rule", "Use last, ema:last, update:N or best:val:kid."
        return
    updates = study.budget.updates
    point = None if found[1] is None else int(found[1])
    if point is not None and not 1 <= point <= (updates or point):
        yield at, f"update {point} is not within the budget", f"Use 1 to {updates or 'the last'}."
    if found[2] is None:
        return
    if found[2] == "test":
        yield (
            at,
            "a checkpoint chosen on the test images makes every number on them too good",
            f"Use best:val:{found[3]} and data.val, or last.",
        )
    elif found[2] != "val":
        yield at, f"there is no split {found[2]} to choose on", "Use best:val:kid."
    if found[3] not in _BEST:
        yield at, f"the best by {found[3]} is not kept", f"Use {' or '.join(_BEST)}."
    if _without_val(study):
        yield at, f"{rule} needs images to choose by", "Add data.val: {A: DIR, B: DIR}."


def _without_val(study: Study) -> bool:
    return study.data is not None and study.data.val is None


def _statistics(study: Study) -> Iterator[Finding]:
    if not 0 < study.statistics.alpha <= 0.5:
        yield (
            "statistics.alpha",
            f"{study.statistics.alpha:g} is not above 0 and at most 0.5",
            "0.05 is usual.",
        )


def _data(study: Study) -> Iterator[Finding]:
    data = study.data
    if data is None:
        return
    if data.demo is not None:
        if data.demo not in DEMO_NAMES:
            yield "data.demo", unknown_name("demo", data.demo, DEMO_NAMES).message, None
        for field in ("A", "B", "val", "test"):
            if getattr(data, field) is not None:
                yield f"data.{field}", "a demo makes its own images", "Leave one of them out."
        return
    for field in ("A", "B"):
        if getattr(data, field) is None:
            yield f"data.{field}", "is missing", f"Add the training images of {field}."
    paths = {f"data.{field}": getattr(data, field) for field in ("A", "B")}
    for split in ("val", "test"):
        if (folders := getattr(data, split)) is not None:
            paths.update({f"data.{split}.A": folders.A, f"data.{split}.B": folders.B})
    seen: dict[Any, str] = {}
    for name, path in paths.items():
        if str(path) in NAMED_SETS and name in ("data.A", "data.B"):
            continue
        if not path.exists():
            yield name, f"{path}: there is no such file or folder", "Paths start at this file."
        if (same := seen.setdefault(path.resolve(), name)) != name:
            yield name, f"{path} is {same} too", "Every split of a domain is a set of its own."
    if getattr(data, study.protocol.split) is None:
        yield (
            f"data.{study.protocol.split}",
            "is missing: protocol.split judges by it",
            (f"Add data.{study.protocol.split}: {{A: DIR, B: DIR}}."),
        )


_RULES: Final[tuple[Callable[[Study], Iterator[Finding]], ...]] = (
    _trainer,
    _budget,
    _seeds,
    _variants,
    _axes,
    _compare,
    _protocol,
    _statistics,
    _data,
)


def require_data(study: Study) -> None:
    """Refuses a study without images, before it is planned or run.

    Raises:
        InputError: It names none.
    """
    if study.data is None:
        raise InputError(
            f"{study.places.file}: data: is missing, and a study needs images",
            hint="Save the study with --write FILE and add data, or try it with --demo stripes.",
        )
