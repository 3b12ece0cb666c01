"""Pictures of an ablation's record: where they are now, and copies that go with the record."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from ganeval.errors import GanevalError
from ganeval.images.failures import UnreadableImage, naming
from ganeval.records import AblationRecord, ArmPicture, InputRow


def load_picture(_label: str, path: str) -> Image.Image | None:
    """Opens a picture that a fresh record names, where it was made; None where it is gone."""
    try:
        with naming(path), Image.open(path) as image:
            return image.convert("RGB")
    except UnreadableImage:
        return None


def with_copies(record: AblationRecord, file: Path) -> AblationRecord:
    """Copies the pictures that a record names into a folder beside its file.

    Args:
        record: Its pictures are named by paths that can be opened.
        file: Of the record; the folder is called after it, ``FILE_pictures``.

    Returns:
        The record with paths relative to where its file lies.

    Raises:
        GanevalError: The folder cannot be written to.
    """
    if not record.rows:
        return record
    folder = file.with_name(f"{file.stem}_pictures")
    names: dict[str, str] = {}
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for row in record.rows:
            for path in row.paths:
                if path not in names and Path(path).is_file():
                    name = f"{len(names):03}-{Path(path).name}"
                    shutil.copyfile(path, folder / name)
                    names[path] = f"{folder.name}/{name}"
    except OSError as error:
        raise GanevalError(f"{folder}: cannot be written: {error.strerror or error}") from error
    rows = [_moved(row, lambda path: names.get(path, path)) for row in record.rows]
    return record.model_copy(update={"rows": rows})


def _moved(row: InputRow, place: Callable[[str], str]) -> InputRow:
    """The row with its pictures at other places."""
    return row.model_copy(
        update={
            "original": place(row.original) if row.original else "",
            "pictures": [_moved_picture(one, place) for one in row.pictures],
        }
    )


def _moved_picture(one: ArmPicture, place: Callable[[str], str]) -> ArmPicture:
    stages = ("translated", "recovered", "identity")
    found = {stage: path for stage in stages if (path := getattr(one, stage))}
    return one.model_copy(update={stage: place(path) for stage, path in found.items()})
