"""Choices that only make sense together: what is refused, and what follows from what was chosen."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Callable, Collection, Iterator

from ganeval.errors import InputError
from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.config_keys import flat, merged, nested, shown, value_at
from ganeval_cyclegan.domain_shapes import domain_shape, sides

DIFFAUG_OPS = ("color", "translation", "cutout")

_LOADED_THEN_CROPPED = ("resize_and_crop", "scale_width_and_crop")
SIZES_VARY = ("scale_width", "none")
"""What ``data.preprocess`` leaves images their own sizes."""

_HARD_ONLY = {"wgan", "wgan-gp", "hinge", "d2gan"}  # losses without targets to soften


def settle(
    config: TrainConfig, *, stated: Collection[str], typed: Collection[str]
) -> tuple[TrainConfig, list[str]]:
    """Returns the configuration with what follows from its choices, and sentences about that.

    Args:
        config: Valid key by key.
        stated: Dotted keys that the user chose, in a file or on the command line; they are never
            overruled.
        typed: Those of them from the command line; one that would do nothing is refused.

    Raises:
        InputError: Two choices contradict each other, or one would do nothing.
    """
    notes: list[str] = []
    for key, value, note in _consequences(config, stated):
        tree = merged(config.model_dump(), nested(key, value))
        config = TrainConfig.model_validate(tree)
        notes.append(note)
    for rule in _RULES:
        for message, hint in rule(config):
            raise InputError(message, hint=hint)
    _refuse_idle(config, typed)
    return config, notes + list(_remarks(config))


def gan_losses(config: TrainConfig) -> list[str]:
    """Returns the names of the GAN losses that take turns, one where there is only one."""
    gan = config.loss.gan
    return [gan] if isinstance(gan, str) else list(gan)


Finding = tuple[str, str | None]
"""A message and a hint."""


def _consequences(
    config: TrainConfig, stated: Collection[str]
) -> Iterator[tuple[str, object, str]]:
    """Yields key, value and reason of all that is set because of something else."""
    shapes = {"A": domain_shape(config, "A"), "B": domain_shape(config, "B")}
    identity = "loss.lambda_identity"
    if config.loss.lambda_identity > 0 and shapes["A"] != shapes["B"]:
        found = f"images of A are {shapes['A']} and those of B {shapes['B']}"
        if identity in stated:
            raise InputError(
                f"{identity} {config.loss.lambda_identity:g}: {found}, and an identity loss needs"
                " equal shapes",
                hint=f"Set {identity} to 0, or data.adapter to resize, pad, replicate or luma.",
            )
        yield identity, 0.0, f"{identity} is 0, because {found}."
    if config.pool.size == 0 and config.pool.strategy != "none":
        yield "pool.strategy", "none", "pool.size 0 means pool.strategy none."
    if "wgan-gp" in gan_losses(config) and config.loss.gp == "none":
        if "loss.gp" in stated:
            raise InputError(
                "loss.gan wgan-gp with loss.gp none would be plain wgan under another name",
                hint="Set loss.gp to wgan-gp, or loss.gan to wgan.",
            )
        yield "loss.gp", "wgan-gp", "loss.gan wgan-gp sets loss.gp to wgan-gp."


def _sizes(config: TrainConfig) -> Iterator[Finding]:
    data = config.data
    for own in (data.A.size, data.B.size):
        crop = sides(data.crop_size if own is None else own)
        if isinstance(data.load_size, str) or data.preprocess not in _LOADED_THEN_CROPPED:
            continue
        load = sides(data.load_size)
        small = crop[1] > load[1] or (crop[0] > load[0] and data.preprocess == "resize_and_crop")
        if small:
            yield (
                f"data.crop_size: crops of {crop[0]}x{crop[1]} do not fit in images of"
                f" {load[0]}x{load[1]}, which is data.load_size",
                "Make data.load_size at least as large as the crops.",
            )
    if data.preprocess == "scale_width" and isinstance(data.load_size, str):
        yield "data.preprocess scale_width needs a width, and data.load_size is native", None
    if data.preprocess in SIZES_VARY:
        if data.adapter in ("net-padding", "resize", "pad"):
            yield (
                f"data.adapter {data.adapter} needs images of one size, which data.preprocess"
                f" {data.preprocess} does not make",
                "Set data.preprocess to resize_and_crop.",
            )
        return
    shape_a, shape_b = domain_shape(config, "A"), domain_shape(config, "B")
    differ = (shape_a.height, shape_a.width) != (shape_b.height, shape_b.width)
    if differ and data.adapter != "net-padding":
        yield (
            f"data.adapter {data.adapter}: images of A are {shape_a} and those of B {shape_b}, and"
            " the generators keep the size",
            "Set data.adapter to net-padding, resize or pad.",
        )


def _subsets(config: TrainConfig) -> Iterator[Finding]:
    for name, domain in (("A", config.data.A), ("B", config.data.B)):
        key, subset = f"data.{name}.subset", domain.subset
        if subset.method == "list" and subset.file is None:
            yield f"{key}.method list needs a file of keys", f"Set {key}.file."
        if subset.method in ("farthest-point", "genetic") and subset.n is None:
            yield f"{key}.method {subset.method} needs a number of images", f"Set {key}.n."
        if subset.method == "all" and subset.n is not None:
            yield (
                f"{key}.n {subset.n} contradicts {key}.method all",
                f"Set {key}.method to random, farthest-point or genetic.",
            )


def _losses(config: TrainConfig) -> Iterator[Finding]:
    loss, losses = config.loss, gan_losses(config)
    if not losses:
        yield "loss.gan is an empty list, and at least one loss is needed", None
    dual = config.dual.domains
    if "d2gan" in losses and dual != "both":
        yield (
            f"loss.gan d2gan needs discriminators with two heads, and dual.domains is {dual}",
            "Set dual.domains to both.",
        )
    without = sorted(_HARD_ONLY.intersection(losses)) or ["d2gan"] * (dual != "none")
    if loss.labels == "soft-noisy" and without:
        yield (
            f"loss.labels soft-noisy: the loss {without[0]} has no labels to soften",
            "Set loss.labels to hard, or loss.gan to lsgan or vanilla.",
        )
    if loss.gp != "none" and dual != "none":
        yield (
            f"loss.gp {loss.gp}: no penalty is defined for two-headed discriminators",
            "Set loss.gp or dual.domains to none.",
        )
    if loss.saturating and "vanilla" not in losses:
        yield "loss.saturating belongs to the loss vanilla", "Set loss.gan to vanilla."


def _optimisation(config: TrainConfig) -> Iterator[Finding]:
    optim, pool = config.optim, config.pool
    if optim.leak and optim.order != "simultaneous":
        yield (
            f"optim.leak works with optim.order simultaneous, not with {optim.order}",
            "Set optim.order to simultaneous.",
        )
    if pool.strategy == "shrivastava":
        if optim.batch % 2:
            yield (
                f"pool.strategy shrivastava splits a batch in halves, and optim.batch is"
                f" {optim.batch}",
                f"Set optim.batch to {optim.batch + 1}.",
            )
        elif pool.size < optim.batch // 2:
            yield f"pool.size {pool.size} is less than half of optim.batch {optim.batch}", None
    if config.run.merged is True:
        if "batch" in (config.nets.G.norm, config.nets.D.norm):
            yield "run.merged true changes what batch norm computes", "Set run.merged to auto."
        elif config.nets.G.dropout != "none":
            yield "run.merged true changes the draws of dropout", "Set run.merged to auto."


def _diffaug(config: TrainConfig) -> Iterator[Finding]:
    policy = config.augment.diffaug
    for op in policy.split(",") if policy else []:
        if op not in DIFFAUG_OPS:
            near = difflib.get_close_matches(op.strip(), DIFFAUG_OPS, n=1)
            yield (
                f"augment.diffaug {policy!r}: {op!r} is none of {', '.join(DIFFAUG_OPS)}"
                + (f"; did you mean {near[0]}?" if near else ""),
                "Separate operations by commas only: color,translation,cutout.",
            )
    starts = [update for update, _ in config.augment.diffaug_schedule]
    for before, after in itertools.pairwise(starts):
        if after <= before:
            yield (
                f"augment.diffaug_schedule: update {after} comes after update {before}",
                "List updates in increasing order.",
            )
    both_grey = config.data.A.channels == config.data.B.channels == 1
    if config.augment.grayscale_copies and both_grey:
        yield "augment.grayscale_copies: both domains have one channel, so copies are equal", None


def _ends(config: TrainConfig) -> Iterator[Finding]:
    budget, schedule, chosen = config.budget, config.schedule, config.eval
    counted = budget.updates or budget.images
    if schedule.policy == "updates" and budget.minutes and not counted:
        yield (
            "schedule.policy updates plans its decay over a number of updates, and"
            f" budget.minutes {budget.minutes:g} names none",
            "Add budget.updates, or set schedule.policy to none.",
        )
    if budget.updates and schedule.start is not None and schedule.start > budget.updates:
        yield (
            f"schedule.start {schedule.start} lies after the last update, {budget.updates}",
            "Decay has to start within the budget.",
        )
    if not (counted or budget.minutes or schedule.constant + schedule.decay):
        yield (
            "schedule.constant and schedule.decay are both 0 and there is no budget",
            "Set budget.updates, or a number of epochs.",
        )
    metric = chosen.save_best.removesuffix("_ma")
    if metric != "none" and metric not in chosen.metrics:
        yield (
            f"eval.save_best {chosen.save_best}: eval.metrics has {', '.join(chosen.metrics)}",
            f"Add {metric} to eval.metrics.",
        )
    if metric != "none" and chosen.every == 0:
        yield f"eval.save_best {chosen.save_best} needs evaluations, and eval.every is 0", None
    if metric != "none" and chosen.best_network == "ema" and config.ema.decay == 0:
        yield (
            "eval.best_network ema needs averaged weights, and ema.decay is 0",
            "Set ema.decay, for example to 0.999, or eval.best_network to raw.",
        )


_RULES: tuple[Callable[[TrainConfig], Iterator[Finding]], ...] = (
    _sizes,
    _subsets,
    _losses,
    _optimisation,
    _diffaug,
    _ends,
)

# Keys that another choice puts out of use: key, or the section it begins with; when it works; the
# words for that.
_IDLE: tuple[tuple[str, Callable[[TrainConfig], bool], str], ...] = (
    ("data.adapter_fill", lambda c: c.data.adapter == "pad", "data.adapter pad"),
    ("pool.fill", lambda c: c.pool.strategy == "ring-half", "pool.strategy ring-half"),
    ("pool.store", lambda c: c.pool.strategy == "ring-half", "pool.strategy ring-half"),
    ("pool.fake_term", lambda c: c.pool.strategy == "ring-half", "pool.strategy ring-half"),
    ("pool.size", lambda c: c.pool.strategy != "none" or c.pool.size == 0, "a pool.strategy"),
    ("pool.dtype", lambda c: c.pool.strategy != "none", "a pool.strategy"),
    ("augment.diffaug_p", lambda c: bool(c.augment.diffaug), "augment.diffaug"),
    ("augment.diffaug_rate", lambda c: bool(c.augment.diffaug), "augment.diffaug"),
    ("augment.diffaug_schedule", lambda c: bool(c.augment.diffaug), "augment.diffaug"),
    (
        "augment.classic.copies",
        lambda c: c.augment.classic is not None and c.augment.classic.mode == "static",
        "augment.classic.mode static",
    ),
    ("dual.alpha", lambda c: c.dual.domains != "none", "dual.domains"),
    ("dual.beta", lambda c: c.dual.domains != "none", "dual.domains"),
    (
        "loss.gan",
        lambda c: c.dual.domains != "both" or gan_losses(c) == ["d2gan"],
        "dual.domains none, A or B",
    ),
    ("loss.alternate", lambda c: len(gan_losses(c)) > 1, "several losses in loss.gan"),
    ("loss.gp_weight", lambda c: c.loss.gp != "none", "loss.gp"),
    ("loss.labels_per", lambda c: c.loss.labels != "hard", "loss.labels soft-noisy"),
    ("loss.identity_mode", lambda c: c.loss.lambda_identity > 0, "loss.lambda_identity above 0"),
    ("schedule.start", lambda c: c.schedule.policy == "updates", "schedule.policy updates"),
    ("schedule.step_epochs", lambda c: c.schedule.policy == "step", "schedule.policy step"),
    ("schedule.gamma", lambda c: c.schedule.policy == "step", "schedule.policy step"),
    ("data.A.subset.file", lambda c: c.data.A.subset.method == "list", "subset.method list"),
    ("data.B.subset.file", lambda c: c.data.B.subset.method == "list", "subset.method list"),
    ("nets.G.n_blocks", lambda c: c.nets.G.arch == "resnet", "nets.G.arch resnet"),
    ("nets.G.n_down", lambda c: c.nets.G.arch == "resnet", "nets.G.arch resnet"),
    ("nets.G.pad", lambda c: c.nets.G.arch == "resnet", "nets.G.arch resnet"),
    ("nets.G.kernel", lambda c: c.nets.G.arch == "resnet", "nets.G.arch resnet"),
    ("nets.G.block_activation", lambda c: c.nets.G.arch == "resnet", "nets.G.arch resnet"),
    ("nets.D.n_layers", lambda c: c.nets.D.arch == "patch", "nets.D.arch patch"),
    (
        "run.sync_bn",
        lambda c: "batch" in (c.nets.G.norm, c.nets.D.norm),
        "nets.G.norm or nets.D.norm batch",
    ),
    ("nets.D.kernel", lambda c: c.nets.D.arch != "pixel", "nets.D.arch patch or stride4"),
    ("nets.D.first_norm", lambda c: c.nets.D.arch != "pixel", "nets.D.arch patch or stride4"),
    ("nets.D.padding", lambda c: c.nets.D.arch != "pixel", "nets.D.arch patch or stride4"),
    (
        "nets.init.gain",
        lambda c: c.nets.init.type != "kaiming_normal",
        "nets.init.type normal, xavier_normal or orthogonal",
    ),
)


def _refuse_idle(config: TrainConfig, typed: Collection[str]) -> None:
    """Refuses keys from the command line that would change nothing."""
    values = flat(config.model_dump())
    defaults = flat(TrainConfig().model_dump())
    for key, works, needs in _IDLE:
        if key in typed and not works(config) and values.get(key) != defaults.get(key):
            raise InputError(
                f"{key} {shown(value_at(config.model_dump(mode='json'), key))} would do nothing:"
                f" it needs {needs}",
                hint="Set that too, or leave this key out.",
            )


def _remarks(config: TrainConfig) -> Iterator[str]:
    """Yields what a reader of the results has to know about some choices."""
    if "wgan" in gan_losses(config) and config.loss.gp == "none":
        yield (
            "loss.gan wgan trains critics without gradient penalty and without clipping, as the"
            " published code does."
        )
    if config.optim.leak:
        yield "optim.leak is a negative control: discriminators follow the generators' loss too."
    if config.nets.init.shared:
        yield "nets.init.shared is a negative control: layers of equal shape start out equal."
    if config.schedule.policy == "jz2020" and config.schedule.decay > 0:
        yield "schedule.policy jz2020 trains its last epoch at learning rate 0."
    if config.eval.on == "test":
        yield "eval.on test: scores and the best checkpoint come from test images (test-peek)."
