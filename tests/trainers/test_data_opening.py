"""Opening of domains: layouts, splits, and every image that cannot be trained on."""

from __future__ import annotations

import gzip
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from trainers.made_images import folder, pixels, tiny_config

from ganeval.errors import InputError, MissingFileError
from ganeval_cyclegan.data import Data, open_data
from ganeval_cyclegan.resolve import resolve
from ganeval_cyclegan.streams import Streams

QUIET = "eval.every=0"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder(tmp_path / "trainA", 8)
    folder(tmp_path / "trainB", 6, first=100)
    return tmp_path


def refused(*sources: Path | str, changes: tuple[str, ...] = ()) -> str:
    with pytest.raises(InputError) as caught:
        open_data(tiny_config(*changes), *sources)
    return str(caught.value)


def opened(*sources: Path | str, changes: tuple[str, ...] = ()) -> Data:
    return open_data(tiny_config(*changes), *sources)


# Layouts


def test_one_root_or_two_folders_are_the_same(root: Path) -> None:
    one, two = opened(root), opened(root / "trainA", root / "trainB")
    assert one.manifest() == two.manifest()
    assert [len(one.train_A), len(one.held_A)] == [6, 2]


def test_folders_val_and_test_are_kept_for_evaluation(root: Path) -> None:
    for split, first in (("val", 200), ("test", 300)):
        folder(root / f"{split}A", 3, first=first)
        folder(root / f"{split}B", 2, first=first + 50)
    data = opened(root)
    assert (len(data.train_A), len(data.held_A), len(data.held_B)) == (8, 3, 2)
    assert data.held_A.keys[0] == "200.png"
    assert data.manifest()["A"]["held_out_from"] == "val"
    test = opened(root, changes=("eval.on=test",))
    assert test.held_A.keys[0] == "300.png"
    beside = opened(root / "trainA", root / "trainB")
    assert beside.held_A.keys == data.held_A.keys


def test_the_test_is_not_evaluated_on_where_there_is_none(root: Path) -> None:
    assert "testA and testB" in refused(root, changes=("eval.on=test",))


@pytest.mark.parametrize(
    ("missing", "told"),
    [("trainB", "has no folder trainB; there is trainA"), ("testB", "testA but none called testB")],
)
def test_a_layout_with_a_hole_is_told(root: Path, missing: str, told: str) -> None:
    folder(root / "testA", 2, first=500)
    folder(root / "testB", 2, first=600)
    (root / missing).rename(root / "elsewhere")
    assert told in refused(root)


def test_sources_that_are_not_there_are_told(root: Path) -> None:
    assert "no such" in refused(root / "none")
    assert "no such" in refused(root / "trainA", root / "trainC")
    assert "with trainA and trainB" in refused(root / "trainA" / "000.png")
    (root / "empty").mkdir()
    assert "empty" in refused(root / "trainA", root / "empty")


def test_images_come_from_archives_arrays_and_lists(root: Path) -> None:
    archive = root / "a.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted((root / "trainA").iterdir()):
            file.write(path, path.name)
    stack = np.stack([pixels(100 + i) for i in range(6)])
    np.save(root / "b.npy", stack)
    (root / "a.txt").write_text("".join(f"trainA/{i:03d}.png\n" for i in range(8)))
    folders = opened(root)
    for a, b in ((archive, root / "b.npy"), (root / "a.txt", root / "trainB")):
        data = opened(a, b)
        assert sorted(data.train_A.digests) == sorted(folders.train_A.digests)
        first = folders.train_A.digests.index(data.train_A.digests[0])
        assert np.array_equal(data.train_A.image(0), folders.train_A.image(first))
        assert {data.train_B.image(i).tobytes() for i in range(len(data.train_B))} <= {
            one.tobytes() for one in stack
        }


# Held out


def test_the_choice_follows_content_not_names(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "trainA").mkdir()
    for path in (root / "trainA").iterdir():
        (other / "trainA" / f"x{99 - int(path.stem)}.png").write_bytes(path.read_bytes())
    first, second = opened(root), opened(other / "trainA", root / "trainB")
    assert set(first.held_A.digests) == set(second.held_A.digests)
    assert not set(first.held_A.digests) & set(first.train_A.digests)
    assert set(opened(root, changes=("seed=1",)).held_A.digests) != set(first.held_A.digests)


