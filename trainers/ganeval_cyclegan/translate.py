"""A folder of images through a generator: one lossless file per image."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import torch

from ganeval.environment import environment
from ganeval.errors import GanevalError, InputError
from ganeval.images import Decoding, ImageSet, UnreadableImage, open_image_set, settle_failures
from ganeval.records import write_text
from ganeval_cyclegan.choices import find_device
from ganeval_cyclegan.generator_files import open_generators
from ganeval_cyclegan.output_names import check_folder, output_names
from ganeval_cyclegan.translated_files import (
    archive_names,
    check_written,
    write_archive,
)
from ganeval_cyclegan.translation import FILE_NAME, TranslateSettings, Translation
from ganeval_cyclegan.translator import Told, Translator, worker_threads


def translate(
    checkpoint: str | os.PathLike[str],
    images: str | os.PathLike[str],
    out: str | os.PathLike[str],
    settings: TranslateSettings | None = None,
    *,
    argv: Sequence[str] = (),
    told: Told = lambda what, done, total: None,
) -> Translation:
    """Translates every image of a set into a file of its own, under its own name.

    On a CPU each image goes through the network alone, so its translation is the same bits whatever
    lies beside it. All inputs are read once before the first output is written.

    Args:
        checkpoint: A run folder, checkpoint, or weights file; see `open_generators`.
        images: A folder, zip archive, array file or list of images.
        out: Folder of the translations; ``recovered`` and ``identity`` go to folders beside it
            (``OUT-recovered``), so that a metric of ``out`` is one of the translations alone.
        settings: Every choice.
        argv: The command line, for ``translate.json``.
        told: How far it is.

    Returns:
        What was done, as it stands in ``translate.json`` in ``out``.

    Raises:
        InputError: The checkpoint, an image or an option does not fit; nothing was written.
        GanevalError: A file cannot be written, or memory is not enough.
    """
    chosen = settings or TranslateSettings()
    started, clock = datetime.now().astimezone(), time.perf_counter()
    device = _device(chosen.device)
    generators = open_generators(Path(checkpoint), chosen)
    translator = Translator(generators, chosen, device)
    opened = open_image_set(
        images,
        decoding=Decoding(background=(generators.background,) * 3),
        limit=chosen.limit,
        seed=chosen.seed,
    )
    opened = _readable(opened, chosen, told)
    names = output_names(opened, f".{chosen.format}")
    folders = output_folders(Path(out), chosen)
    for stage, folder in folders.items():
        option = "OUT" if stage == "translated" else f"--with {stage}:"
        check_folder(option, folder, names, os.fspath(images), overwrite=chosen.overwrite)
    flat = _archive(chosen, opened.keys, names, os.fspath(images))
    with _memory_errors():
        translator.run(opened, names, folders, told)
    for folder in folders.values():
        check_written(folder, names)
    if chosen.archive is not None:
        write_archive(chosen.archive, folders["translated"], flat)
    record = Translation(
        argv=list(argv),
        started=started.isoformat(timespec="seconds"),
        seconds=time.perf_counter() - clock,
        generator=generators.used,
        back=generators.used_back if chosen.extras else None,
        input=opened.info("real", Path(images).name),
        images=len(opened),
        folders={stage: str(folder) for stage, folder in folders.items()},
        archive=None if chosen.archive is None else str(chosen.archive),
        size=chosen.size,
        padded=translator.padded(opened),
        format=chosen.format,
        quality=chosen.quality if chosen.format == "jpg" else None,
        norm_mode=chosen.norm_mode,
        rounding=chosen.rounding,
        seed=chosen.seed,
        device=str(device),
        warnings=translator.notices(opened),
        environment=environment(),
    )
    write_text(folders["translated"] / FILE_NAME, record.to_json())
    return record


def output_folders(out: Path, settings: TranslateSettings) -> dict[str, Path]:
    """Returns the folder of every kind of picture, that of the translations first."""
    place = out if out.name else Path(os.path.abspath(out))
    folders = {"translated": out}
    for extra in settings.extras:
        folders[extra] = place.with_name(f"{place.name}-{extra}")
    return folders


def _readable(images: ImageSet, settings: TranslateSettings, told: Told) -> ImageSet:
    """Decodes everything once, so that a bad file is found before the first output.

    Raises:
        InputError: Files cannot be read and are not to be skipped.
    """
    failures: dict[str, str] = {}

    def failure(index: int) -> None:
        try:
            images.decode(index)
        except UnreadableImage as error:
            failures[error.key] = error.reason

    with ThreadPoolExecutor(worker_threads(), "check") as pool:
        for done, _ in enumerate(pool.map(failure, range(len(images))), start=1):
            told("checking", done, len(images))
    return settle_failures(images, failures, settings.on_error, cached=0)


def _archive(
    settings: TranslateSettings, keys: Sequence[str], names: Sequence[str], source: str
) -> dict[str, str]:
    """Name in the archive by output; empty without one."""
    path = settings.archive
    if path is None:
        return {}
    if not path.absolute().parent.is_dir():
        raise InputError(f"--archive {path}: the folder {path.parent} does not exist")
    if path.is_dir():
        raise InputError(f"--archive {path}: is a folder; name a zip file")
    if path.exists() and os.path.realpath(path) == os.path.realpath(source):
        raise InputError(f"--archive {path}: would write over the images that are read")
    if path.exists() and not settings.overwrite:
        raise InputError(
            f"--archive {path}: is there already",
            hint="Name another file, or pass --overwrite to replace it.",
        )
    flat = archive_names(dict(zip(keys, names, strict=True)))
    return {name: flat[key] for key, name in zip(keys, names, strict=True)}


def _device(name: str) -> torch.device:
    try:
        return find_device(name)
    except InputError as error:
        raise InputError(
            f"--device {name}: this machine or this build of torch has no such device",
            hint="Use auto, cpu, or cuda where there is a GPU.",
        ) from error


@contextmanager
def _memory_errors() -> Iterator[None]:
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        lacking = isinstance(error, torch.OutOfMemoryError | MemoryError)
        if not lacking and "allocate memory" not in str(error):
            raise
        raise GanevalError(
            "out of memory while translating",
            hint="Try a smaller --batch-size, or smaller images by --size.",
        ) from error
