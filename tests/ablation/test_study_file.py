"""Study files: what is read, and what is refused with file, line, field, reason and fix."""

from __future__ import annotations

from pathlib import Path

import pytest
from ablation.study_texts import PLAIN, changed, written

from ganeval.ablation.arms import arms_of, check_count, comparisons_of
from ganeval.ablation.study import load_study, parse_seeds
from ganeval.ablation.study_dump import study_yaml
from ganeval.ablation.study_file import parse_study
from ganeval.ablation.study_rules import DEMO_NAMES, require_data
from ganeval.errors import InputError, MissingFileError

VARIANT = "  no-buffer: {pool.strategy: none}\n"


def refused(folder: Path, text: str, *, arms: bool = False) -> str:
    """The error that a study of that text ends with, of its file or of its arms."""
    try:
        study = load_study(written(folder, text))
        if arms:
            arms_of(study)
    except InputError as error:
        return str(error)
    pytest.fail("the study is accepted")


def test_values_are_read_as_yaml_1_2() -> None:
    text = "a: 1e-4\nb: 2.0e-4\nc: on\nd: 010\ne: '5'\nf: ~\ng: [1, -0.5, true]\nh: 1:30\n"
    content = parse_study(text, "x").content
    assert content == {
        "a": 1e-4,
        "b": 2e-4,
        "c": "on",
        "d": 10,
        "e": "5",
        "f": None,
        "g": [1, -0.5, True],
        "h": "1:30",
    }
    assert isinstance(content["a"], float)


def test_a_plain_study_has_its_base_and_its_variants(tmp_path: Path) -> None:
    study = load_study(written(tmp_path))
    base, arm = arms_of(study)
    assert (base.name, base.resolved["pool.strategy"]) == ("base", "cyclegan")
    assert (arm.name, arm.factor) == ("no-buffer", "pool.strategy=none")
    assert arm.resolved["pool.strategy"] == "none"
    assert arm.resolved["budget.updates"] == 100
    assert {key for key in base.resolved if base.resolved[key] != arm.resolved[key]} == {
        "pool.strategy"
    }
    (comparison,) = comparisons_of(study, arms_of(study))
    assert (comparison.variant, comparison.against) == ("no-buffer", "base")


def test_nested_settings_are_dotted_ones(tmp_path: Path) -> None:
    nested = changed("{pool.strategy: none}", "{pool: {strategy: none}}")
    assert load_study(written(tmp_path, nested)).variants["no-buffer"].settings == {
        "pool.strategy": "none"
    }


def test_numbers_with_exponents_are_numbers(tmp_path: Path) -> None:
    study = load_study(written(tmp_path, changed("{pool.strategy: none}", "{optim.lr_G: 1e-4}")))
    assert arms_of(study)[1].resolved["optim.lr_G"] == 1e-4


def test_axes_are_a_cross_product_and_the_base_stands_for_its_own_cell(tmp_path: Path) -> None:
    text = changed(VARIANT, VARIANT + "axes: {pool.size: [10, 50], loss.lambda_A: [5, 10]}\n")
    arms = {arm.name: arm for arm in arms_of(load_study(written(tmp_path, text)))}
    assert list(arms) == [
        "base",
        "no-buffer",
        "pool.size=10,loss.lambda_A=5",
        "pool.size=10,loss.lambda_A=10",
        "pool.size=50,loss.lambda_A=5",
    ]
    assert arms["pool.size=10,loss.lambda_A=5"].several
    assert arms["pool.size=10,loss.lambda_A=5"].factor.startswith("several factors changed: ")


def test_a_variant_may_start_from_another(tmp_path: Path) -> None:
    more = VARIANT + "  two: {optim.batch: 2}\n  halves: {from: two, pool.strategy: shrivastava}\n"
    study = load_study(written(tmp_path, changed(VARIANT, more)))
    arm = arms_of(study)[-1]
    assert (arm.against, arm.several, arm.resolved["optim.batch"]) == ("two", False, 2)
    assert comparisons_of(study, arms_of(study))[-1].against == "two"


def test_only_names_arms_beside_the_base_and_what_they_start_from(tmp_path: Path) -> None:
    more = VARIANT + "  two: {optim.batch: 2}\n  halves: {from: two, pool.strategy: shrivastava}\n"
    path = written(tmp_path, changed(VARIANT, more))
    names = [arm.name for arm in arms_of(load_study(path, only=["halves"]))]
    assert names == ["base", "two", "halves"]
    with pytest.raises(InputError, match="no arm 'halvez'; did you mean halves"):
        load_study(path, only=["halvez"])


