"""Models whose maps would mean nothing are refused when they are opened."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from saliency.toy_models import SIDE, Functional, colour_means, plain_model

from ganeval.errors import ExitCode, GanevalError, InputError
from ganeval.saliency.checks import check_outputs, probe_images
from ganeval.saliency.model import ModelFacts, PixelModel, plain_preprocess


def opened(function: Callable[[torch.Tensor], object], **options: bool) -> PixelModel:
    facts = ModelFacts("toy", "", plain_preprocess(SIDE, (0, 0, 0), (1, 1, 1)), 1)
    return PixelModel(Functional(function), facts, **options)


def test_logits_pass_and_log_probabilities_that_were_asked_for() -> None:
    with plain_model() as model:
        check_outputs(model)
    with opened(lambda x: colour_means(x).softmax(1), probabilities=True) as model:
        check_outputs(model)
    with opened(lambda x: colour_means(x).log_softmax(1)) as model:
        check_outputs(model)


def test_a_softmax_is_refused_and_the_way_out_named() -> None:
    with (
        opened(lambda x: (20 * colour_means(x)).softmax(1)) as model,
        pytest.raises(InputError, match="gives probabilities") as caught,
    ):
        check_outputs(model)
    assert "--accept-probabilities" in str(caught.value)


def test_logits_are_not_taken_for_probabilities() -> None:
    for function in (colour_means, lambda x: colour_means(x) - 0.5):
        with (
            opened(function, probabilities=True) as model,
            pytest.raises(InputError, match="outputs are no probabilities"),
        ):
            check_outputs(model)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda x: colour_means(x) * float("nan"), "no finite numbers for 4 of 4"),
        (lambda x: torch.where(colour_means(x) > 0.5, torch.inf, 1.0), "no finite numbers for"),
        (lambda x: torch.tensor([[1.0, 5.0]]).expand(len(x), 2), "same outputs for 4"),
        (lambda x: 1e6 + 1e-3 * colour_means(x), "same outputs for 4"),
    ],
)
def test_outputs_that_say_nothing_are_refused(
    function: Callable[[torch.Tensor], object], reason: str
) -> None:
    with opened(function) as model, pytest.raises(GanevalError, match=reason) as caught:
        check_outputs(model)
    assert caught.value.exit_code == ExitCode.FAILED


def test_a_detector_of_one_logit_between_0_and_1_is_no_softmax() -> None:
    with opened(lambda x: x.mean((1, 2, 3)), detector=True) as model:
        check_outputs(model)


@pytest.mark.parametrize("side", [8, 33])
def test_the_test_images_differ_and_are_images(side: int) -> None:
    probes = probe_images(side)
    assert probes.shape == (4, 3, side, side)
    assert 0 <= float(probes.min()) < float(probes.max()) <= 1
    distances = torch.cdist(probes.flatten(1), probes.flatten(1)) + 99 * torch.eye(4)
    assert float(distances.min()) / (3 * side**2) ** 0.5 > 0.1
    assert torch.equal(probes, probe_images(side))
