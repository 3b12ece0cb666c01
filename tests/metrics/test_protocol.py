"""What was made in another way is not compared, unless that is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganeval.errors import InputError
from ganeval.features.plan import Plan
from ganeval.metrics.needs import main_need
from ganeval.metrics.protocol import common_spec
from ganeval.metrics.settings import Settings, silent
from ganeval.metrics.sides import OpenSide, make_plans
from ganeval.metrics.statistics_file import SavedStatistics, load_statistics, stated

from .test_merging import SPEC, part


@pytest.fixture
def plan() -> Plan:
    need = main_need("random-projection", None, None)
    settings = Settings(extractor="random-projection")
    return make_plans(settings, [need], False, silent)[0][need.source]


def opened(*files: SavedStatistics) -> list[OpenSide]:
    return [OpenSide("real", file.path.stem, None, file) for file in files]


def own(path: Path, **other: Any) -> SavedStatistics:
    return part(path, slice(0, 9), **other)


def foreign(path: Path, d: int = 5) -> SavedStatistics:
    np.savez(path, mu=np.zeros(d), sigma=np.eye(d))
    return load_statistics(path)


def test_equal_protocols_agree(plan: Plan, tmp_path: Path) -> None:
    one, two = own(tmp_path / "one.npz"), own(tmp_path / "two.npz")
    for force in (False, True):
        assert common_spec(opened(one, two), plan, force=force) == (SPEC, [])


def test_another_protocol_is_refused_with_the_way_out(plan: Plan, tmp_path: Path) -> None:
    one = own(tmp_path / "one.npz")
    two = own(tmp_path / "two.npz", resize="tf1", weights_sha256="cd" * 32)
    with pytest.raises(InputError) as caught:
        common_spec(opened(one, two), plan)
    for text in ("two.npz", "resize: tf1 there, clean here", "--resize tf1", "--weights FILE"):
        assert text in str(caught.value)
    assert "--force computes all the same" in str(caught.value)


def test_force_brands_instead(plan: Plan, tmp_path: Path) -> None:
    one, two = own(tmp_path / "one.npz"), own(tmp_path / "two.npz", resize="tf1")
    spec, (notice,) = common_spec(opened(one, two), plan, force=True)
    assert (spec, notice.code) == (SPEC, "forced_protocol")
    assert notice.data["differences"] == "resize: tf1 there, clean here"
    assert "resize: tf1 there, clean here" in notice.text


def test_a_stated_resize_counts(plan: Plan, tmp_path: Path) -> None:
    one, theirs = own(tmp_path / "one.npz"), foreign(tmp_path / "theirs.npz")
    for known in (theirs, stated(theirs, "clean")):
        assert common_spec(opened(one, known), plan) == (SPEC, [])
    another = stated(theirs, "tf1")
    for sides in (opened(one, another), opened(stated(theirs, "clean"), another)):
        with pytest.raises(InputError, match="resize: tf1 there, clean here"):
            common_spec(sides, plan)
    _, (notice,) = common_spec(opened(one, another), plan, force=True)
    assert notice.code == "forced_protocol"
    assert common_spec(opened(theirs, theirs), plan) == (None, [])


def test_another_dimension_cannot_be_forced(plan: Plan, tmp_path: Path) -> None:
    sides = opened(own(tmp_path / "one.npz"), foreign(tmp_path / "wide.npz", 7))
    for force in (False, True):
        with pytest.raises(InputError, match="holds 7 features per image, 5 are needed"):
            common_spec(sides, plan, force=force)
