"""`explain` gathers what the record holds, and leaves out what there is no network for."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from ganeval.classifier.examples import Split
from ganeval.classifier.fit import FittedNetwork
from ganeval.classifier.network_form import NetworkForm
from ganeval.classifier.why.explain import Why, explain
from ganeval.records.classify import NetworkInfo


@pytest.fixture(scope="module")
def network() -> FittedNetwork:
    """A network without training, every weight of which is fixed by its seed."""
    form = NetworkForm("default")
    info = NetworkInfo(
        preset="default",
        pixels="raw",
        parameters=288_033,
        receptive_field=32,
        crop=64,
        epochs=[],
        best_epoch=0,
        passes=0,
        stopped="never trained",
    )
    return FittedNetwork(form, form.initialised(0, torch.device("cpu")), info)


@pytest.fixture(scope="module")
def explained(make, network, tmp_path_factory):
    """Images of 40 px with the network's scores, what explains them, and its folder."""
    made = make(reals=14, fakes=14, side=40)
    scores = network.logits(made.examples.pixels)
    out = tmp_path_factory.mktemp("explained")
    return scores, explain(made.examples, made.split, scores, out, network=network), out


def test_with_a_network_every_part_is_there(explained) -> None:
    _, why, out = explained
    assert [gallery.name for gallery in why.galleries] == ["caught", "convincing", "mistaken"]
    names = {picture.name for picture in why.pictures}
    assert names >= {
        "map-scale",
        "mean-map-real",
        "mean-map-fake",
        "most-real",
        "most-fake",
        "spectrum-difference",
    }
    assert [curve.name for curve in why.curves] == [
        "border-profile-real",
        "border-profile-fake",
        "spectrum-difference",
    ]
    assert (len(why.spectrum), len(why.peaks), len(why.bandstop)) == (16, 24, 9)
    assert {row.by for row in why.slices} == {"brightness"}
    files = [picture.file for picture in why.pictures]
    files += sorted({image.map for gallery in why.galleries for image in gallery.images})
    assert len(files) == len(set(files))
    for file in files:
        with Image.open(out / file) as image:
            image.load()
    written = {str(path.relative_to(out)) for path in out.rglob("*.png")}
    assert written == set(files)


def test_unchanged_images_of_the_band_stop_table_score_as_they_did(explained) -> None:
    scores, why, _ = explained
    fakes, reals = scores[14:, None], scores[None, :14]
    auc = float(((fakes > reals) + 0.5 * (fakes == reals)).mean())
    assert why.bandstop[0].auc.value == pytest.approx(auc)


def test_without_a_network_what_needs_one_is_left_out(make, steep, tmp_path) -> None:
    made = make(reals=14, fakes=14)
    scores = steep.logits(made.examples.pixels)
    why = explain(made.examples, made.split, scores, tmp_path, score=steep.logits)
    assert [picture.name for picture in why.pictures] == ["spectrum-difference"]
    assert all(image.map is None for gallery in why.galleries for image in gallery.images)
    assert len(why.bandstop) == 10
    assert explain(made.examples, made.split, scores, tmp_path).bandstop == []


def test_class_images_are_held_against_the_networks_own_scores(
    make, steep, network, tmp_path
) -> None:
    made = make(reals=6, fakes=6, side=32)
    own = network.logits(made.examples.pixels)
    other = 100 + np.arange(12.0)  # of another rung, which is the best
    for known in (None, own):
        why = explain(
            made.examples,
            made.split,
            other,
            tmp_path,
            network=network,
            score=steep.logits,
            network_scores=known,
        )
        (picture,) = [one for one in why.pictures if one.name == "most-fake"]
        assert f"below {np.quantile(own[6:], 0.95):.3g}" in picture.caption
    assert why.galleries[0].images[0].logit == 111


def test_a_network_without_patches_scores_whole_images(make, network, tmp_path) -> None:
    form = NetworkForm("cmpe258", side=32)
    info = network.info.model_copy(update={"receptive_field": None, "preset": "cmpe258"})
    whole = FittedNetwork(form, form.initialised(0, torch.device("cpu")), info)
    made = make(reals=6, fakes=6, side=160)  # larger than the window of a network of patches
    scores = whole.logits(made.examples.pixels)
    why = explain(made.examples, made.split, scores, tmp_path, network=whole)
    names = {picture.name for picture in why.pictures}
    assert names & {"most-real", "most-fake"} == {"most-real", "most-fake"}
    assert not names & {"map-scale", "mean-map-real"}
    assert all(image.map is None for gallery in why.galleries for image in gallery.images)
    fakes, reals = scores[6:, None], scores[None, :6]
    auc = float(((fakes > reals) + 0.5 * (fakes == reals)).mean())
    assert why.bandstop[0].auc.value == pytest.approx(auc)


def test_only_the_test_part_is_looked_at(make, steep, tmp_path) -> None:
    made = make(reals=20, fakes=20)
    parts = np.full(40, 2, np.int8)
    parts[::2] = 0
    split = Split(parts, "hash")
    scores = steep.logits(made.examples.pixels)
    pixels = list(made.examples.pixels)
    other = scores.copy()
    for row in range(0, 40, 2):  # what is not tested may be anything
        pixels[row] = np.zeros_like(pixels[row])
        other[row] = 1e6
    changed = replace(made.examples, pixels=pixels)
    first = explain(made.examples, split, scores, tmp_path / "a", score=steep.logits)
    again = explain(changed, split, other, tmp_path / "b", score=steep.logits)
    assert first == again
    drawn = [(tmp_path / x / first.pictures[0].file).read_bytes() for x in "ab"]
    assert drawn[0] == drawn[1]


def test_a_test_part_of_one_class_explains_nothing(make, tmp_path) -> None:
    made = make(reals=8, fakes=8)
    split = Split(np.where(made.labels == 1, 0, 2).astype(np.int8), "hash")
    assert explain(made.examples, split, np.zeros(16), tmp_path) == Why()


def test_torch_is_loaded_for_class_images_alone() -> None:
    code = (
        "import sys, ganeval.classifier.why.explain; "
        "print(*{'torch', 'matplotlib', 'sklearn', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
