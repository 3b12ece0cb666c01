"""Every choice of a classifier test, with its default, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from ganeval.records.classify import RungName

Preset = Literal["default", "cmpe258", "quick", "thorough"]
Defence = Literal["auto", "none", "match", "equalise"]
NullCheck = Literal["none", "cheap", "full"]
Augment = Literal["report", "integer", "none"]

RUNGS: Final[tuple[RungName, ...]] = (
    "metadata",
    "compression",
    "colour",
    "spectrum",
    "features",
    "knn",
    "cnn",
)
"""What ``--rungs`` may name, the lowest step first; ``bytes`` comes with ``metadata``."""

PROBES: Final = frozenset({"metadata", "bytes", "compression"})
"""Rungs that look at the format alone; never the best rung."""

PRESETS: Final[tuple[str, ...]] = get_args(Preset)


@dataclass(frozen=True)
class ClassifySettings:
    """How two sets are told apart; the defaults are those of the command line.

    Args:
        groups: CSV file, regular expression or ``dhash``: which images belong together; None:
            inferred from names and pictures.
        infer_groups: False makes each image its own group.
        rungs: Steps of the ladder to climb.
        preset: Network and effort.
        extractor: Registry name of the network behind the rungs ``features`` and ``knn``.
        weights: Its weights file; None means searched, else fetched.
        defence: What is done to the pixels so that formats give nothing away.
        real_pipeline: Declared history of the reals; None: read off the files.
        fake_pipeline: Declared history of the fakes.
        question: Which of two questions the words answer; None: inferred.
        generator_train: File that lists the stems the generator was trained on.
        split: Shares of groups for train, validation and test.
        seed: Seed of every random choice.
        cnn_seeds: Number of fits of the network.
        null_check: Null controls: none, of all rungs but the network, or of it too.
        crop: Side of the network's training crops, pixels.
        size: Side to which images are brought if their sizes differ; None: the smaller median.
        pool: How patch scores become one: their mean, or the mean of the highest tenth.
        augment: What training does to images; None: the network form's own.
        alpha: Level of the verdict.
        limit: Take that many images of each set at random.
        on_error: ``fail`` or ``skip[=SHARE]``.
        decode: ``correct`` or ``peer``.
        recursive: Look into subfolders.
        layout: ``NHWC`` or ``NCHW`` of an array whose shape leaves it open.
        value_range: Black and white of a float array.
        backend: ``auto``, ``openvino`` or ``torch``, of the extractor.
        device: ``auto``, ``cpu``, ``cuda``, ``mps``.
        batch_size: Images per call of the extractor; None leaves it to the backend.
        workers: Decoding threads; None means one per core, at most 8.
        cache: Keep and reuse features and digests.
        memory: Bytes up to which decoded images are held in memory.
        yes: Run also what was announced to take longer than half an hour.
    """

    groups: str | None = None
    infer_groups: bool = True
    rungs: tuple[RungName, ...] = RUNGS
    preset: Preset = "default"
    extractor: str = "efficientnet-lite0"
    weights: Path | None = None
    defence: Defence = "auto"
    real_pipeline: str | None = None
    fake_pipeline: str | None = None
    question: Literal["arrival", "change"] | None = None
    generator_train: Path | None = None
    split: tuple[float, float, float] = (0.6, 0.15, 0.25)
    seed: int = 0
    cnn_seeds: int = 1
    null_check: NullCheck = "cheap"
    crop: int = 64
    size: int | None = None
    pool: Literal["mean", "top10"] = "mean"
    augment: Augment | None = None
    alpha: float = 0.05
    limit: int | None = None
    on_error: str = "fail"
    decode: Literal["correct", "peer"] = "correct"
    recursive: bool = True
    layout: Literal["NHWC", "NCHW"] | None = None
    value_range: tuple[float, float] | None = None
    backend: str = "auto"
    device: str = "auto"
    batch_size: int | None = None
    workers: int | None = None
    cache: bool = True
    memory: int = 2 << 30
    yes: bool = False
