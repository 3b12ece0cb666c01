"""Image pools against hand-written oracles with the same random numbers, and their statistics."""

from __future__ import annotations

import random
import statistics
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from ganeval_cyclegan.config import PoolConfig
from ganeval_cyclegan.pool import NOISE, Answer, ImagePool


def numbered(first: int, b: int = 1) -> Tensor:
    """Images of one pixel that show the number of their making."""
    return torch.arange(first, first + b, dtype=torch.float32).reshape(b, 1, 1, 1)


def shown(images: Tensor) -> list[int]:
    return [int(value) for value in images.flatten()]


def pool_of(**changes: Any) -> ImagePool:
    return ImagePool(PoolConfig(**changes))


def ask(pool: ImagePool, images: Tensor, draws: random.Random) -> Answer:
    return pool.query(images, draws, torch.Generator().manual_seed(0))


@pytest.mark.parametrize("b", [1, 3])
def test_cyclegan_decides_like_the_published_rule(b: int) -> None:
    size, pool = 5, pool_of(strategy="cyclegan", size=5)
    ours, theirs = random.Random(4), random.Random(4)
    history: list[int] = []
    for query in range(200):
        expected = []
        for image in range(query * b, query * b + b):
            if len(history) < size:
                history.append(image)
                expected.append(image)
            elif theirs.uniform(0, 1) > 0.5:
                slot = theirs.randint(0, size - 1)
                expected.append(history[slot])
                history[slot] = image
            else:
                expected.append(image)
        assert shown(ask(pool, numbered(query * b, b), ours).images) == expected
    assert ours.getstate() == theirs.getstate()


def test_cyclegan_is_not_drawn_from_while_it_fills() -> None:
    pool, draws = pool_of(size=50), random.Random(0)
    before = draws.getstate()
    for query in range(50):
        assert shown(ask(pool, numbered(query), draws).images) == [query]
    assert draws.getstate() == before
    assert len(pool) == 50


def ages_of(pool: ImagePool, queries: int, b: int = 1) -> Counter[int]:
    draws, image = random.Random(1), torch.zeros(b, 1, 1, 1)
    for _ in range(4 * 50):  # until the history no longer depends on how it began
        ask(pool, image, draws)
    pool.take_ages()
    for _ in range(queries):
        ask(pool, image, draws)
    return Counter(pool.take_ages())


def median(ages: Counter[int]) -> float:
    return statistics.median(ages.elements())


def mean(ages: Counter[int]) -> float:
    return sum(age * count for age, count in ages.items()) / ages.total()


@pytest.mark.slow
def test_cyclegan_shows_half_current_images_and_old_ones_of_a_hundred_updates() -> None:
    # The published figures: geometric with mean 2S/b. Standard errors at 100,000 ages: 0.16 points
    # of the share, 0.32 of the mean, 0.3 of the median (ages of one pool are correlated, so twice
    # that is allowed for).
    ages = ages_of(pool_of(size=50), 200_000)
    assert 100 * ages[0] / ages.total() == pytest.approx(50, abs=0.5)
    del ages[0]
    assert mean(ages) == pytest.approx(100, abs=1.5)
    assert median(ages) == pytest.approx(69, abs=2)
    at_most_298 = sum(count for age, count in ages.items() if age <= 298) / ages.total()
    assert at_most_298 == pytest.approx(0.95, abs=0.005)


@pytest.mark.slow
def test_larger_batches_make_the_history_shorter() -> None:
    # Half are current, and some were stored by the same batch: all that have age 0 count. Standard
    # deviation 14.4 of 120,000 ages: four standard errors.
    ages = ages_of(pool_of(size=50), 20_000, b=6)
    assert mean(ages) == pytest.approx(100 / 6 / 2, abs=0.17)


def test_ring_ages_are_uniform_over_its_slots() -> None:
    ages = ages_of(pool_of(strategy="ring-half", size=50, store="first"), 20_000)
    del ages[0]
    # Standard deviation 14.43 of one age: three standard errors are 0.31.
    assert mean(ages) == pytest.approx(25.5, abs=0.31)
    assert (min(ages), max(ages)) == (1, 50)


@pytest.mark.parametrize(("store", "stored"), [("first", 1), ("all", 3)])
def test_ring_draws_before_it_stores(store: str, stored: int) -> None:
    size, pool = 4, pool_of(strategy="ring-half", size=4, store=store)
    ours, theirs = random.Random(2), random.Random(2)
    ring: dict[int, int] = {}  # what each slot holds
    written = 0
    for query in range(30):
        images = list(range(query * 3, query * 3 + 3))
        expected = [ring[theirs.randint(0, len(ring) - 1)] for _ in images] if ring else None
        for image in images[:stored]:
            ring[written % size] = image
            written += 1
        answer = ask(pool, numbered(query * 3, 3), ours)
        assert shown(answer.images) == images
        assert (None if answer.old is None else shown(answer.old)) == expected
    assert ours.getstate() == theirs.getstate()


