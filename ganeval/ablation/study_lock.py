"""What is fixed when a study first starts, and every later change of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ganeval.ablation.arms import Arm
from ganeval.ablation.identity import DataManifest, digest
from ganeval.ablation.study_folder import LOCKED, MANIFEST, StudyFolder, now
from ganeval.ablation.study_form import Study
from ganeval.errors import InputError
from ganeval.records.ablation import Amendment

LOCK_SCHEMA: Final = "ganeval.study-lock/1"
_SHOWN: Final = 8
_GROWS: Final = frozenset({"seeds", "arms", "aa"})
"""What may become more without being asked; the report says so all the same."""


def locked_of(study: Study, arms: Sequence[str]) -> dict[str, Any]:
    """Returns what decides a study's outcome beside its numbers.

    Args:
        study: As it is to run.
        arms: Names of all its arms.
    """
    declared, statistics = study.protocol, study.statistics
    family = study.compare
    return {
        "primary": declared.primary,
        "checkpoint": declared.checkpoint,
        "split": declared.split,
        "equivalence_margin": declared.equivalence_margin,
        "compare": None if family is None else [one.model_dump() for one in family],
        "alpha": statistics.alpha,
        "two_sided": statistics.two_sided,
        "budget": study.budget.words,
        "seeds": list(study.seeds),
        "aa": [] if study.aa is None else list(study.aa.seeds),
        "arms": list(arms),
    }


def settle_lock(
    folder: StudyFolder,
    study: Study,
    arms: Sequence[Arm],
    *,
    evaluated: Callable[[], int],
    amend: bool = False,
) -> list[Amendment]:
    """Fixes a study at its first start, and notes what differs at a later one.

    Args:
        folder: Of the study.
        study: As it is to run.
        arms: All its arms.
        evaluated: Counts the cells that have been evaluated.
        amend: Whether the user knows that what decides has changed.

    Returns:
        The amendments of this start; added seeds and arms are among them.

    Raises:
        InputError: The folder is of another study, or what decides has changed after cells were
            evaluated and nobody said that this is meant.
    """
    new = locked_of(study, [arm.name for arm in arms])
    held = folder.read_json(LOCKED)
    if held is None:
        content = {"schema": LOCK_SCHEMA, "name": study.name, "started": now(), "locked": new}
        folder.write_json(LOCKED, {**content, "hash": _hash(new), "amendments": []})
        return []
    if held.get("schema") != LOCK_SCHEMA:
        raise InputError(
            f"{folder.path / LOCKED}: schema {held.get('schema')!r} is not {LOCK_SCHEMA!r}"
        )
    if held["name"] != study.name:
        raise InputError(
            f"--out {folder.path}: holds the study {held['name']}, and this one is {study.name}",
            hint="Name another folder.",
        )
    old = held["locked"]
    changed = [name for name in new if old.get(name) != new[name]]
    if not changed:
        return []
    done = evaluated()
    touchy = [name for name in changed if not _has_grown(name, old.get(name), new[name])]
    if touchy and done and not amend:
        lines = [
            f"{name}: {_words(old.get(name))} then, {_words(new[name])} now" for name in touchy
        ]
        raise InputError(
            "\n  ".join([f"{folder.path}: differs from what was fixed at first start:", *lines]),
            hint=f"{done} cells are evaluated. Add --amend if that is meant; reports will say so.",
        )
    found = [
        Amendment(
            time=now(),
            what=name,
            old=_words(old.get(name)),
            new=_words(new[name]),
            evaluated=done,
        )
        for name in changed
    ]
    amendments = [*held["amendments"], *(one.model_dump() for one in found)]
    folder.write_json(LOCKED, {**held, "locked": new, "amendments": amendments})
    return found


def amendments_of(folder: StudyFolder) -> list[Amendment]:
    """Returns every change since the first start."""
    held = folder.read_json(LOCKED) or {}
    return [Amendment.model_validate(one) for one in held.get("amendments", [])]


def check_manifest(folder: StudyFolder, manifest: DataManifest) -> None:
    """Notes the images at the first start, and refuses others later.

    Raises:
        InputError: Images have changed since; they are listed.
    """
    files = {split: dict(one) for split, one in manifest.files.items()}
    held = folder.read_json(MANIFEST)
    if held is None:
        folder.write_json(MANIFEST, {"digest": manifest.digest, "files": files})
        return
    lines = list(_differences(held["files"], files))
    if lines:
        more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
        text = f"{folder.path}: the images are not those the study was started with:"
        raise InputError(
            "\n  ".join([text, *lines[:_SHOWN], *more]),
            hint="Bring them back, or run the study in another --out.",
        )


def _differences(
    old: Mapping[str, Mapping[str, str]], new: Mapping[str, Mapping[str, str]]
) -> Sequence[str]:
    found = []
    for split in {**old, **new}:
        left, right = old.get(split, {}), new.get(split, {})
        for key in {**left, **right}:
            if key not in left:
                found.append(f"new: {split}/{key}")
            elif key not in right:
                found.append(f"gone: {split}/{key}")
            elif left[key] != right[key]:
                found.append(f"changed: {split}/{key}")
    return found


def _has_grown(name: str, old: Any, new: Any) -> bool:
    return name in _GROWS and set(old or []) <= set(new)


def _words(value: Any) -> str:
    if isinstance(value, list) and all(not isinstance(one, dict) for one in value):
        return ", ".join(map(str, value)) or "none"
    return value if isinstance(value, str) else json.dumps(value)


def _hash(locked: Mapping[str, Any]) -> str:
    return digest(json.dumps(locked, sort_keys=True))
