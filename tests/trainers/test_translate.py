"""Folders of images through generators: one file per image, and the right pixels in it."""

from __future__ import annotations

import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image
from torch import nn
from trainers.generators import generator, make_images, save_official

import ganeval
from ganeval.errors import GanevalError, InputError
from ganeval.images import OnError, open_image_set
from ganeval_cyclegan.checkpoints import Checkpoints
from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.ema import averaged_copy
from ganeval_cyclegan.generator_files import open_generators
from ganeval_cyclegan.nets.build import build_networks
from ganeval_cyclegan.nets.published import export
from ganeval_cyclegan.streams import Streams
from ganeval_cyclegan.translate import translate
from ganeval_cyclegan.translation import TranslateSettings, Translation
from ganeval_cyclegan.translator import Translator

SEVEN = {
    "1.png": (32, 32),
    "2.jpg": (30, 33),
    "a/1.png": (32, 32),
    "a/b/1.png": (41, 20),
    "a/b/2.bmp": (32, 32),
    "c/dark.png": (5, 7),
    "c/x.y.png": (32, 32),
}


def read(path: Path) -> npt.NDArray[np.uint8]:
    return np.asarray(Image.open(path))


def by_hand(network: nn.Module, path: Path) -> npt.NDArray[np.uint8]:
    """What the published test script makes of a file, with rounding; sizes must fit."""
    pixels = np.asarray(Image.open(path).convert("RGB"))
    x = (torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255 - 0.5) / 0.5
    with torch.no_grad():
        y = network(x)[0]
    return ((y + 1) * 127.5).round().permute(1, 2, 0).numpy().astype(np.uint8)


@pytest.fixture
def seven(tmp_path: Path) -> Path:
    return make_images(tmp_path / "in", SEVEN)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return save_official(generator(), tmp_path / "weights" / "latest_net_G.pth")


def done(weights: Path, images: Path, out: Path, **settings: Any) -> Translation:
    return translate(weights, images, out, TranslateSettings(**settings))


def files(folder: Path) -> list[str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in found)


def test_every_image_gets_one_file_under_its_own_name(
    weights: Path, seven: Path, tmp_path: Path
) -> None:
    record = done(weights, seven, tmp_path / "out")
    names = [Path(name).with_suffix(".png").as_posix() for name in SEVEN]
    assert files(tmp_path / "out") == sorted([*names, "translate.json"])
    for name, size in SEVEN.items():
        assert read((tmp_path / "out" / name).with_suffix(".png")).shape == (*size, 3)
    assert (record.images, record.padded) == (7, 3)


@pytest.mark.parametrize("alone", [True, False])
def test_no_image_is_lost_or_taken_for_another_where_there_are_many(
    tmp_path: Path, weights: Path, alone: bool
) -> None:
    names = {f"{i:02d}.png": (8, 8 + 4 * (i % 2)) for i in range(45)}
    images = make_images(tmp_path / "in", names)
    opened = open_image_set(images)
    settings = TranslateSettings(batch_size=4)
    translator = Translator(open_generators(weights, settings), settings, torch.device("cpu"))
    translator._alone = alone  # as on an accelerator, where images come in batches
    with ThreadPoolExecutor(3) as readers:
        seen = list(translator._batches(opened, readers))
    assert sorted(i for indices, _ in seen for i in indices) == list(range(45))
    assert max(len(indices) for indices, _ in seen) == (1 if alone else 4)
    for indices, pixels in seen:
        for index, picture in zip(indices, pixels, strict=True):
            assert (picture == read(images / opened.keys[index])).all()
    assert done(weights, images, tmp_path / "out").images == 45


def test_pixels_are_those_of_the_published_pipeline(
    weights: Path, seven: Path, tmp_path: Path
) -> None:
    done(weights, seven, tmp_path / "out")
    for name in ("1.png", "a/1.png", "c/x.y.png"):
        translated = read(tmp_path / "out" / name)
        assert (translated == by_hand(generator(), seven / name)).all()
        assert translated.std() > 5  # a picture, not a constant


