"""A comparison from Python: the same whatever the company, and never of more than was asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from saliency.saliency_toys import SIDE, make_images, recoloured, save_folder

from ganeval.errors import GanevalError, InputError
from ganeval.records import LookedPair, SaliencyRecord
from ganeval.saliency import cost, evidence
from ganeval.saliency.settings import SaliencySettings, with_preset
from ganeval.saliency.suite import compare

MODEL = "saliency.saliency_toys:colours"


def settings(**chosen: Any) -> SaliencySettings:
    own: dict[str, Any] = {"mean": (0.0,), "std": (1.0,), "side": SIDE, "cache": False}
    return SaliencySettings(
        model=MODEL, **{**own, "methods": ("gradient",), "n_samples": 2, **chosen}
    )


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    images = make_images(5)
    before = save_folder(tmp_path / "before", images)
    return before, save_folder(tmp_path / "after", recoloured(images))


def pair(record: SaliencyRecord, key: str) -> LookedPair:
    return next(one for one in record.pairs if one.key == key)


def values_of(one: LookedPair, conditions: tuple[str, ...]) -> dict[str, dict[str, float | None]]:
    return {
        f"{map_.method} {map_.condition}": map_.values
        for map_ in one.maps
        if map_.condition in conditions
    }


def test_a_pair_has_the_same_numbers_in_any_company(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    both = ("gradient", "smoothgrad")
    few = compare(*folders, settings(methods=both))
    images = np.concatenate([make_images(5), make_images(9, seed=7)])
    before = save_folder(tmp_path / "more", images)
    after = save_folder(tmp_path / "more-after", recoloured(images))
    more = compare(before, after, settings(methods=both, workers=1))
    conditions = ("before", "after", "ceiling", "noise", "colour", "random_last", "random_all")
    for key in ("img001", "img004"):
        assert values_of(pair(few, key), conditions) == values_of(pair(more, key), conditions)
        assert pair(few, key).scores == pair(more, key).scores


def test_swapped_sets_have_swapped_maps_of_one_target(folders: tuple[Path, Path]) -> None:
    both = ("gradient", "smoothgrad")
    first = compare(*folders, settings(methods=both, target="1"))
    second = compare(*reversed(folders), settings(methods=both, target="1"))
    for one, other in zip(first.pairs, second.pairs, strict=True):
        for name in ("gradient", "smoothgrad"):
            a = next(m for m in one.maps if (m.method, m.condition) == (name, "before"))
            b = next(m for m in other.maps if (m.method, m.condition) == (name, "after"))
            assert {k: a.values[k] for k in ("gini", "grad_l1", "spread")} == {
                k: b.values[k] for k in ("gini", "grad_l1", "spread")
            }


def test_the_global_generators_are_left_alone(folders: tuple[Path, Path]) -> None:
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    seen = np.random.get_state()[1]  # noqa: NPY002
    compare(*folders, settings())
    assert torch.equal(torch.random.get_rng_state(), before)
    assert np.array_equal(np.random.get_state()[1], seen)  # noqa: NPY002


def test_the_same_images_twice_change_nothing(folders: tuple[Path, Path]) -> None:
    record = compare(folders[0], folders[0], settings())
    assert record.warnings[0].code == "same_images"
    for one in record.pairs:
        after = next(m for m in one.maps if m.condition == "after")
        assert after.values["spearman"] == pytest.approx(1, abs=1e-12)
        assert one.scores[0].logit == one.scores[1].logit
    assert record.rms is not None
    assert record.rms.value == 0
    assert not [one for one in record.effects if one.change in ("rose", "fell")]


def test_controls_are_made_for_as_many_pairs_as_asked(folders: tuple[Path, Path]) -> None:
    record = compare(*folders, settings(max_images=3))
    chosen = [one for one in record.pairs if one.chosen]
    assert len(chosen) == 3
    for one in record.pairs:
        conditions = {map_.condition for map_ in one.maps}
        assert {"before", "after"} <= conditions
        assert ("noise" in conditions) == one.chosen


def test_without_controls_similarity_is_not_calibrated(folders: tuple[Path, Path]) -> None:
    record = compare(*folders, settings(controls=()))
    assert "not_calibrated" in {one.code for one in record.warnings}
    assert all(one.kappa.value is None for one in record.kappas)
    assert all(one.trusted is None for one in record.trust)
    assert {map_.condition for one in record.pairs for map_ in one.maps} <= {
        "before", "after", "random_last", "random_all",
    }  # fmt: skip


def test_own_targets_are_those_of_each_image(folders: tuple[Path, Path]) -> None:
    record = compare(*folders, settings(target="own"))
    for one in record.pairs:
        assert [side.rank for side in one.scores if side.condition in ("before", "after")] == [1, 1]


def test_labels_give_accuracy_and_mcnemar(folders: tuple[Path, Path], tmp_path: Path) -> None:
    top = [one.scores[0].top for one in compare(*folders, settings()).pairs]
    labels = tmp_path / "labels.csv"
    wrong = [(top[0] + 1) % 3, *top[1:]]
    rows = [f"img{i:03d}.png,{label}" for i, label in enumerate(wrong)]
    labels.write_text("\n".join(["path,label", *rows]))
    record = compare(*folders, settings(target=f"label:{labels}"))
    before = next(one for one in record.shares if one.name == "accuracy_before")
    assert before.share.value == pytest.approx(4 / 5)
    assert record.mcnemar is not None


def test_faithfulness_is_measured_on_request(folders: tuple[Path, Path]) -> None:
    plain, looked = (compare(*folders, settings(faithfulness=on)) for on in (False, True))

    def names(record: SaliencyRecord) -> set[str]:
        return {check.name for one in record.trust for check in one.checks}

    assert {"deletion", "insertion"} <= names(looked) - names(plain)


def test_no_picture_is_written_without_a_folder(folders: tuple[Path, Path]) -> None:
    record = compare(*folders, settings())
    assert all(map_.picture is None for one in record.pairs for map_ in one.maps)


def test_scales_of_their_own_leave_no_shared_one(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    record = compare(*folders, settings(scale="per-image"), out=out)
    assert all(one.scale is None for one in record.methods)
    assert (out / str(record.pairs[0].maps[0].picture)).is_file()


def test_maps_in_files_are_those_in_memory(folders: tuple[Path, Path]) -> None:
    held, filed = (compare(*folders, settings(memory=size)) for size in (1 << 28, 1))
    assert held.pairs == filed.pairs
    assert held.effects == filed.effects


def test_long_runs_need_a_yes(folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "measured_speed", lambda *_: cost.Speed(20.0, 7.0))
    told: list[str] = []
    with pytest.raises(InputError, match="on this machine") as refused:
        compare(*folders, settings(), announce=told.append)
    assert "--yes" in str(refused.value)
    assert "takes about" in str(refused.value)
    assert "maps" in told[0]
    asked: list[str] = []

    def agree(text: str) -> bool:
        asked.append(text)
        return True

    compare(*folders, settings(), confirm=agree)
    assert len(asked) == 1
    compare(*folders, settings(yes=True))


def test_dead_targets_end_the_run(tmp_path: Path) -> None:
    black = np.zeros((4, SIDE, SIDE, 3), np.uint8)
    folder = save_folder(tmp_path / "black", black)
    dead = settings()
    with pytest.raises(GanevalError, match="exactly 0"):
        compare(folder, None, SaliencySettings(**{**vars(dead), "model": f"{MODEL}_with_relu"}))


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ({"methods": ("gradientt",)}, "gradient"),
        ({"controls": ("nul",)}, "null"),
        ({"baseline": "grey"}, "baseline"),
        ({"max_images": 1}, "--max-images"),
        ({"masks": Path("a"), "boxes": Path("b")}, "exclude"),
        ({"n_samples": 0}, "--n-samples"),
        ({"alpha": 0.7}, "--alpha"),
    ],
)
def test_settings_out_of_range_are_refused(chosen: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        settings(**chosen)


def test_a_preset_leaves_what_was_asked_for(folders: tuple[Path, Path]) -> None:
    taken = with_preset(settings(limit=4), "ee5934", given=["limit", "model"])
    assert (taken.limit, taken.methods, taken.model) == (4, ("gradient",), MODEL)
    assert with_preset(SaliencySettings(), "ee5934", given=[]).model == "squeezenet1_1"
    assert with_preset(SaliencySettings(), "ee5934", given=[]).limit == 15
