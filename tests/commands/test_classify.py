"""``ganeval classify`` as a user meets it: verdict, files, exit codes, mistakes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganeval.cli import run
from ganeval.records import ClassifyRecord, read_record

from .conftest import Outcome

Run = Callable[..., Outcome]
SIDE = 72
FAST = ("--rungs", "colour", "--null-check", "none")
NO_CNN = ("--rungs", "metadata,compression,colour,spectrum", "--null-check", "cheap")


def make_set(
    folder: Path, count: int, *, seed: int, suffix: str = ".png", warm: float = 0.0, step: int = 1
) -> Path:
    """Fills a folder with smooth pictures under noise; ``warm`` adds red."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    for i in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (9, 9, 3), dtype=np.uint8))
        smooth = np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.float64)
        red = np.array([warm, 0, 0])
        pixels = 0.6 * smooth + 50 + red + rng.normal(0, 4, (SIDE, SIDE, 1))
        image = Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))
        image.save(folder / f"{folder.name}{i * step:04d}{suffix}", quality=90)
    return folder


@pytest.fixture
def real(tmp_path: Path) -> Path:
    return make_set(tmp_path / "photos", 44, seed=1)


@pytest.fixture
def fake(tmp_path: Path) -> Path:
    return make_set(tmp_path / "painted", 44, seed=2, warm=60)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@dataclass(frozen=True)
class Done:
    """A command that has run, on which sets, and the folder of its results."""

    real: Path
    fake: Path
    out: Path
    text: str


def done(root: Path, *options: str) -> Done:
    """Tests two sets that differ in colour; for tests that only read what that left."""
    real = make_set(root / "photos", 44, seed=1)
    fake = make_set(root / "painted", 44, seed=2, warm=60)
    out = root / "out"
    text = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(text):
        patch.setenv("GANEVAL_CACHE", str(root / "cache"))
        assert run(["classify", str(real), str(fake), *options, "--out", str(out)]) == 0
    return Done(real, fake, out, text.getvalue())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Done:
    return done(tmp_path_factory.mktemp("whole"), *NO_CNN)


@pytest.fixture(scope="module")
def fast(tmp_path_factory: pytest.TempPathFactory) -> Done:
    return done(tmp_path_factory.mktemp("fast"), *FAST)


def record_of(out: Path) -> ClassifyRecord:
    record = read_record(out / "classify.json")
    assert isinstance(record, ClassifyRecord)
    return record


def read_table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


