"""A classifier at rest: what comes back, what is refused, and that nothing of it is code."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from classifier.textured import in_parts, textured
from safetensors.numpy import load_file, save_file

from ganeval.classifier.fit import FittedNetwork, fit_network
from ganeval.classifier.formats import audit_formats
from ganeval.classifier.knn import KnnModel, fit_knn
from ganeval.classifier.linear import LinearModel, fit_linear
from ganeval.classifier.model_file import load_model, save_model
from ganeval.classifier.network_form import NetworkForm
from ganeval.classifier.preprocessing import Preprocessing
from ganeval.classifier.settings import ClassifySettings
from ganeval.errors import GanevalError, InputError

SETTINGS = ClassifySettings(device="cpu", yes=True)
MARKED = textured(12)
SPLIT = in_parts(MARKED)
TRAIN = SPLIT.rows("train")
MATRIX = np.random.default_rng(0).normal(size=(len(MARKED), 5)).astype(np.float32)
Scorer = LinearModel | KnnModel | FittedNetwork


def save(folder: Path, model: Scorer, rung: str) -> str:
    return save_model(
        folder,
        model,
        rung=rung,  # type: ignore[arg-type]
        temperature=1.5,
        thresholds={"half": 0.0, "validation": 0.25},
        names=MARKED.names,
        split_hash=SPLIT.hash,
        train_contents=[MARKED.contents[row] for row in TRAIN],
        audit=audit_formats(MARKED, None, 0),
        preprocessing=Preprocessing.of(MARKED, SETTINGS, pixels="raw"),
    )


@pytest.fixture(scope="module")
def network() -> FittedNetwork:
    return fit_network(MARKED, SPLIT, replace(SETTINGS, pool="top10"), seed=0, epochs=1)


@pytest.fixture(scope="module")
def linear() -> LinearModel:
    return fit_linear(MATRIX, MARKED.labels, TRAIN, SPLIT.rows("validation"))


def test_a_network_comes_back_to_the_last_bit(tmp_path: Path, network: FittedNetwork) -> None:
    digest = save(tmp_path / "model", network, "cnn")
    model = load_model(tmp_path / "model", device="cpu")
    assert isinstance(model.scorer, FittedNetwork)
    pixels = MARKED.pixels
    np.testing.assert_array_equal(model.scorer.logits(pixels), network.logits(pixels))
    np.testing.assert_array_equal(
        model.scorer.patch_logits(pixels[0]), network.patch_logits(pixels[0])
    )
    assert model.scorer.info == network.info
    assert model.scorer.form == NetworkForm("default", "top10")
    assert model.sha256 == digest
    assert model.trained_on == {MARKED.contents[row] for row in TRAIN}
    facts = model.facts
    assert (facts.rung, facts.classes, facts.names) == ("cnn", ["real", "fake"], ["reals", "fakes"])
    assert (facts.temperature, model.threshold, facts.split_hash) == (1.5, 0.25, SPLIT.hash)
    assert facts.environment.packages["torch"]


def test_the_reports_network_comes_back(tmp_path: Path) -> None:
    form = NetworkForm("cmpe258", side=16)
    fitted = fit_network(MARKED, SPLIT, SETTINGS, seed=0, form=form, epochs=1)
    save(tmp_path, fitted, "cnn")
    model = load_model(tmp_path, device="cpu")
    assert isinstance(model.scorer, FittedNetwork)
    np.testing.assert_array_equal(model.scorer.logits(MARKED.pixels), fitted.logits(MARKED.pixels))


def test_lines_and_neighbours_come_back(tmp_path: Path, linear: LinearModel) -> None:
    for rung, fitted in (("colour", linear), ("knn", fit_knn(MATRIX, MARKED.labels, TRAIN))):
        save(tmp_path / rung, fitted, rung)
        scorer = load_model(tmp_path / rung).scorer
        assert type(scorer) is type(fitted)
        np.testing.assert_array_equal(scorer.scores(MATRIX), fitted.scores(MATRIX))


def test_they_need_no_torch(tmp_path: Path, linear: LinearModel) -> None:
    save(tmp_path, linear, "colour")
    code = (
        "import sys; from ganeval.classifier.model_file import load_model; "
        "import ganeval.classifier.apply; "
        f"load_model({str(tmp_path)!r}); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_folder_of_the_run_will_do(tmp_path: Path, linear: LinearModel) -> None:
    save(tmp_path / "model", linear, "colour")
    assert load_model(tmp_path).facts == load_model(tmp_path / "model").facts


def test_probabilities_are_calibrated_by_the_temperature(
    tmp_path: Path, linear: LinearModel
) -> None:
    save(tmp_path, linear, "colour")
    p = load_model(tmp_path).p_fake(np.array([-1e4, -1.5, 0.0, 3.0, 1e4]))
    np.testing.assert_allclose(p, [0, 1 / (1 + np.e), 0.5, 1 / (1 + np.exp(-2)), 1], rtol=1e-12)


def test_the_same_classifier_is_the_same_file(tmp_path: Path, linear: LinearModel) -> None:
    assert save(tmp_path / "a", linear, "colour") == save(tmp_path / "b", linear, "colour")


def edited(folder: Path, **changes: object) -> None:
    facts = json.loads((folder / "classifier.json").read_text("utf-8"))
    (folder / "classifier.json").write_text(json.dumps(facts | changes), "utf-8")


def test_what_is_no_classifier_is_refused(tmp_path: Path, linear: LinearModel) -> None:
    with pytest.raises(InputError, match=r"classifier\.json: cannot be read: No such file"):
        load_model(tmp_path)
    (tmp_path / "classifier.json").write_text("{", "utf-8")
    (tmp_path / "classifier.safetensors").write_bytes(b"")
    with pytest.raises(InputError, match="not JSON"):
        load_model(tmp_path)
    save(tmp_path, linear, "colour")
    edited(tmp_path, schema="ganeval.classifier/9")
    with pytest.raises(InputError, match=r"schema 'ganeval\.classifier/9' is not"):
        load_model(tmp_path)
    save(tmp_path, linear, "colour")
    edited(tmp_path, temperature=0)
    with pytest.raises(InputError, match="not a classifier: temperature"):
        load_model(tmp_path)


def test_numbers_that_are_not_its_own_are_refused(tmp_path: Path, linear: LinearModel) -> None:
    save(tmp_path, linear, "colour")
    tensors = load_file(tmp_path / "classifier.safetensors")
    save_file({**tensors, "weights": tensors["weights"] + 1}, tmp_path / "classifier.safetensors")
    with pytest.raises(InputError, match="damaged, or not the file"):
        load_model(tmp_path)


def swapped(folder: Path, tensors: dict[str, np.ndarray]) -> None:
    """Replaces the numbers and their digest, as somebody who means it would."""
    save_file(tensors, folder / "classifier.safetensors")
    data = (folder / "classifier.safetensors").read_bytes()
    edited(folder, tensors_sha256=hashlib.sha256(data).hexdigest())


def test_numbers_that_do_not_fit_are_refused(
    tmp_path: Path, linear: LinearModel, network: FittedNetwork
) -> None:
    save(tmp_path, linear, "colour")
    tensors = load_file(tmp_path / "classifier.safetensors")
    swapped(tmp_path, {**tensors, "weights": tensors["weights"][:3]})
    with pytest.raises(InputError, match="do not fit its scorer 'linear'"):
        load_model(tmp_path)
    save(tmp_path, network, "cnn")
    tensors = load_file(tmp_path / "classifier.safetensors")
    swapped(tmp_path, {**tensors, "last.weight": np.zeros((2, 128, 1, 1), np.float32)})
    with pytest.raises(InputError, match="weights do not fit its network"):
        load_model(tmp_path)


def test_a_network_nobody_knows_is_refused(tmp_path: Path, network: FittedNetwork) -> None:
    save(tmp_path, network, "cnn")
    scorer = json.loads((tmp_path / "classifier.json").read_text("utf-8"))["scorer"]
    edited(tmp_path, scorer={**scorer, "form": {"name": "resnet"}})
    with pytest.raises(InputError, match="network is none that this version knows"):
        load_model(tmp_path)
    edited(tmp_path, scorer={"kind": "pickle"})
    with pytest.raises(InputError, match="rung cnn cannot have a scorer 'pickle'"):
        load_model(tmp_path)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, linear: LinearModel) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(GanevalError, match="cannot be made"):
        save(tmp_path / "file" / "model", linear, "colour")
