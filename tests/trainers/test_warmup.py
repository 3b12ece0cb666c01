"""The warm-up GAN: its networks, one update, its configuration and its images."""

from __future__ import annotations

import copy
import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ganeval.errors import InputError, MissingFileError
from ganeval_cyclegan.nets.macs import parameter_count
from ganeval_cyclegan.streams import Streams
from ganeval_cyclegan.warmup.batches import Batches
from ganeval_cyclegan.warmup.config import WarmupConfig
from ganeval_cyclegan.warmup.grid import draw_grid, fixed_noise
from ganeval_cyclegan.warmup.images import open_small_images
from ganeval_cyclegan.warmup.networks import build_warmup
from ganeval_cyclegan.warmup.resolve import resolve_warmup
from ganeval_cyclegan.warmup.state import WarmupState, create_state, train_step

LOSSES = ["vanilla", "lsgan", "wgan", "wgan-gp"]


def settled(pixels: int = 64, **choices: Any) -> WarmupConfig:
    return WarmupConfig.model_validate(choices).settled(pixels)


def batch(n: int = 8) -> torch.Tensor:
    return torch.rand(n, 1, 8, 8, generator=torch.Generator().manual_seed(1)) * 2 - 1


def small(gan: str, **choices: Any) -> tuple[WarmupState, WarmupConfig, Streams]:
    config = settled(gan=gan, widths_G=(8, 12), widths_D=(12, 8), latent=5, **choices)
    streams = Streams(0)
    return create_state(config, 8, 8, streams, "cpu"), config, streams


# Networks


def test_networks_of_mnist_have_the_sizes_of_the_table() -> None:
    generator, discriminator = build_warmup(settled(784), 28, 28, Streams(0))
    assert (parameter_count(generator), parameter_count(discriminator)) == (1_486_352, 1_460_225)
    images = generator(torch.zeros(3, 100))
    assert images.shape == (3, 1, 28, 28)
    assert discriminator(images).shape == (3, 1, 1, 1)


def test_layers_are_narrower_for_smaller_images() -> None:
    assert settled(64).widths_G == (72, 144, 296)  # 8 of 28 pixels, in steps of 8
    assert settled(64).widths_D == (296, 144, 72)
    assert settled(32 * 32).widths_G == (256, 512, 1024)
    assert settled(64, widths_D=(5,)).widths_D == (5,)


def test_each_loss_brings_its_optimiser() -> None:
    told = {
        gan: (one.optimizer, one.lr_G, one.lr_D, one.d_steps, one.clip)
        for gan in LOSSES
        for one in [settled(gan=gan)]
    }
    assert told == {
        "vanilla": ("adam", 1e-4, 2e-4, 1, None),
        "lsgan": ("adam", 1e-4, 2e-4, 1, None),
        "wgan": ("rmsprop", 5e-5, 5e-5, 5, 0.01),
        "wgan-gp": ("adam", 1e-4, 2e-4, 5, None),
    }
    assert settled(gan="wgan", lr_D=1e-3).lr_D == 1e-3


# One update


@pytest.mark.parametrize("gan", LOSSES)
def test_an_update_moves_both_networks_by_finite_losses(gan: str) -> None:
    state, config, streams = small(gan)
    before = copy.deepcopy([state.generator, state.discriminator])
    drawn: list[int] = []

    def draw() -> torch.Tensor:
        drawn.append(1)
        return batch()

    step = train_step(state, config, streams, draw)
    assert state.update == 1
    assert len(drawn) == config.d_steps
    assert all(bool(torch.isfinite(loss)) for loss in step.losses.values())
    assert ("D_penalty" in step.losses) == (gan == "wgan-gp")
    for network, old in zip([state.generator, state.discriminator], before, strict=True):
        pairs = zip(network.named_parameters(), old.parameters(), strict=True)
        still = [name for (name, one), other in pairs if torch.equal(one, other)]
        # What a critic adds to all scores alike cancels in its loss.
        critic = network is state.discriminator and gan.startswith("wgan")
        assert still == (["model.5.bias"] if critic else [])
    assert all(one.requires_grad for one in state.discriminator.parameters())


