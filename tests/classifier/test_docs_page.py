"""What docs/classify.md shows is what the program prints, and it explains every choice."""

from __future__ import annotations

import re
import runpy
import shlex
from pathlib import Path
from typing import get_args

import pytest

from ganeval.cli import run
from ganeval.records import VerdictName

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "classify.md").read_text("utf-8")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    runpy.run_path(str(ROOT / "examples" / "make_demo_images.py"))["main"](folder)
    return folder


def words(text: str) -> list[str]:
    """Words with numbers masked, without times: other processors and libraries change those."""
    text = re.sub(r"^time .*\n", "", text, flags=re.M)
    return re.sub(r"\d+(\.\d+)?(e-\d+)?", "#", text).split()


@pytest.mark.slow
def test_blocks_print_what_they_show(
    demo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Blocks are run from top to bottom; a Python block may make the images of the next one."""
    monkeypatch.chdir(demo)
    blocks = re.findall(r"^```(console|python)\n(.*?)^```", PAGE, re.S | re.M)
    shown = 0
    for kind, block in blocks:
        if kind == "python":
            exec(compile(block, "docs/classify.md", "exec"), {})
            continue
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            program, *arguments = shlex.split(command)
            assert program == "ganeval"
            capsys.readouterr()
            assert run(arguments) == (4 if "--fail-on" in arguments else 0)
            captured = capsys.readouterr()
            assert words(captured.out + captured.err) == words(output), command
            shown += 1
    assert shown == 4


def test_every_option_of_its_own_and_every_verdict_is_explained() -> None:
    from ganeval.cli import cli
    from ganeval.commands.classify import classify
    from ganeval.commands.classify_options import PRESETS, RUNGS

    assert cli.get_command(None, "classify") is classify  # type: ignore[arg-type]
    common = {"--debug", "--yes", "--no-recursive", "--no-cache", "--num-workers", "-q"}
    options = {name for option in classify.params for name in option.opts if name[0] == "-"}
    missing = [name for name in sorted(options - common) if f"`{name}" not in PAGE]
    assert not missing
    for name in (*get_args(VerdictName), *RUNGS):
        assert f"| `{name}` |" in PAGE
    for name in PRESETS[1:]:
        assert f"--preset {name}" in PAGE
