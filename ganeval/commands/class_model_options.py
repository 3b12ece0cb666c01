"""Options of ``ganeval class-model``: the model, the ascent, and where the pictures go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

_FILE = click.Path(dir_okay=False, path_type=Path)
_READ = click.Path(dir_okay=False, exists=True, path_type=Path)


@dataclass(frozen=True)
class PictureOutput:
    """Where class models go.

    Args:
        out: File of the picture; those of several are named after it.
        html: File for the page.
        json: The record alone on stdout.
        quiet: The scores alone on stdout.
        strict: Warnings become exit code 4.
        overwrite: Files that are there may be replaced.
    """

    out: Path
    html: Path | None
    json: bool
    quiet: bool
    strict: bool
    overwrite: bool


def numbers(
    _context: click.Context, option: click.Parameter, value: str | None
) -> tuple[float, ...] | None:
    """Reads numbers separated by commas."""
    if value is None:
        return None
    try:
        return tuple(float(part) for part in value.split(","))
    except ValueError as error:
        raise click.BadParameter(
            f"{value!r} is not numbers separated by commas, such as 0,1e-3."
        ) from error


def _added(command: F, options: tuple[Callable[[F], F], ...]) -> F:
    for option in reversed(options):
        command = option(command)
    return command


def classifier_options(command: F) -> F:
    """Adds which classifier is looked into."""
    return _added(
        command,
        (
            click.option(
                "--model",
                default="efficientnet-lite0",
                show_default=True,
                metavar="NAME",
                help="efficientnet-lite0, a classifier of torchvision or timm, the folder of one "
                "that `ganeval classify` saved, a TorchScript file, or module:factory.",
            ),
            click.option("--weights", type=_READ, metavar="FILE", help="State dict of the model."),
            click.option(
                "--labels", type=_READ, metavar="FILE", help="Names of its classes, one a line."
            ),
            click.option(
                "--num-classes",
                type=click.IntRange(min=1),
                metavar="N",
                help="Outputs of the model in --weights.  [default: of the published file]",
            ),
            click.option(
                "--mean", callback=numbers, metavar="R,G,B", help="Of a model of your own, in 0..1."
            ),
            click.option(
                "--std", callback=numbers, metavar="R,G,B", help="Of a model of your own, in 0..1."
            ),
            click.option(
                "--side", type=click.IntRange(min=1), metavar="PX", help="Side of its images."
            ),
            click.option(
                "--accept-probabilities",
                is_flag=True,
                help="The model ends in a softmax: raise log p.",
            ),
            click.option(
                "--device", default="cpu", show_default=True, metavar="NAME", help="cpu, cuda, mps."
            ),
            click.option(
                "--micro-batch",
                type=click.IntRange(min=1),
                default=16,
                show_default=True,
                metavar="N",
                help="Images per call of the network.",
            ),
        ),
    )


def ascent_options(command: F) -> F:
    """Adds how the score is raised."""
    whole, number = click.IntRange(min=0), click.FloatRange(min=0)
    shown: dict[str, Any] = {"show_default": True}
    return _added(
        command,
        (
            click.option(
                "--steps",
                type=click.IntRange(min=1),
                default=200,
                help="Steps per ascent.",
                **shown,
            ),
            click.option(
                "--step-size",
                type=click.FloatRange(min=0, min_open=True),
                default=0.01,
                help="Root mean square change of the picture per step; white is 1.",
                **shown,
            ),
            click.option(
                "--lambda",
                "strengths",
                callback=numbers,
                default="0",
                metavar="X,...",
                help="Weight of the squares of the pattern; each gives its own picture.",
                **shown,
            ),
            click.option(
                "--unclamped",
                "clamped",
                is_flag=True,
                flag_value=False,
                default=True,
                help="Let pixels leave [0, 1], as in the formula.",
            ),
            click.option(
                "--jitter",
                type=whole,
                default=0,
                metavar="PX",
                help="Shift the picture at random in each step.",
                **shown,
            ),
            click.option(
                "--blur-every",
                type=whole,
                default=0,
                metavar="N",
                help="Blur the pattern after every N steps; 0: never.",
                **shown,
            ),
            click.option(
                "--tv",
                "total_variation",
                type=number,
                default=0.0,
                metavar="X",
                help="Weight of the total variation of the pattern.",
                **shown,
            ),
            click.option(
                "--octaves",
                type=click.IntRange(min=1),
                default=1,
                metavar="N",
                help="Sizes the pattern is made at, each twice the one before.",
                **shown,
            ),
            click.option(
                "--restarts",
                type=click.IntRange(min=1),
                default=3,
                metavar="N",
                help="Ascents from other starts; the best is shown.",
                **shown,
            ),
            click.option(
                "--seed",
                type=click.IntRange(min=0),
                default=0,
                help="Seed of every random choice.",
                **shown,
            ),
        ),
    )


def picture_options(command: F) -> F:
    """Adds where the pictures go."""
    return _added(
        command,
        (
            click.option(
                "--out",
                type=_FILE,
                required=True,
                metavar="FILE.png",
                help="Picture of the full ascent; beside it FILE.json, the record, and "
                "FILE-matched.png. Of several: FILE-CLASS-LAMBDA.png.",
            ),
            click.option("--html", type=_FILE, metavar="FILE", help="Write a page to FILE."),
            click.option(
                "--json", "json_", is_flag=True, help="Print the record, alone, on stdout."
            ),
            click.option(
                "--quiet", "-q", is_flag=True, help="Print the score of each picture, one a line."
            ),
            click.option(
                "--strict", is_flag=True, help="Exit with code 4 if there is any warning."
            ),
            click.option("--overwrite", is_flag=True, help="Replace files that are there."),
            click.option(  # read in cli.run, which also sees errors made before options are parsed
                "--debug", is_flag=True, expose_value=False, help="Show the traceback of an error."
            ),
        ),
    )
