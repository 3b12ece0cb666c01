"""Sizes that the networks of a run can take, checked before the first update."""

from __future__ import annotations

from typing import Final

from ganeval.errors import InputError
from ganeval_cyclegan.config import Norm, TrainConfig
from ganeval_cyclegan.domain_shapes import Domain, DomainShape, domain_shape
from ganeval_cyclegan.nets.adapter import outer_pads
from ganeval_cyclegan.nets.blueprint import NUM_DOWNS
from ganeval_cyclegan.nets.maps import map_sides, patch_layers

_CROPPED: Final = ("resize_and_crop", "crop", "scale_width_and_crop")
_DIRECTIONS: Final[tuple[tuple[str, Domain, Domain], ...]] = (("G_A", "A", "B"), ("G_B", "B", "A"))


def side_divisor(config: TrainConfig) -> int:
    """Returns what the sides of a generator's input must be multiples of."""
    generator = config.nets.G
    halvings = generator.n_down if generator.arch == "resnet" else NUM_DOWNS[generator.arch]
    return int(2**halvings)


def check_sizes(config: TrainConfig) -> None:
    """Checks all that the configuration alone tells; sizes of uncropped images need `check_shape`.

    Raises:
        InputError: Sides that do not fit a generator or a discriminator, domains that padding
            cannot join, or a dropout that the generator has no place for.
    """
    _check_dropout(config)
    _check_adapter(config)
    if config.data.preprocess in _CROPPED:
        for domain in ("A", "B"):
            check_shape(config, domain, domain_shape(config, domain))


def check_shape(config: TrainConfig, domain: Domain, shape: DomainShape) -> None:
    """Checks images of one shape against the generator that reads them and their discriminator.

    Raises:
        InputError: The sides do not fit; the message names the layer and, if it can, valid sides.
    """
    name, source, target = _DIRECTIONS[0] if domain == "A" else _DIRECTIONS[1]
    first, last = outer_pads(config, source, target)
    inner = []
    for axis, side in enumerate((shape.height, shape.width)):
        inner.append(_inner_side(config, f"data.{domain}: side {side}", side, first[axis]))
    if config.nets.G.arch == "resnet":
        _check_resnet(config, f"{name} on {shape}", shape, inner, (first, last))
    _check_discriminator(config, "D_B" if domain == "A" else "D_A", shape)


def _check_dropout(config: TrainConfig) -> None:
    generator = config.nets.G
    wrong = {"resnet": "unet3"}.get(generator.arch, "blocks")
    if generator.dropout == wrong:
        right = "blocks" if generator.arch == "resnet" else "unet3"
        raise InputError(
            f"nets.G.dropout {wrong}: {generator.arch} has no such place for dropout",
            hint=f"Use none, {right} or all.",
        )


def _check_adapter(config: TrainConfig) -> None:
    if config.data.adapter != "net-padding":
        return
    if config.nets.G.arch != "resnet":
        raise InputError(
            f"data.adapter net-padding: {config.nets.G.arch} has no padding to adapt",
            hint="Set nets.G.arch to resnet, or data.adapter to resize or pad.",
        )
    a, b = domain_shape(config, "A"), domain_shape(config, "B")
    for word, before, after in (("height", a.height, b.height), ("width", a.width, b.width)):
        gap = abs(after - before)
        if gap % 2 or gap > 6:
            reason = "is odd" if gap % 2 else "is more than 6"
            raise InputError(
                f"data.adapter net-padding: the difference in {word} of data.A ({before}) and "
                f"data.B ({after}) {reason}",
                hint="Choose sizes that differ by 0, 2, 4 or 6, or set data.adapter to resize.",
            )


def _inner_side(config: TrainConfig, where: str, side: int, first_pad: int) -> int:
    """Returns the side of a generator's smallest map."""
    divisor, extra = side_divisor(config), 2 * (first_pad - 3)
    if (side + extra) % divisor == 0:
        return (side + extra) // divisor
    lower = (side + extra) // divisor * divisor
    valid = [padded - extra for padded in (lower, lower + divisor) if padded - extra > 0 < padded]
    added = f" after {extra} pixels of padding" if extra else ""
    raise InputError(
        f"{where} is not a multiple of {divisor}{added}, which nets.G ({config.nets.G.arch}) needs",
        hint=f"The nearest valid sides are {' and '.join(map(str, valid))}."
        if len(valid) > 1
        else f"The nearest valid side is {valid[0]}.",
    )


def _check_resnet(
    config: TrainConfig,
    where: str,
    shape: DomainShape,
    inner: list[int],
    pads: tuple[tuple[int, int], tuple[int, int]],
) -> None:
    generator, (first, last) = config.nets.G, pads
    if min(last) < 0:
        raise InputError(f"{where}: the last padding would be {min(last)} pixels")
    block = generator.kernel // 2 if generator.pad == "reflect" else 0
    for axis, side in enumerate((shape.height, shape.width)):
        final = inner[axis] * side_divisor(config)
        for layer, pad, length in (
            ("model.0", first[axis], side),
            (f"model.{4 + 3 * generator.n_down}", block, inner[axis]),
            ("before the last convolution", last[axis], final),
        ):
            if pad >= length:
                raise InputError(
                    f"{where}: reflection padding of {pad} pixels ({layer}) needs a map of more "
                    f"than {pad} pixels, this one has {length}",
                    hint="Use larger images, or a smaller nets.G.n_down.",
                )
    values = inner[0] * inner[1]
    if _norm_fails(generator.norm, values, config.optim.batch):
        layer = f"model.{2 + 3 * generator.n_down}"
        raise _one_pixel(f"nets.G: {where}", layer, generator.norm)


def _check_discriminator(config: TrainConfig, name: str, shape: DomainShape) -> None:
    found, index = config.nets.D, 0
    heights, widths = map_sides(found, shape.height), map_sides(found, shape.width)
    if found.arch == "pixel":
        return
    where = f"nets.D: {name} on {shape}"
    for layer, height, width in zip(patch_layers(found), heights, widths, strict=True):
        if min(height, width) < 1:
            raise InputError(
                f"{where}: the map would be smaller than 1x1 after layer model.{index}",
                hint="Use larger images, a smaller nets.D.n_layers, or nets.D.padding same.",
            )
        if layer.normed and _norm_fails(found.norm, height * width, config.optim.batch):
            raise _one_pixel(where, f"model.{index + 1}", found.norm)
        index += 2 + layer.normed


def _norm_fails(norm: Norm, pixels: int, batch: int) -> bool:
    """Tells whether a norm has a single value per channel to normalise, which torch refuses."""
    return pixels * (batch if norm == "batch" else 1) == 1


def _one_pixel(where: str, layer: str, norm: Norm) -> InputError:
    more = " at batch 1" if norm == "batch" else ""
    return InputError(
        f"{where}: the norm of layer {layer} would see a map of 1x1{more}, which has no variance",
        hint="Use larger images, fewer layers, or (discriminators) nets.D.padding same.",
    )
