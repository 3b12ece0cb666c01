"""Scores of whole images by a trained network, the same bits however many are asked for."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ganeval.classifier.examples import Scores
from ganeval.classifier.network import PatchNetwork, pooled
from ganeval.classifier.network_form import NetworkForm
from ganeval.features.torch_backend import fold_batch_norm
from ganeval.images.decoding import Pixels

MICRO_BATCH: Final = 4
"""Images per call; the last call is padded, because the size of a batch changes the last bits."""


class NetworkScores:
    """Scores images by a network as it is now.

    In the default form batch norm is folded into the convolution before it, in a copy; the
    report's network, which is large, is used itself.

    Args:
        network: The network; its weights are not changed.
        form: What it takes.
    """

    def __init__(self, network: nn.Module, form: NetworkForm) -> None:
        self._device = next(network.parameters()).device
        self._form = form
        self._network = network
        if isinstance(network, PatchNetwork):
            self._network = fold_batch_norm(copy.deepcopy(network).eval())
        self._network = self._network.to(memory_format=torch.channels_last)

    def logits(self, pixels: Sequence[Pixels]) -> Scores:
        """Returns one logit per image, float64 ``[n]``; positive means fake.

        Args:
            pixels: uint8 ``[H, W, 3]`` each; sizes may differ.
        """
        rows: list[npt.NDArray[np.float64]] = [
            self._pooled(outputs) for outputs in self._outputs(pixels)
        ]
        return np.concatenate(rows) if rows else np.empty(0)

    def patch_logits(self, pixels: Pixels) -> npt.NDArray[np.float32]:
        """Returns the scores of the patches of one image, see `patch_maps`."""
        return next(self.patch_maps([pixels]))

    def patch_maps(self, pixels: Sequence[Pixels]) -> Iterator[npt.NDArray[np.float32]]:
        """Yields the scores of the patches of each image, float32 ``[h, w]``.

        Raises:
            ValueError: The network scores images whole.
        """
        if not isinstance(self._network, PatchNetwork):
            raise ValueError("the report's network has no patches")
        for outputs in self._outputs(pixels):
            yield from outputs

    def _pooled(self, outputs: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Logits of a micro-batch; patch scores are pooled in float64."""
        wide = torch.from_numpy(outputs.astype(np.float64)).flatten(1)
        logits: npt.NDArray[np.float64] = pooled(wide, self._form.pool).numpy()
        return logits

    def _outputs(self, pixels: Sequence[Pixels]) -> Iterator[npt.NDArray[np.float32]]:
        """What the network puts out for consecutive images of one size, at most a micro-batch."""
        waiting: list[Pixels] = []
        for i in range(len(pixels)):
            view = self._form.view(pixels[i])
            if waiting and (len(waiting) == MICRO_BATCH or view.shape != waiting[0].shape):
                yield self._forward(waiting)
                waiting = []
            waiting.append(view)
        if waiting:
            yield self._forward(waiting)

    def _forward(self, views: list[Pixels]) -> npt.NDArray[np.float32]:
        batch = np.zeros((MICRO_BATCH, *views[0].shape), np.float32)
        for i, view in enumerate(views):
            batch[i] = view
        was_training = self._network.training
        self._network.eval()
        try:
            with torch.inference_mode():
                x = self._form.scaled(torch.from_numpy(batch).permute(0, 3, 1, 2).to(self._device))
                if isinstance(self._network, PatchNetwork):
                    y = self._network.patches(x)
                else:
                    y = self._network(x)[:, None]
        finally:
            self._network.train(was_training)
        return y[: len(views)].cpu().numpy()
