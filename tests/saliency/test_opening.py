"""Sets are paired, limited by name, and brought to the side of the model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from saliency.saliency_toys import SIDE, make_images, save_folder

from ganeval.errors import GanevalError, InputError
from ganeval.images import Decoding
from ganeval.metrics.settings import silent
from ganeval.saliency.images import to_side
from ganeval.saliency.opening import (
    chosen_by_hash,
    load_squares,
    open_pairs,
    pair_notices,
    require_sources,
)
from ganeval.saliency.settings import SaliencySettings

READ = Decoding()


def bring(pixels: np.ndarray, header: object) -> np.ndarray:
    return to_side(pixels, SIDE)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    images = make_images(8)
    before = save_folder(tmp_path / "photos", images)
    after = save_folder(tmp_path / "painted", images[:6], "img{:03d}_fake.png")
    return before, after


def test_pairs_are_found_by_stem_and_the_rest_is_listed(folders: tuple[Path, Path]) -> None:
    paired = open_pairs(*folders, SaliencySettings(), READ)
    assert paired.keys == [f"img{i:03d}" for i in range(6)]
    assert paired.keys_of(1)[0] == "img000_fake.png"
    assert paired.unpaired == {"before": ["img006.png", "img007.png"], "after": []}
    assert [one.code for one in pair_notices(paired)] == ["unpaired"]
    assert [info.n for info in paired.infos()] == [6, 6]
    assert paired.digests()["photos"].keys() == {f"img{i:03d}.png" for i in range(6)}


def test_limited_choices_nest_and_keep_partners(folders: tuple[Path, Path]) -> None:
    four = open_pairs(*folders, SaliencySettings(limit=4), READ)
    two = open_pairs(*folders, SaliencySettings(limit=2), READ)
    assert len(four) == 4
    assert set(two.keys) < set(four.keys)
    for before, after in zip(four.keys_of(0), four.keys_of(1), strict=True):
        assert after == before.replace(".png", "_fake.png")


def test_a_choice_by_hash_does_not_depend_on_the_other_keys() -> None:
    keys = [f"k{i}" for i in range(40)]
    few = [keys[i] for i in chosen_by_hash(keys, 10, seed=3)]
    most = [key for key in keys if key in few or int(key[1:]) % 2]
    assert [most[i] for i in chosen_by_hash(most, 10, seed=3)] == few
    assert [keys[i] for i in chosen_by_hash(keys, 10, seed=4)] != few


def test_images_come_to_the_side_alike_in_memory_and_in_a_file(
    folders: tuple[Path, Path],
) -> None:
    _held, before, after = load_squares(
        open_pairs(*folders, SaliencySettings(), READ), bring, SIDE, SaliencySettings(), silent
    )
    _, filed, _ = load_squares(
        open_pairs(*folders, SaliencySettings(), READ),
        bring,
        SIDE,
        SaliencySettings(memory=1),
        silent,
    )
    assert before.shape == (6, 3, SIDE, SIDE)
    assert before.dtype == np.float32
    assert after is not None
    assert np.array_equal(before, after)
    assert isinstance(filed.base, np.memmap)
    assert np.array_equal(filed, before)
    assert np.array_equal(before[2], make_images(8)[2].transpose(2, 0, 1) / np.float32(255))


def test_a_damaged_image_takes_its_pair_out_when_asked_to(folders: tuple[Path, Path]) -> None:
    broken = folders[1] / "img003_fake.png"
    broken.write_bytes(broken.read_bytes()[:90])
    settings = SaliencySettings(on_error="skip=0.5")
    paired, before, after = load_squares(
        open_pairs(*folders, settings, READ), bring, SIDE, settings, silent
    )
    assert paired.keys == ["img000", "img001", "img002", "img004", "img005"]
    assert after is not None
    assert len(before) == len(after) == 5
    assert paired.infos()[1].skipped[0].key == "img003_fake.png"
    assert "skipped" in [one.code for one in pair_notices(paired)]
    with pytest.raises(InputError, match="img003_fake"):
        load_squares(
            open_pairs(*folders, SaliencySettings(), READ), bring, SIDE, SaliencySettings(), silent
        )


def test_two_pairs_are_needed(tmp_path: Path) -> None:
    before = save_folder(tmp_path / "a", make_images(2))
    after = save_folder(tmp_path / "b", make_images(2))
    broken = after / "img001.png"
    broken.write_bytes(broken.read_bytes()[:90])
    settings = SaliencySettings(on_error="skip=0.9")
    with pytest.raises(GanevalError, match="1 pairs are left"):
        load_squares(open_pairs(before, after, settings, READ), bring, SIDE, settings, silent)


def test_no_common_stem_is_told_with_examples(tmp_path: Path) -> None:
    before = save_folder(tmp_path / "a", make_images(3), "left{}.png")
    after = save_folder(tmp_path / "b", make_images(3), "right{}.png")
    with pytest.raises(InputError, match=r"left0\.png") as told:
        open_pairs(before, after, SaliencySettings(), READ)
    assert "--pairs" in str(told.value)


def test_the_same_folder_twice_is_told(folders: tuple[Path, Path]) -> None:
    paired = open_pairs(folders[0], folders[0], SaliencySettings(), READ)
    assert paired.same
    assert pair_notices(paired)[0].code == "same_images"


def test_pairs_of_other_sizes_are_told(tmp_path: Path) -> None:
    before = save_folder(tmp_path / "a", make_images(3))
    after = save_folder(tmp_path / "b", make_images(3, side=24))
    paired = open_pairs(before, after, SaliencySettings(), READ)
    assert [one.code for one in pair_notices(paired)] == ["sizes_differ"]


def test_groups_of_a_user_are_those_of_the_images_before(folders: tuple[Path, Path]) -> None:
    settings = SaliencySettings(groups=r"img00(\d)")
    paired = open_pairs(*folders, settings, READ)
    assert paired.groups == [str(i) for i in range(6)]


def test_one_set_alone_pairs_with_nothing(folders: tuple[Path, Path]) -> None:
    paired = open_pairs(folders[0], None, SaliencySettings(limit=3), READ)
    assert len(paired) == 3
    assert paired.after is None
    assert len(paired.infos()) == 1


def test_what_is_not_there_is_told_before_a_model_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        require_sources(tmp_path / "nowhere", None)
