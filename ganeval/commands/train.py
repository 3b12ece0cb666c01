"""``ganeval train``: an image translator from two folders, or any trainer that is installed."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ganeval.cli import ARGV

if TYPE_CHECKING:
    from ganeval.records import TrainingRecord
    from ganeval.training.trainers import Evaluate, Plan


@click.command(epilog="Example: ganeval train photos/ paintings/ --out run --size 128")
@click.argument("sources", metavar="A B", nargs=-1)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="RUN",
    help="Folder of the run. Given alone, with a run in it, it goes on with that run.",
)
@click.option("--demo", metavar="NAME", help="Train on images made by code: stripes or shapes.")
@click.option(
    "--preset",
    metavar="NAME",
    help="Configuration to start from; `ganeval ls presets`.  [default: reference, or demo]",
)
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="YAML file of sections and values, instead of a preset.",
)
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change one choice, for example optim.batch=4; may be repeated.",
)
@click.option("--size", type=click.IntRange(min=1), metavar="N", help="Side of the images, pixels.")
@click.option("--updates", type=click.IntRange(min=1), metavar="N", help="Train for N updates.")
@click.option(
    "--images",
    type=click.IntRange(min=1),
    metavar="N",
    help="Train until N images per domain were drawn.",
)
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    metavar="M",
    help="Train for M minutes at most: updates, and evaluation, samples and saving between them. "
    "Loading, the first and the last evaluation come on top.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), metavar="N", help="Seed of every random choice."
)
@click.option(
    "--resume",
    type=click.Choice(["auto", "never", "require"]),
    default="auto",
    show_default=True,
    help="Whether to go on with a run that RUN holds.",
)
@click.option(
    "--trainer", default="cyclegan", show_default=True, metavar="NAME", help="What trains."
)
@click.option("--device", metavar="NAME", help="cpu, cuda, cuda:1, mps.  [default: auto]")
@click.option(
    "--precision",
    type=click.Choice(["auto", "fp32", "tf32", "bf16", "fp16"]),
    help="Arithmetic of the convolutions.  [default: auto]",
)
@click.option(
    "--data-root",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where data sets that have names (mnist, svhn) lie, or are downloaded to.",
)
@click.option("--tensorboard", is_flag=True, help="Write events for TensorBoard too.")
@click.option("--dry-run", is_flag=True, help="Check everything, print the plan, and stop.")
@click.option("--json", "json_", is_flag=True, help="Print the record, alone, on stdout.")
@click.option("--quiet", "-q", is_flag=True, help="Print nothing but errors.")
@click.option("--strict", is_flag=True, help="Exit with code 4 if there is any warning.")
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
def train(
    out: Path, trainer: str, dry_run: bool, json_: bool, quiet: bool, strict: bool, **asked: Any
) -> None:
    """Train a translator between the image domains A and B, with unpaired images of each.

    A and B are folders (searched recursively), zip archives, arrays (.npy), or text files that list
    images; or one folder that holds trainA and trainB. Progress, checkpoints, samples and metrics
    go to RUN. The same command goes on where a run was stopped or killed: Ctrl-C, SIGTERM and
    SIGUSR1 save first.
    """
    from ganeval.commands.training_progress import TrainingProgress
    from ganeval.training.features import image_features
    from ganeval.training.processes import is_first_process
    from ganeval.training.trainers import TRAINERS

    if json_ and quiet:
        raise click.UsageError("--json and --quiet exclude each other.")
    chosen = TRAINERS.get(trainer)()
    _check_preset(asked["preset"], trainer)
    request = {"out": out, "dry_run": dry_run, "features": image_features, **asked}
    plan = chosen.plan(request)
    first = is_first_process()
    quiet, json_ = quiet or not first, json_ and first
    silent = quiet or json_
    if not silent:
        click.echo(plan.describe(), err=not dry_run)
    evaluate = _evaluate(plan) if first else None
    if dry_run:
        return
    argv = click.get_current_context().find_root().meta[ARGV]
    with TrainingProgress(quiet=silent) as progress:
        record = chosen.run(
            plan, out, evaluate=evaluate, progress=progress, resume=asked["resume"], argv=argv
        )
    if json_:
        click.echo(record.to_json().encode(), nl=False)
    elif not quiet:
        click.echo(_summary(record, out))
    _leave(record, strict=strict)


def _check_preset(preset: str | None, trainer: str) -> None:
    """Refuses the preset of another trainer, with the option that chooses that one."""
    from ganeval.training.trainers import TRAINERS

    if preset is None:
        return
    owners = [name for name in TRAINERS.names() if preset in TRAINERS.get(name)().presets()]
    if owners and trainer not in owners:
        raise click.UsageError(
            f"--preset {preset} belongs to another trainer; add --trainer {owners[0]}."
        )


def _evaluate(plan: Plan) -> Evaluate | None:
    """Builds what evaluates and tries it, so that what it lacks is told before the first update."""
    wanted = plan.evaluation
    if wanted is None:
        return None
    import numpy as np

    from ganeval.training.evaluator import Evaluator

    evaluator = Evaluator(wanted["metrics"], wanted["extractor"], device=wanted["device"])
    noise = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)
    evaluator("A", noise, noise)
    return evaluator


def _summary(record: TrainingRecord, out: Path) -> str:
    lines = [record.verdict]
    pictures = [sheet.grid for sheet in record.sheets] or [grid.path for grid in record.grids]
    files = {
        "record": out / "record.json",
        "checkpoint": out / record.checkpoints[-1].path if record.checkpoints else None,
        "best": out / record.best.checkpoint if record.best else None,
        "samples": out / pictures[-1] if pictures else None,
        "weights": out / "export" if record.status == "finished" else None,
    }
    lines += [f"{name:<12}{path}" for name, path in files.items() if path and path.exists()]
    lines += [f"{'warning':<12}{notice.text}" for notice in record.warnings]
    lines += [f"{name:<12}{shlex.join(words)}" for name, words in _next(record, out)]
    return "\n".join(lines)


def _next(record: TrainingRecord, out: Path) -> Iterator[tuple[str, list[str]]]:
    """Yields commands that make sense now, as they can be typed."""
    if record.status == "stopped":
        trainer = [] if record.trainer == "cyclegan" else ["--trainer", record.trainer]
        yield "go on", ["ganeval", "train", *trainer, "--out", str(out)]
    yield "page", ["ganeval", "report", str(out / "record.json"), "-o", str(out / "report.html")]
    if record.status == "finished" and "G_A" in record.networks:
        test = out / "data" / "testA"
        source = str(test) if test.is_dir() else record.domains[0].input.path
        images = source if Path(source).exists() else "IMAGES"
        yield "translate", ["ganeval", "translate", str(out), images, f"{out}-translated"]


def _leave(record: TrainingRecord, *, strict: bool) -> None:
    """Ends with the exit code that tells how training ended."""
    from ganeval.errors import ConditionError, ExitCode

    if record.status == "diverged":
        raise click.exceptions.Exit(ExitCode.DIVERGED)
    if record.status == "stopped":
        signals = [one.data.get("signal") for one in record.warnings if one.code == "stopped"]
        by_user = signals[-1:] == ["SIGINT"]
        raise click.exceptions.Exit(ExitCode.INTERRUPTED if by_user else ExitCode.STOPPED)
    if strict and record.warnings:
        codes = ", ".join(dict.fromkeys(notice.code for notice in record.warnings))
        raise ConditionError(f"--strict: {len(record.warnings)} warnings: {codes}")
