"""The progress bars: what they say on a terminal, and that they are silent elsewhere."""

from __future__ import annotations

import pytest

from ganeval.commands.progress import Bars


def test_bars_are_silent_where_stderr_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with Bars(quiet=False) as bars:
        bars("real", 3, 300)
        bars("refits", 3, 20, "rounds")
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
        bars("refits", 7, 20, "rounds")
    captured = capsys.readouterr()
    assert "30 of 300 images" in captured.err
    assert "50.0 MB of 95.6 MB" in captured.err
    assert "7 of 20 " in captured.err
    assert "7 of 20 images" not in captured.err
    assert captured.out == ""


@pytest.mark.parametrize("quiet", [False, True])
def test_announcements_need_no_terminal(capsys: pytest.CaptureFixture[str], quiet: bool) -> None:
    text = "This takes [about] 4 min."
    with Bars(quiet=quiet) as bars:
        bars.announce(text)
    captured = capsys.readouterr()
    assert captured.err == ("" if quiet else f"{text}\n")
    assert captured.out == ""
