"""What is checked and told before the first update: memory, disk, the end, the plan in words."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from trainers.small_run import small_config
from trainers.tiny_runs import CHANGES, make_images, state, train

from ganeval.errors import InputError
from ganeval_cyclegan import disk
from ganeval_cyclegan.budget import Budget, budget_of
from ganeval_cyclegan.checkpoints import latest_checkpoint
from ganeval_cyclegan.data.sampling import Sampling
from ganeval_cyclegan.disk import check_room, forgetful, size_text
from ganeval_cyclegan.memory import checkpoint_bytes, needed_memory
from ganeval_cyclegan.meters import Meters, measured_line
from ganeval_cyclegan.nets.build import build_networks
from ganeval_cyclegan.streams import Streams
from ganeval_cyclegan.trainer import CycleGANTrainer


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return make_images(tmp_path_factory.mktemp("images"))


def test_a_checkpoint_is_as_large_as_was_told(images: tuple[str, str], tmp_path: Path) -> None:
    # Wide enough that headers (some hundred bytes a tensor) are a small part.
    changes = ("nets.G.ngf=32", "nets.D.ndf=32", "eval.every=0", "samples.every=0")
    plan = CycleGANTrainer().plan(
        {"sources": images, "out": tmp_path / "x", "updates": 4, "changes": (*CHANGES, *changes)}
    )
    train(images, tmp_path / "run", *changes, updates=4)
    size = latest_checkpoint(tmp_path / "run").stat().st_size
    assert len(state(tmp_path / "run")["pools"]["A"]["slots"]) == 3  # full
    assert size == pytest.approx(plan.checkpoint, rel=0.05)


def test_the_reference_needs_what_the_literature_says() -> None:
    # Networks 113 MB, Adam 226 MB, two pools of 50 at 256 px 79 MB: 418 MB; averages 91 MB more.
    for ema, size in ((0.0, 418e6), (0.999, 509e6)):
        config = small_config({"ema.decay": ema})
        reference = type(config)().model_copy(update={"ema": config.ema})
        found = checkpoint_bytes(reference, build_networks(reference, Streams(0)))
        assert found == pytest.approx(size, rel=0.005)


def test_memory_has_terms_that_add_up() -> None:
    config = small_config({"nets.D.arch": "pixel", "loss.lambda_identity": 0})
    nets = build_networks(config, Streams(0))
    alone, batch = (
        needed_memory(small_config({"nets.D.arch": "pixel", "optim.batch": n}), nets)
        for n in (1, 2)
    )
    assert batch.activations == 2 * alone.activations
    less = needed_memory(config, nets)
    assert less.activations < alone.activations  # two passes of each generator, not three
    assert less.pools == 2 * 2 * 3 * 16 * 16 * 4  # domains, size, values, bytes
    parameters = sum(p.numel() for _, net in nets.items() for p in net.parameters())
    assert (less.networks, less.adam) == (8 * parameters, 8 * parameters)


def test_too_little_room_is_told_before_anything_is_written(
    images: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**9, 10**9 - 1000, 1000))
    with pytest.raises(InputError, match=r"1 kB free, and three checkpoints of .* each need"):
        train(images, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_room_is_looked_for_where_the_folder_will_be(tmp_path: Path) -> None:
    assert check_room(tmp_path / "not" / "yet", 1) > 3


def test_folders_that_do_not_last_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "_file_system", lambda _place: "tmpfs")
    assert "lies in memory (tmpfs)" in str(forgetful(tmp_path))
    monkeypatch.setattr(disk, "_file_system", lambda _place: "ext4")
    monkeypatch.setattr(disk.tempfile, "gettempdir", lambda: str(tmp_path))
    assert "temporary files" in str(forgetful(tmp_path / "run"))
    monkeypatch.setattr(disk.tempfile, "gettempdir", lambda: "/nowhere")
    assert forgetful(tmp_path / "run") is None
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release")
    assert "Colab" in str(forgetful(tmp_path / "run"))


@pytest.mark.parametrize(
    ("size", "text"), [(999, "999 B"), (1000, "1 kB"), (418e6, "418 MB"), (2.5e9, "2.5 GB")]
)
def test_sizes(size: float, text: str) -> None:
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("changes", "budget"),
    [
        ({}, Budget(200 * 30, None)),
        ({"budget.updates": 7}, Budget(7, None)),
        ({"budget.images": 7, "optim.batch": 2}, Budget(4, None)),
        ({"budget.images": 12, "optim.d_steps": 3}, Budget(4, None)),
        # Epochs of 30 images in batches of 16 and 14.
        ({"budget.images": 60, "optim.batch": 16}, Budget(4, None)),
        ({"budget.images": 61, "optim.batch": 16}, Budget(5, None)),
        ({"budget.images": 77, "optim.batch": 16}, Budget(6, None)),
        ({"budget.images": 64, "optim.batch": 16, "data.drop_last": True}, Budget(4, None)),
        ({"budget.minutes": 0.5}, Budget(None, 30.0)),
        ({"budget.minutes": 0.5, "budget.updates": 7}, Budget(7, 30.0)),
    ],
)
def test_the_end_of_a_run(changes: dict[str, Any], budget: Budget) -> None:
    config = small_config(changes)
    sampling = Sampling(config.data, config.optim.batch, {"A": 30, "B": 20})
    assert budget_of(config, sampling) == budget
    if config.budget.images is not None and budget.updates is not None:
        drawn = [sampling.counters(k).stop for k in range(budget.updates * config.optim.d_steps)]
        assert drawn[-1] >= config.budget.images
        assert [0, *drawn][-1 - config.optim.d_steps] < config.budget.images


def test_what_is_left_is_the_shorter_of_both_limits() -> None:
    assert Budget(100, None).left(40, 0.0, 2.0) == 120.0
    assert Budget(100, 60.0).left(40, 10.0, 2.0) == 50.0
    assert Budget(None, 60.0).left(40, 70.0, None) == 0.0
    assert Budget(100, None).left(40, 0.0, None) is None
    assert Budget(5, 9.0).is_spent(5, 0.0)
    assert Budget(5, 9.0).is_spent(0, 9.0)
    assert not Budget(5, 9.0).is_spent(4, 8.9)


def test_means_do_not_depend_on_when_values_are_fetched() -> None:
    values = torch.randn(50, generator=torch.Generator().manual_seed(0)).tolist()
    together, apart = Meters(), Meters()
    for update, value in enumerate(values):
        for meters in (together, apart):
            meters.add(update, {"G_A": torch.tensor(value)})
        if update % 7 == 0:
            assert apart.settle() is None
    assert together.settle() is None
    assert apart.settle() is None
    assert apart.means("step") == together.means("step")
    assert not apart.has("step")
    assert apart.has("epoch")


def test_the_first_loss_that_is_not_finite_is_named() -> None:
    meters = Meters()
    meters.add(1, {"G_A": torch.tensor(1.0), "d_acc_A_real": torch.tensor(float("nan"))})
    meters.add(2, {"G_A": torch.tensor(1.0), "cycle_A": torch.tensor(float("inf"))})
    meters.add(3, {"G_A": torch.tensor(float("nan"))})
    assert meters.settle() == (2, "cycle_A")


def test_accuracies_are_nested_by_discriminator() -> None:
    means = {"G_A": 1.0, "d_acc_A_real": 0.5, "d_acc_image_B_fake": 0.25, "d_auc_A": 0.75}
    assert measured_line(means) == {
        "G_A": 1.0,
        "d_acc": {"A": {"real": 0.5}},
        "d_acc_image": {"B": {"fake": 0.25}},
        "d_auc": {"A": 0.75},
    }


def test_the_plan_is_short_and_says_what_differs(images: tuple[str, str], tmp_path: Path) -> None:
    plan = CycleGANTrainer().plan(
        {"sources": images, "out": tmp_path / "run", "changes": CHANGES, "minutes": 2.0}
    )
    lines = plan.describe().splitlines()
    assert len(lines) < 24
    assert max(map(len, lines)) <= 100
    text = " ".join(" ".join(lines).split())
    assert "6 images, 2 held out · 16x16 RGB" in text
    assert "2 min 0 s of updates, evaluation and saving" in text
    assert "changed from the reference: data.load_size=18" in text
    assert not (tmp_path / "run").exists()


def test_what_a_preset_assumes_is_told(images: tuple[str, str], tmp_path: Path) -> None:
    changes = [change for change in CHANGES if not change.startswith("pool")]
    plan = CycleGANTrainer().plan(
        {"sources": images, "out": tmp_path / "run", "changes": changes, "preset": "ee5934"}
    )
    assert "\nassumed     " in plan.describe()


def test_threads_that_were_asked_for_are_used(images: tuple[str, str], tmp_path: Path) -> None:
    before = torch.get_num_threads()
    request = {"sources": images, "out": tmp_path / "run", "changes": (*CHANGES, "run.threads=2")}
    try:
        plan = CycleGANTrainer().plan(request)
        assert torch.get_num_threads() == 2
        assert "fp32, 2 threads" in plan.describe()
    finally:
        torch.set_num_threads(before)


def test_images_that_are_not_cropped_are_looked_at_for_what_they_need(
    images: tuple[str, str], tmp_path: Path
) -> None:
    whole = ("data.preprocess=none", "data.load_size=native", "data.crop_size=4")
    request = {"sources": images, "out": tmp_path / "run", "changes": (*CHANGES, *whole)}
    plan = CycleGANTrainer().plan(request)
    sides = {size for one in plan.data.domains.values() for size in one.train.sizes}
    assert min(min(one) for one in sides) > 4
    cropped = {**request, "changes": (*CHANGES, "data.load_size=16", "data.crop_size=16")}
    share = plan.macs / CycleGANTrainer().plan(cropped).macs
    height, width = max(plan.data.domains["A"].train.transform.loaded_size(*one) for one in sides)
    assert share == pytest.approx(height * width / 16**2, rel=0.2)  # maps lose their borders
