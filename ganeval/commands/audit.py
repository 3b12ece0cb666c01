"""``ganeval audit``: what image sets are made of, and what threatens a metric."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ganeval.cli import ARGV
from ganeval.commands.options import (
    Output,
    figures_option,
    names_among,
    output_options,
    run_options,
)
from ganeval.commands.protection import refuse_same_file, require_writable

if TYPE_CHECKING:
    from ganeval.audit.suite import Audit

_DROPS = ("duplicates", "near", "leak", "outliers", "unreadable")
_CODES = ("leak", "unreadable", "duplicates", "mixed_formats", "mixed_sizes")
_EXTRACTOR = "efficientnet-lite0"


def _span(
    _context: click.Context, _option: click.Parameter, value: str | None
) -> tuple[float, float] | None:
    if value is None:
        return None
    low, high = value.split(",")
    return float(low), float(high)


@click.command(epilog="Example: ganeval audit photos/ fakes/ --html audit.html")
@click.argument("sets", metavar="SET...", nargs=-1, required=True)
@click.option(
    "--extractor",
    metavar="NAME",
    help=f"Network whose features tell outliers; `ganeval ls extractors`.  [default: {_EXTRACTOR}]",
)
@click.option(
    "--weights",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Weights file of the extractor.  [default: searched, else fetched]",
)
@click.option("--no-features", is_flag=True, help="Run no network: no outliers by features.")
@click.option(
    "--outlier-z",
    type=click.FloatRange(min=0, min_open=True),
    default=3.5,
    show_default=True,
    metavar="Z",
    help="Robust z-score from which an image is an outlier.",
)
@click.option(
    "--write-list",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a list (.txt) of the images to keep, which stands for the set in every command. "
    "Several sets: a folder, or a name with {set} in it.",
)
@click.option(
    "--drop",
    default="duplicates,unreadable",
    show_default=True,
    callback=names_among(_DROPS),
    metavar="WHAT,...",
    help=f"What the list leaves out: {', '.join(_DROPS)}.",
)
@click.option(
    "--fail-on",
    callback=names_among(_CODES),
    metavar="CODE,...",
    help=f"Exit with code 4 if there is such a finding: {', '.join(_CODES)}.",
)
@click.option(
    "--decode",
    type=click.Choice(["correct", "peer"]),
    default="correct",
    show_default=True,
    help="How files become RGB: as they should be seen, or as other tools read them.",
)
@click.option(
    "--recursive/--no-recursive", default=True, show_default=True, help="Look into subfolders."
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Take N images at random.")
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Seed of every random choice.",
)
@click.option(
    "--layout",
    type=click.Choice(["NHWC", "NCHW"]),
    help="Axes of an array whose shape leaves them open.",
)
@click.option(
    "--range",
    "value_range",
    type=click.Choice(["0,1", "-1,1", "0,255"]),
    callback=_span,
    help="What the numbers of a float array span.",
)
@run_options
@click.option(
    "--csv",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a table to FILE with a row of measurements per image.",
)
@figures_option
@output_options
def audit(
    sets: tuple[str, ...],
    extractor: str | None,
    no_features: bool,
    fail_on: tuple[str, ...],
    csv: Path | None,
    figures: Path | None,
    output: Output,
    **chosen: Any,
) -> None:
    """Look into image sets before measuring: how they were stored, what repeats, what stands out.

    Each SET is a folder (searched recursively), zip archive, array (.npy, .npz) or text file that
    lists images. Unreadable images are a finding, not an error.
    """
    from ganeval.audit.settings import AuditSettings
    from ganeval.audit.suite import audit as run_audit
    from ganeval.commands.progress import Bars

    if no_features:
        _refuse_network_options(extractor, chosen)
    if csv is not None:
        require_writable("--csv", csv)
    refuse_same_file(
        {
            "--csv": csv,
            "--out": output.out,
            "--html": output.html,
            "--write-list": chosen["write_list"],
        }
    )
    settings = AuditSettings(extractor=None if no_features else extractor or _EXTRACTOR, **chosen)
    argv = click.get_current_context().find_root().meta[ARGV]
    with Bars(quiet=output.quiet) as bars:
        done = run_audit(sets, settings, argv=argv, progress=bars)
    _show(done, output, csv, figures, fail_on)


def _refuse_network_options(extractor: str | None, chosen: dict[str, Any]) -> None:
    """Refuses options that would do nothing without a network."""
    unused = {
        "--extractor": extractor is not None,
        "--weights": chosen["weights"] is not None,
        "--backend": chosen["backend"] != "auto",
        "--device": chosen["device"] != "auto",
        "--batch-size": chosen["batch_size"] is not None,
    }
    for option, given in unused.items():
        if given:
            raise click.UsageError(f"--no-features runs no network; leave out {option}.")


def _show(
    done: Audit,
    output: Output,
    csv: Path | None,
    figures: Path | None,
    fail_on: tuple[str, ...],
) -> None:
    """Writes and prints the record; a file that fails costs no other output."""
    from ganeval.commands.audit_text import csv_text, print_audit
    from ganeval.commands.show import show_page
    from ganeval.errors import ConditionError, GanevalError
    from ganeval.records import write_text

    record, unwritten = done.record, []
    writers: list[Callable[[], object]] = []
    if output.out is not None:
        writers.append(partial(write_text, output.out, record.to_json()))
    if csv is not None:
        writers.append(partial(write_text, csv, csv_text(record)))
    if output.html is not None:
        writers.append(partial(show_page, output.html, record, done.load_image))
    if figures is not None:
        from ganeval_reports.figure_files import write_figures

        writers.append(partial(write_figures, record, figures))
    for write in writers:
        try:
            write()
        except GanevalError as error:
            unwritten.append(str(error))
    if output.json:
        click.echo(record.to_json().encode(), nl=False)  # JSON is UTF-8, whatever the terminal is
    elif output.quiet:
        click.echo(str(len(record.warnings)))
    else:
        print_audit(record)
    if unwritten:
        raise GanevalError("\n".join(unwritten))
    hit = [notice.code for notice in record.warnings if output.strict or notice.code in fail_on]
    if hit:
        option = "--strict" if output.strict else "--fail-on"
        codes = ", ".join(dict.fromkeys(hit))
        raise ConditionError(f"{option}: {len(hit)} finding{'s' if len(hit) > 1 else ''}: {codes}")