def test_losses_are_the_textbook_ones() -> None:
    """Of scores by hand: the discriminator's on real and fake, the generator's on new noise."""
    for gan, real_term, fake_term, generator_term in (
        ("lsgan", lambda x: (x - 1) ** 2, lambda y: y**2, lambda y: (y - 1) ** 2),
        ("wgan", lambda x: -x, lambda y: y, lambda y: -y),
        (
            "vanilla",
            lambda x: -torch.log(torch.sigmoid(x)),
            lambda y: -torch.log(1 - torch.sigmoid(y)),
            lambda y: -torch.log(torch.sigmoid(y)),
        ),
    ):
        state, config, streams = small(gan, d_steps=1)
        generator = copy.deepcopy(state.generator)
        step = train_step(state, config, streams, batch)
        torch.testing.assert_close(step.losses["D_real"], real_term(step.real).mean())
        torch.testing.assert_close(step.losses["D_fake"], fake_term(step.fake).mean())
        z = torch.Generator().manual_seed(Streams(0).key("z"))
        torch.randn(8, 5, generator=z)  # of the discriminator's step
        images = generator(torch.randn(8, 5, generator=z))
        scores = state.discriminator(images).detach()
        torch.testing.assert_close(step.losses["G_gan"], generator_term(scores).mean())


def test_wgan_keeps_its_weights_clipped() -> None:
    state, config, streams = small("wgan", clip=0.03)
    for _ in range(3):
        train_step(state, config, streams, batch)
    largest = max(float(one.detach().abs().max()) for one in state.discriminator.parameters())
    assert largest == pytest.approx(0.03)


def test_the_generator_step_leaves_no_gradient_in_the_discriminator() -> None:
    """With d_steps 1 the gradients left in D are those of its own loss alone."""
    state, config, streams = small("lsgan")
    before = copy.deepcopy(state)
    train_step(state, config, streams, batch)
    generator = torch.Generator().manual_seed(Streams(0).key("z"))
    fake = before.generator(torch.randn(8, 5, generator=generator)).detach()
    real_scores, fake_scores = before.discriminator(batch()), before.discriminator(fake)
    ((real_scores - 1).square().mean() + fake_scores.square().mean()).backward()
    for one, other in zip(
        state.discriminator.parameters(), before.discriminator.parameters(), strict=True
    ):
        torch.testing.assert_close(one.grad, other.grad)


def test_batches_depend_on_seed_and_number_alone() -> None:
    pixels = np.arange(10, dtype=np.uint8).repeat(4).reshape(10, 2, 2)

    def first(k: int, count: int, seed: int = 0) -> list[torch.Tensor]:
        stream = Batches(pixels, 3, Streams(seed), "cpu").starting_at(k)
        return [next(stream) for _ in range(count)]

    whole = first(0, 9)
    assert all(torch.equal(*pair) for pair in zip(first(5, 4), whole[5:], strict=True))
    assert not all(torch.equal(*pair) for pair in zip(first(0, 9, seed=1), whole, strict=True))
    for turn in range(3):  # three batches of three are a pass; no image twice
        values = torch.cat(whole[3 * turn : 3 * turn + 3])[:, 0, 0, 0]
        assert len(values.unique()) == 9
    assert Batches(pixels, 64, Streams(0), "cpu").per_pass == 1


def test_pictures_always_show_the_same_noise() -> None:
    state, config, streams = small("vanilla")
    noise = fixed_noise(streams, config.latent)
    assert torch.equal(noise, fixed_noise(Streams(0), config.latent))
    picture = draw_grid(state.generator, noise)
    assert picture.mode == "L"
    tile, step = 48, 52  # 8 pixels, six times as large, and 4 between
    assert picture.size == (8 * step + 4, 8 * step + 4)
    array = np.asarray(picture)
    assert (array[:4] == 255).all()
    image = ((state.generator(noise)[9, 0].detach().numpy() + 1) * 127.5).round()
    second_row = array[step + 4 : step + 4 + tile : 6, step + 4 : step + 4 + tile : 6]
    assert np.array_equal(second_row, image)


# Configuration


def resolved(*changes: str, **request: Any) -> WarmupConfig:
    return resolve_warmup({"changes": changes, **request}).settled(64).config


