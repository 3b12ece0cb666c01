"""Is the layout of the input kept, whatever its colours: self-similarity, and edges.

Self-similarity: the cosines between all positions of a feature map say which parts of an image are
alike; a translation that keeps the layout keeps them, though every feature may differ. Source of
the idea: Tumanyan et al., arXiv 2201.00424, with another network; values of different networks are
not comparable, so the network is part of the name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from scipy.ndimage import sobel

from ganeval.ablation.suite.part import ImagesOf, Part, Place, mean_estimate, pixels_of, required
from ganeval.features.efficientnet import EfficientNetLite0
from ganeval.features.preprocess import apply_with_torch
from ganeval.images.decoding import Pixels
from ganeval.images.pixel_statistics import luma

SIDE: Final = 256
"""Images are brought to this side; at stride 16 there are 256 positions."""

_BATCH: Final = 8
_KEPT: Final = 512  # matrices of 256 KiB each; those of inputs serve every cell
_STAGES: Final = 5  # of the network's seven; the output of the fifth has stride 16

NAME: Final = "structure.efficientnet-lite0"


class SelfSimilarity:
    """Self-similarity matrices of images, each made once while this lives.

    Args:
        device: Where the network runs.
    """

    def __init__(self, device: torch.device | str = "cpu") -> None:
        extractor = EfficientNetLite0()
        network: Any = extractor.network(extractor.weights(None, None))
        self._network = network.model.to(device).to(memory_format=torch.channels_last)
        self._device = device
        whole = extractor.preprocess(extractor.default_resize)
        self._preprocess = replace(whole, size=SIDE)
        self._known: dict[Path, npt.NDArray[np.float32]] = {}

    def distance(self, first: Path, second: Path) -> float:
        """Returns the mean squared difference of both matrices, 0 for equal layouts."""
        one, other = self.matrix(first), self.matrix(second)
        return float(((one - other) ** 2).mean(dtype=np.float64))

    def matrix(self, path: Path) -> npt.NDArray[np.float32]:
        """Returns the cosines of positions, float32 ``[256, 256]``."""
        if path not in self._known:
            self.prepare([path])
        return self._known[path]

    def prepare(self, paths: Sequence[Path]) -> None:
        """Makes the matrices of several images in batches of one size."""
        missing = [path for path in dict.fromkeys(paths) if path not in self._known]
        for start in range(0, len(missing), _BATCH):
            chosen = missing[start : start + _BATCH]
            with torch.inference_mode():
                x = torch.cat([self._square(pixels_of(path)) for path in chosen])
                # Batches of one size: the last bits of a network depend on it.
                filled = torch.cat([x, x[:1].expand(_BATCH - len(x), *x.shape[1:])])
                found = self._similar(filled)[: len(x)].float().cpu().numpy()
            self._known.update(zip(chosen, found, strict=True))
        while len(self._known) > _KEPT:
            del self._known[next(iter(self._known))]

    def forget(self, paths: Sequence[Path]) -> None:
        """Drops matrices that are not needed again."""
        for path in paths:
            self._known.pop(path, None)

    def _square(self, pixels: Pixels) -> torch.Tensor:
        return apply_with_torch(torch.from_numpy(np.array(pixels))[None], self._preprocess)

    def _similar(self, x: torch.Tensor) -> torch.Tensor:
        x = x.to(self._device).to(memory_format=torch.channels_last)
        x = self._network.bn1(self._network.conv_stem(x))
        for stage in self._network.blocks[:_STAGES]:
            x = stage(x)
        positions = torch.nn.functional.normalize(x.flatten(2).transpose(1, 2), dim=2)
        return positions @ positions.transpose(1, 2)


def structure(images: ImagesOf, place: Place, network: SelfSimilarity) -> Part:
    """Measures the self-similarity distance and the correlation of edges, input to translation.

    Raises:
        Absent: There are no inputs.
    """
    source = required(images.source, "the inputs of the translations")
    distances: dict[str, float] = {}
    edges: dict[str, float] = {}
    for stems in _batches(images.stems):
        fakes = [images.fake[stem] for stem in stems]
        network.prepare([*(source[stem] for stem in stems), *fakes])
        for stem in stems:
            distances[stem] = network.distance(source[stem], images.fake[stem])
            edges[stem] = edge_correlation(pixels_of(source[stem]), pixels_of(images.fake[stem]))
        network.forget(fakes)
    found = {stem: value for stem, value in edges.items() if np.isfinite(value)}
    return Part(
        [
            place.number(
                NAME, "structure distance (efficientnet-lite0)", "lower", mean_estimate(distances)
            ),
            place.number("edges", "correlation of edges", "higher", mean_estimate(found)),
        ],
        {NAME: distances, "edges": found},
    )


def edge_correlation(before: Pixels, after: Pixels) -> float:
    """Returns Pearson's correlation of the Sobel magnitudes of luma; NaN for other sizes.

    An image without edges correlates with nothing: 0.
    """
    if before.shape != after.shape:
        return float("nan")
    first, second = (_magnitude(pixels) for pixels in (before, after))
    norm = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum() / norm) if norm > 1e-9 else 0.0


def _magnitude(pixels: Pixels) -> npt.NDArray[np.float64]:
    plane = np.asarray(luma(pixels), np.float64)
    magnitude = np.hypot(sobel(plane, 0), sobel(plane, 1))
    return np.asarray(magnitude - magnitude.mean())


def _batches(stems: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(stems), _BATCH):
        yield stems[start : start + _BATCH]
