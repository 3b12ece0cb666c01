"""Where the object lies goes the way of its image, and what does not fit is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from saliency.saliency_toys import SIDE, Colours, make_images, save_folder

from ganeval.errors import GanevalError, InputError
from ganeval.images import Decoding
from ganeval.saliency.model import wrap_network
from ganeval.saliency.opening import PairedSets, open_pairs
from ganeval.saliency.regions import object_regions
from ganeval.saliency.settings import SaliencySettings
from ganeval.saliency.squares import Squares


@pytest.fixture
def paired(tmp_path: Path) -> PairedSets:
    folder = save_folder(tmp_path / "photos", make_images(3, side=2 * SIDE))
    return open_pairs(folder, None, SaliencySettings(), Decoding())


@pytest.fixture
def squares() -> Squares:
    return Squares.of(wrap_network(Colours(), side=SIDE), "whole")


def left_half(side: int) -> np.ndarray:
    mask = np.zeros((side, side, 3), np.uint8)
    mask[:, : side // 2] = 255
    return mask


def test_masks_and_boxes_of_one_object_are_one_region(
    paired: PairedSets, squares: Squares, tmp_path: Path
) -> None:
    masks = save_folder(tmp_path / "masks", np.stack(3 * [left_half(2 * SIDE)]), "img{:03d}.bmp")
    boxes = tmp_path / "boxes.csv"
    rows = [f"img{i:03d}.png,0,0,{SIDE},{2 * SIDE}" for i in range(3)]
    boxes.write_text("\n".join(["path,x0,y0,x1,y1", *rows]))
    by_mask, told = object_regions(paired, squares, masks=masks, boxes=None)
    by_box, _ = object_regions(paired, squares, masks=None, boxes=boxes)
    wanted = left_half(SIDE)[..., 0] > 0
    assert told == []
    assert np.array_equal(by_mask, np.stack(3 * [wanted]))
    assert np.array_equal(by_box, by_mask)


def test_masks_of_another_size_are_resized_and_told(
    paired: PairedSets, squares: Squares, tmp_path: Path
) -> None:
    masks = save_folder(tmp_path / "masks", np.stack(2 * [left_half(SIDE)]))
    found, told = object_regions(paired, squares, masks=masks, boxes=None)
    assert [one.code for one in told] == ["masks_resized", "no_region"]
    assert np.array_equal(found[0], left_half(SIDE)[..., 0] > 0)
    assert not found[2].any()


def test_masks_of_another_form_are_refused(
    paired: PairedSets, squares: Squares, tmp_path: Path
) -> None:
    (tmp_path / "masks").mkdir()
    for i in range(3):
        Image.new("L", (40, 20), 255).save(tmp_path / "masks" / f"img{i:03d}.png")
    with pytest.raises(GanevalError, match="different forms"):
        object_regions(paired, squares, masks=tmp_path / "masks", boxes=None)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("path,x0\nimg000.png,1", "columns path, x0, y0, x1, y1"),
        ("path,x0,y0,x1,y1\nimg000.png,0,0,99,9", "does not lie in"),
        ("path,x0,y0,x1,y1\nimg000.png,0,0,x,9", "line 2: a corner is no number"),
        ("path,x0,y0,x1,y1\nother.png,0,0,9,9", "nothing for any image"),
    ],
)
def test_faulty_boxes_are_told(
    paired: PairedSets, squares: Squares, tmp_path: Path, text: str, told: str
) -> None:
    boxes = tmp_path / "boxes.csv"
    boxes.write_text(text)
    with pytest.raises(InputError, match=told):
        object_regions(paired, squares, masks=None, boxes=boxes)