@pytest.mark.parametrize("threads", [1, 2])
def test_a_translation_depends_on_its_image_alone(
    weights: Path, seven: Path, tmp_path: Path, threads: int
) -> None:
    torch.set_num_threads(threads)
    try:
        done(weights, seven, tmp_path / "together", batch_size=7)
        make_images(tmp_path / "alone", {"a/1.png": (32, 32)})
        (tmp_path / "alone" / "a" / "1.png").write_bytes((seven / "a" / "1.png").read_bytes())
        done(weights, tmp_path / "alone", tmp_path / "single")
    finally:
        torch.set_num_threads(1)
    assert (read(tmp_path / "together/a/1.png") == read(tmp_path / "single/a/1.png")).all()


def test_truncating_is_half_a_level_darker_and_is_told(seven: Path, tmp_path: Path) -> None:
    network = generator()
    with torch.no_grad():  # so that no value is cut at black or white, where there is no fraction
        list(network.parameters())[-2].mul_(0.3)
    weights = save_official(network, tmp_path / "g.pth")
    done(weights, seven, tmp_path / "round")
    record = done(weights, seven, tmp_path / "truncate", rounding="truncate")
    differences = [
        read(tmp_path / "round" / name).astype(int) - read(tmp_path / "truncate" / name)
        for name in files(tmp_path / "round")
        if name.endswith(".png")
    ]
    mean = np.concatenate([one.ravel() for one in differences]).mean()
    assert 0.45 < mean < 0.55  # about 15,000 fractions: 0.5 with a standard error of 0.004
    assert "truncated" in [notice.code for notice in record.warnings]


def test_further_pictures_lie_beside_the_folder_so_that_a_metric_is_of_the_translations(
    seven: Path, tmp_path: Path
) -> None:
    forth, back = generator(1), generator(2)
    save_official(forth, tmp_path / "weights" / "latest_net_G_A.pth")
    save_official(back, tmp_path / "weights" / "latest_net_G_B.pth")
    record = done(
        tmp_path / "weights",
        seven,
        tmp_path / "out",
        direction="AtoB",
        extras=("recovered", "identity"),
    )
    assert [Path(folder).name for folder in record.folders.values()] == [
        "out",
        "out-recovered",
        "out-identity",
    ]
    assert record.back is not None
    assert record.back.direction == "BtoA"
    assert files(tmp_path / "out-recovered") == files(tmp_path / "out-identity")
    assert (read(tmp_path / "out-identity/1.png") == by_hand(back, seven / "1.png")).all()
    both = nn.Sequential(forth, back)
    assert (read(tmp_path / "out-recovered/1.png") == by_hand(both, seven / "1.png")).all()
    found = ganeval.evaluate(seven, tmp_path / "out", "fid", extractor="random-projection")
    assert found.inputs[1].n == 7


def test_further_pictures_need_the_other_generator(
    weights: Path, seven: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"--with recovered: .* holds one alone"):
        done(weights, seven, tmp_path / "out", extras=("recovered",))
    assert not (tmp_path / "out").exists()


def test_identity_needs_equal_channels(tmp_path: Path) -> None:
    images = make_images(tmp_path / "in", {"1.png": (16, 16)})
    save_official(generator(channels=(1, 3)), tmp_path / "w" / "latest_net_G_A.pth")
    save_official(generator(channels=(3, 1)), tmp_path / "w" / "latest_net_G_B.pth")
    with pytest.raises(InputError, match="--with identity: the domains differ"):
        done(tmp_path / "w", images, tmp_path / "out", direction="AtoB", extras=("identity",))
    done(tmp_path / "w", images, tmp_path / "out", direction="AtoB", extras=("recovered",))
    assert read(tmp_path / "out/1.png").shape == (16, 16, 3)
    assert read(tmp_path / "out-recovered/1.png").shape == (16, 16)


