"""What all metrics share that grow batch by batch: update, merge, state, record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Self

import numpy as np

from ganeval.errors import InputError
from ganeval.metrics.needs import Need, main_need
from ganeval.metrics.rows import Rows, check_rows, row_digests
from ganeval.metrics.sets import Sets
from ganeval.metrics.sides import Side
from ganeval.metrics.streaming_images import ImageFeatures, in_numpy
from ganeval.metrics.streaming_options import StreamingOptions, requests_of, settings_of
from ganeval.metrics.streaming_set import BLOCK, Batch, StreamedSet
from ganeval.metrics.streaming_state import State, check_protocol, from_state, to_state
from ganeval.metrics.suite import measured_sets
from ganeval.records import MetricsRecord, Notice, Param, Role

_GIVEN = Need("features", "given", "none")  # what rows are called of which nothing is known


class StreamingMetric:
    """What all streaming metrics share; use `FrechetDistance` or `Evaluation`.

    Images are uint8, or float with ``value_range``, ``[n, H, W, C]`` or ``[n, C, H, W]``, of any
    framework and on any device; or lists of PIL images, arrays or tensors. The global random state,
    gradient mode, default device and number of threads of the caller stay as they are.
    """

    def __init__(
        self,
        metrics: str | Iterable[str],
        extractor: str | None,
        reference: object | None,
        keep: bool,
        most: int | None,
        options: StreamingOptions,
    ) -> None:
        self._settings = settings_of(extractor, options, has_reference=reference is not None)
        self._most = most
        own = (
            _GIVEN
            if extractor is None
            else main_need(extractor, self._settings.layer, self._settings.resize)
        )
        self._requests, self._notices = requests_of(metrics, own)
        needs = list(dict.fromkeys(request.need for request in self._requests))
        # What describes the sets, as on the command line.
        self._main = own if own in needs else needs[0]
        self._images: ImageFeatures | None = None
        if extractor is not None:
            self._images = ImageFeatures(needs, self._settings)
            self._notices += self._images.notices
        elif needs != [_GIVEN]:
            other = next(request.name for request in self._requests if request.need != _GIVEN)
            raise InputError(
                f"{other}: needs images, and extractor=None takes features only",
                hint="Name an extractor.",
            )
        self._needs = needs
        self._keep = keep
        self._reference: dict[Need, Side] | None = None
        if reference is not None:
            self._reference, told = self._open_reference(reference)
            self._notices += told
        self._sets = self._empty()
        self._warnings: list[Notice] = []

    @property
    def n(self) -> dict[str, int | None]:
        """Number of real and of fake images so far; None: a reference that does not tell it."""
        real: int | None = self._sets["real"].n
        if self._reference is not None:
            real = self._reference[self._main].info.n
        return {"real": real, "fake": self._sets["fake"].n}

    @property
    def warnings(self) -> list[Notice]:
        """What should be known about the last result, the most important first."""
        return list(self._warnings)

    def update(self, images: object, real: bool) -> None:
        """Adds a batch of images; on an error nothing is added.

        Args:
            images: Array or tensor ``[n, H, W, C]`` or ``[n, C, H, W]``, C being 1 or 3, uint8 or
                (with ``value_range``) float; or an iterable of PIL images, arrays or tensors.
            real: They are real images, else generated ones.

        Raises:
            InputError: They do not fit, are too many, or the object takes features only.
        """
        if self._images is None:
            raise InputError(
                "extractor=None takes features only, and images were given",
                hint="Call update_features, or name an extractor.",
            )
        one = self._growing(real)
        most = None if self._most is None else self._most - one.n
        batch = self._images.batch(images, most)
        if batch is None:
            raise _too_many(one.n + (most or 0), real)
        one.add(batch)

    def update_features(self, rows: object, real: bool) -> None:
        """Adds features that were extracted elsewhere; on an error nothing is added.

        Which network made them is not known then, so the distance is not called FID.

        Args:
            rows: Float ``[n, d]``, finite; where the metrics need several layers, a mapping of
                each layer's name to such an array, rows in the same order.
            real: They are of real images, else of generated ones.

        Raises:
            InputError: They do not fit, or are too many.
        """
        one = self._growing(real)
        named = self._named(rows)
        count = len(next(iter(named.values())))
        if self._most is not None and one.n + count > self._most:
            raise _too_many(self._most, real)
        for start in range(0, count, BLOCK):
            # Copies: the caller may use the memory of a batch again.
            part = {need: np.array(some[start : start + BLOCK]) for need, some in named.items()}
            digests = row_digests(part[self._main]) if one.holds_rows else []
            one.add(Batch(part, digests))

    def merge(self, other: Self | Mapping[str, object]) -> None:
        """Adds what another object of the same options has seen, perhaps in another process.

        Args:
            other: The object, or its `state_dict`; it stays as it is.

        Raises:
            InputError: It was made under another protocol, or holds reals beside a reference.
        """
        theirs = other._sets if isinstance(other, StreamingMetric) else self._loaded(other)
        if isinstance(other, StreamingMetric):
            check_protocol(other._protocol(), self._protocol())
        if self._reference is not None and theirs["real"].n:
            raise _reference_stands()
        for role, one in self._sets.items():
            one.check_fits(theirs[role])
            if self._most is not None and one.n + theirs[role].n > self._most:
                raise _too_many(self._most, role == "real")
        for role, one in self._sets.items():
            one.merge(theirs[role])

    def reset(self, *, keep_real: bool = False) -> None:
        """Forgets all images.

        Args:
            keep_real: Forget the generated ones only. A reference always stays.
        """
        real = self._sets["real"]
        self._sets = self._empty()
        self._warnings = []
        if keep_real:
            self._sets["real"] = real

    def record(self) -> MetricsRecord:
        """Returns everything that can be told about the images so far; they stay.

        Raises:
            InputError: A side has fewer than 2 images, or a metric cannot be had of these sets.
        """
        fakes = self._sets["fake"].sides("fake")
        reals = self._reference or self._sets["real"].sides("real")
        notices = list(self._notices)
        if any(one.given for one in self._sets.values()):
            fakes, reals = (
                {need: replace(side, run=None) for need, side in sides.items()}
                for sides in (fakes, reals)
            )
            notices.append(_features_given(self._sets))
        sets = Sets(
            real=reals,
            fakes=[fakes],
            train=None,
            main=self._main,
            requests=self._requests,
            plans={},
            spec=None,
            notices=notices,
        )
        record = measured_sets(sets, self._settings).record
        self._warnings = record.warnings
        return record

    def state_dict(self) -> State:
        """Returns what was seen, without a reference, as NumPy arrays that safetensors can hold."""
        return to_state(self._sets, self._protocol())

    def load_state_dict(self, state: Mapping[str, object]) -> None:
        """Takes over what another object of the same options had seen, in place of what is there.

        Args:
            state: What `state_dict` returned; CPU tensors in place of arrays will do.

        Raises:
            InputError: It is no such state, or was made under another protocol.
        """
        sets = self._loaded(state)
        if self._reference is not None and sets["real"].n:
            raise _reference_stands()
        self._sets = sets

    def _loaded(self, state: Mapping[str, object]) -> dict[Role, StreamedSet]:
        return from_state(state, self._protocol(), self._keep)

    def _empty(self) -> dict[Role, StreamedSet]:
        return {"real": StreamedSet(self._keep), "fake": StreamedSet(self._keep)}

    def _growing(self, real: bool) -> StreamedSet:
        if real and self._reference is not None:
            raise _reference_stands()
        return self._sets["real" if real else "fake"]

    def _named(self, rows: object) -> dict[Need, Rows]:
        """Features by what they are, checked."""
        if not isinstance(rows, Mapping):
            if len(self._needs) > 1:
                layers = ", ".join(need.layer for need in self._needs)
                raise InputError(
                    f"these metrics need several layers ({layers}), and one array was given",
                    hint="Give a mapping of layers to arrays.",
                )
            rows = {self._main.layer: rows}
        named = {}
        for need in self._needs:
            if need.layer not in rows:
                raise InputError(f"features of layer {need.layer} were not given")
            named[need] = _features(rows[need.layer])
        if self._images is not None:
            for need, spec in self._images.specs().items():
                if named[need].shape[1] != spec.dimension:
                    raise InputError(
                        f"layer {need.layer} of {need.extractor} has {spec.dimension} features, "
                        f"and {named[need].shape[1]} were given",
                        hint="Use extractor=None for features of a network of your own.",
                    )
        if len({len(one) for one in named.values()}) > 1:
            raise InputError("layers have different numbers of rows")
        return named

    def _open_reference(self, source: object) -> tuple[dict[Need, Side], list[Notice]]:
        if self._images is None:
            raise InputError(
                "reference= needs an extractor, so that it can be checked against it",
                hint="Hand its features over with update_features(rows, real=True).",
            )
        return self._images.reference(source, self._main)

    def _protocol(self) -> dict[str, Any]:
        if self._images is None:
            return {"features": "given"}
        specs = self._images.specs()
        return {"/".join(need): spec.model_dump() for need, spec in specs.items()}


def _features(rows: object) -> Rows:
    array = in_numpy(rows)
    if not isinstance(array, np.ndarray):
        raise InputError(f"features must be a float array [n, d], got a {type(rows).__name__}")
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    check_rows(array)
    return array


def _features_given(sets: Mapping[Role, StreamedSet]) -> Notice:
    counts: dict[str, Param] = {role: one.given for role, one in sets.items() if one.given}
    parts = " and ".join(f"{count} {role} images" for role, count in counts.items())
    return Notice(
        code="features_given",
        text=f"The features of {parts} were handed over. The numbers are right only if one network "
        "made those of both sides.",
        data=counts,
    )


def _too_many(most: int, real: bool) -> InputError:
    return InputError(
        f"more than max_images={most} {'real' if real else 'fake'} images",
        hint="Give a larger max_images (all features are held in memory), or use FrechetDistance, "
        "whose memory does not grow.",
    )


def _reference_stands() -> InputError:
    return InputError(
        "real images were given, and reference= holds the reals already",
        hint="Leave out one of the two.",
    )
