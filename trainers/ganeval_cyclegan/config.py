"""The configuration of a run: every choice as one key, frozen, validated, unknown keys refused.

The defaults are the preset ``reference``: what the published code does (junyanz/
pytorch-CycleGAN-and-pix2pix, 2025). Options that its users asked for are off by default.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Weight = Annotated[float, Field(ge=0.0)]
Side = Positive | tuple[Positive, Positive]
"""A square's side, or height and width, in pixels."""

GanLoss = Literal["lsgan", "vanilla", "hinge", "wgan", "wgan-gp", "d2gan"]
Norm = Literal["instance", "batch", "instance-affine"]


class Section(BaseModel):
    """Frozen, no unknown keys, no NaN or infinity."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class SubsetConfig(Section):
    """Which few images of a domain are trained on."""

    n: Positive | None = Field(default=None, description="how many; null: all")
    method: Literal["all", "random", "list", "farthest-point", "genetic"] = "random"
    seed: int | None = Field(default=None, description="null: the seed of the run")
    file: str | None = Field(default=None, description="text file of keys, for the method list")
    min_luminance: float | None = Field(
        default=None, ge=0, le=255, description="leave out images whose mean luma is below"
    )


class DomainConfig(Section):
    """One domain."""

    channels: Literal[1, 3] = 3
    size: Side | None = Field(
        default=None, description="side of the crops of this domain; null: crop_size of data"
    )
    range: tuple[float, float] | None = Field(
        default=None, description="black and white of 16-bit or float images"
    )
    background: int | None = Field(
        default=None, ge=0, le=255, description="grey level under transparent pixels"
    )
    subset: SubsetConfig = SubsetConfig()
    eval_fraction: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.1, description="share held out for evaluation where there is no val folder"
    )


class DataConfig(Section):
    """How images become batches."""

    pairing: Literal["reference", "cycle", "serial"] = Field(
        default="reference",
        description="reference: A in shuffled turns, B with replacement; cycle: each domain in "
        "shuffled turns; serial: both in order",
    )
    load_size: Side | Literal["native"] = 286
    crop_size: Side = 256
    preprocess: Literal[
        "resize_and_crop", "crop", "scale_width", "scale_width_and_crop", "none"
    ] = "resize_and_crop"
    flip: Share = 0.5
    adapter: Literal["none", "net-padding", "resize", "pad", "replicate", "luma"] = Field(
        default="none", description="how domains of different size or channels meet"
    )
    adapter_fill: Literal["zero", "reflect"] = Field(
        default="zero", description="adapter pad: black, or the border mirrored"
    )
    epoch_updates: Positive | None = Field(
        default=None, description="updates that count as one epoch; null: a pass over the data"
    )
    drop_last: bool = False
    cache: Literal["auto", "on", "off"] = Field(
        default="auto", description="keep decoded images in memory; auto: below 25 % of free memory"
    )
    workers: Annotated[int, Field(ge=0)] = Field(default=1, description="decoding threads")
    skip_bad: bool = False
    A: DomainConfig = DomainConfig()
    B: DomainConfig = DomainConfig()


class GeneratorConfig(Section):
    """Both generators."""

    arch: Literal["resnet", "unet_128", "unet_256"] = "resnet"
    n_blocks: Annotated[int, Field(ge=1, le=32)] = 9
    n_down: Annotated[int, Field(ge=1, le=4)] = 2
    ngf: Positive = 64
    norm: Norm = "instance"
    dropout: Literal["none", "blocks", "unet3", "all"] = Field(
        default="none",
        description="blocks: in ResNet blocks; unet3: where the published UNet has it; all: in "
        "every middle level",
    )
    pad: Literal["reflect", "replicate", "zero"] = "reflect"
    kernel: Literal[3, 5, 7] = Field(default=3, description="side of the kernels in the blocks")
    block_activation: Literal["none", "relu"] = "none"


class DiscriminatorConfig(Section):
    """Both discriminators."""

    arch: Literal["patch", "pixel", "stride4"] = "patch"
    n_layers: Annotated[int, Field(ge=1, le=5)] = 3
    ndf: Positive = 64
    kernel: Literal[3, 4, 5, 6, 7] = 4
    norm: Norm = "instance"
    first_norm: bool = False
    head: Literal["linear", "tanh"] = "linear"
    padding: Literal["torch", "same"] = "torch"


class InitConfig(Section):
    """Initial weights."""

    type: Literal["normal", "xavier_normal", "kaiming_normal", "orthogonal"] = "normal"
    gain: float = Field(default=0.02, gt=0)
    shared: bool = Field(
        default=False,
        description="negative control: layers of equal shape start with equal weights",
    )


class NetsConfig(Section):
    """The four networks."""

    G: GeneratorConfig = GeneratorConfig()
    D: DiscriminatorConfig = DiscriminatorConfig()
    init: InitConfig = InitConfig()


class DualConfig(Section):
    """Two-headed discriminators (D2GAN), with the loss d2gan on these domains."""

    domains: Literal["none", "A", "B", "both"] = "none"
    alpha: float = Field(default=0.2, gt=0)
    beta: float = Field(default=0.1, gt=0)


class LossConfig(Section):
    """What is minimised."""

    gan: GanLoss | list[GanLoss] = "lsgan"
    alternate: Literal["epoch", "update"] = Field(
        default="epoch", description="when the next of several GAN losses takes its turn"
    )
    saturating: bool = Field(default=False, description="vanilla: G minimises log(1 - D)")
    lambda_A: Weight = 10.0
    lambda_B: Weight = 10.0
    lambda_identity: Weight = 0.5
    identity_mode: Literal["relative", "absolute"] = Field(
        default="relative", description="relative: times lambda_A or lambda_B"
    )
    w_A: Weight = Field(default=1.0, description="weight of the GAN loss of G_A")
    w_B: Weight = Field(default=1.0, description="weight of the GAN loss of G_B")
    d_scale: float = Field(default=0.5, gt=0)
    gp: Literal["none", "wgan-gp", "dragan", "r1"] = "none"
    gp_weight: Weight = 10.0
    labels: Literal["hard", "soft-noisy"] = "hard"
    labels_per: Literal["image", "patch"] = "image"


class PoolConfig(Section):
    """The history of generated images that discriminators see."""

    strategy: Literal["none", "cyclegan", "ring-half", "shrivastava"] = "cyclegan"
    size: Annotated[int, Field(ge=0)] = 50
    fill: Literal["empty", "noise"] = "empty"
    store: Literal["first", "all"] = "all"
    fake_term: Literal["sum", "mean"] = "mean"
    dtype: Literal["float32", "float16"] = "float32"


class ClassicConfig(Section):
    """Augmentation of the data, so that cycle and identity losses see it; each a probability."""

    rotate: Share = 0.5
    hflip: Share = 0.5
    vflip: Share = 0.0
    translate: Share = 0.5
    scale: Share = 0.5
    crop: Share = 0.5
    domains: Literal["A", "B", "both"] = "both"
    mode: Literal["dynamic", "static"] = "dynamic"
    copies: Positive = Field(default=5, description="static: seeded copies of each image")


class AugmentConfig(Section):
    """Augmentation of what discriminators see (diffaug) and of the data (classic)."""

    diffaug: str = Field(default="", description="comma separated: color,translation,cutout")
    diffaug_p: Share = Field(default=1.0, description="probability per sample and operation")
    diffaug_rate: Share = Field(default=1.0, description="share of updates that augment")
    diffaug_schedule: tuple[tuple[Annotated[int, Field(ge=0)], Share], ...] = Field(
        default=(), description="update and rate from there on, in order; over diffaug_rate"
    )
    classic: ClassicConfig | None = None
    grayscale_copies: bool = Field(
        default=False, description="add a grey copy of every training image"
    )


class OptimConfig(Section):
    """Optimisers and the order of their steps."""

    lr_G: float = Field(default=2e-4, gt=0)
    lr_D: float = Field(default=2e-4, gt=0)
    betas: tuple[Share, Share] = (0.5, 0.999)
    eps: float = Field(default=1e-8, gt=0)
    batch: Positive = Field(
        default=1, description="images per domain and update, of all processes together"
    )
    order: Literal["G-then-D", "D-then-G", "simultaneous"] = "G-then-D"
    d_steps: Positive = 1
    leak: bool = Field(
        default=False,
        description="negative control: gradients of the generator loss reach the discriminators",
    )


class ScheduleConfig(Section):
    """The factor on both learning rates over the run."""

    policy: Literal["jz2025", "jz2020", "updates", "none", "step", "cosine", "plateau"] = "jz2025"
    constant: Annotated[int, Field(ge=0)] = Field(default=100, description="epochs at full rate")
    decay: Annotated[int, Field(ge=0)] = Field(default=100, description="epochs of linear decay")
    start: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="policy updates: where decay starts; null: half of the budget"
    )
    step_epochs: Positive = Field(default=50, description="policy step: epochs between drops")
    gamma: float = Field(default=0.1, gt=0, le=1, description="policy step: factor of a drop")


class BudgetConfig(Section):
    """When training ends: the first that is reached; all null: constant + decay epochs."""

    updates: Positive | None = None
    images: Positive | None = Field(default=None, description="images drawn per domain")
    minutes: float | None = Field(default=None, gt=0)


class EmaConfig(Section):
    """Moving average of the generators' weights, kept and evaluated beside them."""

    decay: Annotated[float, Field(ge=0, lt=1)] = Field(default=0.0, description="0: none")


