"""``--figures`` means the same in every command that measures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .conftest import Outcome, make_folder

PROJECTION = ("--extractor", "random-projection")


def test_commands_write_figures(ganeval: Callable[..., Outcome], tmp_path: Path) -> None:
    real = make_folder(tmp_path / "real", 12, seed=1)
    fake = make_folder(tmp_path / "fake", 12, seed=2, blur=True)
    folder = tmp_path / "figures"
    done = ganeval("kid", real, fake, *PROJECTION, "--permutations", "9", "--figures", folder)
    assert done.code == 0
    assert {path.name for path in folder.iterdir()} == {"kid-interval.pdf", "kid-interval.png"}
    done = ganeval("audit", real, fake, "--no-features", "--figures", folder)
    assert done.code == 0
    names = {path.name for path in folder.iterdir()}
    assert {"brightness-histogram.pdf", "fake-separation.png", "kid-interval.pdf"} <= names


def test_a_folder_among_the_images_is_refused(
    ganeval: Callable[..., Outcome], tmp_path: Path
) -> None:
    """The next run would take the figures for images."""
    real = make_folder(tmp_path / "real", 3, seed=1)
    for folder in (real, real / "figures"):
        done = ganeval("audit", real, "--no-features", "--figures", folder)
        assert done.code == 2
        assert "lies inside" in done.err
    assert not (real / "figures").exists()


def test_a_folder_that_cannot_be_is_refused_before_any_work(
    ganeval: Callable[..., Outcome], tmp_path: Path
) -> None:
    real = make_folder(tmp_path / "real", 3, seed=1)
    done = ganeval("audit", real, "--no-features", "--figures", tmp_path / "no" / "where")
    assert done.code == 2
    assert "--figures" in done.err
    assert "does not exist" in done.err
