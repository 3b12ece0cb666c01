"""The published networks once more, written from their tables and from nothing of the package.

Keys with shapes as lists, and forward passes as plain calls of torch.nn.functional on a state dict.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

State = dict[str, Tensor]
Layout = dict[str, tuple[int, ...]]


def conv(layout: Layout, key: str, shape: tuple[int, ...], bias: bool, out: int) -> None:
    layout[f"{key}.weight"] = shape
    if bias:
        layout[f"{key}.bias"] = (out,)


def batch_norm(layout: Layout, key: str, width: int) -> None:
    for name in ("weight", "bias", "running_mean", "running_var"):
        layout[f"{key}.{name}"] = (width,)
    layout[f"{key}.num_batches_tracked"] = ()


def resnet_layout(
    n_blocks: int, *, bn: bool, dropout: bool, c_in: int = 3, c_out: int = 3, ngf: int = 64
) -> Layout:
    """Keys of 1, 4, 7, blocks from 10, then the two transposed ones and the last convolution."""
    found: Layout = {}

    def normed(index: int, shape: tuple[int, ...], width: int) -> None:
        conv(found, f"model.{index}", shape, not bn, width)
        if bn:
            batch_norm(found, f"model.{index + 1}", width)

    normed(1, (ngf, c_in, 7, 7), ngf)
    normed(4, (2 * ngf, ngf, 3, 3), 2 * ngf)
    normed(7, (4 * ngf, 2 * ngf, 3, 3), 4 * ngf)
    wide = 4 * ngf
    second = 6 if dropout else 5
    for block in range(10, 10 + n_blocks):
        for place in (1, second):
            key = f"model.{block}.conv_block.{place}"
            conv(found, key, (wide, wide, 3, 3), not bn, wide)
            if bn:
                batch_norm(found, f"model.{block}.conv_block.{place + 1}", wide)
    up = {9: 19, 6: 16}.get(n_blocks, n_blocks + 10)
    normed(up, (wide, wide // 2, 3, 3), wide // 2)
    normed(up + 3, (wide // 2, wide // 4, 3, 3), wide // 4)
    conv(found, f"model.{n_blocks + 17}", (c_out, ngf, 7, 7), True, c_out)
    return found


def unet_layout(
    num_downs: int, *, bn: bool, c_in: int = 3, c_out: int = 3, ngf: int = 64
) -> Layout:
    """Weight shapes of the table: down from the outermost, up from the innermost."""
    found: Layout = {}
    down = [(1, c_in), (2, 1), (4, 2), (8, 4)] + [(8, 8)] * (num_downs - 4)
    up = [(8, 8)] + [(16, 8)] * (num_downs - 5) + [(16, 4), (8, 2), (4, 1)]
    prefix = "model.model"
    for level in range(num_downs):
        out, into = down[level]
        shape = (out * ngf, into if level == 0 else into * ngf, 4, 4)
        index = 0 if level == 0 else 1
        conv(found, f"{prefix}.{index}", shape, not bn, out * ngf)
        innermost = level == num_downs - 1
        if bn and level > 0 and not innermost:
            batch_norm(found, f"{prefix}.2", out * ngf)
        if level > 0:
            into, out = up[num_downs - 1 - level]
            place = 3 if innermost else 5
            conv(found, f"{prefix}.{place}", (into * ngf, out * ngf, 4, 4), not bn, out * ngf)
            if bn:
                batch_norm(found, f"{prefix}.{place + 1}", out * ngf)
        prefix += f".{1 if level == 0 else 3}.model"
    conv(found, "model.model.3", (2 * ngf, c_out, 4, 4), True, c_out)
    return found


def patch_layout(
    n_layers: int, *, bn: bool = False, c_in: int = 3, ndf: int = 64, heads: int = 1
) -> Layout:
    """Convolutions at 0, 2, 5, 8, 11 and so on; the first and the last have a bias always."""
    widths = [64, 128, 256, 512, 512, 512]
    found: Layout = {}
    conv(found, "model.0", (ndf, c_in, 4, 4), True, ndf)
    before = ndf
    for i in range(1, n_layers + 1):
        width = widths[i] * ndf // 64
        conv(found, f"model.{3 * i - 1}", (width, before, 4, 4), not bn, width)
        if bn:
            batch_norm(found, f"model.{3 * i}", width)
        before = width
    conv(found, f"model.{3 * n_layers + 2}", (heads, before, 4, 4), True, heads)
    return found


def first_norm_layout(c_in: int = 3) -> Layout:
    """The network of the report mnist-svhn: convolutions at 0, 3, 6, 9 and 12."""
    found: Layout = {}
    for key, out, into in ((0, 64, c_in), (3, 128, 64), (6, 256, 128), (9, 512, 256), (12, 1, 512)):
        conv(found, f"model.{key}", (out, into, 4, 4), True, out)
    return found


def pixel_layout(*, bn: bool = False) -> Layout:
    found: Layout = {}
    conv(found, "net.0", (64, 3, 1, 1), True, 64)
    conv(found, "net.2", (128, 64, 1, 1), not bn, 128)
    if bn:
        batch_norm(found, "net.3", 128)
    conv(found, "net.5", (1, 128, 1, 1), not bn, 1)
    return found


def norm(x: Tensor, state: State, key: str) -> Tensor:
    """Batch norm at test time where the state has one, else instance norm."""
    if f"{key}.running_mean" not in state:
        variance, mean = torch.var_mean(x, dim=(2, 3), correction=0, keepdim=True)
        return (x - mean) / torch.sqrt(variance + 1e-5)
    mean, variance = state[f"{key}.running_mean"], state[f"{key}.running_var"]
    weight, bias = state[f"{key}.weight"], state[f"{key}.bias"]
    return F.batch_norm(x, mean, variance, weight, bias, training=False)


def resnet_forward(state: State, x: Tensor, n_blocks: int, second: int = 5) -> Tensor:
    def weights(key: str) -> tuple[Tensor, Tensor | None]:
        return state[f"{key}.weight"], state.get(f"{key}.bias")

    x = F.conv2d(F.pad(x, (3, 3, 3, 3), mode="reflect"), *weights("model.1"))
    x = F.relu(norm(x, state, "model.2"))
    for index in (4, 7):
        x = F.conv2d(x, *weights(f"model.{index}"), stride=2, padding=1)
        x = F.relu(norm(x, state, f"model.{index + 1}"))
    for block in range(10, 10 + n_blocks):
        key = f"model.{block}.conv_block"
        inner = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), *weights(f"{key}.1"))
        inner = F.relu(norm(inner, state, f"{key}.2"))
        inner = F.conv2d(F.pad(inner, (1, 1, 1, 1), mode="reflect"), *weights(f"{key}.{second}"))
        x = x + norm(inner, state, f"{key}.{second + 1}")
    for index in (10 + n_blocks, 13 + n_blocks):
        x = F.conv_transpose2d(x, *weights(f"model.{index}"), stride=2, padding=1, output_padding=1)
        x = F.relu(norm(x, state, f"model.{index + 1}"))
    x = F.pad(x, (3, 3, 3, 3), mode="reflect")
    return torch.tanh(F.conv2d(x, *weights(f"model.{n_blocks + 17}")))


def unet_forward(state: State, x: Tensor, num_downs: int) -> Tensor:
    """Down and up by hand, the skips altered by the LeakyReLU as in the published code."""
    prefixes = ["model.model", "model.model.1.model"]
    prefixes += [
        prefixes[1] + ".3.model" * depth for depth in range(1, num_downs - 1)
    ]  # of levels 2 to the innermost

    def weights(key: str) -> tuple[Tensor, Tensor | None]:
        return state[f"{key}.weight"], state.get(f"{key}.bias")

    x = F.conv2d(x, *weights("model.model.0"), stride=2, padding=1)
    skips = []
    for level in range(1, num_downs):
        x = F.leaky_relu(x, 0.2)
        skips.append(x)
        x = F.conv2d(x, *weights(f"{prefixes[level]}.1"), stride=2, padding=1)
        if level < num_downs - 1:
            x = norm(x, state, f"{prefixes[level]}.2")
    for level in range(num_downs - 1, 0, -1):
        place = 3 if level == num_downs - 1 else 5
        x = F.conv_transpose2d(
            F.relu(x), *weights(f"{prefixes[level]}.{place}"), stride=2, padding=1
        )
        x = norm(x, state, f"{prefixes[level]}.{place + 1}")
        x = torch.cat([skips[level - 1], x], 1)
    return torch.tanh(F.conv_transpose2d(F.relu(x), *weights("model.model.3"), stride=2, padding=1))


def patch_forward(state: State, x: Tensor, n_layers: int) -> Tensor:
    def weights(key: str) -> tuple[Tensor, Tensor | None]:
        return state[f"{key}.weight"], state.get(f"{key}.bias")

    x = F.leaky_relu(F.conv2d(x, *weights("model.0"), stride=2, padding=1), 0.2)
    for i in range(1, n_layers + 1):
        stride = 2 if i < n_layers else 1
        x = F.conv2d(x, *weights(f"model.{3 * i - 1}"), stride=stride, padding=1)
        x = F.leaky_relu(norm(x, state, f"model.{3 * i}"), 0.2)
    return F.conv2d(x, *weights(f"model.{3 * n_layers + 2}"), padding=1)


def random_state(layout: Layout, seed: int = 0) -> State:
    """Tensors as a trained file has them: weights, scales and statistics, none of them plain."""
    random = torch.Generator().manual_seed(seed)
    state = OrderedDict()
    for key, shape in layout.items():
        if key.endswith("num_batches_tracked"):
            state[key] = torch.tensor(7)
        elif key.endswith("running_var"):
            state[key] = torch.rand(shape, generator=random) + 0.5
        else:
            state[key] = torch.randn(shape, generator=random) * (0.3 if len(shape) == 4 else 1)
    return state


def save(path: Path, state: Any, prefix: str = "") -> Path:
    torch.save({f"{prefix}{key}": value for key, value in state.items()}, path)
    return path
