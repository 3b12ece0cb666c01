"""Batches of images from any framework, turned into features by a network that is built once."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from PIL import Image

from ganeval.errors import InputError
from ganeval.features.extraction import extract_many
from ganeval.images import Decoding, ImageSet, open_image_set
from ganeval.images.arrays import as_array
from ganeval.metrics.needs import Need
from ganeval.metrics.protocol import common_spec
from ganeval.metrics.settings import Settings, silent
from ganeval.metrics.sides import OpenSide, Side, extract_sides, make_plans, open_side
from ganeval.metrics.statistics_file import SPATIAL_LAYER, spatial_statistics
from ganeval.metrics.streaming_set import SEEN, Batch
from ganeval.records import FeatureSpec, Notice


class ImageFeatures:
    """Extracts batches of images for several needs at once.

    The network is built at the first batch and kept. Nothing is written to the feature cache: the
    fakes of a training run never come again.

    Args:
        needs: What is wanted of every image, the main need first.
        settings: Extractor, weights, device, layout, value range, ...

    Raises:
        InputError: An option does not fit.
        MissingFileError: Weights are needed and cannot be had.
    """

    def __init__(self, needs: Sequence[Need], settings: Settings) -> None:
        self.needs = list(needs)
        self._settings = settings
        self._decoding = Decoding(policy=settings.decode)
        self._plans, self.notices = make_plans(settings, needs, True, silent)
        self._reference_cache = {key: plan.cache for key, plan in self._plans.items()}
        for plan in self._plans.values():
            plan.cache = None

    def specs(self) -> dict[Need, FeatureSpec]:
        """Returns what fixes the features of every need."""
        return {
            need: self._plans[need.source].spec(need.layer, self._decoding) for need in self.needs
        }

    def batch(self, images: object, most: int | None = None) -> Batch | None:
        """Extracts images; None where they are more than ``most``.

        Args:
            images: uint8 or float array or tensor ``[n, H, W, C]`` or ``[n, C, H, W]``, or an
                iterable of PIL images, arrays or tensors.
            most: Largest number of images; None: any.

        Raises:
            InputError: They are no images, or their layout or range does not fit.
        """
        if isinstance(images, str | bytes | os.PathLike):
            raise InputError(
                f"update takes images in memory, not the path {os.fspath(images)!r}",
                hint="reference= takes a path, and so does ganeval.evaluate.",
            )
        found = self._open(images)
        if most is not None and len(found) > most:
            return None
        plans = list(self._plans.values())
        with undisturbed_torch():
            extractions = extract_many(found, plans)
        rows, runs = {}, {}
        for source, extraction in zip(self._plans, extractions, strict=True):
            for layer, features in extraction.features.items():
                need = Need(source[0], layer, source[1])
                rows[need], runs[need] = features.values, extraction.runs[layer]
        info = found.info("fake", "batch")
        return Batch(rows, found.digests, {name: getattr(info, name) for name in SEEN}, runs)

    def reference(self, source: object, main: Need) -> tuple[dict[Need, Side], list[Notice]]:
        """Opens the real set that stays the same: saved statistics, or images to be extracted.

        Args:
            source: Path of a statistics file, folder, zip or array file; or images in memory.
            main: What saved statistics are statistics of.

        Raises:
            InputError: It is not usable, or was made under another protocol.
        """
        path = source if isinstance(source, str | os.PathLike) else in_numpy(source)
        opened = open_side(path, "real", "real", self._settings)
        # Statistics must fit the images that will come, one of which is stood in for here.
        example = OpenSide("fake", "fake", self._open(np.zeros((1, 8, 8, 3), np.uint8)), None)
        plan = replace(self._plans[main.source], layers=[main.layer])
        checked = opened
        if opened.saved is not None and main.layer == SPATIAL_LAYER:
            checked = replace(opened, saved=spatial_statistics(opened.saved) or opened.saved)
        _, notices = common_spec([checked, example], plan, force=self._settings.force)
        try:
            for key, cache in self._reference_cache.items():
                self._plans[key].cache = cache
            with undisturbed_torch():
                sides, told = extract_sides(opened, self._plans, main, silent)
        finally:
            for plan in self._plans.values():
                plan.cache = None
        return sides, notices + told

    def _open(self, images: object) -> ImageSet:
        settings = self._settings
        return open_image_set(
            in_numpy(images),
            decoding=self._decoding,
            layout=settings.layout,
            value_range=settings.value_range,
        )


def in_numpy(value: object) -> object:
    """Returns what NumPy can see of an array of any framework; anything else as it is.

    Args:
        value: An array (JAX, TensorFlow, CuPy, ...) that offers ``__array__`` or ``__dlpack__``; a
            list of such; a tensor of torch, on whatever device.

    Raises:
        InputError: The framework refuses to hand it over.
    """
    if isinstance(value, list | tuple):
        return [in_numpy(item) for item in value]
    if isinstance(value, np.ndarray | Image.Image | str | os.PathLike):
        return value
    tensor = as_array(value)
    if tensor is not None:
        return tensor
    try:
        if hasattr(value, "__array__"):
            return np.asarray(cast(npt.ArrayLike, value))
        if hasattr(value, "__dlpack__"):
            return np.from_dlpack(cast(Any, value))
    except (TypeError, ValueError, RuntimeError, BufferError) as error:
        raise InputError(
            f"a {type(value).__name__} cannot be read as a NumPy array: {error}",
            hint="Copy it to the host first.",
        ) from error
    return value


@contextlib.contextmanager
def undisturbed_torch() -> Iterator[None]:
    """Keeps the network and the caller's torch apart.

    Building a network draws random numbers, and a training loop may be in a mode (autocast,
    another default type or device, inference) in which the network would compute something else.
    Where torch is not loaded yet, nobody has set anything.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    with contextlib.ExitStack() as stack:
        count = torch.cuda.device_count() if torch.cuda.is_initialized() else 0
        stack.enter_context(torch.random.fork_rng(devices=range(count)))
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.no_grad())
        for kind in ("cpu", "cuda"):
            if torch.is_autocast_enabled(kind):
                stack.enter_context(torch.autocast(kind, enabled=False))
        if torch.get_default_device().type != "cpu":
            stack.enter_context(torch.device("cpu"))
        if torch.get_default_dtype() != torch.float32:
            stack.callback(torch.set_default_dtype, torch.get_default_dtype())
            torch.set_default_dtype(torch.float32)
        yield
