"""How an audit extracts features: by one network, skipping what cannot be read."""

from __future__ import annotations

from ganeval.audit.settings import AuditSettings
from ganeval.errors import InputError
from ganeval.features.cache import CacheUnavailable, FeatureCache
from ganeval.features.devices import choose_engine
from ganeval.features.extractor import DirectExtractor, get_extractor
from ganeval.features.plan import Plan
from ganeval.images import OnError
from ganeval.metrics.settings import Progress
from ganeval.records import Notice


def feature_plan(settings: AuditSettings, progress: Progress) -> tuple[Plan | None, list[Notice]]:
    """Checks extractor, device and weights before any image is touched.

    Returns:
        The plan, None where no features are wanted; and what should be known about it.

    Raises:
        InputError: An option names nothing, or does not fit the extractor.
        MissingFileError: Weights are needed and cannot be had.
    """
    engine = choose_engine(settings.backend, settings.device)
    if settings.extractor is None:
        if settings.weights is not None:
            raise InputError("--weights: no features are wanted, so nothing would use the file")
        return None, []
    extractor = get_extractor(settings.extractor)
    if isinstance(extractor, DirectExtractor) and settings.weights is not None:
        raise InputError(f"--weights: extractor {extractor.name!r} takes no weights file")
    weights = extractor.weights(
        settings.weights, lambda done, total: progress("weights", done, total, "bytes")
    )
    notices, cache = [], None
    if settings.cache:
        try:
            cache = FeatureCache.open()
        except CacheUnavailable as error:
            text = f"Features are not kept: {error.message}"
            notices.append(Notice(code="cache_unavailable", text=text))
    plan = Plan(
        extractor=extractor,
        layers=[extractor.default_layer],
        resize=extractor.default_resize,
        engine=engine,
        weights=weights,
        batch_size=settings.batch_size,
        workers=settings.workers,
        cache=cache,
        on_error=OnError(skip=True, limit=1.0),
        memory=settings.memory,
    )
    return plan, notices
