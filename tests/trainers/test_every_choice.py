"""Every preset and every axis of choice trains two updates, shrunken, with finite losses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from trainers.made_images import folder

from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.data import Data, open_data
from ganeval_cyclegan.nets.build import build_networks
from ganeval_cyclegan.nets.sizes import check_sizes
from ganeval_cyclegan.presets import preset_names
from ganeval_cyclegan.resolve import resolve
from ganeval_cyclegan.step import update
from ganeval_cyclegan.streams import Streams
from ganeval_cyclegan.training_state import TrainingState, set_rates, state_of

NARROW = ["nets.G.ngf=4", "nets.D.ndf=4", "data.workers=0", "eval.every=0"]
SMALL = [*NARROW, "nets.G.n_blocks=1", "nets.D.n_layers=2", "data.load_size=36"]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data")
    folder(path / "trainA", 12)
    folder(path / "trainB", 40, first=100)
    return path


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("digits")
    folder(path / "trainA", 6, height=28, width=28, channels=1)
    folder(path / "trainB", 6, first=50, height=32, width=32)
    return path


def trained(config: TrainConfig, data: Data, count: int) -> tuple[TrainingState, dict[str, Tensor]]:
    """The state after some updates, and what the last one measured."""
    check_sizes(config)
    streams = Streams(config.seed)
    state = state_of(build_networks(config, streams), config, planned_updates=count)
    batches = data.batches(streams)
    for _ in range(count):
        per_epoch = data.updates_per_epoch
        set_rates(state, config, planned_updates=count, updates_per_epoch=per_epoch)
        told = update(state, next(batches), config, streams, more=lambda: next(batches))
        for name, value in told.items():
            assert torch.isfinite(value), name
    return state, told


def embed(images: Any) -> Any:
    return images.reshape(len(images), -1)[:, :48].astype("float32")


def two_updates(root: Path, *changes: str, preset: str | None = None) -> dict[str, Tensor]:
    config = resolve(preset=preset, changes=changes).config
    return trained(config, open_data(config, root, embed=embed), 2)[1]


@pytest.mark.parametrize("name", [n for n in preset_names() if n not in ("cmpe258", "mnist-svhn")])
def test_every_preset_trains(root: Path, name: str) -> None:
    """At 32 pixels; the size is the presets' own business, see `test_resolve`."""
    size = ["data.crop_size=32", "eval.save_best=none"]
    load = 32 if resolve(preset=name).config.data.load_size == 256 else 36
    if name in ("reference", "paper-2017", "dtu02514", "biu2021", "ee5934"):
        size += ["nets.D.n_layers=2"]  # of three, a norm would see one pixel
    told = two_updates(root, *NARROW, *size, f"data.load_size={load}", preset=name)
    assert {"G_A", "G_B", "cycle_A", "cycle_B"} <= set(told)


@pytest.mark.slow
def test_the_unet_preset_trains_at_its_size(root: Path) -> None:
    two_updates(root, *NARROW, preset="cmpe258")


def test_digits_become_house_numbers_and_digits_again(digits: Path) -> None:
    """28x28x1 to 32x32x3 and back, 20 updates, no identity loss."""
    found = resolve(preset="mnist-svhn", changes=NARROW)
    data = open_data(found.config, digits)
    state, told = trained(found.config, data, 20)
    assert "idt_A" not in told
    batch = data.batch(Streams(0), 0)
    with torch.no_grad():
        fake_b, fake_a = state.nets.G_A(batch.A), state.nets.G_B(batch.B)
        assert fake_b.shape == batch.B.shape == (1, 3, 32, 32)
        assert fake_a.shape == batch.A.shape == (1, 1, 28, 28)
        assert state.nets.G_B(fake_b).shape == batch.A.shape
        assert state.nets.G_A(fake_a).shape == batch.B.shape


def test_the_identity_loss_that_shapes_forbid_is_off_with_a_reason(digits: Path) -> None:
    changes = ["loss.lambda_identity=0.5", *NARROW]
    with pytest.raises(Exception, match="28x28x1 and those of B 32x32x3"):
        resolve(preset="mnist-svhn", changes=changes)
    shapes = ["data.A.channels=1", "data.A.size=28", "data.B.size=32", "data.adapter=net-padding"]
    found = resolve(changes=[*NARROW, *shapes, "data.load_size=native"])
    assert found.config.loss.lambda_identity == 0
    assert "28x28x1 and those of B 32x32x3" in found.notes[0]


