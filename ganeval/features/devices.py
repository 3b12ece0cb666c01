"""Which backend runs the network, decided without importing torch."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import re
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from ganeval.errors import InputError, unknown_name


@dataclass(frozen=True)
class Engine:
    """A backend and the device it runs on.

    Args:
        backend: ``openvino``, ``torch`` or ``own`` (the extractor computes by itself).
        device: ``cpu``, ``cuda``, ``cuda:1``, ``mps``.
    """

    backend: str
    device: str

    @property
    def name(self) -> str:
        """What tells features apart in the cache: the backend and the kind of device."""
        return f"{self.backend}-{self.device.partition(':')[0]}"


def choose_engine(backend: str = "auto", device: str = "auto") -> Engine:
    """Resolves ``auto``: CUDA through torch where there is a GPU, else OpenVINO, else torch.

    Raises:
        InputError: There is no such kind of device, the two do not go together, or OpenVINO is
            asked for and not installed.
    """
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", device):
        raise InputError(f"--device {device!r} is none of auto, cpu, cuda, cuda:N and mps")
    if backend not in ("auto", "openvino", "torch"):
        raise unknown_name("backend", backend, ("auto", "openvino", "torch"))
    if backend == "openvino":
        if device not in ("auto", "cpu"):
            raise InputError(
                f"--backend openvino runs on the CPU, not on --device {device}",
                hint="Use --backend torch for that device.",
            )
        if not _installed("openvino"):
            raise InputError(
                "--backend openvino: the package openvino is not installed",
                hint="Run `pip install openvino`, or use --backend torch.",
            )
        return Engine("openvino", "cpu")
    if device == "auto":
        device = "cuda" if cuda_present() and _torch_knows_cuda() else "cpu"
    if backend == "auto" and device == "cpu" and _installed("openvino"):
        return Engine("openvino", "cpu")
    return Engine("torch", device)


def usable_cores() -> int:
    """CPU cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cuda_present() -> bool:
    """Tells whether the NVIDIA driver sees a device; takes milliseconds where torch takes seconds.

    ``CUDA_VISIBLE_DEVICES`` is honoured, because the driver itself does.
    """
    library = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        driver = ctypes.CDLL(library)
        count = ctypes.c_int(0)
        if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
            return False
    except (OSError, AttributeError):
        return False
    return count.value > 0


def _torch_knows_cuda() -> bool:
    """Tells a build of torch for CPUs only by its version, without importing it."""
    try:
        return "+cpu" not in version("torch")
    except PackageNotFoundError:
        return False


def _installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None