def test_grey_files_go_through_generators_of_grey_and_of_colour(
    weights: Path, tmp_path: Path
) -> None:
    images = make_images(tmp_path / "in", {"1.png": (16, 16)}, grey=True)
    done(weights, images, tmp_path / "colour")
    assert (read(tmp_path / "colour/1.png") == by_hand(generator(), images / "1.png")).all()
    grey = save_official(generator(channels=(1, 1)), tmp_path / "grey.pth")
    done(grey, images, tmp_path / "grey")
    assert read(tmp_path / "grey/1.png").shape == (16, 16)


def test_resizing_is_that_of_training(weights: Path, seven: Path, tmp_path: Path) -> None:
    record = done(weights, seven, tmp_path / "out", size=(24, 20))
    resized = Image.open(seven / "a/b/1.png").resize((20, 24), Image.Resampling.BICUBIC)
    resized.save(tmp_path / "resized.png")
    expected = by_hand(generator(), tmp_path / "resized.png")
    assert (read(tmp_path / "out/a/b/1.png") == expected).all()
    assert "stretched" in [notice.code for notice in record.warnings]


def test_jpeg_is_written_on_request_and_told_of(weights: Path, seven: Path, tmp_path: Path) -> None:
    record = done(weights, seven, tmp_path / "out", format="jpg", quality=80)
    assert all(name.endswith((".jpg", ".json")) for name in files(tmp_path / "out"))
    with Image.open(tmp_path / "out/1.jpg") as picture:
        assert picture.format == "JPEG"
    assert (record.format, record.quality) == ("jpg", 80)
    assert "jpeg" in [notice.code for notice in record.warnings]


def test_an_archive_holds_every_translation_flat(weights: Path, tmp_path: Path) -> None:
    images = make_images(tmp_path / "in", {"a/1.png": (16, 16), "b/2.png": (16, 16)})
    archive = tmp_path / "images.zip"
    record = done(weights, images, tmp_path / "out", format="jpg", archive=archive)
    with zipfile.ZipFile(archive) as file:
        assert file.namelist() == ["1.jpg", "2.jpg"]
        assert file.read("2.jpg") == (tmp_path / "out/b/2.jpg").read_bytes()
    assert "archive_count" in [notice.code for notice in record.warnings]
    first = archive.read_bytes()
    done(weights, images, tmp_path / "out", format="jpg", archive=archive, overwrite=True)
    assert archive.read_bytes() == first


def test_an_archive_has_no_room_for_two_files_of_one_name(
    weights: Path, seven: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"1\.png and a/1\.png would both be written to 1\.png"):
        done(weights, seven, tmp_path / "out", archive=tmp_path / "all.zip")
    assert not (tmp_path / "out").exists()


