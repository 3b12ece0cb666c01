"""A classifier as a function of pixels: normalisation inside, evaluation mode, weights frozen."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import torch
from torch import nn

from ganeval.errors import GanevalError, InputError
from ganeval.features.preprocess import Preprocess

# Float32 that is float32 on a GPU: gradients are made between the forward passes of a model, so
# the switches stay set for as long as it is open.
from ganeval.features.torch_backend import _exact_arithmetic as exact_arithmetic

Triple = tuple[float, float, float]

_LEVELS = 255.0
_ProgramError: type[Exception] = torch.jit.Error  # what a TorchScript assertion becomes


@dataclass(frozen=True)
class ModelFacts:
    """What is known of a model, for the record.

    Args:
        name: As the user calls it.
        digest: sha256 of its weights file, hex; of its tensors where there is no file.
        preprocessing: How its publisher prepares images; mean and standard deviation are on the
            scale 0..255.
        parameters: Number of weights.
        notices: What a user should know of it, one sentence each.
    """

    name: str
    digest: str
    preprocessing: Preprocess
    parameters: int
    notices: tuple[str, ...] = ()


class PixelModel:
    """Maps images in [0, 1] to logits; gradients are in units of the image.

    While it is open the network is in evaluation mode and its weights need no gradient. `close`,
    or leaving the ``with`` block, puts every module and weight back as it was.

    Args:
        network: Takes normalised images, float ``[n, 3, side, side]``, and returns ``[n, C]``.
        facts: What is known of it; fixes side, mean and standard deviation.
        classes: Names of the outputs; None: not known.
        detector: It tells real from fake: one logit (positive means fake), or two, real first.
        scripted: The network is a TorchScript program, whose modules cannot be looked into.
        probabilities: The network ends in a softmax; logits are the logarithms of its outputs.

    Raises:
        InputError: The network does not take such images, or gives something else.
        GanevalError: It fails for lack of memory.
    """

    def __init__(
        self,
        network: nn.Module,
        facts: ModelFacts,
        *,
        classes: Sequence[str] | None = None,
        detector: bool = False,
        scripted: bool = False,
        probabilities: bool = False,
    ) -> None:
        self.network = network
        self.facts = facts
        self.detector = detector
        self.scripted = scripted
        self.probabilities = probabilities
        first = next(iter([*network.parameters(), *network.buffers()]), torch.empty(0))
        self.device = first.device
        self.dtype = first.dtype if first.is_floating_point() else torch.float32
        self._mean = self._per_channel(facts.preprocessing.mean)
        self._std = self._per_channel(facts.preprocessing.std)
        self._modes: list[tuple[nn.Module, bool]] = []
        self._weights: list[tuple[nn.Parameter, bool]] = []
        self._arithmetic = ExitStack()
        try:
            self._open()
            self.outputs = self._count_outputs()
            if classes is not None and len(classes) != self.outputs:
                raise InputError(
                    f"{facts.name}: there are {len(classes)} class names for {self.outputs} outputs"
                )
        except BaseException:
            self.close()
            raise
        self.classes: tuple[str, ...] | None = None if classes is None else tuple(classes)

    @property
    def side(self) -> int:
        """Side of the square images it takes, pixels."""
        return self.facts.preprocessing.size

    @property
    def mean_colour(self) -> torch.Tensor:
        """The colour that the network sees as zero, ``[1, 3, 1, 1]`` on the scale 0..1."""
        return self._mean

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        """Returns the logits ``[n, C]`` of images; differentiable in them.

        Args:
            x: float32 ``[n, 3, side, side]`` in [0, 1], or outside where a method goes there.

        Raises:
            InputError: The network fails, or gives something else than ``[n, C]``.
            GanevalError: There is too little memory.
        """
        x = ((x - self._mean) / self._std).contiguous(memory_format=torch.channels_last)
        try:
            # Mixed precision changes maps: in a trial their rank correlation to float32 was .81.
            with torch.autocast(self.device.type, enabled=False):
                found = self.network(x)
        except torch.OutOfMemoryError as error:
            raise GanevalError(
                f"{self.device}: out of memory at {len(x)} images per call",
                hint="Use a smaller --micro-batch.",
            ) from error
        except (RuntimeError, TypeError, ValueError, AssertionError, _ProgramError) as error:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            raise InputError(
                f"{self.facts.name}: the network fails on images of {x.shape[-1]} px: "
                f"{lines[-1] if lines else type(error).__name__}"
            ) from error
        logits = self._checked(found, len(x))
        if self.probabilities:
            # The smallest normal number keeps the logarithm of an exact zero finite.
            return logits.clamp_min(torch.finfo(logits.dtype).tiny).log()
        return logits

    def class_name(self, index: int) -> str:
        """Returns the name of an output, or its number where names are not known."""
        return str(index) if self.classes is None else self.classes[index]

    def close(self) -> None:
        """Puts modes and weights of the network back as they were; may be called twice."""
        for module, training in self._modes:
            module.training = training
        for weight, wanted in self._weights:
            weight.requires_grad_(wanted)
        self._modes, self._weights = [], []
        self._arithmetic.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self) -> None:
        self._modes = [(module, module.training) for module in self.network.modules()]
        self._weights = [(weight, weight.requires_grad) for weight in self.network.parameters()]
        self.network.eval()
        for weight, _ in self._weights:  # TorchScript knows no requires_grad_ of a whole module
            weight.requires_grad_(False)
        self._arithmetic.enter_context(exact_arithmetic(self.device))

    def _per_channel(self, levels: Triple) -> torch.Tensor:
        unit = torch.tensor(levels, dtype=torch.float64) / _LEVELS
        return unit.view(1, 3, 1, 1).to(self.device, self.dtype)

    def _count_outputs(self) -> int:
        grey = torch.full((1, 3, self.side, self.side), 0.5, dtype=self.dtype, device=self.device)
        with torch.no_grad():
            return int(self.logits(grey).shape[1])

    def _checked(self, found: object, count: int) -> torch.Tensor:
        """What the network returned, if it is logits; a detector's ``[n]`` becomes ``[n, 1]``."""
        if not isinstance(found, torch.Tensor):
            raise InputError(
                f"{self.facts.name}: the network gives {type(found).__name__}, not one tensor"
            )
        if self.detector and found.ndim == 1:
            found = found[:, None]
        if found.ndim != 2 or len(found) != count:
            raise InputError(
                f"{self.facts.name}: the network gives shape {tuple(found.shape)} for {count} "
                "images instead of one row of class scores per image"
            )
        return found