class TestResults:
    def test_the_verdict_comes_first_then_the_evidence_then_the_files(self, whole: Done) -> None:
        first, second, *lines = whole.text.splitlines()
        assert first.startswith("Fakes are ")
        assert "images held out (each image taken as independent)" in first
        assert second.startswith("Lowest rung that does as well: the colour histogram")
        text = "\n".join(lines)
        for words in ("AUC [95 %]", "nothing to find in", "chance 0.50", "power", "test "):
            assert words in text
        for name in ("classify.html", "classify.json", "classify.csv", "model"):
            assert (whole.out / name).exists()
            assert str(whole.out / name) in text

    def test_the_record_is_what_was_done(
        self, ganeval: Run, real: Path, fake: Path, out: Path
    ) -> None:
        done = ganeval("classify", real, fake, *NO_CNN, "--seed", "3", "--out", out, "--json")
        record = record_of(out)
        assert done.out == (out / "classify.json").read_text("utf-8")
        assert record.argv[:4] == ["ganeval", "classify", str(real), str(fake)]
        assert [one.label for one in record.inputs] == ["photos", "painted"]
        assert {rung.name for rung in record.rungs} >= {"compression", "colour", "spectrum"}
        assert {one.name for one in record.nulls} >= {"shuffled", "real-real"}
        assert record.network is None
        assert record.verdict_name == "distinguishable"
        assert record.verdict in (out / "classify.html").read_text("utf-8")

    def test_the_table_has_a_row_per_image(
        self, ganeval: Run, real: Path, fake: Path, out: Path, tmp_path: Path
    ) -> None:
        copy = tmp_path / "copy.csv"
        ganeval("classify", real, fake, *FAST, "--out", out, "--csv", copy)
        assert copy.read_text("utf-8") == (out / "classify.csv").read_text("utf-8")
        rows = list(csv.DictReader(copy.read_text("utf-8").splitlines()))
        assert list(rows[0])[:6] == ["path", "set", "group", "part", "logit", "p_fake"]
        assert len(rows) == 88
        assert {row["set"] for row in rows} == {"photos", "painted"}
        assert {row["part"] for row in rows} == {"train", "validation", "test"}
        assert all(0 <= float(row["p_fake"]) <= 1 for row in rows)

    def test_quiet_is_the_auc_alone(self, ganeval: Run, real: Path, fake: Path, out: Path) -> None:
        outcome = ganeval("classify", real, fake, *FAST, "--out", out, "--quiet")
        record = record_of(out)
        rung = record.rung(record.primary.rung, record.primary.pixels)
        assert rung is not None
        assert float(outcome.out) == rung.test.value

    def test_the_same_command_gives_the_same_numbers(
        self, ganeval: Run, whole: Done, out: Path
    ) -> None:
        rungs = []
        ganeval("classify", whole.real, whole.fake, *NO_CNN, "--out", out)
        for folder in (whole.out, out):
            text = (folder / "classify.json").read_text("utf-8")
            raw = json.loads(text)["rungs"]
            rungs.append([{**one, "seconds": 0} for one in raw])
        assert rungs[0] == rungs[1]

    def test_a_page_elsewhere_and_figures(
        self, ganeval: Run, real: Path, fake: Path, out: Path, tmp_path: Path
    ) -> None:
        page, figures = tmp_path / "page.html", tmp_path / "figures"
        done = ganeval(
            "classify", real, fake, *FAST, "--out", out, "--html", page, "--figures", figures
        )
        assert done.code == 0
        assert str(page) in done.out
        assert page.exists()
        assert not (out / "classify.html").exists()
        assert {path.suffix for path in figures.iterdir()} == {".pdf", ".png"}

    def test_a_filled_folder_is_refused_before_any_work(
        self, ganeval: Run, real: Path, fake: Path, out: Path
    ) -> None:
        assert ganeval("classify", real, fake, *FAST, "--out", out).code == 0
        (out / "mine.txt").write_text("mine")
        before = (out / "classify.json").read_text("utf-8")
        again = ganeval("classify", real, fake, *FAST, "--out", out)
        assert again.code == 2
        assert "--overwrite" in again.err
        assert (out / "classify.json").read_text("utf-8") == before
        over = ganeval("classify", real, fake, *FAST, "--out", out, "--seed", "1", "--overwrite")
        assert over.code == 0
        assert (out / "classify.json").read_text("utf-8") != before
        assert (out / "mine.txt").exists()

    def test_a_report_can_be_drawn_again(self, ganeval: Run, fast: Done, tmp_path: Path) -> None:
        page = tmp_path / "again.html"
        assert ganeval("report", fast.out / "classify.json", "-o", page).code == 0
        assert record_of(fast.out).verdict in page.read_text("utf-8")


class TestVerdicts:
    def test_jpeg_against_png_is_format_and_not_content(
        self, ganeval: Run, tmp_path: Path, out: Path
    ) -> None:
        real = make_set(tmp_path / "photos", 60, seed=1, suffix=".jpg")
        fake = make_set(tmp_path / "painted", 60, seed=2)
        outcome = ganeval("classify", real, fake, *NO_CNN, "--out", out, "--fail-on", "format")
        record = record_of(out)
        assert record.verdict_name == "format", record.verdict
        assert "reals are JPEG q90 4:2:0, fakes PNG" in outcome.out.splitlines()[0]
        assert record.defence.name == "match"
        assert outcome.code == 4
        assert "Error: --fail-on: the verdict is format" in outcome.err

    def test_nothing_to_find_is_never_distinguishable(
        self, ganeval: Run, real: Path, tmp_path: Path, out: Path
    ) -> None:
        same = make_set(tmp_path / "other", 44, seed=5)
        outcome = ganeval(
            "classify", real, same, *NO_CNN, "--out", out, "--fail-on", "distinguishable,format"
        )
        assert outcome.code == 0, outcome.out
        assert "would have been seen" in outcome.out.splitlines()[0]

    def test_few_images_are_cross_validated(self, ganeval: Run, tmp_path: Path, out: Path) -> None:
        real = make_set(tmp_path / "photos", 12, seed=1)
        fake = make_set(tmp_path / "painted", 12, seed=2, warm=60)
        outcome = ganeval("classify", real, fake, *FAST, "--out", out)
        record = record_of(out)
        assert record.split.method == "cross-validation"
        assert record.primary.p >= 1 / 200
        assert "cross-validated" in record.verdict
        assert "! cross_validation" in outcome.err

    def test_strict_counts_every_warning(
        self, ganeval: Run, real: Path, fake: Path, out: Path
    ) -> None:
        outcome = ganeval("classify", real, fake, *FAST, "--out", out, "--strict")
        assert outcome.code == 4
        assert "groups_none" in outcome.err.splitlines()[-1]

    def test_the_question_changes_words_only(
        self, ganeval: Run, fast: Done, tmp_path: Path
    ) -> None:
        found = {}
        for question in ("arrival", "change"):
            ganeval(
                "classify", fast.real, fast.fake, *FAST, "--out", tmp_path / question,
                "--question", question,
            )  # fmt: skip
            found[question] = record_of(tmp_path / question)
        assert found["change"].verdict.startswith("Translations are")
        assert found["change"].primary == found["arrival"].primary

    def test_groups_off_is_said_in_the_verdict(
        self, ganeval: Run, real: Path, fake: Path, out: Path
    ) -> None:
        ganeval("classify", real, fake, *FAST, "--out", out, "--no-infer-groups")
        assert "--no-infer-groups" in record_of(out).verdict