def test_a_bad_file_stops_the_work_before_the_first_output(
    weights: Path, seven: Path, tmp_path: Path
) -> None:
    whole = (seven / "2.jpg").read_bytes()
    (seven / "2.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"1 of 7 images .* cannot be read:\n  2\.jpg"):
        done(weights, seven, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    record = done(weights, seven, tmp_path / "out", on_error=OnError(skip=True, limit=0.2))
    assert record.images == 6
    assert [one.key for one in record.input.skipped] == ["2.jpg"]
    assert "skipped" in [notice.code for notice in record.warnings]


def test_a_folder_that_is_not_empty_is_left_alone_without_leave(
    weights: Path, seven: Path, tmp_path: Path
) -> None:
    done(weights, seven, tmp_path / "out")
    before = (tmp_path / "out/1.png").stat().st_mtime_ns
    with pytest.raises(InputError, match="not empty"):
        done(weights, seven, tmp_path / "out")
    assert (tmp_path / "out/1.png").stat().st_mtime_ns == before
    done(weights, seven, tmp_path / "out", overwrite=True)
    with pytest.raises(InputError, match="7 images that are no outputs"):
        done(weights, seven, tmp_path / "out", overwrite=True, format="jpg")


def test_dropout_of_norm_mode_train_is_seeded_for_each_image(tmp_path: Path) -> None:
    network = generator(norm="batch", dropout="blocks")
    weights = save_official(network, tmp_path / "g.pth")
    images = make_images(tmp_path / "in", {"1.png": (16, 16), "2.png": (16, 16)})
    state = torch.get_rng_state()
    for name, choices in (
        ("eval", {}),
        ("train", {"norm_mode": "train"}),
        ("again", {"norm_mode": "train"}),
        ("other", {"norm_mode": "train", "seed": 1}),
    ):
        record = done(weights, images, tmp_path / name, **choices)
    assert torch.equal(torch.get_rng_state(), state)
    first = {name: read(tmp_path / name / "1.png") for name in ("eval", "train", "again", "other")}
    assert (first["train"] == first["again"]).all()
    assert (first["train"] != first["other"]).any()
    assert (first["train"] != first["eval"]).any()
    (notice,) = (one for one in record.warnings if one.code == "norm_mode")
    assert "batch norms" in notice.text
    assert "dropout" in notice.text


def test_batch_norm_of_norm_mode_train_takes_the_statistics_of_the_image(tmp_path: Path) -> None:
    network = generator(norm="batch")
    weights = save_official(network, tmp_path / "g.pth")
    images = make_images(tmp_path / "in", {"1.png": (16, 16), "2.png": (16, 16)})
    done(weights, images, tmp_path / "out", norm_mode="train")
    network.train()
    assert (read(tmp_path / "out/1.png") == by_hand(network, images / "1.png")).all()


def test_norm_mode_train_without_effect_is_told(weights: Path, seven: Path, tmp_path: Path) -> None:
    record = done(weights, seven, tmp_path / "out", norm_mode="train")
    (notice,) = (one for one in record.warnings if one.code == "norm_mode")
    assert "changes nothing" in notice.text


def test_a_generator_that_diverged_is_named_as_such(seven: Path, tmp_path: Path) -> None:
    network = generator()
    with torch.no_grad():
        next(network.parameters()).fill_(torch.nan)
    weights = save_official(network, tmp_path / "g.pth")
    with pytest.raises(GanevalError, match="values that are not finite"):
        done(weights, seven, tmp_path / "out")


def test_what_was_done_lies_beside_the_images(weights: Path, seven: Path, tmp_path: Path) -> None:
    record = done(weights, seven, tmp_path / "out", direction="AtoB", limit=3)
    written = json.loads((tmp_path / "out/translate.json").read_text())
    assert Translation.model_validate(written) == record
    assert len(record.generator.sha256) == 64
    assert record.generator.direction == "AtoB"
    assert record.generator.description["arch"] == "resnet"
    assert (record.images, record.input.n, record.input.limit) == (3, 3, 3)


def test_transparent_images_are_told_of(weights: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    Image.new("RGBA", (16, 16), (10, 20, 30, 0)).save(tmp_path / "in/1.png")
    record = done(weights, tmp_path / "in", tmp_path / "out")
    assert "transparency" in [notice.code for notice in record.warnings]


def test_an_unknown_device_is_refused(weights: Path, seven: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--device cuda:99"):
        done(weights, seven, tmp_path / "out", device="cuda:99")


class TestRunFolders:
    """Checkpoints as a training run leaves them."""

    CONFIG = TrainConfig.model_validate(
        {
            "data": {"crop_size": 16, "load_size": 16},
            "nets": {"G": {"ngf": 4, "n_blocks": 1}, "D": {"ndf": 4, "n_layers": 1}},
            "ema": {"decay": 0.5},
        }
    )

    @pytest.fixture
    def run(self, tmp_path: Path) -> Path:
        """A run folder with checkpoints of two updates; of the second the weights are zero."""
        nets = build_networks(self.CONFIG, Streams(0))
        ema = {name: averaged_copy(getattr(nets, name)) for name in ("G_A", "G_B")}
        folder = tmp_path / "run"
        for update in (1, 2):
            content = {
                "nets": nets.state(),
                "ema": {name: one.state_dict() for name, one in ema.items()},
                "config": self.CONFIG.model_dump(mode="json"),
            }
            Checkpoints(folder).save(update, content)
            with torch.no_grad():
                for parameter in nets.G_A.parameters():
                    parameter.zero_()
        (folder / "state.json").write_text("{}")
        return folder

    def test_the_last_checkpoint_is_taken(self, run: Path, tmp_path: Path) -> None:
        images = make_images(tmp_path / "in", {"1.png": (16, 16)})
        record = done(run, images, tmp_path / "last", direction="AtoB")
        assert record.generator.update == 2
        assert record.generator.network == "G_A"
        assert len(np.unique(read(tmp_path / "last/1.png"))) == 1
        first = done(
            run, images, tmp_path / "first", direction="AtoB", checkpoint="checkpoints/u00000001.pt"
        )
        assert first.generator.update == 1
        own = build_networks(self.CONFIG, Streams(0)).G_A.eval()
        assert (read(tmp_path / "first/1.png") == by_hand(own, images / "1.png")).all()

    def test_the_moving_average_is_taken_on_request(self, run: Path, tmp_path: Path) -> None:
        images = make_images(tmp_path / "in", {"1.png": (16, 16)})
        record = done(run, images, tmp_path / "ema", direction="AtoB", ema=True)
        assert record.generator.weights == "ema"
        own = build_networks(self.CONFIG, Streams(0)).G_A.eval()  # which the average still is
        assert (read(tmp_path / "ema/1.png") == by_hand(own, images / "1.png")).all()

    def test_both_directions_are_there_and_a_to_b_is_taken_unless_told(
        self, run: Path, tmp_path: Path
    ) -> None:
        images = make_images(tmp_path / "in", {"1.png": (16, 16)})
        assert done(run, images, tmp_path / "forth").generator.direction == "AtoB"
        done(run, images, tmp_path / "out", direction="BtoA", extras=("recovered",))
        own = build_networks(self.CONFIG, Streams(0)).G_B.eval()
        assert (read(tmp_path / "out/1.png") == by_hand(own, images / "1.png")).all()

    def test_images_of_another_size_than_in_training_are_told_of(
        self, run: Path, tmp_path: Path
    ) -> None:
        images = make_images(tmp_path / "in", {"1.png": (20, 16)})
        record = done(run, images, tmp_path / "keep", direction="AtoB")
        (notice,) = (one for one in record.warnings if one.code == "other_size")
        assert "--size 16" in notice.text
        record = done(run, images, tmp_path / "size", direction="AtoB", size=(16, 16))
        assert "other_size" not in [notice.code for notice in record.warnings]

    def test_a_checkpoint_that_is_not_there_is_named(self, run: Path, tmp_path: Path) -> None:
        images = make_images(tmp_path / "in", {"1.png": (16, 16)})
        with pytest.raises(InputError, match=r"--checkpoint u3\.pt: there is no such file"):
            done(run, images, tmp_path / "out", direction="AtoB", checkpoint="u3.pt")


def test_choosing_a_checkpoint_needs_a_run(weights: Path, seven: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="chooses among the checkpoints of a run folder"):
        done(weights, seven, tmp_path / "out", checkpoint="best")


def test_the_direction_of_a_named_file_is_held_to(seven: Path, tmp_path: Path) -> None:
    path = tmp_path / "latest_net_G_A.pth"
    export(generator(), path)
    with pytest.raises(InputError, match="BtoA"):
        done(path, seven, tmp_path / "out", direction="BtoA")
    assert done(path, seven, tmp_path / "out").generator.direction == "AtoB"


def test_a_folder_of_both_directions_needs_a_choice(seven: Path, tmp_path: Path) -> None:
    for name in ("G_A", "G_B"):
        save_official(generator(), tmp_path / "w" / f"latest_net_{name}.pth")
    with pytest.raises(InputError, match=r"holds latest_net_G_A\.pth and latest_net_G_B\.pth"):
        done(tmp_path / "w", seven, tmp_path / "out")
    with pytest.raises(InputError, match="no run folder"):
        done(seven, seven, tmp_path / "out")
    with pytest.raises(InputError, match="there is no such file"):
        done(tmp_path / "nothing", seven, tmp_path / "out")
