"""What a class-model picture is to raise: the score of a class, or a detector's real or fake."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from ganeval.errors import InputError
from ganeval.saliency.class_names import class_index
from ganeval.saliency.model import PixelModel

ALL_USED = "all-used"


@dataclass(frozen=True)
class Goal:
    """A score S_c that is raised.

    Args:
        name: Of the class.
        index: Of the output.
        against: Output that is subtracted; None: none is.
        sign: -1 lowers the output instead: an only logit that means fake, for real.
    """

    name: str
    index: int
    against: int | None = None
    sign: int = 1

    def scores(self, logits: torch.Tensor) -> torch.Tensor:
        """Returns S_c ``[n]`` of logits ``[n, C]``."""
        score = logits[:, self.index]
        if self.against is not None:
            score = score - logits[:, self.against]
        return self.sign * score

    def probabilities(self, logits: torch.Tensor) -> torch.Tensor:
        """Returns the model's probability of the class, ``[n]``, of logits ``[n, C]``."""
        if logits.shape[1] == 1:
            return torch.sigmoid(self.scores(logits))
        return logits.softmax(1)[:, self.index]


def class_goals(
    model: PixelModel, text: str, logits: npt.NDArray[np.float64] | None = None
) -> list[Goal]:
    """Returns what ``--class`` asks for.

    Args:
        model: The classifier.
        text: A class by name or number; ``real`` or ``fake`` of a detector; ``all-used``: the top
            classes of images, the most frequent first; of a detector both.
        logits: Of those images, ``[n, C]``.

    Raises:
        InputError: There is no such class, or ``all-used`` without images.
    """
    if model.detector:
        both = _detector_goals(model)
        if text == ALL_USED:
            return both
        if text.strip().lower() in ("real", "fake"):
            return [goal for goal in both if goal.name == text.strip().lower()]
        raise InputError(f"--class {text}: a detector has the classes real and fake")
    if text == ALL_USED:
        if logits is None or not len(logits):
            raise InputError("--class all-used: images are needed", hint="Give them by --images.")
        counts = np.bincount(logits.argmax(axis=1), minlength=model.outputs)
        used = [int(i) for i in np.argsort(-counts, kind="stable") if counts[i]]
        return [Goal(model.class_name(i), i) for i in used]
    index = class_index(text, model.classes, model.outputs)
    return [Goal(model.class_name(index), index)]


def _detector_goals(model: PixelModel) -> list[Goal]:
    if model.outputs == 1:
        return [Goal("real", 0, sign=-1), Goal("fake", 0)]
    return [Goal("real", 0, against=1), Goal("fake", 1, against=0)]