class WarmStartConfig(Section):
    """Checkpoint files that networks start from; the others start at random."""

    G_A: str | None = None
    G_B: str | None = None
    D_A: str | None = None
    D_B: str | None = None


class EvalConfig(Section):
    """Evaluation during training; it never moves a random stream of the training."""

    every: Annotated[int, Field(ge=0)] = Field(default=1, description="epochs; 0: never")
    metrics: tuple[Literal["fid", "kid"], ...] = ("fid", "kid")
    extractor: str = "efficientnet-lite0"
    moving_average: Positive = 10
    save_best: Literal["none", "fid", "kid", "fid_ma", "kid_ma"] = "none"
    best_direction: Literal["AtoB", "BtoA"] = "AtoB"
    best_network: Literal["raw", "ema"] = Field(
        default="raw", description="ema: the moving average of the weights, see ema.decay"
    )
    on: Literal["held-out", "test"] = "held-out"
    limit: Positive | None = Field(default=None, description="images per domain; null: all")


class SamplesConfig(Section):
    """Sheets of translations of the same few images."""

    every: Annotated[int, Field(ge=0)] = Field(default=1, description="epochs; 0: never")
    count: Positive = Field(default=8, description="images per domain")
    epochs: tuple[int, ...] = Field(default=(), description="these epochs too")
    watch: tuple[str, ...] = Field(
        default=(),
        description="image files shown beside the chosen; A:FILE or B:FILE, without a letter of A",
    )


