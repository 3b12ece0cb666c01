"""What several processes ask of a configuration and of the run that is there."""

from __future__ import annotations

from typing import Any

import pytest
from trainers.small_run import small_config, updates

from ganeval.errors import InputError
from ganeval_cyclegan.own_state import content_of, own_state
from ganeval_cyclegan.process_rules import (
    check_continued,
    check_divisible,
    part_of,
    remarks,
    with_kept_drop_last,
)
from ganeval_cyclegan.streams import Streams


def test_the_batch_is_that_of_all_processes() -> None:
    config = small_config({"optim.batch": 6})
    check_divisible(config, 3)
    assert part_of(config, 3).optim.batch == 2
    with pytest.raises(InputError, match=r"optim\.batch 6: .* 4 cannot divide it\n.* to 8\."):
        check_divisible(config, 4)


def test_each_part_of_a_batch_has_to_have_halves_for_shrivastava() -> None:
    config = small_config({"optim.batch": 6, "pool.strategy": "shrivastava", "pool.size": 4})
    with pytest.raises(InputError, match=r"each of 2 processes has 3 of optim\.batch 6\n.* to 8"):
        check_divisible(config, 2)
    check_divisible(config, 1)


def test_a_run_goes_on_with_as_many_processes_unless_it_has_no_pools() -> None:
    config = small_config()
    check_continued("run", config, 2, 2)
    with pytest.raises(InputError, match=r"run: was trained by 2 processes, and 1 would go on"):
        check_continued("run", config, 2, 1)
    check_continued("run", small_config({"pool.strategy": "none"}), 2, 1)


def test_what_was_dropped_when_the_run_began_stays_dropped() -> None:
    there = {"data": {"drop_last": True}}
    assert with_kept_drop_last(small_config(), there, 2).data.drop_last
    assert not with_kept_drop_last(small_config(), there, 1).data.drop_last
    assert not with_kept_drop_last(small_config(), {"data": {"drop_last": False}}, 2).data.drop_last


@pytest.mark.parametrize(
    ("changes", "processes", "words"),
    [
        ({"nets.D.norm": "batch"}, 2, "of each process's part"),
        ({"nets.D.norm": "batch", "run.sync_bn": True}, 2, None),
        ({"nets.D.norm": "batch", "run.sync_bn": True}, 1, "changes nothing"),
        ({}, 2, None),
    ],
)
def test_statistics_of_batch_norm_are_remarked_on(
    changes: dict[str, Any], processes: int, words: str | None
) -> None:
    told = list(remarks(small_config(changes), processes))
    assert [words in text for text in told if words] == ([True] if words else [])
    assert bool(told) == bool(words)


def test_every_process_takes_up_what_was_its_own() -> None:
    config = small_config({"nets.G.norm": "batch", "optim.batch": 2, "ema.decay": 0.5})
    contents = []
    for rank in (0, 1):
        streams = Streams(config.seed, rank)
        state, _ = updates(config, 2 + rank, n=2, streams=streams)
        contents.append((state.state(), own_state(state, streams), streams.state()))
    (first, own, streams_of_first), (second, others, _) = contents
    content = {**first, "streams": streams_of_first, "others": [others]}

    same = content_of(content, 0)
    assert same["pools"] is content["pools"]
    taken = content_of(content, 1)
    assert taken["pools"]["A"]["queries"] == second["pools"]["A"]["queries"] == 3
    assert taken["streams"] == others["streams"]
    statistics = next(name for name in taken["nets"]["G_A"] if name.endswith("running_mean"))
    for nets in ("nets", "ema"):
        kept = taken[nets]["G_A"]
        assert kept[statistics] is others["buffers"]["G_A"][statistics]
        weights = [name for name in kept if name not in others["buffers"]["G_A"]]
        assert all(kept[name] is content[nets]["G_A"][name] for name in weights)
    assert own["pools"]["A"]["queries"] == 2

    new = content_of(content, 2)
    assert new["streams"] == {"torch": {}, "python": {}}
