"""Writing a study down, as it runs, so that reading it again gives the same one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ganeval.ablation.study_form import Study, StudyData


def study_yaml(study: Study) -> str:
    """Returns the text of a study file: seeds as they were asked for, a demo's sizes in place.

    Args:
        study: As it runs; what ``only`` leaves out is written too.
    """
    content = study.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    if study.data is not None:
        content["data"] = _data(study.data)
    for section in (content, content.get("demo", {})):
        for name, variant in section.get("variants", {}).items():
            if variant is not None:
                settings = variant.pop("settings")
                section["variants"][name] = {**settings, **variant}
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)


def _data(data: StudyData) -> dict[str, Any]:
    """Returns the images by absolute paths, which hold wherever the file is put."""
    found = data.model_dump(exclude_none=True)
    return {
        key: {domain: str(path.absolute()) for domain, path in value.items()}
        if isinstance(value, dict)
        else (str(value.absolute()) if isinstance(value, Path) and value.exists() else str(value))
        for key, value in found.items()
    }
