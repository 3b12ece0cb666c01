"""Class models: closed forms, projection, matched pictures, and a score that is flat."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from saliency.toy_models import SIDE, Functional, Linear, colour_means, images, plain_model, seeded
from torch.nn import functional

from ganeval.errors import InputError
from ganeval.saliency.ascent import AscentSettings, _sides, _variation_gradient, ascend
from ganeval.saliency.class_goals import Goal, class_goals
from ganeval.saliency.class_model import FLAT, make_class_model
from ganeval.saliency.model import PixelModel, wrap_network
from ganeval.saliency.targets import logits_of

GOAL = Goal("one", 1)


def linear_model() -> tuple[PixelModel, np.ndarray]:
    """A linear score in float64 and its gradient per unit of the image."""
    network = seeded(Linear(), scale=0.02).double()
    model = wrap_network(network, side=SIDE, mean=(0.5, 0.4, 0.6), std=(0.25, 0.5, 1.0))
    std = np.array([0.25, 0.5, 1.0]).reshape(3, 1, 1)
    weights = network.get_submodule("last").weight[1].detach().numpy().reshape(3, SIDE, SIDE)
    return model, weights / std


def pattern_of(model: PixelModel, image: np.ndarray) -> np.ndarray:
    return image - model.mean_colour[0].numpy()


def test_on_a_linear_score_the_pattern_is_the_gradient_over_twice_lambda() -> None:
    model, weights = linear_model()
    strength = 0.5
    settings = AscentSettings(steps=300, step_size=0.002, strength=strength, clamped=False)
    with model:
        found = ascend(model, GOAL, settings)
    assert found is not None
    pattern = pattern_of(model, found.final.image)
    cosine = (pattern * weights).sum() / np.linalg.norm(pattern) / np.linalg.norm(weights)
    step = settings.step_size * math.sqrt(3 * SIDE**2)
    assert cosine > 0.999
    assert abs(found.final.norm - np.linalg.norm(weights) / (2 * strength)) <= step
    assert found.final.norm == pytest.approx(np.linalg.norm(pattern), rel=1e-5)
    assert found.final.rms == pytest.approx(found.final.norm / math.sqrt(3 * SIDE**2))


def test_without_a_penalty_every_step_changes_the_image_by_the_step_size() -> None:
    model, weights = linear_model()
    with model:
        found = ascend(model, GOAL, AscentSettings(steps=7, step_size=0.02, clamped=False))
        assert found is not None
        expected = 0.14 * weights / np.sqrt((weights**2).mean())
        np.testing.assert_allclose(
            pattern_of(model, found.final.image), expected, rtol=0, atol=1e-6
        )
    # The score of a linear model grows by <w, w>/rms(w) * step size with every step.
    gain = 0.02 * (weights**2).sum() / np.sqrt((weights**2).mean())
    np.testing.assert_allclose(np.diff(found.curve), gain, rtol=1e-6)
    assert len(found.curve) == 8
    assert found.start == "mean"


def test_projected_images_stay_in_0_to_1_and_unclamped_ones_need_not() -> None:
    model, weights = linear_model()
    with model:
        inside = ascend(model, GOAL, AscentSettings(steps=100, step_size=0.05))
        outside = ascend(model, GOAL, AscentSettings(steps=100, step_size=0.05, clamped=False))
    assert inside is not None
    assert outside is not None
    assert inside.final.image.min() >= 0
    assert inside.final.image.max() <= 1
    # 100 steps of .05 carry all but the smallest weights from the mean colour to the edge.
    assert inside.final.saturated > 0.8
    assert outside.final.saturated > 0.8
    assert outside.final.image.max() > 1
    assert outside.final.score > inside.final.score
    # Saturated where the linear score wants it: white where the weight is positive.
    white = weights > 0.3 * np.abs(weights).max()
    np.testing.assert_allclose(inside.final.image[white], 1, rtol=0, atol=1e-6)


def test_the_matched_picture_is_the_first_that_scores_like_the_95th_percentile() -> None:
    with plain_model() as model:
        real = logits_of(model, images(40))
        found = make_class_model(
            model, GOAL, AscentSettings(steps=60, step_size=0.02, restarts=1), real_logits=real
        )
        assert found.real is not None
        quantiles = np.quantile(real[:, 1], [0.05, 0.5, 0.95])
        assert (found.real.q5, found.real.q50, found.real.q95) == tuple(quantiles)
        assert (found.real.largest, found.real.n) == (real[:, 1].max(), 40)
        (ascent,) = found.ascents
        matched = ascent.matched
        assert matched is not None
        assert matched.score >= found.real.q95
        assert (ascent.curve[: matched.step] < found.real.q95).all()
        assert matched.score == pytest.approx(ascent.curve[matched.step], abs=1e-6)
        assert matched.score < ascent.final.score
        again = logits_of(model, matched.image[None], 1)[0]
        assert again[1] == pytest.approx(matched.score, abs=1e-6)
        softmax = np.exp(again - again.max()) / np.exp(again - again.max()).sum()
        assert matched.probability == pytest.approx(softmax[1], rel=1e-6)


def test_a_score_that_is_never_reached_gives_no_matched_picture() -> None:
    with plain_model() as model:
        settings = AscentSettings(steps=2, restarts=1)
        found = make_class_model(model, GOAL, settings, real_logits=np.full((3, 5), 1e6))
        assert found.ascents[0].matched is None
        alone = make_class_model(model, GOAL, settings)
        assert alone.real is None
        assert alone.score_spread is None


def test_restarts_differ_and_each_is_the_same_however_many_there_are() -> None:
    with plain_model() as model:
        three = make_class_model(model, GOAL, AscentSettings(steps=20))
        assert [one.start for one in three.ascents] == ["mean", "noise", "noise"]
        assert three.score_spread is not None
        assert three.score_spread > 0
        assert three.best is max(three.ascents, key=lambda one: one.final.score)
        second = ascend(model, GOAL, AscentSettings(steps=20, restarts=1), restart=1)
        assert second is not None
        np.testing.assert_array_equal(second.final.image, three.ascents[1].final.image)
        other = ascend(model, GOAL, AscentSettings(steps=20, seed=1), restart=1)
        assert other is not None
        assert not np.array_equal(other.final.image, second.final.image)


def test_a_score_that_is_flat_at_the_mean_colour_starts_from_noise() -> None:
    # Squares have no gradient at zero, which is the mean colour.
    network = Functional(lambda x: (x**2).sum((2, 3)))
    with wrap_network(network, side=SIDE, mean=(0.5, 0.5, 0.5), std=(1, 1, 1)) as model:
        found = make_class_model(model, GOAL, AscentSettings(steps=5, restarts=1))
    assert found.flag is None
    assert found.ascents[0].start == "noise"
    assert found.ascents[0].final.score > found.ascents[0].curve[0]


def test_a_score_that_is_flat_everywhere_is_said_to_be() -> None:
    network = Functional(lambda x: functional.relu(colour_means(x) - 5))
    with wrap_network(network, side=SIDE) as model:
        found = make_class_model(model, GOAL, AscentSettings(steps=5))
    assert (found.flag, found.ascents, found.best) == (FLAT, (), None)


def test_octaves_halve_the_side_and_hand_on_by_bilinear_interpolation() -> None:
    settings = AscentSettings(steps=8, octaves=3)
    assert list(_sides(16, settings)) == [4, 4, 8, 8, 16, 16, 16, 16]
    network = Functional(colour_means)
    with wrap_network(network, side=SIDE, mean=(0.5, 0.5, 0.5), std=(1, 1, 1)) as model:
        coarse = ascend(model, GOAL, AscentSettings(steps=4, octaves=3, step_size=0.01))
    assert coarse is not None
    # The mean of a colour wants a flat pattern; each step is 0.01 sqrt(3) in that colour alone.
    pattern = pattern_of(model, coarse.final.image)
    np.testing.assert_allclose(pattern[1], 0.04 * math.sqrt(3), rtol=0, atol=1e-6)
    np.testing.assert_allclose(pattern[[0, 2]], 0, rtol=0, atol=1e-6)


def test_total_variation_and_blur_smooth_and_jitter_is_keyed() -> None:
    def roughness(**options: float) -> float:
        settings = AscentSettings(steps=30, clamped=False, **options)  # type: ignore[arg-type]
        found = ascend(model, GOAL, settings)
        assert found is not None
        image = found.final.image
        return float(np.abs(np.diff(image, axis=1)).mean() + np.abs(np.diff(image, axis=2)).mean())

    model, _ = linear_model()
    with model:
        plain = roughness()
        assert roughness(total_variation=0.05) < 0.9 * plain
        assert roughness(blur_every=2) < 0.9 * plain
        state = torch.random.get_rng_state()
        assert roughness(jitter=3) == roughness(jitter=3)
        assert roughness(jitter=3) != plain
        assert torch.equal(state, torch.random.get_rng_state())


def test_the_gradient_of_total_variation_is_that_of_the_sum_of_absolute_differences() -> None:
    pattern = torch.tensor([[[[0.0, 2.0], [1.0, 1.0]]]])
    # |1-0| + |1-2| + |2-0| + |1-1|: each value is pulled by the signs of its differences.
    assert _variation_gradient(pattern).tolist() == [[[[-2, 2], [1, -1]]]]


def test_a_jittered_curve_holds_scores_of_the_image_itself() -> None:
    network = Functional(lambda x: x[:, :2, 0, 0])
    with wrap_network(network, side=SIDE, mean=(0.5, 0.5, 0.5), std=(1, 1, 1)) as model:
        six = ascend(model, GOAL, AscentSettings(steps=6, jitter=4))
        five = ascend(model, GOAL, AscentSettings(steps=5, jitter=4))
    assert six is not None
    assert five is not None
    # The draws of five steps are the first of six.
    assert six.curve[5] == five.final.score
    assert five.final.score == pytest.approx(float(five.final.image[1, 0, 0]) - 0.5, abs=1e-6)
    # Each step pushes the pixel under the shifted corner, seldom the corner itself.
    assert np.count_nonzero(np.diff(six.curve)) < 6


def test_all_used_classes_are_the_top_ones_of_the_images_by_frequency() -> None:
    with plain_model() as model:
        logits = np.eye(5)[[3, 1, 3, 4, 1, 3]]
        assert [goal.name for goal in class_goals(model, "all-used", logits)] == ["3", "1", "4"]
        assert class_goals(model, "2") == [Goal("2", 2)]
        with pytest.raises(InputError, match="images are needed"):
            class_goals(model, "all-used")
        with pytest.raises(InputError, match="out of range"):
            class_goals(model, "5")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"steps": 0}, "--steps 0"),
        ({"step_size": 0.0}, "--step-size 0"),
        ({"strength": -1.0}, "--lambda -1"),
        ({"total_variation": math.nan}, "--tv nan"),
        ({"blur_every": -1}, "--blur-every -1"),
        ({"steps": 2, "octaves": 3}, "fewer than --octaves"),
    ],
)
def test_numbers_out_of_range_are_refused(options: dict[str, float], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        AscentSettings(**options)  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.shared_data
def test_the_score_of_a_photograph_classifier_runs_away_and_matching_stops_it(
    shared: Path,
) -> None:
    from PIL import Image

    from ganeval.saliency.images import to_side
    from ganeval.saliency.loading import load_pixel_model

    files = sorted((shared / "data" / "horse2zebra" / "fake-zebras").iterdir())[:16]
    x = np.stack([to_side(np.asarray(Image.open(f).convert("RGB")), 224) for f in files])
    weights = shared / "weights" / "squeezenet1_1-fp16-rounded.pth"
    with load_pixel_model("squeezenet1_1", weights=weights, device="cpu") as model:
        real = logits_of(model, x)
        (zebra,) = class_goals(model, "zebra")
        results = {
            clamped: make_class_model(
                model,
                zebra,
                AscentSettings(steps=40, clamped=clamped, restarts=1),
                real_logits=real,
            )
            for clamped in (True, False)
        }
    for found in results.values():
        best = found.best
        assert best is not None
        assert found.real is not None
        assert best.final.score > 5 * found.real.largest
        assert best.matched is not None
        assert found.real.q95 <= best.matched.score < 2 * found.real.q95
        # A few steps of one hundredth are enough for the score of a real zebra.
        assert best.matched.step <= 15
    projected, free = (results[clamped].best for clamped in (True, False))
    assert projected is not None
    assert free is not None
    assert free.final.score > projected.final.score
