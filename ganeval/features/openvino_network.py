"""Networks as OpenVINO models, converted once and kept, so that later runs need no torch."""

from __future__ import annotations

import hashlib
import os
import shutil
import warnings
from pathlib import Path
from typing import Any

from ganeval.features.extractor import NetworkExtractor
from ganeval.features.weights import WeightsFile
from ganeval.paths import cache_folder


def network_model(extractor: NetworkExtractor, weights: WeightsFile) -> Any:
    """Returns the ``openvino.Model`` of an extractor: float32 ``[n, 3, s, s]`` to all its layers.

    The conversion (seconds, needs torch) is kept under the cache folder. A kept model that cannot
    be read is converted again; where the folder cannot be written the model is used unkept.
    """
    import openvino as ov

    layers = " ".join(extractor.layers)
    key = "\n".join((extractor.name, extractor.version, layers, weights.sha256, ov.get_version()))
    folder = cache_folder() / "networks" / hashlib.sha256(key.encode()).hexdigest()[:32]
    try:
        return ov.Core().read_model(folder / "network.xml")
    except RuntimeError:
        shutil.rmtree(folder, ignore_errors=True)
    model = _convert(extractor, weights)
    _keep(model, folder)
    return model


def _convert(extractor: NetworkExtractor, weights: WeightsFile) -> Any:
    """Converts through OpenVINO's PyTorch front end.

    ``openvino.convert_model`` does the same, but reports usage statistics over the network.
    """
    import torch
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    network = extractor.network(weights)
    example = torch.zeros(1, 3, extractor.size, extractor.size)
    with warnings.catch_warnings():
        # torch.export, the successor, takes ten times as long. Traced here rather than by the
        # decoder, which would run the network several times more to check the trace.
        warnings.filterwarnings("ignore", r"`torch\.jit", FutureWarning)
        warnings.filterwarnings("ignore", r"`torch\.jit", DeprecationWarning)
        with torch.no_grad():
            traced = torch.jit.trace(  # type: ignore[no-untyped-call]
                network, (example,), check_trace=False
            )
        traced = torch.jit.freeze(traced)
        decoder = TorchScriptPythonDecoder(traced, skip_freeze=True)
        front_end = FrontEndManager().load_by_framework("pytorch")
        model = front_end.convert(front_end.load(decoder))
    model.reshape([-1, 3, extractor.size, extractor.size])
    for layer, output in zip(extractor.layers, model.outputs, strict=True):
        output.get_tensor().set_names({layer})
    return model


def _keep(model: Any, folder: Path) -> None:
    """Saves the model into a folder that appears whole or not at all."""
    import openvino as ov

    aside = folder.with_name(f"{folder.name}.part-{os.getpid()}")
    try:
        aside.mkdir(parents=True)
        # Without compress_to_fp16=False the weights would be rounded to half precision.
        ov.save_model(model, aside / "network.xml", compress_to_fp16=False)
        aside.rename(folder)
    except (OSError, RuntimeError):
        # Unwritable, full, or another process was first: the model in memory is good anyway.
        shutil.rmtree(aside, ignore_errors=True)
