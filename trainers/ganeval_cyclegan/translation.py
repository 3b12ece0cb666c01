"""What ``translate`` is asked for, and the file in which it says what it did."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import ConfigDict, Field

from ganeval.errors import InputError, unknown_name
from ganeval.images import OnError
from ganeval.records import Direction, Environment, InputInfo, Notice
from ganeval.records.model import Model
from ganeval_cyclegan.pixels import Rounding

SCHEMA: Final = "ganeval.translation/1"
FILE_NAME: Final = "translate.json"

Extra = Literal["recovered", "identity"]
EXTRAS: Final[tuple[Extra, ...]] = get_args(Extra)
Format = Literal["png", "jpg"]


@dataclass(frozen=True)
class TranslateSettings:
    """Every choice of a translation; the defaults are those of the command line.

    Args:
        direction: Which generator; None: the only one there is.
        checkpoint: Of a run folder: ``last``, ``best``, or a file.
        ema: Take the moving average of the weights.
        extras: Further pictures of every image, in folders beside the output folder.
        size: Height and width that images are resized to; None: they keep their own.
        format: ``png`` is lossless.
        quality: Of JPEG, 1..100.
        archive: Zip file that gets all translations as well, without folders.
        norm_mode: ``train`` normalises by the image's own statistics and draws dropout, as the
            published test script does for batch norm and dropout.
        rounding: How values become 8-bit.
        batch_size: Images per network call on an accelerator; None: as memory suggests.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``mps``.
        limit: Take that many images at random.
        seed: Of that choice, and of dropout in norm mode ``train``.
        on_error: What to do about images that cannot be read.
        overwrite: Write into folders that are not empty.
    """

    direction: Direction | None = None
    checkpoint: str = "last"
    ema: bool = False
    extras: tuple[Extra, ...] = ()
    size: tuple[int, int] | None = None
    format: Format = "png"
    quality: int = 95
    archive: Path | None = None
    norm_mode: Literal["eval", "train"] = "eval"
    rounding: Rounding = "round"
    batch_size: int | None = None
    device: str = "auto"
    limit: int | None = None
    seed: int = 0
    on_error: OnError = field(default_factory=OnError)
    overwrite: bool = False

    def __post_init__(self) -> None:
        for extra in self.extras:
            if extra not in EXTRAS:
                raise unknown_name("further picture", extra, EXTRAS)
        if self.size is not None and min(self.size) < 1:
            raise InputError(f"--size {self.size[0]}x{self.size[1]}: sides are at least 1 pixel")
        if self.format not in get_args(Format):
            raise unknown_name("format", self.format, get_args(Format))
        if not 1 <= self.quality <= 100:
            raise InputError(f"--quality {self.quality}: is not from 1 to 100")
        if self.batch_size is not None and self.batch_size < 1:
            raise InputError(f"--batch-size {self.batch_size}: at least one image is needed")


class UsedGenerator(Model):
    """One generator that was used, and the file it came from."""

    file: str
    sha256: str = Field(description="of the file")
    network: str = Field(description="its name in the file; empty where it is the only one")
    weights: Literal["raw", "ema"]
    update: int | None = Field(default=None, description="of a checkpoint: updates done")
    direction: Direction | None = None
    description: dict[str, Any] = Field(
        default_factory=dict, description="architecture, widths, norm, ..."
    )
    assumptions: list[str] = Field(default_factory=list, description="what the file does not tell")


class Translation(Model):
    """``translate.json``: how the images in a folder were made."""

    schema_: Annotated[Literal["ganeval.translation/1"], Field(alias="schema")] = SCHEMA
    argv: list[str] = Field(description="the command line, as typed")
    started: str = Field(description="ISO 8601 time with zone")
    seconds: float
    generator: UsedGenerator
    back: UsedGenerator | None = Field(
        default=None, description="the generator of the other direction, for recovered and identity"
    )
    input: InputInfo = Field(description="the images that were translated")
    images: int = Field(description="translations written, one per image")
    folders: dict[str, str] = Field(description="where pictures lie: translated, recovered, ...")
    archive: str | None = None
    size: tuple[int, int] | None = Field(description="height and width images were resized to")
    padded: int = Field(description="images that were padded for the network and cropped back")
    format: Format
    quality: int | None = Field(description="of JPEG")
    norm_mode: Literal["eval", "train"]
    rounding: Rounding = Field(description="how values became 8-bit")
    seed: int
    device: str
    warnings: list[Notice] = Field(default_factory=list)
    environment: Environment

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True
    )

    def to_json(self) -> str:
        """Returns it as indented JSON with a final newline."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"
