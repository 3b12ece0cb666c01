"""Options that mean the same in every command, and the dataclasses in which they travel."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from ganeval.commands.protection import (
    inputs_of,
    protect_inputs,
    refuse_inside,
    refuse_same_file,
    require_folder,
    require_writable,
)

F = TypeVar("F", bound=Callable[..., Any])

_UNITS = {"": 1, "K": 1000, "M": 1000**2, "G": 1000**3, "T": 1000**4}
_BINARY_UNITS = {"KI": 1024, "MI": 1024**2, "GI": 1024**3, "TI": 1024**4}


@dataclass(frozen=True)
class Output:
    """Where a record goes.

    Args:
        json: The record alone on stdout.
        quiet: One number on stdout.
        strict: Warnings become exit code 4.
        out: File for the record.
        html: File for the report page.
    """

    json: bool
    quiet: bool
    strict: bool
    out: Path | None
    html: Path | None


@dataclass(frozen=True)
class Tables:
    """Further forms of a record.

    Args:
        csv: File for one tidy table.
        latex: File for a table for a paper.
        per_image: File for a table with a row per image.
        figures: Folder for every figure of the page.
    """

    csv: Path | None
    latex: Path | None
    per_image: Path | None
    figures: Path | None


figures_option = click.option(
    "--figures",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write every figure of the page to DIR, as PDF and as PNG.",
)


def table_options(command: F) -> F:
    """Adds ``--csv --latex --per-image --figures``; the command gets ``tables=Tables``."""
    file = click.Path(dir_okay=False, path_type=Path)

    @click.option("--csv", "csv_", type=file, metavar="FILE", help="Write a CSV table to FILE.")
    @click.option("--latex", type=file, metavar="FILE", help="Write a LaTeX table to FILE.")
    @click.option(
        "--per-image",
        type=file,
        metavar="FILE",
        help="Write a CSV table with a row per image: neighbour, realism, influence.",
    )
    @figures_option
    @functools.wraps(command)
    def wrapped(
        *args: Any,
        csv_: Path | None,
        latex: Path | None,
        per_image: Path | None,
        figures: Path | None,
        **kwargs: Any,
    ) -> Any:
        for option, path in (("--csv", csv_), ("--latex", latex), ("--per-image", per_image)):
            if path is not None:
                require_writable(option, path)
        tables = Tables(csv=csv_, latex=latex, per_image=per_image, figures=figures)
        return command(*args, tables=tables, **kwargs)

    return wrapped  # type: ignore[return-value]


permutation_option = click.option(
    "--permutations",
    type=click.IntRange(min=0),
    default=999,
    show_default=True,
    help="Permutations of labels behind the p-value of KID; 0: no test.",
)


def output_options(command: F) -> F:
    """Adds ``--json --quiet --out --html --strict --debug``; the command gets ``output=Output``."""
    file = click.Path(dir_okay=False, path_type=Path)

    @click.option("--json", "json_", is_flag=True, help="Print the record, alone, on stdout.")
    @click.option("--quiet", "-q", is_flag=True, help="Print one number and nothing else.")
    @click.option("--out", type=file, metavar="FILE", help="Write the record (JSON) to FILE.")
    @click.option(
        "--html",
        type=file,
        metavar="FILE",
        help="Write a report page to FILE; images above 8 MB lie in a folder beside it.",
    )
    @click.option("--strict", is_flag=True, help="Exit with code 4 if there is any warning.")
    @click.option(  # read in cli.run, which also sees errors made before options are parsed
        "--debug", is_flag=True, expose_value=False, help="Show the traceback of an error."
    )
    @functools.wraps(command)
    def wrapped(
        *args: Any,
        json_: bool,
        quiet: bool,
        out: Path | None,
        html: Path | None,
        strict: bool,
        **kwargs: Any,
    ) -> Any:
        if json_ and quiet:
            raise click.UsageError("--json and --quiet exclude each other.")
        for option, path in (("--out", out), ("--html", html)):
            if path is not None:
                require_writable(option, path)
        tables: Tables | None = kwargs.get("tables")
        files = {
            "--out": out,
            "--html": html,
            "--csv": tables.csv if tables else kwargs.get("csv"),
            "--latex": tables.latex if tables else None,
            "--per-image": tables.per_image if tables else None,
        }
        refuse_same_file(files)
        protect_inputs(files, inputs_of(kwargs))
        figures = tables.figures if tables else kwargs.get("figures")
        if figures is not None:
            require_folder("--figures", figures)
            refuse_inside("--figures", figures, inputs_of(kwargs))
        output = Output(json=json_, quiet=quiet, strict=strict, out=out, html=html)
        return command(*args, output=output, **kwargs)

    return wrapped  # type: ignore[return-value]


def feature_options(command: F) -> F:
    """Adds what decides which features an image gets; see DESIGN of the command line in docs/."""
    for option in (
        click.option(
            "--decode",
            type=click.Choice(["correct", "peer"]),
            default="correct",
            show_default=True,
            help="How files become RGB: as they should be seen, or as other tools read them.",
        ),
        click.option(
            "--resize",
            metavar="MODE",
            help="pytorch-fid, clean, tf1 or torchmetrics.  [default: the extractor's own]",
        ),
        click.option(
            "--layer",
            "--dims",
            metavar="NAME",
            help="64, 192, 768, 2048 or sfid of the Inception.  [default: the extractor's own]",
        ),
        click.option(
            "--weights",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Weights file of the extractor.  [default: searched, else fetched]",
        ),
        click.option(
            "--extractor",
            default="inception-2015",
            show_default=True,
            metavar="NAME",
            help="Network that turns images into features; `ganeval ls extractors`.",
        ),
    ):
        command = option(command)
    return command


def _span(
    _context: click.Context, _option: click.Parameter, value: str | None
) -> tuple[float, float] | None:
    if value is None:
        return None
    low, high = value.split(",")
    return float(low), float(high)


def names_among(allowed: tuple[str, ...]) -> Any:
    """Returns what reads names separated by commas, each of which must be allowed."""

    def read(
        _context: click.Context, _option: click.Parameter, value: str | None
    ) -> tuple[str, ...]:
        from ganeval.errors import unknown_name

        names = tuple(name.strip() for name in (value or "").split(",") if name.strip())
        for name in names:
            if name not in allowed:
                raise click.BadParameter(str(unknown_name("such choice", name, allowed)))
        return names

    return read


def statistics_options(command: F) -> F:
    """Adds what is told of saved statistics and allowed with them."""
    for option in (
        click.option(
            "--force",
            is_flag=True,
            help="Compare statistics made under another protocol; the result is branded.",
        ),
        click.option(
            "--ref-n",
            type=click.IntRange(min=2),
            metavar="N",
            help="Images behind REAL, where its statistics do not tell.",
        ),
        click.option(
            "--ref-resize",
            metavar="MODE",
            help="Resize mode behind REAL, where its statistics do not tell.",
        ),
    ):
        command = option(command)
    return command


def image_options(command: F) -> F:
    """Adds which images are taken and what happens to those that cannot be read."""
    for option in (
        click.option(
            "--range",
            "value_range",
            type=click.Choice(["0,1", "-1,1", "0,255"]),
            callback=_span,
            help="What the numbers of a float array span.",
        ),
        click.option(
            "--layout",
            type=click.Choice(["NHWC", "NCHW"]),
            help="Axes of an array whose shape leaves them open.",
        ),
        click.option(
            "--seed",
            type=click.IntRange(min=0),
            default=0,
            show_default=True,
            help="Seed of every random choice.",
        ),
        click.option(
            "--limit", type=click.IntRange(min=2), metavar="N", help="Take N images at random."
        ),
        click.option(
            "--groups",
            metavar="CSV|REGEX|dhash",
            help="Which images belong together: a table path,group, a pattern with one group, or "
            "dhash: images of nearly equal picture.",
        ),
        click.option(
            "--recursive/--no-recursive",
            default=True,
            show_default=True,
            help="Look into subfolders.",
        ),
        click.option(
            "--on-error",
            default="fail",
            show_default=True,
            metavar="fail|skip[=SHARE]",
            help="What to do about unreadable images; skip stops at a share of 0.05.",
        ),
    ):
        command = option(command)
    return command


def byte_count(context: click.Context, option: click.Parameter, value: str) -> int:
    """Reads a size as people write it: KB, MB, ... are powers of 1000, KiB, MiB, ... of 1024."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]I?)?B?\s*", value, re.IGNORECASE)
    if match is None:
        raise click.BadParameter(f"{value!r} is no size; write 500MB, 1.5GB or 2GiB.")
    return int(float(match[1]) * (_UNITS | _BINARY_UNITS)[(match[2] or "").upper()])


def run_options(command: F) -> F:
    """Adds where the network runs."""
    for option in (
        click.option(
            "--memory",
            callback=byte_count,
            default="2GiB",
            show_default=True,
            metavar="SIZE",
            help="What is held in memory of one set; more lies in a temporary file.",
        ),
        click.option(
            "--cache/--no-cache", default=True, show_default=True, help="Keep and reuse features."
        ),
        click.option(
            "--workers",
            "--num-workers",
            type=click.IntRange(min=1),
            metavar="N",
            help="Decoding threads.  [default: one per core, at most 8]",
        ),
        click.option(
            "--batch-size",
            type=click.IntRange(min=1),
            metavar="N",
            help="Images per network call.  [default: the backend's]",
        ),
        click.option(
            "--device",
            default="auto",
            show_default=True,
            metavar="NAME",
            help="cpu, cuda, cuda:1, mps.",
        ),
        click.option(
            "--backend",
            type=click.Choice(["auto", "openvino", "torch"]),
            default="auto",
            show_default=True,
            help="What runs the network.",
        ),
    ):
        command = option(command)
    return command
