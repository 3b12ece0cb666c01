"""``ganeval kid`` from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ganeval.commands.kid import kid as kid_command
from ganeval.features.devices import Engine
from ganeval.features.extraction import extract
from ganeval.features.plan import Plan
from ganeval.features.random_projection import RandomProjection
from ganeval.images import open_image_set
from ganeval.metrics.kernel_subsets import PRESETS, kid_subsets
from ganeval.records import MetricsRecord

from .conftest import Outcome

Ganeval = Callable[..., Outcome]
PROJECTION = ("--extractor", "random-projection")


def record(outcome: Outcome) -> MetricsRecord:
    assert outcome.code == 0, outcome.err
    return MetricsRecord.model_validate(json.loads(outcome.out))


def test_kid_is_the_one_that_fid_prints_beside_itself(
    ganeval: Ganeval, real: Path, fake: Path
) -> None:
    alone = record(ganeval("kid", real, fake, *PROJECTION, "--json"))
    beside = record(ganeval("fid", real, fake, *PROJECTION, "--json"))
    assert [m.name for m in alone.metrics] == ["kid"]
    assert alone.metric("kid") == beside.metric("kid")


def test_prints_interval_p_and_counts_and_nothing_of_the_frechet_distance(
    ganeval: Ganeval, real: Path, fake: Path
) -> None:
    outcome = ganeval("kid", real, fake, *PROJECTION)
    first = outcome.out.splitlines()[0]
    for part in ("KID ×10³", " ± ", "95 % CI", "999 permutations", "30 real, 30 fake"):
        assert part in first
    assert "n_below_d" not in outcome.err


def test_a_protocol_draws_its_subsets_in_the_order_of_file_names(
    ganeval: Ganeval, real: Path, fake: Path
) -> None:
    options = ("--protocol", "torch-fidelity", "--subset-size", "20", "--json")
    printed = record(ganeval("kid", real, fake, *PROJECTION, *options)).metric("kid:torch-fidelity")
    plan = Plan(
        extractor=RandomProjection(), layers=["64"], resize="area", engine=Engine("torch", "cpu")
    )
    rows = [extract(open_image_set(folder), plan).features["64"].values for folder in (real, fake)]
    expected = kid_subsets(*rows, preset="torch-fidelity", size=20)
    assert printed.estimate == expected.estimate
    assert printed.params["spread over subsets"] == expected.spread


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--protocol", "torch-fidelity"), "1000"),
        (("--subset-size", "10"), "--protocol"),
        (("--protocol", "clean-fid"), "whole of both sets"),
        (("--protocol", "torchfidelity"), "torch-fidelity"),
    ],
)
def test_subsets_that_make_no_sense_are_refused(
    ganeval: Ganeval, real: Path, fake: Path, options: tuple[str, ...], said: str
) -> None:
    outcome = ganeval("kid", real, fake, *PROJECTION, *options)
    assert outcome.code == 2
    assert said in outcome.err


def test_moments_without_features_are_refused(
    ganeval: Ganeval, real: Path, fake: Path, tmp_path: Path
) -> None:
    file = tmp_path / "real.npz"
    ganeval("stats", "save", real, file, *PROJECTION, "--features", "never")
    outcome = ganeval("kid", file, fake, *PROJECTION)
    assert outcome.code == 2
    assert "real.npz" in outcome.err
    assert "features" in outcome.err


def test_every_protocol_can_be_chosen() -> None:
    # The command spells them out, so that --help need not load the arithmetic.
    (option,) = [p for p in kid_command.params if p.name == "protocol"]
    assert set(option.type.choices) == {"all-pairs", *PRESETS}  # type: ignore[attr-defined]


def test_no_permutations_no_p(ganeval: Ganeval, real: Path, fake: Path) -> None:
    options = (*PROJECTION, "--permutations", "0", "--json")
    assert record(ganeval("kid", real, fake, *options)).metric("kid").test is None


def test_the_page_of_a_kid_is_drawn(
    ganeval: Ganeval, real: Path, fake: Path, tmp_path: Path
) -> None:
    html = tmp_path / "kid.html"
    options = ("--protocol", "torch-fidelity", "--subset-size", "20", "--html", html)
    assert ganeval("kid", real, fake, *PROJECTION, *options).code == 0
    text = html.read_text("utf-8")
    assert "KID(torch-fidelity)" in text
    assert "not a standard error" in text
