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
    method: Literal["all", "random", "list", "farthest-point", "genetic"] = Field(
        default="random",
        description="all; random; list: keys in file; farthest-point and genetic: chosen by "
        "features of eval.extractor",
    )
    seed: int | None = Field(default=None, description="null: the seed of the run")
    file: str | None = Field(default=None, description="text file of keys, for the method list")
    min_luminance: float | None = Field(
        default=None, ge=0, le=255, description="leave out images whose mean luma is below"
    )


class DomainConfig(Section):
    """One domain."""

    channels: Literal[1, 3] = Field(default=3, description="1: grey, as luma of colour; 3: colour")
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
    load_size: Side | Literal["native"] = Field(
        default=286,
        description="images are resized to this side before they are cropped; native: they are not",
    )
    crop_size: Side = Field(default=256, description="side of what the networks see")
    preprocess: Literal[
        "resize_and_crop", "crop", "scale_width", "scale_width_and_crop", "none"
    ] = Field(
        default="resize_and_crop",
        description="resize_and_crop ignores the aspect, scale_width keeps it, crop takes the "
        "original scale, none takes whole images with sides rounded to what the "
        "generator needs",
    )
    flip: Share = Field(default=0.5, description="probability of a horizontal flip")
    adapter: Literal["none", "net-padding", "resize", "pad", "replicate", "luma"] = Field(
        default="none", description="how domains of different size or channels meet"
    )
    adapter_fill: Literal["zero", "reflect"] = Field(
        default="zero", description="adapter pad: black, or the border mirrored"
    )
    epoch_updates: Positive | None = Field(
        default=None, description="updates that count as one epoch; null: a pass over the data"
    )
    drop_last: bool = Field(
        default=False, description="leave out the last, smaller batch of an epoch"
    )
    cache: Literal["auto", "on", "off"] = Field(
        default="auto", description="keep decoded images in memory; auto: below 25 % of free memory"
    )
    workers: Annotated[int, Field(ge=0)] = Field(default=1, description="decoding threads")
    skip_bad: bool = Field(
        default=False,
        description="leave out images that cannot be read, and list them; else they are refused",
    )
    A: DomainConfig = DomainConfig()
    B: DomainConfig = DomainConfig()


class GeneratorConfig(Section):
    """Both generators."""

    arch: Literal["resnet", "unet_128", "unet_256"] = Field(
        default="resnet", description="ResNet, or UNet for sides that are multiples of 128 or 256"
    )
    n_blocks: Annotated[int, Field(ge=1, le=32)] = Field(
        default=9, description="residual blocks; the published nets have 6 and 9"
    )
    n_down: Annotated[int, Field(ge=1, le=4)] = Field(default=2, description="halvings of the side")
    ngf: Positive = Field(default=64, description="channels of the first layer")
    norm: Norm = Field(default="instance", description="instance: without parameters, as published")
    dropout: Literal["none", "blocks", "unet3", "all"] = Field(
        default="none",
        description="blocks: in ResNet blocks; unet3: where the published UNet has it; all: in "
        "every middle level",
    )
    pad: Literal["reflect", "replicate", "zero"] = Field(
        default="reflect", description="at the border of a ResNet's maps"
    )
    kernel: Literal[3, 5, 7] = Field(default=3, description="side of the kernels in the blocks")
    block_activation: Literal["none", "relu"] = Field(
        default="none", description="after the sum of a residual block"
    )


class DiscriminatorConfig(Section):
    """Both discriminators."""

    arch: Literal["patch", "pixel", "stride4"] = Field(
        default="patch",
        description="patch: PatchGAN; pixel: 1x1 convolutions; stride4: four halvings and one "
        "score per patch",
    )
    n_layers: Annotated[int, Field(ge=1, le=5)] = Field(
        default=3, description="halvings of a PatchGAN; 3 sees 70x70 pixels"
    )
    ndf: Positive = Field(default=64, description="channels of the first layer")
    kernel: Literal[3, 4, 5, 6, 7] = Field(default=4, description="side of the kernels")
    norm: Norm = Field(default="instance", description="as of the generators")
    first_norm: bool = Field(default=False, description="a norm after the first layer too")
    head: Literal["linear", "tanh"] = Field(
        default="linear", description="tanh: scores from -1 to 1"
    )
    padding: Literal["torch", "same"] = Field(
        default="torch", description="same: as TensorFlow pads, so that small images do not vanish"
    )


