"""A distance is called FID only where it is one."""

from __future__ import annotations

import pytest

from ganeval.metrics.naming import distance_name
from ganeval.records import FeatureSpec, WeightsInfo


def spec(extractor: str, layer: str) -> FeatureSpec:
    return FeatureSpec(
        extractor=extractor,
        layer=layer,
        dimension=1,
        weights_sha256="301afbb1" + 56 * "0",
        resize="clean",
        size=299,
        normalisation="",
        decode="correct",
    )


@pytest.mark.parametrize(
    ("extractor", "layer", "verified", "name"),
    [
        ("inception-2015", "2048", True, "FID"),
        ("inception-2015", "768", True, "FID(768)"),
        ("inception-2015", "2048", False, "FD(inception:301afbb1)"),
        ("inception-2015", "768", False, "FD(inception:301afbb1, 768)"),
        ("efficientnet-lite0", "1280", True, "FD(efficientnet-lite0)"),
        ("efficientnet-lite0", "1280", False, "FD(efficientnet-lite0:301afbb1)"),
    ],
)
def test_name_tells_network_layer_and_weights(
    extractor: str, layer: str, verified: bool, name: str
) -> None:
    weights = WeightsInfo(file="w.pth", sha256="301afbb1" + 56 * "0", verified=verified)
    assert distance_name(spec(extractor, layer), weights) == name


def test_unknown_weights_are_never_called_fid() -> None:
    assert distance_name(spec("inception-2015", "2048"), None) != "FID"
