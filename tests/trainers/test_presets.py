"""Presets: named differences from the reference."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ganeval.errors import InputError
from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.config_keys import flat
from ganeval_cyclegan.presets import load_preset, preset_names
from ganeval_cyclegan.resolve import resolve
from ganeval_cyclegan.yaml_files import parse_value

REPORTS = ["dtu02514", "mnist-svhn", "biu2021", "ee5934", "cmpe258"]


def test_the_presets_of_the_five_reports_are_there() -> None:
    assert preset_names()[0] == "reference"
    assert {*REPORTS, "paper-2017", "tiny"} <= set(preset_names())


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_resolves_and_says_what_it_is(name: str) -> None:
    preset = load_preset(name)
    assert preset.about
    assert preset.source
    assert resolve(preset=name).config.seed == 0


@pytest.mark.parametrize("name", preset_names())
def test_what_differs_from_the_reference_is_what_the_file_says(name: str) -> None:
    content = flat(load_preset(name).content)
    changed = resolve(preset=name).changed
    assert set(changed) <= set(content)
    assert bool(changed) == (name != "reference")


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_written_out_reads_back_the_same(name: str, tmp_path: Path) -> None:
    first = resolve(preset=name).config
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(first.model_dump(mode="json")))
    assert resolve(config_file=file).config == first


def test_the_reference_is_the_defaults() -> None:
    assert resolve(preset="reference").config == TrainConfig()


@pytest.mark.parametrize("name", REPORTS)
def test_presets_of_reports_list_what_is_not_stated(name: str) -> None:
    assert resolve(preset=name).assumptions == load_preset(name).assumptions
    assert load_preset(name).assumptions


def test_figures_of_the_reports() -> None:
    dtu = resolve(preset="dtu02514").config
    assert (dtu.optim.batch, dtu.optim.lr_G, dtu.optim.lr_D) == (6, 1e-4, 2e-4)
    assert (dtu.loss.lambda_identity, dtu.loss.identity_mode) == (5, "absolute")
    digits = resolve(preset="mnist-svhn").config
    assert (digits.data.A.size, digits.data.A.channels, digits.data.B.size) == (28, 1, 32)
    assert digits.budget.updates == 7000
    biu = resolve(preset="biu2021").config
    assert (biu.data.B.subset.n, biu.data.epoch_updates, biu.eval.save_best) == (30, 30, "fid")


def test_the_beginning_of_a_name_is_enough() -> None:
    assert load_preset("dtu").name == "dtu02514"


def test_a_beginning_of_several_names_is_ambiguous(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganeval_cyclegan.presets.preset_names", lambda: ["ab1", "ab2", "x"])
    with pytest.raises(InputError, match="'ab' is short for ab1 and for ab2"):
        load_preset("ab")


@pytest.mark.parametrize("name", ["", "nope"])
def test_an_unknown_preset_is_told(name: str) -> None:
    with pytest.raises(InputError, match=f"no preset '{name}'"):
        load_preset(name)


def test_a_near_name_is_offered() -> None:
    with pytest.raises(InputError, match="did you mean mnist-svhn"):
        load_preset("mist-svhn")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2e-4", 2e-4),
        ("1.5", 1.5),
        (".5", 0.5),
        ("-3", -3),
        ("010", 10),
        ("true", True),
        ("on", "on"),
        ("no", "no"),
        ("1:30", "1:30"),
        ("2017-01-01", "2017-01-01"),
        ("null", None),
        ("", None),
        ("none", "none"),
        ("[1, a]", [1, "a"]),
        ("{x", "{x"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    assert parse_value(text) == value
    assert type(parse_value(text)) is type(value)


def test_resolving_does_not_load_torch() -> None:
    code = (
        "import sys; from ganeval_cyclegan.resolve import resolve; resolve(preset='tiny');"
        " assert not {'torch', 'scipy', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_presets_are_plain_yaml_for_other_readers() -> None:
    from importlib import resources

    folder = resources.files("ganeval_cyclegan") / "presets"
    for name in preset_names():
        assert yaml.safe_load((folder / f"{name}.yaml").read_text("utf-8"))
