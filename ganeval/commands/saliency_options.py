"""Options of ``ganeval saliency``, and how what was asked for becomes settings."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from ganeval.commands.options import names_among
from ganeval.commands.protection import (
    inputs_of,
    protect_inputs,
    refuse_same_file,
    require_writable,
)

F = TypeVar("F", bound=Callable[..., Any])

METHODS = (
    "gradient",
    "smoothgrad",
    "smoothgrad-sq",
    "vargrad",
    "integrated-gradients",
    "guided-backprop",
    "grad-cam",
    "contrast",
    "occlusion",
)
CONTROLS = ("null", "ceiling", "noise", "colour")
PRESETS = ("ee5934",)

_FILE = click.Path(dir_okay=False, path_type=Path)
_READ = click.Path(dir_okay=False, exists=True, path_type=Path)


@dataclass(frozen=True)
class SaliencyOutput:
    """Where a saliency record goes.

    Args:
        json: The record alone on stdout.
        quiet: The verdict alone on stdout.
        strict: Warnings become exit code 4.
        out: Folder of record, table, page and pictures; None: no folder.
        overwrite: It may replace the results of an earlier run.
        html: File for the page; None: in the folder.
        csv: File for a further copy of the table.
    """

    json: bool
    quiet: bool
    strict: bool
    out: Path | None
    overwrite: bool
    html: Path | None
    csv: Path | None


def _added(command: F, options: tuple[Callable[[F], F], ...]) -> F:
    for option in reversed(options):
        command = option(command)
    return command


def map_options(command: F) -> F:
    """Adds which maps are made, of which class, and how."""
    return _added(
        command,
        (
            click.option(
                "--methods",
                default="gradient,smoothgrad,grad-cam",
                show_default=True,
                metavar="NAME,...",
                callback=names_among((*METHODS, "all")),
                help=f"Maps to make, of {', '.join(METHODS)}; all: every one that goes with the "
                "model.",
            ),
            click.option(
                "--target",
                default="before",
                show_default=True,
                metavar="RULE|CLASS",
                help="Class whose score is explained: before (top class of the image before), own "
                "(of each image), mean (of the mean probability of both), label:CSV (a table "
                "path,label), a class by name or number, contrast or contrast:A,B.",
            ),
            click.option(
                "--layer",
                metavar="PATH",
                help="Module whose maps Grad-CAM weighs.  [default: the last that is no class map]",
            ),
            click.option(
                "--baseline",
                type=click.Choice(["blur", "mean", "black", "white", "random"]),
                default="blur",
                show_default=True,
                help="What an image is compared with by integrated gradients and occlusion.",
            ),
            click.option(
                "--n-samples",
                type=click.IntRange(min=1),
                default=32,
                show_default=True,
                metavar="N",
                help="Noisy copies of each image for SmoothGrad and its relatives.",
            ),
            click.option(
                "--ig-steps",
                type=click.IntRange(1, 512),
                default=64,
                show_default=True,
                metavar="N",
                help="Nodes of integrated gradients to begin with.",
            ),
            click.option(
                "--fit",
                type=click.Choice(["whole", "weights"]),
                default="whole",
                show_default=True,
                help="Show the model the whole image, or the evaluation crop of its publisher.",
            ),
        ),
    )


def comparison_options(command: F) -> F:
    """Adds what before and after are held against, and which images belong together."""
    return _added(
        command,
        (
            click.option(
                "--preset",
                type=click.Choice(PRESETS),
                help="ee5934: SqueezeNet 1.1 (give its file by --weights), 15 pairs, gradient "
                "maps, class models of the classes seen; options given otherwise stay.",
            ),
            click.option(
                "--controls",
                default=",".join(CONTROLS),
                show_default=True,
                metavar="NAME,...",
                callback=names_among((*CONTROLS, "none")),
                help="What similarity is held against; none: it is not calibrated.",
            ),
            click.option(
                "--max-images",
                type=click.IntRange(min=2),
                default=64,
                show_default=True,
                metavar="N",
                help="Pairs that controls and checks of trust are made for.",
            ),
            click.option(
                "--faithfulness",
                is_flag=True,
                help="Also deletion, insertion, infidelity and sensitivity; takes long.",
            ),
            click.option(
                "--masks",
                type=click.Path(exists=True, path_type=Path),
                metavar="DIR",
                help="Masks of the object, named as the images before: how much of the maps lies "
                "on it.",
            ),
            click.option(
                "--boxes",
                type=_READ,
                metavar="CSV",
                help="The same by boxes: a table path,x0,y0,x1,y1 in pixels of the image before.",
            ),
            click.option(
                "--pairs",
                type=_READ,
                metavar="CSV",
                help="Which images belong together: a table before,after.  [default: by name]",
            ),
            click.option(
                "--decode",
                type=click.Choice(["correct", "peer"]),
                default="correct",
                show_default=True,
                help="How files become RGB: as they should be seen, or as other tools read them.",
            ),
            click.option(
                "--cache/--no-cache", default=True, show_default=True, help="Keep and reuse maps."
            ),
            click.option(
                "--workers",
                type=click.IntRange(min=1),
                metavar="N",
                help="Decoding threads.  [default: one per core, at most 8]",
            ),
        ),
    )


def saliency_output_options(command: F) -> F:
    """Adds where results go; the command gets ``output=SaliencyOutput``."""

    @click.option("--json", "json_", is_flag=True, help="Print the record, alone, on stdout.")
    @click.option("--quiet", "-q", is_flag=True, help="Print the verdict and nothing else.")
    @click.option(
        "--out",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Write record, table, page, maps and images to DIR.",
    )
    @click.option("--overwrite", is_flag=True, help="Replace the results in DIR.")
    @click.option("--html", type=_FILE, metavar="FILE", help="Write the page to FILE.")
    @click.option("--csv", "csv_", type=_FILE, metavar="FILE", help="Write the table to FILE.")
    @click.option(
        "--scale",
        type=click.Choice(["shared", "per-image"]),
        default="shared",
        show_default=True,
        help="Colour scale of the pictures: one for all maps of a method, or each its own, which "
        "makes them incomparable.",
    )
    @click.option("--overlays", is_flag=True, help="Also draw the maps over their images.")
    @click.option("--save-maps", is_flag=True, help="Also write the maps as float32 safetensors.")
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
        **kwargs: Any,
    ) -> Any:
        if json_ and quiet:
            raise click.UsageError("--json and --quiet exclude each other.")
        files = {"--html": html, "--csv": csv_}
        for option, path in files.items():
            if path is not None:
                require_writable(option, path)
        refuse_same_file(files)
        protect_inputs(files, inputs_of(kwargs))
        if out is None:
            _refuse_without_folder(overwrite=overwrite, **kwargs)
        output = SaliencyOutput(json_, quiet, strict, out, overwrite, html, csv_)
        return command(*args, output=output, **kwargs)

    return wrapped  # type: ignore[return-value]


def _refuse_without_folder(
    *, overwrite: bool, overlays: bool, save_maps: bool, **_others: Any
) -> None:
    """Refuses options that would do nothing without a folder of results."""
    given = {"--overwrite": overwrite, "--overlays": overlays, "--save-maps": save_maps}
    for option, value in given.items():
        if value:
            raise click.UsageError(f"{option} is about the folder of results; add --out DIR.")


def given_names() -> list[str]:
    """Returns the parameters that were given on the command line."""
    context = click.get_current_context()
    typed = click.core.ParameterSource.COMMANDLINE
    return [name for name in context.params if context.get_parameter_source(name) is typed]
