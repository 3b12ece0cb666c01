"""Image sets of a saliency comparison: opened, paired, limited, and brought to the model's side."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt

from ganeval.errors import GanevalError, InputError
from ganeval.features.devices import usable_cores
from ganeval.features.row_arrays import new_rows
from ganeval.images import (
    Decoding,
    Header,
    ImageSet,
    OnError,
    UnreadableImage,
    open_image_set,
    settle_failures,
    source_kind,
)
from ganeval.images.decoding import Pixels
from ganeval.images.digests import DigestHints
from ganeval.metrics.settings import Progress
from ganeval.metrics.sides import is_path, side_labels
from ganeval.paths import cache_folder
from ganeval.records import InputInfo, Notice
from ganeval.saliency.pairing import FEWEST_PAIRS, pair_sets
from ganeval.saliency.settings import SaliencySettings

Stack = npt.NDArray[np.float32]
"""Images ``[n, 3, S, S]``, or maps ``[n, S, S]``; above a budget in a temporary file."""


@dataclass(frozen=True)
class PairedSets:
    """Two sets and which of their images belong together; or one set alone.

    Args:
        before: The images before, or the only ones.
        after: Their translations; None: there is one set alone.
        rows: Place of each pair's image before in its set, and of that after.
        keys: Unique names of the pairs.
        groups: The independent unit of each pair.
        labels: Short names of the sets.
        unpaired: Keys of images without a partner, by ``before`` and ``after``.
        same: Both sets are the same files.
    """

    before: ImageSet
    after: ImageSet | None
    rows: tuple[list[int], list[int]]
    keys: list[str]
    groups: list[str]
    labels: list[str]
    unpaired: dict[str, list[str]]
    same: bool = False

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def sets(self) -> list[ImageSet]:
        """The sets there are."""
        return [self.before] if self.after is None else [self.before, self.after]

    def keys_of(self, side: int) -> list[str]:
        """Returns the key of each pair's image before (0) or after (1)."""
        return [self.sets[side].keys[row] for row in self.rows[side]]

    def headers_of(self, side: int) -> list[Header]:
        """Returns what is known of each pair's image before (0) or after (1)."""
        return [self.sets[side].headers[row] for row in self.rows[side]]

    def take(self, places: Sequence[int]) -> PairedSets:
        """Returns the pairs at these places."""
        first, second = ([rows[i] for i in places] if rows else [] for rows in self.rows)
        return replace(
            self,
            rows=(first, second),
            keys=[self.keys[i] for i in places],
            groups=[self.groups[i] for i in places],
        )

    def infos(self) -> list[InputInfo]:
        """Describes both sets, as far as they are in pairs."""
        found = []
        for side, (images, label) in enumerate(zip(self.sets, self.labels, strict=True)):
            info = images.info("fake" if side else "real", label)
            used = len(set(self.rows[side]))
            found.append(info.model_copy(update={"n": used, "n_groups": len(set(self.groups))}))
        return found

    def digests(self) -> dict[str, dict[str, str]]:
        """Returns the sha256 of the images in pairs, by label and key."""
        return {
            label: {images.keys[row]: images.digests[row] for row in self.rows[side]}
            for side, (images, label) in enumerate(zip(self.sets, self.labels, strict=True))
        }


def require_sources(before: object, after: object | None) -> None:
    """Refuses, before a model is loaded, paths at which there are no images.

    Raises:
        InputError: There is nothing, or something else.
    """
    for one in (before, after):
        if one is not None and is_path(one) and source_kind(Path(one)) == "statistics":
            raise InputError(f"{os.fspath(one)}: holds saved statistics, and images are needed")


def open_pairs(
    before: object, after: object | None, settings: SaliencySettings, decoding: Decoding
) -> PairedSets:
    """Opens and pairs the sets; decodes nothing.

    Args:
        before: Folder, zip archive, array file or list; or images in memory.
        after: The same of the translations; None: one set alone.
        settings: Choices about reading and pairing.
        decoding: How pixels are read.

    Raises:
        InputError: A source cannot be opened, or does not pair with the other.
    """
    first = _open(before, settings, decoding, groups=settings.groups)
    if after is None:
        places = list(range(len(first)))
        paired = PairedSets(
            first,
            None,
            (places, []),
            _names(first.keys),
            list(first.groups),
            side_labels([before]),
            {},
        )
        return _limited(paired, settings)
    second = _open(after, settings, decoding, groups=None)
    found = pair_sets(first, second, settings.pairs)
    by_name = found.stems if settings.groups is None else None
    paired = PairedSets(
        first,
        second,
        (found.before, found.after),
        found.keys,
        by_name or [first.groups[row] for row in found.before],
        side_labels([before, after]),
        {"before": found.unpaired_before, "after": found.unpaired_after},
        same=first.content_fingerprint == second.content_fingerprint,
    )
    return _limited(paired, settings)


