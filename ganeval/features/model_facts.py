"""What is known of a model of a library without building it: dimension, input, weights file.

Finding out takes torch and the library, seconds; it is kept, so that a run answered by the feature
cache imports neither.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ganeval.features.preprocess import Preprocess
from ganeval.paths import cache_folder

_FORMAT = 1


@dataclass(frozen=True)
class ModelFacts:
    """Facts of one model; everything but plain values would not survive being kept.

    Args:
        dimension: Length of the pooled features.
        preprocess: How the model's publisher prepares images, as fields of `Preprocess`.
        url: Where the weights are published as one file, or empty.
        hub: Repository of the Hugging Face hub that holds the weights, or empty.
        licence: As the library states it, or empty.
    """

    dimension: int
    preprocess: dict[str, Any]
    url: str = ""
    hub: str = ""
    licence: str = ""

    def make_preprocess(self) -> Preprocess:
        """Returns the preprocessing as an object."""
        lists = {key: tuple(self.preprocess[key]) for key in ("mean", "std")}
        return Preprocess(**{**self.preprocess, **lists})


def model_facts(library: str, model: str, find: Callable[[], ModelFacts]) -> ModelFacts:
    """Returns kept facts of a model, or finds and keeps them.

    Args:
        library: Its distribution name; facts of another version are not used.
        model: The model's name.
        find: Finds the facts; called when none are kept.
    """
    path = _path(library, model)
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        kept = ModelFacts(**json.loads(path.read_text("utf-8")))
        kept.make_preprocess()
        return kept
    facts = find()
    _keep(facts, path)
    return facts


def _path(library: str, model: str) -> Path:
    key = "\n".join((str(_FORMAT), library, version(library), model))
    name = hashlib.sha256(key.encode()).hexdigest()[:32]
    return cache_folder() / "models" / f"{name}.json"


def _keep(facts: ModelFacts, path: Path) -> None:
    """Writes a file that appears whole; where it cannot be written the facts are used unkept."""
    aside = path.with_name(f"{path.name}.part-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text(json.dumps(dataclasses.asdict(facts)), "utf-8")
        aside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