def wrap_network(
    network: nn.Module,
    *,
    side: int,
    mean: Triple = (0.0, 0.0, 0.0),
    std: Triple = (1.0, 1.0, 1.0),
    name: str = "network",
    digest: str = "",
    classes: Sequence[str] | None = None,
    detector: bool = False,
) -> PixelModel:
    """Wraps a network that is at hand in Python.

    Args:
        network: Takes normalised images ``[n, 3, side, side]`` and returns logits ``[n, C]``.
        side: Side of its images, pixels.
        mean: Per channel, on the scale 0..1.
        std: Per channel, on the scale 0..1.
        name: For messages and records.
        digest: sha256 of its weights, where known.
        classes: Names of its outputs.
        detector: It tells real from fake.

    Raises:
        InputError: It does not take such images, or gives something else.
    """
    return PixelModel(
        network,
        ModelFacts(name, digest, plain_preprocess(side, mean, std), weight_count(network)),
        classes=classes,
        detector=detector,
    )


def plain_preprocess(side: int, mean: Triple, std: Triple) -> Preprocess:
    """Returns the preprocessing of a user's own network: the whole image, bicubic.

    Args:
        side: Pixels.
        mean: Per channel, on the scale 0..1.
        std: Per channel, on the scale 0..1.
    """
    scaled = tuple(tuple(_LEVELS * value for value in triple) for triple in (mean, std))
    return Preprocess("pillow-bicubic", side, scaled[0], scaled[1])  # type: ignore[arg-type]


def weight_count(network: nn.Module) -> int:
    """Returns the number of weights of a network."""
    return sum(weights.numel() for weights in network.parameters())
