"""What somebody who uses translations should know about how they were made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ganeval.images import ImageSet
from ganeval.records import Notice
from ganeval_cyclegan.generator_files import Generators
from ganeval_cyclegan.translation import TranslateSettings

_LEADERBOARD: Final = (7_000, 10_000)
"""Fewest and most images that the leaderboard of gan-getting-started takes."""


def notices(
    settings: TranslateSettings,
    generators: Generators,
    images: ImageSet,
    sizes: Sequence[tuple[int, int]],
    *,
    draws: bool,
    mixes: bool,
) -> list[Notice]:
    """Returns them, the most important first.

    Args:
        settings: What was asked for.
        generators: What translated.
        images: What was translated.
        sizes: Height and width of every image as the generator got it.
        draws: A generator has dropout.
        mixes: A generator has batch norm.
    """
    found = [*generators.notices]
    found += _skipped(images)
    found += _form(settings)
    found += _norms(settings, draws=draws, mixes=mixes)
    found += _sizes(settings, generators, images, sizes)
    found += _transparency(images, generators.background)
    if settings.archive is not None and not _LEADERBOARD[0] <= len(images) <= _LEADERBOARD[1]:
        text = (
            f"The archive holds {len(images):,} images. The leaderboard of gan-getting-started "
            f"takes {_LEADERBOARD[0]:,} to {_LEADERBOARD[1]:,}; for anything else it is fine."
        )
        found.append(Notice(code="archive_count", text=text, data={"images": len(images)}))
    return found


def _skipped(images: ImageSet) -> Iterator[Notice]:
    if images.skipped:
        names = ", ".join(one.key for one in images.skipped)
        count = len(images.skipped)
        text = f"{count} images cannot be read and have no translation: {names}."
        yield Notice(code="skipped", text=text, data={"images": count})


def _form(settings: TranslateSettings) -> Iterator[Notice]:
    if settings.format == "jpg":
        yield Notice(
            code="jpeg",
            text="JPEG leaves traces that metrics see. Compare these images with reals that were "
            "compressed in the same way, or write PNG.",
            data={"quality": settings.quality},
        )
    if settings.rounding == "truncate":
        yield Notice(
            code="truncated",
            text="Values were cut to 8 bits, not rounded, as the published code does: images are "
            "darker by half a grey level on average.",
        )


def _norms(settings: TranslateSettings, *, draws: bool, mixes: bool) -> Iterator[Notice]:
    if settings.norm_mode != "train":
        return
    if not draws and not mixes:
        text = (
            "--norm-mode train changes nothing here: instance norms treat every image alike, and "
            "there is no dropout."
        )
    else:
        parts = ["batch norms take the statistics of each image alone"] if mixes else []
        parts += ["dropout is drawn anew for each image, by --seed"] if draws else []
        text = f"--norm-mode train: {' and '.join(parts)}."
    yield Notice(code="norm_mode", text=text)


def _sizes(
    settings: TranslateSettings,
    generators: Generators,
    images: ImageSet,
    sizes: Sequence[tuple[int, int]],
) -> Iterator[Notice]:
    trained = generators.trained_size
    others = sum(size != trained for size in sizes)
    if trained is not None and others:
        yield Notice(
            code="other_size",
            text=f"{others} of {len(sizes)} images are not {_shown(trained)}, which the generator "
            f"was trained on; --size {_shown(trained)} resizes them as training does.",
            data={"images": others},
        )
    if settings.size is not None:
        height, width = settings.size
        stretched = sum(one.height * width != one.width * height for one in images.headers)
        if stretched:
            yield Notice(
                code="stretched",
                text=f"--size {_shown(settings.size)} changed the proportions of {stretched} of "
                f"{len(images)} images.",
                data={"images": stretched},
            )


def _transparency(images: ImageSet, background: int) -> Iterator[Notice]:
    count = sum("alpha" in one.special for one in images.headers)
    if count:
        yield Notice(
            code="transparency",
            text=f"{count} of {len(images)} images may be transparent; what lies behind them was "
            f"taken for grey level {background} of 255.",
            data={"images": count},
        )


def _shown(size: tuple[int, int]) -> str:
    """A size as ``--size`` takes it."""
    return str(size[0]) if size[0] == size[1] else f"{size[0]}x{size[1]}"
