"""Streaming against torchmetrics, whose users know update and compute."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganeval.metrics.streaming import FrechetDistance
from ganeval.metrics.streaming_set import BLOCK

pytestmark = pytest.mark.peer
torch = pytest.importorskip("torch")
image = pytest.importorskip("torchmetrics.image.fid")


class Rows(torch.nn.Module):  # type: ignore[name-defined, misc]
    """Stands where torchmetrics has its network: what is handed over are the features."""

    num_features = 24

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


@pytest.mark.parametrize("n", [200, BLOCK + 300])
def test_distance_is_that_of_torchmetrics(n: int) -> None:
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(24, 24))
    real = (rng.normal(size=(n, 24)) @ mixing).astype(np.float32)
    fake = (rng.normal(0.2, 1.1, size=(n + 50, 24)) @ mixing).astype(np.float32)
    peer, ours = image.FrechetInceptionDistance(feature=Rows()), FrechetDistance(None)
    for rows, is_real in ((real, True), (fake, False)):
        for start in range(0, len(rows), 64):
            batch = rows[start : start + 64]
            peer.update(torch.from_numpy(batch), real=is_real)
            ours.update_features(batch, real=is_real)
    # torchmetrics returns float32: half a unit in the last place is 6e-8 of the value.
    assert ours.compute().value == pytest.approx(float(peer.compute()), rel=1e-7)


@pytest.mark.slow
@pytest.mark.shared_data
def test_distance_of_streamed_images_is_that_of_pytorch_fid(shared: Path) -> None:
    peers = json.loads((shared / "reference" / "peers.json").read_text("utf-8"))
    expected = peers["pairs"]["horse2zebra/horses vs horse2zebra/fake-zebras"]["pf2048"]
    metric = FrechetDistance(weights=shared / "weights" / "fid-inception-2015-partial.pth")
    for name, real in (("horses", True), ("fake-zebras", False)):
        for path in sorted((shared / "data" / "horse2zebra" / name).iterdir()):
            metric.update([Image.open(path)], real)
    # pytorch-fid reads low below d images; features of two backends differ by 3e-7.
    assert metric.compute().value == pytest.approx(expected["exact_cross_gram"], rel=1e-5)
