"""Images in NumPy files and in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ganeval.errors import InputError
from ganeval.images import Decoding, ImageSet, open_image_set
from ganeval.images.array_files import load_images_array

STACK = np.random.default_rng(7).integers(0, 256, (5, 8, 6, 3), dtype=np.uint8)


def everything(images: ImageSet) -> np.ndarray:
    return np.stack([images.decode(i) for i in range(len(images))])


class TestLayout:
    @pytest.mark.parametrize("save", ["npy", "npz", "compressed", "memory", "tensor"])
    @pytest.mark.parametrize("channels", [0, 1, 3])
    @pytest.mark.parametrize("first", [False, True])
    def test_the_axis_of_one_or_three_is_the_channels(
        self, tmp_path: Path, save: str, channels: int, first: bool
    ) -> None:
        stack = STACK[..., 0] if channels == 0 else STACK[..., :channels]
        stored = np.moveaxis(stack, -1, 1) if first and channels else stack
        source: Any = stored
        if save == "tensor":
            source = torch.from_numpy(stored.copy())
        elif save == "npy":
            source = tmp_path / "a.npy"
            np.save(source, stored)
        elif save != "memory":
            source = tmp_path / "a.npz"
            (np.savez if save == "npz" else np.savez_compressed)(source, stored)
        images = open_image_set(source)
        expected = STACK if channels == 3 else np.repeat(STACK[..., :1], 3, axis=3)
        np.testing.assert_array_equal(everything(images), expected)
        assert images.kind == ("memory" if save in ("memory", "tensor") else "array")
        assert images.keys == [f"{i:06}" for i in range(5)]
        header = images.headers[0]
        assert (header.width, header.height, header.frames) == (6, 8, 1)
        assert header.special == (() if channels == 3 else ("grey",))

    @pytest.mark.parametrize("shape", [(2, 3, 5, 3), (2, 1, 5, 3), (2, 3, 5, 1)])
    def test_an_ambiguous_shape_needs_a_word(self, shape: tuple[int, ...]) -> None:
        stack = np.zeros(shape, np.uint8)
        with pytest.raises(InputError, match="may be NHWC or NCHW"):
            open_image_set(stack)
        first = open_image_set(stack, layout="NCHW").headers[0]
        assert (first.height, first.width) == shape[2:]
        last = open_image_set(stack, layout="NHWC").headers[0]
        assert (last.height, last.width) == shape[1:3]

    @pytest.mark.parametrize(
        "shape", [(2, 4, 5, 4), (2, 2, 2, 2), (5, 6), (5, 6, 3), (2, 3, 4, 4, 3)]
    )
    def test_other_shapes_are_refused(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(InputError, match="shape"):
            open_image_set(np.zeros(shape, np.uint8))

    @pytest.mark.parametrize("shape", [(0, 4, 4, 3), (2, 0, 4, 3)])
    def test_nothing_is_refused(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(InputError, match="holds no images"):
            open_image_set(np.zeros(shape, np.uint8))

    def test_a_layout_that_does_not_fit_is_refused(self) -> None:
        with pytest.raises(InputError, match="no axis of 1 or 3 channels where NCHW"):
            open_image_set(STACK, layout="NCHW")
        with pytest.raises(InputError, match="neither NHWC nor NCHW"):
            open_image_set(STACK, layout="HWC")  # type: ignore[arg-type]

    @pytest.mark.parametrize("dtype", [bool, np.int64, np.uint16, complex])
    def test_other_types_are_refused(self, dtype: Any) -> None:
        with pytest.raises(InputError, match="neither uint8 nor float"):
            open_image_set(STACK.astype(dtype))


class TestFloats:
    @pytest.mark.parametrize("value_range", [(0, 1), (-1, 1), (0, 255)])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_every_grey_level_comes_back(
        self, value_range: tuple[float, float], dtype: Any
    ) -> None:
        low, high = value_range
        stack = (STACK / 255 * (high - low) + low).astype(dtype)
        images = open_image_set(stack, value_range=value_range)
        np.testing.assert_array_equal(everything(images), STACK)
        assert images.digests == open_image_set(STACK).digests

    def test_halves_are_rounded_to_even_not_cut(self) -> None:
        values = np.array([0.5, 1.5, 2.5, 254.5, 0.49, 254.51]).reshape(1, 1, 6)
        images = open_image_set(values, value_range=(0, 255))
        assert images.decode(0)[0, :, 0].tolist() == [0, 2, 2, 254, 0, 255]

    def test_half_and_brain_floats(self) -> None:
        stack = torch.tensor([0.0, 0.5, 1.0]).reshape(1, 1, 1, 3).repeat(1, 3, 2, 1)
        for dtype in (torch.float16, torch.bfloat16):
            images = open_image_set(stack.to(dtype), value_range=(0, 1), layout="NCHW")
            assert images.decode(0)[0, :, 0].tolist() == [0, 128, 255]

    def test_a_range_is_asked_for(self) -> None:
        with pytest.raises(InputError, match="holds floats") as caught:
            open_image_set(STACK / 255)
        assert "--range 0,1" in str(caught.value.hint)

    def test_values_outside_are_clipped_if_few_and_refused_if_many(self) -> None:
        stack = np.full((1, 50, 40, 3), 0.5)  # 6,000 values: 0.1 % are 6
        stack.flat[:6] = 7.0
        images = open_image_set(stack, value_range=(0, 1))
        assert images.decode(0).reshape(-1)[:7].tolist() == [255] * 6 + [128]
        stack.flat[6] = -7.0
        with pytest.raises(InputError, match=r"0\.12% of the values lie outside 0,1"):
            open_image_set(stack, value_range=(0, 1))
        stack.flat[6] = -0.0009  # within a thousandth of the width: no more than rounding
        open_image_set(stack, value_range=(0, 1))

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_what_is_no_number_is_refused(self, value: float) -> None:
        stack = STACK / 255
        stack[3, 2, 1, 0] = value
        with pytest.raises(InputError, match="NaN or infinity"):
            open_image_set(stack, value_range=(0, 1))

    @pytest.mark.parametrize("value_range", [(1, 0), (0, 0), (0, np.inf)])
    def test_a_range_must_be_one(self, value_range: tuple[float, float]) -> None:
        with pytest.raises(InputError, match="is not a low and a high number"):
            open_image_set(STACK / 255, value_range=value_range)

    @settings(max_examples=30, deadline=None)
    @given(
        low=st.floats(-1e3, 1e3),
        width=st.floats(1e-2, 1e3),
        levels=st.lists(st.integers(0, 255), min_size=1, max_size=20),
    )
    def test_any_range_is_inverted(self, low: float, width: float, levels: list[int]) -> None:
        values = low + width * (np.array(levels) / 255)
        stack = values.reshape(1, 1, -1, 1)
        images = open_image_set(stack, layout="NHWC", value_range=(low, low + width))
        assert images.decode(0)[0, :, 0].tolist() == levels


class TestFiles:
    def test_uncompressed_files_are_mapped_not_read(self, tmp_path: Path) -> None:
        np.save(tmp_path / "a.npy", STACK)
        np.savez(tmp_path / "a.npz", STACK)
        np.savez(tmp_path / "f.npz", np.asfortranarray(STACK))
        for name in ("a.npy", "a.npz", "f.npz"):
            array = load_images_array(tmp_path / name)
            assert isinstance(array, np.memmap)
            np.testing.assert_array_equal(array, STACK)
            np.testing.assert_array_equal(everything(open_image_set(tmp_path / name)), STACK)

    def test_arr_0_is_taken_among_several_and_a_single_array_by_any_name(
        self, tmp_path: Path
    ) -> None:
        np.savez(tmp_path / "a.npz", STACK, labels=np.arange(5))
        np.savez(tmp_path / "b.npz", pictures=STACK)
        for name in ("a.npz", "b.npz"):
            np.testing.assert_array_equal(everything(open_image_set(tmp_path / name)), STACK)
        np.savez(tmp_path / "c.npz", train=STACK, test=STACK)
        with pytest.raises(InputError, match="holds test, train; images are looked for in one"):
            open_image_set(tmp_path / "c.npz")

    @pytest.mark.parametrize("compressed", [False, True])
    def test_python_objects_stay_closed(self, tmp_path: Path, compressed: bool) -> None:
        objects = np.array([[[{}]]], dtype=object)
        np.save(tmp_path / "a.npy", objects, allow_pickle=True)
        save = np.savez_compressed if compressed else np.savez
        save(tmp_path / "a.npz", objects)
        for name in ("a.npy", "a.npz"):
            with pytest.raises(InputError, match="cannot be read as an array"):
                open_image_set(tmp_path / name)

    @pytest.mark.parametrize("name", ["a.npy", "a.npz"])
    def test_truncated_files_are_named(self, tmp_path: Path, name: str) -> None:
        path = tmp_path / name
        (np.save if name == "a.npy" else np.savez)(path, STACK)
        path.write_bytes(path.read_bytes()[:200])
        with pytest.raises(InputError, match=f"{name}: cannot be read as"):
            open_image_set(path)

    def test_a_damaged_compressed_array_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "a.npz"
        np.savez_compressed(path, STACK)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0xFF
        path.write_bytes(data)
        with pytest.raises(InputError, match=r"a\.npz: cannot be read as an array"):
            open_image_set(path)


class TestMemory:
    def test_digests_are_those_of_the_pixels(self) -> None:
        images = open_image_set(STACK)
        expected = hashlib.sha256(b"u8:8:6:3:" + STACK[2].tobytes()).hexdigest()
        assert images.digests[2] == expected
        moved = np.ascontiguousarray(np.moveaxis(STACK, 3, 1))
        assert open_image_set(moved).digests == images.digests
        assert open_image_set(iter(STACK)).digests == images.digests
        assert open_image_set([Image.fromarray(one) for one in STACK]).digests == images.digests

    def test_keys_sort_as_numbers_whatever_their_count(self) -> None:
        images = open_image_set(np.zeros((12, 1, 2), np.uint8))
        assert images.keys == sorted(images.keys) == [f"{i:06}" for i in range(12)]

    @pytest.mark.parametrize("wrap", [list, iter, lambda items: (item for item in items)])
    def test_iterables_of_images_and_of_pairs(self, wrap: Any) -> None:
        tensors = [torch.from_numpy(one.transpose(2, 0, 1).copy()) for one in STACK]
        for items in (tensors, list(STACK), [Image.fromarray(one) for one in STACK]):
            np.testing.assert_array_equal(everything(open_image_set(wrap(items))), STACK)
            pairs = [(item, label) for label, item in enumerate(items)]
            np.testing.assert_array_equal(everything(open_image_set(wrap(pairs))), STACK)

    def test_a_loader_of_batches(self) -> None:
        data = torch.utils.data.TensorDataset(
            torch.from_numpy(STACK.transpose(0, 3, 1, 2).copy()), torch.arange(5)
        )
        loader = torch.utils.data.DataLoader(data, batch_size=2)
        np.testing.assert_array_equal(everything(open_image_set(loader)), STACK)
        np.testing.assert_array_equal(everything(open_image_set(data)), STACK)

    def test_a_data_set_that_only_knows_its_length_and_its_items(self) -> None:
        class Numbered:
            def __len__(self) -> int:
                return 5

            def __getitem__(self, index: int) -> tuple[np.ndarray, int]:
                return STACK[index % 5], 0  # never raises IndexError

        np.testing.assert_array_equal(everything(open_image_set(Numbered())), STACK)

    def test_a_reused_buffer_is_copied(self) -> None:
        def batches() -> Iterator[np.ndarray]:
            buffer = np.empty_like(STACK[0])
            for one in STACK:
                buffer[:] = one
                yield buffer

        np.testing.assert_array_equal(everything(open_image_set(batches())), STACK)

    def test_pil_images_follow_the_policy_and_stay_as_they_are(self) -> None:
        rgba = Image.fromarray(np.dstack([STACK[0], STACK[1][..., 0]]))
        palette = Image.fromarray(STACK[0]).quantize(16)
        palette.info["transparency"] = 3
        turned = Image.fromarray(STACK[0])
        turned.getexif()[0x0112] = 6
        premultiplied = rgba.convert("RGBa")
        items = [rgba, palette, turned, premultiplied]
        before = [(one.mode, dict(one.info), one.tobytes()) for one in items]
        images = open_image_set(items)
        alpha = STACK[1][..., :1].astype(int)
        over_white = (alpha * STACK[0] + (255 - alpha) * 255 + 127) // 255
        np.testing.assert_array_equal(images.decode(0), over_white)
        assert (images.decode(1)[np.asarray(palette) == 3] == 255).all()
        np.testing.assert_array_equal(images.decode(2), np.rot90(STACK[0], -1))
        assert [header.special for header in images.headers] == [
            ("alpha",),
            ("alpha", "palette"),
            ("exif_rotated",),
            ("alpha",),
        ]
        peer = open_image_set(items[:3], decoding=Decoding(policy="peer"))
        for i, item in enumerate(items[:3]):
            np.testing.assert_array_equal(peer.decode(i), np.asarray(item.convert("RGB")))
        assert before == [(one.mode, dict(one.info), one.tobytes()) for one in items]

    def test_palettes_with_an_alpha_of_their_own(self) -> None:
        image = Image.fromarray(np.array([[0, 1]], np.uint8))
        image.putpalette([10, 20, 30, 255, 40, 50, 60, 0], "RGBA")
        images = open_image_set([image], decoding=Decoding(background=(1, 2, 3)))
        assert images.headers[0].special == ("alpha", "palette")
        assert images.decode(0).tolist() == [[[10, 20, 30], [1, 2, 3]]]

    def test_lazily_opened_files_are_images_too(self, tmp_path: Path) -> None:
        Image.fromarray(STACK[0]).save(tmp_path / "a.png")
        (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes()[:-150])
        with Image.open(tmp_path / "a.png") as whole, Image.open(tmp_path / "b.png") as cut:
            images = open_image_set([whole, cut])
        np.testing.assert_array_equal(everything(images), STACK[:1])
        assert images.headers[0].format == "PNG"
        assert list(images.unreadable) == ["000001"]

    def test_modes_without_a_range_are_unreadable(self) -> None:
        images = open_image_set([Image.new("HSV", (3, 3)), Image.new("F", (3, 3))])
        assert len(images) == 0
        assert "mode HSV" in images.unreadable["000000"]

    def test_too_many_pixels_are_unreadable(self) -> None:
        small = Decoding(max_pixels=47)
        for source in (STACK, list(STACK), [Image.fromarray(one) for one in STACK]):
            reasons = open_image_set(source, decoding=small).unreadable
            assert set(reasons.values()) == {"6 x 8 is 48 pixels, more than the 47 allowed"}

    @pytest.mark.parametrize("source", [7, {"a": 1}, Image.new("RGB", (2, 2)), None])
    def test_what_holds_no_images_is_refused(self, source: object) -> None:
        with pytest.raises(InputError, match="cannot read images from a"):
            open_image_set(source)

    @pytest.mark.parametrize("item", ["a.png", {"image": 1}, 3, ()])
    def test_an_item_of_another_kind_is_named(self, item: object) -> None:
        with pytest.raises(InputError, match="item 1 is a"):
            open_image_set([STACK[0], item])

    def test_an_empty_iterable_is_refused(self) -> None:
        with pytest.raises(InputError, match="the iterable is empty"):
            open_image_set([])

    def test_decoding_never_hands_out_the_callers_memory_for_writing(self) -> None:
        images = open_image_set(STACK)
        with pytest.raises(ValueError, match="read-only"):
            images.decode(0)[0] = 0
        assert STACK.flags.writeable