class InitConfig(Section):
    """Initial weights."""

    type: Literal["normal", "xavier_normal", "kaiming_normal", "orthogonal"] = Field(
        default="normal", description="distribution of the initial weights"
    )
    gain: float = Field(
        default=0.02, gt=0, description="standard deviation, or gain, of that distribution"
    )
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

    domains: Literal["none", "A", "B", "both"] = Field(
        default="none", description="whose images are judged by two heads"
    )
    alpha: float = Field(default=0.2, gt=0, description="weight of the log score of real images")
    beta: float = Field(
        default=0.1, gt=0, description="weight of the log score of generated images"
    )


class LossConfig(Section):
    """What is minimised."""

    gan: GanLoss | list[GanLoss] = Field(
        default="lsgan",
        description="adversarial loss; of a list, one takes its turn after the other",
    )
    alternate: Literal["epoch", "update"] = Field(
        default="epoch", description="when the next of several GAN losses takes its turn"
    )
    saturating: bool = Field(default=False, description="vanilla: G minimises log(1 - D)")
    lambda_A: Weight = Field(default=10.0, description="weight of the cycle A, B, A")
    lambda_B: Weight = Field(default=10.0, description="weight of the cycle B, A, B")
    lambda_identity: Weight = Field(
        default=0.5,
        description="weight of the identity loss; 0: none, and a third of the generators' work "
        "less",
    )
    identity_mode: Literal["relative", "absolute"] = Field(
        default="relative", description="relative: times lambda_A or lambda_B"
    )
    w_A: Weight = Field(default=1.0, description="weight of the GAN loss of G_A")
    w_B: Weight = Field(default=1.0, description="weight of the GAN loss of G_B")
    d_scale: float = Field(default=0.5, gt=0, description="factor on the discriminators' loss")
    gp: Literal["none", "wgan-gp", "dragan", "r1"] = Field(
        default="none", description="gradient penalty on the discriminators"
    )
    gp_weight: Weight = Field(default=10.0, description="weight of that penalty")
    labels: Literal["hard", "soft-noisy"] = Field(
        default="hard", description="soft-noisy: real 0.9 to 1 and generated 0 to 0.1, drawn anew"
    )
    labels_per: Literal["image", "patch"] = Field(
        default="image", description="what has a label of its own"
    )


class PoolConfig(Section):
    """The history of generated images that discriminators see."""

    strategy: Literal["none", "cyclegan", "ring-half", "shrivastava"] = Field(
        default="cyclegan",
        description="cyclegan: half of the images are old ones; ring-half: old beside current; "
        "shrivastava: half of a batch; none",
    )
    size: Annotated[int, Field(ge=0)] = Field(default=50, description="images kept per domain")
    fill: Literal["empty", "noise"] = Field(
        default="empty", description="ring-half: what it starts with"
    )
    store: Literal["first", "all"] = Field(
        default="all", description="ring-half: which images of a batch are kept"
    )
    fake_term: Literal["sum", "mean"] = Field(
        default="mean",
        description="ring-half: sum weighs generated against real images 2:1, mean 1:1",
    )
    dtype: Literal["float32", "float16"] = Field(
        default="float32", description="precision of the images kept"
    )


class ClassicConfig(Section):
    """Augmentation of the data, so that cycle and identity losses see it; each a probability."""

    rotate: Share = Field(default=0.5, description="by up to 15 degrees")
    hflip: Share = Field(default=0.5, description="left and right")
    vflip: Share = Field(default=0.0, description="top and bottom")
    translate: Share = Field(default=0.5, description="by up to 10 % of a side")
    scale: Share = Field(default=0.5, description="by 0.9 to 1.1")
    crop: Share = Field(default=0.5, description="to 0.8 to 1 of a side")
    domains: Literal["A", "B", "both"] = Field(default="both", description="whose images")
    mode: Literal["dynamic", "static"] = Field(
        default="dynamic", description="dynamic: drawn anew each time; static: copies drawn once"
    )
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

    lr_G: float = Field(default=2e-4, gt=0, description="learning rate of the generators")
    lr_D: float = Field(default=2e-4, gt=0, description="learning rate of the discriminators")
    betas: tuple[Share, Share] = Field(default=(0.5, 0.999), description="of Adam")
    eps: float = Field(default=1e-8, gt=0, description="of Adam")
    batch: Positive = Field(
        default=1, description="images per domain and update, of all processes together"
    )
    order: Literal["G-then-D", "D-then-G", "simultaneous"] = Field(
        default="G-then-D",
        description="whose step comes first; simultaneous: both gradients before either step",
    )
    d_steps: Positive = Field(
        default=1, description="steps of the discriminators per update, each on a batch of its own"
    )
    leak: bool = Field(
        default=False,
        description="negative control: gradients of the generator loss reach the discriminators",
    )


