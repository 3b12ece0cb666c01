"""``ganeval.evaluate`` from Python."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

import ganeval
from ganeval.errors import InputError

SETTINGS = {"extractor": "random-projection", "cache": False}


def images(seed: int, count: int = 16, dark: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, 8, 8, 3), dtype=np.uint8).repeat(4, 1).repeat(4, 2) // dark


REAL, GOOD, DARK = images(0), images(1), images(2, dark=2)


def test_arrays_of_several_sets_are_compared_under_the_names_given() -> None:
    record = ganeval.evaluate(REAL, {"good": GOOD, "dark": DARK}, "fid,kid", **SETTINGS)
    assert [info.label for info in record.inputs] == ["images (1)", "good", "dark"]
    assert record.best("excess") == "good"
    assert record.metric("kid", fake="dark").estimate.value is not None


def test_every_form_of_the_same_images_gives_the_same_number() -> None:
    forms = [
        GOOD,
        torch.from_numpy(GOOD),
        torch.from_numpy(GOOD).permute(0, 3, 1, 2),
        [[Image.fromarray(one) for one in GOOD]],  # a list holds sets, not images
    ]
    values = {
        ganeval.evaluate(REAL, form, ["fid"], **SETTINGS).metric("fid").estimate.value
        for form in forms
    }
    assert len(values) == 1


def test_floats_need_their_range_and_give_the_same_number() -> None:
    floats = torch.from_numpy(GOOD).permute(0, 3, 1, 2) / 127.5 - 1
    with pytest.raises(InputError, match="--range"):
        ganeval.evaluate(floats, floats, "fid", **SETTINGS)
    record = ganeval.evaluate(
        torch.from_numpy(REAL).permute(0, 3, 1, 2) / 127.5 - 1,
        floats,
        "fid",
        value_range=(-1, 1),
        **SETTINGS,
    )
    expected = ganeval.evaluate(REAL, GOOD, "fid", **SETTINGS)
    assert record.metric("fid").estimate.value == expected.metric("fid").estimate.value


def test_an_unknown_setting_is_a_sentence() -> None:
    with pytest.raises(InputError, match="did you mean extractor"):
        ganeval.evaluate(REAL, GOOD, "fid", extractr="random-projection")


def test_two_sets_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match="called alike"):
        ganeval.evaluate(REAL, {"images (1)": GOOD}, "fid", **SETTINGS)


def test_an_unknown_name_of_the_package_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'evaluat'"):
        _ = ganeval.evaluat


def test_options_that_would_do_nothing_are_refused() -> None:
    with pytest.raises(InputError, match="no fake set"):
        ganeval.evaluate(REAL, [], "fid", **SETTINGS)
    with pytest.raises(InputError, match="looks for copies"):
        ganeval.evaluate(REAL, GOOD, "fid", train=REAL, **SETTINGS)
    with pytest.raises(InputError, match="--layer: no metric"):
        ganeval.evaluate(REAL, GOOD, "fd:random-projection", layer="768", cache=False)
