"""The configuration of a warm-up run; what depends on the loss is filled in when it is settled."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from ganeval_cyclegan.config import BudgetConfig, Positive, Section, Share, Weight

WarmupLoss = Literal["vanilla", "lsgan", "wgan", "wgan-gp"]

_BY_LOSS: Final[dict[str, dict[str, object]]] = {
    # wgan: arXiv 1701.07875, algorithm 1; wgan-gp: five critic steps as in arXiv 1704.00028.
    "vanilla": {"optimizer": "adam", "lr_G": 1e-4, "lr_D": 2e-4, "d_steps": 1},
    "lsgan": {"optimizer": "adam", "lr_G": 1e-4, "lr_D": 2e-4, "d_steps": 1},
    "wgan": {"optimizer": "rmsprop", "lr_G": 5e-5, "lr_D": 5e-5, "d_steps": 5, "clip": 0.01},
    "wgan-gp": {"optimizer": "adam", "lr_G": 1e-4, "lr_D": 2e-4, "d_steps": 5},
}
_WIDTHS: Final = (256, 512, 1024)
_PIXELS: Final = 28 * 28


class WarmupCheckpointConfig(Section):
    """What is saved when; the end of a run always is."""

    every: Annotated[int, Field(ge=0)] = Field(default=10, description="epochs; 0: at the end only")
    keep_last: Positive = 2


class WarmupRunConfig(Section):
    """Where it runs and how often it tells."""

    device: str = "auto"
    log_every: Positive = Field(default=10, description="updates between lines of metrics.jsonl")


class WarmupConfig(Section):
    """All choices of one run of the warm-up trainer; null: as the loss has it."""

    gan: WarmupLoss = "vanilla"
    latent: Positive = Field(default=100, description="numbers that one image is made from")
    widths_G: Annotated[tuple[Positive, ...], Field(min_length=1)] | None = Field(
        default=None,
        description="hidden layers; null: 256, 512, 1024 for 28x28 pixels, in proportion for fewer",
    )
    widths_D: Annotated[tuple[Positive, ...], Field(min_length=1)] | None = Field(
        default=None, description="hidden layers; null: those of G backwards"
    )
    optimizer: Literal["adam", "rmsprop"] | None = None
    lr_G: float | None = Field(default=None, gt=0)
    lr_D: float | None = Field(default=None, gt=0)
    betas: tuple[Share, Share] = (0.5, 0.999)
    batch: Positive = 64
    d_steps: Positive | None = Field(
        default=None, description="updates of the discriminator for one of the generator"
    )
    clip: float | None = Field(
        default=None, gt=0, description="wgan: largest absolute weight of the critic"
    )
    gp_weight: Weight = Field(default=10.0, description="wgan-gp: factor of the gradient penalty")
    budget: BudgetConfig = BudgetConfig(updates=3000)
    checkpoint: WarmupCheckpointConfig = WarmupCheckpointConfig()
    run: WarmupRunConfig = WarmupRunConfig()
    seed: Annotated[int, Field(ge=0)] = 0

    def settled(self, pixels: int) -> WarmupConfig:
        """Returns the configuration with a value in the place of every null that has one.

        Args:
            pixels: Of one image; layers are narrower below those of MNIST, as the side is.
        """
        scale = min(1.0, (pixels / _PIXELS) ** 0.5)
        widths = tuple(max(8, round(width * scale / 8) * 8) for width in _WIDTHS)
        defaults = {"widths_G": widths, "widths_D": widths[::-1], **_BY_LOSS[self.gan]}
        missing = {key: value for key, value in defaults.items() if getattr(self, key) is None}
        return self.model_validate(self.model_dump() | missing)
