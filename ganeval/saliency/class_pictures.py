"""Class models as files: every PNG tells what it is, so that it is not shown without its score."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ganeval.records import atomic_write
from ganeval.saliency.class_suite import ClassModels
from ganeval.saliency.class_wording import caption


def write_pictures(done: ClassModels, folder: Path) -> None:
    """Writes every picture, with its caption in the PNG's own ``Description``.

    Args:
        done: What was drawn.
        folder: Where they go.

    Raises:
        GanevalError: One cannot be written.
    """
    for one in done.record.classes:
        for picture in one.pictures:
            told = PngInfo()
            told.add_itxt("Description", caption(one, picture))
            with atomic_write(folder / picture.file) as stream:
                Image.fromarray(done.pictures[picture.file]).save(stream, "PNG", pnginfo=told)
