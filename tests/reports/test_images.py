from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganeval_reports.beside import Beside
from ganeval_reports.images import LONGEST_SIDE, PageImages, Picture, embed, encode


def noise(width: int, height: int) -> Image.Image:
    rng = np.random.default_rng(width)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


def decoded(picture: Picture) -> Image.Image:
    head, _, data = picture.source.partition(";base64,")
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    assert head == f"data:image/{str(image.format).lower()}"
    return image


def test_small_images_keep_every_pixel() -> None:
    image = noise(28, 28)
    picture = encode(image)
    assert picture.small
    assert np.array_equal(np.asarray(decoded(picture)), np.asarray(image))


@pytest.mark.parametrize(
    ("size", "shown"), [((200, 100), (200, 100)), ((2048, 1024), (LONGEST_SIDE, 256))]
)
def test_large_images_are_bounded_and_keep_their_shape(
    size: tuple[int, int], shown: tuple[int, int]
) -> None:
    picture = encode(noise(*size))
    assert (picture.width, picture.height) == decoded(picture).size == shown
    assert (picture.original_width, picture.original_height) == size
    assert decoded(picture).format == "WEBP"
    assert not picture.small


def test_the_budget_is_shared_fairly_and_kept() -> None:
    images = {("set", str(index)): noise(28, 28) for index in range(20)}
    grids = [[[("set", str(index))] for index in part] for part in (range(10), range(10, 20))]
    one = len(encode(images["set", "0"]).source)
    first, second = embed(grids, lambda *image: images[image], budget=8 * one + one // 2)
    shown = [[isinstance(place[0], Picture) for place in grid] for grid in (first, second)]
    # Noise compresses alike, so eight fit; both grids show the same first places.
    assert shown[0] == shown[1] == [True] * 4 + [False] * 6
    spent = sum(len(p[0].source) for g in (first, second) for p in g if isinstance(p[0], Picture))
    assert spent <= 8 * one + one // 2
    assert first[9] == ["over budget"]


def test_a_pair_is_embedded_whole_or_not_at_all() -> None:
    image = noise(28, 28)
    pair = [("set", "a"), ("set", "b")]
    (grid,) = embed([[pair]], lambda *_: image, budget=int(1.5 * len(encode(image).source)))
    assert grid == [["over budget", "over budget"]]


def test_images_that_are_gone_are_told_from_those_that_do_not_fit() -> None:
    (grid,) = embed([[[("set", "a")], [("set", "b")]]], lambda *_: None)
    assert grid == [["gone"], ["gone"]]


def test_an_image_in_two_places_is_loaded_once() -> None:
    asked = []

    def load(label: str, key: str) -> Image.Image:
        asked.append(key)
        return noise(28, 28)

    embed([[[("set", "a")]], [[("set", "a")]]], load)
    assert asked == ["a"]


def test_what_is_over_the_budget_goes_beside_the_page() -> None:
    beside = Beside(Path("e.html"))
    images = PageImages(lambda *_: noise(28, 28), beside)
    one = len(encode(noise(28, 28)).source)
    places = [[("set", str(index))] for index in range(4)]
    (grid,) = embed([places], images, budget=2 * one)
    sources = [place[0].source for place in grid if isinstance(place[0], Picture)]
    assert [source.startswith("data:") for source in sources] == [True, True, False, False]
    assert images.characters == 2 * one
    assert (len(images.embedded), len(images.beside), len(images.left_out)) == (2, 2, 0)
    # Equal images are one file.
    assert sources[2] == sources[3] == f"e_images/{next(iter(beside.files))}"
    with Image.open(io.BytesIO(beside.files[sources[2].partition("/")[2]])) as stored:
        assert stored.tobytes() == noise(28, 28).tobytes()


def test_images_that_are_gone_are_remembered_and_asked_for_once() -> None:
    asked = []
    images = PageImages(lambda *image: asked.append(image))  # type: ignore[func-returns-value]
    embed([[[("set", "a")], [("set", "a")]]], images, budget=-1)
    embed([[[("set", "a")]]], images.afresh())
    assert images.afresh().gone == {("set", "a")}
    assert asked == [("set", "a")]
