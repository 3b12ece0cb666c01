"""What is to be extracted, by what and how: one plan serves every set of a comparison."""

from __future__ import annotations

from dataclasses import dataclass, field

from ganeval.errors import GanevalError
from ganeval.features.backend import Backend, DirectBackend
from ganeval.features.cache import FeatureCache
from ganeval.features.devices import Engine
from ganeval.features.extractor import DirectExtractor, Extractor, NetworkExtractor
from ganeval.features.weights import WeightsFile
from ganeval.images import Decoding, OnError
from ganeval.records import FeatureSpec


@dataclass
class Plan:
    """How features are extracted; the same plan serves every set of a comparison.

    Args:
        extractor: What turns images into features.
        layers: Which of its layers are wanted, by name. With a cache, all others are computed
            in the same pass and kept there.
        resize: Its resize mode.
        engine: Backend and device.
        weights: Its weights file, resolved beforehand.
        batch_size: Images per network call; None leaves it to the backend.
        workers: Decoding threads; None means one per usable core, 8 at most.
        cache: Where features are kept; None keeps nothing.
        on_error: What to do about images that cannot be read.
        memory: Bytes up to which the rows of a layer are held in memory; larger arrays lie in a
            temporary file.
    """

    extractor: Extractor
    layers: list[str]
    resize: str
    engine: Engine
    weights: WeightsFile | None = None
    batch_size: int | None = None
    workers: int | None = None
    cache: FeatureCache | None = None
    on_error: OnError = field(default_factory=OnError)
    memory: int = 2 << 30
    _backend: Backend | None = field(default=None, init=False)

    def spec(self, layer: str, decoding: Decoding) -> FeatureSpec:
        """The specification of one layer's features of images that are decoded like this."""
        return self.extractor.spec(layer, self.resize, self.weights, decoding.name, "f32")

    @property
    def engine_name(self) -> str:
        """What tells the features of one backend from another's in the cache."""
        return "own" if isinstance(self.extractor, DirectExtractor) else self.engine.name

    def computed_layers(self) -> list[str]:
        """Layers that the network gives; what is not kept need not be computed."""
        return self.layers if self.cache is None else list(self.extractor.layers)

    def backend(self) -> Backend:
        """Builds the backend at first use; a run answered by the cache never does."""
        if self._backend is None:
            self._backend = _open_backend(self)
        return self._backend


def _open_backend(plan: Plan) -> Backend:
    extractor = plan.extractor
    if isinstance(extractor, DirectExtractor):
        return DirectBackend(extractor, plan.computed_layers(), plan.batch_size)
    if not isinstance(extractor, NetworkExtractor) or plan.weights is None:
        raise GanevalError(
            f"extractor {extractor.name!r} is neither a network with weights nor computes by itself"
        )
    if plan.engine.backend == "openvino":
        from ganeval.features.openvino_backend import OpenVINOBackend

        try:
            return OpenVINOBackend(
                extractor,
                plan.weights,
                layers=plan.computed_layers(),
                resize=plan.resize,
                batch_size=plan.batch_size,
            )
        except ImportError as error:  # installed, but damaged or lacking a system library
            raise GanevalError(
                f"the package openvino cannot be imported: {error}",
                hint="Install it anew, or use --backend torch.",
            ) from error
    from ganeval.features.torch_backend import TorchBackend

    return TorchBackend(
        extractor,
        plan.weights,
        device=plan.engine.device,
        layers=plan.computed_layers(),
        resize=plan.resize,
        batch_size=plan.batch_size,
    )
