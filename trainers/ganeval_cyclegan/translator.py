"""Images through generators: read ahead, batched by size, written as they come."""

from __future__ import annotations

import os
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from ganeval.errors import GanevalError, InputError
from ganeval.images import ImageSet
from ganeval.records import Notice
from ganeval_cyclegan.data.transforms import resized
from ganeval_cyclegan.framing import Framed
from ganeval_cyclegan.generator_files import Generators
from ganeval_cyclegan.pixels import Pixels, to_pixels, to_tensor, with_channels
from ganeval_cyclegan.streams import Streams
from ganeval_cyclegan.translated_files import ImageWriter
from ganeval_cyclegan.translation import TranslateSettings
from ganeval_cyclegan.translation_notices import notices

Told = Callable[[str, int, int], None]
"""Called with what is done, how much of it, of how much."""

_PIXELS: Final = 1 << 20  # per network call on an accelerator: 16 images of 256x256
_MOST: Final = 64  # images per network call
_THREADS: Final = 8


class Translator:
    """Generators on their device, and how images go through them.

    Args:
        generators: What translates.
        settings: Every choice.
        device: Where.

    Raises:
        InputError: The generators cannot give what is asked for.
    """

    def __init__(
        self, generators: Generators, settings: TranslateSettings, device: torch.device
    ) -> None:
        self.generators = generators
        self.settings = settings
        self._device = device
        self._streams = Streams(settings.seed)
        nets = [net for net in (generators.forth, generators.back) if net is not None]
        self._forth = Framed(generators.forth)
        self._back = None if generators.back is None else Framed(generators.back)
        self._check_extras()
        for net in nets:
            net.to(device).train(settings.norm_mode == "train")
        self._draws = any(isinstance(one, nn.Dropout) for net in nets for one in net.modules())
        self._mixes = any(isinstance(one, nn.BatchNorm2d) for net in nets for one in net.modules())
        # Alone, no image's rounding, statistics or dropout depends on another image.
        self._alone = device.type == "cpu" or settings.norm_mode == "train"

    def run(
        self, images: ImageSet, names: Sequence[str], folders: dict[str, Path], told: Told
    ) -> None:
        """Translates and writes all images."""
        done, threads = 0, worker_threads()
        with ExitStack() as stack:
            readers = stack.enter_context(ThreadPoolExecutor(threads, "decode"))
            writer = stack.enter_context(
                ImageWriter(self.settings.format, self.settings.quality, threads)
            )
            stack.enter_context(torch.inference_mode())
            stack.enter_context(_exact())
            for indices, pixels in self._batches(images, readers):
                stages = self._translated(pixels, [images.keys[i] for i in indices])
                for stage, pictures in stages.items():
                    for index, picture in zip(indices, pictures, strict=True):
                        writer.write(folders[stage] / names[index], picture)
                done += len(indices)
                told("translating", done, len(images))

    def padded(self, images: ImageSet) -> int:
        """Counts the images that do not fit the generator as they are."""
        return sum(self._forth.padded(*size) != size for size in self._sizes(images))

    def notices(self, images: ImageSet) -> list[Notice]:
        """Returns what should be known about the translations."""
        return notices(
            self.settings,
            self.generators,
            images,
            self._sizes(images),
            draws=self._draws,
            mixes=self._mixes,
        )

    def _translated(self, pixels: Pixels, keys: Sequence[str]) -> dict[str, Pixels]:
        """Pictures of every kind, uint8 ``[n, H, W, C]``, of uint8 ``[n, h, w, C]``."""
        batch = to_tensor(pixels).to(self._device)
        with _drawing(self._streams.key("dropout", *keys) if self._draws else None, self._device):
            translated = self._forth(batch)
            tensors = {"translated": translated}
            if self._back is not None and "recovered" in self.settings.extras:
                tensors["recovered"] = self._back(translated)
            if self._back is not None and "identity" in self.settings.extras:
                tensors["identity"] = self._back(batch)
        for tensor in tensors.values():
            _check_finite(tensor, keys)
        return {
            stage: to_pixels(tensor, self.settings.rounding) for stage, tensor in tensors.items()
        }

    def _batches(
        self, images: ImageSet, readers: ThreadPoolExecutor
    ) -> Iterator[tuple[list[int], Pixels]]:
        """Yields indices and pixels of images of equal size, reading a little ahead."""
        waiting: deque[tuple[list[int], list[Future[Pixels]]]] = deque()
        for indices in self._order(images):
            waiting.append((indices, [readers.submit(self._read, images, i) for i in indices]))
            if len(waiting) > _THREADS:
                yield _gathered(*waiting.popleft())
        while waiting:
            yield _gathered(*waiting.popleft())

    def _order(self, images: ImageSet) -> Iterator[list[int]]:
        """Yields the indices of every network call."""
        of_size: dict[tuple[int, int], list[int]] = defaultdict(list)
        for index in range(len(images)):
            of_size[self._size(images, index)].append(index)
        for size, indices in of_size.items():
            height, width = self._forth.padded(*size)
            wanted = self.settings.batch_size or min(max(_PIXELS // (height * width), 1), _MOST)
            count = 1 if self._alone else wanted
            for start in range(0, len(indices), count):
                yield indices[start : start + count]

    def _read(self, images: ImageSet, index: int) -> Pixels:
        pixels = with_channels(images.decode(index), self._forth.in_channels)
        return pixels if self.settings.size is None else resized(pixels, self.settings.size)

    def _size(self, images: ImageSet, index: int) -> tuple[int, int]:
        header = images.headers[index]
        return self.settings.size or (header.height, header.width)

    def _sizes(self, images: ImageSet) -> list[tuple[int, int]]:
        return [self._size(images, index) for index in range(len(images))]

    def _check_extras(self) -> None:
        extras, used = self.settings.extras, self.generators.used
        if not extras:
            return
        if self._back is None:
            raise InputError(
                f"--with {','.join(extras)}: needs the generator of the other direction, and "
                f"{used.file} holds one alone",
                hint="Give a run folder, or a file net_G_A with net_G_B beside it, and "
                "--direction.",
            )
        back, forth = self._back, self._forth
        if "recovered" in extras and back.in_channels != forth.out_channels:
            raise InputError(
                f"--with recovered: the translations have {forth.out_channels} channels, and the "
                f"generator back takes {back.in_channels}"
            )
        fits = back.in_channels == forth.in_channels == back.out_channels
        if "identity" in extras and not (fits and back.gains == (0, 0)):
            raise InputError(
                "--with identity: the domains differ in size or channels, so the generator of the "
                "other direction cannot be given these images"
            )


def worker_threads() -> int:
    """Returns how many threads read and write images."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(cores or 1, _THREADS)


def _gathered(indices: list[int], futures: list[Future[Pixels]]) -> tuple[list[int], Pixels]:
    return indices, np.stack([future.result() for future in futures])


def _check_finite(images: Tensor, keys: Sequence[str]) -> None:
    for key, finite in zip(keys, torch.isfinite(images).flatten(1).all(1).tolist(), strict=True):
        if not finite:
            raise GanevalError(
                f"{key}: the generator gave values that are not finite",
                hint="Its training diverged; take an earlier checkpoint.",
            )


@contextmanager
def _drawing(seed: int | None, device: torch.device) -> Iterator[None]:
    """Lets dropout draw from a seed of its own; torch's random state is put back."""
    if seed is None:
        yield
        return
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


@contextmanager
def _exact() -> Iterator[None]:
    """Full float32 and repeatable kernels on CUDA; torch's switches are put back."""
    with torch.backends.cudnn.flags(
        enabled=True, benchmark=False, deterministic=True, allow_tf32=False
    ):
        yield
