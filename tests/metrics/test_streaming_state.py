"""State of streaming metrics: checkpoints, other processes, and what is refused."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from safetensors.numpy import load_file, save_file

from ganeval.errors import InputError
from ganeval.metrics.streaming import Evaluation, FrechetDistance
from ganeval.metrics.streaming_set import BLOCK

PROJECTION = "random-projection"
ROOT = Path(__file__).resolve().parents[2]

RNG = np.random.default_rng(0)
REAL = RNG.integers(0, 256, (24, 8, 8, 3), dtype=np.uint8)
FAKE = RNG.integers(0, 200, (20, 8, 8, 3), dtype=np.uint8)


def rows(n: int, seed: int) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).normal(seed, 1, (n, 4)).astype(np.float32)


def fed(real: object = REAL, fake: object = FAKE) -> FrechetDistance:
    metric = FrechetDistance(PROJECTION)
    metric.update(real, real=True)
    metric.update(fake, real=False)
    return metric


def given(real: npt.NDArray[np.float32], fake: npt.NDArray[np.float32]) -> FrechetDistance:
    metric = FrechetDistance(None)
    metric.update_features(real, real=True)
    metric.update_features(fake, real=False)
    return metric


def test_parts_merge_to_the_whole_in_any_order() -> None:
    whole = fed()
    parts = [fed(REAL[i::3], FAKE[i::3]) for i in range(3)]
    for order in ((0, 1, 2), (2, 0, 1)):
        total = FrechetDistance(PROJECTION)
        for i in order:
            total.merge(parts[i])
        assert total.compute() == whole.compute()
        assert total.warnings == whole.warnings
        assert total.record().features[0].cache_misses == 24
    assert parts[0].n == {"real": 8, "fake": 7}  # as it was


@pytest.mark.parametrize("sizes", [(3000, 3000), (BLOCK + 50, 30), (30, BLOCK + 50), (9000, 9000)])
def test_moments_merge_to_the_whole(sizes: tuple[int, int]) -> None:
    real, fake = rows(sum(sizes), 1), rows(sum(sizes), 2)
    total = given(real[: sizes[0]], fake[: sizes[0]])
    total.merge(given(real[sizes[0] :], fake[sizes[0] :]))
    # Merging in any split agrees to rounding, which the squares of the distance's parts amplify.
    assert total.compute().value == pytest.approx(given(real, fake).compute().value, rel=1e-10)
    assert total.n == {"real": sum(sizes), "fake": sum(sizes)}


def test_a_merged_set_grows_on() -> None:
    real, fake = rows(BLOCK * 2, 1), rows(BLOCK * 2, 2)
    total = given(real[:BLOCK], fake[:BLOCK])
    total.merge(given(real[BLOCK : BLOCK + 100], fake[BLOCK : BLOCK + 100]))
    total.update_features(real[BLOCK + 100 :], real=True)
    total.update_features(fake[BLOCK + 100 :], real=False)
    assert total.compute().value == pytest.approx(given(real, fake).compute().value, rel=1e-10)


@pytest.mark.parametrize("size", [40, BLOCK + 70])
def test_a_state_goes_through_safetensors(tmp_path: Path, size: int) -> None:
    metric = given(rows(size, 1), rows(size, 2))
    save_file(metric.state_dict(), tmp_path / "state.safetensors")
    again = FrechetDistance(None)
    again.load_state_dict(load_file(tmp_path / "state.safetensors"))
    assert again.compute() == metric.compute()
    assert again.n == metric.n
    assert again.warnings == metric.warnings


def test_a_state_goes_into_a_checkpoint_of_torch_without_pickled_arrays(tmp_path: Path) -> None:
    import torch

    state = {name: torch.from_numpy(array) for name, array in fed().state_dict().items()}
    torch.save(state, tmp_path / "checkpoint.pt")
    again = FrechetDistance(PROJECTION)
    again.update(REAL, real=True)  # is replaced
    again.load_state_dict(torch.load(tmp_path / "checkpoint.pt", weights_only=True))
    assert again.compute() == fed().compute()
    assert again.record().inputs[0].sizes == {"8x8": 24}
    assert again.record().metrics[0].display == f"FD({PROJECTION})"


def test_a_state_is_merged_like_an_object() -> None:
    metric = fed(REAL[:10], FAKE[:10])
    metric.merge(fed(REAL[10:], FAKE[10:]).state_dict())
    assert metric.compute() == fed().compute()


def test_a_state_does_not_change_with_its_object() -> None:
    metric = fed()
    state = metric.state_dict()
    metric.update(FAKE[:5], real=False)
    again = FrechetDistance(PROJECTION)
    again.load_state_dict(state)
    assert again.compute() == fed().compute()


def test_other_protocols_are_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"another protocol .*\{'decode': 'peer'\} there"):
        fed().merge(FrechetDistance(PROJECTION, decode="peer"))
    with pytest.raises(InputError, match="nothing there, features here"):
        FrechetDistance(PROJECTION).load_state_dict(given(rows(9, 1), rows(9, 2)).state_dict())
    with pytest.raises(InputError, match="length 3 cannot join features of length 4"):
        given(rows(9, 1), rows(9, 2)).merge(given(rows(9, 1)[:, :3], rows(9, 2)[:, :3]))


def test_a_refused_merge_changes_nothing() -> None:
    metric, other = given(rows(9, 1), rows(9, 2)), FrechetDistance(None)
    other.update_features(rows(9, 3), real=True)
    other.update_features(rows(9, 4)[:, :3], real=False)
    with pytest.raises(InputError, match="length 3"):
        metric.merge(other)
    assert metric.n == {"real": 9, "fake": 9}
    assert metric.compute() == given(rows(9, 1), rows(9, 2)).compute()


def test_features_that_were_not_kept_are_missed_where_they_are_needed() -> None:
    kept = FrechetDistance(None, keep_features=True)
    with pytest.raises(InputError, match="were not kept"):
        kept.merge(given(rows(BLOCK + 1, 1), rows(9, 2)))


def test_a_merge_beyond_the_largest_number_of_images_is_refused() -> None:
    metric, other = (Evaluation("kid", PROJECTION, max_images=30) for _ in range(2))
    for one in (metric, other):
        one.update(REAL, real=True)
    with pytest.raises(InputError, match="more than max_images=30 real images"):
        metric.merge(other)


def test_reals_beside_a_reference_are_refused() -> None:
    metric = FrechetDistance(PROJECTION, reference=REAL)
    with pytest.raises(InputError, match="reference= holds the reals already"):
        metric.merge(fed())
    with pytest.raises(InputError, match="reference= holds the reals already"):
        metric.load_state_dict(fed().state_dict())
    other = FrechetDistance(PROJECTION, reference=REAL)
    other.update(FAKE, real=False)
    metric.merge(other)
    assert metric.compute() == fed().compute()


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({}, "no state of a streaming metric"),
        ({"meta": np.frombuffer(b"{}", np.uint8)}, "no state of a streaming metric"),
        ({"meta": np.frombuffer(b"\xff\xfe", np.uint8)}, "no state of a streaming metric"),
        ({"mu": np.zeros(3)}, "no state of a streaming metric"),
    ],
)
def test_what_is_no_state_is_refused(state: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        FrechetDistance(PROJECTION).load_state_dict(state)


@pytest.mark.parametrize("size", [9, BLOCK + 9])
def test_a_state_that_lacks_an_array_is_refused(size: int) -> None:
    state = given(rows(size, 1), rows(size, 2)).state_dict()
    for name in state.keys() - {"meta"}:
        less = {key: array for key, array in state.items() if key != name}
        with pytest.raises(InputError, match="incomplete"):
            FrechetDistance(None).load_state_dict(less)


@pytest.mark.slow  # three imports of torch
def test_two_processes_get_the_number_of_one() -> None:
    example = ROOT / "examples" / "distributed_fid.py"
    done = subprocess.run(
        [sys.executable, str(example)], capture_output=True, text=True, check=True, timeout=120
    )
    one, two = (float(line.rsplit(" ", 1)[1]) for line in done.stdout.splitlines())
    assert one == two
    assert one == pytest.approx(runpy.run_path(str(example))["alone"](), rel=1e-12)
