"""What is told of one network of a weights file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from ganeval_cyclegan.config import Norm, Section
from ganeval_cyclegan.nets.blueprint import Blueprint, DiscriminatorBlueprint

Direction = Literal["AtoB", "BtoA"]
_DIRECTIONS: Final[dict[str, Direction]] = {"A": "AtoB", "B": "BtoA"}
_GENERATOR_NAME: Final = re.compile(r"(?:net_?)?G_?([AB])(?:2?[AB]|to[AB])?", re.IGNORECASE)
_FILE_NAME: Final = re.compile(r"(?:^|_)net_G_([AB])$")


class Description(Section):
    """One network of a file."""

    file: str
    name: str = Field(description="what the file calls it; empty where it holds one network")
    role: Literal["generator", "discriminator"]
    arch: str
    n_blocks: int | None = None
    n_down: int | None = None
    num_downs: int | None = None
    n_layers: int | None = None
    in_nc: int
    out_nc: int = Field(description="channels of the output; heads of a discriminator")
    width: int = Field(description="channels of the first layer")
    norm: Norm
    dropout: str | None = None
    padding: str
    direction: Direction | None = Field(
        default=None, description="of a generator, from its name or that of the file"
    )
    parameters: int
    keys: int = Field(description="tensors of the network, without those dropped")
    dropped_keys: list[str]
    stripped_prefixes: list[str]
    assumptions: list[str]
    sha256: str = Field(description="of the file")
    blueprint: Annotated[Blueprint, Field(discriminator="role")]

    @property
    def is_ema(self) -> bool:
        """Whether it is the moving average of another network of the file."""
        return "ema" in self.name.split(".")


def facts_of(blueprint: Blueprint) -> dict[str, Any]:
    """Returns the fields of a description that the architecture decides."""
    config = blueprint.config
    facts: dict[str, Any] = {
        "role": blueprint.role,
        "in_nc": blueprint.in_channels,
        "norm": config.norm,
    }
    if isinstance(blueprint, DiscriminatorBlueprint):
        found = blueprint.config
        return facts | {
            "arch": found.arch,
            "n_layers": found.n_layers if found.arch == "patch" else None,
            "out_nc": blueprint.heads,
            "width": found.ndf,
            "padding": found.padding,
        }
    generator = blueprint.config
    facts |= {
        "out_nc": blueprint.out_channels,
        "width": generator.ngf,
        "dropout": generator.dropout,
    }
    if generator.arch == "resnet":
        return facts | {
            "arch": "resnet",
            "n_blocks": generator.n_blocks,
            "n_down": generator.n_down,
            "padding": generator.pad,
        }
    return facts | {
        "arch": "unet",
        "num_downs": blueprint.num_downs,
        "padding": "zero",
    }


def direction_of_name(name: str) -> Direction | None:
    """Reads the direction from the name of a network: G_A, netG_B, ema.G_A2B."""
    match = _GENERATOR_NAME.fullmatch(name.split(".")[-1])
    return _DIRECTIONS[match[1].upper()] if match else None


def direction_of_file(path: Path) -> Direction | None:
    """Reads the direction from the name of a file: latest_net_G_A.pth."""
    match = _FILE_NAME.search(path.stem)
    return _DIRECTIONS[match[1]] if match else None
