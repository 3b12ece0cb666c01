"""What docs/training.md shows can be typed, and prints what it shows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from ganeval.cli import cli, run
from ganeval_cyclegan.config_keys import dotted_keys, field_of
from ganeval_cyclegan.presets import preset_names
from ganeval_cyclegan.resolve import resolve

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "training.md").read_text("utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.S)


def masked(text: str) -> list[str]:
    return re.sub(r"\d+(\.\d+)?", "#", text).split()


@pytest.mark.slow
def test_console_blocks_print_what_they_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = [part for one in blocks("console") for part in re.split(r"^\$ ", one, flags=re.M)[1:]]
    assert len(shown) == 4
    for part in shown:
        command, _, output = part.partition("\n")
        capsys.readouterr()
        assert run(shlex.split(command)[1:]) == 0
        captured = capsys.readouterr()
        assert masked(captured.out + captured.err) == masked(output), command


@pytest.mark.parametrize("line", [line for one in blocks("sh") for line in one.splitlines()])
def test_commands_can_be_typed(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "latest_net_G.pth").touch()
    (tmp_path / "mine.yaml").write_text(blocks("yaml")[0], "utf-8")
    words = shlex.split(line)
    words = words[words.index("ganeval") :]
    with click.Context(cli) as above:
        command = cli.get_command(above, words[1])
        assert command is not None
        options = command.make_context(words[1], words[2:], parent=above).params
    if words[1] == "train" and options["trainer"] == "cyclegan":
        found = {name: options[name] for name in ("preset", "size", "images", "changes")}
        resolve(config_file=options["config"], **found)


def test_keys_in_the_text_exist() -> None:
    keys = set(dotted_keys())
    sections = {key.split(".")[0] for key in keys}
    named = re.findall(r"`([a-z_]+\.[\w.]+)(?:=[^`]*)?`", PAGE)
    keyed = [one for one in named if one.split(".")[0] in sections]
    assert len(keyed) > 40
    assert not [one for one in keyed if field_of(one) is None and one not in keys]


def test_every_preset_is_told_of() -> None:
    for name in preset_names():
        assert f"`{name}`" in PAGE


def test_the_file_shown_is_one(tmp_path: Path) -> None:
    (text,) = blocks("yaml")
    (tmp_path / "mine.yaml").write_text(text, "utf-8")
    config = resolve(config_file=tmp_path / "mine.yaml").config
    assert config.pool.size == yaml.safe_load(text)["pool"]["size"]
