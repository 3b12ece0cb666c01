"""The benchmark of the intervals draws, judges and counts as it says."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # the script sets it; undone after the test


def module(name: str) -> dict[str, Any]:
    import importlib

    return vars(importlib.import_module(name))


def drawn(mixture: Any, n: int, rng: np.random.Generator) -> np.ndarray:
    parts = rng.choice(len(mixture.weights), size=n, p=mixture.weights)
    return mixture.place(parts, rng.normal(size=(n, mixture.d))).astype(np.float64)


@pytest.mark.parametrize("make", ["gaussian", "classes", "heavy_tailed"])
def test_what_is_known_of_a_distribution_is_what_draws_show(make: str) -> None:
    populations = module("coverage_populations")
    one = populations[make](6)
    other = one.changed(1.3, 0.4)
    rng = np.random.default_rng(0)
    x, y = drawn(one, 2000, rng), drawn(other, 2000, rng)
    kernel = (x @ y.T / 6 + 1) ** 3
    # The mean over all pairs of two samples; its error is that of the row and column means.
    error = np.hypot(kernel.mean(axis=0).std(), kernel.mean(axis=1).std()) / np.sqrt(2000)
    assert abs(kernel.mean() - populations["mean_kernel"](one, other)) < 4 * error
    moments = one.moments()
    widths = x.std(axis=0) / np.sqrt(2000)
    assert (np.abs(x.mean(axis=0) - moments.mean) < 4 * widths).all()
    products = (x - moments.mean)[:, :, None] * (x - moments.mean)[:, None, :]
    widths = products.std(axis=0) / np.sqrt(2000)
    # Of 36 entries, 21 of them different, none is farther off than 4.5 of its errors.
    assert (np.abs(products.mean(axis=0) - moments.covariance()) < 4.5 * widths).all()


def test_partners_are_found_by_the_command_s_own_rule() -> None:
    sources, runs = module("coverage_sources"), module("coverage_runs")
    source = sources["distributions"]()[0]
    scenario = runs["Scenario"](source, 24, 4)
    found = [runs["run_once"](scenario, number) for number in range(4)]
    assert [run.layout for run in found] == ["paired", "unpaired", "worse", "unpaired"]
    assert all(run.p.keys() >= {"fid", "kid", "precision", "mind"} for run in found)
    # Partners share four fifths of their variance: most of it cancels in their difference.
    assert found[0].width["fid"] < 0.8 * found[1].width["fid"]
    assert runs["run_once"](scenario, 0) == found[0]


def test_translations_are_drawn_as_told() -> None:
    sources = module("coverage_sources")
    rng = np.random.default_rng(2)
    real, one = rng.normal(size=(2, 40, 3)).astype("f4")
    source = sources["Translations"]("pictures", real, one, one + 100)
    _, (a, b) = source.draw(10, "unpaired", rng)
    assert (a.rows < 50).all()
    assert (b.rows < 50).all()
    assert not {row.tobytes() for row in a.rows} & {row.tobytes() for row in b.rows}
    _, (a, b) = source.draw(10, "paired", rng)
    assert ((a.rows > 50) != (b.rows > 50)).all()  # each from the translation the other is not of
    assert np.allclose(np.abs(a.rows - b.rows), 100, atol=1e-4)
    _, (a, b) = source.draw(10, "worse", rng)
    assert (a.rows < 50).all()
    assert (b.rows > 50).all()
    assert [source.judges(layout) for layout in ("paired", "unpaired", "worse")] == [0, 1, 1]


def test_intervals_are_counted_as_what_they_are() -> None:
    sources, runs, summary = (
        module("coverage_sources"),
        module("coverage_runs"),
        module("coverage_summary"),
    )
    rng = np.random.default_rng(1)
    source = sources["distributions"]()[0]
    made = []
    for number in range(400):
        value = float(rng.normal())
        width = 1.96
        found = {
            "right": runs["Found"](value, 1.0, value - width, value + width),
            "narrow": runs["Found"](value, 0.5, value - width / 2, value + width / 2),
            "moved": runs["Found"](value, 1.0, value, value + width),
        }
        p = {name: float(rng.uniform()) for name in found}
        layout = "paired" if number % 2 else "unpaired"
        made.append(runs["Run"](layout, found, p, {}, {}))
    right, narrow, moved = summary["lines"](runs["Scenario"](source, 50, 400), made)
    # A share of 400 that is 0.95 has an SD of 0.011; ±0.98 SD hold 0.67 with one of 0.024.
    assert abs(right.holds.value - 0.95) < 0.035
    assert abs(narrow.holds.value - 0.67) < 0.075
    assert abs(moved.above.value - 0.5) < 0.08
    assert moved.below.value < 0.06
    assert abs(right.se_over_sd - 1) < 0.12  # the SD of 400 values is known to 3.5 %
    assert right.false_paired.runs == right.false_unpaired.runs == 200
    assert not right.power.runs
    assert right.false_paired.value < 0.11  # 0.05 of 200 has an SD of 0.015


def test_the_command_prints_every_metric_and_writes_its_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = runpy.run_path(str(BENCHMARKS / "coverage.py"))
    target = tmp_path / "figures.json"
    script["main"](
        ["--quick", "--only", "gauss16", "--runs", "4", "--workers", "1", "--json", str(target)]
    )
    figures = json.loads(target.read_text("utf-8"))["lines"]
    names = {line["metric"] for line in figures}
    printed = capsys.readouterr().out
    expected = {"fid", "excess", "kid", "precision", "recall", "density", "coverage", "mifid"}
    expected |= {"memorisation", "authenticity", "cmmd", "mind", "is", "fid_infinity"}
    assert names == expected
    assert all(name in printed for name in names)
    assert all(line["holds"]["runs"] > 0 for line in figures)


def test_a_folder_without_features_is_refused(tmp_path: Path) -> None:
    script = runpy.run_path(str(BENCHMARKS / "coverage.py"))
    with pytest.raises(SystemExit, match="holds no"):
        script["main"](["--data", str(tmp_path)])
