"""Images as the model sees them: paired, at its side, scored, each with its target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganeval.metrics.settings import Progress
from ganeval.records import Notice
from ganeval.saliency.controls import rms_change
from ganeval.saliency.mapping import Subject
from ganeval.saliency.model import PixelModel
from ganeval.saliency.opening import PairedSets, Stack, load_squares, open_pairs, pair_notices
from ganeval.saliency.regions import object_regions
from ganeval.saliency.registration import Registration, luma, registration
from ganeval.saliency.settings import SaliencySettings
from ganeval.saliency.squares import Squares
from ganeval.saliency.stages import Clock
from ganeval.saliency.targets import RULES as SCORE_RULES
from ganeval.saliency.targets import Logits, Targets, fixed_targets, logits_of, targets_from_logits

_BLOCK = 64  # pairs looked at once where a stack may lie in a file


@dataclass(frozen=True)
class Seen:
    """The images as the model sees them, and what it says of them.

    Args:
        paired: Names, groups, sets.
        squares: How an image became a square of the model's side.
        images: Before and after, float32 ``[n, 3, S, S]`` in [0, 1]; None: there is one set alone.
        logits: Of both, ``[n, C]``.
        targets: The class that each image is asked about.
        rms: Change of every pair, white = 1, ``[n]``; None: one set alone.
        shifts: How far the images after are shifted; None: one set alone.
        regions: Where the object lies, ``[n, S, S]``; None: not known.
        notices: What a user should know of the images.
    """

    paired: PairedSets
    squares: Squares
    images: tuple[Stack, Stack | None]
    logits: tuple[Logits, Logits | None]
    targets: Targets
    rms: npt.NDArray[np.float64] | None
    shifts: Registration | None
    regions: npt.NDArray[np.bool_] | None
    notices: list[Notice]

    def subjects(self) -> tuple[Subject, Subject | None]:
        """Before and after, ready to be explained."""
        keys, against = self.paired.keys, self.targets.against
        first = Subject(self.images[0], self.targets.before, keys, against)
        if self.images[1] is None:
            return first, None
        return first, Subject(self.images[1], self.targets.after, keys, against)


def see(
    before: object,
    after: object | None,
    model: PixelModel,
    settings: SaliencySettings,
    clock: Clock,
    progress: Progress,
) -> Seen:
    """Opens, pairs and decodes the sets, and lets the model score them.

    Args:
        before: Source of the images before, or of the only ones.
        after: Source of those after; None: one set alone.
        model: The classifier.
        settings: Every choice.
        clock: Times ``images`` and ``scores``.
        progress: Told how far decoding is.

    Raises:
        InputError: A source, a table or a target does not fit.
        GanevalError: Too few pairs are left, or scores are no numbers.
    """
    squares = Squares.of(model, settings.fit)
    with clock.stage("images"):
        paired = open_pairs(before, after, settings, squares.decoding(settings.decode))
        paired, first, second = load_squares(paired, squares.image, model.side, settings, progress)
        regions, notices = None, pair_notices(paired)
        if settings.masks is not None or settings.boxes is not None:
            regions, told = object_regions(
                paired, squares, masks=settings.masks, boxes=settings.boxes
            )
            notices += told
        rms = None if second is None else _blockwise(rms_change, first, second)
        shifts = None if second is None else _registered(first, second)
    with clock.stage("scores"):
        logits = tuple(
            None if images is None else logits_of(model, images, settings.micro_batch, paired.keys)
            for images in (first, second)
        )
        assert logits[0] is not None
        targets = (
            targets_from_logits(logits[0], logits[1], settings.target)
            if settings.target in SCORE_RULES
            else fixed_targets(settings.target, paired.keys_of(0), model)
        )
    return Seen(
        paired,
        squares,
        (first, second),
        (logits[0], logits[1]),
        targets,
        rms,
        shifts,
        regions,
        notices,
    )


def _blockwise(
    measure: Callable[[Stack, Stack], npt.NDArray[np.float64]], first: Stack, second: Stack
) -> npt.NDArray[np.float64]:
    parts = range(0, len(first), _BLOCK)
    return np.concatenate([measure(first[i : i + _BLOCK], second[i : i + _BLOCK]) for i in parts])


def _registered(first: Stack, second: Stack) -> Registration:
    """How far the images after are shifted, block by block."""
    found = [
        registration(luma(first[i : i + _BLOCK]), luma(second[i : i + _BLOCK]))
        for i in range(0, len(first), _BLOCK)
    ]
    return Registration(
        np.concatenate([one.shift_x for one in found]),
        np.concatenate([one.shift_y for one in found]),
        np.concatenate([one.peak for one in found]),
    )
