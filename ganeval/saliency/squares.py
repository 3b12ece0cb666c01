"""What an image goes through on its way to a model: the rule, kept for images and for regions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ganeval.classifier.common_size import CommonSize
from ganeval.classifier.model_file import FACTS, load_model
from ganeval.classifier.preprocessing import Preprocessing
from ganeval.classifier.saved_changes import SavedDefence
from ganeval.features.preprocess import Preprocess
from ganeval.images import Decoding, Header
from ganeval.images.arrays import array_digest
from ganeval.images.decoding import Pixels
from ganeval.saliency.images import Fit, fit_text, to_side
from ganeval.saliency.model import PixelModel


@dataclass(frozen=True)
class Squares:
    """Brings images to the square that a model sees.

    Args:
        side: Pixels.
        fit: What becomes of images of another form; a detector's are always cut as its own were.
        preprocess: How the model's publisher prepares images.
        saved: What a detector's own images went through first; None: it is no detector.
        defence: The part of that which changes how an image was stored.
    """

    side: int
    fit: Fit
    preprocess: Preprocess
    saved: Preprocessing | None = None
    defence: SavedDefence | None = None

    @classmethod
    def of(cls, model: PixelModel, fit: Fit) -> Squares:
        """Returns the rule for a model.

        Args:
            model: The classifier, opened by its name.
            fit: ``whole`` or ``weights``.
        """
        saved = _saved(model)
        return cls(
            model.side,
            # Squashing, however little, would smooth away what a detector looks for.
            fit if saved is None else "weights",
            model.facts.preprocessing,
            saved,
            SavedDefence.load(saved.defence) if saved and saved.defence else None,
        )

    def decoding(self, policy: str) -> Decoding:
        """Returns how files are read: as a detector's own were, else as asked for."""
        return self.saved.decoding if self.saved else Decoding(policy=policy)  # type: ignore[arg-type]

    def image(self, pixels: Pixels, header: Header) -> npt.NDArray[np.float32]:
        """Returns one image as the model sees it, float32 ``[3, side, side]`` in [0, 1].

        Args:
            pixels: uint8 ``[H, W, 3]``.
            header: What its file tells.
        """
        if self.saved is not None:
            content = array_digest(pixels)
            pixels = self.saved.fit(pixels)
            if self.defence is not None:
                pixels = self.defence.defend(pixels, header, content)
        return to_side(pixels, self.side, self.fit, preprocess=self.preprocess)

    def region(self, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Returns a region of an image as it lies in the square, bool ``[side, side]``.

        Args:
            mask: bool ``[H, W]`` of the image's own size.
        """
        pixels = np.repeat(255 * mask.astype(np.uint8)[..., None], 3, axis=2)
        if self.saved is not None:
            pixels = CommonSize(self.saved.width, self.saved.height, "the detector's").fit(pixels)
        square = to_side(pixels, self.side, self.fit, preprocess=self.preprocess)
        return np.asarray(square[0] > 0.5)

    def text(self, headers: Sequence[Header]) -> str:
        """Says what becomes of images of these headers, the most frequent first."""
        if self.saved is not None:
            return self._detector_text(self.saved)
        told = Counter(
            fit_text(one.height, one.width, self.side, self.fit, preprocess=self.preprocess)
            for one in headers
        )
        if len(told) == 1:
            return next(iter(told))
        return "; ".join(f"{text} ({n:,} images)" for text, n in told.most_common())

    def _detector_text(self, saved: Preprocessing) -> str:
        parts = [f"brought to the detector's {saved.width} x {saved.height} px"]
        if self.defence is not None:
            parts.append("stored alike as its own were")
        if (saved.width, saved.height) != (self.side, self.side):
            if self.preprocess.geometry == "short-side":
                same = self.preprocess.resized == min(saved.width, saved.height)
                parts.append(f"centre square of {self.side} px")
                parts.append("not resized" if same else "enlarged to that side")
            else:
                parts.append(f"resized to {self.side} x {self.side} px (nearest)")
        return ", ".join(parts)


def _saved(model: PixelModel) -> Preprocessing | None:
    """What the images of a detector that ``ganeval classify`` saved went through."""
    path = Path(model.facts.name)
    folder = path.parent if path.name == FACTS else path
    if not model.detector or not folder.is_dir():
        return None
    return load_model(folder, device="cpu").facts.preprocessing
