"""Batches depend on the seed and the update alone; pairings; what was seen."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from trainers.made_images import folder, tiny_config

from ganeval.errors import InputError
from ganeval.images import UnreadableImage
from ganeval_cyclegan.config import DataConfig
from ganeval_cyclegan.data import Data, open_data
from ganeval_cyclegan.data.prefetch import in_order
from ganeval_cyclegan.data.sampling import Sampling
from ganeval_cyclegan.streams import Streams


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data")
    folder(path / "trainA", 9)
    folder(path / "trainB", 6, first=100)
    return path


def opened(root: Path, *changes: str) -> Data:
    return open_data(tiny_config(*changes), root)


def first_batches(data: Data, n: int, start: int = 0, seed: int = 0) -> list[torch.Tensor]:
    batches = data.batches(Streams(seed), start)
    found = [torch.cat([one.A.flatten(), one.B.flatten()]) for one in itertools.islice(batches, n)]
    batches.close()  # type: ignore[attr-defined]
    return found


def equal(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return len(one) == len(other) and all(map(torch.equal, one, other))


@pytest.mark.parametrize("pairing", ["reference", "cycle", "serial"])
@pytest.mark.parametrize("classic", ["off", "on"])
def test_batches_do_not_depend_on_workers_or_cache(root: Path, pairing: str, classic: str) -> None:
    changes = [f"data.pairing={pairing}", f"augment.classic={classic}", "optim.batch=2"]
    plain = first_batches(opened(root, *changes, "data.cache=off"), 12)
    for workers in (1, 3):
        data = opened(root, *changes, f"data.workers={workers}", "data.cache=on")
        assert equal(first_batches(data, 12), plain)
        assert equal(first_batches(data, 12), plain)


def test_batches_go_on_in_the_middle(root: Path) -> None:
    data = opened(root, "optim.batch=2", "augment.classic=on")
    whole = first_batches(data, 20)
    for start in (1, 7, 13):
        again = opened(root, "optim.batch=2", "augment.classic=on", "data.workers=2")
        assert equal(first_batches(again, 20 - start, start), whole[start:])


def test_another_seed_draws_other_batches(root: Path) -> None:
    data = opened(root)
    assert not equal(first_batches(data, 3), first_batches(data, 3, seed=1))


def test_one_choice_does_not_move_the_numbers_of_another(root: Path) -> None:
    """Switching flips off leaves crops and order: each image is the same or mirrored."""
    flipped = list(itertools.islice(opened(root).batches(Streams(0)), 12))
    plain = list(itertools.islice(opened(root, "data.flip=0").batches(Streams(0)), 12))
    same = [torch.equal(one.A, other.A) for one, other in zip(flipped, plain, strict=True)]
    mirrored = [
        torch.equal(one.A.flip(3), other.A) for one, other in zip(flipped, plain, strict=True)
    ]
    assert all(a or b for a, b in zip(same, mirrored, strict=True))
    assert any(same)
    assert any(mirrored)


def test_batches_are_what_networks_see(root: Path) -> None:
    batch = next(opened(root, "optim.batch=3").batches(Streams(0)))
    assert batch.A.shape == batch.B.shape == (3, 3, 32, 32)
    assert batch.A.dtype == torch.float32
    assert -1 <= batch.A.min() < batch.A.max() <= 1


def test_values_are_exact(tmp_path: Path) -> None:
    """0 is -1 and 255 is 1; a grey level v is (v / 255 - 0.5) / 0.5."""
    from PIL import Image

    for name, level in (("A", 0), ("B", 255)):
        (tmp_path / f"train{name}").mkdir()
        for i in range(4):
            value = level if i else 51
            array = np.full((32, 32, 3), value, np.uint8)
            array[0, 0] = (i + level) % 256
            Image.fromarray(array).save(tmp_path / f"train{name}" / f"{i}.png")
    config = ("data.load_size=32", "data.A.eval_fraction=0", "eval.every=0", "data.flip=0")
    data = open_data(tiny_config(*config), tmp_path)
    batch = data.train_A.test_batch([0, 1])
    assert batch[0, 0, 5, 5] == torch.tensor((51 / 255 - 0.5) / 0.5, dtype=torch.float32)
    assert batch[1, 0, 5, 5] == -1
    assert data.train_B.test_batch([0, 1])[:, 0, 5, 5].max() == 1


# Order


def sampled(
    n_a: int, n_b: int, updates: int, batch: int = 1, seed: int = 0, **config: object
) -> tuple[Sampling, list[list[tuple[int, int]]]]:
    sampling = Sampling(DataConfig.model_validate(config), batch, {"A": n_a, "B": n_b})
    streams = Streams(seed)
    return sampling, [
        [(one.A, one.B) for one in sampling.samples(streams, u)] for u in range(updates)
    ]


def test_the_reference_pairs_a_in_turns_with_b_at_random() -> None:
    """A goes through a shuffled pass; B is drawn with replacement, and misses about 1/e of it."""
    n = 600
    _, updates = sampled(n, n, n)
    a, b = zip(*(one[0] for one in updates), strict=True)
    assert sorted(a) == list(range(n))
    assert list(a) != sorted(a)
    # Unseen share: mean (1 - 1/n)^n = 0.3676; its sd is below sqrt(0.0972 / n) = 0.0127; 4 sd.
    assert abs(1 - len(set(b)) / n - 0.3676) < 0.051


def test_the_reference_takes_the_shorter_a_modulo() -> None:
    _, updates = sampled(3, 7, 7)
    assert sorted(one[0][0] for one in updates) == [0, 0, 0, 1, 1, 2, 2]


def test_cycle_shuffles_the_shorter_domain_again_when_it_is_exhausted() -> None:
    _, updates = sampled(3, 7, 21, pairing="cycle")
    a, b = zip(*(one[0] for one in updates), strict=True)
    for turn in range(7):
        assert sorted(a[3 * turn : 3 * turn + 3]) == [0, 1, 2]
    assert sorted(b[:7]) == sorted(b[7:14]) == list(range(7))
    assert b[:7] != b[7:14]


def test_serial_goes_in_order() -> None:
    _, updates = sampled(3, 4, 8, pairing="serial")
    assert [one[0] for one in updates] == [
        *[(0, 0), (1, 1), (2, 2), (0, 3)],
        *[(0, 0), (1, 1), (2, 2), (0, 3)],
    ]


def test_the_last_batch_of_an_epoch_is_kept_or_dropped() -> None:
    kept, updates = sampled(10, 4, 6, batch=4)
    assert kept.updates_per_epoch == 3
    assert [len(one) for one in updates] == [4, 4, 2, 4, 4, 2]
    dropped, updates = sampled(10, 4, 4, batch=4, drop_last=True)
    assert dropped.updates_per_epoch == 2
    assert [len(one) for one in updates] == [4, 4, 4, 4]
    for epoch in (updates[:2], updates[2:]):
        assert len({a for one in epoch for a, _ in one}) == 8


def test_an_epoch_may_be_a_number_of_updates() -> None:
    sampling, updates = sampled(10, 4, 5, batch=4, epoch_updates=30, pairing="cycle")
    assert sampling.updates_per_epoch == 30
    flat = [a for one in updates for a, _ in one]
    assert sorted(flat[:10]) == sorted(flat[10:20]) == list(range(10))


def test_a_batch_that_no_epoch_fills_is_refused() -> None:
    with pytest.raises(
        InputError, match=r"optim\.batch 8: an epoch of 5 images has no whole batch"
    ):
        Sampling(DataConfig(drop_last=True), 8, {"A": 5, "B": 2})


def test_processes_divide_a_batch() -> None:
    """What two processes draw together is what one draws, in a last, smaller batch too."""
    config = DataConfig(pairing="cycle")
    one = Sampling(config, 4, {"A": 14, "B": 9})
    two = Sampling(config, 4, {"A": 14, "B": 9}, processes=2)
    assert one.updates_per_epoch == two.updates_per_epoch == 4
    assert one.last_batch == two.last_batch == 2
    for update in range(9):
        parts = [two.samples(Streams(0, rank), update) for rank in (0, 1)]
        assert parts[0] + parts[1] == one.samples(Streams(0), update)


# What was seen


def test_drawn_counts_what_batches_hold(root: Path) -> None:
    data = opened(root, "optim.batch=2", "data.A.eval_fraction=0.3")
    per_epoch = data.updates_per_epoch
    for update in (0, 3, per_epoch, per_epoch + 1, 2, 3 * per_epoch):
        found = data.drawn(update)
        seen: dict[str, Counter[int]] = {"A": Counter(), "B": Counter()}
        epoch: dict[str, set[int]] = {"A": set(), "B": set()}
        for u in range(update):
            for one in data.sampling.samples(Streams(0), u):
                for name in ("A", "B"):
                    seen[name][getattr(one, name)] += 1
                    if u // per_epoch == (update - 1) // per_epoch:
                        epoch[name].add(getattr(one, name))
        for name in ("A", "B"):
            assert found[name].images == seen[name].total()
            assert found[name].seen == len(seen[name])
            assert found[name].seen_in_epoch == len(epoch[name])
    assert data.infos(3)[0].seen == data.drawn(3)["A"].seen


def test_an_epoch_of_updates_of_several_steps_has_as_many_passes(root: Path) -> None:
    data = opened(root, "optim.d_steps=3")
    length = 3 * data.updates_per_epoch
    for batches in (length - 1, length, length + 4):
        epoch = range((batches - 1) // length * length, batches)
        drawn = [one.B for k in epoch for one in data.sampling.samples(Streams(0), k)]
        assert data.drawn(batches)["B"].seen_in_epoch == len(set(drawn))


# Threads


def test_results_come_in_order_whatever_takes_longer() -> None:
    waits = [threading.Event() for _ in range(40)]
    for event in waits[1:]:
        event.set()

    def make(i: int) -> int:
        if i == 0:
            assert waits[0].wait(10)
        elif i == 1:
            waits[0].set()
        return i

    made = in_order(make, 0, 3)
    assert [next(made) for _ in range(30)] == list(range(30))
    made.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_an_error_arrives_in_its_place_and_no_thread_stays(workers: int) -> None:
    def make(i: int) -> int:
        if i == 5:
            raise ValueError("five")
        return i

    before = threading.active_count()
    made = in_order(make, 0, workers)
    assert [next(made) for _ in range(5)] == list(range(5))
    with pytest.raises(ValueError, match="five"):
        next(made)
    assert threading.active_count() == before


def test_stopping_early_ends_the_threads(root: Path) -> None:
    before = threading.active_count()
    batches = opened(root, "data.workers=3").batches(Streams(0))
    next(batches)
    assert threading.active_count() > before
    batches.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_a_file_that_goes_away_is_named(tmp_path: Path) -> None:
    folder(tmp_path / "trainA", 3)
    folder(tmp_path / "trainB", 3, first=50)
    data = opened(
        tmp_path, "data.cache=off", "data.workers=2", "data.A.eval_fraction=0", "eval.every=0"
    )
    (tmp_path / "trainA" / "001.png").write_bytes(b"nothing")
    with pytest.raises(UnreadableImage, match=r"001\.png"):
        list(itertools.islice(data.batches(Streams(0)), 9))


def test_a_domain_cached_in_memory_is_decoded_once(root: Path) -> None:
    data = opened(root, "data.cache=on")
    assert data.train_A.loaded(0) is data.train_A.loaded(0)
    data = opened(root, "data.cache=off")
    assert data.train_A.loaded(0) is not data.train_A.loaded(0)


@pytest.mark.parametrize(("share", "keeps"), [(100, True), (0.5, False)])
def test_the_cache_is_on_by_itself_below_a_quarter_of_free_memory(
    root: Path, monkeypatch: pytest.MonkeyPatch, share: float, keeps: bool
) -> None:
    needed = opened(root).train_A.bytes_loaded + opened(root).train_B.bytes_loaded
    assert needed == (7 + 4) * 36 * 36 * 3
    monkeypatch.setattr("ganeval_cyclegan.data.opening.free_memory", lambda: 4 * needed * share)
    data = opened(root)
    assert (data.train_A.loaded(0) is data.train_A.loaded(0)) == keeps
