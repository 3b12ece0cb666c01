"""Evaluation during training: right numbers, and not a trace of it in the training."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import nn
from trainers.small_domains import SmallData, small_data
from trainers.small_run import small_config, small_state, updates

from ganeval.records import Estimate
from ganeval_cyclegan.discriminator_histograms import read_histograms
from ganeval_cyclegan.discriminator_scores import judged
from ganeval_cyclegan.ema import averaged_copy
from ganeval_cyclegan.evaluation import Evaluate, Evaluated, Evaluations
from ganeval_cyclegan.evaluation_mode import batches, evaluating
from ganeval_cyclegan.nets.build import build_networks
from ganeval_cyclegan.nets.networks import Networks
from ganeval_cyclegan.streams import Streams

Images = npt.NDArray[np.uint8]
Measured = tuple[str, str, Literal["lower", "higher"], Estimate]


class Spy:
    """Stands in for the metrics, and remembers what it was given."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Images, Images]] = []

    def __call__(self, domain: str, real: Images, fake: Images) -> Sequence[Measured]:
        self.calls.append((domain, real, fake))
        random.random()
        torch.rand(1)
        gap = abs(float(real.mean()) - float(fake.mean()))
        return [("fid", "FD(mean)", "lower", Estimate(value=gap, se=1.0))]


@pytest.fixture
def data() -> SmallData:
    return small_data()


def networks(changes: dict[str, Any] | None = None) -> Networks:
    config = small_config(changes)
    nets = build_networks(config, Streams(0))
    with torch.no_grad():
        for _, network in nets.items():
            for module in network.modules():
                if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                    module.weight.mul_(10)
    return nets


def evaluated(
    data: SmallData,
    folder: Path,
    changes: dict[str, Any] | None = None,
    evaluate: Evaluate | None = None,
    ema: dict[str, nn.Module] | None = None,
) -> Evaluated:
    evaluations = Evaluations(small_config(changes), data, Streams(0), folder, evaluate)
    return evaluations.run(networks(changes), ema or {}, update=3, epoch=1)


def test_fakes_of_a_domain_are_held_against_its_held_out_images(
    data: SmallData, tmp_path: Path
) -> None:
    spy = Spy()
    evaluated(data, tmp_path, evaluate=spy)
    nets = networks()
    with torch.no_grad():
        x = torch.cat([nets.G_A(data.held_A.test_batch([i])) for i in range(5)])
    fake_b = ((x + 1) * 127.5).clamp(0, 255).round().permute(0, 2, 3, 1).numpy().astype(np.uint8)
    (first, real, fake), (second, *_) = spy.calls
    assert (first, second) == ("B", "A")
    assert (real == data.held_B.pixels).all()
    assert (fake == fake_b).all()


def test_cycle_l1_is_the_mean_difference_in_grey_levels(data: SmallData, tmp_path: Path) -> None:
    found = evaluated(data, tmp_path)
    nets = networks()
    with torch.no_grad():
        x = data.held_A.test_batch(range(5))
        back = nets.G_B(nets.G_A(x))
    each = 127.5 * (back - x).abs().double().mean((1, 2, 3)).numpy()
    scores = {(one.direction, one.name): one.estimate for one in found.scores}
    estimate = scores["AtoB", "cycle_l1"]
    assert estimate.value == pytest.approx(each.mean(), rel=1e-6)  # float32 networks
    assert estimate.se == pytest.approx(each.std(ddof=1) / 5**0.5, rel=1e-5)
    assert estimate.n == {"images": 5}
    assert estimate.unit == "grey levels"


def test_averaged_weights_are_evaluated_beside_the_weights_themselves(
    data: SmallData, tmp_path: Path
) -> None:
    nets = networks({"ema.decay": 0.9})
    ema: dict[str, nn.Module] = {"G_A": averaged_copy(nets.G_A), "G_B": averaged_copy(nets.G_B)}
    with torch.no_grad():
        for parameter in ema["G_A"].parameters():
            parameter.zero_()
    spy = Spy()
    found = evaluated(data, tmp_path, {"ema.decay": 0.9}, spy, ema)
    kinds = [(one.direction, one.network, one.name) for one in found.scores]
    assert kinds == [
        (direction, kind, name)
        for direction in ("AtoB", "BtoA")
        for kind in ("raw", "ema")
        for name in ("fid", "cycle_l1")
    ]
    assert len(np.unique(spy.calls[1][2])) == 1  # all fakes of the average are grey
    assert len(np.unique(spy.calls[0][2])) > 1


