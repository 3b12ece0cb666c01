"""``ganeval report``: one page from records, months later, with or without the images."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from commands.conftest import Outcome, make_folder
from ganeval.records import MetricsRecord, read_record
from ganeval_reports import write_page

Ganeval = Callable[..., Outcome]
SCRIPT = "<script>alert(1)</script>.png"
PLAIN = ("--no-features", "--quiet")
OPTIONS = ("--extractor", "random-projection", "--quiet")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two sets and the records ``fid.json`` and ``audit.json`` of them."""
    from ganeval.cli import run

    home = tmp_path_factory.mktemp("home")
    make_folder(home / "real", 24, seed=1)
    make_folder(home / "a = <b>", 24, seed=2, blur=True)
    (home / "real" / SCRIPT).parent.mkdir()  # the name holds a slash
    shutil.copy(home / "real/000.png", home / "real" / SCRIPT)
    patch = pytest.MonkeyPatch()
    patch.chdir(home)
    patch.setenv("GANEVAL_CACHE", str(home.parent / "report-cache"))
    try:
        assert run(["fid", "real", "a = <b>", *OPTIONS, "--out", "fid.json"]) == 0
        assert run(["audit", "real", "a = <b>", *PLAIN, "--out", "audit.json"]) == 0
    finally:
        patch.undo()
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, which is the current folder."""
    home = tmp_path / "home"
    shutil.copytree(made, home)
    monkeypatch.chdir(home)
    monkeypatch.setenv("GANEVAL_CACHE", str(tmp_path / "cache"))
    return home


def images(path: str) -> int:
    return Path(path).read_text("utf-8").count("<img ")


def text(path: str) -> str:
    return " ".join(re.sub("<[^>]*>", " ", Path(path).read_text("utf-8")).split())


def test_one_record_is_drawn_with_its_images(ganeval: Ganeval, home: Path) -> None:
    done = ganeval("report", "fid.json", "-o", "r.html")
    assert done.code == 0
    assert done.out.splitlines()[0] == "fid: a = <b> against real"
    assert re.fullmatch(r"r\.html: \d+ images inside", done.out.splitlines()[1])
    assert done.err == ""
    assert images("r.html") == images_of_the_run(ganeval) > 40


def images_of_the_run(ganeval: Ganeval) -> int:
    """Images of the page that the run itself draws."""
    assert ganeval("fid", "real", "a = <b>", *OPTIONS, "--html", "own.html").code == 0
    return images("own.html")


def test_several_stand_in_one_page(ganeval: Ganeval, home: Path) -> None:
    done = ganeval("report", "fid.json", "audit.json", "--out", "r.html", "--title", "<i>All</i>")
    assert done.code == 0
    assert [line.partition(":")[0] for line in done.out.splitlines()] == ["fid", "audit", "r.html"]
    page = Path("r.html").read_text("utf-8")
    assert "<h1>&lt;i&gt;All&lt;/i&gt;</h1>" in page
    assert page.count('<article class="record"') == 2
    assert "fid.json" in page
    for record in ("fid.json", "audit.json"):
        assert str(read_record(record).verdict) in text("r.html")


def test_what_is_not_embedded_lies_beside(ganeval: Ganeval, home: Path) -> None:
    ganeval("report", "fid.json", "-o", "whole.html")
    done = ganeval("report", "fid.json", "-o", "r.html", "--embed", "0")
    assert re.search(r"r\.html: no images inside, \d+ beside it in r_images", done.out)
    assert images("r.html") == images("whole.html")
    assert "data:image" not in Path("r.html").read_text("utf-8")
    ganeval("report", "fid.json", "-o", "r.html")
    assert not Path("r_images").exists()


def test_a_folder_that_is_taken_is_left_alone_and_told(ganeval: Ganeval, home: Path) -> None:
    make_folder(home / "r_images", 1, seed=3)
    done = ganeval("report", "fid.json", "-o", "r.html", "--embed", "0")
    assert done.code == 0
    assert done.err == "All images are inside the page: r_images holds other files.\n"
    assert len(list(Path("r_images").iterdir())) == 1


def test_images_are_found_from_the_records_folder(
    ganeval: Ganeval, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home.parent)
    done = ganeval("report", "home/fid.json", "-o", "r.html", "--strict")
    assert "images of" not in done.err
    assert images("r.html") > 40


def test_missing_images_are_named_once_per_set(ganeval: Ganeval, home: Path) -> None:
    Path("real").rename("moved")
    done = ganeval("report", "fid.json", "-o", "r.html")
    assert done.code == 0
    assert done.err == "fid.json: No image of real is shown: nothing is at real.\n"
    assert text("r.html").count("No image of real is shown: nothing is at real.") == 1
    assert images("r.html") > 20  # the fakes are still there
    strict = ganeval("report", "fid.json", "-o", "r.html", "--strict")
    assert strict.code == 4
    assert "images of fid.json are missing" in strict.err
    again = ganeval("report", "fid.json", "-o", "r.html", "--images", "real=moved")
    assert again.err == ""


def test_without_any_image_the_numbers_remain(ganeval: Ganeval, home: Path) -> None:
    for name in ("real", "a = <b>"):
        shutil.rmtree(name)
    done = ganeval("report", "fid.json", "audit.json", "-o", "r.html")
    assert done.code == 0
    assert images("r.html") == 0
    assert len(done.err.splitlines()) == 4
    assert "drawn from the record alone" in text("r.html")
    assert "This page loads nothing from anywhere." in text("r.html")


def test_single_images_that_are_gone_are_named(ganeval: Ganeval, home: Path) -> None:
    record = json.loads(Path("fid.json").read_text("utf-8"))
    gone = record["galleries"][0]["fake_sample"][0]
    (home / "a = <b>" / gone).unlink()
    done = ganeval("report", "fid.json", "-o", "r.html")
    assert "images of a = <b> at a = <b> 1 gone since they were measured" in done.err
    assert f"1 image of a = <b> is missing: {gone}." in done.err
    assert gone in text("r.html")


def test_other_pixels_than_those_measured_are_not_shown(ganeval: Ganeval, home: Path) -> None:
    shutil.copy("real/002.png", "a = <b>/001.png")
    done = ganeval("report", "fid.json", "audit.json", "-o", "r.html", "--strict")
    assert done.code == 4
    for name in ("fid.json", "audit.json"):
        assert f"{name}: Of the 24 images of a = <b> at a = <b> 1 changed since" in done.err
    assert "these are not shown." in text("r.html")
    assert "fake, a = &lt;b&gt;: 001.png" not in Path("r.html").read_text("utf-8")


def test_a_record_knows_the_digest_of_every_image_it_names(home: Path) -> None:
    record = read_record("fid.json")
    assert isinstance(record, MetricsRecord)
    (gallery,) = record.galleries
    pairs = [*gallery.nearest, *gallery.farthest, *gallery.raising]
    named = {
        "real": {*gallery.real_sample, *(one.real for one in pairs)},
        "a = <b>": {*gallery.fake_sample, *(one.fake for one in pairs)},
    }
    assert record.digests == {
        label: {key: sha256((home / label / key).read_bytes()).hexdigest() for key in keys}
        for label, keys in named.items()
    }


def test_a_record_without_digests_knows_its_sets_as_a_whole(ganeval: Ganeval, home: Path) -> None:
    record = json.loads(Path("fid.json").read_text("utf-8"))
    Path("old.json").write_text(json.dumps({**record, "digests": {}}))
    shutil.copy("real/002.png", "a = <b>/001.png")
    done = ganeval("report", "old.json", "-o", "r.html", "--strict")
    assert done.code == 4
    assert "old.json: The images of a = <b> at a = <b> are not all those" in done.err
    assert "one shown under a recorded name may be another picture." in text("r.html")


def test_an_audit_shows_no_image_that_changed(ganeval: Ganeval, home: Path) -> None:
    assert ganeval("report", "audit.json", "-o", "whole.html").code == 0
    shutil.copy("real/002.png", f"real/{SCRIPT}")
    done = ganeval("report", "audit.json", "-o", "r.html")
    assert "Of the 25 images of real at real 1 changed since they were measured" in done.err
    (home / "real" / SCRIPT).unlink()
    done = ganeval("report", "audit.json", "-o", "r.html")
    assert "Of the 25 images of real at real 1 gone since they were measured" in done.err
    assert 0 < images("r.html") < images("whole.html")


def test_no_images_are_shown_on_request(ganeval: Ganeval, home: Path) -> None:
    done = ganeval("report", "fid.json", "-o", "r.html", "--no-images")
    assert done.err == ""
    assert images("r.html") == 0
    assert "drawn from the record alone" in text("r.html")


def test_figures_of_several_records_share_a_folder(ganeval: Ganeval, home: Path) -> None:
    (home / "b").mkdir()
    shutil.copy("fid.json", "b/fid.json")
    done = ganeval("report", "fid.json", "b/fid.json", "-o", "r.html", "--figures", "figures")
    files = sorted(one.name for one in Path("figures").iterdir())
    assert f"figures: {len(files)} files of figures" in done.out
    first = [name.removeprefix("1-") for name in files if name.startswith("1-")]
    assert first == [name.removeprefix("2-") for name in files if name.startswith("2-")]
    assert 2 * len(first) == len(files) >= 4
    assert {one.suffix for one in Path("figures").iterdir()} == {".pdf", ".png"}


def test_hostile_names_stay_names(ganeval: Ganeval, home: Path) -> None:
    name = "<script>alert(1)</script>\n\"'\u202e.json".replace("/", "")
    shutil.copy("fid.json", name)
    title = "<script>alert(1)</script>"
    done = ganeval("report", name, "audit.json", "-o", "r.html", "--title", title)
    assert done.code == 0
    page = Path("r.html").read_text("utf-8")
    assert "<script>alert" not in page
    assert page.count("<script>") == 1
    assert SCRIPT.replace("<", "&lt;").replace(">", "&gt;") in page


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["fid.json"], "Missing option '-o'"),
        (["-o", "r.html"], "Missing argument 'RECORD...'"),
        (["fid.json", "-o", "fid.json"], "--out fid.json would write over what is read"),
        (["fid.json", "-o", "none/r.html"], "the folder none does not exist"),
        (["fid.json", "-o", "-"], "a file is written, not stdout"),
        (["fid.json", "./fid.json", "-o", "r.html"], "are the same record; give it once"),
        (["link.json", "fid.json", "-o", "r.html"], "are the same record; give it once"),
        (["none.json", "-o", "r.html"], "none.json: cannot be read as a record"),
        (["real/000.png", "-o", "r.html"], "real/000.png: cannot be read as a record"),
        (["fid.json", "bad.json", "-o", "r.html"], "bad.json: schema 'x' is not"),
        (["newer.json", "-o", "r.html"], "'ganeval.metrics/2' is newer than 'ganeval.metrics/1'"),
        (["deep.json", "-o", "r.html"], "deep.json: cannot be read as a record: not JSON"),
        (["real", "-o", "r.html"], "real is a folder; name the record in it"),
        (["fid.json", "-o", "r.html", "--figures", "fid.json"], "'fid.json' is a file"),
        (["fid.json", "-o", "r.html", "--figures", "real/figures"], "lies inside real, whose"),
        (["empty.json", "-o", "r.html"], "empty.json: the record describes no real set"),
        (["odd.json", "-o", "r.html"], "odd.json: the record speaks of else, which it does not"),
        (["fid.json", "-o", "r.html", "--embed", "much"], "'much' is no size"),
        (["fid.json", "-o", "r.html", "--images", "real"], "'real' is not LABEL=PATH"),
        (["fid.json", "-o", "r.html", "--images", "reel=real"], "did you mean real?"),
        (["fid.json", "-o", "r.html", "--images", "real=none"], "real: nothing is at 'none'"),
        (["fid.json", "-o", "r.html", "--images", "a = <b>=x"], "a = <b>: nothing is at 'x'"),
        (
            ["fid.json", "-o", "r.html", "--no-images", "--images", "real=real"],
            "--no-images shows none; leave out --images",
        ),
        (["saved.json", "-o", "r.html", "--images", "real=real"], "given as saved statistics"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_its_reason(
    ganeval: Ganeval, home: Path, arguments: list[str], reason: str
) -> None:
    Path("link.json").symlink_to("fid.json")
    Path("bad.json").write_text('{"schema": "x"}')
    record = json.loads(Path("fid.json").read_text("utf-8"))
    Path("newer.json").write_text(json.dumps({**record, "schema": "ganeval.metrics/2"}))
    Path("deep.json").write_text("[" * 100_000)
    Path("empty.json").write_text(json.dumps({**record, "inputs": []}))
    metrics = [{**record["metrics"][0], "fake": "else"}]
    Path("odd.json").write_text(json.dumps({**record, "metrics": metrics}))
    saved = [{**record["inputs"][0], "kind": "statistics"}, record["inputs"][1]]
    Path("saved.json").write_text(json.dumps({**record, "inputs": saved}))
    done = ganeval("report", *arguments)
    assert done.code == 2
    assert reason in " ".join(done.err.split())
    assert not Path("r.html").exists()
    assert json.loads(Path("fid.json").read_text("utf-8")) == record


def test_saved_statistics_are_no_missing_images(ganeval: Ganeval, home: Path) -> None:
    record = json.loads(Path("fid.json").read_text("utf-8"))
    saved = [{**record["inputs"][0], "kind": "statistics"}, record["inputs"][1]]
    Path("saved.json").write_text(json.dumps({**record, "inputs": saved, "warnings": []}))
    done = ganeval("report", "saved.json", "-o", "r.html", "--strict")
    assert "real was given as saved statistics, which hold no images." in done.err


def test_the_page_of_a_run_never_leaves_images_out(
    ganeval: Ganeval, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ganeval("fid", "real", "a = <b>", *OPTIONS, "--html", "whole.html").code == 0
    monkeypatch.setattr(write_page, "__kwdefaults__", {"title": "", "budget": 9000})
    for command in (["fid", "real", "a = <b>", *OPTIONS], ["audit", "real", "a = <b>", *PLAIN]):
        assert ganeval(*command, "--html", "own.html").code == 0
        assert "left out" not in text("own.html")
        assert Path("own_images").is_dir()
    assert images("own.html") > 1