class TestBadInputs:
    def test_the_same_folder_twice(self, ganeval: Run, real: Path, out: Path) -> None:
        outcome = ganeval("classify", real, real, *FAST, "--out", out)
        assert outcome.code == 2
        assert "are the same" in outcome.err
        assert not out.exists()

    def test_a_folder_inside_the_other(self, ganeval: Run, real: Path, out: Path) -> None:
        inner = make_set(real / "inner", 10, seed=3)
        assert ganeval("classify", real, inner, *FAST, "--out", out).code == 2

    def test_too_few(self, ganeval: Run, real: Path, tmp_path: Path, out: Path) -> None:
        few = make_set(tmp_path / "few", 7, seed=3)
        outcome = ganeval("classify", real, few, *FAST, "--out", out)
        assert outcome.code == 1
        assert "too few to test" in outcome.err
        assert "few has 7 groups of 7 images" in outcome.err
        assert not out.exists()

    def test_an_empty_set(self, ganeval: Run, real: Path, tmp_path: Path, out: Path) -> None:
        (tmp_path / "empty").mkdir()
        outcome = ganeval("classify", real, tmp_path / "empty", *FAST, "--out", out)
        assert outcome.code in (1, 2)
        assert "empty" in outcome.err

    def test_one_group_cannot_be_split(
        self, ganeval: Run, real: Path, fake: Path, tmp_path: Path, out: Path
    ) -> None:
        table = tmp_path / "groups.csv"
        rows = [f"{path.name},{path.stem}" for path in real.iterdir()]
        rows += [f"{path.name},one" for path in fake.iterdir()]
        table.write_text("path,group\n" + "\n".join(rows))
        outcome = ganeval("classify", real, fake, *FAST, "--out", out, "--groups", table)
        assert outcome.code == 1
        assert "one group cannot be split" in outcome.err

    def test_groups_that_do_not_fit(
        self, ganeval: Run, real: Path, fake: Path, tmp_path: Path, out: Path
    ) -> None:
        table = tmp_path / "groups.csv"
        table.write_text("path,group\nnowhere.png,a\nphotos0000.png,b\nphotos0000.png,c\n")
        outcome = ganeval("classify", real, fake, *FAST, "--out", out, "--groups", table)
        assert outcome.code == 2
        for words in ("nowhere.png", "no group for", "contradiction"):
            assert words in outcome.err

    def test_a_damaged_image_is_named(
        self, ganeval: Run, real: Path, fake: Path, out: Path
    ) -> None:
        (fake / "painted0007.png").write_bytes(b"\x89PNG\r\n")
        outcome = ganeval("classify", real, fake, *FAST, "--out", out)
        assert outcome.code != 0
        assert "painted0007.png" in outcome.err
        skipped = ganeval("classify", real, fake, *FAST, "--out", out, "--on-error", "skip")
        assert skipped.code == 0
        assert [one.key for one in record_of(out).input("fake").skipped] == ["painted0007.png"]

    def test_missing_weights_are_named_and_nothing_is_written(
        self, ganeval: Run, real: Path, fake: Path, out: Path, tmp_path: Path
    ) -> None:
        outcome = ganeval(
            "classify", real, fake, "--rungs", "colour,features", "--out", out,
            "--extractor", "inception-2015", "--weights", tmp_path / "none.pth",
        )  # fmt: skip
        assert outcome.code == 3
        assert "none.pth" in outcome.err
        assert not out.exists()

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--rungs", "color"), "did you mean colour"),
            (("--rungs", "metadata,compression"), "look at the format alone"),
            (("--preset", "quick", "--rungs", "cnn"), "quick fits no CNN"),
            (("--preset", "thorough", "--rungs", "colour"), "is about the CNN"),
            (("--preset", "cmpe258", "--crop", "64"), "leave out --crop"),
            (("--preset", "quick", "--pool", "top10"), "leave out --pool"),
            (("--preset", "quick", "--null-check", "full"), "--null-check cheap"),
            (("--rungs", "colour", "--extractor", "vgg16-fc2"), "leave out --extractor"),
            (("--split", "60/40"), "60/15/25"),
            (("--split", "60/0/40"), "60/15/25"),
            (("--alpha", "0"), "--alpha"),
            (("--groups", "dhash", "--no-infer-groups"), "exclude each other"),
            (("--fail-on", "distinguishible"), "did you mean distinguishable"),
            (("--json", "--quiet"), "exclude each other"),
            (("--allow-training-images",), "belongs to --apply"),
            (("--apply", "model", "--rungs", "colour"), "leave out --rungs"),
            (("--apply", "model", "--no-infer-groups"), "leave out --no-infer-groups"),
            (("--generator-train", "nowhere.txt"), "nowhere.txt"),
            (("--out", "no/where"), "does not exist"),
            (("--html", "x", "--csv", "x"), "would both write"),
            (("--preset", "quickly"), "quick"),
        ],
    )
    def test_mistakes_are_named_before_any_work(
        self, ganeval: Run, fast: Done, arguments: tuple[str, ...], words: str
    ) -> None:
        outcome = ganeval("classify", fast.real, fast.fake, *arguments)
        assert outcome.code == 2
        assert words in outcome.err

    @pytest.mark.parametrize("count", [0, 1, 3])
    def test_two_sets_are_needed(self, ganeval: Run, fast: Done, count: int) -> None:
        outcome = ganeval("classify", *[fast.real] * count)
        assert outcome.code == 2
        assert "REAL and FAKE are needed, in this order" in outcome.err

    def test_results_among_the_images_are_refused(
        self, ganeval: Run, real: Path, fake: Path
    ) -> None:
        outcome = ganeval("classify", real, fake, *FAST, "--out", fake / "results")
        assert outcome.code == 2
        assert "lies inside" in outcome.err


