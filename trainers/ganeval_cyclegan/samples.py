"""Sample sheets: what the generators make of the same few images, again and again."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from ganeval.errors import InputError
from ganeval.images import Decoding
from ganeval.images.files import FileSource
from ganeval.images.listing import Listing
from ganeval.records import Direction, Domain, Sheet, SheetRow, atomic_write
from ganeval_cyclegan.config import SamplesConfig, TrainConfig
from ganeval_cyclegan.cycle import cycle_l1
from ganeval_cyclegan.data.transforms import transform_of
from ganeval_cyclegan.domain_shapes import domain_shape
from ganeval_cyclegan.evaluation import EvaluationData, chosen
from ganeval_cyclegan.evaluation_mode import device_of, evaluating
from ganeval_cyclegan.nets.networks import Networks
from ganeval_cyclegan.pixels import Pixels, to_pixels, to_tensor, with_channels
from ganeval_cyclegan.sheet_grid import Block, GridRow, draw_grid
from ganeval_cyclegan.streams import Streams

FOLDER: Final = "samples"
_STAGES: Final = ("original", "translated", "recovered", "identity")
_DIRECTIONS: Final[tuple[tuple[Direction, Domain, str, str], ...]] = (
    ("AtoB", "A", "G_A", "G_B"),
    ("BtoA", "B", "G_B", "G_A"),
)


@dataclass(frozen=True)
class _Sample:
    """An image that is shown on every sheet.

    Attributes:
        key: Its key, or its path as the user gave it.
        name: What its files are called.
        image: float32 ``[1, C, H, W]`` in -1..1.
    """

    key: str
    name: str
    image: Tensor


def sheet_is_due(config: SamplesConfig, epoch: int) -> bool:
    """Tells whether there is a sheet after an epoch; 0 is before the first update."""
    return epoch in config.epochs or (config.every > 0 and epoch % config.every == 0)


def write_sheet(
    nets: Networks,
    data: EvaluationData,
    config: TrainConfig,
    streams: Streams,
    run_folder: Path,
    *,
    update: int,
    epoch: int,
) -> Sheet:
    """Translates the fixed images and writes every picture as a lossless file, and one grid.

    The images are chosen by the seed of the run from those held out (from the training images
    where none are), so sheets of one run and of runs that differ in one choice compare. Training
    is not touched.

    Args:
        nets: The generators as they are.
        data: The images of the run.
        config: How many images, and which files are shown beside them.
        streams: Choose the images.
        run_folder: Files go to ``samples/`` in it; originals are written once.
        update: Updates done.
        epoch: Epochs done; 0: untrained.

    Raises:
        InputError: A watched file cannot be read.
        GanevalError: A file cannot be written.
    """
    name = f"e{epoch:04d}-u{update:08d}"
    folder = run_folder / FOLDER / name
    rows: list[SheetRow] = []
    blocks: list[Block] = []
    with evaluating([nets.G_A, nets.G_B]):
        for direction, domain, forth, back in _DIRECTIONS:
            of_direction: list[GridRow] = []
            for sample in _samples(domain, data, config, streams):
                pictures, l1 = _translated(
                    sample, getattr(nets, forth), getattr(nets, back), _identity(config)
                )
                row = _written(pictures, l1, direction, sample, folder, run_folder)
                rows.append(row)
                of_direction.append(_grid_row(row, pictures))
            if of_direction:
                blocks.append(_block(direction, of_direction, config))
    grid = folder.with_name(f"{name}.png")
    if not blocks:
        raise InputError("samples: there is no image to show, in training or held out")
    when = "untrained" if update == 0 else f"after epoch {epoch}"
    _save(grid, draw_grid(f"Update {update:,}, {when}", blocks))
    return Sheet(
        update=update, epoch=epoch, grid=grid.relative_to(run_folder).as_posix(), rows=rows
    )


def check_watched(config: TrainConfig) -> None:
    """Reads the files of ``samples.watch``, so that a bad one is found before the first update.

    Raises:
        InputError: One is not there or cannot be read.
    """
    for domain in ("A", "B"):
        _watched(domain, config)


def _samples(
    domain: Domain, data: EvaluationData, config: TrainConfig, streams: Streams
) -> list[_Sample]:
    held, train = (data.held_A, data.train_A) if domain == "A" else (data.held_B, data.train_B)
    images = held if len(held) else train
    indices = chosen(streams, f"samples.{domain}", len(images), config.samples.count)
    found = [
        _Sample(
            images.keys[index],
            f"{domain}-{number:02d}-{_file_name(images.keys[index])}",
            images.test_batch([index]),
        )
        for number, index in enumerate(indices)
    ]
    return found + _watched(domain, config)


def _watched(domain: Domain, config: TrainConfig) -> list[_Sample]:
    found: list[_Sample] = []
    for entry in config.samples.watch:
        letter, colon, path = entry.partition(":")
        if letter not in ("A", "B") or not colon:
            letter, path = "A", entry
        if letter == domain:
            name = f"{domain}-watch{len(found):02d}-{_file_name(path)}"
            found.append(_Sample(path, name, to_tensor(_seen(Path(path), domain, config)[None])))
    return found


def _seen(path: Path, domain: Domain, config: TrainConfig) -> Pixels:
    """A file of the user's as the networks see it, uint8 ``[H, W, C]``."""
    own = config.data.A if domain == "A" else config.data.B
    white = 255 if own.background is None else own.background
    decoding = Decoding(background=(white, white, white))
    if not path.is_file():
        raise InputError(
            f"samples.watch {path}: there is no such file",
            hint="Give the path of an image file, with A: or B: in front for its domain.",
        )
    source = FileSource("list", Listing({str(path): path}), None)
    header, _ = source.inspect(str(path), decoding)
    pixels = with_channels(source.decode(str(path), header, decoding), own.channels)
    seen = transform_of(config, domain).undrawn(pixels)
    channels = domain_shape(config, domain).channels
    if channels > seen.shape[2]:
        return np.repeat(seen, channels, axis=2)
    return with_channels(seen, channels)


