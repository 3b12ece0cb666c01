"""The architecture behind a state dict, from its keys and shapes alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ganeval.errors import InputError
from ganeval_cyclegan.config import DiscriminatorConfig, GeneratorConfig, Norm
from ganeval_cyclegan.nets.blueprint import (
    NUM_DOWNS,
    Blueprint,
    DiscriminatorBlueprint,
    GeneratorBlueprint,
)

Shapes = Mapping[str, tuple[int, ...]]
_STATISTICS: Final = (".running_mean", ".running_var")
_BLOCK: Final = re.compile(r"model\.(\d+)\.conv_block\.(\d+)\.")
_FLAT: Final = re.compile(r"(?:model|net)\.(\d+)\.weight")


@dataclass(frozen=True)
class Inference:
    """What keys and shapes tell.

    Attributes:
        blueprint: How to build the network.
        assumptions: What they cannot tell, and what was taken instead.
    """

    blueprint: Blueprint
    assumptions: list[str] = field(default_factory=list)


def infer(shapes: Shapes) -> Inference:
    """Returns the architecture of cleaned keys.

    Raises:
        InputError: The keys follow no pattern of a known network.
    """
    if any(key.startswith("model.model.") for key in shapes):
        return _unet(shapes)
    if any(_BLOCK.match(key) for key in shapes):
        return _resnet(shapes)
    if any(key.startswith("net.") for key in shapes):
        return _pixel(shapes)
    return _patch(shapes)


def unused_statistics(shapes: Shapes) -> list[str]:
    """Returns the keys of running statistics that the network does without.

    An instance norm has none; files of such networks that carry them were run in training mode,
    where they are not looked at. The count of batches is never needed.
    """
    batch = infer_norm(shapes) == "batch"
    return [
        key
        for key in shapes
        if key.endswith(".num_batches_tracked") or (key.endswith(_STATISTICS) and not batch)
    ]


def infer_norm(shapes: Shapes) -> Norm:
    """Returns the norm: scales beside running statistics are batch norm, scales alone are not."""
    for key, shape in shapes.items():
        if key.endswith(".weight") and len(shape) == 1:
            mean = f"{key.removesuffix('.weight')}.running_mean"
            return "batch" if mean in shapes else "instance-affine"
    return "instance"


def _resnet(shapes: Shapes) -> Inference:
    places = [match for key in shapes if (match := _BLOCK.match(key))]
    blocks = sorted({int(match[1]) for match in places})
    first, n_blocks = blocks[0], len(blocks)
    n_down = (first - 4) // 3
    last = n_blocks + 5 + 6 * n_down
    complete = blocks == list(range(first, first + n_blocks)) and (first - 4) % 3 == 0
    if not complete or f"model.{last}.weight" not in shapes or "model.1.weight" not in shapes:
        raise _unknown(f"blocks at {_listed(blocks)} and no last convolution at model.{last}")
    convolutions = sorted(
        {
            int(match[2])
            for match in places
            if int(match[1]) == first and len(shapes.get(f"{match[0]}weight", ())) == 4
        }
    )
    zero = convolutions[:1] == [0]
    if len(convolutions) != 2 or convolutions[1] - convolutions[0] not in _gaps(zero):
        raise _unknown(f"convolutions at {_listed(convolutions)} of model.{first}.conv_block")
    config = GeneratorConfig.model_validate(
        {
            "arch": "resnet",
            "n_blocks": n_blocks,
            "n_down": n_down,
            "ngf": shapes["model.1.weight"][0],
            "norm": infer_norm(shapes),
            "dropout": "blocks"
            if convolutions[1] - convolutions[0] == max(_gaps(zero))
            else "none",
            "pad": "zero" if zero else "reflect",
            "kernel": shapes[f"model.{first}.conv_block.{convolutions[0]}.weight"][-1],
        }
    )
    blueprint = GeneratorBlueprint(
        in_channels=shapes["model.1.weight"][1],
        out_channels=shapes[f"model.{last}.weight"][0],
        config=config,
    )
    assumed = [] if zero else ["padding of the blocks: reflect (replicate has the same keys)"]
    assumed.append("no activation after the residual sum, outer padding of 3 pixels")
    return Inference(blueprint, [*assumed, *_of_generators()])


def _gaps(zero: bool) -> tuple[int, int]:
    """Distances from the first convolution of a block to the second: without dropout, with it."""
    return (3, 4) if zero else (4, 5)


def _unet(shapes: Shapes) -> Inference:
    convolutions = [key for key, shape in shapes.items() if len(shape) == 4]
    num_downs = len(convolutions) // 2
    first, last = shapes.get("model.model.0.weight"), shapes.get("model.model.3.weight")
    if first is None or last is None or len(convolutions) % 2 or num_downs < 5:
        raise _unknown(f"{len(convolutions)} convolutions below model.model")
    arch = next((name for name, downs in NUM_DOWNS.items() if downs == num_downs), "unet_256")
    config = GeneratorConfig.model_validate(
        {"arch": arch, "ngf": first[0], "norm": infer_norm(shapes)}
    )
    blueprint = GeneratorBlueprint(
        in_channels=first[1], out_channels=last[1], config=config, num_downs=num_downs
    )
    return Inference(
        blueprint, ["dropout: none (it has no keys, and none at test time)", *_of_generators()]
    )


def _patch(shapes: Shapes) -> Inference:
    indices = _convolution_indices(shapes)
    if len(indices) < 3 or indices[0] != 0 or indices[1] not in (2, 3):
        raise _unknown(f"convolutions at {_listed(indices)} of model")
    n_layers, first_norm = len(indices) - 2, indices[1] == 3
    config = DiscriminatorConfig.model_validate(
        {
            "arch": "patch",
            "n_layers": n_layers,
            "ndf": shapes["model.0.weight"][0],
            "kernel": shapes["model.0.weight"][-1],
            "norm": infer_norm(shapes),
            "first_norm": first_norm,
        }
    )
    assumed = ["head: linear (tanh has the same keys)", "padding: torch (same has the same keys)"]
    if n_layers == 3 and first_norm:
        assumed.append("arch: patch (stride4 has the same keys and shapes)")
    return Inference(_discriminator(shapes, f"model.{indices[-1]}.weight", config), assumed)


def _pixel(shapes: Shapes) -> Inference:
    if _convolution_indices(shapes) != [0, 2, 5]:
        raise _unknown(f"convolutions at {_listed(_convolution_indices(shapes))} of net")
    width, norm = shapes["net.0.weight"][0], infer_norm(shapes)
    config = DiscriminatorConfig.model_validate({"arch": "pixel", "ndf": width, "norm": norm})
    return Inference(
        _discriminator(shapes, "net.5.weight", config), ["head: linear (tanh has the same keys)"]
    )


def _discriminator(
    shapes: Shapes, last: str, config: DiscriminatorConfig
) -> DiscriminatorBlueprint:
    first = "net.0.weight" if config.arch == "pixel" else "model.0.weight"
    return DiscriminatorBlueprint(
        in_channels=shapes[first][1], heads=shapes[last][0], config=config
    )


def _convolution_indices(shapes: Shapes) -> list[int]:
    return sorted(
        int(match[1])
        for key, shape in shapes.items()
        if len(shape) == 4 and (match := _FLAT.fullmatch(key))
    )


def _of_generators() -> list[str]:
    return ["values of images: -1 to 1", "side of the training images: unknown"]


def _unknown(found: str) -> InputError:
    return InputError(f"no network is known with {found}")


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers)) or "none"
