"""``ganeval import-checkpoint``: a table or JSON, a clean copy, errors that name the fix."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from commands.conftest import Outcome
from trainers import published_layers as plain

Command = Callable[..., Outcome]


@pytest.fixture
def released(tmp_path: Path) -> Path:
    state = plain.random_state(plain.resnet_layout(9, bn=False, dropout=False, ngf=4))
    return plain.save(tmp_path / "latest_net_G.pth", state, "module.")


def test_table_names_the_network(ganeval: Command, released: Path) -> None:
    found = ganeval("import-checkpoint", released)
    assert found.code == 0
    assert "resnet, 9 blocks, 2 halvings" in found.out
    assert "module." in found.out
    assert "45,859 in 48 tensors" in found.out
    assert "not told" in found.out
    # By hand: 38.5 M for each outer convolution, 169.9 M for the blocks, 4.7 M for each of the four
    # between, where those two that are transposed count four times by output.
    assert "0.27 GMACs for 256x256 pixels (0.29 with" in found.out


def test_json_holds_every_field_of_the_description(ganeval: Command, released: Path) -> None:
    found = ganeval("import-checkpoint", released, "--json", "--direction", "AtoB")
    (told,) = json.loads(found.out)
    assert told["arch"] == "resnet"
    assert (told["n_blocks"], told["num_downs"], told["n_layers"]) == (9, None, None)
    assert (told["in_nc"], told["out_nc"], told["width"]) == (3, 3, 4)
    assert (told["norm"], told["dropout"], told["padding"]) == ("instance", "none", "reflect")
    assert told["dropped_keys"] == []
    assert told["stripped_prefixes"] == ["module."]
    assert told["direction"] == "AtoB"
    assert len(told["sha256"]) == 64
    assert told["parameters"] == 45_859


def test_several_files_in_one_call(ganeval: Command, released: Path, tmp_path: Path) -> None:
    other = plain.save(
        tmp_path / "latest_net_D_A.pth", plain.random_state(plain.patch_layout(3, ndf=8))
    )
    found = ganeval("import-checkpoint", released, other, "--json")
    assert [told["role"] for told in json.loads(found.out)] == ["generator", "discriminator"]
    assert "patch, n_layers 3" in ganeval("import-checkpoint", released, other).out


def test_clean_copy_is_what_the_published_code_reads(
    ganeval: Command, released: Path, tmp_path: Path
) -> None:
    out = tmp_path / "clean"
    name = "latest_net_G_A.pth"
    found = ganeval("import-checkpoint", released, "--out", out, "--export-as", name)
    assert found.code == 0
    assert str(out / name) in found.out
    source, copy = torch.load(released), torch.load(out / name)
    assert list(copy) == [key.removeprefix("module.") for key in source]
    assert all(torch.equal(copy[key.removeprefix("module.")], source[key]) for key in source)
    (again,) = json.loads(ganeval("import-checkpoint", out / name, "--json").out)
    assert again["direction"] == "AtoB"
    assert again["assumptions"], "what was assumed of the source is not known of the copy either"


def test_nothing_is_written_over(ganeval: Command, released: Path, tmp_path: Path) -> None:
    before = released.read_bytes()
    assert ganeval("import-checkpoint", released, "--out", tmp_path).code == 2
    assert released.read_bytes() == before
    out = tmp_path / "clean"
    assert ganeval("import-checkpoint", released, "--out", out).code == 0
    found = ganeval("import-checkpoint", released, "--out", out)
    assert found.code == 2
    assert "exists already" in found.err


def test_options_that_do_not_fit(ganeval: Command, released: Path, tmp_path: Path) -> None:
    assert "--out" in ganeval("import-checkpoint", released, "--export-as", "x.pth").err
    other = tmp_path / "other"
    other.mkdir()
    twin = other / released.name
    twin.write_bytes(released.read_bytes())
    out = tmp_path / "clean"
    call = ("import-checkpoint", released, twin, "--out", out)
    assert "two files" in ganeval(*call).err
    assert "names one file" in ganeval(*call, "--export-as", "x.pth").err
    for name in ("a/b.pth", "x.bin"):
        found = ganeval("import-checkpoint", released, "--out", out, "--export-as", name)
        assert found.code == 2
        assert "plain file name" in found.err
    assert not out.exists()


def test_several_networks_need_a_direction(ganeval: Command, tmp_path: Path) -> None:
    layout = plain.resnet_layout(1, bn=False, dropout=False, ngf=2)
    states = {name: plain.random_state(layout) for name in ("G_A", "G_B")}
    torch.save(states, tmp_path / "all.pth")
    found = ganeval("import-checkpoint", tmp_path / "all.pth")
    assert found.code == 2
    assert "G_A (AtoB), G_B (BtoA)" in found.err
    assert "--direction" in found.err
    found = ganeval("import-checkpoint", tmp_path / "all.pth", "--direction", "BtoA", "--json")
    assert json.loads(found.out)[0]["name"] == "G_B"


def test_refusals_are_usage_errors_and_write_nothing(
    ganeval: Command, released: Path, tmp_path: Path
) -> None:
    cut = plain.save(tmp_path / "cut.pth", {"model.1.filt": torch.zeros(1)})
    whole = tmp_path / "whole.pth"
    torch.save(torch.nn.Conv2d(1, 1, 1), whole)
    for bad, word in ((cut, "CUT"), (whole, "pickled code"), (tmp_path / "no.pth", "no such file")):
        found = ganeval("import-checkpoint", released, bad, "--out", tmp_path / "clean")
        assert found.code == 2
        assert word in found.err
        assert str(bad) in found.err
    assert not (tmp_path / "clean").exists()


def test_help_loads_no_torch() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from ganeval.cli import run; assert run(['import-checkpoint', '-h']) == 0;"
        "sys.exit(', '.join({'torch', 'scipy'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
