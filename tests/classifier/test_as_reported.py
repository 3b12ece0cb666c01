"""The founding report's protocol, with its cautions."""

from __future__ import annotations

import numpy as np
import pytest
from classifier.textured import textured

from ganeval.classifier.as_reported import as_reported, two_way_split
from ganeval.classifier.network_form import NetworkForm
from ganeval.classifier.settings import ClassifySettings
from ganeval.errors import InputError
from ganeval.statistics.proportions import wilson


def test_the_reports_own_figure_has_this_interval() -> None:
    low, high = wilson(330, 360)
    assert (round(low, 3), round(high, 3)) == (0.884, 0.941)
    assert round(330 / 360, 4) == 0.9167


def test_the_first_fifth_of_each_set_is_held_out() -> None:
    split = two_way_split(textured(10))
    np.testing.assert_array_equal(split.rows("validation"), [0, 1, 10, 11])
    assert len(split.rows("train")) == 16
    assert len(split.rows("test")) == 0


def test_a_set_of_one_image_cannot_be_split() -> None:
    with pytest.raises(InputError, match="reals: a split in two parts needs at least 2 images"):
        two_way_split(textured(1))


def test_the_report_is_given_with_interval_and_cautions() -> None:
    marked = textured(20, amplitude=60)
    form = NetworkForm("cmpe258", side=16)
    settings = ClassifySettings(device="cpu", preset="cmpe258", yes=True)
    done = as_reported(marked, settings, seed=0, form=form, epochs=2)
    assert done.accuracy.n == {"real": 4, "fake": 4}
    assert done.accuracy.value is not None
    assert (8 * done.accuracy.value) % 1 == 0
    assert (done.accuracy.low, done.accuracy.high) == wilson(8 * done.accuracy.value, 8)
    assert "Wilson" in done.accuracy.method
    text = " ".join(done.caution)
    for word in (".526", "belong together", "JPEG", "arrival"):
        assert word in text
    assert "lowest" in done.protocol
