"""Arms from folders: which images are meant, which belong together, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganeval.ablation.folders import common_stems, open_arm, open_arms, stems_of, unmatched
from ganeval.errors import InputError


def _write(folder: Path, names: list[str], *, seed: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    for name in names:
        pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / name)


def _names(count: int, ending: str = ".png") -> list[str]:
    return [f"{i:03}{ending}" for i in range(count)]


@pytest.mark.parametrize("pattern", ["seed{}", "seed-{}", "seed_{}", "Seed {}", "{}", "000{}"])
def test_a_folder_per_seed_is_a_run_per_seed(tmp_path: Path, pattern: str) -> None:
    for seed in (1, 0):
        _write(tmp_path / pattern.format(seed), _names(3), seed=seed)
    (tmp_path / ".cache").mkdir()
    arm = open_arm(f"mine={tmp_path}")
    assert [run.seed for run in arm.runs] == [0, 1]
    assert [list(run.files) for run in arm.runs] == [["000", "001", "002"]] * 2


def test_any_other_folder_beside_the_seeds_makes_it_a_single_run(tmp_path: Path) -> None:
    _write(tmp_path / "seed0", _names(3))
    _write(tmp_path / "other", _names(3), seed=1)
    (run,) = open_arm(f"mine={tmp_path}").runs
    assert run.seed is None
    assert len(run.files) == 6


@pytest.mark.parametrize("inside", ["fake_B", "AtoB", "test_latest/images", "."])
def test_only_the_fakes_of_the_original_test_script_are_taken(tmp_path: Path, inside: str) -> None:
    _write(tmp_path / inside, _names(4, "_fake_B.png"))
    if inside not in ("fake_B", "AtoB"):
        _write(tmp_path / inside, [*_names(4, "_real_A.png"), *_names(4, "_rec_A.png")], seed=1)
    (run,) = open_arm(f"mine={tmp_path}").runs
    assert list(run.files) == ["000", "001", "002", "003"]
    assert all(path.stem.endswith("_fake_B") for path in run.files.values())


def test_the_other_direction_takes_the_other_fakes(tmp_path: Path) -> None:
    _write(tmp_path, [*_names(3, "_fake_B.png"), *_names(2, "_fake_A.png")])
    assert len(open_arm(f"mine={tmp_path}", "BtoA").runs[0].files) == 2


def test_exact_copies_are_left_out_and_counted(tmp_path: Path) -> None:
    """One toolkit wrote 140 fakes of 120 inputs."""
    _write(tmp_path, _names(120))
    for i in range(20):
        (tmp_path / f"{120 + i:03}.png").write_bytes((tmp_path / f"{i:03}.png").read_bytes())
    (run,) = open_arm(f"mine={tmp_path}").runs
    assert (len(run.files), run.removed) == (120, 20)


def test_what_an_arm_states_is_kept_and_the_rest_is_named(tmp_path: Path) -> None:
    _write(tmp_path / "latest" / "images", ["horse_1_out.png", "horse_2_out.png"])
    (tmp_path / "ganeval-arm.yaml").write_text(
        'direction: BtoA\nimages: "latest/images/*.png"\nname_rule: "^(.*)_out$"\nseed: 7\n'
        "updates: 266800\nbatch: 1\nlambda_identity: 0.5\nnote: original code\n"
    )
    arm = open_arm(f"mine={tmp_path}")
    assert arm.direction == "BtoA"
    assert arm.stated["updates"] == 266800
    assert arm.not_stated == ("checkpoint", "device_hours")
    assert (arm.runs[0].seed, list(arm.runs[0].files)) == (7, ["horse_1", "horse_2"])


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("updatez: 3", "no field 'updatez'; did you mean updates"),
        ("updates: many", "updates: 'many' is not a whole number"),
        ("updates: true", "updates: True is not a whole number"),
        ("direction: there", "neither AtoB nor BtoA"),
        ("name_rule: '('", "no regular expression"),
        ("name_rule: 'x'", "has no group"),
        ("name_rule: '^(z+)$'", "does not match 000"),
        ("images: '*.gif'", "matches images"),
        ("- 3", "holds no fields"),
        ("a: [", "cannot be read"),
    ],
)
def test_a_statement_that_makes_no_sense_names_file_and_field(
    tmp_path: Path, text: str, about: str
) -> None:
    _write(tmp_path, _names(2))
    (tmp_path / "ganeval-arm.yaml").write_text(text)
    with pytest.raises(InputError, match=about.replace("(", r"\(")):
        open_arm(f"mine={tmp_path}")


@pytest.mark.parametrize(
    ("text", "about"),
    [("mine", "NAME=DIR"), ("=x", "NAME=DIR"), ("mine=", "NAME=DIR"), ("mine=none", "no folder")],
)
def test_an_arm_that_is_no_folder_is_refused(text: str, about: str) -> None:
    with pytest.raises(InputError, match=about):
        open_arm(text)


def test_an_empty_folder_names_its_arm(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--arm mine: "):
        open_arm(f"mine={tmp_path}")


def test_fakes_in_several_folders_are_ambiguous(tmp_path: Path) -> None:
    for epoch in ("test_100", "test_latest"):
        _write(tmp_path / epoch / "images", _names(2, "_fake_B.png"), seed=len(epoch))
    with pytest.raises(InputError, match="lie in 2 folders"):
        open_arm(f"mine={tmp_path}")


def test_two_different_images_of_one_stem_are_refused(tmp_path: Path) -> None:
    _write(tmp_path, ["001_fake.png", "001.png"])
    with pytest.raises(InputError, match="two different images of the stem 001"):
        open_arm(f"mine={tmp_path}")


def test_images_that_are_all_equal_are_refused(tmp_path: Path) -> None:
    _write(tmp_path, ["000.png"])
    for i in range(1, 4):
        (tmp_path / f"00{i}.png").write_bytes((tmp_path / "000.png").read_bytes())
    with pytest.raises(InputError, match="all 4 images"):
        open_arm(f"mine={tmp_path}")


def test_one_name_for_two_arms_is_refused(tmp_path: Path) -> None:
    _write(tmp_path, _names(2))
    with pytest.raises(InputError, match="given twice"):
        open_arms([f"mine={tmp_path}"] * 2)


def test_arms_are_held_to_the_stems_that_all_of_them_have(tmp_path: Path) -> None:
    _write(tmp_path / "a", _names(25, "_fake_B.png"))
    _write(tmp_path / "b", _names(22, "-outputs.png"), seed=1)
    _write(tmp_path / "source", [f"{i:03}.jpg" for i in range(1, 30)], seed=2)
    arms = open_arms([f"a={tmp_path / 'a'}", f"b={tmp_path / 'b'}"])
    listed = stems_of((tmp_path / "source").iterdir(), tmp_path / "source")
    source = {stem: files[0] for stem, files in listed.items()}
    common = common_stems(arms, source)
    assert common == [f"{i:03}" for i in range(1, 22)]
    assert unmatched(arms[0].runs[0], common) == ["000", "022", "023", "024"]


def test_too_few_common_stems_name_some_that_have_no_partner(tmp_path: Path) -> None:
    _write(tmp_path / "a", _names(25))
    _write(tmp_path / "b", [f"x{i}.png" for i in range(25)], seed=1)
    arms = open_arms([f"a={tmp_path / 'a'}", f"b={tmp_path / 'b'}"])
    with pytest.raises(InputError, match=r"--arm b: 0 of 25 images share their stem.*x0"):
        common_stems(arms, None)
