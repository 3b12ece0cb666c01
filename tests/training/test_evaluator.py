"""What a trainer calls to have its fakes measured."""

from __future__ import annotations

import random

import numpy as np
import numpy.typing as npt
import pytest
import torch

import ganeval
from ganeval.errors import InputError
from ganeval.training.evaluator import Evaluator

Images = npt.NDArray[np.uint8]
PROJECTION = "random-projection"


def images(n: int, seed: int, channels: int = 3, darker: int = 1) -> Images:
    rng = np.random.default_rng(seed)
    return (rng.integers(0, 256, (n, 16, 12, channels)) // darker).astype(np.uint8)


REAL, FAKE = images(30, 1), images(26, 2, darker=2)


def test_numbers_are_those_of_the_command_line() -> None:
    measured = Evaluator("fid,kid,prdc", PROJECTION)("B", REAL, FAKE)
    record = ganeval.evaluate(REAL, FAKE, "fid,kid,prdc", extractor=PROJECTION)
    expected = [(one.name, one.display, one.direction, one.estimate) for one in record.metrics]
    assert measured == expected
    assert [name for name, *_ in measured][:2] == ["fid", "kid"]


def test_reals_of_each_domain_are_extracted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    evaluator = Evaluator(("fid",), PROJECTION)
    extracted = []
    batch = evaluator._features.batch
    monkeypatch.setattr(
        evaluator._features, "batch", lambda pixels: extracted.append(len(pixels)) or batch(pixels)
    )
    first = evaluator("A", REAL, FAKE)
    other = evaluator("B", images(20, 3), FAKE)
    assert evaluator("A", REAL.copy(), FAKE) == first
    assert extracted == [26, 30, 26, 20, 26]
    changed = evaluator("A", images(20, 3), FAKE)  # the same domain holds other images now
    assert changed == other


def test_grey_images_are_measured_as_three_equal_channels() -> None:
    grey_real, grey_fake = images(12, 1, channels=1), images(12, 2, channels=1, darker=3)
    evaluator = Evaluator(("fid", "kid"), PROJECTION)
    tripled = evaluator("B", np.repeat(grey_real, 3, axis=3), np.repeat(grey_fake, 3, axis=3))
    grey = evaluator("A", grey_real, grey_fake)
    for (*_, one), (*_, other) in zip(grey, tripled, strict=True):
        # Rows stand in the order of digests, which differs: sums differ by rounding.
        assert one.value == pytest.approx(other.value, rel=1e-9)


@pytest.mark.parametrize(("n", "m"), [(1, 26), (30, 1), (30, 0)])
def test_too_few_images_give_no_value_but_a_reason(n: int, m: int) -> None:
    evaluator = Evaluator("fid,kid,prdc", PROJECTION)
    full = evaluator("B", REAL, FAKE)
    few = evaluator("B", REAL[:n], FAKE[:m])
    assert [one[:3] for one in few] == [one[:3] for one in full]
    for *_, estimate in few:
        assert estimate.value is None
        assert f"got {n} real and {m} fake" in (estimate.reason or "")


def test_a_metric_that_these_images_cannot_give_costs_no_other() -> None:
    measured = Evaluator("fid,prdc", PROJECTION)("B", REAL[:4], FAKE[:4])
    values = {name: estimate for name, _, _, estimate in measured}
    assert values["fid"].value is not None
    assert values["precision"].value is None
    assert values["precision"].reason


def test_random_state_and_modes_of_the_training_stay_as_they_are(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def state() -> tuple[object, ...]:
        numpy_state = np.random.get_state()[1]  # noqa: NPY002  (the global one is meant)
        assert isinstance(numpy_state, np.ndarray)
        return (
            torch.get_rng_state().tolist(),
            numpy_state.tolist(),
            random.getstate(),
            torch.is_grad_enabled(),
            torch.get_num_threads(),
        )

    before = state()
    evaluator = Evaluator()
    measured = evaluator("B", REAL, FAKE)
    assert measured[0][:3] == ("fid", "FD(efficientnet-lite0)", "lower")
    assert state() == before
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "wrong", [np.zeros((4, 8, 8), np.uint8), np.zeros((4, 3, 8, 8), np.uint8), REAL / 255]
)
def test_other_arrays_are_refused(wrong: Images) -> None:
    with pytest.raises(InputError, match=r"fake images must be uint8 \[n, H, W, 1 or 3\]"):
        Evaluator("fid", PROJECTION)("B", REAL, wrong)


def test_an_unknown_metric_or_extractor_is_refused_at_once() -> None:
    with pytest.raises(InputError, match="no metric 'fit'"):
        Evaluator(("fit",))
    with pytest.raises(InputError, match="no extractor"):
        Evaluator(extractor="inception")
