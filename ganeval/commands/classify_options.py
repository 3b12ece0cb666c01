"""Options of ``ganeval classify``, and how what was asked for becomes settings."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from ganeval.commands.options import figures_option, names_among
from ganeval.commands.protection import (
    inputs_of,
    protect_inputs,
    refuse_inside,
    refuse_same_file,
    require_folder,
    require_writable,
)

F = TypeVar("F", bound=Callable[..., Any])

RUNGS = ("metadata", "compression", "colour", "spectrum", "features", "knn", "cnn")
CONDITIONS = ("distinguishable", "format", "leakage", "inconclusive")
PRESETS = ("default", "cmpe258", "quick", "thorough")
OUT, OUT_SCORES = "ganeval-classify", "ganeval-scores"

_PROBES = {"metadata", "compression"}
_FILE = click.Path(dir_okay=False, path_type=Path)
_READ = click.Path(dir_okay=False, exists=True, path_type=Path)


@dataclass(frozen=True)
class FolderOutput:
    """Where the results of a command go that writes a folder.

    Args:
        json: The record alone on stdout.
        quiet: One number on stdout.
        strict: Warnings become exit code 4.
        out: The folder; None: its default.
        overwrite: It may replace the results of an earlier run.
        html: File for the page; None: in the folder.
        csv: File for a further copy of the table.
        figures: Folder for every figure of the page.
    """

    json: bool
    quiet: bool
    strict: bool
    out: Path | None
    overwrite: bool
    html: Path | None
    csv: Path | None
    figures: Path | None


def _shares(
    _context: click.Context, _option: click.Parameter, value: str
) -> tuple[float, float, float]:
    """Reads A/B/C as shares that sum to 1."""
    try:
        parts = [float(part) for part in value.split("/")]
    except ValueError:
        parts = []
    if len(parts) != 3 or not all(0 < part < float("inf") for part in parts):
        raise click.BadParameter(f"{value!r} is not three numbers above 0, such as 60/15/25.")
    train, validation, test = (part / sum(parts) for part in parts)
    return train, validation, test


def comparison_options(command: F) -> F:
    """Adds what is compared, how groups and formats are dealt with, and what is learnt."""
    for option in (
        click.option(
            "--generator-train",
            type=_READ,
            metavar="FILE",
            help="List of the images that the generator was trained on, a name a line; their fakes "
            "are no test images.",
        ),
        click.option(
            "--question",
            type=click.Choice(["arrival", "change"]),
            help="arrival: FAKE against real images of its domain; change: against its own "
            "sources. Changes words, no number.  [default: by names and pictures]",
        ),
        click.option(
            "--fake-pipeline",
            metavar="STEPS",
            help="The same of the fakes.",
        ),
        click.option(
            "--real-pipeline",
            metavar="STEPS",
            help="How the reals were stored, such as resize=286:bicubic,crop=256,jpeg=75:420.  "
            "[default: read off the files]",
        ),
        click.option(
            "--defence",
            type=click.Choice(["auto", "none", "match", "equalise"]),
            default="auto",
            show_default=True,
            help="What is done to pixels where formats differ: bring one set to the other's "
            "format, or both to one.",
        ),
        click.option(
            "--no-infer-groups",
            "infer_groups",
            is_flag=True,
            flag_value=False,
            default=True,
            help="Take every image as independent; names and pictures are not compared.",
        ),
        click.option(
            "--split",
            default="60/15/25",
            show_default=True,
            metavar="A/B/C",
            callback=_shares,
            help="Shares of the groups that train, choose and test.",
        ),
        click.option(
            "--alpha",
            type=click.FloatRange(min=0, max=0.5, min_open=True),
            default=0.05,
            show_default=True,
            metavar="P",
            help="Level of the verdict.",
        ),
        click.option(
            "--null-check",
            type=click.Choice(["none", "cheap", "full"]),
            help="Null controls: none, of all rungs but the CNN, or of that too.  [default: cheap; "
            "full with --preset thorough]",
        ),
    ):
        command = option(command)
    return command


def learner_options(command: F) -> F:
    """Adds which rungs are climbed, and how the network is trained."""
    for option in (
        click.option(
            "--augment",
            type=click.Choice(["report", "integer", "none"]),
            help="Changes of training images; integer: by whole pixels only.  [default: the "
            "preset's]",
        ),
        click.option(
            "--pool",
            type=click.Choice(["mean", "top10"]),
            default="mean",
            show_default=True,
            help="What makes the score of an image of those of its patches; top10: mean of the "
            "highest tenth, for small local faults.",
        ),
        click.option(
            "--size",
            type=click.IntRange(min=8),
            metavar="N",
            help="Side that images are brought to if their sizes differ.  [default: the smaller "
            "median]",
        ),
        click.option(
            "--crop",
            type=click.IntRange(min=32),
            default=64,
            show_default=True,
            metavar="N",
            help="Side of the CNN's training crops, pixels.",
        ),
        click.option(
            "--cnn-seeds",
            type=click.IntRange(1, 20),
            metavar="N",
            help="Fits of the CNN; the first is the test.  [default: 1; 5 with --preset thorough]",
        ),
        click.option(
            "--decode",
            type=click.Choice(["correct", "peer"]),
            default="correct",
            show_default=True,
            help="How files become RGB: as they should be seen, or as other tools read them.",
        ),
        click.option(
            "--weights",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Weights file of the extractor.  [default: searched, else fetched]",
        ),
        click.option(
            "--extractor",
            default="efficientnet-lite0",
            show_default=True,
            metavar="NAME",
            help="Network of the rungs features and knn; `ganeval ls extractors`.",
        ),
        click.option(
            "--rungs",
            metavar="NAME,...",
            callback=names_among(RUNGS),
            help=f"Rungs to climb, of {', '.join(RUNGS)}.  [default: all; quick: no cnn]",
        ),
        click.option(
            "--preset",
            type=click.Choice(PRESETS),
            default="default",
            show_default=True,
            help="quick: no CNN; thorough: 5 fits of it, every null control; cmpe258: the network "
            "and training of that report.",
        ),
    ):
        command = option(command)
    return command


def folder_options(command: F) -> F:
    """Adds where results go; the command gets ``output=FolderOutput``."""

    @click.option("--json", "json_", is_flag=True, help="Print the record, alone, on stdout.")
    @click.option(
        "--quiet",
        "-q",
        is_flag=True,
        help="Print the AUC alone; with --apply how many images are called fake, a line per set.",
    )
    @click.option(
        "--out",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help=f"Folder of the results.  [default: {OUT}; with --apply {OUT_SCORES}]",
    )
    @click.option("--overwrite", is_flag=True, help="Replace the results in DIR.")
    @click.option(
        "--html", type=_FILE, metavar="FILE", help="Write the page to FILE instead of DIR."
    )
    @click.option("--csv", "csv_", type=_FILE, metavar="FILE", help="Write the table to FILE too.")
    @figures_option
    @click.option("--strict", is_flag=True, help="Exit with code 4 if there is any warning.")
    @click.option("--yes", is_flag=True, help="Run what was announced to take over half an hour.")
    @click.option(  # read in cli.run, which also sees errors made before options are parsed
        "--debug", is_flag=True, expose_value=False, help="Show the traceback of an error."
    )
    @functools.wraps(command)
    def wrapped(
        *args: Any,
        json_: bool,
        quiet: bool,
        strict: bool,
        out: Path | None,
        overwrite: bool,
        html: Path | None,
        csv_: Path | None,
        figures: Path | None,
        **kwargs: Any,
    ) -> Any:
        if json_ and quiet:
            raise click.UsageError("--json and --quiet exclude each other.")
        files = {"--html": html, "--csv": csv_}
        for option, path in files.items():
            if path is not None:
                require_writable(option, path)
        read = list(inputs_of(kwargs))
        refuse_same_file(files)
        protect_inputs(files, read)
        if figures is not None:
            require_folder("--figures", figures)
            refuse_inside("--figures", figures, read)
        output = FolderOutput(json_, quiet, strict, out, overwrite, html, csv_, figures)
        return command(*args, output=output, **kwargs)

    return wrapped  # type: ignore[return-value]


def preset_choices(chosen: dict[str, Any]) -> dict[str, Any]:
    """Fills in what a preset decides; what was asked for by option stays.

    Raises:
        click.UsageError: Options contradict each other, or one would do nothing.
    """
    preset = chosen["preset"]
    rungs = chosen["rungs"] or tuple(r for r in RUNGS if preset != "quick" or r != "cnn")
    if not set(rungs) - _PROBES:
        raise click.UsageError(
            "--rungs: metadata and compression look at the format alone; name at least one of "
            f"{', '.join(one for one in RUNGS if one not in _PROBES)}."
        )
    if preset == "quick" and "cnn" in rungs:
        raise click.UsageError(
            "--preset quick fits no CNN; leave cnn out of --rungs, or choose another preset."
        )
    if preset in ("cmpe258", "thorough") and "cnn" not in rungs:
        raise click.UsageError(f"--preset {preset} is about the CNN; add cnn to --rungs.")
    if chosen["groups"] is not None and not chosen["infer_groups"]:
        raise click.UsageError("--groups and --no-infer-groups exclude each other.")
    _refuse_unused(rungs, preset, chosen)
    thorough = preset == "thorough"
    return {
        **chosen,
        "rungs": tuple(one for one in RUNGS if one in rungs),
        "cnn_seeds": chosen["cnn_seeds"] or (5 if thorough else 1),
        "null_check": chosen["null_check"] or ("full" if thorough else "cheap"),
    }


def _refuse_unused(rungs: tuple[str, ...], preset: str, chosen: dict[str, Any]) -> None:
    """Refuses options that would do nothing with these rungs and this preset."""
    given = given_options()
    if "cnn" not in rungs:
        for name in ("crop", "pool", "augment", "cnn_seeds"):
            if name in given:
                raise click.UsageError(f"No CNN is fitted; leave out {given[name]}.")
        if chosen["null_check"] == "full":
            raise click.UsageError("No CNN is fitted; --null-check cheap covers every rung.")
    if preset == "cmpe258":
        for name in ("crop", "pool"):
            if name in given:
                raise click.UsageError(
                    f"--preset cmpe258 sees whole images of 256 pixels; leave out {given[name]}."
                )
    if not {"features", "knn"} & set(rungs):
        for name in ("extractor", "weights"):
            if name in given:
                raise click.UsageError(f"No rung takes features; leave out {given[name]}.")


def given_options() -> dict[str, str]:
    """Returns what was given on the command line: name of the parameter to option as typed."""
    context = click.get_current_context()
    typed = click.core.ParameterSource.COMMANDLINE
    return {
        option.name: max(option.opts, key=len)
        for option in context.command.params
        if option.name and context.get_parameter_source(option.name) is typed
    }
