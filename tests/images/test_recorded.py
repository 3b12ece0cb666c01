"""Images of a record months later: shown where they are those that were measured, else told."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganeval.images import Decoding, open_image_set
from ganeval.images.recorded import RUN, RecordedImages, find_images
from ganeval.records import (
    Environment,
    FeatureRun,
    FeatureSpec,
    InputInfo,
    MetricsRecord,
    TrainingRecord,
)


def fill(folder: Path, seeds: range, size: int = 12) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        pixels = np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{seed:03d}.png")
    return folder


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANEVAL_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where the run was made; it holds ``real`` and ``fake``."""
    home = tmp_path / "home"
    fill(home / "real", range(4))
    fill(home / "fake", range(10, 14))
    monkeypatch.chdir(home)
    return home


def recorded(
    *infos: InputInfo, argv: tuple[str, ...] = (), decode: str = "correct"
) -> MetricsRecord:
    spec = FeatureSpec(
        extractor="x",
        layer="y",
        dimension=2,
        weights_sha256=None,
        resize="z",
        size=8,
        normalisation="none",
        decode=decode,
    )
    return MetricsRecord(
        command="fid",
        argv=list(argv),
        started="2026-11-22T05:30:12+00:00",
        seconds=1,
        verdict="",
        inputs=list(infos),
        features=[FeatureRun(spec=spec, weights=None, backend=None)],
        metrics=[],
        environment=Environment(ganeval="0", python="3"),
    )


@pytest.fixture
def record(home: Path) -> MetricsRecord:
    real, fake = open_image_set("real"), open_image_set("fake")
    return recorded(real.info("real", "real"), fake.info("fake", "fake"))


def same(found: RecordedImages, label: str, key: str, file: Path) -> bool:
    image = found.load(label, key)
    return image is not None and np.array_equal(np.asarray(image), np.asarray(Image.open(file)))


def test_images_where_they_were_are_those_that_were_measured(
    home: Path, record: MetricsRecord
) -> None:
    found = find_images(record)
    assert found.any
    assert found.remarks == []
    assert not any(one.missing for one in found.sets.values())
    assert same(found, "fake", "011.png", home / "fake/011.png")
    assert found.load("fake", "none.png") is None
    assert found.load("other", "011.png") is None


def test_they_are_also_looked_for_beside_the_record(
    home: Path, record: MetricsRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home.parent)
    gone = find_images(record)
    assert not gone.any
    assert gone.remarks == [
        "No image of real is shown: nothing is at real.",
        "No image of fake is shown: nothing is at fake.",
    ]
    assert all(one.missing for one in gone.sets.values())
    found = find_images(record, folders=[Path(), Path("home")])
    assert found.remarks == []
    assert same(found, "real", "001.png", home / "real/001.png")


