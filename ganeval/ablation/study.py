"""Reading studies: a file or a built-in name becomes a `Study` whose rules hold."""

from __future__ import annotations

import re
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from ganeval.ablation.builtin import study_names, study_text
from ganeval.ablation.demo_study import as_demo
from ganeval.ablation.study_file import Places, StudyDocument, parse_study, read_study_file
from ganeval.ablation.study_form import (
    AA,
    BASE,
    NoiseSeeds,
    SplitFolders,
    Study,
    StudyBudget,
    StudyData,
    StudyProtocol,
    Variant,
)
from ganeval.ablation.study_rules import NAMED_SETS, check_only, check_study
from ganeval.errors import InputError, unknown_name

__all__ = [
    "AA",
    "BASE",
    "NoiseSeeds",
    "Study",
    "StudyBudget",
    "StudyData",
    "StudyProtocol",
    "Variant",
    "load_study",
    "parse_seeds",
]

_OF_VARIANT: Final = frozenset(
    {"from", "multi_factor", "note", "unequal_budget", "budget", "budget_note"}
)
_FIRST_AA: Final = 100
_MISSING: Final = {
    "schema": "Begin the file with 'schema: 1'.",
    "name": "Add a name, for example 'name: buffer-horse2zebra'.",
    "budget": "Add one, for example 'budget: {updates: 100000}'.",
    "seeds": "Add them, for example 'seeds: [0, 1, 2, 3, 4, 5, 6, 7]'.",
}


def load_study(
    path_or_name: str | Path,
    *,
    demo: str | None = None,
    quick: bool = False,
    seeds: Sequence[int] | None = None,
    only: Sequence[str] | None = None,
) -> Study:
    """Reads a study and checks all that can be checked without its trainer; see `arms_of`.

    Args:
        path_or_name: A YAML file, or the name of a built-in study.
        demo: Pair of domains made by code, instead of the study's images: stripes or shapes.
        quick: The smallest networks on a pair made by code, with three seeds.
        seeds: In place of the study's; the A/A arm gets as many.
        only: Names of the arms to run beside the base; None: all.

    Raises:
        MissingFileError: There is no such file.
        InputError: It breaks a rule; file, line, field, reason and fix are told.
    """
    document, folder = _document(str(path_or_name))
    places = document.places
    study = _validated(_normal(document.content, places), places)
    if folder is not None:
        study = _with_paths_from(study, folder)
    study = study.placed(places, None)
    check_study(study)
    if demo is not None or quick or study.quick:
        study = as_demo(study, demo=demo, quick=quick or study.quick)
    if seeds is not None:
        study = _with_seeds(study, tuple(seeds))
    study = study.placed(places, only)
    check_study(study)
    check_only(study)
    return study


def parse_seeds(text: str) -> tuple[int, ...]:
    """Reads seeds as they are typed: ``8`` (0 to 7), ``0-7``, or ``0,3,5-7``.

    Raises:
        InputError: It is none of these.
    """
    if re.fullmatch(r"[1-9]\d*", text):
        return tuple(range(int(text)))
    found: list[int] = []
    for part in text.split(",") if text != "0" else [""]:  # no seeds, or the seed 0
        ends = re.fullmatch(r"\s*(\d+)(?:\s*-\s*(\d+))?\s*", part)
        last = int(ends[2] or ends[1]) if ends else -1
        if ends is None or last < int(ends[1]):
            raise InputError(
                f"seeds {text!r} are neither a number of seeds nor a range",
                hint="For example 8 for the seeds 0 to 7, 0-7, or 0,3,5-7.",
            )
        found.extend(range(int(ends[1]), last + 1))
    return tuple(found)


def _document(source: str) -> tuple[StudyDocument, Path | None]:
    """Reads the text of a study, and the folder that its paths are relative to."""
    path = Path(source)
    if source in study_names() and not path.is_file():
        return parse_study(study_text(source), f"study {source}"), None
    if path.suffix in (".yaml", ".yml") or path.exists():
        return read_study_file(path), path.parent
    raise unknown_name("study", source, study_names(), listing="ganeval ablate --list")


def _normal(content: Mapping[str, Any], places: Places) -> dict[str, Any]:
    """Returns the content with short forms written out and settings under dotted keys."""
    normal = dict(content)
    if isinstance(seeds := normal.get("seeds"), int | str) and not isinstance(seeds, bool):
        normal["seeds"] = _typed_seeds(seeds, "seeds", places)
    if isinstance(base := normal.get("base"), dict) and isinstance(base.get("set"), dict):
        normal["base"] = {**base, "set": _flat(base["set"], "base.set", places)}
    if isinstance(variants := normal.get("variants"), dict):
        normal["variants"] = {
            name: _variant(one, f"variants.{name}", places) for name, one in variants.items()
        }
    if "aa" in normal:
        normal["aa"] = _noise(normal["aa"], normal.get("seeds"), places)
    if isinstance(demo := normal.get("demo"), dict):
        demo = dict(demo)
        if isinstance(demo.get("set"), dict):
            demo["set"] = _flat(demo["set"], "demo.set", places)
        if isinstance(demo.get("variants"), dict):
            demo["variants"] = {
                name: None if one is None else _variant(one, f"demo.variants.{name}", places)
                for name, one in demo["variants"].items()
            }
        normal["demo"] = demo
    return normal


