"""Generators from wherever they were left: a run folder, a checkpoint, a weights file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from torch import nn

from ganeval.errors import InputError
from ganeval.images.kinds import source_kind
from ganeval.records import Direction, Notice
from ganeval_cyclegan.checkpoints import (
    latest_checkpoint,
    read_checkpoint,
    sidecar,
)
from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.domain_shapes import domain_shape
from ganeval_cyclegan.nets.build import build_networks
from ganeval_cyclegan.nets.description import Description, facts_of
from ganeval_cyclegan.nets.published import load_generator
from ganeval_cyclegan.run_folder import RunFolder
from ganeval_cyclegan.streams import Streams
from ganeval_cyclegan.translation import TranslateSettings, UsedGenerator

_FORTH: Final[dict[Direction, str]] = {"AtoB": "G_A", "BtoA": "G_B"}
_BACK: Final[dict[Direction, str]] = {"AtoB": "G_B", "BtoA": "G_A"}
_OTHER: Final[dict[Direction, Direction]] = {"AtoB": "BtoA", "BtoA": "AtoB"}
_LATEST: Final = "latest_net_{}.pth"
_TOLD: Final = ("arch", "n_blocks", "n_down", "num_downs", "in_nc", "out_nc", "width", "norm") + (
    "dropout",
    "padding",
)


@dataclass(frozen=True)
class Generators:
    """What translates, and what is known of it.

    Attributes:
        forth: The generator of the direction asked for, on the CPU, in evaluation mode.
        back: That of the other direction; None: there is none beside it.
        used: Where ``forth`` came from.
        used_back: Where ``back`` came from.
        trained_size: Height and width of the images it was trained on; None: the file does not say.
        background: Grey level under transparent pixels in training.
        notices: What should be known about the choice.
    """

    forth: nn.Module
    back: nn.Module | None
    used: UsedGenerator
    used_back: UsedGenerator | None = None
    trained_size: tuple[int, int] | None = None
    background: int = 255
    notices: list[Notice] = field(default_factory=list)


def open_generators(checkpoint: Path, settings: TranslateSettings) -> Generators:
    """Opens what ``translate`` is given.

    Args:
        checkpoint: A run folder, a checkpoint of a run, a weights file, or a folder of weights
            files named as the published code names them (``latest_net_G_A.pth``).
        settings: Direction, checkpoint of the run folder, moving average.

    Raises:
        InputError: There is no such generator, or it is not clear which one is meant.
    """
    if checkpoint.is_dir():
        if (checkpoint / "state.json").is_file():
            return _of_run(checkpoint, settings)
        return _of_file(_exported(checkpoint, settings.direction), settings)
    if not checkpoint.exists():
        source_kind(checkpoint)  # raises, with similar names beside it
    if sidecar(checkpoint).is_file():
        return _of_checkpoint(checkpoint, settings)
    return _of_file(checkpoint, settings)


def _of_run(folder: Path, settings: TranslateSettings) -> Generators:
    notices: list[Notice] = []
    if settings.checkpoint == "last":
        path = latest_checkpoint(folder)
    elif settings.checkpoint == "best":
        best = RunFolder(folder).read_state().best
        if best is None or not best.checkpoint:
            raise InputError(
                f"--checkpoint best: the run {folder} has chosen none",
                hint="Train with --set eval.save_best=fid, or take --checkpoint last.",
            )
        path = folder / best.checkpoint
        if best.split == "test":
            text = (
                "The best checkpoint was chosen on the test images (test-peek): numbers of "
                "translations of the same images are better than those of unseen ones."
            )
            notices.append(Notice(code="test_peek", text=text))
    else:
        named = Path(settings.checkpoint)
        path = named if named.exists() else folder / named
        if not path.is_file():
            raise InputError(
                f"--checkpoint {settings.checkpoint}: there is no such file, here or in {folder}",
                hint=f"The newest is {latest_checkpoint(folder).relative_to(folder)}.",
            )
    return _of_checkpoint(path, settings, notices)


def _of_checkpoint(
    path: Path, settings: TranslateSettings, notices: list[Notice] | None = None
) -> Generators:
    """Opens a checkpoint of this package, which holds the configuration of its run."""
    direction = settings.direction or "AtoB"
    content = read_checkpoint(path)
    try:
        config = TrainConfig.model_validate(content["config"])
    except (KeyError, ValidationError) as error:
        raise InputError(f"{path}: its configuration is not one this version reads") from error
    kind = "ema" if settings.ema else "nets"
    if not content[kind]:
        raise InputError(
            f"--ema: {path} holds no moving average of the weights",
            hint="Train with --set ema.decay=0.999, or leave out --ema.",
        )
    nets = build_networks(config, Streams(config.seed))
    forth, back = _FORTH[direction], _BACK[direction]
    for name in (forth, back):
        getattr(nets, name).load_state_dict(content[kind][name])
    sha256 = sidecar(path).read_text("ascii").partition(" ")[0]

    def used(name: str, way: Direction) -> UsedGenerator:
        return UsedGenerator(
            file=str(path),
            sha256=sha256,
            network=name,
            weights="ema" if settings.ema else "raw",
            update=content["update"],
            direction=way,
            description=_told(facts_of(getattr(nets, name).blueprint)),
        )

    source = domain_shape(config, "A" if direction == "AtoB" else "B")
    own = config.data.A if direction == "AtoB" else config.data.B
    return Generators(
        forth=getattr(nets, forth).eval(),
        back=getattr(nets, back).eval(),
        used=used(forth, direction),
        used_back=used(back, _OTHER[direction]),
        trained_size=(source.height, source.width),
        background=255 if own.background is None else own.background,
        notices=notices or [],
    )


def _of_file(path: Path, settings: TranslateSettings) -> Generators:
    """Opens a weights file; the other direction may lie in it, or beside it under its own name."""
    if settings.checkpoint != "last":
        raise InputError(
            f"--checkpoint {settings.checkpoint}: chooses among the checkpoints of a run folder, "
            f"and {path} is a weights file"
        )
    direction = settings.direction
    forth, described = load_generator(path, direction=direction, ema=settings.ema)
    direction = direction or described.direction
    back, described_back = None, None
    if direction is not None and settings.extras:
        beside = path.with_name(
            path.name.replace(f"net_{_FORTH[direction]}", f"net_{_BACK[direction]}")
        )
        try:
            back, described_back = load_generator(
                beside if beside.is_file() else path, direction=_OTHER[direction], ema=settings.ema
            )
        except InputError:
            if beside.is_file() and beside != path:
                raise
    return Generators(
        forth=forth,
        back=back,
        used=_used(described),
        used_back=None if described_back is None else _used(described_back),
    )


def _exported(folder: Path, direction: Direction | None) -> Path:
    """The file of a folder that the published code would take."""
    found = [name for name in ("G_A", "G_B", "G") if (folder / _LATEST.format(name)).is_file()]
    if not found:
        raise InputError(
            f"{folder}: is no run folder (there is no state.json), and holds no "
            f"{_LATEST.format('G_A')}",
            hint="Give a run folder of ganeval train, or a weights file.",
        )
    if direction is not None and _FORTH[direction] in found:
        return folder / _LATEST.format(_FORTH[direction])
    if len(found) > 1:
        raise InputError(
            f"{folder}: holds {' and '.join(_LATEST.format(name) for name in found)}",
            hint="Choose one with --direction AtoB or --direction BtoA, or give the file.",
        )
    return folder / _LATEST.format(found[0])


def _used(described: Description) -> UsedGenerator:
    return UsedGenerator(
        file=described.file,
        sha256=described.sha256,
        network=described.name,
        weights="ema" if described.is_ema else "raw",
        direction=described.direction,
        description=_told(described.model_dump()),
        assumptions=described.assumptions,
    )


def _told(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: facts[name] for name in _TOLD if facts.get(name) is not None}
