"""``ganeval translate``: a folder of images through a trained generator."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ganeval.cli import ARGV

if TYPE_CHECKING:
    from ganeval_cyclegan.translation import Translation

_EXTRAS = ("recovered", "identity")
_PATH = click.Path(path_type=Path)


def _names(_context: click.Context, _option: click.Parameter, value: str) -> tuple[str, ...]:
    """Reads names of further pictures, separated by commas."""
    from ganeval.errors import unknown_name

    names = tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
    for name in names:
        if name not in _EXTRAS:
            raise click.BadParameter(str(unknown_name("such picture", name, _EXTRAS)))
    return names


def _size(_context: click.Context, _option: click.Parameter, value: str) -> tuple[int, int] | None:
    """Reads keep, a side, or height and width."""
    if value == "keep":
        return None
    found = re.fullmatch(r"([1-9]\d{0,4})(?:x([1-9]\d{0,4}))?", value)
    if found is None:
        raise click.BadParameter(
            f"{value!r} is none of keep, a number of pixels, and HEIGHTxWIDTH."
        )
    return int(found[1]), int(found[2] or found[1])


@click.command(
    epilog="Example: ganeval translate runs/horses horses/ zebras/\n\n"
    "Then: ganeval fid real-zebras/ zebras/"
)
@click.argument("checkpoint", metavar="CKPT", type=_PATH)
@click.argument("images", metavar="IN")
@click.argument("out", type=_PATH)
@click.option(
    "--direction",
    type=click.Choice(["AtoB", "BtoA"]),
    help="Which generator, where CKPT holds both.  [default: AtoB of a run; else it must be said]",
)
@click.option(
    "--checkpoint",
    "which",
    default="last",
    show_default=True,
    metavar="best|last|FILE",
    help="Which checkpoint of a run folder.",
)
@click.option("--ema", is_flag=True, help="Take the moving average of the weights.")
@click.option(
    "--with",
    "extras",
    default="",
    callback=_names,
    metavar="WHAT,...",
    help="Also write recovered (there and back) and identity (the generator of the other direction "
    "on the image itself), each to a folder of its own beside OUT: OUT-recovered, OUT-identity.",
)
@click.option(
    "--size",
    default="keep",
    show_default=True,
    callback=_size,
    metavar="keep|N|HxW",
    help="Resize images first. keep: any size goes through, padded by reflection and cropped back.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["png", "jpg"]),
    default="png",
    show_default=True,
    help="png is lossless; JPEG fakes are not comparable with PNG reals.",
)
@click.option(
    "--quality",
    type=click.IntRange(1, 100),
    metavar="1..100",
    help="Of JPEG.  [default: 95]",
)
@click.option(
    "--archive",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also write all translations to one flat zip file, as leaderboards take them.",
)
@click.option(
    "--norm-mode",
    type=click.Choice(["eval", "train"]),
    default="eval",
    show_default=True,
    help="train: batch norms by each image's own statistics, and dropout, as the published test "
    "script does.",
)
@click.option(
    "--uint8",
    "rounding",
    type=click.Choice(["round", "truncate"]),
    default="round",
    show_default=True,
    help="How values become 8-bit; truncate reproduces the published code.",
)
@click.option(
    "--batch-size",
    type=click.IntRange(min=1),
    metavar="N",
    help="Images per network call on a GPU; a CPU takes one at a time.  [default: by size]",
)
@click.option(
    "--device", default="auto", show_default=True, metavar="NAME", help="cpu, cuda, cuda:1, mps."
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Take N images at random.")
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Seed of that choice, and of dropout under --norm-mode train.",
)
@click.option(
    "--on-error",
    default="fail",
    show_default=True,
    metavar="fail|skip[=SHARE]",
    help="What to do about unreadable images; skip stops at a share of 0.05.",
)
@click.option("--overwrite", is_flag=True, help="Write into a folder that is not empty.")
@click.option("--quiet", "-q", is_flag=True, help="Print the number of translations alone.")
@click.option(  # read in cli.run, which also sees errors made before options are parsed
    "--debug", is_flag=True, expose_value=False, help="Show the traceback of an error."
)
def translate(
    checkpoint: Path,
    images: str,
    out: Path,
    which: str,
    format_: Any,
    quality: int | None,
    on_error: str,
    quiet: bool,
    **chosen: Any,
) -> None:
    """Translate the images in IN by the generator in CKPT; one file per image goes to OUT.

    CKPT is a run folder of `ganeval train`, a checkpoint, an exported file or a released one-way
    model. IN is a folder (searched recursively), zip archive, array or list. Names and folders are
    kept; OUT holds translations and nothing else that a metric counts, and translate.json tells how
    they were made.
    """
    from ganeval.commands.progress import Bars
    from ganeval.images import OnError
    from ganeval_cyclegan.translate import translate as run_translate
    from ganeval_cyclegan.translation import TranslateSettings

    if quality is not None and format_ != "jpg":
        raise click.UsageError("--quality: PNG is lossless and has none; add --format jpg.")
    settings = TranslateSettings(
        checkpoint=which,
        format=format_,
        quality=95 if quality is None else quality,
        on_error=OnError.parse(on_error),
        **chosen,
    )
    argv = click.get_current_context().find_root().meta[ARGV]
    with Bars(quiet=quiet) as bars:
        done = run_translate(checkpoint, images, out, settings, argv=argv, told=bars)
    _show(done, quiet=quiet)


def _show(done: Translation, *, quiet: bool) -> None:
    """Prints what was written, and what should be known about it."""
    from ganeval.commands.text import print_notices

    if quiet:
        click.echo(str(done.images))
        return
    print_notices(done.warnings)
    used = done.generator
    facts = " ".join(
        str(used.description[name]) for name in ("arch", "norm") if name in used.description
    )
    parts = [f"{used.network or Path(used.file).name} ({facts})"]
    parts += [used.direction] if used.direction else []
    parts += [f"update {used.update:,}"] if used.update is not None else []
    parts += ["moving average of the weights"] if used.weights == "ema" else []
    click.echo(f"{done.images} translations in {done.folders['translated']}: {', '.join(parts)}")
    for stage, folder in done.folders.items():
        if stage != "translated":
            click.echo(f"{done.images} images {stage} in {folder}")
    if done.archive is not None:
        click.echo(f"{done.images} files in {done.archive}")
    if done.padded:
        click.echo(f"{done.padded} were padded by reflection for the network, and cropped back")
    for assumption in used.assumptions:
        click.echo(f"assumed: {assumption}")
