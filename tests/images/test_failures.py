"""What becomes of a set some of whose images cannot be read."""

from __future__ import annotations

import pytest

from ganeval.errors import ExitCode, InputError
from ganeval.images import ImageSet, OnError, UnreadableImage, open_image_set, settle_failures

from .conftest import MakeFolder

GOOD = b"P5 1 1 255\n\0"


@pytest.fixture
def images(folder: MakeFolder) -> ImageSet:
    """Twenty files, of which one is unreadable by its header."""
    place = folder(*(f"{i:02}.png" for i in range(19)))
    (place / "b.png").write_bytes(b"text")
    return open_image_set(place)


def test_the_options_are_read() -> None:
    assert OnError.parse("fail") == OnError(skip=False)
    assert OnError.parse("skip") == OnError(skip=True, limit=0.05)
    assert OnError.parse("skip=0.2") == OnError(skip=True, limit=0.2)
    assert OnError.parse("skip=1").limit == 1


@pytest.mark.parametrize("text", ["", "no", "skip=", "skip=x", "skip=1.1", "skip=-1", "fail=0.1"])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="--on-error"):
        OnError.parse(text)


def test_nothing_happens_to_a_good_set(folder: MakeFolder) -> None:
    good = open_image_set(folder("a.png"))
    assert settle_failures(good, {}, OnError(), cached=1) is good


def test_every_bad_file_is_listed_with_its_reason(images: ImageSet) -> None:
    found = {"07.png": "image file is truncated (149 bytes not processed)"}
    with pytest.raises(InputError) as caught:
        settle_failures(images, found, OnError(), cached=18)
    assert str(caught.value) == (
        f"2 of 20 images in {images.path} cannot be read:\n"
        "  07.png  image file is truncated (149 bytes not processed)\n"
        "  b.png   cannot identify image file\n"
        "18 good images are cached. Fix the files, or pass --on-error skip."
    )
    assert caught.value.exit_code == ExitCode.USAGE


def test_skipping_drops_counts_and_lists(images: ImageSet) -> None:
    rest = settle_failures(images, dict(images.unreadable), OnError(skip=True), cached=0)
    assert len(rest) == 19
    assert rest.unreadable == {}
    assert [(one.key, one.reason) for one in rest.skipped] == [
        ("b.png", "cannot identify image file")
    ]
    assert rest.fingerprint == images.fingerprint
    assert rest.info("fake", "f").skipped == rest.skipped


def test_found_while_decoding_and_skipped(images: ImageSet) -> None:
    rest = settle_failures(images, {"03.png": "cut"}, OnError(skip=True, limit=0.1), cached=0)
    assert "03.png" not in rest.keys
    assert len(rest) == len(rest.digests) == len(rest.headers) == len(rest.groups) == 18
    assert [one.key for one in rest.skipped] == ["03.png", "b.png"]
    assert rest.decode(3)[0, 0].tolist() == [4, 7, 6]  # 04.png moved up
    assert rest.fingerprint != images.fingerprint


def test_too_many_failures_are_not_skipped(images: ImageSet) -> None:
    with pytest.raises(InputError, match=r"2 of 20 .*, more than the 5 % that may be ") as caught:
        settle_failures(images, {"03.png": "cut"}, OnError(skip=True), cached=0)
    assert caught.value.hint == "Fix the files, or pass --on-error skip=0.1."


@pytest.mark.parametrize("failed", [1, 7, 29, 57, 58, 99])
def test_the_share_in_the_hint_is_enough(failed: int, folder: MakeFolder) -> None:
    # Shares such as 0.29 and 0.57 times 100 are not what they seem in floating point.
    place = folder("00.png")
    for i in range(1, 100):
        (place / f"{i:02}.png").write_bytes(b"text" if i <= failed else GOOD)
    found = open_image_set(place)
    with pytest.raises(InputError) as caught:
        settle_failures(found, {}, OnError(skip=True, limit=0.0), cached=0)
    option = str(caught.value.hint).split()[-1].rstrip(".")
    assert len(settle_failures(found, {}, OnError.parse(option), cached=0)) == 100 - failed


def test_a_set_without_a_good_image_is_never_empty_by_skipping(folder: MakeFolder) -> None:
    place = folder()
    (place / "a.png").write_bytes(b"text")
    with pytest.raises(InputError, match="1 of 1 images in") as caught:
        settle_failures(open_image_set(place), {}, OnError(skip=True, limit=1), cached=0)
    assert caught.value.hint == "Fix the files."


def test_names_stay_on_one_line(folder: MakeFolder) -> None:
    place = folder("a.png")
    (place / "b\nc\x1b[31m.png").write_bytes(b"text")
    images = open_image_set(place)
    with pytest.raises(InputError) as caught:
        settle_failures(images, {}, OnError(), cached=1)
    assert "\n  b\\nc\\x1b[31m.png  cannot identify" in caught.value.message
    assert str(caught.value.hint).startswith("1 good image is cached.")
    assert str(UnreadableImage("a\nb", "why")) == "a\\nb: why"
