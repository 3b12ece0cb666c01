"""The page of ``ganeval train``: what of a `TrainingRecord` stands where."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ganeval.records import Best, Score, TrainingRecord
from ganeval_reports import glossary
from ganeval_reports.content import Content, NamedSet
from ganeval_reports.images import ImageLoader
from ganeval_reports.numbers import (
    duration,
    moment,
    printed,
    short_digest,
    significant,
    unbroken,
    written,
)
from ganeval_reports.parts import Fact, Facts, Stat, Table
from ganeval_reports.provenance import environment, input_table
from ganeval_reports.results import scaled_name
from ganeval_reports.training_curves import histogram_plots, loss_groups, score_plots
from ganeval_reports.training_sheets import generated, sheets

_STATUS = {
    "finished": "finished",
    "stopped": "stopped before its end; it can be resumed",
    "diverged": "diverged: a loss was no finite number any more",
}
_SHOWN_METRICS = 2
"""Metrics among the large numbers, each of one direction."""


def training_content(
    record: TrainingRecord, load_image: ImageLoader | None, budget: int
) -> Content:
    """Returns what the record puts on a page.

    Args:
        record: How the run went.
        load_image: Finds a file of the run folder under the label ``run``; None: no images.
        budget: Characters that its images may take.
    """
    inputs = [one.input for one in record.domains]
    joint = " and " if len(inputs) > 1 else ""
    names = [NamedSet("real", one.label, joint if one is inputs[0] else "") for one in inputs]
    return Content(
        "training.html.j2",
        names,
        {
            "record": record,
            "sets": names,
            "started": moment(record.started),
            "verdict": unbroken(record.verdict),
            "stats": list(_stats(record)),
            "best": _best(record.best),
            "scores": score_plots(record),
            "sheets": sheets(record, load_image, budget),
            "generated": generated(record, load_image, budget),
            "losses": loss_groups(record),
            "histograms": histogram_plots(record),
            "protocol": list(_protocol(record)),
            "changed": _changed(record),
            "config": _config(record),
            "inputs": input_table(inputs, [f"domain {one.name}" for one in record.domains]),
            "checkpoints": _checkpoints(record),
            "environment": environment(record),
            "command": shlex.join(record.argv),
        },
    )


def _stats(record: TrainingRecord) -> Iterator[Stat]:
    """The last value of the first metrics, and how long it took."""
    for score in _leading(record.scores):
        number = printed(score.estimate, glossary.entry(score.name).power)
        notes = [f"at update {score.update:,}, the last evaluation"]
        if number.interval:
            notes.insert(0, f"{number.level} interval {number.interval}")
        if number.reason:
            notes.insert(0, number.reason)
        yield Stat(
            f"{scaled_name(score.display, score.name)}, {glossary.DIRECTIONS[score.direction]}",
            f"{score.better} is better",
            number.value,
            number.se,
            [*notes, *([number.n] if number.n else [])],
            score.estimate.value is None,
        )
    planned = "" if record.planned_updates is None else f" of {record.planned_updates:,}"
    notes = [f"{record.epochs:.3g} epochs in {duration(record.seconds)}"]
    if record.seconds_per_update is not None:
        notes.append(
            f"{significant(record.seconds_per_update, 2)} s per update, on {record.device}"
        )
    if record.resumed:
        times = "once" if record.resumed == 1 else f"{record.resumed:,} times"
        notes.append(f"taken up again {times}")
    yield Stat("Updates", planned.strip(), f"{record.updates:,}", "", notes, False)


def _leading(scores: Sequence[Score]) -> list[Score]:
    """The last value of each metric in its first direction, the distances before the rest."""
    last: dict[str, Score] = {}
    for score in scores:
        if score.network == "raw" and score.direction == scores[0].direction:
            last[score.name] = score
    ordered = sorted(last.values(), key=lambda one: one.name not in ("fid", "kid"))
    return ordered[:_SHOWN_METRICS]


def _best(best: Best | None) -> str:
    """What the chosen checkpoint is, with how much of its score the choice explains."""
    if best is None:
        return ""
    text = (
        f"Best checkpoint: {best.checkpoint}, epoch {best.epoch:,} (update {best.update:,}), "
        f"chosen by {best.metric}, {significant(best.value, 4)}, among {best.evaluations:,} "
        "evaluations."
    )
    if best.optimism is not None:
        text += (
            " The best of that many equally good checkpoints is expected to look better than "
            f"their mean by {significant(best.optimism, 2)}."
        )
    if best.split == "test":
        text += " It was chosen on the test images, so its score there is optimistic."
    return text


def _protocol(record: TrainingRecord) -> Iterator[Facts]:
    run = [
        Fact("Trainer", record.trainer, code=True),
        Fact("Preset", record.preset, code=True),
        Fact("Status", _STATUS[record.status]),
        Fact("Random seed", str(record.seed)),
        Fact("Device", record.device),
        Fact("Precision", record.precision, code=True),
        Fact("Configuration", f"sha256 {short_digest(record.config_sha256)}"),
    ]
    if record.peak_memory is not None:
        run.append(Fact("Largest memory", f"{record.peak_memory / 1e9:.2f} GB"))
    yield Facts("Run", run)
    images = []
    for one in record.domains:
        held = f", {one.held_out:,} held out for evaluation" if one.held_out else ""
        seen = f", {one.seen:,} seen" if one.seen else ""
        images.append(
            Fact(f"{one.name}: {one.input.label}", f"{one.trained_on:,} to train on{seen}{held}")
        )
    yield Facts("Images", images)
    if record.networks:
        networks = [Fact(name, f"{count:,} parameters") for name, count in record.networks.items()]
        yield Facts("Networks", networks)
    if record.assumptions:
        facts = [Fact(f"{number}", text) for number, text in enumerate(record.assumptions, start=1)]
        yield Facts("Not stated by the source, assumed here", facts)


def _changed(record: TrainingRecord) -> Table | None:
    if not record.changed:
        return None
    rows = [(key, written(value)) for key, value in record.changed.items()]
    return Table("What differs from the preset reference", ("Key", "Value"), rows)


def _config(record: TrainingRecord) -> Table:
    rows = [(key, written(value)) for key, value in _flat(record.config)]
    return Table("The whole configuration", ("Key", "Value"), rows)


def _flat(config: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in config.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _checkpoints(record: TrainingRecord) -> Table | None:
    if not record.checkpoints:
        return None
    rows = [
        (one.path, f"{one.update:,}", f"{one.bytes / 1e6:.1f} MB", short_digest(one.sha256))
        for one in record.checkpoints
    ]
    return Table("Checkpoints in the run folder", ("File", "Update", "Size", "sha256"), rows)
