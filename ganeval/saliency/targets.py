"""The class whose score a map explains: fixed once per pair, never silently per image."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from ganeval.errors import GanevalError, InputError
from ganeval.images.failures import printable
from ganeval.images.groups import first_few
from ganeval.saliency.batches import MICRO_BATCH, micro_batched
from ganeval.saliency.class_names import class_index
from ganeval.saliency.model import PixelModel

Indices = npt.NDArray[np.int64]
Logits = npt.NDArray[np.float64]
Images = npt.NDArray[np.float32] | torch.Tensor

RULES: Final = ("before", "own", "mean")

_MOST_DEAD: Final = 0.5


@dataclass(frozen=True)
class Targets:
    """The target class of every image.

    Args:
        rule: As asked for: ``before``, ``own``, ``mean``, ``label:FILE``, ``contrast``, or a class.
        before: Of the images before, int64 ``[n]``.
        after: Of the images after; those of before unless the rule is ``own``.
        against: Class whose score is subtracted, int64 ``[n]``; None: none is.
    """

    rule: str
    before: Indices
    after: Indices
    against: Indices | None = None

    @property
    def shared(self) -> bool:
        """Whether both images of every pair have one target."""
        return bool(np.array_equal(self.before, self.after))


def choose_targets(
    model: PixelModel,
    before: Images,
    after: Images | None,
    target: str = "before",
    *,
    keys: Sequence[str] | None = None,
    micro_batch: int = MICRO_BATCH,
) -> Targets:
    """Chooses the target class of every pair.

    Args:
        model: The classifier.
        before: float32 ``[n, 3, S, S]`` in [0, 1].
        after: The same of their translations; None: there is one set alone.
        target: ``before`` (the top class of the image before), ``own`` (the top class of each
            image), ``mean`` (the top class of the mean probability of the two), ``label:FILE`` (a
            table with the columns path and label), ``contrast`` (a detector's fake against real),
            ``contrast:A,B``, or a class by number or name.
        keys: Of the pairs, for ``label:FILE`` and for messages.
        micro_batch: Images per call.

    Raises:
        InputError: There is no such class, or the rule does not fit the model or the table.
        GanevalError: The model gives no finite scores.
    """
    names = [str(i) for i in range(len(before))] if keys is None else list(keys)
    if target not in RULES:
        return fixed_targets(target, names, model)
    scores = logits_of(model, before, micro_batch, names)
    if after is None or target == "before":
        return targets_from_logits(scores, None, target)
    return targets_from_logits(scores, logits_of(model, after, micro_batch, names), target)


def logits_of(
    model: PixelModel, images: Images, micro_batch: int = MICRO_BATCH, keys: Sequence[str] = ()
) -> Logits:
    """Returns the logits of images, float64 ``[n, C]``.

    Args:
        model: The classifier.
        images: float32 ``[n, 3, S, S]`` in [0, 1].
        micro_batch: Images per call.
        keys: Of the images, for the message.

    Raises:
        GanevalError: Some are no finite numbers.
    """

    def call(x: torch.Tensor) -> torch.Tensor:
        return model.logits(x.to(model.device, model.dtype)).double().cpu()

    with torch.no_grad():
        logits: Logits = micro_batched(call, torch.as_tensor(images), micro_batch).numpy()
    bad = np.flatnonzero(~np.isfinite(logits).all(axis=1)).tolist()
    if bad:
        named = [keys[i] if keys else str(i) for i in bad]
        raise GanevalError(
            f"{model.facts.name}: gives no finite scores for {len(bad)} of {len(logits)} images: "
            f"{first_few(named)}"
        )
    return logits


def targets_from_logits(before: Logits, after: Logits | None, rule: str) -> Targets:
    """Returns the targets by a rule that looks at scores; of equal scores the first class.

    Args:
        before: float64 ``[n, C]``.
        after: float64 ``[n, C]``; None: one set alone, or not needed.
        rule: ``before``, ``own`` or ``mean``.
    """
    top = before.argmax(axis=1).astype(np.int64)
    if after is None or rule == "before":
        return Targets(rule, top, top)
    if rule == "own":
        return Targets(rule, top, after.argmax(axis=1).astype(np.int64))
    both = (probabilities(before) + probabilities(after)).argmax(axis=1).astype(np.int64)
    return Targets(rule, both, both)


def fixed_targets(target: str, keys: Sequence[str], model: PixelModel) -> Targets:
    """Returns the targets by a rule that looks at no score.

    Raises:
        InputError: See `choose_targets`.
    """
    kind, colon, rest = target.partition(":")
    if kind == "label" and colon:
        labels = read_class_table(Path(rest), keys, lambda text: _class(text, model))
        return Targets(target, labels, labels)
    if kind == "contrast":
        index, against = _contrast(rest if colon else None, model)
        chosen = np.full(len(keys), index, np.int64)
        other = None if against is None else np.full(len(keys), against, np.int64)
        return Targets(target, chosen, chosen, other)
    chosen = np.full(len(keys), _class(target, model), np.int64)
    return Targets(target, chosen, chosen)


def probabilities(logits: Logits) -> Logits:
    """Returns what softmax makes of logits ``[n, C]``; of a single logit the logistic function."""
    if logits.shape[1] == 1:
        return np.asarray(np.exp(-np.logaddexp(0, -logits)))
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def dead_targets(logits: Logits, targets: Indices) -> npt.NDArray[np.bool_]:
    """Tells which images have a target score of exactly 0, bool ``[n]``.

    Where logits pass a ReLU, as in SqueezeNet, such a score has a zero gradient everywhere.

    Args:
        logits: ``[n, C]``.
        targets: int64 ``[n]``.
    """
    return np.asarray(np.take_along_axis(logits, targets[:, None], axis=1)[:, 0] == 0)


def require_live(dead: npt.NDArray[np.bool_], keys: Sequence[str]) -> None:
    """Refuses a set in which most targets are dead.

    Args:
        dead: What `dead_targets` returns.
        keys: Of the images.

    Raises:
        GanevalError: More than half are.
    """
    if dead.mean() > _MOST_DEAD:
        named = [key for key, one in zip(keys, dead, strict=True) if one]
        raise GanevalError(
            f"the target's score is exactly 0, without a gradient, in {len(named)} of {len(dead)} "
            f"images: {first_few(named)}",
            hint="Choose another --target; the final ReLU of this network cuts the score off.",
        )


def read_class_table(
    path: Path, keys: Sequence[str], index: Callable[[str], int]
) -> npt.NDArray[np.int64]:
    """Reads the class of every image from a table with the columns path and label.

    Args:
        path: CSV file; rows of other images are passed over.
        keys: Of the images.
        index: Turns a label into a class.

    Raises:
        InputError: It cannot be read, lacks a column or an image, or contradicts itself.
    """
    found: dict[str, int] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file, skipinitialspace=True)
            table.fieldnames = [name.strip().lower() for name in table.fieldnames or []]
            if not {"path", "label"} <= set(table.fieldnames):
                raise InputError(
                    f"--target label:{path}: the first row does not name the columns path and "
                    "label",
                    hint="Start the file with the line: path,label",
                )
            wanted = set(keys)
            for row in table:
                key = row["path"] or ""
                if key not in wanted:
                    continue
                try:
                    label = index(row["label"] or "")
                except InputError as error:
                    raise InputError(
                        f"{path}: line {table.line_num}: {error.message}", hint=error.hint
                    ) from error
                if found.setdefault(key, label) != label:
                    raise InputError(
                        f"{path}: line {table.line_num}: {printable(key)} has two labels"
                    )
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"--target label:{path}: cannot be read as a table: {reason}") from error
    missing = [key for key in keys if key not in found]
    if missing:
        raise InputError(
            f"{path} gives no label for {len(missing)} of {len(keys)} images: {first_few(missing)}"
        )
    return np.array([found[key] for key in keys], np.int64)


def _class(text: str, model: PixelModel) -> int:
    return class_index(text, model.classes, model.outputs)


def _contrast(classes: str | None, model: PixelModel) -> tuple[int, int | None]:
    """The class and the one it is held against; one logit is a contrast already."""
    if classes is not None:
        named = classes.split(",")
        if len(named) != 2:
            raise InputError(
                f"--target contrast:{classes}: two classes are needed, as contrast:A,B"
            )
        first, second = (_class(text, model) for text in named)
        if first == second:
            raise InputError(f"--target contrast:{classes}: both are class {first}")
        return first, second
    if not model.detector:
        raise InputError(
            f"--target contrast: {model.facts.name} tells more than real from fake",
            hint="Name the two classes: contrast:A,B.",
        )
    return (1, 0) if model.outputs == 2 else (0, None)
