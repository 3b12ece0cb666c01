"""Resize modes and normalisation on the CPU without torch.

Images are resized one by one in the decoding threads, so that images of many sizes fill whole
batches and a large photograph is small before it waits for the network. The antialiased modes are
Pillow's own filters on float channels, which is how clean-fid defines them; OpenVINO's operator for
them takes two to three times as long, and about a second for each new size. Modes that are Pillow's
on uint8 are done by Pillow. The others are an OpenVINO graph of one operator; normalisation is part
of the network's graph.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from PIL import Image

from ganeval.features.openvino_core import core
from ganeval.features.pillow_resize import resize_with_pillow
from ganeval.features.preprocess import Preprocess

_PILLOW_FILTERS = {
    "bilinear-antialias": Image.Resampling.BILINEAR,
    "bicubic-antialias": Image.Resampling.BICUBIC,
}
_OPENVINO_COORDINATES = {"bilinear": "half_pixel", "tf1": "asymmetric"}


class Resizer:
    """Resizes decoded images; may be called from several threads."""

    def __init__(self, preprocess: Preprocess) -> None:
        self._size = preprocess.size
        self._on_pillow = preprocess if preprocess.on_pillow else None
        self._filter = _PILLOW_FILTERS.get(preprocess.interpolation)
        with_graph = preprocess.interpolation in _OPENVINO_COORDINATES
        self._graph: Any = _resize_graph(preprocess) if with_graph else None
        self._local = threading.local()

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Resizes one image.

        Args:
            image: uint8 ``[H, W, 3]``, 0..255.

        Returns:
            float32 ``[3, size, size]``, about 0..255 (bicubic overshoots), not rounded.
        """
        if self._on_pillow is not None:
            ready = resize_with_pillow(image, self._on_pillow)
            return np.ascontiguousarray(ready.transpose(2, 0, 1), dtype=np.float32)
        if image.shape[:2] == (self._size, self._size):
            return np.ascontiguousarray(image.transpose(2, 0, 1), dtype=np.float32)
        if self._filter is not None:
            size = (self._size, self._size)
            return np.stack(
                [
                    np.asarray(Image.fromarray(channel).resize(size, self._filter))
                    for channel in np.ascontiguousarray(image.transpose(2, 0, 1), np.float32)
                ]
            )
        if not hasattr(self._local, "request"):
            self._local.request = self._graph.create_infer_request()
        result = self._local.request.infer({0: np.ascontiguousarray(image)[None]})
        return np.array(result[0][0])


def _resize_graph(preprocess: Preprocess) -> Any:
    """One operator, compiled: uint8 ``[1, H, W, 3]`` to float32 ``[1, 3, size, size]``."""
    import openvino as ov
    from openvino import opset13 as ops

    images = ops.parameter(ov.PartialShape([1, -1, -1, 3]), ov.Type.u8)
    x = ops.convert(ops.transpose(images, np.array([0, 3, 1, 2])), "f32")  # [1, 3, H, W]
    x = ops.interpolate(
        x,
        np.array([preprocess.size, preprocess.size]),
        mode="linear_onnx",
        shape_calculation_mode="sizes",
        coordinate_transformation_mode=_OPENVINO_COORDINATES[preprocess.interpolation],
        axes=np.array([2, 3]),
    )
    model = ov.Model([ops.result(x)], [images], "resize")
    # Called from several threads at once, each with one core of its own.
    return core().compile_model(
        model,
        "CPU",
        {
            "INFERENCE_PRECISION_HINT": "f32",
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": 1,
        },
    )


def prepend_normalisation(model: Any, preprocess: Preprocess) -> Any:
    """Returns an OpenVINO model that takes resized images on the 0..255 scale.

    Args:
        model: ``openvino.Model`` whose one input is float32 ``[n, 3, size, size]``, normalised.
        preprocess: Whether to clip, what to subtract and to divide by.

    Returns:
        A new ``openvino.Model`` with the outputs of ``model``; the operators are shared, so the
        given model must not be used on its own afterwards.
    """
    import openvino as ov
    from openvino import opset13 as ops

    size = preprocess.size
    images = ops.parameter(ov.PartialShape([-1, 3, size, size]), ov.Type.f32, name="images")
    x = ops.clamp(images, 0.0, 255.0) if preprocess.clip else images
    mean = np.array(preprocess.mean, np.float32).reshape(1, 3, 1, 1)
    std = np.array(preprocess.std, np.float32).reshape(1, 3, 1, 1)
    x = ops.divide(ops.subtract(x, mean), std)
    (old,) = model.inputs
    for consumer in old.get_target_inputs():
        consumer.replace_source_output(x.output(0))
    return ov.Model(model.get_results(), [images], "ganeval")
