"""A plan in words, as it is printed before a run."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

from ganeval_cyclegan.config_keys import shown
from ganeval_cyclegan.disk import size_text
from ganeval_cyclegan.domain_shapes import Domain, domain_shape
from ganeval_cyclegan.losses import identity_weights
from ganeval_cyclegan.training_verdict import duration, epochs_text

if TYPE_CHECKING:
    from ganeval_cyclegan.plan import TrainPlan

_LABEL = 12  # characters in front of a text
_WIDTH = 100


def plan_text(plan: TrainPlan) -> str:
    """Returns a paragraph per subject, its label in front."""
    wrapper = textwrap.TextWrapper(
        _WIDTH, subsequent_indent=" " * _LABEL, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(wrapper.fill(f"{label:<{_LABEL}}{text}") for label, text in _lines(plan))


def _lines(plan: TrainPlan) -> Iterator[tuple[str, str]]:
    config = plan.config
    yield (
        "CycleGAN",
        " · ".join([f"preset {plan.resolved.preset}", f"seed {config.seed}", _where(plan)]),
    )
    for domain in ("A", "B"):
        yield domain, _domain(plan, domain)
    yield "networks", _networks(plan)
    yield "losses", _losses(plan)
    yield "training", f"{_end(plan)}; {_batch(plan)}; {_rates(plan)}"
    looks = list(_looks(plan))
    yield "looks", "; ".join(looks) if looks else "none"
    kept = config.checkpoint.keep_last + (config.eval.save_best != "none")
    yield (
        "output",
        f"{plan.out} · checkpoints of {size_text(plan.checkpoint)}, {kept} kept, "
        f"{size_text(plan.free)} free",
    )
    if plan.resolved.changed:
        changed = (f"{key}={shown(value)}" for key, value in plan.resolved.changed.items())
        yield "changed", f"from the reference: {', '.join(changed)}"
    for text in plan.resolved.assumptions:
        yield "assumed", text
    for text in plan.notes:
        yield "note", text
    if plan.done is not None:
        over = plan.budget.updates is not None and plan.done >= plan.budget.updates
        yield (
            "resume",
            f"finished at update {plan.done:,}: nothing is left to do; more --updates go on"
            if over
            else f"goes on after update {plan.done:,}",
        )


def _where(plan: TrainPlan) -> str:
    text = f"{plan.device}, {plan.config.run.precision}"
    if plan.device.startswith("cpu"):
        threads = torch.get_num_threads()
        text += f", {threads} thread{'s' if threads > 1 else ''}"
    return text


def _batch(plan: TrainPlan) -> str:
    batch, processes = plan.config.optim.batch, plan.world.size
    return f"batch {batch}" + (
        f", {batch // processes} on each of {processes} processes" if processes > 1 else ""
    )


def _domain(plan: TrainPlan, domain: Domain) -> str:
    one, shape = plan.data.domains[domain], domain_shape(plan.config, domain)
    colour = "RGB" if shape.channels == 3 else "grey"
    transform = one.train.transform
    loaded = [transform.loaded_size(*size) for size in one.train.sizes] if transform.varies else []
    sides = [f"{width}x{height}" for height, width in (min(loaded), max(loaded))] if loaded else []
    size = " to ".join(dict.fromkeys(sides)) or f"{shape.width}x{shape.height}"
    split = {"train": "held out", "val": "in val", "test": "in test"}[one.split]
    return (
        f"{one.train.path} · {len(one.train):,} images, {len(one.held):,} {split} · {size} {colour}"
    )


def _networks(plan: TrainPlan) -> str:
    g, d = plan.config.nets.G, plan.config.nets.D
    blocks = f" {g.n_blocks} blocks" if g.arch == "resnet" else ""
    layers = f" {d.n_layers} layers" if d.arch == "patch" else ""
    sizes = plan.parameters
    return (
        f"G {g.arch}{blocks}, {_millions(sizes['G_A'])} parameters each · D {d.arch}{layers}, "
        f"{_millions(sizes['D_A'])} each · {plan.macs / 1e9:.3g} GMAC per image and update"
    )


def _losses(plan: TrainPlan) -> str:
    loss = plan.config.loss
    gan = loss.gan if isinstance(loss.gan, str) else f"{' and '.join(loss.gan)} in turn"
    parts = [gan, f"cycle {loss.lambda_A:g} and {loss.lambda_B:g}"]
    of_b, of_a = identity_weights(loss)
    parts.append(f"identity {of_a:g} and {of_b:g} (effective)" if of_a or of_b else "no identity")
    if loss.gp != "none":
        parts.append(f"penalty {loss.gp} {loss.gp_weight:g}")
    pool = plan.config.pool
    parts.append(
        "no image pool" if pool.strategy == "none" else f"pool {pool.strategy} {pool.size}"
    )
    if plan.config.augment.diffaug:
        parts.append(f"DiffAugment {plan.config.augment.diffaug}")
    return " · ".join(parts)


def _end(plan: TrainPlan) -> str:
    budget, per_epoch = plan.budget, plan.data.updates_per_epoch
    ends = []
    if budget.updates is not None:
        ends.append(f"{budget.updates:,} updates ({epochs_text(budget.updates / per_epoch)})")
    if budget.seconds is not None:
        ends.append(f"{duration(budget.seconds)} of updates, evaluation and saving")
    return " or ".join(ends) + (", whichever comes first" if len(ends) > 1 else "")


def _rates(plan: TrainPlan) -> str:
    optim, schedule = plan.config.optim, plan.config.schedule
    rates = f"{optim.lr_G:g}" if optim.lr_G == optim.lr_D else f"{optim.lr_G:g} and {optim.lr_D:g}"
    words = {
        "none": "constant",
        "jz2025": f"linear to 0 over {schedule.decay} epochs after {schedule.constant}",
        "jz2020": f"linear to 0 over {schedule.decay} epochs after {schedule.constant}, to the end",
        "updates": "linear to 0 from "
        + ("half of the updates" if schedule.start is None else f"update {schedule.start:,}"),
        "step": f"times {schedule.gamma:g} every {schedule.step_epochs} epochs",
        "cosine": "cosine to 0",
        "plateau": "lower when the cycle loss stops falling",
    }
    return f"learning rate {rates}, {words[schedule.policy]}"


def _looks(plan: TrainPlan) -> Iterator[str]:
    config = plan.config
    if config.eval.every:
        metrics = ", ".join([*config.eval.metrics, "cycle L1"])
        extractor = f" ({config.eval.extractor})" if config.eval.metrics else ""
        yield f"{metrics}{extractor} {_every(config.eval.every)}"
    if config.samples.every:
        yield f"{config.samples.count} samples per domain {_every(config.samples.every)}"
    if config.eval.save_best != "none":
        yield f"the best by {config.eval.save_best} {config.eval.best_direction} is kept"


def _every(epochs: int) -> str:
    return "each epoch" if epochs == 1 else f"every {epochs} epochs"


def _millions(count: int) -> str:
    return f"{count / 1e6:.3g} M" if count >= 1e6 else f"{count:,}"