def test_an_arm_with_a_budget_of_its_own_is_in_no_comparison(tmp_path: Path) -> None:
    more = VARIANT + "  longer: {unequal_budget: true, budget: {updates: 200}}\n"
    study = load_study(written(tmp_path, changed(VARIANT, more)))
    arm = arms_of(study)[-1]
    assert (arm.excluded, arm.resolved["budget.updates"]) == (True, 200)
    assert [one.variant for one in comparisons_of(study, arms_of(study))] == ["no-buffer"]


def test_noise_seeds_follow_seeds_that_are_typed(tmp_path: Path) -> None:
    path = written(tmp_path, PLAIN + "aa: true\n")
    study = load_study(path)
    assert study.aa is not None
    assert study.aa.seeds == (100, 101, 102)
    more = load_study(path, seeds=parse_seeds("5")).aa
    assert more is not None
    assert more.seeds == (100, 101, 102, 103, 104)
    assert arms_of(study)[-1].seeds == (100, 101, 102)


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("3", (0, 1, 2)), ("2-4", (2, 3, 4)), ("0,7,3-4", (0, 7, 3, 4))],
)
def test_seeds_as_typed(text: str, seeds: tuple[int, ...]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "0", "a", "4-2", "1,,2", "-1"])
def test_seeds_that_are_none(text: str) -> None:
    with pytest.raises(InputError, match="neither a number of seeds nor a range"):
        parse_seeds(text)


