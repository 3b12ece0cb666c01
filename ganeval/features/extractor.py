"""What an extractor is: a named network with named layers, and how images are made ready for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from ganeval.errors import unknown_name
from ganeval.features.preprocess import Preprocess
from ganeval.records import FeatureSpec
from ganeval.registry import Registry

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from ganeval.features.weights import WeightsFile


class Extractor(ABC):
    """Turns uint8 images into float32 feature vectors; one subclass per network.

    What is declared here is set by the class, or by ``__init__`` where a class serves many
    networks.
    """

    name: str
    version: str = "1"  # to be raised when the same image would get other features
    layers: Mapping[str, int]  # layer name -> dimension
    default_layer: str
    resize_modes: tuple[str, ...]
    default_resize: str
    size: int  # side of the square the network sees, pixels; 0: any

    def check_layer(self, layer: str) -> str:
        """Returns ``layer`` if the extractor has it.

        Raises:
            InputError: It has not; the message lists what it has.
        """
        if layer not in self.layers:
            raise unknown_name(f"layer of {self.name}", layer, self.layers)
        return layer

    def check_resize(self, resize: str) -> str:
        """Returns ``resize`` if the extractor knows that mode.

        Raises:
            InputError: It does not; the message lists what it knows.
        """
        if resize not in self.resize_modes:
            raise unknown_name(f"resize mode of {self.name}", resize, self.resize_modes)
        return resize

    def weights(
        self, explicit: Path | None, progress: Callable[[int, int], None] | None
    ) -> WeightsFile | None:
        """Finds (or fetches) the weights file; None where the extractor has none."""
        return None

    @abstractmethod
    def normalisation(self, resize: str) -> str:
        """The normalisation of that mode in words."""

    def spec(
        self, layer: str, resize: str, weights: WeightsFile | None, decode: str, precision: str
    ) -> FeatureSpec:
        """Everything that fixes the features of one layer."""
        return FeatureSpec(
            extractor=self.name,
            extractor_version=self.version,
            layer=self.check_layer(layer),
            dimension=self.layers[layer],
            weights_sha256=weights.sha256 if weights else None,
            resize=self.check_resize(resize),
            size=self.size,
            normalisation=self.normalisation(resize),
            decode=decode,
            precision=precision,
        )


class DirectExtractor(Extractor):
    """An extractor that computes by itself, whatever it uses; the simplest plug-in."""

    @abstractmethod
    def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Computes every layer.

        Args:
            images: uint8 ``[n, 3, H, W]``, 0..255.

        Returns:
            Layer name to float32 ``[n, d]``.
        """


class NetworkExtractor(Extractor):
    """An extractor that is a torch module; backends run it with torch or with OpenVINO."""

    # Nothing is assumed about its layers, and its conversion to OpenVINO is checked on each
    # computer before it is kept; False for networks whose conversion ganeval's tests check.
    arbitrary = True

    @abstractmethod
    def preprocess(self, resize: str) -> Preprocess:
        """Resizing and normalisation of that mode."""

    def normalisation(self, resize: str) -> str:
        """See `Preprocess.normalisation`."""
        return self.preprocess(resize).normalisation

    @abstractmethod
    def network(self, weights: WeightsFile) -> torch.nn.Module:
        """Builds the network with its weights, in evaluation mode.

        It maps float32 ``[n, 3, size, size]``, normalised, to a tuple of float32 ``[n, d]`` in the
        order of ``layers``.

        Raises:
            InputError: The weights file is damaged or belongs to another network.
        """


EXTRACTORS: Registry[Callable[[], Extractor]] = Registry(
    "extractor",
    {
        "inception-2015": "ganeval.features.inception:Inception2015",
        "efficientnet-lite0": "ganeval.features.efficientnet:EfficientNetLite0",
        "dinov2-vits14": "ganeval.features.dinov2:DinoV2Small",
        "dinov2-vitb14": "ganeval.features.dinov2:DinoV2Base",
        "dinov2-vitl14": "ganeval.features.dinov2:DinoV2Large",
        "clip-vitl14-336": "ganeval.features.clip:ClipLarge336",
        "vgg16-fc2": "ganeval.features.vgg16:Vgg16Fc2",
        "random-projection": "ganeval.features.random_projection:RandomProjection",
    },
    group="ganeval.extractors",
    listing="`ganeval ls extractors`",
    families={
        "timm": "ganeval.features.timm_extractor:TimmExtractor",
        "torchvision": "ganeval.features.torchvision_extractor:TorchvisionExtractor",
        "torchscript": "ganeval.features.torchscript:TorchScriptExtractor",
    },
)


def get_extractor(name: str) -> Extractor:
    """Returns the extractor of that name, for example ``inception-2015`` or ``timm:resnet18``.

    Raises:
        InputError: There is none; near matches are in the message.
        GanevalError: It cannot be loaded.
    """
    return EXTRACTORS.get(name)()


def known_resize_modes() -> set[str]:
    """Returns the resize modes of all extractors that have a name of their own."""
    return {mode for name in EXTRACTORS.names() for mode in get_extractor(name).resize_modes}
