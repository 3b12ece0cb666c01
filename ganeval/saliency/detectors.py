"""The real-or-fake detector that ``ganeval classify`` saved, as a network over pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import torch
from torch import nn

from ganeval.classifier.fit import FittedNetwork
from ganeval.classifier.model_file import SavedModel, load_model
from ganeval.classifier.network import SMALLEST
from ganeval.classifier.network_form import LARGEST, NetworkForm
from ganeval.classifier.preprocessing import Preprocessing
from ganeval.classifier.report_network import ReportNetwork
from ganeval.errors import InputError
from ganeval.features.preprocess import Preprocess
from ganeval.saliency.opened import Opened

# ITU-R BT.601, as Pillow's mode L.
_LUMA: Final = (0.299, 0.587, 0.114)
_CLASSES: Final = ("real", "fake")
_ZERO: Final = (0.0, 0.0, 0.0)
_FULL: Final = (255.0, 255.0, 255.0)
_HALF: Final = (127.5, 127.5, 127.5)


class GreyFirst(nn.Module):
    """Takes the colours out of images before a network that learnt without them.

    Args:
        network: Takes images whose three channels are equal.
    """

    luma: torch.Tensor

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("luma", torch.tensor(_LUMA).view(1, 3, 1, 1), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Returns what the network returns for the luma of ``x``, float ``[n, 3, H, W]``."""
        grey = (x * self.luma).sum(1, keepdim=True)
        found: torch.Tensor = self.network(grey.expand_as(x))
        return found


def open_detector(folder: Path, side: int | None, device: torch.device) -> Opened:
    """Opens a saved network of the rung ``cnn``.

    Args:
        folder: Where `ganeval.classifier.model_file.save_model` put it, or the run's around it.
        side: Pixels; None: the shorter side of the images it learnt from.
        device: Where it runs.

    Raises:
        InputError: There is none, it is damaged, it is no network, or takes no such side.
    """
    saved = load_model(folder, device=str(device))
    scorer = saved.scorer
    if not isinstance(scorer, FittedNetwork):
        raise InputError(
            f"{folder}: the classifier is of the rung {saved.facts.rung}, whose score has no "
            "gradient in the pixels",
            hint="Save a network: `ganeval classify REAL FAKE` without --preset quick.",
        )
    network, form = scorer.network, scorer.form
    two = isinstance(network, ReportNetwork)
    body: nn.Module = network.layers if isinstance(network, ReportNetwork) else network
    if saved.facts.preprocessing.grey:
        body = GreyFirst(body)
    real, fake = _CLASSES
    return Opened(
        body,
        saved.sha256,
        _preprocess(form, saved.facts.preprocessing, side, folder),
        classes=(real, fake) if two else (fake,),
        detector=True,
        notices=_notices(saved),
    )


def _preprocess(
    form: NetworkForm, preprocessing: Preprocessing, side: int | None, folder: Path
) -> Preprocess:
    """The square that the detector scores: images brought to its size, and their centre."""
    if form.side is not None:
        if side not in (None, form.side):
            raise InputError(f"--side {side}: the network of {folder} takes {form.side} px alone")
        return Preprocess("pillow-nearest", form.side, _ZERO, _FULL)
    if side is not None and side < SMALLEST:
        raise InputError(f"--side {side}: the network of {folder} needs at least {SMALLEST} px")
    short = min(preprocessing.width, preprocessing.height)
    # Another side cuts out more or less: resizing would hide the traces it looks for.
    size = side or min(short, LARGEST)
    return Preprocess(
        "pillow-bicubic", size, _HALF, _HALF, geometry="short-side", resized=max(short, size)
    )


def _notices(saved: SavedModel) -> tuple[str, ...]:
    if saved.facts.preprocessing.defence is None:
        return ()
    return (
        f"The detector of {saved.folder} learnt from images that were stored alike first "
        "(defended); images shown to it as they are may score otherwise.",
    )
