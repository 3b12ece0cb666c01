"""What kind of input a path is."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from ganeval.errors import InputError
from ganeval.images import open_image_set, source_kind

from .conftest import MakeFolder


def test_the_content_decides(tmp_path: Path, folder: MakeFolder) -> None:
    stack = np.zeros((2, 4, 4, 3), np.uint8)
    np.save(tmp_path / "a.npy", stack)
    (tmp_path / "a.npy").rename(tmp_path / "npy.png")
    np.savez(tmp_path / "b.npz", stack)
    (tmp_path / "b.npz").rename(tmp_path / "npz.zip")
    with zipfile.ZipFile(tmp_path / "zip.npz", "w") as archive:
        archive.writestr("a.png", b"")
    (tmp_path / "list.TXT").write_text("a.png\n")
    kinds = {
        name: source_kind(tmp_path / name) for name in ("npy.png", "npz.zip", "zip.npz", "list.TXT")
    }
    assert list(kinds.values()) == ["array", "array", "zip", "list"]
    assert source_kind(str(folder("a.png"))) == "folder"


@pytest.mark.parametrize(
    "names",
    [
        {"mu", "sigma"},
        {"mu", "sigma", "mu_s", "sigma_s", "arr_0"},
        {"feats"},
        {"mu", "sigma", "n", "meta", "features", "keys"},
    ],
)
def test_saved_statistics_are_known_by_their_arrays(tmp_path: Path, names: set[str]) -> None:
    path = tmp_path / "ref.npz"
    np.savez(path, **{name: np.zeros(2) for name in names})
    assert source_kind(path) == "statistics"
    with pytest.raises(InputError, match=r"ref\.npz: holds saved statistics"):
        open_image_set(path)


def test_files_of_torch_save_are_statistics(tmp_path: Path) -> None:
    import torch

    torch.save({"mu": torch.zeros(2)}, tmp_path / "cache.pt")
    (tmp_path / "cache.pt").rename(tmp_path / "cache.zip")
    assert source_kind(tmp_path / "cache.zip") == "statistics"
    with pytest.raises(InputError, match=r"cache\.zip: holds saved statistics"):
        open_image_set(tmp_path / "cache.zip")


@pytest.mark.parametrize(
    "names",
    [
        ["a/data.pkl", "a/1.png"],  # a folder of pictures with a pickle in it
        ["a/data.pkl", "a/version", "a/constants.pkl", "a/code/x.py"],  # TorchScript
        ["data.pkl", "version"],
    ],
)
def test_other_archives_stay_archives(names: list[str], tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in names:
            archive.writestr(name, b"")
    assert source_kind(tmp_path / "a.zip") == "zip"


def test_arrays_are_not_loaded_to_tell(tmp_path: Path) -> None:
    # The content of the member is damaged, which only reading it would tell.
    path = tmp_path / "ref.npz"
    np.savez(path, mu=np.zeros(9), sigma=np.zeros((9, 9)))
    data = bytearray(path.read_bytes())
    data[60:90] = bytes(30)
    path.write_bytes(data)
    assert source_kind(path) == "statistics"


def test_a_missing_path_names_its_neighbours(tmp_path: Path, folder: MakeFolder) -> None:
    place = folder("a.png", root="real")
    with pytest.raises(InputError, match=r"reel: there is no such file or folder") as caught:
        source_kind(tmp_path / "reel")
    assert caught.value.hint == f"Did you mean {place}?"
    with pytest.raises(InputError) as caught:
        source_kind(tmp_path / "reel" / "deeper" / "still")
    assert caught.value.hint == f"Did you mean {place}?"
    with pytest.raises(InputError) as caught:
        source_kind(tmp_path / "zzzzz")
    assert caught.value.hint == f"Nothing called 'zzzzz' is in {tmp_path}."


@pytest.mark.parametrize("path", ["", "x" * 5000, "a\0b"])
def test_impossible_paths_are_refused(path: str) -> None:
    with pytest.raises(InputError):
        source_kind(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n"),
        ("model.pth", b"\x80\x02"),
        ("empty", b""),
        ("a.csv", b"path\n"),
    ],
)
def test_other_files_are_refused_with_what_is_accepted(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match="is no set of images") as caught:
        source_kind(tmp_path / name)
    assert "folder, a zip archive" in str(caught.value.hint)


def test_pickles_stay_closed(tmp_path: Path) -> None:
    (tmp_path / "ref.pkl").write_bytes(b"\x80\x04.")
    with pytest.raises(InputError, match="pickle files are not opened") as caught:
        source_kind(tmp_path / "ref.pkl")
    assert "mu and sigma" in str(caught.value.hint)