def _translated(
    sample: _Sample, forth: nn.Module, back: nn.Module, identity: bool
) -> tuple[dict[str, Image.Image], float]:
    """All pictures of a row by stage, and the cycle's L1."""
    original = sample.image.to(device_of(forth))
    translated = forth(original)
    recovered = back(translated)
    stages = {"original": original, "translated": translated, "recovered": recovered}
    if identity:
        stages["identity"] = back(original)
    return {stage: _picture(tensor) for stage, tensor in stages.items()}, cycle_l1(
        original, recovered
    )[0]


def _identity(config: TrainConfig) -> bool:
    """Whether a generator can be given images of its own target domain."""
    return domain_shape(config, "A") == domain_shape(config, "B")


def _picture(image: Tensor) -> Image.Image:
    pixels = to_pixels(torch.nan_to_num(image, 0.0))[0]
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def _written(
    pictures: dict[str, Image.Image],
    l1: float,
    direction: Direction,
    sample: _Sample,
    folder: Path,
    run_folder: Path,
) -> SheetRow:
    paths = {}
    for stage, picture in pictures.items():
        if stage == "original":
            path = run_folder / FOLDER / "originals" / f"{sample.name}.png"
        else:
            path = folder / f"{sample.name}-{stage}.png"
        _save(path, picture)
        paths[stage] = path.relative_to(run_folder).as_posix()
    return SheetRow(
        direction=direction, key=sample.key, cycle_l1=l1 if np.isfinite(l1) else None, **paths
    )


def _grid_row(row: SheetRow, pictures: dict[str, Image.Image]) -> GridRow:
    l1 = "" if row.cycle_l1 is None else f"   cycle L1 {row.cycle_l1:.1f}"
    tiles: Sequence[Image.Image | None] = [
        pictures[stage] for stage in _STAGES if stage in pictures
    ]
    return GridRow(f"{row.key}{l1}", tiles)


def _block(direction: Direction, rows: list[GridRow], config: TrainConfig) -> Block:
    source, target = direction[0], direction[-1]
    forth, back = ("G_A", "G_B") if direction == "AtoB" else ("G_B", "G_A")
    columns = _STAGES if _identity(config) else _STAGES[:-1]
    head = f"{source} to {target} by {forth}; recovered by {back}"
    head += f"; identity: {back} on {source}" if _identity(config) else ""
    return Block(head, columns, rows)


def _file_name(key: str) -> str:
    """A key's last part as a part of a file name that every system takes."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", Path(key).stem)[:40] or "image"


def _save(path: Path, picture: Image.Image) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    encoded = io.BytesIO()
    picture.save(encoded, "PNG")
    with atomic_write(path) as stream:
        stream.write(encoded.getvalue())
