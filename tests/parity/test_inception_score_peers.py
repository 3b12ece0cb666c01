"""The Inception Score against torch-fidelity and torchmetrics on the same logits."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch_fidelity.metric_isc import isc_features_to_metric
from torchmetrics.image.inception import InceptionScore

from ganeval.metrics.inception_score import inception_score

pytestmark = pytest.mark.peer


def logits(n: int, scale: float = 2.0) -> np.ndarray:
    rng = np.random.default_rng([n, 1008])
    return (scale * rng.normal(size=(n, 1008))).astype(np.float32)


@pytest.mark.parametrize("n", [10, 97, 600])
@pytest.mark.parametrize(("preset", "shuffle"), [("torch-fidelity", True), ("stylegan3", False)])
def test_equals_torch_fidelity(n: int, preset: str, shuffle: bool) -> None:
    theirs = isc_features_to_metric(torch.from_numpy(logits(n)), shuffle=shuffle)
    found = inception_score(logits(n), preset=preset)
    # Both in float64; sums are taken in another order.
    assert found.value == pytest.approx(theirs["inception_score_mean"], rel=1e-10)
    assert found.spread == pytest.approx(theirs["inception_score_std"], rel=1e-6, abs=1e-10)


@pytest.mark.filterwarnings("ignore:Metric `InceptionScore` will save all:UserWarning")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [11, 97, 600])
def test_equals_torchmetrics_for_the_same_shuffle(
    n: int, dtype: type[np.floating], monkeypatch: pytest.MonkeyPatch
) -> None:
    order = torch.from_numpy(np.random.RandomState(2020).permutation(n))
    monkeypatch.setattr(torch, "randperm", lambda count: order)
    metric = InceptionScore(feature=torch.nn.Identity())
    metric.update(torch.from_numpy(logits(n).astype(dtype)))
    value, spread = metric.compute()
    found = inception_score(logits(n), preset="torchmetrics")
    # The peer computes in the precision of its input: float32 sums of 1008 terms err by some 1e-6.
    tolerance = 1e-10 if dtype == np.float64 else 5e-6
    assert found.value == pytest.approx(float(value), rel=tolerance)
    assert found.spread == pytest.approx(float(spread), rel=1e-3, abs=found.value * tolerance)
