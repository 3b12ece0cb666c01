"""Batches that several processes divide, from the images on."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from trainers.made_images import folder, tiny_config

from ganeval.errors import InputError
from ganeval_cyclegan.data import Data, open_data
from ganeval_cyclegan.streams import Streams


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data")
    folder(path / "trainA", 9)
    folder(path / "trainB", 6, first=100)
    return path


def opened(root: Path, processes: int, *changes: str) -> Data:
    held = ("data.A.eval_fraction=0", "data.B.eval_fraction=0", "eval.every=0")
    return open_data(tiny_config(*held, *changes), root, processes=processes)


def test_the_images_crops_and_augmentations_of_an_update_are_those_of_one_process(
    root: Path,
) -> None:
    changes = ("optim.batch=3", "augment.classic=on", "data.load_size=40")
    one, three = opened(root, 1, *changes), opened(root, 3, *changes)
    assert one.updates_per_epoch == three.updates_per_epoch == 3
    for update in range(4):
        whole = one.batch(Streams(0), update)
        parts = [three.batch(Streams(0, rank), update) for rank in range(3)]
        assert torch.equal(torch.cat([part.A for part in parts]), whole.A)
        assert torch.equal(torch.cat([part.B for part in parts]), whole.B)


def test_a_last_batch_that_cannot_be_divided_is_dropped_and_told(root: Path) -> None:
    data = opened(root, 2, "optim.batch=4")  # 9 images: 4, 4 and 1
    assert data.config.data.drop_last
    assert data.updates_per_epoch == 2
    assert any("2 processes cannot divide the last batch" in text for text in data.notes)
    # 9 images at batch 6: the last batch of 3 is one image for each of three processes.
    kept = opened(root, 3, "optim.batch=6")
    assert not kept.config.data.drop_last
    assert kept.updates_per_epoch == 2
    assert not any("cannot divide" in text for text in kept.notes)


def test_an_epoch_smaller_than_a_batch_is_refused(root: Path) -> None:
    with pytest.raises(InputError, match=r"optim\.batch 10: an epoch of 9 images"):
        opened(root, 2, "optim.batch=10")


def test_each_part_of_a_last_batch_needs_halves_for_shrivastava(root: Path) -> None:
    changes = ("optim.batch=6", "pool.strategy=shrivastava")
    with pytest.raises(InputError, match="epoch has 1 images in each process"):
        opened(root, 3, *changes)
    assert opened(root, 3, *changes, "data.drop_last=true").updates_per_epoch == 1