@pytest.mark.slow
def test_noise_is_half_of_what_a_ring_shows_at_first() -> None:
    noise = drawn = 0
    for seed in range(300):
        pool = pool_of(strategy="ring-half", size=50, fill="noise", store="first")
        draws = random.Random(seed)
        for query in range(50):
            answer = ask(pool, numbered(query), draws)
            noise += answer.ages.count(NOISE)
            drawn += 1
    # Slots that still hold noise, averaged over 50 updates: 51 %; a standard error is 0.4 points.
    assert noise / drawn == pytest.approx(0.51, abs=0.012)


def test_noise_fills_the_range_of_images() -> None:
    pool = pool_of(strategy="ring-half", size=20, fill="noise")
    old = ask(pool, torch.zeros(8, 3, 16, 16), random.Random(0)).old
    assert old is not None
    assert float(old.min()) == pytest.approx(-1, abs=0.01)
    assert float(old.max()) == pytest.approx(1, abs=0.01)


def test_shrivastava_shows_half_current_and_half_drawn() -> None:
    pool, b, size = pool_of(strategy="shrivastava", size=4), 4, 4
    ours, theirs = random.Random(3), random.Random(3)
    store: list[int] = []
    for query in range(50):
        images = list(range(query * b, query * b + b))
        if len(store) < size:
            store += images[:2]
            expected = images
        else:
            expected = images[:2] + [store[slot] for slot in theirs.sample(range(size), 2)]
            for slot, image in zip(theirs.sample(range(size), 2), images[:2], strict=True):
                store[slot] = image
        assert shown(ask(pool, numbered(query * b, b), ours).images) == expected
    assert ours.getstate() == theirs.getstate()


@pytest.mark.slow
def test_shrivastava_ages_have_mean_2s_over_b() -> None:
    ages = ages_of(pool_of(strategy="shrivastava", size=50), 20_000, b=2)
    del ages[0]
    # 20,000 geometric ages of mean 50: a standard error is 0.35.
    assert mean(ages) == pytest.approx(50, abs=1)


def test_shrivastava_takes_a_last_batch_of_one() -> None:
    pool, draws = pool_of(strategy="shrivastava", size=2), random.Random(0)
    for query in range(2):
        ask(pool, numbered(2 * query, 2), draws)
    assert shown(ask(pool, numbered(9), draws).images) == [9]


@pytest.mark.parametrize("changes", [{"strategy": "none"}, {"size": 0}])
def test_no_pool_shows_what_comes(changes: dict[str, Any]) -> None:
    pool, draws = pool_of(**changes), random.Random(0)
    before = draws.getstate()
    for query in range(60):
        assert shown(ask(pool, numbered(query, 2), draws).images) == [query, query + 1]
    assert draws.getstate() == before
    assert pool.take_ages() == {0: 120}


def test_what_is_stored_is_a_detached_copy() -> None:
    pool, draws = pool_of(strategy="ring-half", size=1), random.Random(0)
    images = numbered(5).requires_grad_()
    assert not ask(pool, images, draws).images.requires_grad
    with torch.no_grad():
        images += 1
    answer = ask(pool, numbered(7), draws)
    assert answer.old is not None
    assert shown(answer.old) == [5]


def test_half_precision_rounds_what_comes_back() -> None:
    pool, draws = pool_of(strategy="ring-half", size=1, dtype="float16"), random.Random(0)
    third = torch.full((1, 1, 1, 1), 1 / 3)
    answer = ask(pool, third, draws)
    assert torch.equal(answer.images, third)
    old = ask(pool, third, draws).old
    assert old is not None
    assert old.dtype == torch.float32
    assert torch.equal(old, third.half().float())


@pytest.mark.parametrize("strategy", ["none", "cyclegan", "ring-half", "shrivastava"])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_pool_goes_on_from_a_file_as_if_nothing_happened(
    strategy: str, dtype: str, tmp_path: Path
) -> None:
    config = PoolConfig(strategy=strategy, size=3, dtype=dtype)  # type: ignore[arg-type]
    pool, draws = ImagePool(config), random.Random(0)
    for query in range(20):
        ask(pool, numbered(2 * query, 2), draws)
    torch.save({"pool": pool.state()}, tmp_path / "pool.pt")
    again, draws_again = ImagePool(config), random.Random()
    again.load(torch.load(tmp_path / "pool.pt", weights_only=True)["pool"])
    draws_again.setstate(draws.getstate())
    for query in range(20, 40):
        answers = [
            ask(one, numbered(2 * query, 2), numbers)
            for one, numbers in ((pool, draws), (again, draws_again))
        ]
        assert torch.equal(answers[0].images, answers[1].images)
        assert answers[0].ages == answers[1].ages
        if answers[0].old is not None:
            assert answers[1].old is not None
            assert torch.equal(answers[0].old, answers[1].old)
    assert pool.take_ages() == again.take_ages()