def test_copies_of_an_image_are_held_out_together(root: Path) -> None:
    for path in list((root / "trainA").iterdir()):
        (root / "trainA" / f"copy-{path.name}").write_bytes(path.read_bytes())
    data = opened(root, changes=("data.A.eval_fraction=0.25",))
    assert len(data.held_A) == 4
    assert not set(data.held_A.digests) & set(data.train_A.digests)


def test_too_few_images_to_hold_out_are_told(root: Path) -> None:
    folder(root / "two", 2, first=900)
    assert "none is left to train on" in refused(root / "two", root / "trainB")


def test_evaluation_without_images_is_told(root: Path) -> None:
    assert "eval_fraction 0" in refused(root, changes=("data.A.eval_fraction=0",))
    assert len(opened(root, changes=("data.A.eval_fraction=0", QUIET)).held_A) == 0


# What is refused


def test_one_folder_as_both_domains_is_refused(root: Path) -> None:
    assert "the same" in refused(root / "trainA", root / "trainA")
    (root / "link").symlink_to(root / "trainA")
    assert "the same" in refused(root / "trainA", root / "link")


def test_domains_that_share_images_are_refused(root: Path) -> None:
    (root / "trainB" / "x.png").write_bytes((root / "trainA" / "003.png").read_bytes())
    assert "1 of 7 images are in both domains, for example 003.png" in refused(root)


def test_domains_may_share_up_to_five_percent(root: Path) -> None:
    folder(root / "trainA", 40)
    folder(root / "trainB", 39, first=100)
    (root / "trainB" / "x.png").write_bytes((root / "trainA" / "003.png").read_bytes())
    assert len(opened(root).train_B) == 36


@pytest.mark.parametrize("split", ["val", "test"])
def test_images_for_evaluation_that_are_trained_on_are_refused(root: Path, split: str) -> None:
    folder(root / f"{split}A", 2, first=3)
    folder(root / f"{split}B", 2, first=800)
    message = refused(root)
    assert f"2 of 2 images of {split}A are in trainA too, for example 003.png" in message


