"""Extraction with torch: on GPUs, and on CPUs without OpenVINO."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ganeval.errors import GanevalError, InputError
from ganeval.features.backend import Backend, Batch, Rows
from ganeval.features.extractor import NetworkExtractor
from ganeval.features.pillow_resize import resize_with_pillow
from ganeval.features.preprocess import apply_with_torch
from ganeval.features.weights import WeightsFile
from ganeval.records import BackendInfo

# Positions of a batch, its layers, and what tells that they have arrived from a GPU.
_Started = tuple[list[int], list[torch.Tensor], torch.cuda.Event | None]

_IN_FLIGHT = 3  # batches on the device before the first result is waited for


class TorchBackend(Backend):
    """Runs a network in channels-last order; batch norm beside a convolution is folded into it."""

    def __init__(
        self,
        extractor: NetworkExtractor,
        weights: WeightsFile,
        *,
        device: str,
        layers: Sequence[str],
        resize: str,
        batch_size: int | None = None,
    ) -> None:
        self._device = _open_device(device)
        self.batch_size = batch_size or (64 if self._device.type == "cuda" else 8)
        network = extractor.network(weights)
        if not extractor.arbitrary:  # others may hide an activation in what they call ``bn``
            network = fold_batch_norm(network)
        self._network = network.to(self._device).to(memory_format=torch.channels_last)
        preprocess = extractor.preprocess(resize)
        self._on_pillow = preprocess if preprocess.on_pillow else None
        self._preprocess = preprocess.after_pillow if preprocess.on_pillow else preprocess
        self._waiting: deque[_Started] = deque()
        self._outputs = {layer: list(extractor.layers).index(layer) for layer in layers}
        self.info = BackendInfo(
            name="torch",
            version=torch.__version__,
            device=torch.cuda.get_device_name(self._device)
            if self._device.type == "cuda"
            else self._device.type,
            threads=torch.get_num_threads() if self._device.type == "cpu" else None,
        )

    def prepare(self, image: np.ndarray) -> np.ndarray:
        """Resizes as Pillow does, where that defines the mode; else the device resizes."""
        return image if self._on_pillow is None else resize_with_pillow(image, self._on_pillow)

    def prepared_bytes(self, decoded: int) -> int:
        """See `Backend.prepared_bytes`."""
        return 0 if self._on_pillow is None else 3 * self._on_pillow.size**2

    def submit(self, batch: Batch) -> list[Rows]:
        """See `Backend.submit`; copies and kernels of several batches overlap on a GPU.

        Raises:
            GanevalError: The device has too little memory for the batch.
        """
        try:
            with torch.inference_mode(), _exact_arithmetic(self._device):
                self._waiting.append((batch.positions, *self._start(batch.images)))
        except torch.OutOfMemoryError as error:
            raise GanevalError(
                f"{self._device}: out of memory at {len(batch.positions)} images per call",
                hint="Use a smaller --batch-size.",
            ) from error
        return [self._oldest()] if len(self._waiting) >= _IN_FLIGHT else []

    def finish(self) -> Iterator[Rows]:
        """See `Backend.finish`."""
        while self._waiting:
            yield self._oldest()

    def abandon(self) -> None:
        """See `Backend.abandon`; copies into memory that is freed must end first."""
        for _, _, event in self._waiting:
            if event is not None:
                event.synchronize()
        self._waiting.clear()

    def _start(self, images: np.ndarray) -> tuple[list[torch.Tensor], torch.cuda.Event | None]:
        x = torch.from_numpy(images)
        on_cuda = self._device.type == "cuda"
        x = (x.pin_memory() if on_cuda else x).to(self._device, non_blocking=on_cuda)
        outputs = self._network(apply_with_torch(x, self._preprocess))
        chosen = [outputs[index].float() for index in self._outputs.values()]
        if not on_cuda:
            return [y.cpu() for y in chosen], None
        rows = [torch.empty(y.shape, dtype=y.dtype, pin_memory=True) for y in chosen]
        for row, y in zip(rows, chosen, strict=True):
            row.copy_(y, non_blocking=True)
        event = torch.cuda.Event()  # type: ignore[no-untyped-call]
        event.record(torch.cuda.current_stream(self._device))
        return rows, event

    def _oldest(self) -> Rows:
        """Waits for the oldest batch."""
        positions, rows, event = self._waiting.popleft()
        if event is not None:
            event.synchronize()
        named = zip(self._outputs, rows, strict=True)
        return Rows(positions, {layer: np.array(row.numpy()) for layer, row in named})


def fold_batch_norm(network: nn.Module) -> nn.Module:
    """Folds every ``conv`` + ``bn`` pair (torchvision's BasicConv2d) into one convolution.

    Changes features by about 2e-7 relative; the module is changed in place and returned.
    """
    for module in network.modules():
        conv, norm = getattr(module, "conv", None), getattr(module, "bn", None)
        if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            module.conv = fuse_conv_bn_eval(conv, norm)
            module.bn = nn.Identity()
    return network


def _open_device(name: str) -> torch.device:
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"--device {name}: not usable here: {reason}", hint="Use --device cpu."
        ) from error
    return device


@contextlib.contextmanager
def _exact_arithmetic(device: torch.device) -> Iterator[None]:
    """Float32 that is float32 on a GPU: no TF32, no kernels chosen by timing; restored afterwards.

    torch 2.9 replaced the switches of TF32 by ``fp32_precision`` and refuses a mix of both.
    """
    if device.type != "cuda":
        yield
        return
    cudnn: Any = torch.backends.cudnn
    matmul: Any = torch.backends.cuda.matmul
    wanted: list[tuple[Any, str, Any]] = [
        (cudnn, "benchmark", False),
        (cudnn, "deterministic", True),
    ]
    if hasattr(matmul, "fp32_precision"):
        wanted += [(matmul, "fp32_precision", "ieee"), (cudnn.conv, "fp32_precision", "ieee")]
    else:
        wanted += [(matmul, "allow_tf32", False), (cudnn, "allow_tf32", False)]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in wanted]
    try:
        for owner, name, value in wanted:
            setattr(owner, name, value)
        yield
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)
