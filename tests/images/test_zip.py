"""Images in zip archives."""

from __future__ import annotations

import io
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganeval.errors import InputError
from ganeval.images import Decoding, UnreadableImage, open_image_set


def encoded(shade: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (3, 2), (shade, 0, 255 - shade)).save(stream, "PNG")
    return stream.getvalue()


def archive(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as target:
        for name, data in members.items():
            target.writestr(name, data)
    return path


def test_members_are_filtered_and_sorted_like_files(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "set.zip",
        {
            "in/b.PNG": encoded(1),
            "a.png": encoded(2),
            "in/notes.md": b"",
            "inner.zip": b"PK\x03\x04",
            "__MACOSX/._a.png": b"",
            ".hidden/c.png": encoded(3),
            "empty/": b"",
        },
    )
    images = open_image_set(path)
    assert images.kind == "zip"
    assert images.keys == ["set.zip!a.png", "set.zip!in/b.PNG"]
    assert images.ignored == {".md": 1, ".zip": 1}
    assert images.decode(1)[0, 0].tolist() == [1, 0, 254]
    assert open_image_set(path, recursive=False).keys == ["set.zip!a.png"]


def test_the_content_makes_an_archive_not_the_name(tmp_path: Path) -> None:
    path = archive(tmp_path / "images.zip.real", {"a.png": encoded(1)})
    assert open_image_set(path).kind == "zip"
    folder = tmp_path / "not.zip"
    folder.mkdir()
    (folder / "a.png").write_bytes(encoded(1))
    assert open_image_set(folder).kind == "folder"


def test_an_archive_and_its_folder_have_the_same_content(tmp_path: Path) -> None:
    members = {f"{i}.png": encoded(i) for i in range(5)}
    (tmp_path / "set").mkdir()
    for name, data in members.items():
        (tmp_path / "set" / name).write_bytes(data)
    packed = open_image_set(archive(tmp_path / "a.zip", members, zipfile.ZIP_DEFLATED))
    assert packed.content_fingerprint == open_image_set(tmp_path / "set").content_fingerprint


@pytest.mark.parametrize(
    "compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_many_threads_read_at_once(tmp_path: Path, compression: int) -> None:
    path = archive(tmp_path / "a.zip", {f"{i:03}.png": encoded(i) for i in range(200)}, compression)
    images = open_image_set(path)
    with ThreadPoolExecutor(8) as pool:
        reds = [pixels[0, 0, 0] for pixels in pool.map(images.decode, range(200))]
    assert reds == list(range(200))


def test_encrypted_and_damaged_members_are_named(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "a.zip",
        {"a.png": encoded(1), "b.png": encoded(2), "c.png": encoded(3), "d.png": b""},
    )
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as source:
        start = source.getinfo("b.png").header_offset
    data[start + 60] ^= 0xFF  # inside the stored content: the checksum tells
    entry = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1) + 1)
    data[entry + 8] |= 1  # the flag of encryption in the directory
    path.write_bytes(data)
    images = open_image_set(path)
    assert images.keys == ["a.zip!a.png"]
    assert images.unreadable["a.zip!c.png"] == "encrypted"
    assert images.unreadable["a.zip!d.png"] == "file is empty"
    assert "Bad CRC-32" in images.unreadable["a.zip!b.png"]


def test_a_member_that_unpacks_to_too_much_is_never_unpacked(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"a.png": bytes(2**24 + 17)}, zipfile.ZIP_DEFLATED)
    reasons = open_image_set(path, decoding=Decoding(max_pixels=1)).unreadable
    assert reasons == {"a.zip!a.png": "16,777,233 bytes are too many for 1 pixels"}
    reasons = open_image_set(path, decoding=Decoding(max_pixels=2)).unreadable
    assert reasons == {"a.zip!a.png": "cannot identify image file"}


def test_a_broken_archive_is_named(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"a.png": encoded(1)})
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match=r"a\.zip: cannot be read as a zip archive"):
        open_image_set(path)


@pytest.mark.parametrize("members", [{}, {"a.heic": b"", "b.heic": b""}])
def test_an_archive_without_images_says_what_it_holds(
    tmp_path: Path, members: dict[str, bytes]
) -> None:
    path = archive(tmp_path / "a.zip", members)
    with pytest.raises(InputError, match="found 2 `.heic`" if members else "it is empty"):
        open_image_set(path)


def test_an_archive_replaced_since_it_was_listed_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"a.png": encoded(1)})
    images = open_image_set(path)
    archive(path, {"a.png": encoded(9), "b.png": encoded(9)})
    with pytest.raises(UnreadableImage, match="changed since it was listed"):
        images.decode(0)


def test_a_name_stored_twice_stands_for_its_last_content(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("a.png", encoded(1))
        with pytest.warns(UserWarning, match="Duplicate name"):
            target.writestr("a.png", encoded(2))
    images = open_image_set(path)
    assert len(images) == 1
    np.testing.assert_array_equal(images.decode(0)[0, 0], [2, 0, 253])


def test_a_handle_serves_its_thread_and_process_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = open_image_set(archive(tmp_path / "a.zip", {"a.png": encoded(1)}))
    opened = []

    class Counted(zipfile.ZipFile):
        def __init__(self, path: Path) -> None:
            opened.append(path)
            super().__init__(path)

    monkeypatch.setattr(zipfile, "ZipFile", Counted)
    for _ in range(3):
        images.decode(0)
    assert len(opened) == 1
    with ThreadPoolExecutor(1) as pool:
        pool.submit(images.decode, 0).result()
    assert len(opened) == 2
    monkeypatch.setattr(os, "getpid", lambda: -1)  # as in a forked process
    images.decode(0)
    assert len(opened) == 3
