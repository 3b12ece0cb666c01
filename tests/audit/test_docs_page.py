"""What docs/audit.md shows is what the program prints."""

from __future__ import annotations

import re
import runpy
import shlex
from pathlib import Path

import pytest

from ganeval.cli import run

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "audit.md").read_text("utf-8")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    runpy.run_path(str(ROOT / "examples" / "make_demo_images.py"))["main"](folder)
    return folder


def words(text: str) -> list[str]:
    """Words with numbers masked: other processors and libraries may change their last digits."""
    return re.sub(r"\d+(\.\d+)?", "#", text).split()


@pytest.mark.parametrize(
    ("without", "count"),
    [("--no-features", 2), pytest.param("", 4, marks=pytest.mark.slow)],
    ids=["those without features", "all"],
)
def test_console_blocks_print_what_they_show(
    without: str,
    count: int,
    demo: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In the order of the page: a command may read what the one before has written."""
    monkeypatch.chdir(demo)
    blocks = re.findall(r"```console\n(.*?)```", PAGE, re.S)
    shown = [part for block in blocks for part in re.split(r"^\$ ", block, flags=re.M)[1:]]
    parts = [part for part in shown if without in part.partition("\n")[0]]
    assert len(parts) == count
    for part in parts:
        command, _, output = part.partition("\n")
        program, *arguments = shlex.split(command)
        assert program == "ganeval"
        capsys.readouterr()
        assert run(arguments) == (4 if "--fail-on" in arguments else 0)
        captured = capsys.readouterr()
        assert words(captured.out + captured.err) == words(output)


def test_the_python_block_runs(
    demo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(demo)
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    names: dict[str, object] = {}
    exec(compile(block, "docs/audit.md", "exec"), names)
    assert "in these 2 sets (240 images)" in capsys.readouterr().out
    assert len(names["brightness"]) == 120  # type: ignore[arg-type]


def test_every_finding_and_every_drop_is_explained() -> None:
    from ganeval.audit.findings import CODES
    from ganeval.audit.settings import DROPS
    from ganeval.commands.audit import _CODES, _DROPS

    assert _CODES == CODES
    assert _DROPS == DROPS
    for name in (*CODES, *DROPS):
        assert f"| `{name}` |" in PAGE
