"""The progress bars: what they say on a terminal, and that they are silent elsewhere."""

from __future__ import annotations

import pytest

from ganeval.commands.progress import Bars


def test_bars_are_silent_where_stderr_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with Bars(quiet=False) as bars:
        bars("real", 3, 300)
    assert capsys.readouterr() == ("", "")


def test_bars_are_silent_when_asked_to_be(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    with Bars(quiet=True) as bars:
        bars("real", 3, 300)
    assert capsys.readouterr() == ("", "")


def test_bars_count_images_and_bytes_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with Bars(quiet=False) as bars:
        bars("paintings", 30, 300)
        bars("weights.pth", 50_000_000, 95_600_000, "bytes")
    captured = capsys.readouterr()
    assert "30 of 300 images" in captured.err
    assert "50.0 MB of 95.6 MB" in captured.err
    assert captured.out == ""
