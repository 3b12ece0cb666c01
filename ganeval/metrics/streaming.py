"""Metrics that grow batch by batch, for training loops: update, merge, compute, reset."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Unpack

from ganeval.errors import InputError
from ganeval.metrics.streaming_metric import StreamingMetric
from ganeval.metrics.streaming_options import StreamingOptions as StreamingOptions
from ganeval.metrics.streaming_set import BLOCK
from ganeval.records import Estimate, MetricsRecord


class FrechetDistance(StreamingMetric):
    """The Fréchet distance of images that come in batches: FID, on the FID network.

    At most 4,096 feature rows per set are held; a set that outgrows them becomes mean and scatter,
    so memory does not grow with n (about 70 MB per set at d = 2048). While the rows are held, the
    result has a standard error and does not depend on any order.

    Args:
        extractor: What turns images into features, as on the command line; None: only
            `update_features` is used.
        reference: The real set, once and for all: a statistics file, folder, zip or array file, or
            images in memory. None: reals come through ``update(..., real=True)``.
        keep_features: Hold all rows, so that there is a standard error at every n.
        **options: See `StreamingOptions`.

    Raises:
        InputError: An option does not fit, or the reference was made under another protocol.
        MissingFileError: Weights are needed and cannot be had.
    """

    def __init__(
        self,
        extractor: str | None = "inception-2015",
        *,
        reference: object | None = None,
        keep_features: bool = False,
        **options: Unpack[StreamingOptions],
    ) -> None:
        super().__init__("fid", extractor, reference, keep_features, None, options)

    def compute(self) -> Estimate:
        """Returns the distance between all reals and all fakes so far; they stay.

        Without features of either side its ``se`` is None and its ``reason`` says why. `warnings`
        tells what should be known about it, `record` all the rest: name, floor and excess.

        Raises:
            InputError: A side has fewer than 2 images.
        """
        return self.record().metrics[0].estimate

    def record(self) -> MetricsRecord:
        """See `StreamingMetric.record`; the one metric is called ``fid``."""
        record = super().record()
        metric = record.metrics[0]
        if metric.estimate.se is not None or self._holds_rows():
            return record
        reason = (
            f"no standard error: the features were not kept (keep_features=True keeps them; "
            f"without it, those of up to {BLOCK} images are)"
        )
        estimate = metric.estimate.model_copy(update={"reason": reason})
        return record.model_copy(
            update={"metrics": [metric.model_copy(update={"estimate": estimate})]}
        )

    def _holds_rows(self) -> bool:
        """Tells whether features of either side are at hand."""
        reals = self._reference and self._reference[self._main].values is not None
        return bool(reals) or any(one.n and one.holds_rows for one in self._sets.values())


class Evaluation(StreamingMetric):
    """Any metrics of the command line, of images that come in batches.

    All features are held: n · d · 4 bytes per set and layer (0.4 GB for 50,000 images at d = 2048),
    and as much again while the result is computed.

    Args:
        metrics: Names as on the command line: ``"fid,kid,prdc"``, ``["fid", "kid"]``; ``"all"``
            means all that the extractor itself gives.
        extractor: What turns images into features; None: only `update_features` is used.
        reference: See `FrechetDistance`; statistics without features serve Fréchet distances only.
        max_images: Most images per set; more are refused before memory is full.
        **options: See `StreamingOptions`.

    Raises:
        InputError: A metric or an option does not fit, or the reference was made under another
            protocol.
        MissingFileError: Weights are needed and cannot be had.
    """

    def __init__(
        self,
        metrics: str | Iterable[str] = ("fid", "kid", "prdc"),
        extractor: str | None = "inception-2015",
        *,
        reference: object | None = None,
        max_images: int = 50_000,
        **options: Unpack[StreamingOptions],
    ) -> None:
        if max_images < 2:
            raise InputError(f"max_images={max_images}: metrics need at least 2 images")
        super().__init__(metrics, extractor, reference, True, max_images, options)

    def compute(self) -> MetricsRecord:
        """Returns all metrics of the images so far, which stay; the same as `record`.

        ``compute().metric("kid").estimate.value`` is a number.

        Raises:
            InputError: A side has fewer than 2 images, or a metric cannot be had of these sets.
        """
        return self.record()
