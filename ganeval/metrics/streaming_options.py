"""Options of streaming metrics, and what they ask for."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, TypedDict

from ganeval.errors import InputError, unknown_name
from ganeval.metrics.needs import Need
from ganeval.metrics.requests import Request, parse_metrics
from ganeval.metrics.settings import Settings
from ganeval.records import Notice

_OF_IMAGES = frozenset(
    ("layer", "resize", "weights", "device", "backend", "batch_size", "workers", "value_range")
    + ("layout", "decode")
)  # options that mean nothing without a network
_OF_REFERENCE = frozenset(("cache", "force", "ref_resize", "ref_n"))


class StreamingOptions(TypedDict, total=False):
    """Options of streaming metrics; each means what it means in `ganeval.metrics.settings`.

    Attributes:
        layer: Layer of the extractor; its default one if not given.
        resize: Resize mode; the extractor's default if not given.
        weights: Weights file; searched, else fetched, if not given.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``mps``.
        backend: ``auto``, ``openvino`` or ``torch``.
        batch_size: Images per network call.
        workers: Threads that prepare images.
        value_range: Black and white of float images, for example (-1, 1); uint8 needs none.
        layout: ``NHWC`` or ``NCHW`` where a shape leaves it open.
        decode: How PIL images with transparency and other special cases are read.
        cache: Keep and reuse the features of ``reference``; batches are never kept.
        seed: Seed of every random choice.
        uncertainty: How the standard error of a Fréchet distance is found.
        permutations: Label permutations behind the p-value of KID.
        subsets: Number of subsets of KID's protocols.
        subset_size: Images per side and subset.
        force: Take a reference made under another protocol all the same.
        ref_resize: Resize mode behind a reference of statistics that do not tell it.
        ref_n: Number of images behind a reference of statistics that do not tell it.
    """

    layer: str | None
    resize: str | None
    weights: str | os.PathLike[str] | None
    device: str
    backend: str
    batch_size: int | None
    workers: int | None
    value_range: tuple[float, float] | None
    layout: Literal["NHWC", "NCHW"] | None
    decode: Literal["correct", "peer"]
    cache: bool
    seed: int
    uncertainty: Literal["influence", "jackknife", "bootstrap", "none"]
    permutations: int
    subsets: int | None
    subset_size: int | None
    force: bool
    ref_resize: str | None
    ref_n: int | None


def settings_of(
    extractor: str | None, options: StreamingOptions, *, has_reference: bool
) -> Settings:
    """Returns the settings that options stand for.

    Args:
        extractor: Name of the extractor; None: features are handed over.
        options: As they were given.
        has_reference: There is a reference, which some of them speak of.

    Raises:
        InputError: One is unknown, or has no effect.
    """
    known = StreamingOptions.__annotations__
    for name in options:
        if name not in known:
            raise unknown_name("option", name, known)
        if extractor is None and name in _OF_IMAGES:
            raise InputError(f"{name}=: has no effect with extractor=None, which takes features")
        if not has_reference and name in _OF_REFERENCE:
            raise InputError(f"{name}=: has no effect without reference=")
    given: dict[str, Any] = dict(options)
    if given.get("weights") is not None:
        given["weights"] = Path(given["weights"])
    return Settings(**given) if extractor is None else Settings(extractor=extractor, **given)


def requests_of(metrics: str | Iterable[str], main: Need) -> tuple[list[Request], list[Notice]]:
    """Returns what is to be measured, and what is left out of ``all``.

    ``all`` is of the main extractor, so that no other network is run by surprise.

    Args:
        metrics: Names as on the command line.
        main: The features that metrics use unless they name others.

    Raises:
        InputError: A name is unknown or does not fit the extractor.
    """
    kept, names = [], []
    for request in parse_metrics(metrics, main):
        if request.if_missing == "tell" and request.need.extractor != main.extractor:
            names.append(request.name)
        else:
            kept.append(request)
    if not names:
        return kept, []
    text = (
        f"Left out of all, because they need another network: {', '.join(names)}. Name the metric "
        "itself to have it."
    )
    return kept, [Notice(code="metrics_left_out", text=text, data={"metrics": ",".join(names)})]
