"""A study as it is run, written so that reading it again gives the same study."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ganeval.ablation.command_trainer import with_files
from ganeval.ablation.study_form import CommandTrainer, Study, Variant


def study_yaml(study: Study) -> str:
    """Returns a study file with all that the command line has changed, and absolute paths."""
    content = study.model_dump(
        mode="json", by_alias=True, exclude_defaults=True, exclude={"variants", "aa", "data"}
    )
    content = {"schema": study.schema_, **content}
    if study.data is not None:
        content["data"] = _absolute(study.data.model_dump(mode="python", exclude_none=True))
    if study.variants:
        content["variants"] = {name: _variant(one) for name, one in study.variants.items()}
    content["aa"] = (
        False if study.aa is None else study.aa.model_dump(mode="json", exclude_defaults=True)
    )
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)


def with_own_files(study: Study, folder: Path) -> Study:
    """Returns the study with programs beside its file named by absolute paths."""
    trainer = study.trainer
    if not isinstance(trainer, CommandTrainer):
        return study
    changed = {
        part: with_files(getattr(trainer, part), folder) for part in ("command", "translate")
    }
    return study.model_copy(update={"trainer": trainer.model_copy(update=changed)})


def _variant(variant: Variant) -> dict[str, Any]:
    said = variant.model_dump(
        mode="json", by_alias=True, exclude_defaults=True, exclude={"settings"}
    )
    return {**said, **variant.model_dump(mode="json")["settings"]}


def _absolute(tree: dict[str, Any]) -> dict[str, Any]:
    from ganeval.ablation.study_rules import NAMED_SETS

    found: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            found[key] = _absolute(value)
        elif isinstance(value, Path) and str(value) not in NAMED_SETS:
            found[key] = str(value.absolute())
        else:
            found[key] = str(value)
    return found