def _typed_seeds(seeds: int | str, field: str, places: Places) -> list[int]:
    try:
        return list(parse_seeds(str(seeds)))
    except InputError as error:
        raise places.error(field, error.message, error.hint) from error


def _noise(aa: Any, seeds: Any, places: Places) -> Any:
    if aa is False:
        return None
    if aa is True:
        count = len(seeds) if isinstance(seeds, list) else 0
        return {"seeds": list(range(_FIRST_AA, _FIRST_AA + count))}
    if isinstance(aa, dict) and isinstance(own := aa.get("seeds"), int | str):
        return {**aa, "seeds": _typed_seeds(own, "aa.seeds", places)}
    return aa


def _variant(one: Any, at: str, places: Places) -> dict[str, Any]:
    if not isinstance(one, dict):
        raise places.error(
            at, f"{one!r} is no change of the base", "For example {pool.strategy: none}."
        )
    said = {key: value for key, value in one.items() if key in _OF_VARIANT}
    settings = {key: value for key, value in one.items() if key not in _OF_VARIANT}
    return {**said, "settings": _flat(settings, at, places)}


def _flat(tree: Mapping[str, Any], at: str, places: Places) -> dict[str, Any]:
    """Returns leaves by their dotted names, whichever way they are nested."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        below = _flat(value, f"{at}.{key}", places) if isinstance(value, dict) else None
        found = {key: value} if below is None else {f"{key}.{one}": v for one, v in below.items()}
        for name, leaf in found.items():
            if name in flat:
                raise places.error(f"{at}.{key}", f"{name} is set twice", "Leave one of them out.")
            flat[name] = leaf
    return flat


def _validated(content: Mapping[str, Any], places: Places) -> Study:
    try:
        return Study.model_validate(content)
    except ValidationError as error:
        is_command = isinstance(content.get("trainer"), dict)
        for one in error.errors():
            location = [str(part) for part in one["loc"]]
            if location[0] == "trainer" and len(location) > 1:
                if (location[1] == "str") == is_command:
                    continue  # the branch that was not meant
                del location[1]
            raise _located(location, one["type"], one["msg"], one["input"], places) from error
        raise AssertionError(error) from error  # pragma: no cover


def _located(
    location: list[str], kind: str, message: str, value: Any, places: Places
) -> InputError:
    """Builds the error for one finding of pydantic."""
    location = [part for part in location if part not in ("settings", "[key]", "literal['auto']")]
    name = ".".join(location)
    if kind == "extra_forbidden":
        if location[-1] in ("epochs", "epoch") and location[-2:-1] == ["budget"]:
            return places.error(
                name,
                "a budget in epochs differs between data sets and batch sizes",
                "Give updates (steps of the generators) or images (drawn per domain).",
            )
        known = _keys_at(location[:-1])
        near = unknown_name("key", location[-1], known)
        return places.error(name, near.message)
    if kind == "missing":
        return places.error(name, "is missing", _MISSING.get(name, f"Add {location[-1]}."))
    reason = message.removeprefix("Input should be ")
    wanted = f"has to be {reason}" if reason != message else message[:1].lower() + message[1:]
    shown = "" if isinstance(value, dict | list) else f"{value!r} "
    return places.error(name, f"{shown}{wanted}")


def _keys_at(location: Sequence[str]) -> list[str]:
    """Returns the keys that may stand in the section a location leads to."""
    form: Any = Study
    for part in location:
        form = _form(form)
        if isinstance(form, type) and issubclass(form, BaseModel):
            fields = {one.alias or name: one for name, one in form.model_fields.items()}
            form = fields[part].annotation if part in fields else form
        else:
            form = get_args(form)[1 if get_origin(form) is dict else 0]
    form = _form(form)
    keys = [one.alias or name for name, one in form.model_fields.items()]
    return [key for key in keys if key != "settings"]


def _form(annotation: Any) -> Any:
    """Returns what holds keys in an annotation: a section, or a mapping or list of such."""
    if get_origin(annotation) in (Union, types.UnionType, Annotated):
        for part in get_args(annotation):
            found = _form(part)
            if get_origin(found) in (dict, tuple) or (
                isinstance(found, type) and issubclass(found, BaseModel)
            ):
                return found
    return annotation


def _with_paths_from(study: Study, folder: Path) -> Study:
    """Returns the study with its relative paths read from the folder of its file."""
    if study.data is None:
        return study

    changed: dict[str, Any] = {}
    for domain in ("A", "B"):
        own = getattr(study.data, domain)
        if own is not None and str(own) not in NAMED_SETS:
            changed[domain] = folder / own
    for split in ("val", "test"):
        found = getattr(study.data, split)
        if found is not None:
            changed[split] = SplitFolders(A=folder / found.A, B=folder / found.B)
    return study.model_copy(update={"data": study.data.model_copy(update=changed)})


def _with_seeds(study: Study, seeds: tuple[int, ...]) -> Study:
    """Returns the study with other seeds, and as many for the A/A arm."""
    changed: dict[str, Any] = {"seeds": seeds}
    if study.aa is not None and not study.aa.same_seeds:
        own = [seed for seed in study.aa.seeds if seed not in seeds][: len(seeds)]
        after = max((*own, *seeds, _FIRST_AA - 1)) + 1
        more = range(after, after + len(seeds) - len(own))
        changed["aa"] = NoiseSeeds(seeds=(*own, *more))
    return study.model_copy(update=changed)