class ScheduleConfig(Section):
    """The factor on both learning rates over the run."""

    policy: Literal["jz2025", "jz2020", "updates", "none", "step", "cosine", "plateau"] = Field(
        default="jz2025",
        description="jz2025 and jz2020: constant, then linear to 0, as the published code counts "
        "epochs now and did until 2024; updates: linear over updates; plateau: by the "
        "cycle loss",
    )
    constant: Annotated[int, Field(ge=0)] = Field(default=100, description="epochs at full rate")
    decay: Annotated[int, Field(ge=0)] = Field(default=100, description="epochs of linear decay")
    start: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="policy updates: where decay starts; null: half of the budget"
    )
    step_epochs: Positive = Field(default=50, description="policy step: epochs between drops")
    gamma: float = Field(default=0.1, gt=0, le=1, description="policy step: factor of a drop")


class BudgetConfig(Section):
    """When training ends: the first that is reached; all null: constant + decay epochs."""

    updates: Positive | None = Field(default=None, description="steps of the generators")
    images: Positive | None = Field(default=None, description="images drawn per domain")
    minutes: float | None = Field(
        default=None,
        gt=0,
        description="of updates, and of evaluation, samples and saving between them",
    )


class EmaConfig(Section):
    """Moving average of the generators' weights, kept and evaluated beside them."""

    decay: Annotated[float, Field(ge=0, lt=1)] = Field(default=0.0, description="0: none")


class WarmStartConfig(Section):
    """Checkpoint files that networks start from; the others start at random."""

    G_A: str | None = Field(default=None, description="file that G_A starts from")
    G_B: str | None = Field(default=None, description="file that G_B starts from")
    D_A: str | None = Field(default=None, description="file that D_A starts from")
    D_B: str | None = Field(default=None, description="file that D_B starts from")


class EvalConfig(Section):
    """Evaluation during training; it never moves a random stream of the training."""

    every: Annotated[int, Field(ge=0)] = Field(default=1, description="epochs; 0: never")
    metrics: tuple[Literal["fid", "kid"], ...] = Field(
        default=("fid", "kid"), description="against held-out images, beside the cycle error"
    )
    extractor: str = Field(
        default="efficientnet-lite0", description="network of the features; `ganeval ls extractors`"
    )
    moving_average: Positive = Field(
        default=10, description="evaluations in the trailing mean of a score"
    )
    save_best: Literal["none", "fid", "kid", "fid_ma", "kid_ma"] = Field(
        default="none", description="score whose best checkpoint is kept; _ma: its trailing mean"
    )
    best_direction: Literal["AtoB", "BtoA"] = Field(
        default="AtoB", description="translation that the score is of"
    )
    best_network: Literal["raw", "ema"] = Field(
        default="raw", description="ema: the moving average of the weights, see ema.decay"
    )
    on: Literal["held-out", "test"] = Field(
        default="held-out",
        description="test: images of testA and testB, which makes the choice optimistic about them",
    )
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
    keep_last: Positive = Field(default=2, description="how many of the last are kept")
    keep_every: Positive | None = Field(default=None, description="epochs kept for good")


class RunConfig(Section):
    """Where and how it runs; chosen by measurement, without changing what is computed."""

    device: str = Field(default="auto", description="auto: the first GPU, else the CPU")
    threads: Positive | None = Field(
        default=None, description="of a CPU; fewer where others use it too; null: torch's choice"
    )
    precision: Literal["auto", "fp32", "tf32", "bf16", "fp16"] = Field(
        default="auto",
        description="of convolutions; norms, losses and optimisers are float32. auto: tf32 on "
        "GPUs that have it, else fp32",
    )
    channels_last: bool | Literal["auto"] = Field(
        default="auto", description="memory layout; auto: with tf32, bf16 and fp16"
    )
    compile: bool = Field(
        default=False, description="torch.compile of every network; slow to start"
    )
    merged: bool | Literal["auto"] = Field(
        default="auto", description="fewer, larger network calls where that is exact"
    )
    low_memory: bool = Field(
        default=False,
        description="one translation after the other: half the activations, the same gradients",
    )
    deterministic: bool = Field(
        default=False, description="only kernels whose bits repeat on a GPU"
    )
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
    seed: Annotated[int, Field(ge=0)] = Field(default=0, description="of every random choice")