BAD_FILES = {
    "unknown key": ("name: made-up", "name: made-up\nvariant: {}", 3, "did you mean variants"),
    "unknown key inside": (
        "seeds: [0, 1, 2]",
        "seeds: [0, 1, 2]\nprotocol: {primry: kid}",
        6,
        "did you mean primary",
    ),
    "unknown trainer": (
        "name: made-up",
        "name: made-up\ntrainer: cyclgan",
        3,
        "did you mean cyclegan",
    ),
    "budget in epochs": ("{updates: 100}", "{epochs: 5}", 4, "budget in epochs"),
    "two budgets": ("{updates: 100}", "{updates: 5, images: 5}", 4, "either updates or images"),
    "missing seeds": ("seeds: [0, 1, 2]\n", "", None, "seeds: is missing"),
    "no seeds": ("[0, 1, 2]", "[]", 5, "at least 1 item"),
    "repeated seed": ("[0, 1, 2]", "[0, 1, 1]", 5, "1 is repeated"),
    "negative seed": ("[0, 1, 2]", "[0, -1]", 5, "greater than or equal to 0"),
    "aa seed among seeds": (
        "seeds: [0, 1, 2]",
        "seeds: [0, 1, 2]\naa: {seeds: [2, 3, 4]}",
        6,
        "2 is among seeds",
    ),
    "aa of another length": (
        "seeds: [0, 1, 2]",
        "seeds: [0, 1, 2]\naa: {seeds: [3]}",
        6,
        "cannot be paired",
    ),
    "primary not in suite": (
        "seeds: [0, 1, 2]",
        "seeds: [0, 1, 2]\nprotocol: {primary: fid, suite: [kid]}",
        6,
        "fid is not in protocol.suite",
    ),
    "best on test": (
        "seeds: [0, 1, 2]",
        "seeds: [0, 1, 2]\nprotocol:\n  checkpoint: best:test:kid",
        7,
        "chosen on the test images",
    ),
    "checkpoint after the end": (
        "seeds: [0, 1, 2]",
        "seeds: [0, 1, 2]\nprotocol:\n  checkpoint: update:101",
        7,
        "not within the budget",
    ),
    "no such rule": (
        "seeds: [0, 1, 2]",
        "seeds: [0, 1, 2]\nprotocol:\n  checkpoint: newest",
        7,
        "'newest' is no rule",
    ),
    "curve point after the end": (
        "seeds: [0, 1, 2]",
        "seeds: [0, 1, 2]\nprotocol:\n  evaluate_at: [50, 101]",
        7,
        "101 lies after the last update, 100",
    ),
    "absent arm": (
        "seeds: [0, 1, 2]",
        "seeds: [0, 1, 2]\ncompare:\n  - {variant: no-bufer}",
        7,
        "did you mean no-buffer",
    ),
    "arm against itself": (
        "seeds: [0, 1, 2]",
        "seeds: [0, 1, 2]\ncompare:\n  - {variant: no-buffer, against: no-buffer}",
        7,
        "compared with itself",
    ),
    "not finite": ("{pool.strategy: none}", "{loss.lambda_A: .nan}", 7, "is not finite"),
    "too large": ("{pool.strategy: none}", "{loss.lambda_A: 1e999}", 7, "too large"),
    "alpha": (
        "seeds: [0, 1, 2]",
        "seeds: [0, 1, 2]\nstatistics: {alpha: 0.6}",
        6,
        "0.6 is not above 0 and at most 0.5",
    ),
    "path absent": (
        "seeds: [0, 1, 2]",
        "seeds: [0, 1, 2]\ndata:\n  A: nowhere\n  B: nowhere2",
        7,
        "there is no such file or folder",
    ),
    "budget without its flag": (
        VARIANT,
        "  longer: {budget: {updates: 200}}\n",
        7,
        "unequal_budget: true",
    ),
    "nothing changed": (VARIANT, "  same: {}\n", 7, "changes nothing"),
    "reserved name": (VARIANT, "  base: {pool.strategy: none}\n", 7, "name of another arm"),
    "no folder's name": (VARIANT, "  a/b: {pool.strategy: none}\n", 7, "name of a folder"),
    "seed as a setting": (VARIANT, "  x: {seed: 5}\n", 7, "set by seeds of the study"),
    "unknown start": (VARIANT, "  x: {from: y, pool.strategy: none}\n", 7, "no variant 'y'"),
    "nothing to compare": ("variants:\n" + VARIANT, "", None, "nothing to compare"),
    "key twice": ("name: made-up", "name: made-up\nname: b", 3, "stands on line 2 too"),
    "wrong kind": ("[0, 1, 2]", "[0, x]", 5, "valid integer"),
    "other schema": ("schema: 1", "schema: 2", 1, "has to be 1"),
    "repeated axis value": (
        VARIANT,
        VARIANT + "axes:\n  pool.size: [10, 10]\n",
        9,
        "10 is repeated",
    ),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_mistake_in_a_file_is_told_with_its_line(tmp_path: Path, name: str) -> None:
    old, new, line, words = BAD_FILES[name]
    message = refused(tmp_path, changed(old, new))
    place = "study.yaml: " if line is None else f"study.yaml, line {line}: "
    assert place in message
    assert words in message


BAD_ARMS = {
    "two factors": (
        "  x: {pool.strategy: none, optim.batch: 2}\n",
        "changes 2 factors at once, pool and optim.batch",
    ),
    "no-op": ("  x: {pool.size: 50}\n", "x is equal to the base"),
    "duplicates": (
        "  x: {optim.batch: 2}\n  y: {optim.batch: 2}\n",
        "y and x are the same setting",
    ),
    "unknown option": ("  x: {pool.stratgy: none}\n", "there is no key pool.stratgy"),
    "unknown value": ("  x: {pool.strategy: rings}\n", "pool.strategy 'rings' is not"),
    "idle option": ("  x: {pool.fill: noise}\n", "would do nothing"),
    "size that does not fit": ("  x: {nets.G.arch: unet_128}\n", "not a multiple of 128"),
}


@pytest.mark.parametrize("name", BAD_ARMS)
def test_an_arm_that_cannot_be_compared_is_refused_with_its_line(tmp_path: Path, name: str) -> None:
    variants, words = BAD_ARMS[name]
    message = refused(tmp_path, changed(VARIANT, variants), arms=True)
    line = 6 + variants.count("\n")  # the last of them
    assert f"study.yaml, line {line}: variants." in message
    assert words in message
    assert "--set" not in message


def test_several_factors_are_allowed_and_labelled(tmp_path: Path) -> None:
    both = "  x: {pool.strategy: none, optim.batch: 2, multi_factor: true}\n"
    arm = arms_of(load_study(written(tmp_path, changed(VARIANT, both))))[1]
    assert arm.several
    assert arm.factor == "several factors changed: pool.strategy=none, optim.batch=2"


def test_averaged_weights_need_averaging(tmp_path: Path) -> None:
    text = PLAIN + "protocol: {checkpoint: ema:last}\n"
    assert "ema.decay of base is 0" in refused(tmp_path, text, arms=True)


def test_a_best_checkpoint_needs_images_to_choose_by(tmp_path: Path) -> None:
    for name in ("A", "B", "testA", "testB"):
        (tmp_path / name).mkdir()
    data = "data: {A: A, B: B, test: {A: testA, B: testB}}\n"
    assert load_study(written(tmp_path, PLAIN + data)).data is not None
    text = PLAIN + data + "protocol: {checkpoint: best:val:kid}\n"
    assert "needs images to choose by" in refused(tmp_path, text)


def test_paths_start_at_the_file(tmp_path: Path) -> None:
    for name in ("A", "B", "testA", "testB"):
        (tmp_path / name).mkdir()
    text = PLAIN + "data: {A: A, B: B, test: {A: testA, B: testB}}\n"
    data = load_study(written(tmp_path, text)).data
    assert data is not None
    assert tmp_path / "A" == data.A


COMMAND = """\
trainer:
  name: theirs
  version: abc
  command: "python train.py --dataroot {data} --seed {seed} {overrides}"
  translate: "python test.py --epoch {checkpoint} --results_dir {out}"
  overrides: {pool.size: "--pool_size {value}"}
  outputs: {AtoB: "*/images/*_fake_B.png"}
"""


def commanded(old: str = "", new: str = "") -> str:
    text = PLAIN.replace("base: {preset: tiny}\n", COMMAND).replace(
        "{pool.strategy: none}", "{pool.size: 0}"
    )
    assert old in text
    return text.replace(old, new)


def test_a_command_is_a_trainer(tmp_path: Path) -> None:
    arm = arms_of(load_study(written(tmp_path, commanded())))[1]
    assert arm.resolved == {"pool.size": 0, "budget.updates": 100}
    assert arm.version == "abc"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("{seed}", "{sede}", "{sede} is no placeholder here"),
        (" {overrides}", "", "has no {overrides}"),
        ("{value}", "{x}", "{x} is no placeholder here"),
        ("{pool.size: 0}", "{pool.sizes: 0}", "does not say what pool.sizes is"),
        ("python train.py", "python 'train.py", "cannot be read"),
    ],
)
def test_a_command_with_a_mistake(tmp_path: Path, old: str, new: str, words: str) -> None:
    message = refused(tmp_path, commanded(old, new))
    assert "study.yaml, line " in message
    assert words in message


