"""A classifier at rest: numbers in ``classifier.safetensors``, facts in ``classifier.json``.

Nothing in it is code. Rungs that need no network are saved and loaded without torch.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, cast

import numpy as np
from pydantic import ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from ganeval.classifier.knn import KnnModel
from ganeval.classifier.linear import LinearModel
from ganeval.classifier.preprocessing import Preprocessing
from ganeval.environment import environment
from ganeval.errors import GanevalError, InputError
from ganeval.records import Environment, FeatureSpec
from ganeval.records.classify import FormatAudit, RungName
from ganeval.records.files import atomic_write
from ganeval.records.model import Model

if TYPE_CHECKING:
    from ganeval.classifier.fit import FittedNetwork

MODEL_SCHEMA: Final = "ganeval.classifier/1"
TENSORS: Final = "classifier.safetensors"
FACTS: Final = "classifier.json"

_TRAINED_ON: Final = "trained_on"
_CLASSES: Final = ["real", "fake"]


class SavedFacts(Model):
    """What ``classifier.json`` holds."""

    schema_: Annotated[Literal["ganeval.classifier/1"], Field(alias="schema")] = MODEL_SCHEMA
    rung: RungName
    classes: list[str] = Field(description="names of the labels 0 and 1")
    names: list[str] = Field(description="labels of the two sets it was trained on")
    scorer: dict[str, Any] = Field(description="kind of scorer, and what rebuilds it")
    preprocessing: Preprocessing
    features: FeatureSpec | None = Field(default=None, description="of the rungs on features")
    temperature: float = Field(gt=0, description="logits are divided by it")
    thresholds: dict[str, float] = Field(description="logits at or above them are called fake")
    split_hash: str
    audit: FormatAudit = Field(description="how the files of the two training sets were stored")
    tensors_sha256: str = Field(description="of classifier.safetensors")
    environment: Environment

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True
    )


@dataclass(frozen=True)
class SavedModel:
    """A classifier that was loaded.

    Args:
        folder: Where it lies, as named.
        facts: What is known of it.
        scorer: What turns numbers or pixels into logits.
        trained_on: sha256 of the decoded pixels of the images it learnt from.
        sha256: Of both its files.
    """

    folder: str
    facts: SavedFacts
    scorer: LinearModel | KnnModel | FittedNetwork
    trained_on: frozenset[str]
    sha256: str

    @property
    def threshold(self) -> float:
        """The logit from which on an image is called fake: validation's best, else 0."""
        return self.facts.thresholds.get("validation", 0.0)

    def p_fake(self, logits: np.ndarray) -> np.ndarray:
        """Returns the calibrated probabilities, float64 ``[n]``, if classes are equally common."""
        scaled = np.asarray(logits, np.float64) / self.facts.temperature
        return np.exp(-np.logaddexp(0, -scaled))


def save_model(
    folder: Path,
    model: LinearModel | KnnModel | FittedNetwork,
    *,
    rung: RungName,
    temperature: float,
    thresholds: Mapping[str, float],
    names: Sequence[str],
    split_hash: str,
    train_contents: Iterable[str],
    audit: FormatAudit,
    preprocessing: Preprocessing,
    features: FeatureSpec | None = None,
) -> str:
    """Saves a classifier; what lay there before is replaced.

    Args:
        folder: Made if it is not there.
        model: Network, logistic regression or neighbours.
        rung: The step of the ladder that it is; ``cnn`` is a network.
        temperature: Logits divided by it are calibrated.
        thresholds: Logits by name: ``half``, ``validation``.
        names: Labels of the reals and of the fakes.
        split_hash: Of the split it was fitted under.
        train_contents: sha256 of the decoded pixels of its training images.
        audit: How its training files were stored.
        preprocessing: What its images went through.
        features: Of the rungs ``features`` and ``knn``.

    Returns:
        sha256 of both files.

    Raises:
        GanevalError: The folder cannot be written.
    """
    scorer, arrays = _described(model, rung)
    digests = sorted(set(train_contents))
    trained_on = np.frombuffer(bytes.fromhex("".join(digests)), np.uint8).reshape(-1, 32)
    tensors = save_tensors({**arrays, _TRAINED_ON: trained_on})
    facts = SavedFacts(
        rung=rung,
        classes=_CLASSES,
        names=list(names),
        scorer=scorer,
        preprocessing=preprocessing,
        features=features,
        temperature=temperature,
        thresholds=dict(thresholds),
        split_hash=split_hash,
        audit=audit,
        tensors_sha256=hashlib.sha256(tensors).hexdigest(),
        environment=environment(),
    )
    text = (facts.model_dump_json(by_alias=True, indent=2) + "\n").encode()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GanevalError(f"{folder}: cannot be made: {error.strerror}") from error
    for name, data in ((TENSORS, tensors), (FACTS, text)):
        with atomic_write(folder / name) as stream:
            stream.write(data)
    return _digest(text, tensors)


