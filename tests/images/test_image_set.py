"""The set itself: order, fingerprints, choice, digests, records."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ganeval.errors import InputError
from ganeval.images import Decoding, ImageSet, open_image_set
from ganeval.images.digests import DigestHints

from .conftest import MakeFolder

SHADES = np.arange(40, dtype=np.uint8)[:, None, None].repeat(2, 1)


class TestFingerprints:
    def test_digests_are_those_of_the_bytes(self, folder: MakeFolder) -> None:
        place = folder("a.png", "b.png")
        expected = [
            hashlib.sha256((place / name).read_bytes()).hexdigest() for name in ("a.png", "b.png")
        ]
        assert open_image_set(place).digests == expected

    def test_renaming_keeps_the_content_only(self, folder: MakeFolder, tmp_path: Path) -> None:
        place = folder("a.png", "b.png")
        other = tmp_path / "other"
        other.mkdir()
        shutil.copy(place / "a.png", other / "z.png")
        shutil.copy(place / "b.png", other / "b.png")
        first, second = open_image_set(place), open_image_set(other)
        assert first.content_fingerprint == second.content_fingerprint
        assert first.fingerprint != second.fingerprint
        copied = shutil.copytree(place, tmp_path / "copied")
        assert open_image_set(copied).fingerprint == first.fingerprint

    def test_one_changed_image_changes_both(self, folder: MakeFolder) -> None:
        place = folder("a.png", "b.png")
        before = open_image_set(place)
        Image.new("RGB", (3, 2), (9, 9, 9)).save(place / "a.png")
        after = open_image_set(place)
        assert before.fingerprint != after.fingerprint
        assert before.content_fingerprint != after.content_fingerprint

    @settings(max_examples=30, deadline=None)
    @given(order=st.permutations(range(6)))
    def test_order_in_memory_changes_the_pairs_not_the_content(self, order: list[int]) -> None:
        plain, mixed = open_image_set(SHADES[:6]), open_image_set(SHADES[list(order)])
        assert mixed.content_fingerprint == plain.content_fingerprint
        assert (mixed.fingerprint == plain.fingerprint) == (order == sorted(order))

    def test_names_cannot_imitate_other_sets(self) -> None:
        # With keys put unescaped on lines of their own, these would read the same.
        one, two = "1" * 64, "2" * 64
        assert _set_of({"a": one, "b": two}) != _set_of({f'a", "{one}"]\n["b': two})


def _set_of(digests: dict[str, str]) -> str:
    base = open_image_set(SHADES[: len(digests)])
    return ImageSet(
        **{
            **{name: getattr(base, name) for name in base.__dataclass_fields__},
            "keys": list(digests),
            "digests": list(digests.values()),
        }
    ).fingerprint


class TestLimit:
    @settings(max_examples=50, deadline=None)
    @given(limit=st.integers(1, 60), seed=st.integers(0, 2**40))
    def test_a_choice_is_sorted_repeatable_and_nested(self, limit: int, seed: int) -> None:
        chosen = open_image_set(SHADES, limit=limit, seed=seed)
        assert len(chosen) == min(limit, 40)
        assert chosen.keys == sorted(set(chosen.keys))
        assert chosen.keys == open_image_set(SHADES, limit=limit, seed=seed).keys
        assert set(chosen.keys) <= set(open_image_set(SHADES, limit=limit + 1, seed=seed).keys)
        red = [int(chosen.decode(i)[0, 0, 0]) for i in range(len(chosen))]
        assert red == [int(key) for key in chosen.keys]

    def test_it_is_no_first_n_and_depends_on_the_seed(self) -> None:
        choices = {tuple(open_image_set(SHADES, limit=5, seed=seed).keys) for seed in range(20)}
        assert len(choices) == 20
        # Every image can be chosen: one is missed by all 20 with probability (7/8)^20 = 7 %,
        # so of 40 images 3 are expected to be; more than 12 has a probability below 1e-5.
        assert len({key for choice in choices for key in choice}) >= 28

    def test_the_choice_depends_on_keys_alone(self, folder: MakeFolder) -> None:
        place = folder(*(f"{i}.png" for i in range(10)))
        keys = open_image_set(place, limit=4).keys
        for path in place.iterdir():
            Image.new("RGB", (5, 5), (1, 2, 3)).save(path)
        assert open_image_set(place, limit=4).keys == keys

    def test_it_is_recorded(self) -> None:
        info = open_image_set(SHADES, limit=5, seed=3).info("real", "r")
        assert (info.n, info.limit, info.seed) == (5, 5, 3)

    @pytest.mark.parametrize("wrong", [{"limit": 0}, {"limit": -1}, {"seed": -1}])
    def test_nonsense_is_refused(self, wrong: dict[str, int]) -> None:
        with pytest.raises(InputError, match=r"--limit|--seed"):
            open_image_set(SHADES, **wrong)


class Hints:
    """Remembers in memory, and counts what it was asked."""

    def __init__(self, known: dict[Path, str] | None = None) -> None:
        self.known = known or {}
        self.asked: list[Path] = []

    def get_many(self, paths: list[Path]) -> dict[Path, str]:
        self.asked += paths
        return {path: self.known[path] for path in paths if path in self.known}

    def put_many(self, digests: dict[Path, str]) -> None:
        self.known.update(digests)


class TestHints:
    def test_what_was_computed_is_remembered(self, folder: MakeFolder) -> None:
        place = folder("a.png", "b.png")
        (place / "c.png").write_bytes(b"text")
        hints = Hints()
        images = open_image_set(place, digest_hints=hints)
        assert hints.asked == [place / "a.png", place / "b.png", place / "c.png"]
        assert hints.known == dict(
            zip([place / "a.png", place / "b.png"], images.digests, strict=True)
        )

    def test_a_known_digest_is_believed_and_the_header_still_read(self, folder: MakeFolder) -> None:
        place = folder("a.png", "b.png")
        hints = Hints({place / "a.png": "f" * 64})
        images = open_image_set(place, digest_hints=hints)
        assert images.digests[0] == "f" * 64
        assert images.headers[0] == images.headers[1]
        assert images.decode(0)[0, 0].tolist() == [0, 7, 5]

    @pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif", "gif", "jp2", "avif", "bmp"])
    def test_headers_are_the_same_with_and_without(self, tmp_path: Path, suffix: str) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        noise = np.random.default_rng(0).integers(0, 256, (30, 20, 3), dtype=np.uint8)
        Image.fromarray(noise).save(tmp_path / f"a.{suffix}", exif=exif)
        hints = Hints()
        plain = open_image_set(tmp_path, digest_hints=hints)
        hinted = open_image_set(tmp_path, digest_hints=hints)
        assert hinted.headers == plain.headers
        np.testing.assert_array_equal(hinted.decode(0), plain.decode(0))

    def test_the_store_on_disk_fits(self, folder: MakeFolder, tmp_path: Path) -> None:
        place = folder("a.png", "b.png")
        plain = open_image_set(place)
        for _ in range(2):
            hints = DigestHints(tmp_path / "store")
            assert open_image_set(place, digest_hints=hints).digests == plain.digests


class TestImages:
    def test_many_threads_decode_at_once(self, folder: MakeFolder) -> None:
        images = open_image_set(folder(*(f"{i:03}.png" for i in range(100))))
        with ThreadPoolExecutor(8) as pool:
            reds = [pixels[0, 0, 0] for pixels in pool.map(images.decode, range(100))]
        assert reds == list(range(100))

    def test_pixels_are_rgb_contiguous_and_read_only(self, tmp_path: Path) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        noise = np.random.default_rng(0).integers(0, 256, (5, 4, 3), dtype=np.uint8)
        Image.fromarray(noise).save(tmp_path / "a.png", exif=exif)
        Image.fromarray(noise).save(tmp_path / "b.png")
        Image.fromarray(noise[..., 0].copy()).save(tmp_path / "c.png")
        for source in (tmp_path, noise[None], noise.transpose(2, 0, 1)[None], [noise[..., :1]]):
            images = open_image_set(source)
            for i in range(len(images)):
                pixels = images.decode(i)
                assert pixels.dtype == np.uint8
                assert pixels.shape == (images.headers[i].height, images.headers[i].width, 3)
                assert pixels.flags.c_contiguous
                assert not pixels.flags.writeable

    def test_a_picture_by_key_has_the_same_pixels(self, folder: MakeFolder) -> None:
        images = open_image_set(folder("a.png", "deep/b.png"))
        picture = images.image("deep/b.png")
        assert picture.mode == "RGB"
        np.testing.assert_array_equal(np.asarray(picture), images.decode(1))
        with pytest.raises(InputError, match=r"set has no image 'b\.png'"):
            images.image("b.png")

    def test_info_counts_what_was_found(self, folder: MakeFolder) -> None:
        place = folder("a.png", "b.png")
        Image.new("L", (5, 4)).save(place / "c.jpg")
        Image.new("RGBA", (5, 4)).save(place / "d.png")
        images = open_image_set(place, decoding=Decoding(policy="peer"))
        info = images.info("fake", "label")
        assert (info.role, info.label, info.kind, info.path) == (
            "fake",
            "label",
            "folder",
            str(place),
        )
        assert (info.n, info.n_groups) == (4, 4)
        assert info.formats == {"PNG": 3, "JPEG": 1}
        assert info.sizes == {"3x2": 2, "5x4": 2}
        assert info.modes == {"RGB": 2, "L": 1, "RGBA": 1}
        assert info.decoded == {"grey": 1, "alpha": 1}
        assert info.fingerprint == images.fingerprint
        assert info.content_fingerprint == images.content_fingerprint

    def test_the_path_is_kept_as_given(
        self, folder: MakeFolder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = folder("a.png")
        monkeypatch.chdir(place.parent)
        assert open_image_set("set/").path == "set/"
        assert open_image_set(Path("set")).path == "set"

    def test_the_room_loads_no_heavy_package(self) -> None:
        code = (
            "import sys, ganeval.images;"
            "print(*{'torch', 'torchvision', 'pandas', 'sklearn', 'scipy'} & set(sys.modules))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == ""


@pytest.mark.shared_data
def test_real_pictures_read_as_the_peers_read_them(shared: Path) -> None:
    images = open_image_set(shared / "data" / "monet" / "fake-resnet", limit=20)
    peer = Decoding(policy="peer")
    as_peer = open_image_set(shared / "data" / "monet" / "fake-resnet", limit=20, decoding=peer)
    assert images.digests == as_peer.digests
    for i, key in enumerate(images.keys):
        with Image.open(shared / "data" / "monet" / "fake-resnet" / key) as picture:
            expected = np.asarray(picture.convert("RGB"))
        np.testing.assert_array_equal(images.decode(i), expected)
        np.testing.assert_array_equal(as_peer.decode(i), expected)
