"""Every choice of a metric run, with its default, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

Unit = Literal["images", "bytes", "rounds"]


@dataclass(frozen=True)
class Settings:
    """How two sets are compared; the defaults are those of the command line.

    Args:
        extractor: Registry name of what turns images into features.
        layer: Its layer; None means its default.
        resize: Its resize mode; None means its default.
        weights: Its weights file; None means searched, else fetched.
        backend: ``auto``, ``openvino`` or ``torch``.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``mps``.
        batch_size: Images per network call; None leaves it to the backend.
        workers: Decoding threads; None means one per core, at most 8.
        decode: ``correct`` (as the image should be seen) or ``peer`` (as other tools read it).
        recursive: Look into subfolders.
        on_error: ``fail``, ``skip`` or ``skip=SHARE``.
        groups: Table ``path,group``, or a pattern with one capture; None: each image is its own.
        limit: Take that many images of each set at random.
        seed: Seed of every random choice.
        layout: ``NHWC`` or ``NCHW`` of an array whose shape leaves it open.
        value_range: Black and white of a float array: (0, 1), (-1, 1) or (0, 255).
        cache: Keep and reuse features.
        memory: Bytes of features of one layer of one set that are held in memory; more lie in a
            temporary file.
        per_image: Also make a table of what each image does.
        compat: Also tell what other packages would print.
        ref_resize: Resize mode behind real statistics that do not tell it.
        ref_n: Number of images behind real statistics that do not tell it.
        force: Compare statistics made under another protocol all the same.
        uncertainty: How the standard error of a Fréchet distance is found.
        permutations: Label permutations behind the p-value of KID.
        subsets: Number of subsets; None means the package's.
        subset_size: Images per side and subset; None means the package's.
    """

    extractor: str = "inception-2015"
    layer: str | None = None
    resize: str | None = None
    weights: Path | None = None
    backend: str = "auto"
    device: str = "auto"
    batch_size: int | None = None
    workers: int | None = None
    decode: Literal["correct", "peer"] = "correct"
    recursive: bool = True
    on_error: str = "fail"
    groups: str | None = None
    limit: int | None = None
    seed: int = 0
    layout: Literal["NHWC", "NCHW"] | None = None
    value_range: tuple[float, float] | None = None
    cache: bool = True
    memory: int = 2 << 30
    per_image: bool = False
    compat: bool = False
    ref_resize: str | None = None
    ref_n: int | None = None
    force: bool = False
    uncertainty: Literal["influence", "jackknife", "bootstrap", "none"] = "influence"
    permutations: int = 999
    subsets: int | None = None
    subset_size: int | None = None


class Progress(Protocol):
    """Told how far a labelled piece of work is."""

    def __call__(self, label: str, done: int, total: int, unit: Unit = "images") -> None:
        """Reports ``done`` of ``total``."""
        ...


def silent(label: str, done: int, total: int, unit: Unit = "images") -> None:
    """A `Progress` that shows nothing."""
