"""The target class: by which rule, of which image, and when there is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from saliency.toy_models import SIDE, Functional, colour_means, images, plain_model

from ganeval.errors import GanevalError, InputError
from ganeval.saliency.model import PixelModel, wrap_network
from ganeval.saliency.targets import (
    choose_targets,
    dead_targets,
    logits_of,
    probabilities,
    require_live,
    targets_from_logits,
)

COLOURS = ("red", "green", "blue")
RED, GREEN, BLUE = torch.eye(3)


def colour_model(**options: object) -> PixelModel:
    """Scores are the means of the three colours."""
    network = Functional(colour_means)
    return wrap_network(network, side=SIDE, classes=COLOURS, **options)  # type: ignore[arg-type]


def flat(*colours: torch.Tensor) -> torch.Tensor:
    return torch.stack([c.view(3, 1, 1).expand(3, SIDE, SIDE) for c in colours])


BEFORE, AFTER = flat(RED, GREEN), flat(RED, BLUE)


def test_by_default_the_image_before_decides_for_both() -> None:
    with colour_model() as model:
        targets = choose_targets(model, BEFORE, AFTER)
    assert targets.before.tolist() == targets.after.tolist() == [0, 1]
    assert targets.before.dtype == np.int64
    assert targets.shared
    assert targets.against is None


def test_own_gives_each_image_its_top_class_and_is_not_shared() -> None:
    with colour_model() as model:
        targets = choose_targets(model, BEFORE, AFTER, "own")
        assert choose_targets(model, BEFORE, None, "own").shared
    assert (targets.before.tolist(), targets.after.tolist()) == ([0, 1], [0, 2])
    assert not targets.shared


def test_mean_is_the_top_class_of_the_mean_probability() -> None:
    before, after = np.array([[2.0, 1.9, 0.0]]), np.array([[-9.0, 1.0, 1.5]])
    assert targets_from_logits(before, after, "before").before.tolist() == [0]
    assert targets_from_logits(before, after, "mean").after.tolist() == [1]
    assert targets_from_logits(before, after, "own").after.tolist() == [2]


def test_of_equal_scores_the_first_class_is_taken() -> None:
    assert targets_from_logits(np.zeros((2, 4)), None, "before").before.tolist() == [0, 0]


def test_a_class_is_fixed_by_name_or_number() -> None:
    with colour_model() as model:
        assert choose_targets(model, BEFORE, AFTER, "Blue").before.tolist() == [2, 2]
        assert choose_targets(model, BEFORE, AFTER, "1").after.tolist() == [1, 1]
        with pytest.raises(InputError, match="no class 'beforex'"):
            choose_targets(model, BEFORE, AFTER, "beforex")


def test_labels_come_from_a_table(tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    table.write_text("Path, Label, note\nx.png,blue,\ny.png,0,\nother.png,violet,\n")
    with colour_model() as model:
        targets = choose_targets(model, BEFORE, AFTER, f"label:{table}", keys=["y.png", "x.png"])
    assert targets.before.tolist() == targets.after.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("file,label\nx,1\n", "does not name the columns path and label"),
        ("path,label\nx,1\n", "gives no label for 1 of 2 images: y"),
        ("path,label\nx,1\ny,2\nx,2\n", "line 4: x has two labels"),
        ("path,label\nx,purple\ny,2\n", "line 2: no class 'purple'"),
    ],
)
def test_tables_that_do_not_fit_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    table = tmp_path / "labels.csv"
    table.write_text(text)
    with colour_model() as model, pytest.raises(InputError, match=reason):
        choose_targets(model, BEFORE, AFTER, f"label:{table}", keys=["x", "y"])


def test_contrast_holds_a_detectors_fake_against_real() -> None:
    two = Functional(lambda x: colour_means(x)[:, :2])
    with wrap_network(two, side=SIDE, detector=True, classes=["real", "fake"]) as model:
        targets = choose_targets(model, BEFORE, AFTER, "contrast")
    assert targets.against is not None
    assert (targets.before.tolist(), targets.against.tolist()) == ([1, 1], [0, 0])
    one = Functional(lambda x: x.mean((1, 2, 3)))
    with wrap_network(one, side=SIDE, detector=True, classes=["fake"]) as model:
        single = choose_targets(model, BEFORE, AFTER, "contrast")
        assert (single.before.tolist(), single.against) == ([0, 0], None)
        assert choose_targets(model, BEFORE, AFTER).before.tolist() == [0, 0]


def test_contrast_of_a_classifier_names_two_classes() -> None:
    with colour_model() as model:
        targets = choose_targets(model, BEFORE, None, "contrast:blue,red")
        assert targets.against is not None
        assert (targets.before.tolist(), targets.against.tolist()) == ([2, 2], [0, 0])
        for text, reason in [
            ("contrast", "more than real from fake"),
            ("contrast:blue", "two classes are needed"),
            ("contrast:blue,2", "both are class 2"),
        ]:
            with pytest.raises(InputError, match=reason):
                choose_targets(model, BEFORE, None, text)


def test_logits_do_not_depend_on_the_set_and_bad_ones_name_their_images() -> None:
    x = images(7)
    with plain_model() as model:
        whole = logits_of(model, x, 4)
        assert whole.dtype == np.float64
        for i in range(7):
            np.testing.assert_array_equal(logits_of(model, x[i : i + 1].numpy(), 4)[0], whole[i])
    bad = Functional(lambda x: colour_means(x) / (colour_means(x)[:, :1] < 0.9))
    with (
        wrap_network(bad, side=SIDE) as model,
        pytest.raises(GanevalError, match="no finite scores for 1 of 2 images: first"),
    ):
        logits_of(model, BEFORE, 2, ["first", "second"])


def test_probabilities_are_softmax_and_of_one_logit_logistic() -> None:
    rows = np.array([[0.0, np.log(3)], [800.0, -800.0]])
    np.testing.assert_allclose(probabilities(rows), [[0.25, 0.75], [1, 0]], rtol=1e-15)
    one = probabilities(np.array([[np.log(3)], [-800.0]]))
    np.testing.assert_allclose(one, [[0.75], [0]], rtol=1e-15)


def test_a_score_of_exactly_zero_is_dead() -> None:
    logits = np.array([[0.0, 1.0], [2.0, 0.0], [1e-30, 0.0]])
    dead = dead_targets(logits, np.array([0, 0, 0]))
    assert dead.tolist() == [True, False, False]
    require_live(dead, ["a", "b", "c"])
    with pytest.raises(GanevalError, match="in 2 of 3 images: a, b"):
        require_live(np.array([True, True, False]), ["a", "b", "c"])