AXES = [
    *([f"loss.gan={gan}"] for gan in ("lsgan", "vanilla", "hinge", "wgan", "wgan-gp")),
    ["loss.gan=d2gan", "dual.domains=both"],
    ["loss.gan=[lsgan,vanilla]", "loss.alternate=update"],
    ["loss.gan=[hinge,wgan]", "loss.alternate=epoch"],
    ["loss.gan=vanilla", "loss.saturating=true"],
    *([f"loss.gp={gp}"] for gp in ("wgan-gp", "dragan", "r1")),
    *([f"dual.domains={domains}", "dual.alpha=0.3"] for domains in ("A", "B", "both")),
    ["loss.labels=soft-noisy"],
    ["loss.labels=soft-noisy", "loss.labels_per=patch", "loss.gan=vanilla"],
    *([f"optim.lr_G={rate}", f"optim.lr_D={rate}"] for rate in ("1e-4", "2e-4", "4e-4")),
    ["optim.d_steps=2"],
    ["optim.d_steps=5"],
    *([f"optim.order={order}"] for order in ("D-then-G", "simultaneous")),
    ["optim.order=simultaneous", "optim.leak=true"],
    ["loss.d_scale=1"],
    *([f"loss.w_A={weight}", f"loss.w_B={weight}"] for weight in (1.5, 2)),
    ["loss.lambda_A=5", "loss.lambda_B=20"],
    *([f"loss.lambda_identity={weight}"] for weight in (0, 0.1, 1)),
    ["loss.lambda_identity=1", "loss.identity_mode=absolute"],
    *([f"nets.G.kernel={kernel}"] for kernel in (5, 7)),
    ["nets.G.n_down=1"],
    ["nets.G.norm=batch", "nets.D.norm=batch", "optim.batch=2"],
    ["nets.G.block_activation=relu"],
    *([f"nets.G.pad={pad}"] for pad in ("replicate", "zero")),
    ["nets.G.dropout=blocks"],
    *([f"nets.D.n_layers={layers}"] for layers in (1, 3)),
    *([f"nets.D.kernel={kernel}"] for kernel in (3, 5, 6, 7)),
    ["nets.D.arch=pixel", "nets.D.n_layers=3"],
    ["nets.D.arch=stride4", "nets.D.padding=same", "nets.D.n_layers=3"],
    ["nets.D.first_norm=true"],
    ["nets.D.head=tanh"],
    *([f"optim.batch={batch}"] for batch in (2, 5, 6, 8)),
    ["budget.updates=2", "schedule.policy=updates"],
    *([f"schedule.policy={policy}"] for policy in ("jz2020", "none", "step", "cosine", "plateau")),
    ["data.epoch_updates=30"],
    ["ema.decay=0.999"],
    *([f"pool=cyclegan-{size}"] for size in (0, 10, 200)),
    ["pool=ring-half-10", "pool.fill=noise", "pool.store=first", "pool.fake_term=sum"],
    ["pool=ring-half-10", "pool.fake_term=mean", "pool.dtype=float16"],
    ["pool=shrivastava-10", "optim.batch=2", "data.drop_last=true"],
    ["augment.diffaug=color,translation,cutout"],
    ["augment.diffaug=color", "augment.diffaug_p=0.5", "augment.diffaug_rate=0.5"],
    ["augment.classic=on"],
    ["augment.classic.vflip=1", "augment.classic.domains=A"],
    ["augment.classic.mode=static", "augment.classic.copies=2"],
    ["augment.grayscale_copies=true"],
    ["data.A.channels=1"],
    ["data.A.channels=1", "data.adapter=replicate"],
    ["data.B.channels=1", "data.adapter=luma"],
    ["data.A.size=28", "data.adapter=net-padding", "data.load_size=native"],
    ["data.A.size=28", "data.adapter=resize"],
    ["data.A.size=28", "data.adapter=pad", "data.adapter_fill=reflect"],
    *([f"data.pairing={pairing}"] for pairing in ("cycle", "serial")),
    *(
        [f"data.preprocess={way}"]
        for way in ("crop", "scale_width", "scale_width_and_crop", "none")
    ),
    ["data.load_size=[40, 36]", "data.crop_size=[32, 36]"],
    *(
        ["data.A.subset.n=5", f"data.A.subset.method={method}"]
        for method in ("random", "farthest-point", "genetic")
    ),
    ["data.A.subset.min_luminance=60"],
    ["data.flip=0"],
    *([f"nets.init.type={kind}"] for kind in ("xavier_normal", "kaiming_normal", "orthogonal")),
    ["nets.init.shared=true"],
    ["run.deterministic=true"],
    ["run.low_memory=true"],
    ["run.merged=true"],
    ["seed=3"],
]


@pytest.mark.slow
@pytest.mark.parametrize("changes", AXES, ids=" ".join)
def test_every_axis_trains(root: Path, changes: list[str]) -> None:
    two_updates(root, *SMALL, "data.crop_size=32", *changes)


@pytest.mark.slow
@pytest.mark.parametrize(("arch", "side"), [("unet_128", 128), ("unet_256", 256)])
@pytest.mark.parametrize("dropout", ["none", "unet3", "all"])
def test_unets_train(root: Path, arch: str, side: int, dropout: str) -> None:
    size = [f"data.load_size={side}", f"data.crop_size={side}"]
    two_updates(root, *NARROW, *size, f"nets.G.arch={arch}", f"nets.G.dropout={dropout}")