def test_a_study_that_is_nowhere() -> None:
    with pytest.raises(MissingFileError, match=r"nowhere\.yaml: there is no such file"):
        load_study("nowhere.yaml")
    with pytest.raises(InputError, match="no study 'buffers'; did you mean buffer"):
        load_study("buffers")


def test_text_that_is_no_yaml(tmp_path: Path) -> None:
    assert "line 1: is not valid YAML" in refused(tmp_path, "a: b: c\n")
    assert "holds no keys with values" in refused(tmp_path, "- a\n")


def test_images_are_needed_to_run_and_not_to_read(tmp_path: Path) -> None:
    study = load_study(written(tmp_path))
    with pytest.raises(InputError, match="--demo stripes"):
        require_data(study)
    with pytest.raises(InputError, match="no demo 'stripe'; did you mean stripes"):
        load_study(written(tmp_path), demo="stripe")


def test_very_many_cells_ask_first() -> None:
    check_count(500, yes=False)
    check_count(501, yes=True)
    with pytest.raises(InputError, match="--yes"):
        check_count(501, yes=False)


def test_the_pairs_made_by_code_are_those_of_the_trainer() -> None:
    from ganeval_cyclegan.demo_domains import DEMOS

    assert sorted(DEMOS) == list(DEMO_NAMES)


@pytest.mark.parametrize("name", ["buffer", "mnist-svhn", "determinism"])
def test_a_study_that_is_written_reads_the_same(tmp_path: Path, name: str) -> None:
    study = load_study(name, demo="stripes", seeds=(3, 4))
    again = load_study(written(tmp_path, study_yaml(study)))
    assert again.model_dump() == study.model_dump()


def test_a_command_that_is_written_reads_the_same(tmp_path: Path) -> None:
    study = load_study(written(tmp_path, commanded()))
    (tmp_path / "other").mkdir()
    again = load_study(written(tmp_path / "other", study_yaml(study)))
    assert again.model_dump() == study.model_dump()