def test_changes_and_limits_are_taken_in() -> None:
    config = resolved("gan=wgan", "lr_D=1e-3", seed=4, updates=7)
    assert (config.gan, config.lr_D, config.seed, config.budget.updates) == ("wgan", 1e-3, 4, 7)
    assert config.budget.minutes is None
    limited = resolved(minutes=2.0)
    assert (limited.budget.minutes, limited.budget.updates) == (2.0, None)
    told = resolve_warmup({"changes": ("gan=lsgan",)}).settled(64)
    assert told.changed == {"gan": "lsgan"}
    assert told.assumptions
    assert len(told.sha256) == 64


def test_a_file_may_hold_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("gan: lsgan\nbatch: 16\n")
    config = resolved("batch=8", config=file)
    assert (config.gan, config.batch, config.budget.updates) == ("lsgan", 8, 3000)
    with pytest.raises(InputError, match="both say"):
        resolved(config=file, preset="warmup")
    with pytest.raises(MissingFileError):
        resolved(config=tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("gna=wgan", "did you mean gan"),
        ("gan=hinge", "gan 'hinge'"),
        ("batch=0", "batch 0"),
        ("lr_G=-1", "lr_G -1"),
        ("optim.batch=4", "no key 'optim'"),
        ("gan", "not dotted.key=value"),
        ("clip=0.1", "gan wgan, not vanilla"),
        ("gp_weight=1", "gan wgan-gp, not vanilla"),
        ("budget.updates=null", "nothing says when"),
        ("widths_G=[]", "widths_G"),
    ],
)
def test_mistakes_are_told(change: str, text: str) -> None:
    with pytest.raises(InputError) as caught:
        resolved(change)
    assert text in str(caught.value)


def test_other_presets_are_refused() -> None:
    assert resolved(preset="warm").gan == "vanilla"
    with pytest.raises(InputError, match="no preset 'tiny'"):
        resolved(preset="tiny")


# Images


def test_digits_are_the_default() -> None:
    found = open_small_images(None)
    assert found.pixels.shape == (1797, 8, 8)
    assert (found.pixels.min(), found.pixels.max()) == (0, 255)
    assert len(np.unique(found.pixels)) == 17
    assert (found.info.path, found.info.n) == ("digits", 1797)


def idx(images: np.ndarray) -> bytes:
    return b"\x00\x00\x08\x03" + struct.pack(">3I", *images.shape) + images.tobytes()


def test_mnist_comes_as_idx_npz_or_folder(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (12, 6, 5), dtype=np.uint8)
    mnist = tmp_path / "mnist"
    mnist.mkdir()
    (mnist / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images[:3])))
    (mnist / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
    (mnist / "train-labels-idx1-ubyte").write_bytes(b"\x00\x00\x08\x01\x00\x00\x00\x01\x05")
    np.savez(tmp_path / "keras.npz", x_train=images, y_train=np.zeros(12), x_test=images[:2])
    np.savez(tmp_path / "plain.npz", images)
    folder = tmp_path / "folder"
    folder.mkdir()
    for i, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{i:02d}.png")
    sources = [mnist, mnist / "train-images-idx3-ubyte.gz", tmp_path / "keras.npz"]
    for source in [*sources, tmp_path / "plain.npz", folder]:
        assert np.array_equal(open_small_images(str(source)).pixels, images), source


def test_colour_becomes_luma(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4), (255, 0, 0)).save(tmp_path / "red.png")
    # 19595 · 255 / 65536, rounded
    assert np.unique(open_small_images(str(tmp_path)).pixels).tolist() == [76]


def test_images_that_do_not_do(tmp_path: Path) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    Image.new("L", (4, 5)).save(tmp_path / "b.png")
    with pytest.raises(InputError, match="4x4, 4x5"):
        open_small_images(str(tmp_path))
    (tmp_path / "b.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"b\.png"):
        open_small_images(str(tmp_path))
    np.save(tmp_path / "large.npy", np.zeros((2, 65, 64), np.uint8))
    with pytest.raises(InputError, match="64x65, and the warm-up takes up to 64x64"):
        open_small_images(str(tmp_path / "large.npy"))
    with pytest.raises(InputError):
        open_small_images(str(tmp_path / "nowhere"))
