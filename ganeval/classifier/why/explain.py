"""Everything that says why: gathered for the record, pictures written beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import numpy.typing as npt

from ganeval.classifier.examples import Examples, Scores, Split
from ganeval.classifier.why.band_stop import Score, band_stop
from ganeval.classifier.why.galleries import galleries, gallery_digests, gallery_places
from ganeval.classifier.why.held_out import HeldOut, hold_out
from ganeval.classifier.why.lazy_images import LazyImages
from ganeval.classifier.why.patch_maps import (
    PatchScorer,
    border_profiles,
    map_pictures,
    mean_map_pictures,
    patch_maps,
    scale_picture,
)
from ganeval.classifier.why.slices import slices
from ganeval.classifier.why.spectrum_difference import spectrum_difference
from ganeval.images.decoding import Pixels
from ganeval.metrics.settings import Progress, silent
from ganeval.records.classify import (
    BandStop,
    Curve,
    NetworkInfo,
    Picture,
    ScoredGallery,
    Slice,
    SpectrumBand,
    SpectrumPeak,
)

if TYPE_CHECKING:
    from torch import nn

    from ganeval.classifier.network_form import NetworkForm

WINDOW: Final = 128
"""Side of the centre that a network scores for the band-stop table, in pixels."""


class FittedNetwork(PatchScorer, Protocol):
    """The network as it was fitted, with its torch module, of which gradients are taken."""

    form: NetworkForm
    network: nn.Module
    info: NetworkInfo

    def logits(self, pixels: Sequence[Pixels], /) -> Scores:
        """Returns one score per image, float64 ``[n]``."""
        ...


@dataclass(frozen=True)
class Why:
    """What gives the fakes away, as the record holds it; empty where it could not be looked at."""

    galleries: list[ScoredGallery] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    spectrum: list[SpectrumBand] = field(default_factory=list)
    peaks: list[SpectrumPeak] = field(default_factory=list)
    bandstop: list[BandStop] = field(default_factory=list)
    slices: list[Slice] = field(default_factory=list)
    digests: dict[str, dict[str, str]] = field(default_factory=dict)


def explain(
    examples: Examples,
    split: Split,
    scores: Scores,
    out: Path,
    *,
    network: FittedNetwork | None = None,
    score: Score | None = None,
    network_scores: Scores | None = None,
    temperature: float = 1.0,
    generator_train: npt.NDArray[np.bool_] | None = None,
    pairs_confirmed: bool = False,
    seed: int = 0,
    level: float = 0.95,
    threshold: float | None = None,
    progress: Progress = silent,
) -> Why:
    """Looks for what gives the fakes away, in the test part alone.

    Args:
        examples: All images, with the pixels that the best rung was fitted on.
        split: Which of them are the test part.
        scores: float64 ``[n]``, the best rung's scores of all images; higher is more fake.
        out: Folder of the record; pictures go to its folder ``pictures``.
        network: The network, whether it is the best rung or not; None: there is none, and no
            score maps and class images.
        score: The best rung as a function of pixels; None if it is the network.
        network_scores: float64 ``[n]``, the network's scores of all images; None: the best rung's
            if that is the network, else they are computed.
        temperature: What scores are divided by before they are probabilities.
        generator_train: bool ``[n]``, the fakes whose sources the generator was trained on.
        pairs_confirmed: Groups that hold both classes are pairs of one picture.
        seed: Seed of every random choice.
        level: Confidence level.
        threshold: Score from which on an image is called fake, chosen on the validation part; it
            bounds the AUC of slices and changed images that are told apart without an error.
        progress: Told how far each part is.

    Returns:
        The parts of the record; all empty if the test part lacks a class.
    """
    held_out = hold_out(
        examples,
        split,
        scores,
        temperature=temperature,
        pairs_confirmed=pairs_confirmed,
        seed=seed,
        level=level,
        threshold=threshold,
    )
    if not held_out.has_both:
        return Why()
    places = gallery_places(held_out)
    files: dict[int, str] = {}
    pictures: list[Picture] = []
    curves: list[Curve] = []
    if network is not None:
        if _has_patches(network):
            maps = patch_maps(network, held_out, progress)
            shown = [place for chosen in places.values() for place in chosen]
            files = map_pictures(maps, held_out, shown, out)
            pictures += [scale_picture(maps, out), *mean_map_pictures(maps, held_out, out)]
            curves += border_profiles(maps, held_out)
        from ganeval.classifier.why.class_images import class_images  # loads torch

        own = _of_network(held_out, network, score, network_scores)
        pictures += class_images(network, held_out, own, out, progress=progress)
    spectrum = spectrum_difference(held_out, out)
    return Why(
        galleries=galleries(held_out, places, files),
        pictures=[*pictures, *spectrum.pictures],
        curves=[*curves, *spectrum.curves],
        spectrum=spectrum.bands,
        peaks=spectrum.peaks,
        bandstop=_band_stop(held_out, network, score, progress),
        slices=slices(held_out, split, scores, generator_train),
        digests=gallery_digests(held_out, places),
    )


def _has_patches(network: FittedNetwork) -> bool:
    """False for the founding report's network, which scores images whole and at one size."""
    return network.info.receptive_field is not None


def _of_network(
    held_out: HeldOut, network: FittedNetwork, score: Score | None, known: Scores | None
) -> Scores:
    """The network's scores of the test part."""
    if known is not None:
        return np.asarray(known, np.float64)[held_out.rows]
    if score is None:
        return held_out.scores
    return network.logits(LazyImages(len(held_out), held_out.pixels))


def _band_stop(
    held_out: HeldOut, network: FittedNetwork | None, score: Score | None, progress: Progress
) -> list[BandStop]:
    if score is not None:
        return band_stop(held_out, score, progress=progress)
    if network is not None:
        window = WINDOW if _has_patches(network) else None
        return band_stop(held_out, network.logits, window=window, progress=progress)
    return []
