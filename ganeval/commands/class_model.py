"""``ganeval class-model``: what a perfect member of a class looks like to a classifier."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ganeval.cli import ARGV
from ganeval.commands.class_model_options import (
    PictureOutput,
    ascent_options,
    classifier_options,
    picture_options,
)
from ganeval.commands.protection import (
    inputs_of,
    protect_inputs,
    refuse_inside,
    refuse_same_file,
    require_writable,
)

if TYPE_CHECKING:
    from ganeval.saliency.class_suite import ClassModels, ClassModelSettings

_ASCENT = ("steps", "step_size", "clamped", "jitter", "blur_every", "total_variation", "octaves",
           "restarts", "seed")  # fmt: skip


@click.command(
    "class-model",
    epilog="Example: ganeval class-model --class zebra --out zebra.png\n\n"
    "Then: ganeval class-model --class zebra --images photos/ --out zebra.png",
)
@click.option(
    "--class",
    "target",
    default="all-used",
    show_default=True,
    metavar="NAME",
    help="Name or number of a class; real or fake of a detector; all-used: the top classes of "
    "--images, both of a detector.",
)
@click.option(
    "--images",
    type=click.Path(exists=True, path_type=Path),
    metavar="PATH",
    help="Real images, whose scores stand beside those of the picture.",
)
@click.option(
    "--stop",
    type=click.Choice(["real95", "none"]),
    help="real95: also draw the first picture with the 95th percentile of the real images' "
    "scores.  [default: real95 with --images]",
)
@click.option(
    "--limit", type=click.IntRange(min=2), metavar="N", help="Score N of the images, at random."
)
@click.option(
    "--on-error",
    default="fail",
    show_default=True,
    metavar="fail|skip[=SHARE]",
    help="What to do about unreadable images; skip stops at a share of 0.05.",
)
@click.option(
    "--fit",
    type=click.Choice(["whole", "weights"]),
    default="whole",
    show_default=True,
    help="Show the model the whole image, or the crop of its publisher.",
)
@classifier_options
@ascent_options
@picture_options
def class_model(
    out: Path,
    html: Path | None,
    json_: bool,
    quiet: bool,
    strict: bool,
    overwrite: bool,
    **chosen: Any,
) -> None:
    """Draw what a classifier takes for a perfect member of a class.

    The score of the class is raised by gradient ascent on an image that begins as the mean colour.
    It runs far beyond the scores of real images, so a second picture is the first on the way that
    has the score of one (--images).
    """
    if json_ and quiet:
        raise click.UsageError("--json and --quiet exclude each other.")
    output = PictureOutput(out, html, json_, quiet, strict, overwrite)
    _require_files(output, list(inputs_of(chosen)))
    from ganeval.commands.progress import Bars
    from ganeval.saliency.ascent import AscentSettings
    from ganeval.saliency.class_suite import ClassModelSettings, draw_class_models

    settings = ClassModelSettings(
        ascent=AscentSettings(**{name: chosen.pop(name) for name in _ASCENT}), **chosen
    )

    def check(names: Sequence[str]) -> None:
        _refuse_taken([out.parent / name for name in names], output)
        protect_inputs({"--out": None} | {str(n): out.parent / n for n in names}, _read(settings))

    argv: list[str] = click.get_current_context().find_root().meta[ARGV]
    with Bars(quiet=quiet or json_) as bars:
        done = draw_class_models(
            settings,
            stem=out.stem,
            argv=argv,
            progress=bars,
            announce=bars.announce,
            check=check,
        )
    _finish(done, output)


def _require_files(output: PictureOutput, read: list[str]) -> None:
    """Refuses, before any work is done, files that cannot be written or would cost something."""
    out = output.out
    if out.suffix.lower() != ".png":
        raise click.BadParameter(f"{out} does not end in .png.", param_hint="--out")
    record = out.with_suffix(".json")
    files = {"--out": out, "record of --out": record, "--html": output.html}
    for option, path in files.items():
        if path is not None:
            require_writable(option, path)
    refuse_same_file(files)
    refuse_inside("--out", out.parent / out.stem, read)
    protect_inputs(files, read)
    _refuse_taken([path for path in (record, output.html) if path is not None], output)


def _refuse_taken(paths: Sequence[Path], output: PictureOutput) -> None:
    there = [path for path in paths if path.exists()]
    if there and not output.overwrite:
        raise click.UsageError(
            f"{there[0]} is there already; name another file, or add --overwrite to replace it."
        )


def _read(settings: ClassModelSettings) -> list[str]:
    given = (settings.images, settings.weights, settings.labels, settings.model)
    return [str(one) for one in given if one is not None]


def _finish(done: ClassModels, output: PictureOutput) -> None:
    """Writes pictures, then the record, then the page; prints; holds to ``--strict``."""
    from ganeval.commands.class_model_text import print_class_models
    from ganeval.errors import ConditionError
    from ganeval.records import write_text
    from ganeval.saliency.class_pictures import write_pictures

    record, folder = done.record, output.out.parent
    write_pictures(done, folder)
    file = output.out.with_suffix(".json")
    write_text(file, record.to_json())
    if output.html is not None:
        from ganeval.commands.show import show_page
        from ganeval.images.recorded import RecordedImages

        show_page(output.html, record, RecordedImages({}, run_folder=folder).load)
    if output.json:
        click.echo(record.to_json().encode(), nl=False)  # JSON is UTF-8, whatever the terminal is
    elif output.quiet:
        for one in record.classes:
            for picture in one.pictures[:1]:
                click.echo(repr(picture.score))
    else:
        print_class_models(record, folder, file)
    if output.strict and record.warnings:
        codes = ", ".join(dict.fromkeys(notice.code for notice in record.warnings))
        raise ConditionError(f"--strict: {len(record.warnings)} warnings: {codes}")
