"""Every choice of an audit, with its default, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

Drop = Literal["duplicates", "near", "leak", "outliers", "unreadable"]
DROPS: Final[tuple[str, ...]] = get_args(Drop)


@dataclass(frozen=True)
class AuditSettings:
    """How sets are audited; the defaults are those of the command line.

    Args:
        extractor: Registry name of the network whose features tell outliers; None: no features.
        weights: Its weights file; None means searched, else fetched.
        backend: ``auto``, ``openvino`` or ``torch``.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``mps``.
        batch_size: Images per network call; None leaves it to the backend.
        workers: Decoding threads; None means one per core, at most 8.
        decode: ``correct`` (as the image should be seen) or ``peer`` (as other tools read it).
        recursive: Look into subfolders.
        limit: Take that many images of each set at random.
        seed: Seed of that choice.
        layout: ``NHWC`` or ``NCHW`` of an array whose shape leaves it open.
        value_range: Black and white of a float array.
        cache: Keep and reuse features and digests.
        memory: Bytes up to which the features of a set are held in memory.
        outlier_z: Robust z-score from which an image is an outlier.
        write_list: Where the lists of kept images go; None writes none.
        drop: What the lists leave out.
    """

    extractor: str | None = "efficientnet-lite0"
    weights: Path | None = None
    backend: str = "auto"
    device: str = "auto"
    batch_size: int | None = None
    workers: int | None = None
    decode: Literal["correct", "peer"] = "correct"
    recursive: bool = True
    limit: int | None = None
    seed: int = 0
    layout: Literal["NHWC", "NCHW"] | None = None
    value_range: tuple[float, float] | None = None
    cache: bool = True
    memory: int = 2 << 30
    outlier_z: float = 3.5
    write_list: Path | None = None
    drop: tuple[Drop, ...] = ("duplicates", "unreadable")
