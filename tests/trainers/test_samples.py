"""Sample sheets: the same images, every picture lossless, and a grid that can be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from trainers.small_domains import SmallData, small_data
from trainers.small_run import small_config

from ganeval.errors import InputError
from ganeval.records import Sheet
from ganeval_cyclegan.config import SamplesConfig
from ganeval_cyclegan.nets.build import build_networks
from ganeval_cyclegan.pixels import to_pixels
from ganeval_cyclegan.samples import check_watched, sheet_is_due, write_sheet
from ganeval_cyclegan.sheet_grid import Block, GridRow, draw_grid
from ganeval_cyclegan.streams import Streams


def written(
    folder: Path,
    changes: dict[str, Any] | None = None,
    data: SmallData | None = None,
    *,
    seed: int = 0,
    update: int = 0,
) -> Sheet:
    config = small_config({"samples.count": 2, **(changes or {})})
    nets = build_networks(config, Streams(0))
    return write_sheet(
        nets, data or small_data(), config, Streams(seed), folder, update=update, epoch=update
    )


def read(path: Path) -> np.ndarray[Any, np.dtype[np.uint8]]:
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_every_picture_is_what_the_generators_make_of_its_original(tmp_path: Path) -> None:
    data = small_data()
    sheet = written(tmp_path, data=data)
    nets = build_networks(small_config(), Streams(0))
    assert [row.direction for row in sheet.rows] == ["AtoB"] * 2 + ["BtoA"] * 2
    row = sheet.rows[0]
    index = data.held_A.keys.index(row.key)
    with torch.no_grad():
        a = data.held_A.test_batch([index])
        expected = {
            "original": a,
            "translated": nets.G_A(a),
            "recovered": nets.G_B(nets.G_A(a)),
            "identity": nets.G_B(a),
        }
    for stage, tensor in expected.items():
        path = getattr(row, stage)
        assert path.endswith(".png")
        assert (read(tmp_path / path) == to_pixels(tensor)[0]).all(), stage
    l1 = (a - expected["recovered"]).abs().double().mean() * 127.5
    assert row.cycle_l1 == pytest.approx(float(l1))


def test_sheets_of_one_run_show_the_same_images_beside_one_set_of_originals(
    tmp_path: Path,
) -> None:
    sheets = [written(tmp_path, update=update) for update in (0, 1)]
    assert [row.key for row in sheets[0].rows] == [row.key for row in sheets[1].rows]
    assert [row.original for row in sheets[0].rows] == [row.original for row in sheets[1].rows]
    assert sheets[0].rows[0].translated != sheets[1].rows[0].translated
    assert {(tmp_path / sheet.grid).is_file() for sheet in sheets} == {True}
    other = written(tmp_path / "other", seed=3)
    assert [row.key for row in other.rows] != [row.key for row in sheets[0].rows]


def test_training_images_are_shown_where_none_are_held_out(tmp_path: Path) -> None:
    sheet = written(tmp_path, data=small_data(held=0))
    assert [row.key.partition("/")[0] for row in sheet.rows] == ["1", "1", "2", "2"]


def test_without_images_there_is_no_sheet(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no image to show"):
        written(tmp_path, data=small_data(train=0, held=0))


def test_domains_of_different_channels_have_no_identity(tmp_path: Path) -> None:
    changes = {"data.A.channels": 1, "loss.lambda_identity": 0}
    sheet = written(tmp_path, changes, small_data(A={"channels": 1}))
    assert {row.identity for row in sheet.rows} == {None}
    assert read(tmp_path / sheet.rows[0].original).shape == (16, 16)
    assert read(tmp_path / sheet.rows[0].translated).shape == (16, 16, 3)


def test_watched_files_are_shown_after_the_chosen_ones(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("dark.png", "grey.png"):
        shape = (40, 30) if name == "grey.png" else (40, 30, 3)
        Image.fromarray(rng.integers(0, 60, shape, dtype=np.uint8)).save(tmp_path / name)
    watch = (f"{tmp_path}/dark.png", f"B:{tmp_path}/grey.png")
    sheet = written(tmp_path, {"samples.watch": watch})
    assert [row.key for row in sheet.rows][2::3] == [
        str(tmp_path / "dark.png"),
        f"{tmp_path}/grey.png",
    ]
    resized = Image.open(tmp_path / "dark.png").resize((16, 16), Image.Resampling.BICUBIC)
    assert (read(tmp_path / sheet.rows[2].original) == np.asarray(resized)).all()
    assert read(tmp_path / sheet.rows[5].original).shape == (16, 16, 3)


@pytest.mark.parametrize("content", [None, b"", b"\x89PNG\r\n\x1a\nrest"])
def test_a_watched_file_that_cannot_be_read_is_named_before_training(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "dark.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"dark\.png"):
        check_watched(small_config({"samples.watch": (str(path),)}))


def test_training_flags_and_random_state_stay(tmp_path: Path) -> None:
    config = small_config({"nets.G.dropout": "blocks"})
    nets = build_networks(config, Streams(0)).train()
    state = torch.get_rng_state()
    write_sheet(nets, small_data(), config, Streams(0), tmp_path, update=0, epoch=0)
    assert all(module.training for module in nets.G_A.modules())
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    ("config", "due"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"every": 2}, [0, 2, 4]),
        ({"every": 0, "epochs": (1, 3)}, [1, 3]),
        ({"every": 4, "epochs": (3,)}, [0, 3, 4]),
        ({"every": 0}, []),
    ],
)
def test_sheets_are_due_by_rhythm_or_by_name(config: dict[str, Any], due: list[int]) -> None:
    assert [epoch for epoch in range(5) if sheet_is_due(SamplesConfig(**config), epoch)] == due


def tile(side: tuple[int, int], value: int) -> Image.Image:
    return Image.new("RGB", side, (value, value, value))


def test_small_pictures_are_enlarged_by_whole_pixels() -> None:
    checker = np.zeros((32, 32, 3), np.uint8)
    checker[::2, ::2] = 200
    row = GridRow("name", [Image.fromarray(checker), None])
    grid = np.asarray(draw_grid("Title", [Block("A to B", ["original", "translated"], [row])]))
    enlarged = checker.repeat(4, axis=0).repeat(4, axis=1)
    bottom, left = grid.shape[0] - 20, 20
    assert (grid[bottom - 128 : bottom, left : left + 128] == enlarged).all()
    empty = grid[bottom - 128 : bottom, left + 134 : left + 134 + 128]
    assert (empty == 255).all()


def test_large_pictures_are_reduced_and_blocks_stand_side_by_side() -> None:
    rows = [GridRow("name", [tile((512, 256), 40)])]
    blocks = [Block("A to B", ["original"], rows), Block("B to A", ["original"], rows)]
    grid = draw_grid("Title", blocks)
    assert grid.width == 2 * 20 + 2 * 256 + 40
    dark = (np.asarray(grid) == 40).all(axis=2)
    assert dark.sum() == 2 * 256 * 128


def test_long_names_stay_within_their_column() -> None:
    row = GridRow("a very long name indeed " * 10, [tile((32, 32), 99)])
    grid = np.asarray(draw_grid("T", [Block("A to B by G_A, and so on", ["original"], [row])]))
    assert (grid[:, 20 + 128 :] == 255).all()
