"""Extraction on CPUs with OpenVINO: float32, asynchronous."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ganeval.errors import GanevalError
from ganeval.features.backend import Backend, Batch, Rows
from ganeval.features.devices import usable_cores
from ganeval.features.extractor import NetworkExtractor
from ganeval.features.openvino_core import core
from ganeval.features.openvino_network import network_model
from ganeval.features.openvino_preprocess import Resizer, prepend_normalisation
from ganeval.features.weights import WeightsFile
from ganeval.records import BackendInfo


class OpenVINOBackend(Backend):
    """Runs a network on the CPU; an image's features do not depend on its batch, bit for bit."""

    def __init__(
        self,
        extractor: NetworkExtractor,
        weights: WeightsFile,
        *,
        layers: Sequence[str],
        resize: str,
        batch_size: int | None = None,
    ) -> None:
        import openvino as ov

        self.batch_size = batch_size or 4
        model = network_model(extractor, weights)
        for result in list(model.get_results()):
            if result.input_value(0).get_tensor().get_any_name() not in layers:
                model.remove_result(result)
        preprocess = extractor.preprocess(resize)
        self._resizer = Resizer(preprocess)
        self._image_bytes = 3 * preprocess.size**2 * np.dtype(np.float32).itemsize
        model = prepend_normalisation(model, preprocess)
        # Without the precision hint, CPUs with bfloat16 units would silently use bfloat16.
        self._compiled = core().compile_model(
            model, "CPU", {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": "f32"}
        )
        self._outputs = {output.get_any_name(): output for output in self._compiled.outputs}
        # Two spare requests keep the streams busy while this thread writes to the cache.
        streams = self._compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")
        self._requests: int = streams + 2
        self._idle: list[Any] = []
        self._running: deque[tuple[Any, list[int]]] = deque()
        precision = self._compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
        if precision != "f32":
            raise GanevalError(
                f"OpenVINO would compute in {precision}, not in f32", hint="Use --backend torch."
            )
        self.info = BackendInfo(
            name="openvino",
            version=ov.__version__,
            device=str(core().get_property("CPU", "FULL_DEVICE_NAME")).strip(),
            precision=precision,
            threads=usable_cores(),
        )

    def prepare(self, image: np.ndarray) -> np.ndarray:
        """Resizes one decoded image; see `Resizer`."""
        return self._resizer(image)

    def prepared_bytes(self, decoded: int) -> int:
        """float32 ``[3, size, size]``."""
        return self._image_bytes

    def submit(self, batch: Batch) -> list[Rows]:
        """See `Backend.submit`; results come back in the order of the batches.

        Requests are waited for in turn rather than through callbacks: a callback that OpenVINO's
        threads drop last ends the process (it is freed without Python's lock).
        """
        ready = []
        if not self._idle and len(self._running) < self._requests:
            self._idle.append(self._compiled.create_infer_request())
        elif not self._idle:
            ready.append(self._oldest())
        request = self._idle.pop()
        request.start_async({0: batch.images})
        self._running.append((request, batch.positions))
        return ready

    def finish(self) -> Iterator[Rows]:
        """See `Backend.finish`."""
        while self._running:
            yield self._oldest()

    def abandon(self) -> None:
        """See `Backend.abandon`; requests cannot be dropped while they run."""
        while self._running:
            request, _ = self._running.popleft()
            with contextlib.suppress(RuntimeError):  # an error of a result nobody wants
                request.wait()
            self._idle.append(request)

    def _oldest(self) -> Rows:
        """Waits for the oldest request and frees it."""
        request, positions = self._running[0]
        request.wait()
        layers = {
            layer: np.array(request.get_tensor(output).data)
            for layer, output in self._outputs.items()
        }
        self._running.popleft()
        self._idle.append(request)
        return Rows(positions, layers)