def load_model(folder: str | Path, *, device: str = "auto") -> SavedModel:
    """Loads a classifier; nothing in it is run.

    Args:
        folder: Where `save_model` put it, or the folder of the run around it.
        device: Where a network runs: ``auto``, ``cpu``, ``cuda``, ``mps``.

    Raises:
        InputError: There is none, it is damaged, or another version wrote it.
    """
    place = Path(folder)
    if not (place / FACTS).is_file() and (place / "model" / FACTS).is_file():
        place = place / "model"
    text, tensors = _read(place / FACTS), _read(place / TENSORS)
    facts = _facts(text, place / FACTS)
    if hashlib.sha256(tensors).hexdigest() != facts.tensors_sha256:
        raise InputError(f"{place / TENSORS}: damaged, or not the file that {FACTS} speaks of")
    try:
        arrays = load_tensors(tensors)
    except (SafetensorError, ValueError, KeyError) as error:
        raise InputError(f"{place / TENSORS}: cannot be read: {error}") from error
    trained_on = arrays.pop(_TRAINED_ON, np.empty((0, 32), np.uint8))
    try:
        scorer = _rebuilt(facts, arrays, device)
    except InputError as error:
        raise InputError(f"{place}: {error.message}", hint=error.hint) from error
    contents = frozenset(bytes(row).hex() for row in trained_on)
    return SavedModel(str(folder), facts, scorer, contents, _digest(text, tensors))


def _described(
    model: LinearModel | KnnModel | FittedNetwork, rung: RungName
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Facts and arrays of a scorer."""
    if isinstance(model, LinearModel):
        facts: dict[str, Any] = {
            "kind": "linear",
            "intercept": model.intercept,
            "strength": model.strength,
            "validation_loss": model.validation_loss,
        }
        return facts, {"mean": model.mean, "scale": model.scale, "weights": model.weights}
    if isinstance(model, KnnModel):
        return {"kind": "knn", "k": model.k}, {
            "directions": model.directions,
            "labels": model.labels,
        }
    from ganeval.classifier.network_file import network_arrays, network_facts

    return {"kind": "network", **network_facts(model)}, network_arrays(model)


def _rebuilt(
    facts: SavedFacts, arrays: dict[str, np.ndarray], device: str
) -> LinearModel | KnnModel | FittedNetwork:
    """The scorer of a saved model."""
    scorer = facts.scorer
    kind = scorer.get("kind")
    if (kind == "network") != (facts.rung == "cnn"):
        raise InputError(f"the classifier's rung {facts.rung} cannot have a scorer {kind!r}")
    if kind == "network":
        from ganeval.classifier.network_file import rebuilt_network

        return rebuilt_network(scorer, arrays, device)
    shapes = {name: (array.ndim, array.dtype.name) for name, array in arrays.items()}
    if (
        kind == "linear"
        and shapes == dict.fromkeys(("mean", "scale", "weights"), (1, "float64"))
        and len({array.shape for array in arrays.values()}) == 1
        and all(isinstance(scorer.get(name), int | float) for name in ("intercept", "strength"))
    ):
        return LinearModel(
            arrays["mean"],
            arrays["scale"],
            arrays["weights"],
            float(scorer["intercept"]),
            float(scorer["strength"]),
            cast("float | None", scorer.get("validation_loss")),
        )
    if kind == "knn" and shapes == {"directions": (2, "float32"), "labels": (1, "int64")}:
        k = scorer.get("k")
        if isinstance(k, int) and 1 <= k <= len(arrays["directions"]) == len(arrays["labels"]):
            return KnnModel(arrays["directions"], arrays["labels"], k)
    raise InputError(f"the classifier's numbers do not fit its scorer {kind!r}")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read: {error.strerror}",
            hint="A classifier is the folder 'model' that `ganeval classify REAL FAKE` writes.",
        ) from error


def _facts(text: bytes, path: Path) -> SavedFacts:
    try:
        raw = json.loads(text)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{path}: not JSON: {error}") from error
    schema = raw.get("schema") if isinstance(raw, dict) else None
    if schema != MODEL_SCHEMA:
        raise InputError(f"{path}: schema {schema!r} is not {MODEL_SCHEMA!r}, which is read here")
    try:
        return SavedFacts.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{path}: not a classifier: {where}: {first['msg']}") from error


def _digest(text: bytes, tensors: bytes) -> str:
    return hashlib.sha256(
        hashlib.sha256(text).digest() + hashlib.sha256(tensors).digest()
    ).hexdigest()
