"""Where and in which form a run computes: device, precision, memory layout, merged calls.

None of it is a matter of taste: ``auto`` is what was fastest where it was measured, among what
leaves the numbers as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch

from ganeval.errors import InputError
from ganeval_cyclegan.config import TrainConfig

Precision = Literal["fp32", "tf32", "bf16", "fp16"]

_HALF = {"bf16": torch.bfloat16, "fp16": torch.float16}
_NO_HALF = ("DEFAULT", "NO AVX", "AVX2")  # what torch calls the CPUs that convert in software


@dataclass(frozen=True)
class Choices:
    """What ``auto`` came to.

    Attributes:
        device: Of networks, optimisers and pools.
        precision: Of the convolutions; norms add up, and losses are, in float32 throughout.
        channels_last: Memory layout of networks and images.
        merged_generators: Translation and identity of a generator in one call.
        merged_discriminators: Real and generated images in one call.
        fused: Optimisers update all tensors in one kernel.
        deterministic: Only kernels whose bits repeat.
    """

    device: torch.device
    precision: Precision = "fp32"
    channels_last: bool = False
    merged_generators: bool = False
    merged_discriminators: bool = False
    fused: bool = False
    deterministic: bool = False

    @property
    def half(self) -> torch.dtype | None:
        """The type that convolutions are cast to; None: they are not."""
        return _HALF.get(self.precision)


def choose(config: TrainConfig, device: str | torch.device | None = None) -> Choices:
    """Returns the choices of a run.

    Args:
        config: Its section ``run``, and the networks, which decide what may be merged.
        device: Instead of ``run.device``.

    Raises:
        InputError: The device is not there, or cannot compute in that precision.
    """
    run = config.run
    place = find_device(str(run.device if device is None else device))
    precision = _precision(run.precision, place)
    # Tensor cores and half-precision CPU kernels work on channels_last; float32 kernels are slower.
    layout = run.channels_last
    alone = config.nets.G.norm != "batch" and config.nets.G.dropout == "none"
    generators = alone if run.merged == "auto" else bool(run.merged)
    discriminators = config.nets.D.norm != "batch"
    return Choices(
        device=place,
        precision=precision,
        channels_last=precision != "fp32" if layout == "auto" else layout,
        merged_generators=generators and not run.low_memory,
        merged_discriminators=discriminators if run.merged == "auto" else bool(run.merged),
        fused=place.type in ("cuda", "cpu"),
        deterministic=run.deterministic,
    )


def remarks(choices: Choices) -> list[str]:
    """Returns sentences about choices that were asked for and that will be regretted."""
    found = []
    if choices.precision == "fp16":
        found.append(
            "run.precision fp16: scores of discriminators may overflow, and updates that do are"
            " skipped; bf16 has the range of fp32."
        )
    capability = torch.backends.cpu.get_cpu_capability()
    if choices.half and choices.device.type == "cpu" and capability in _NO_HALF:
        found.append(
            f"run.precision {choices.precision}: this CPU ({capability}) has no instructions for"
            " it, so convolutions take many times as long as in fp32."
        )
    return found


def find_device(name: str) -> torch.device:
    """Returns the device of a name; ``auto`` is the first GPU, or the CPU where there is none.

    Raises:
        InputError: No such device here.
    """
    if name == "auto":
        return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")
    if name.split(":")[0] in ("tpu", "xla"):
        raise InputError(
            f"--device {name} (run.device): TPUs are not supported", hint="Try auto, cuda or cpu."
        )
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InputError(
            f"--device {name} (run.device): there is no such kind of device",
            hint="Try auto, cpu, cuda or cuda:1.",
        ) from None
    if device.type == "cpu":
        return device
    if device.type == "cuda" and torch.cuda.is_available():
        count, index = torch.cuda.device_count(), device.index or 0
        if index < count:
            return torch.device("cuda", index)
        raise InputError(
            f"--device {name} (run.device): this machine has {count} CUDA devices",
            hint=f"Use cuda:0 to cuda:{count - 1}.",
        )
    if device.type == "mps" and torch.backends.mps.is_available():
        return device
    raise InputError(
        f"--device {name} (run.device): this machine or this build of torch has no such device",
        hint="Use auto or cpu.",
    )


@contextmanager
def numerics(choices: Choices) -> Iterator[None]:
    """Sets torch's switches of precision and determinism for a while, then puts them back."""
    cudnn = torch.backends.cudnn
    before = cudnn.allow_tf32, cudnn.benchmark
    strict = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    cudnn.allow_tf32 = choices.precision != "fp32"
    cudnn.benchmark = choices.device.type == "cuda" and not (choices.deterministic or strict)
    if choices.deterministic:
        torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        cudnn.allow_tf32, cudnn.benchmark = before
        torch.use_deterministic_algorithms(strict, warn_only=warn_only)


def _precision(wanted: str, device: torch.device) -> Precision:
    capable = device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0)
    match wanted:
        case "auto":
            return "tf32" if capable else "fp32"
        case "tf32":
            if not capable:
                raise InputError(
                    f"run.precision tf32: {device} has no TensorFloat-32",
                    hint="Set run.precision to auto or fp32.",
                )
            return "tf32"
        case "bf16":
            if device.type == "cuda" and not capable:
                raise InputError(
                    f"run.precision bf16: {device} has no bfloat16",
                    hint="Set run.precision to auto, fp32 or fp16.",
                )
            return "bf16"
        case "fp16":
            return "fp16"
    return "fp32"