class TestApply:
    @pytest.fixture
    def model(self, fast: Done) -> Path:
        return fast.out / "model"

    def test_new_images_are_scored(self, ganeval: Run, model: Path, tmp_path: Path) -> None:
        new = make_set(tmp_path / "new", 9, seed=8, warm=60)
        scores = tmp_path / "scores"
        outcome = ganeval("classify", "--apply", model, new, "--out", scores)
        assert outcome.code == 0, outcome.err
        rows = list(csv.DictReader((scores / "scores.csv").read_text("utf-8").splitlines()))
        assert len(rows) == 9
        record = json.loads((scores / "scores.json").read_text("utf-8"))
        called = record["sets"][0]["called_fake"]
        assert called >= 7
        assert (scores / "scores.html").exists()
        quiet = ganeval("classify", "--apply", model, new, "--out", tmp_path / "s2", "--quiet")
        assert quiet.out == f"{called}\n"

    def test_scores_of_test_images_are_those_of_the_test(
        self, ganeval: Run, model: Path, fast: Done, tmp_path: Path
    ) -> None:
        scores = tmp_path / "scores"
        ganeval("classify", "--apply", model, fast.fake, "--out", scores, "--allow-training-images")
        before, after = (
            {row["path"]: row["logit"] for row in rows if row["set"] == "painted"}
            for rows in map(read_table, (fast.out / "classify.csv", scores / "scores.csv"))
        )
        assert len(before) == 44
        assert before == after

    def test_images_of_the_training_are_refused(
        self, ganeval: Run, model: Path, fast: Done, tmp_path: Path
    ) -> None:
        outcome = ganeval("classify", "--apply", model, fast.real, "--out", tmp_path / "scores")
        assert outcome.code == 2
        assert "--allow-training-images" in outcome.err
        assert not (tmp_path / "scores").exists()

    def test_no_set_and_no_model(self, ganeval: Run, tmp_path: Path, real: Path) -> None:
        outcome = ganeval("classify", "--apply", tmp_path / "no", "--out", tmp_path / "scores")
        assert outcome.code == 2
        assert "at least one SET" in outcome.err
        outcome = ganeval("classify", "--apply", tmp_path / "no", real, "--out", tmp_path / "s")
        assert outcome.code in (2, 3)
        assert str(tmp_path / "no") in outcome.err


def test_options_are_those_of_the_library() -> None:
    from ganeval.classifier.settings import PRESETS, RUNGS
    from ganeval.classifier.verdict import CONDITIONS
    from ganeval.commands import classify_options as options

    assert options.RUNGS == RUNGS
    assert options.PRESETS == PRESETS
    assert set(options.CONDITIONS) == set(CONDITIONS)


@pytest.mark.slow
def test_the_network_is_one_more_rung(
    ganeval: Run, real: Path, fake: Path, out: Path, tmp_path: Path
) -> None:
    outcome = ganeval(
        "classify", real, fake, "--rungs", "colour,cnn", "--crop", "32", "--null-check", "none",
        "--out", out,
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    record = record_of(out)
    assert record.network is not None
    assert record.rung("cnn", record.primary.pixels) is not None
    if record.primary.rung == "cnn":
        assert "does not beat the colour histogram" in record.verdict
