"""Versions and hardware, read without importing what they describe."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ganeval import __version__
from ganeval.records import Environment

_PACKAGES = ("numpy", "openvino", "pillow", "pytorch-fid", "scipy", "timm", "torch", "torchvision")


def environment() -> Environment:
    """Describes the running interpreter, the installed packages and the processor."""
    packages = {}
    for name in _PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    return Environment(
        ganeval=__version__,
        python=platform.python_version(),
        packages=packages,
        platform=f"{platform.system()} {platform.machine()}",
        processor=_processor(),
    )


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor()
