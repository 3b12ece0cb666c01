"""README and docs say what is true: blocks are run, options exist, links lead somewhere."""

from __future__ import annotations

import re
import runpy
import shlex
from pathlib import Path
from typing import Any

import pytest

from ganeval.cli import run

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
FOREIGN_OPTIONS = {  # of benchmarks/fid_vs_peers.py, of torchrun, of a trainer called by command
    "--images",
    "--nproc-per-node",
    "--nnodes",
    "--rdzv-backend",
    "--rdzv-endpoint",
    "--dataroot",
    "--name",
    "--n",  # --n_iters; options of ganeval have no underscores
    "--pool",
    "--continue",
    "--input",
    "--epoch",
    "--results",
}
DEMO = runpy.run_path(str(ROOT / "examples" / "make_demo_images.py"))
DOCS = runpy.run_path(str(ROOT / "docs" / "generate.py"))


LONG = tuple(
    f"ganeval {name} " for name in ("classify", "saliency", "class-model", "ablation-report")
)


def console_blocks() -> list[Any]:
    """Command and expected output of every ``$`` line in a console block of the README."""
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    found = []
    for block in blocks:
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            marks = [pytest.mark.slow] if command.startswith(LONG) else []
            found.append(pytest.param(command, output, marks=marks))
    return found


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    DEMO["main"](folder)
    return folder


@pytest.fixture(scope="module")
def readers_cache(tmp_path_factory: pytest.TempPathFactory, _networks: Path) -> Path:
    """One cache for all blocks, as a reader has who types them from top to bottom."""
    cache = tmp_path_factory.mktemp("reader")
    (cache / "networks").symlink_to(_networks, target_is_directory=True)
    return cache


def masked(text: str) -> list[str]:
    """Words with numbers masked, without times: other processors and libraries change those."""
    text = re.sub(r"^time .*\n", "", text, flags=re.M)
    text = re.sub(r"about [\d.]+ (s|min|h)\.$", "", text, flags=re.M)
    return re.sub(r"\d+(\.\d+)?(e-\d+)?", "#", text).split()


@pytest.mark.parametrize(("command", "output"), console_blocks())
def test_readme_blocks_print_what_they_show(
    command: str,
    output: str,
    demo: Path,
    readers_cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("GANEVAL_CACHE", str(readers_cache))
    monkeypatch.chdir(demo)
    program, *arguments = shlex.split(command)
    assert program == "ganeval"
    capsys.readouterr()
    assert run(arguments) == 0
    captured = capsys.readouterr()
    # Each block shows a first run; here an earlier block may have computed the features.
    printed = (captured.out + captured.err).replace("float32 from the cache", "float32 openvino")
    assert masked(printed) == masked(output)


def test_the_demo_makes_what_the_readme_shows(demo: Path) -> None:
    assert len(list((demo / "real").iterdir())) == len(list((demo / "fake").iterdir())) == 120


@pytest.mark.parametrize("path", DOCS["pages"](), ids=lambda p: p.name)
def test_generated_pages_are_current(path: Path) -> None:
    assert path.read_text("utf-8") == DOCS["pages"]()[path], "run: make docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_option_in_the_docs_exists(page: Path) -> None:
    known = set(re.findall(r"--[a-z][a-z-]+", DOCS["commands_page"]())) | FOREIGN_OPTIONS
    mentioned = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", page.read_text("utf-8")))
    assert not mentioned - known


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_inside_the_repository_resolve(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)?(?:#[\w-]+)?\)", page.read_text("utf-8")):
        if target and not target.startswith("https://"):
            assert (page.parent / target).exists(), target


def test_every_extractor_and_resize_mode_is_documented() -> None:
    from ganeval.features.extractor import EXTRACTORS, get_extractor

    text = "\n".join(page.read_text("utf-8") for page in PAGES if page.name != "commands.md")
    for name in EXTRACTORS.names():
        assert f"`{name}`" in text
        for mode in get_extractor(name).resize_modes:
            assert mode in text