def test_training_is_the_same_with_and_without_evaluation(data: SmallData, tmp_path: Path) -> None:
    changes = {"nets.G.norm": "batch", "nets.G.dropout": "blocks", "ema.decay": 0.5}
    config = small_config(changes)
    ends = []
    for evaluating_too in (False, True):
        streams = Streams(0)
        torch.manual_seed(0)
        random.seed(0)
        state = small_state(config, streams, torch.float32)
        evaluations = Evaluations(config, data, streams, tmp_path, Spy())
        for _ in range(2):
            if evaluating_too:
                evaluations.run(state.nets, state.ema, update=state.update, epoch=1)
            updates(config, 1, dtype=torch.float32, streams=streams, state=state)
        drawn = torch.rand(1)
        ends.append((state.state(), streams.state(), drawn))
    (plain, plain_streams, plain_drawn), (state, streams_state, drawn) = ends
    for kind in ("nets", "ema"):
        for name, tensors in plain[kind].items():
            for key, tensor in tensors.items():
                assert torch.equal(tensor, state[kind][name][key]), key
    assert plain_streams["python"] == streams_state["python"]
    assert torch.equal(plain_drawn, drawn)


def test_training_flags_are_put_back_one_by_one() -> None:
    nets = networks()
    frozen = next(module for module in nets.G_A.modules() if isinstance(module, nn.Conv2d))
    frozen.training = False
    before = [module.training for module in nets.G_A.modules()]
    assert set(before) == {True, False}

    def interrupted() -> None:
        with evaluating([nets.G_A]):
            assert not any(module.training for module in nets.G_A.modules())
            assert not torch.is_grad_enabled()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [module.training for module in nets.G_A.modules()] == before
    assert torch.is_grad_enabled()


def test_a_processor_gets_one_image_at_a_time(data: SmallData) -> None:
    found = list(batches(data.held_A, [1, 3, 4], torch.device("cpu"), alike=True))
    assert [len(batch) for batch in found] == [1, 1, 1]
    assert torch.equal(torch.cat(found), data.held_A.test_batch([1, 3, 4]))


def test_other_devices_get_as_many_as_keep_them_busy(data: SmallData) -> None:
    meta = torch.device("meta")  # which has shapes and no values
    assert [len(one) for one in batches(data.held_A, range(5), meta, alike=True)] == [1, 4]
    assert [len(one) for one in batches(data.held_A, range(5), meta, alike=False)] == [1] * 5


def test_a_limit_chooses_the_same_images_every_time(tmp_path: Path) -> None:
    data = small_data(held=9)
    seen = []
    for seed in (0, 0, 1):
        spy = Spy()
        config = small_config({"eval.limit": 4})
        Evaluations(config, data, Streams(seed), tmp_path, spy).run(
            networks(), {}, update=1, epoch=1
        )
        seen.append(spy.calls[0][1])
    assert [len(real) for real in seen] == [4, 4, 4]
    assert (seen[0] == seen[1]).all()
    assert (seen[0] != seen[2]).any()


def test_grey_domains_are_measured_as_three_channels(tmp_path: Path) -> None:
    changes = {"data.A.channels": 1, "loss.lambda_identity": 0}
    spy = Spy()
    evaluated(small_data(A={"channels": 1}), tmp_path, changes, spy)
    (_, real_b, fake_b), (_, real_a, fake_a) = spy.calls
    assert real_a.shape == fake_a.shape == real_b.shape == fake_b.shape == (5, 16, 16, 3)
    assert (real_a[..., 0] == real_a[..., 2]).all()


def test_images_that_keep_their_sizes_are_measured_at_the_size_of_the_crops(
    tmp_path: Path,
) -> None:
    class Mixed:
        keys = ("small", "large")

        def __len__(self) -> int:
            return 2

        def test_batch(self, indices: Sequence[int]) -> torch.Tensor:
            (index,) = indices
            return torch.zeros(1, 3, 16 + 4 * index, 16)

    data = small_data()
    data.held_A = Mixed()  # type: ignore[assignment]
    spy = Spy()
    evaluated(data, tmp_path, {"data.preprocess": "none"}, spy)
    assert spy.calls[0][2].shape == (2, 16, 16, 3)


