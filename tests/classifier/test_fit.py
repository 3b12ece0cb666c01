"""Training: what is found, what is chosen on, what it depends on, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from classifier.textured import as_pixels, checker, examples_of, in_parts, pink, textured

from ganeval.classifier.examples import Examples, Split
from ganeval.classifier.fit import ENOUGH, PATIENCE, FittedNetwork, fit_network
from ganeval.classifier.network_form import NetworkForm
from ganeval.classifier.settings import ClassifySettings
from ganeval.errors import GanevalError, InputError
from ganeval.statistics.auc import auc_value

SETTINGS = ClassifySettings(device="cpu", yes=True)  # however busy the machine is
MARKED = textured(20)
SPLIT = in_parts(MARKED)


def fitted(
    examples: Examples = MARKED, split: Split = SPLIT, seed: int = 0, epochs: int = 3
) -> FittedNetwork:
    return fit_network(examples, split, SETTINGS, seed=seed, epochs=epochs)


def part_auc(network: FittedNetwork, examples: Examples, split: Split) -> float:
    rows = split.rows("test")
    logits = network.logits([examples.pixels[row] for row in rows])
    labels = examples.labels[rows]
    return auc_value(logits[labels == 1], logits[labels == 0])


@pytest.fixture(scope="module")
def network() -> FittedNetwork:
    return fitted()


def test_a_checker_all_over_is_found() -> None:
    assert part_auc(fitted(epochs=6), MARKED, SPLIT) == 1.0


def test_the_record_tells_how_it_was_trained(network: FittedNetwork) -> None:
    info = network.info
    assert (info.preset, info.pixels, info.parameters) == ("default", "raw", 288_033)
    assert (info.receptive_field, info.crop) == (32, 32)
    assert [one.epoch for one in info.epochs] == list(range(1, len(info.epochs) + 1))
    losses = [one.validation_loss for one in info.epochs]
    assert info.best_epoch == 1 + int(np.argmin(losses))
    # 24 training images: one batch of 32 per epoch.
    assert info.passes == len(info.epochs) * 32
    ended = {
        "all validation images told apart": losses[-1] < ENOUGH,
        f"no lower validation loss for {PATIENCE} epochs": len(losses) - info.best_epoch
        == PATIENCE,
        "all 3 epochs": len(losses) == 3,
    }
    assert ended[info.stopped]


def test_the_weights_are_those_of_the_best_epoch(network: FittedNetwork) -> None:
    rows = SPLIT.rows("validation")
    logits = network.logits([MARKED.pixels[row] for row in rows])
    signs = np.where(MARKED.labels[rows] == 1, 1, -1)
    best = network.info.epochs[network.info.best_epoch - 1]
    assert np.logaddexp(0, -signs * logits).mean() == pytest.approx(best.validation_loss, rel=1e-12)


def test_the_same_again_is_the_same_to_the_last_bit(network: FittedNetwork) -> None:
    state = torch.get_rng_state()
    torch.manual_seed(99)
    again = fitted()
    torch.set_rng_state(state)
    assert again.info == network.info
    np.testing.assert_array_equal(again.logits(MARKED.pixels), network.logits(MARKED.pixels))


def test_names_and_order_of_files_change_nothing(network: FittedNetwork) -> None:
    rows = np.concatenate([np.arange(20)[::-1], 20 + np.arange(20)[::-1]])
    turned = MARKED.take(rows)
    other = fitted(turned, Split(SPLIT.parts[rows], SPLIT.hash))
    assert other.info.best_epoch == network.info.best_epoch
    # Validation images are scored in the same micro-batches' size, so every weight is the same.
    np.testing.assert_array_equal(other.logits(MARKED.pixels), network.logits(MARKED.pixels))


def test_the_test_part_is_never_looked_at(network: FittedNetwork) -> None:
    blank = [
        np.zeros_like(image) if part == 2 else image
        for image, part in zip(MARKED.pixels, SPLIT.parts, strict=True)
    ]
    other = fitted(replace(MARKED, pixels=blank))
    assert other.info == network.info


def test_another_seed_is_another_network(network: FittedNetwork) -> None:
    other = fitted(seed=1, epochs=1)
    assert other.info.epochs[0].train_loss != network.info.epochs[0].train_loss


def test_the_global_generators_are_left_alone() -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    legacy = np.random.get_state()[1].tolist()  # noqa: NPY002  # what a careless draw would change
    few = textured(6)
    fitted(few, in_parts(few))
    assert torch.equal(torch.get_rng_state(), before)
    assert np.random.get_state()[1].tolist() == legacy  # noqa: NPY002


def test_the_rate_is_halved_after_four_epochs_without_a_lower_loss() -> None:
    rng = np.random.default_rng(0)
    images = [as_pixels(pink(rng, 32)) for _ in range(48)]
    nothing = examples_of(images[:12], images[12:24])
    info = fitted(nothing, in_parts(nothing), epochs=20).info
    best, rate, waited = np.inf, 1e-3, 0
    for one in info.epochs:
        assert one.learning_rate == rate
        waited = 0 if one.validation_loss < best else waited + 1
        best = min(best, one.validation_loss)
        rate = rate / 2 if waited and waited % 4 == 0 else rate
    assert info.epochs[-1].learning_rate < 1e-3


def test_the_reports_network_learns_too() -> None:
    form = NetworkForm("cmpe258", side=16)
    large = textured(40, amplitude=60)
    split = in_parts(large)
    done = fit_network(large, split, SETTINGS, seed=0, form=form, pixels="defended", epochs=6)
    assert done.info.receptive_field is None
    assert (done.info.crop, done.info.pixels) == (16, "defended")
    assert {one.learning_rate for one in done.info.epochs} == {1e-3}
    assert done.info.epochs[-1].train_loss < done.info.epochs[0].train_loss


def test_progress_and_time_are_told() -> None:
    told: list[tuple[str, int, int]] = []
    heard: list[str] = []
    few = textured(8)
    done = fit_network(
        few,
        in_parts(few),
        SETTINGS,
        seed=0,
        progress=lambda label, done, total, unit="images": told.append((label, done, total)),
        announce=heard.append,
        epochs=2,
    )
    assert told[0] == ("network", 32, 64)
    assert told[-1] == ("network", 64, 64)
    assert len(told) == len(done.info.epochs) + 1
    assert len(heard) == 1
    assert heard[0].startswith("The network is trained for at most ")
    assert "64 views of training images" in heard[0]


def test_hours_are_refused_before_training_unless_agreed_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few = textured(8)
    split = in_parts(few)
    told: list[int] = []

    def fit(settings: ClassifySettings) -> FittedNetwork:
        return fit_network(
            few,
            split,
            settings,
            seed=0,
            epochs=1,
            fits=3,
            progress=lambda *a, **k: told.append(a[1]),
        )

    monkeypatch.setattr("ganeval.classifier.training_time.LONGEST", 1e-3)
    with pytest.raises(InputError, match=r"would take up to .* on this machine") as caught:
        fit(replace(SETTINGS, yes=False))
    for remedy in ("--yes", "--crop 32", "--preset quick", "--device cuda"):
        assert remedy in str(caught.value)
    assert not told
    assert fit(SETTINGS).info.epochs


def test_a_part_without_a_class_is_refused() -> None:
    few = textured(6)
    parts = in_parts(few).parts.copy()
    parts[(few.labels == 1) & (parts == 1)] = -1
    with pytest.raises(InputError, match="validation part has no image of fakes"):
        fitted(few, Split(parts, ""))


def test_images_below_32_pixels_are_refused() -> None:
    small = textured(6, side=31)
    with pytest.raises(InputError, match="images of 31 px are too small"):
        fitted(small, in_parts(small))


def test_a_loss_that_is_no_number_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    few = textured(6)
    monkeypatch.setattr(NetworkForm, "scaled", lambda self, batch: batch * float("nan"))
    with pytest.raises(GanevalError, match="no finite number in step 1 of epoch 1"):
        fitted(few, in_parts(few))


def planted(
    count: int, side: int, box: int, amplitude: float
) -> tuple[Examples, list[tuple[int, int]]]:
    """Fakes carry a checker in one box at a random place."""
    rng = np.random.default_rng(0)
    images = [pink(rng, side) for _ in range(2 * count)]
    corners = [tuple(int(i) for i in rng.integers(0, side - box + 1, 2)) for _ in range(count)]
    for image, (top, left) in zip(images[count:], corners, strict=True):
        image[top : top + box, left : left + box] += checker(box, amplitude)
    pixels = [as_pixels(image) for image in images]
    return examples_of(pixels[:count], pixels[count:]), corners  # type: ignore[return-value]


def share_inside(
    network: FittedNetwork,
    examples: Examples,
    split: Split,
    corners: list[tuple[int, int]],
    box: int,
) -> float:
    """Share of the test part's fakes whose highest patch is centred in the box, or 4 px off."""
    inside = []
    for row in split.rows("test"):
        if examples.labels[row] == 1:
            scores = network.patch_logits(examples.pixels[row])
            place = np.array(np.unravel_index(scores.argmax(), scores.shape)) * 4 + 1.5
            corner = np.array(corners[row - len(corners)])
            inside.append(bool(((place >= corner - 4) & (place <= corner + box - 1 + 4)).all()))
    return float(np.mean(inside))


@pytest.mark.slow
def test_a_strong_local_artefact_is_found_where_it_is() -> None:
    examples, corners = planted(32, 48, 16, 60)
    split = in_parts(examples, (0.5, 0.2))
    network = fitted(examples, split, epochs=10)
    assert part_auc(network, examples, split) >= 0.95
    # By chance a patch is inside with probability 0.3, and 8 of 10 are with 0.002.
    assert share_inside(network, examples, split, corners, 16) >= 0.75


@pytest.mark.slow
def test_a_planted_local_artefact_is_found_where_it_is() -> None:
    examples, corners = planted(400, 64, 16, 8)
    split = in_parts(examples, (0.6, 0.15))
    network = fitted(examples, split, epochs=30)
    assert part_auc(network, examples, split) >= 0.95
    # By chance a patch is inside with probability 0.14.
    assert share_inside(network, examples, split, corners, 16) >= 0.75
