"""Networks as OpenVINO models, converted once and kept, so that later runs need no torch."""

from __future__ import annotations

import hashlib
import os
import shutil
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ganeval.errors import GanevalError
from ganeval.features.extractor import NetworkExtractor
from ganeval.features.openvino_core import core
from ganeval.features.weights import WeightsFile
from ganeval.paths import cache_folder

if TYPE_CHECKING:
    import torch

_CONVERSION_TOLERANCE = 1e-3  # float32 through hundreds of layers; a lost branch is far beyond


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
        return core().read_model(folder / "network.xml")
    except RuntimeError:
        shutil.rmtree(folder, ignore_errors=True)
    network = extractor.network(weights)
    try:
        model = _convert(extractor, network)
    except RuntimeError as error:
        raise GanevalError(
            f"{extractor.name}: OpenVINO cannot convert the network: {str(error).splitlines()[0]}",
            hint="Use --backend torch.",
        ) from error
    if extractor.arbitrary:
        _check(model, network, extractor)
    _keep(model, folder)
    return model


def _check(model: Any, network: torch.nn.Module, extractor: NetworkExtractor) -> None:
    """Compares a converted network with the original on noise, three images at once.

    Raises:
        GanevalError: They differ: the conversion has lost what depends on the data or the batch.
    """
    import torch

    size = extractor.size
    x = torch.randn(3, 3, size, size, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        originals = network(x)
    problem = ""
    try:
        compiled = core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        results = compiled(x.numpy())
        for converted, original in zip(results.values(), originals, strict=True):
            error = np.linalg.norm(converted - original.numpy()) / np.linalg.norm(original)
            if not error <= _CONVERSION_TOLERANCE:
                problem = f"features differ by {error:.2g} relative"
    except (RuntimeError, ValueError) as error:
        problem = str(error).splitlines()[0]
    if problem:
        raise GanevalError(
            f"{extractor.name}: the network that OpenVINO converted is another one: {problem}",
            hint="Use --backend torch.",
        )


def _convert(extractor: NetworkExtractor, network: torch.nn.Module) -> Any:
    """Converts through OpenVINO's PyTorch front end.

    ``openvino.convert_model`` does the same, but reports usage statistics over the network.
    """
    import openvino as ov
    import torch
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    example = torch.zeros(1, 3, extractor.size, extractor.size)
    with warnings.catch_warnings():
        # torch.export, the successor, takes ten times as long. Traced here rather than by the
        # decoder, which would run the network several times more to check the trace.
        warnings.filterwarnings("ignore", r"`torch\.jit", FutureWarning)
        warnings.filterwarnings("ignore", r"`torch\.jit", DeprecationWarning)
        # Networks check the size of their input, which is the same for every image here.
        warnings.filterwarnings("ignore", "Converting a tensor to a Python|torch.tensor results")
        with torch.no_grad():
            traced = torch.jit.trace(  # type: ignore[no-untyped-call]
                network, (example,), check_trace=False
            )
        traced = torch.jit.freeze(traced)
        decoder = TorchScriptPythonDecoder(traced, skip_freeze=True)
        front_end = FrontEndManager().load_by_framework("pytorch")
        loaded = front_end.load(decoder)
        # Without the type, arithmetic of floats with whole numbers would stay undecided.
        (images,) = loaded.get_inputs()
        loaded.set_element_type(images, ov.Type.f32)
        loaded.set_partial_shape(images, ov.PartialShape([-1, 3, extractor.size, extractor.size]))
        model = front_end.convert(loaded)
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