def test_every_place_is_named_once(
    home: Path, record: MetricsRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(home / "real")
    found = find_images(record, folders=[Path(), home, home.parent])
    (remark,) = found.remarks
    assert remark == (
        f"No image of real is shown: nothing is at real; nothing is at {home.parent / 'real'}."
    )


def test_moved_images_are_found_where_the_user_says(home: Path, record: MetricsRecord) -> None:
    (home / "real").rename(home / "elsewhere")
    found = find_images(record, moved={"real": [Path("elsewhere")]})
    assert found.remarks == []
    assert same(found, "real", "001.png", home / "elsewhere/001.png")


def test_the_place_with_the_recorded_content_wins(home: Path, record: MetricsRecord) -> None:
    (home / "real").rename(home / "kept")
    fill(home / "real", range(50, 54))
    found = find_images(record, moved={"real": [Path("real"), Path("kept")]})
    assert found.remarks == []
    assert same(found, "real", "001.png", home / "kept/001.png")


def test_other_content_under_the_same_names_is_told(home: Path, record: MetricsRecord) -> None:
    fill(home / "fake", range(10, 11), size=13)
    found = find_images(record)
    (remark,) = found.remarks
    now = open_image_set("fake").fingerprint
    assert remark == (
        "The images of fake at fake are not all those that were measured (fingerprint "
        f"{now[:12]}, recorded {record.inputs[1].fingerprint[:12]}): one shown under a recorded "  # type: ignore[index]
        "name may be another picture."
    )
    assert found.sets["fake"].missing
    assert not found.sets["real"].missing
    assert same(found, "fake", "012.png", home / "fake/012.png")


def test_changed_images_are_left_out_where_their_digests_are_known(
    home: Path, record: MetricsRecord
) -> None:
    listed = open_image_set("fake")
    digests = {"fake": dict(zip(listed.keys[:3], listed.digests[:3], strict=True))}
    record = record.model_copy(update={"digests": digests})
    fill(home / "fake", range(20, 22))  # more images, none of them named
    assert find_images(record).remarks == []
    fill(home / "fake", range(10, 11), size=13)
    (home / "fake/011.png").unlink()
    found = find_images(record)
    assert found.remarks == [
        "Of the 3 images of fake at fake 1 changed and 1 gone since they were measured; "
        "these are not shown."
    ]
    assert found.sets["fake"].missing
    assert found.load("fake", "010.png") is None
    assert found.load("fake", "011.png") is None
    assert same(found, "fake", "012.png", home / "fake/012.png")


def test_a_file_that_vanishes_after_listing_is_gone(home: Path, record: MetricsRecord) -> None:
    found = find_images(record)
    (home / "fake/011.png").unlink()
    (home / "fake/012.png").write_bytes(b"changed")
    assert found.load("fake", "011.png") is None
    assert found.load("fake", "012.png") is None


def test_nothing_is_decoded_before_it_is_asked_for(
    home: Path, record: MetricsRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    decode: Callable[..., object] = Image.Image.load
    monkeypatch.setattr(
        "PIL.ImageFile.ImageFile.load", lambda self: asked.append("x") or decode(self)
    )
    find_images(record)
    assert asked == []


def test_an_archive_may_be_renamed_or_unpacked(home: Path, record: MetricsRecord) -> None:
    with zipfile.ZipFile("wow!.zip", "w") as archive:
        for file in sorted((home / "real").iterdir()):
            archive.write(file, f"in/{file.name}")
    zipped = recorded(open_image_set("wow!.zip").info("real", "real"))
    key = "wow!.zip!in/002.png"
    assert same(find_images(zipped), "real", key, home / "real/002.png")
    Path("wow!.zip").rename("moved.zip")
    (home / "unpacked").mkdir()
    shutil.copytree(home / "real", home / "unpacked/in")
    for place in ("moved.zip", "unpacked"):
        found = find_images(zipped, moved={"real": [Path(place)]})
        assert found.remarks == []
        assert same(found, "real", key, home / "real/002.png")
    # And a folder that was packed since.
    with zipfile.ZipFile("flat.zip", "w") as archive:
        for file in sorted((home / "real").iterdir()):
            archive.write(file, file.name)
    found = find_images(record, moved={"real": [Path("flat.zip")]})
    assert found.remarks == []
    assert same(found, "real", "002.png", home / "real/002.png")


def test_choices_of_the_run_are_made_again(home: Path) -> None:
    fill(home / "real/deeper", range(20, 60))
    flat = open_image_set("real", recursive=False, limit=3, seed=5)
    argv = ("ganeval", "fid", "real", "fake", "--no-recursive", "--limit", "3")
    assert find_images(recorded(flat.info("real", "real"), argv=argv)).remarks == []
    assert find_images(recorded(flat.info("real", "real"))).remarks != []


def test_arrays_are_read_with_the_layout_and_range_that_were_typed(home: Path) -> None:
    values = np.random.default_rng(3).uniform(-1, 1, (3, 3, 8, 3)).astype(np.float32)
    np.save("a.npy", values)
    images = open_image_set("a.npy", layout="NHWC", value_range=(-1, 1))
    info = images.info("fake", "a")
    for argv in (("--layout", "NHWC", "--range", "-1,1"), ("--layout=NHWC", "--range=-1,1")):
        found = find_images(recorded(info, argv=argv))
        assert found.remarks == []
        shown = found.load("a", "000001")
        assert shown is not None
        assert np.array_equal(np.asarray(shown), np.asarray(images.image("000001")))
    found = find_images(recorded(info))
    (remark,) = found.remarks
    assert remark.startswith("No image of a is shown: a.npy: ")


def test_images_left_out_of_the_run_do_not_count(home: Path) -> None:
    (home / "real/zzz.png").write_bytes(b"no image")
    opened = open_image_set("real")
    info = opened.without(opened.unreadable).info("real", "real")
    assert [one.key for one in info.skipped] == ["zzz.png"]
    assert find_images(recorded(info)).remarks == []


@pytest.mark.parametrize("decode", ["correct", "peer", "correct on #102030", "correct on #zz"])
def test_pixels_are_read_as_they_were(home: Path, decode: str) -> None:
    Image.new("RGBA", (4, 4), (200, 0, 0, 0)).save("real/clear.png")
    background = {"correct on #102030": (0x10, 0x20, 0x30), "peer": (200, 0, 0)}
    policy = Decoding(policy="peer") if decode == "peer" else Decoding()
    info = open_image_set("real", decoding=policy).info("real", "real")
    shown = find_images(recorded(info, decode=decode)).load("real", "clear.png")
    assert shown is not None
    assert shown.getpixel((0, 0)) == background.get(decode, (255, 255, 255))


def test_sets_without_images_say_so(home: Path) -> None:
    saved = InputInfo(role="real", label="saved", kind="statistics", path="real", n=None)
    memory = InputInfo(role="fake", label="mine", kind="memory", path="memory", n=3)
    nowhere = InputInfo(role="fake", label="lost", kind="folder", path="", n=3)
    found = find_images(recorded(saved, memory, nowhere))
    assert not found.any
    assert found.remarks == [
        "saved was given as saved statistics, which hold no images.",
        "No image of mine is shown: they were handed over in memory.",
        "No image of lost is shown: the record does not say where they were.",
    ]
    assert [one.missing for one in found.sets.values()] == [False, True, True]


def test_what_cannot_be_opened_is_told_with_its_reason(home: Path, record: MetricsRecord) -> None:
    shutil.rmtree(home / "fake")
    (home / "fake").mkdir()
    (home / "fake/notes.txt").write_text("x")
    (remark,) = find_images(record).remarks
    assert remark == "No image of fake is shown: no images under fake; found 1 `.txt`."


def test_pictures_of_a_training_run_are_those_in_its_folder(home: Path) -> None:
    run = TrainingRecord.model_construct(domains=[])
    (home / "real/broken.png").write_bytes(b"no image")
    found = find_images(run, folders=[Path(), home / "real"])
    assert found.any
    assert same(found, RUN, "001.png", home / "real/001.png")
    for key in ("none.png", "broken.png", "../fake/011.png", str(home / "fake/011.png")):
        assert found.load(RUN, key) is None
    moved = find_images(run, folders=[Path()], moved={RUN: [home / "fake"]})
    assert same(moved, RUN, "011.png", home / "fake/011.png")


def test_remarks_stay_on_one_line_and_name_no_hidden_marks(home: Path) -> None:
    info = InputInfo(role="real", label="a\n\u202eb", kind="folder", path="no\nne", n=1)
    (remark,) = find_images(recorded(info)).remarks
    assert remark == "No image of a\\n\\u202eb is shown: nothing is at no\\nne."
