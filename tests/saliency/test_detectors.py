"""The detector of ``ganeval classify`` as a pixel model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from classifier.textured import in_parts, textured

from ganeval.classifier.examples import Examples
from ganeval.classifier.fit import FittedNetwork
from ganeval.classifier.formats import audit_formats
from ganeval.classifier.linear import fit_linear
from ganeval.classifier.model_file import load_model, save_model
from ganeval.classifier.network_form import NetworkForm
from ganeval.classifier.preprocessing import Preprocessing, prepare
from ganeval.classifier.saved_changes import SavedChain, SavedChange, SavedChanges
from ganeval.classifier.settings import ClassifySettings
from ganeval.errors import InputError
from ganeval.images import open_image_set
from ganeval.records.classify import NetworkInfo
from ganeval.saliency.class_goals import class_goals
from ganeval.saliency.images import to_side
from ganeval.saliency.layers import auto_layer
from ganeval.saliency.loading import load_pixel_model
from ganeval.saliency.squares import Squares
from ganeval.saliency.targets import logits_of

MARKED = textured(6)
SPLIT = in_parts(MARKED)
CPU = torch.device("cpu")


def fitted(form: NetworkForm) -> FittedNetwork:
    info = NetworkInfo(
        preset="default",
        pixels="raw",
        parameters=1,
        receptive_field=None,
        crop=32,
        epochs=[],
        best_epoch=0,
        passes=0,
        stopped="made for a test",
    )
    return FittedNetwork(form, form.initialised(1, CPU), info)


def save(
    folder: Path,
    scorer: object,
    rung: str,
    examples: Examples = MARKED,
    grey: bool = False,
    defence: SavedChanges | None = None,
) -> Path:
    settings = ClassifySettings(device="cpu")
    preprocessing = Preprocessing.of(examples, settings, pixels="raw", grey=grey)
    save_model(
        folder,
        scorer,  # type: ignore[arg-type]
        rung=rung,  # type: ignore[arg-type]
        temperature=1.5,
        thresholds={"half": 0.0},
        names=examples.names,
        split_hash=SPLIT.hash,
        train_contents=[],
        audit=audit_formats(examples, None, 0),
        preprocessing=preprocessing.model_copy(
            update={"defence": defence, "pixels": "defended" if defence else "raw"}
        ),
    )
    return folder


def squares(side: int) -> np.ndarray:
    return np.stack([to_side(pixels, side) for pixels in MARKED.pixels])


def test_logits_are_those_of_the_classifier(tmp_path: Path) -> None:
    folder = save(tmp_path / "run" / "model", fitted(NetworkForm("default")), "cnn")
    saved = load_model(folder, device="cpu")
    expected = saved.scorer.logits(MARKED.pixels)  # type: ignore[union-attr]
    for name in (folder, folder.parent, folder / "classifier.json"):
        with load_pixel_model(str(name), device="cpu") as model:
            assert (model.outputs, model.side, model.detector) == (1, 32, True)
            assert model.classes == ("fake",)
            assert model.facts.digest == saved.sha256
            assert model.facts.notices == ()
            assert auto_layer(model) == "body"
            # The classifier folds batch norm into convolutions, at about 2e-7 relative per layer.
            np.testing.assert_allclose(
                logits_of(model, squares(32))[:, 0], expected, rtol=1e-4, atol=1e-5
            )


def test_the_founding_reports_network_has_two_logits_whose_difference_is_the_score(
    tmp_path: Path,
) -> None:
    folder = save(tmp_path, fitted(NetworkForm("cmpe258", side=32)), "cnn")
    expected = load_model(folder, device="cpu").scorer.logits(MARKED.pixels)  # type: ignore[union-attr]
    with load_pixel_model(str(folder), device="cpu") as model:
        assert (model.outputs, model.classes) == (2, ("real", "fake"))
        logits = logits_of(model, squares(32))
        np.testing.assert_allclose(logits[:, 1] - logits[:, 0], expected, rtol=1e-4, atol=1e-5)
        assert model.facts.preprocessing.normalisation.endswith("(x - 0.0)/255.0")
    with pytest.raises(InputError, match="takes 32 px alone"):
        load_pixel_model(str(folder), device="cpu", side=64)


def test_colours_are_taken_out_where_the_detector_learnt_without(tmp_path: Path) -> None:
    folder = save(tmp_path, fitted(NetworkForm("default")), "cnn", grey=True)
    with load_pixel_model(str(folder), device="cpu") as model:
        x = torch.rand(1, 3, 32, 32)
        luma = (x * torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)
        with torch.no_grad():
            torch.testing.assert_close(
                model.logits(x), model.logits(luma.expand_as(x)), rtol=1e-4, atol=1e-5
            )
        leaf = x.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(model.logits(leaf).sum(), leaf)
    # (.299, .587, .114) of one gradient each.
    torch.testing.assert_close(gradient[:, 0] / 0.299, gradient[:, 1] / 0.587)


def test_an_oblong_detector_shows_its_centre_square(tmp_path: Path) -> None:
    wide = textured(6, side=64)
    wide.pixels[:] = [np.ascontiguousarray(pixels[:40]) for pixels in wide.pixels]  # type: ignore[index]
    folder = save(tmp_path, fitted(NetworkForm("default")), "cnn", wide)
    with load_pixel_model(str(folder), device="cpu") as model:
        assert model.side == 40
        crop = to_side(wide.pixels[0], 40, "weights", preprocess=model.facts.preprocessing)
        np.testing.assert_array_equal(
            crop, wide.pixels[0][:, 12:52].transpose(2, 0, 1) / np.float32(255)
        )
    with load_pixel_model(str(folder), device="cpu", side=32) as model:
        assert (model.side, model.facts.preprocessing.resized) == (32, 40)
    with pytest.raises(InputError, match="at least 32 px"):
        load_pixel_model(str(folder), device="cpu", side=16)


@pytest.mark.parametrize(
    ("form", "height", "told"),
    [
        (NetworkForm("default"), 40, "centre square of 40 px, not resized"),
        (NetworkForm("default"), 62, "centre square of 62 px, not resized"),
        (NetworkForm("cmpe258", side=32), 64, "resized to 32 x 32 px (nearest)"),
    ],
)
def test_images_go_through_what_the_classifier_does_to_them(
    tmp_path: Path, form: NetworkForm, height: int, told: str
) -> None:
    """Brought to its size, stored alike in that size, and never smoothed after that."""
    learnt = textured(6, side=64)
    learnt.pixels[:] = [np.ascontiguousarray(one[:height]) for one in learnt.pixels]  # type: ignore[index]
    chain = SavedChain(
        count=1, steps=[{"step": "jpeg", "name": "q40", "chroma": "4:2:0", "quality": 40}]
    )
    change = SavedChange(name="pipeline", chains=[chain])
    folder = save(
        tmp_path / "model",
        fitted(form),
        "cnn",
        learnt,
        defence=SavedChanges(seed=3, real=[change], fake=[change]),
    )
    saved = load_model(folder, device="cpu")
    others = open_image_set(np.stack(textured(2, side=96, seed=9).pixels))
    ready = prepare(others, saved.facts.preprocessing, ClassifySettings(device="cpu"))
    assert not np.array_equal(
        ready.pixels[0], saved.facts.preprocessing.fit(others.decode(0))
    )  # the defence did something
    with load_pixel_model(str(folder), device="cpu") as model:
        squares = Squares.of(model, "whole")
        shown = np.stack([squares.image(others.decode(i), others.headers[i]) for i in range(4)])
        side, top = model.side, (height - model.side) // 2
        if form.side is None:
            left = (64 - side) // 2
            seen = [one[top : top + side, left : left + side] for one in ready.pixels]
            np.testing.assert_array_equal(
                shown, np.stack(seen).transpose(0, 3, 1, 2) / np.float32(255)
            )
        else:
            expected = saved.scorer.logits(ready.pixels)  # type: ignore[union-attr]
            logits = logits_of(model, shown)
            np.testing.assert_allclose(logits[:, 1] - logits[:, 0], expected, rtol=1e-4, atol=1e-5)
        text = squares.text(others.headers)
    assert text == (
        f"brought to the detector's 64 x {height} px, stored alike as its own were, {told}"
    )


def test_classifiers_without_a_gradient_and_options_of_other_models_are_refused(
    tmp_path: Path,
) -> None:
    matrix = np.random.default_rng(0).normal(size=(len(MARKED), 5)).astype(np.float32)
    linear = fit_linear(matrix, MARKED.labels, SPLIT.rows("train"), SPLIT.rows("validation"))
    folder = save(tmp_path / "linear", linear, "colour")
    with pytest.raises(InputError, match="rung colour, whose score has no gradient"):
        load_pixel_model(str(folder), device="cpu")
    network = save(tmp_path / "network", fitted(NetworkForm("default")), "cnn")
    with pytest.raises(InputError, match="--mean does not go with"):
        load_pixel_model(str(network), device="cpu", mean=[0.5])
    with pytest.raises(InputError, match="--weights does not go with a detector"):
        load_pixel_model(str(network), device="cpu", weights=folder)


def test_real_and_fake_are_opposite_goals_whatever_the_number_of_logits(tmp_path: Path) -> None:
    logits = torch.tensor([[0.5, 2.0]])
    for form, row in (
        (NetworkForm("default"), logits[:, 1:] - logits[:, :1]),
        (NetworkForm("cmpe258", side=32), logits),
    ):
        folder = save(tmp_path / form.name, fitted(form), "cnn")
        with load_pixel_model(str(folder), device="cpu") as model:
            real, fake = class_goals(model, "all-used")
            assert [goal.name for goal in (real, fake)] == ["real", "fake"]
            assert float(fake.scores(row)) == 1.5
            assert float(real.scores(row)) == -1.5
            total = real.probabilities(row) + fake.probabilities(row)
            torch.testing.assert_close(total, torch.ones(1))
            assert class_goals(model, " Fake ") == [fake]
            with pytest.raises(InputError, match="classes real and fake"):
                class_goals(model, "zebra")
