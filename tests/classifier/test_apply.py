"""A saved classifier on new folders: the same preprocessing, the same scores, and warnings."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from classifier.made_sets import folder
from classifier.textured import as_pixels, checker, in_parts, pink
from PIL import Image

from ganeval.classifier.apply import apply_model
from ganeval.classifier.colour import colour_matrix
from ganeval.classifier.defence import Defence, choose_defence
from ganeval.classifier.examples import Examples, Split
from ganeval.classifier.feature_matrix import feature_matrix
from ganeval.classifier.fit import fit_network
from ganeval.classifier.formats import audit_formats
from ganeval.classifier.linear import fit_linear
from ganeval.classifier.model_file import save_model
from ganeval.classifier.opening import Opened, open_examples
from ganeval.classifier.preprocessing import Preprocessing
from ganeval.classifier.settings import ClassifySettings
from ganeval.classifier.spectrum import spectrum_matrix
from ganeval.errors import InputError, MissingFileError
from ganeval.records.classify import ApplyRecord
from ganeval.records.files import read_record

SETTINGS = ClassifySettings(device="cpu", seed=3, yes=True)
COUNT = 12


def pictures(seed: int, amplitude: float, side: int = 32, grey: bool = False) -> list[Image.Image]:
    rng = np.random.default_rng(seed)
    made = [as_pixels(pink(rng, side) + checker(side, amplitude)) for _ in range(COUNT)]
    return [Image.fromarray(x).convert("L" if grey else "RGB") for x in made]


def stored(root: Path, images: list[Image.Image], extension: str = "png", **options: int) -> Path:
    root.mkdir(parents=True)
    for i, image in enumerate(images):
        image.save(root / f"{i:02}.{extension}", **options)
    return root


class Trial:
    """A small test whose classifier was saved."""

    def __init__(self, root: Path, opened: Opened, rung: str, settings: ClassifySettings) -> None:
        self.settings = settings
        self.opened = opened
        self.examples: Examples = opened.examples
        self.split: Split = in_parts(self.examples)
        self.audit = audit_formats(self.examples, opened.resized, settings.seed)
        self.defence: Defence = choose_defence(self.examples, self.audit, settings)
        pixels = "raw" if self.defence.idle else "defended"
        seen = self.examples.with_pixels(self.defence.apply(self.examples, settings.seed))
        labels, train = self.examples.labels, self.split.rows("train")
        features = None
        if rung == "cnn":
            network = fit_network(seen, self.split, settings, seed=settings.seed, epochs=1)
            model, self.logits = network, network.logits(seen.pixels)
        else:
            if rung == "colour":
                matrix = colour_matrix(seen.pixels)
            elif rung == "spectrum":
                matrix = spectrum_matrix(seen.pixels)
            else:
                found = feature_matrix(seen, settings, defended=pixels == "defended")
                matrix, features = found.values, found.run.spec
            model = fit_linear(matrix, labels, train, self.split.rows("validation"))
            self.logits = model.scores(matrix)
        self.folder = root / "model"
        grey = any(notice.code == "compared_in_grey" for notice in opened.notices)
        save_model(
            self.folder,
            model,
            rung=rung,  # type: ignore[arg-type]
            temperature=2.0,
            thresholds={"half": 0.0, "validation": 0.1},
            names=self.examples.names,
            split_hash=self.split.hash,
            train_contents=[self.examples.contents[row] for row in train],
            audit=self.audit,
            preprocessing=Preprocessing.of(
                self.examples,
                settings,
                pixels=pixels,  # type: ignore[arg-type]
                defence=self.defence,
                grey=grey,
            ),
            features=features,
        )

    def applied(self, *sources: Path, allow: bool = True) -> ApplyRecord:
        return apply_model(
            self.folder, sources, self.settings, allow_training_images=allow, argv=["ganeval"]
        )


Tested = Callable[..., Trial]


@pytest.fixture
def tested(tmp_path: Path) -> Tested:
    def make(
        rung: str = "cnn",
        real: Path | None = None,
        fake: Path | None = None,
        settings: ClassifySettings = SETTINGS,
    ) -> Trial:
        real = real or stored(tmp_path / "real", pictures(1, 0))
        fake = fake or stored(tmp_path / "fake", pictures(2, 24))
        return Trial(tmp_path, open_examples(real, fake, settings), rung, settings)

    return make


def logits(record: ApplyRecord) -> list[float]:
    return [image.logit for one in record.sets for image in one.scores]


@pytest.mark.parametrize("rung", ["cnn", "colour", "spectrum", "features"])
def test_the_logits_of_the_test_come_back_to_the_last_bit(tested: Tested, rung: str) -> None:
    one = tested(rung)
    record = one.applied(*(Path(images.path) for images in one.examples.images))
    assert logits(record) == one.logits.tolist()
    assert record.rung == rung


def test_defended_logits_come_back_to_the_last_bit(tested: Tested, tmp_path: Path) -> None:
    real = stored(tmp_path / "real", pictures(1, 0), "jpg", quality=90)
    for name, fake in (
        ("match", stored(tmp_path / "png", pictures(2, 24))),
        ("equalise", stored(tmp_path / "jpg", pictures(2, 24), "jpg", quality=75)),
    ):
        one = tested("cnn", real, fake)
        assert one.defence.info.name == name
        assert logits(one.applied(real, fake)) == one.logits.tolist()


def test_sizes_and_colours_are_made_those_of_the_training(tested: Tested, tmp_path: Path) -> None:
    real = stored(tmp_path / "grey", pictures(1, 0, grey=True))
    fake = stored(tmp_path / "large", pictures(2, 24, side=48))
    one = tested("cnn", real, fake)
    assert one.opened.resized is not None
    assert logits(one.applied(real, fake)) == one.logits.tolist()


def test_a_record_tells_what_was_scored(tested: Tested, tmp_path: Path) -> None:
    one = tested("colour")
    new = stored(tmp_path / "new", pictures(7, 24))
    record = one.applied(new, allow=False)
    (scored,) = record.sets
    values = np.array([image.logit for image in scored.scores])
    chances = np.array([image.p_fake for image in scored.scores])
    np.testing.assert_allclose(chances, 1 / (1 + np.exp(-values / 2)), rtol=1e-12)
    assert (scored.input.label, scored.input.n, scored.overlap) == ("new", COUNT, 0)
    assert [image.key for image in scored.scores] == [f"{i:02}.png" for i in range(COUNT)]
    assert scored.called_fake == (values >= 0.1).sum()
    assert scored.mean_logit == pytest.approx(values.mean(), rel=1e-12)
    assert f"{scored.called_fake} of {COUNT} images of new" in record.verdict
    assert [notice.code for notice in record.warnings] == ["not_calibrated"]
    (tmp_path / "scores.json").write_text(record.to_json(), "utf-8")
    assert read_record(tmp_path / "scores.json") == record


def test_images_that_were_learnt_from_are_refused_whatever_they_are_called(
    tested: Tested, tmp_path: Path
) -> None:
    one = tested("colour")
    again = Image.open(Path(one.examples.images[1].path) / "00.png")
    new = folder(
        tmp_path / "new", {"x/renamed.png": again, "y.png": pictures(8, 0)[0], "z.bmp": again}
    )
    with pytest.raises(InputError, match=r"trained on 2 of these 3 images.*x/renamed\.png"):
        one.applied(new, allow=False)
    assert one.applied(new).sets[0].overlap == 2
    # Images of the test part were never learnt from.
    row = int(one.split.rows("test")[0])
    held_out = Image.open(Path(one.examples.images[0].path) / one.examples.keys[row])
    assert one.applied(folder(tmp_path / "test", {"a.png": held_out}), allow=False).sets


def test_files_stored_as_none_in_training_are_told_of(tested: Tested, tmp_path: Path) -> None:
    one = tested("colour")
    new = stored(tmp_path / "new", pictures(7, 24, side=40), "jpg", quality=80)
    record = one.applied(new)
    told = {n.data["property"]: n for n in record.warnings if n.code == "format_unseen"}
    assert set(told) == {"container", "quantisation table", "chroma subsampling", "size"}
    assert "12 of 12 images of new have a container that no training image had" in (
        told["container"].text
    )
    assert "JPEG" in told["container"].text


def test_an_image_that_cannot_be_read_is_named(tested: Tested, tmp_path: Path) -> None:
    one = tested("colour")
    new = stored(tmp_path / "new", pictures(7, 24))
    data = (new / "03.png").read_bytes()
    (new / "03.png").write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match=r"03\.png"):
        one.applied(new)
    settings = ClassifySettings(device="cpu", on_error="skip=0.2")
    (scored,) = apply_model(one.folder, [new], settings).sets
    assert len(scored.scores) == COUNT - 1
    assert [skip.key for skip in scored.input.skipped] == ["03.png"]


def test_other_weights_of_the_extractor_are_refused(tested: Tested, tmp_path: Path) -> None:
    one = tested("features")
    facts = (one.folder / "classifier.json").read_text("utf-8")
    digest = str(json.loads(facts)["features"]["weights_sha256"])
    (one.folder / "classifier.json").write_text(facts.replace(digest, "0" * 64), "utf-8")
    new = stored(tmp_path / "new", pictures(7, 24))
    with pytest.raises(InputError, match="weights_sha256 0000") as caught:
        one.applied(new)
    assert "--weights" in str(caught.value)
    missing = ClassifySettings(device="cpu", weights=tmp_path / "none.pth")
    with pytest.raises((InputError, MissingFileError), match=r"none\.pth"):
        apply_model(one.folder, [new], missing)


def test_two_sets_are_scored_in_one_go(tested: Tested, tmp_path: Path) -> None:
    one = tested("colour")
    first = stored(tmp_path / "one", pictures(7, 24))
    second = stored(tmp_path / "two", pictures(8, 0))
    record = one.applied(first, second)
    assert [scored.input.label for scored in record.sets] == ["one", "two"]
    alone = [one.applied(path).sets[0].scores for path in (first, second)]
    assert [scored.scores for scored in record.sets] == alone