def test_unreadable_images_are_listed_or_left_out(root: Path) -> None:
    whole = (root / "trainA" / "002.png").read_bytes()
    (root / "trainA" / "002.png").write_bytes(whole[: len(whole) // 2])
    (root / "trainA" / "nothing.png").write_bytes(b"")
    message = refused(root)
    assert "2 of 9 images cannot be read" in message
    assert "002.png: " in message
    assert "nothing.png: file is empty" in message
    assert "data.skip_bad=true" in message
    data = opened(root, changes=("data.skip_bad=true",))
    assert "002.png" not in data.train_A.keys + data.held_A.keys
    assert [one.key for one in data.infos()[0].input.skipped] == ["002.png", "nothing.png"]
    assert any("2 images of domain A cannot be read: 002.png" in note for note in data.notes)


def test_transparent_images_need_a_background(root: Path) -> None:
    array = np.dstack([pixels(0), np.full((40, 40), 128, np.uint8)])
    Image.fromarray(array).save(root / "trainA" / "clear.png")
    message = refused(root)
    assert "clear.png: has transparent pixels" in message
    assert "--set data.A.background=255" in message
    data = opened(root, changes=("data.A.background=0", QUIET, "data.A.eval_fraction=0"))
    shown = data.train_A.image(data.train_A.keys.index("clear.png"))
    # Half as bright on black: (128 x + 127 * 0 + 127) // 255.
    assert np.array_equal(shown, ((128 * pixels(0).astype(int) + 127) // 255).astype(np.uint8))


def test_sixteen_bits_need_a_range(root: Path) -> None:
    deep = root / "deep"
    deep.mkdir()
    values = np.linspace(0, 4095, 1600).reshape(40, 40).astype(np.uint16)
    for i in range(4):
        Image.fromarray(values + i).save(deep / f"{i}.png")
    assert "data.A.range is not set" in refused(deep, root / "trainB")
    quiet = (QUIET, "data.A.eval_fraction=0")
    twelve = opened(deep, root / "trainB", changes=("data.A.range=[0,4095]", *quiet))
    assert np.array_equal(
        twelve.train_A.image(0)[:, :, 0], np.rint(values / 4095 * 255).astype(np.uint8)
    )
    full = opened(deep, root / "trainB", changes=("data.A.range=[0,65535]", *quiet))
    assert full.train_A.image(0).max() == 16
    np.save(root / "deep.npy", np.stack([values + i for i in range(4)]))
    array = opened(root / "deep.npy", root / "trainB", changes=("data.A.range=[0,4095]", *quiet))
    assert np.array_equal(array.train_A.image(0), twelve.train_A.image(0))
    assert "16-bit values" in refused(root / "deep.npy", root / "trainB")
    assert "have 8 bits" in refused(root, changes=("data.A.range=[0,65535]",))


def test_images_smaller_than_the_crop_are_refused(root: Path) -> None:
    message = refused(root, changes=("data.load_size=native", "data.crop_size=48"))
    assert "crops of 48x48 do not fit in 6 of 6 images of domain A, for example" in message
    assert "40x40" in message


def test_a_subset_larger_than_the_domain_is_refused(root: Path) -> None:
    assert "data.A.subset.n 7" in refused(root, changes=("data.A.subset.n=7",))


def test_batches_of_several_sizes_are_refused(root: Path) -> None:
    Image.fromarray(pixels(1, 64, 48)).save(root / "trainA" / "wide.png")
    changes = ("data.preprocess=none", QUIET, "optim.batch=2", "data.A.eval_fraction=0")
    assert "2 sizes, and a batch of 2 needs one" in refused(root, changes=changes)
    data = opened(root, changes=("data.preprocess=none", QUIET, "data.A.eval_fraction=0"))
    sizes = {tuple(data.batch(Streams(0), u).A.shape[2:]) for u in range(9)}
    assert sizes == {(40, 40), (64, 48)}


def test_an_odd_last_batch_does_not_fit_halves(root: Path) -> None:
    changes = ("pool.strategy=shrivastava", "optim.batch=4", "data.pairing=cycle")
    odd = ("data.A.eval_fraction=0.4", *changes)  # 5 images are left, batches of 4 and 1
    assert "data.drop_last" in refused(root, changes=odd)
    assert opened(root, changes=(*odd, "data.drop_last=true")).updates_per_epoch == 1


def test_sizes_are_rounded_where_nothing_is_cropped(root: Path) -> None:
    folder(root / "odd", 3, first=700, height=41, width=43)
    changes = ("data.preprocess=none", QUIET, "data.A.eval_fraction=0")
    data = opened(root / "odd", root / "trainB", changes=changes)
    assert data.batch(Streams(0), 0).A.shape == (1, 3, 40, 44)
    assert any("multiples of 4" in note for note in data.notes)


# Further kinds of data


def idx_file(path: Path, images: np.ndarray) -> Path:
    data = b"\0\0\x08\x03" + struct.pack(">3I", *images.shape) + images.tobytes()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.mark.parametrize("name", ["t-idx3-ubyte", "t-idx3-ubyte.gz"])
def test_idx_files_are_domains(root: Path, name: str) -> None:
    digits = np.random.default_rng(0).integers(0, 256, (9, 28, 28), dtype=np.uint8)
    data = opened(idx_file(root / name, digits), root / "trainB", changes=("data.A.channels=1",))
    assert data.train_A.image(0).shape == (28, 28, 1)
    assert data.train_A.image(0).tobytes() in {one.tobytes() for one in digits}


def test_idx_files_of_something_else_are_told(root: Path) -> None:
    labels = root / "labels-idx1-ubyte"
    labels.write_bytes(b"\0\0\x08\x01" + struct.pack(">I", 3) + b"abc")
    assert "1 axes" in refused(labels, root / "trainB")
    cut = root / "cut-idx3-ubyte"
    cut.write_bytes(b"\0\0\x08\x03" + struct.pack(">3I", 3, 28, 28) + b"abc")
    assert "is cut short" in refused(cut, root / "trainB")


@pytest.mark.shared_data
def test_mnist_is_a_grey_domain(shared: Path, root: Path) -> None:
    file = shared / "data" / "mnist" / "t10k-images-idx3-ubyte.gz"
    data = opened(file, root / "trainB", changes=("data.A.channels=1",))
    assert len(data.train_A) == 9000
    assert data.train_A.image(0).shape == (28, 28, 1)


def test_a_named_set_that_cannot_be_had_is_missing(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision import datasets

    def offline(*_: object, **__: object) -> None:
        raise RuntimeError("Error downloading train-images-idx3-ubyte.gz")

    monkeypatch.setattr(datasets, "MNIST", offline)
    with pytest.raises(MissingFileError, match=r"mnist: is not in .* and cannot be downloaded"):
        open_data(tiny_config("data.A.channels=1"), "mnist", root / "trainB", data_root=root)


def test_a_named_set_that_is_there_is_opened(root: Path) -> None:
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    digits = np.random.default_rng(0).integers(0, 256, (9, 28, 28), dtype=np.uint8)
    for name in ("train", "t10k"):
        idx_file(raw / f"{name}-images-idx3-ubyte", digits)
        labels = b"\0\0\x08\x01" + struct.pack(">I", 9) + bytes(9)
        (raw / f"{name}-labels-idx1-ubyte").write_bytes(labels)
    config = tiny_config("data.A.channels=1")
    data = open_data(config, "mnist", root / "trainB", data_root=root)
    assert data.train_A.path == "mnist"
    assert len(data.train_A) + len(data.held_A) == 9


# Domains of different shape


def test_digits_and_house_numbers_keep_their_shapes(tmp_path: Path) -> None:
    config = resolve(preset="mnist-svhn", changes=["data.workers=0"]).config
    folder(tmp_path / "a", 6, height=28, width=28, channels=1)
    folder(tmp_path / "b", 6, first=50, height=32, width=32)
    data = open_data(config, tmp_path / "a", tmp_path / "b")
    batch = data.batch(Streams(0), 0)
    assert batch.A.shape == (1, 1, 28, 28)
    assert batch.B.shape == (1, 3, 32, 32)
    assert data.held_A.test_batch([0]).shape == (1, 1, 28, 28)


@pytest.mark.parametrize(
    ("changes", "a", "b"),
    [
        (("data.adapter=resize",), (3, 32, 32), (3, 32, 32)),
        (("data.adapter=pad",), (3, 32, 32), (3, 32, 32)),
        (("data.adapter=pad", "data.adapter_fill=reflect"), (3, 32, 32), (3, 32, 32)),
        (
            ("data.A.size=null", "data.A.channels=1", "data.adapter=replicate"),
            (3, 32, 32),
            (3, 32, 32),
        ),
        (("data.A.size=null", "data.A.channels=1", "data.adapter=luma"), (1, 32, 32), (1, 32, 32)),
    ],
)
def test_adapters_bring_domains_to_one_shape(
    root: Path, changes: tuple[str, ...], a: tuple[int, ...], b: tuple[int, ...]
) -> None:
    data = opened(root, changes=("data.A.size=28", *changes))
    batch = data.batch(Streams(0), 0)
    assert batch.A.shape[1:] == a
    assert batch.B.shape[1:] == b
    assert data.held_A.test_batch([0, 1]).shape == (2, *a)
    assert torch.equal(data.batch(Streams(0), 0).A, batch.A)
    if "data.adapter=pad" in changes:
        edge = batch.A[0, :, 0]
        assert bool((edge == -1).all()) == ("data.adapter_fill=reflect" not in changes)


def test_a_chosen_subset_is_written_and_kept(root: Path) -> None:
    data = opened(root, changes=("data.A.subset.n=4",))
    (written,) = data.write_subsets(root)
    assert written.name == "subset-A.txt"
    lines = written.read_text().splitlines()
    assert lines[0].startswith("# 4 images of")
    assert lines[1:] == data.train_A.keys
    assert opened(root, changes=("data.A.subset.n=4",)).train_A.keys == data.train_A.keys


def test_a_subset_is_taken_up_from_a_run_alone(root: Path, tmp_path: Path) -> None:
    config = tiny_config("data.A.subset.n=2", "data.A.subset.method=farthest-point")
    chosen = open_data(config, root, embed=lambda images: images.mean((1, 2))).train_A.keys
    others = [key for key in opened(root).train_A.keys if key not in chosen][:2]
    run = tmp_path / "run"
    run.mkdir()
    (run / "subset-A.txt").write_text("".join(f"{key}\n" for key in others))
    found = open_data(config, root, run_folder=run, embed=lambda images: images.mean((1, 2)))
    assert found.train_A.keys == chosen  # a run that never began has left the list
    (run / "state.json").write_text("{}")
    assert open_data(config, root, run_folder=run).train_A.keys == others