def load_squares(
    paired: PairedSets,
    bring: Callable[[Pixels, Header], Stack],
    side: int,
    settings: SaliencySettings,
    progress: Progress,
) -> tuple[PairedSets, Stack, Stack | None]:
    """Decodes every image of the pairs and brings it to the side of the model.

    Args:
        paired: The pairs.
        bring: Makes float32 ``[3, side, side]`` of an image.
        side: Pixels.
        settings: Threads, memory, what becomes of unreadable images.
        progress: Told how far it is.

    Returns:
        The pairs whose images can be read, their images before and after, ``[n, 3, S, S]`` each.

    Raises:
        InputError: Images cannot be read and are not to be skipped.
        GanevalError: Too few pairs are left, or there is no room.
    """
    on_error = OnError.parse(settings.on_error)
    stacks, failures = [], []
    for position, label in enumerate(paired.labels):
        stack, failed = _decoded(paired, position, bring, side, settings, label, progress)
        stacks.append(stack)
        failures.append(failed)
    for images, failed in zip(paired.sets, failures, strict=True):
        settle_failures(images, failed, on_error, cached=0)
    keys = [paired.keys_of(position) for position in range(len(stacks))]
    kept = [
        i
        for i in range(len(paired))
        if all(one[i] not in failed for one, failed in zip(keys, failures, strict=True))
    ]
    if len(kept) < (1 if paired.after is None else FEWEST_PAIRS):
        raise GanevalError(f"{len(kept)} pairs are left whose images can be read; 2 are needed")
    if len(kept) < len(paired):
        stacks = [stack[kept] for stack in stacks]
        skipped = [
            images.without({**images.unreadable, **failed})
            for images, failed in zip(paired.sets, failures, strict=True)
        ]
        paired = _with_sets(paired.take(kept), skipped)
    return paired, stacks[0], stacks[1] if len(stacks) > 1 else None


def chosen_by_hash(keys: Sequence[str], count: int, seed: int) -> list[int]:
    """Returns the places of ``count`` keys, ascending; which they are depends on no other key.

    Args:
        keys: Unique names.
        count: How many; all where there are no more.
        seed: Of the run.
    """

    def rank(place: int) -> bytes:
        text = f"{seed}:{keys[place]}".encode("utf-8", "surrogateescape")
        return hashlib.sha256(text).digest()

    return sorted(sorted(range(len(keys)), key=rank)[:count])


def pair_notices(paired: PairedSets) -> list[Notice]:
    """Tells what a careful person should know about how the sets go together."""
    notices = []
    if paired.same:
        text = (
            "BEFORE and AFTER are the same images: similarity is 1 and no score changes. A check, "
            "no comparison."
        )
        notices.append(Notice(code="same_images", text=text))
    left = {side: len(keys) for side, keys in paired.unpaired.items() if keys}
    if left:
        told = " and ".join(f"{n:,} images {side}" for side, n in left.items())
        text = f"{told} have no partner and are left out; {len(paired):,} pairs are compared."
        notices.append(Notice(code="unpaired", text=text, data=dict(left)))
    skipped = sum(len(images.skipped) for images in paired.sets)
    if skipped:
        text = f"{skipped:,} images cannot be read; their pairs are left out."
        notices.append(Notice(code="skipped", text=text, data={"images": skipped}))
    if paired.after is not None:
        sizes = [
            [(one.width, one.height) for one in paired.headers_of(position)] for position in (0, 1)
        ]
        differ = sum(a != b for a, b in zip(*sizes, strict=True))
        if differ:
            text = (
                f"In {differ:,} of {len(paired):,} pairs the two images have different sizes; both "
                "are resized to the side of the model, which by itself changes scores and maps."
            )
            notices.append(Notice(code="sizes_differ", text=text, data={"pairs": differ}))
    return notices


def _open(
    source: object, settings: SaliencySettings, decoding: Decoding, groups: str | None
) -> ImageSet:
    # The limit is on pairs, so that a set under other names keeps its partners.
    images = open_image_set(
        source,
        groups=groups,
        decoding=decoding,
        recursive=settings.recursive,
        seed=settings.seed,
        layout=settings.layout,
        value_range=settings.value_range,
        digest_hints=DigestHints(cache_folder()) if settings.cache else None,
    )
    if images.unreadable:
        images = settle_failures(images, {}, OnError.parse(settings.on_error), cached=0)
    return images


def _limited(paired: PairedSets, settings: SaliencySettings) -> PairedSets:
    if settings.limit is None or settings.limit >= len(paired):
        return paired
    return paired.take(chosen_by_hash(paired.keys, settings.limit, settings.seed))


def _names(keys: Sequence[str]) -> list[str]:
    """Keys without their extensions, where that leaves them different."""
    short = [str(PurePosixPath(key).with_suffix("")) for key in keys]
    return short if len(set(short)) == len(short) else list(keys)


def _decoded(
    paired: PairedSets,
    position: int,
    bring: Callable[[Pixels, Header], Stack],
    side: int,
    settings: SaliencySettings,
    label: str,
    progress: Progress,
) -> tuple[Stack, dict[str, str]]:
    """One side of all pairs, and the images of it that cannot be read."""
    images, rows = paired.sets[position], paired.rows[position]
    stack = new_rows(len(rows), 3 * side * side, settings.memory).reshape(-1, 3, side, side)
    failures: dict[str, str] = {}

    def read(place: int) -> UnreadableImage | None:
        try:
            stack[place] = bring(images.decode(rows[place]), images.headers[rows[place]])
        except UnreadableImage as error:
            return error
        return None

    workers = settings.workers or min(8, usable_cores())
    with ThreadPoolExecutor(workers, thread_name_prefix="decode") as pool:
        for done, error in enumerate(pool.map(read, range(len(rows))), start=1):
            progress(label, done, len(rows))
            if error is not None:
                failures[error.key] = error.reason
    return stack, failures


def _with_sets(paired: PairedSets, sets: Sequence[ImageSet]) -> PairedSets:
    """The same pairs of sets from which images were taken out."""
    rows = []
    for position, images in enumerate(sets):
        place = {key: i for i, key in enumerate(images.keys)}
        rows.append([place[key] for key in paired.keys_of(position)])
    return replace(
        paired,
        before=sets[0],
        after=sets[1] if len(sets) > 1 else None,
        rows=(rows[0], rows[1] if len(rows) > 1 else []),
    )
