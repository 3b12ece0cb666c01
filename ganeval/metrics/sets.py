"""All sets of one evaluation: opened, checked and extracted before anything is computed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ganeval.errors import InputError, MissingFileError
from ganeval.features.plan import Plan
from ganeval.features.published import PUBLISHED
from ganeval.features.weights import find_weights
from ganeval.images import source_kind
from ganeval.metrics.measured import Provenance
from ganeval.metrics.needs import SIGNATURE, Need, main_need
from ganeval.metrics.protocol import common_spec, told_weights
from ganeval.metrics.requests import Request
from ganeval.metrics.settings import Progress, Settings
from ganeval.metrics.sides import OpenSide, Side, extract_sides, make_plans, open_side, side_labels
from ganeval.metrics.statistics_file import SPATIAL_LAYER, spatial_statistics
from ganeval.records import FeatureRun, FeatureSpec, Notice, Role

Sides = Mapping[Need, Side]


@dataclass(frozen=True)
class Sets:
    """Every set of an evaluation with all its features.

    Attributes:
        real: The real set by what its features are.
        fakes: The fake sets.
        train: The training images; None: not given.
        main: The features that describe the sets.
        requests: What can be measured; optional requests without weights are gone.
        plans: How features were made, by extractor and resize mode.
        spec: What the main features are; None where only foreign statistics tell.
        notices: What happened on the way.
    """

    real: Sides
    fakes: list[Sides]
    train: Sides | None
    main: Need
    requests: list[Request]
    plans: Mapping[tuple[str, str], Plan]
    spec: FeatureSpec | None
    notices: list[Notice]

    @property
    def every(self) -> list[Sides]:
        """All sets, the real one first."""
        return [self.real, *self.fakes, *([self.train] if self.train else [])]

    @property
    def runs(self) -> list[FeatureRun]:
        """All extractions, the main features of every set first."""
        sides = [set_[self.main] for set_ in self.every]
        sides += [s for set_ in self.every for need, s in set_.items() if need != self.main]
        return [
            side.run
            for side in sides
            if side.run is not None and side.run.spec.extractor != SIGNATURE.extractor
        ]

    def provenance(self, need: Need) -> Provenance:
        """Returns what made these features."""
        mixed = any(notice.code == "forced_protocol" for notice in self.notices)
        for set_ in self.every:
            side = set_.get(need)
            if side is not None and side.run is not None:
                return Provenance(side.run.spec, side.run.weights, mixed)
        spec = self.spec if need == self.main else None
        return Provenance(spec, told_weights(spec), mixed)


def ready_sets(
    real: object,
    fakes: Sequence[object],
    train: object | None,
    labels: Sequence[str] | None,
    requests: Sequence[Request],
    extra: Sequence[Need],
    settings: Settings,
    progress: Progress,
) -> Sets:
    """Opens and extracts all sets; what fails early fails before anything slow.

    Args:
        real: The real set: a path or images in memory.
        fakes: The fake sets.
        train: The training images, if they are another set than the real one.
        labels: Names of the fake sets; None: the last parts of their paths.
        requests: What will be measured.
        extra: Further features to extract.
        settings: Every choice.
        progress: Told how far the extraction is.

    Raises:
        InputError: A set or an option is not usable, or sets were made under other protocols.
        MissingFileError: Weights are needed and cannot be had.
    """
    sources = [real, *fakes, *([] if train is None else [train])]
    images = [_is_images(source) for source in sources]
    main = _main(requests, settings, saved=not all(images))
    kept, plans, notices = _plans(requests, [*extra, main], settings, any(images), progress)
    roles: list[Role] = ["fake" if 0 < i <= len(fakes) else "real" for i in range(len(sources))]
    names = _labels(sources, len(fakes), labels)
    opened = [
        open_side(source, role, name, settings)
        for source, role, name in zip(sources, roles, names, strict=True)
    ]
    spec, told = _spec(opened, plans[main.source], main, settings)
    notices += told
    extracted: list[Sides] = []
    for side in opened:
        sides, told = extract_sides(side, plans, main, progress)
        notices += [notice for notice in told if notice not in notices]
        extracted.append(sides)
    first, *others = _agreed(extracted)
    return Sets(
        real=first,
        fakes=others[: len(fakes)],
        train=None if train is None else others[-1],
        main=main,
        requests=kept,
        plans=plans,
        spec=spec,
        notices=notices,
    )


def _main(requests: Sequence[Request], settings: Settings, saved: bool) -> Need:
    """The features that describe the sets: those chosen, where any metric is computed from them.

    Saved statistics are of those chosen, also where a metric is computed from another layer.
    """
    chosen = main_need(settings.extractor, settings.layer, settings.resize)
    needs = [request.need for request in requests]
    same_pass = saved and chosen.source in [need.source for need in needs]
    return chosen if chosen in needs or same_pass else needs[0]


def _labels(sources: Sequence[object], fakes: int, given: Sequence[str] | None) -> list[str]:
    """Short unique names; the fake sets are called as they were named."""
    names = side_labels(sources)
    if given is None:
        return names
    names[1 : 1 + fakes] = given
    if len(set(names)) < len(names):
        raise InputError(f"two sets are called alike: {', '.join(names)}")
    return names


def _is_images(source: object) -> bool:
    return not isinstance(source, str | os.PathLike) or source_kind(source) != "statistics"


def _plans(
    requests: Sequence[Request],
    extra: Sequence[Need],
    settings: Settings,
    needs_network: bool,
    progress: Progress,
) -> tuple[list[Request], dict[tuple[str, str], Plan], list[Notice]]:
    """Plans for all that can be had; optional metrics whose weights are not at hand are dropped."""
    kept, dropped = [], []
    for request in requests:
        optional = request.if_missing != "fail" and request.need.extractor != settings.extractor
        if optional and not _weights_at_hand(request.need.extractor):
            dropped.append(request)
        else:
            kept.append(request)
    needs = list(dict.fromkeys([*(request.need for request in kept), *extra]))
    plans, notices = make_plans(settings, needs, needs_network, progress)
    told = [one for one in dropped if one.if_missing == "tell"]
    if told:
        names = ", ".join(f"{one.name} (weights of {one.need.extractor})" for one in told)
        notices.append(
            Notice(
                code="metrics_left_out",
                text="Left out of --metrics all, because their weights are not on this computer: "
                f"{names}. Name the metric itself to have them fetched.",
                data={"metrics": ",".join(one.name for one in told)},
            )
        )
    return kept, plans, notices


def _weights_at_hand(extractor: str) -> bool:
    """Tells whether an extractor's weights can be had without fetching them."""
    if extractor not in PUBLISHED:
        return False
    try:
        return find_weights(PUBLISHED[extractor]) is not None
    except MissingFileError:
        return False


def _spec(
    opened: Sequence[OpenSide], plan: Plan, main: Need, settings: Settings
) -> tuple[FeatureSpec | None, list[Notice]]:
    single = replace(plan, layers=[main.layer])
    if main.layer == SPATIAL_LAYER:
        opened = [
            replace(side, saved=spatial_statistics(side.saved) or side.saved)
            if side.saved
            else side
            for side in opened
        ]
    return common_spec(opened, single, force=settings.force)


def _agreed(sets: Sequence[Sides]) -> list[Sides]:
    """Sets of the same images as the first share its features.

    So no rounding tells them apart; what the other set did not hold it does not get.
    """
    first, others = sets[0], []
    for set_ in sets[1:]:
        agreed = dict(set_)
        for need in first.keys() & set_.keys():
            one, other = first[need], set_[need]
            fingerprint = one.info.content_fingerprint
            if fingerprint and fingerprint == other.info.content_fingerprint:
                values = None if other.values is None else one.values
                agreed[need] = replace(other, moments=one.moments, values=values)
        others.append(agreed)
    return [first, *others]
