"""The paired difference of two translators of the same photos, against figures found before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ganeval.metrics.settings import Settings
from ganeval.metrics.suite import compare_sets
from ganeval.records import Difference

pytestmark = pytest.mark.shared_data


@pytest.fixture(scope="module")
def differences(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Difference]:
    folder, paths = tmp_path_factory.mktemp("features"), []
    for name in ("paintings", "fake-resnet", "fake-unet32"):
        with np.load(shared / "reference" / f"features-monet-{name}.npz") as archive:
            paths.append(saved(folder / f"{name}.npz", archive["pf2048"]))
    record = compare_sets(paths[0], paths[1:], "fid,kid", Settings()).record
    return {one.metric: one for one in record.differences}


def saved(path: Path, features: np.ndarray) -> Path:
    """Features alone, in the layout of clean-fid; rows of equal number are one photo."""
    np.savez(path, feats=features)
    return path


@pytest.mark.parametrize(
    ("metric", "value", "se"),
    [
        # Printed to these digits by a prototype on the same features; half a digit is allowed.
        ("fid", 4.62, 0.65),
        ("kid", 5.24e-3, 0.457e-3),
    ],
)
def test_difference_and_its_error_are_those_found_before(
    differences: dict[str, Difference], metric: str, value: float, se: float
) -> None:
    one = differences[metric]
    assert one.paired
    assert one.n_pairs == 300
    assert one.estimate.value == pytest.approx(value, abs=0.005 * 10 ** (-3 * (metric == "kid")))
    assert one.estimate.se == pytest.approx(se, rel=0.01)


def test_the_excess_differs_alike_under_other_splits(differences: dict[str, Difference]) -> None:
    one = differences["excess"]
    # 4.87 ± 0.60 with other random splits; five splits move it by about a sixth of its error.
    assert one.estimate.value == pytest.approx(4.87, abs=0.2)
    assert one.estimate.se == pytest.approx(0.60, rel=0.1)
    assert one.better == "fake-unet32.npz"