@pytest.mark.parametrize(("on", "brand"), [("held-out", ""), ("test", "-test-peek")])
def test_scores_of_the_discriminators_are_kept_for_every_evaluation(
    data: SmallData, tmp_path: Path, on: str, brand: str
) -> None:
    found = evaluated(data, tmp_path, {"eval.on": on})
    assert found.file == f"eval/dscores-u00000003{brand}.npz"
    nets = networks()
    with torch.no_grad():
        held = nets.D_A(data.held_B.test_batch(range(5)))  # D_A judges images of B
        train = nets.D_A(data.train_B.test_batch(range(6)))
    file = np.load(tmp_path / found.file)
    assert file["D_A_held_out_image"] == pytest.approx(held.mean((1, 2, 3)).numpy(), abs=1e-5)
    assert len(file["D_A_train_image"]) == 5  # as many as there are held out
    chosen = np.isclose(
        file["D_A_train_image"][:, None], train.mean((1, 2, 3)).numpy()[None], atol=1e-5
    )
    assert chosen.any(axis=1).all()
    # float16 keeps 11 bits.
    assert file["D_A_held_out_patch"] == pytest.approx(held.flatten().numpy(), rel=1e-3, abs=1e-3)
    assert found.gaps["D_A"] == pytest.approx(
        file["D_A_train_image"].mean() - file["D_A_held_out_image"].mean(), abs=1e-6
    )
    assert read_histograms(tmp_path / found.file) == found.histograms
    assert [one.discriminator for one in found.histograms] == ["D_A", "D_B"]


def test_dual_headed_scores_are_those_of_the_first_head(data: SmallData, tmp_path: Path) -> None:
    changes = {"dual.domains": "B", "pool.strategy": "none"}
    found = evaluated(data, tmp_path, changes)
    nets = networks(changes)
    with torch.no_grad():
        scores = judged("d2gan", nets.D_A(data.held_B.test_batch(range(5))))
    file = np.load(tmp_path / found.file)
    expected = scores.mean((1, 2, 3)).numpy()
    assert file["D_A_held_out_image"] == pytest.approx(expected, rel=1e-4)
    by_name = {one.discriminator: one.threshold for one in found.histograms}
    assert by_name == {"D_A": 0.2, "D_B": 0.5}


def test_without_held_out_images_there_is_no_value_and_a_reason(tmp_path: Path) -> None:
    found = evaluated(small_data(held=0), tmp_path)
    assert [one.estimate.value for one in found.scores] == [None, None]
    assert all(one.estimate.reason for one in found.scores)
    assert found.gaps == {}


def test_networks_without_finite_values_have_no_cycle_l1(data: SmallData, tmp_path: Path) -> None:
    nets = networks()
    with torch.no_grad():
        next(nets.G_A.parameters()).fill_(torch.nan)
    evaluations = Evaluations(small_config(), data, Streams(0), tmp_path, Spy())
    found = evaluations.run(nets, {}, update=1, epoch=1)
    cycle = next(one for one in found.scores if one.name == "cycle_l1")
    assert cycle.estimate.value is None
    assert "not finite" in (cycle.estimate.reason or "")


def test_what_was_found_goes_on_after_a_restart(data: SmallData, tmp_path: Path) -> None:
    config = small_config({"eval.save_best": "fid"})
    whole = Evaluations(config, data, Streams(0), tmp_path, Spy())
    nets = networks()
    first = whole.run(nets, {}, update=1, epoch=1)
    torch.save(whole.state(), tmp_path / "state.pt")
    second = whole.run(nets, {}, update=2, epoch=2)
    again = Evaluations(config, data, Streams(0), tmp_path, Spy())
    again.load(torch.load(tmp_path / "state.pt", weights_only=True))
    assert again.scores == first.scores
    assert again.run(nets, {}, update=2, epoch=2) == second
    assert again.scores == whole.scores
    assert (first.improved, second.improved) == (True, False)
    assert again.best("checkpoints/u00000001.pt") == whole.best("checkpoints/u00000001.pt")