class CheckpointConfig(Section):
    """What is saved when."""

    every: Annotated[int, Field(ge=0)] = Field(default=1, description="epochs; 0: at the end only")
    updates: Positive | None = Field(default=None, description="and every so many updates")
    keep_last: Positive = 2
    keep_every: Positive | None = Field(default=None, description="epochs kept for good")


class RunConfig(Section):
    """Where and how it runs; chosen by measurement, without changing what is computed."""

    device: str = "auto"
    threads: Positive | None = Field(
        default=None, description="of a CPU; fewer where others use it too; null: torch's choice"
    )
    precision: Literal["auto", "fp32", "tf32", "bf16", "fp16"] = "auto"
    channels_last: bool | Literal["auto"] = "auto"
    compile: bool = False
    merged: bool | Literal["auto"] = Field(
        default="auto", description="fewer, larger network calls where that is exact"
    )
    low_memory: bool = False
    deterministic: bool = False
    sync_bn: bool = Field(
        default=False, description="batch norm over the batch of all processes, not of each"
    )
    log_every: Positive = Field(default=50, description="updates between lines of metrics.jsonl")


class TrainConfig(Section):
    """All choices of one run of the CycleGAN trainer."""

    data: DataConfig = DataConfig()
    nets: NetsConfig = NetsConfig()
    dual: DualConfig = DualConfig()
    loss: LossConfig = LossConfig()
    pool: PoolConfig = PoolConfig()
    augment: AugmentConfig = AugmentConfig()
    optim: OptimConfig = OptimConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    budget: BudgetConfig = BudgetConfig()
    ema: EmaConfig = EmaConfig()
    warm_start: WarmStartConfig = WarmStartConfig()
    eval: EvalConfig = EvalConfig()
    samples: SamplesConfig = SamplesConfig()
    checkpoint: CheckpointConfig = CheckpointConfig()
    run: RunConfig = RunConfig()
    seed: Annotated[int, Field(ge=0)] = 0
