"""The images a record speaks of, found again later: where they were, or where they moved.

What is found counts as the set that was measured only if its fingerprint is the recorded one.
Nothing is decoded before it is asked for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path, PurePath

from PIL import Image

from ganeval.errors import InputError
from ganeval.images.array_layout import Layout, ValueRange
from ganeval.images.digests import DigestHints
from ganeval.images.failures import UnreadableImage, naming, printable
from ganeval.images.image_set import ImageSet, open_image_set
from ganeval.images.policy import Decoding
from ganeval.paths import cache_folder
from ganeval.records import (
    AblationRecord,
    AuditRecord,
    ClassifyRecord,
    ClassModelRecord,
    InputInfo,
    MetricsRecord,
    Record,
    SaliencyRecord,
    TrainingRecord,
)
from ganeval.records.inputs import recorded_inputs

_DIGITS = 12
"""Hex digits shown of a fingerprint."""

RUN = "run"
"""Label under which the pictures are asked for that a run wrote, by their path in its folder."""

_LAYOUTS: dict[str, Layout] = {"NHWC": "NHWC", "NCHW": "NCHW"}
_RANGES: dict[str, ValueRange] = {"0,1": (0, 1), "-1,1": (-1, 1), "0,255": (0, 255)}


@dataclass(frozen=True)
class FoundSet:
    """A set of a record, as far as it can be had.

    Args:
        label: Its label in the record.
        images: What was found; None if there is nothing to show.
        keys: Recorded key to the key in ``images``; images that are known to have changed are
            left out.
        remark: What a reader should know, a sentence; empty if it is the set that was measured.
        missing: Images that the record speaks of cannot be shown, or may be others.
    """

    label: str
    images: ImageSet | None
    keys: Mapping[str, str]
    remark: str
    missing: bool


@dataclass(frozen=True)
class RecordedImages:
    """All sets of a record, by label.

    Args:
        sets: Label to set.
        run_folder: Of a run that wrote pictures: where they lie.
        pictures: Those that the record names, by their path there; None: any may be asked for.
            Where there is a set called ``run`` too, the label means these first.
    """

    sets: Mapping[str, FoundSet]
    run_folder: Path | None = None
    pictures: frozenset[str] | None = None

    def load(self, label: str, key: str) -> Image.Image | None:
        """Decodes one image as the record says; None where it cannot be had any more."""
        drawn = label == RUN and (self.pictures is None or key in self.pictures)
        if drawn and self.run_folder is not None:
            return _picture(self.run_folder, key)
        found = self.sets.get(label)
        if found is None or found.images is None or key not in found.keys:
            return None
        try:
            return found.images.image(found.keys[key])
        except InputError:  # deleted or changed since it was listed, or damaged
            return None

    @property
    def any(self) -> bool:
        """Whether there is a set with images to show."""
        return self.run_folder is not None or any(found.images for found in self.sets.values())

    @property
    def remarks(self) -> list[str]:
        """What a reader should know, at most one sentence a set."""
        return [found.remark for found in self.sets.values() if found.remark]


def find_images(
    record: Record,
    *,
    folders: Sequence[Path] = (Path(),),
    moved: Mapping[str, Sequence[Path]] | None = None,
) -> RecordedImages:
    """Looks for the sets of a record; lists and fingerprints them, decodes nothing.

    Args:
        record: What was measured.
        folders: What relative paths of the record are taken from, one after the other; the last is
            where the record lies.
        moved: Label to the places where its images are instead, one after the other; `RUN` for
            the folder of a run that wrote pictures.

    Returns:
        Per set the place whose fingerprint is the recorded one; else the first that can be opened,
        with a remark. Of a run that wrote pictures its folder.
    """
    moved = moved or {}
    folder = [*folders, *moved.get(RUN, ())][-1]
    if isinstance(record, TrainingRecord):  # its page shows what the run wrote
        return RecordedImages({}, folder)
    decoding = _decoding(record)
    found = {}
    for info in recorded_inputs(record):
        given = moved.get(info.label, ())
        found[info.label] = _find(record, info, decoding, list(_places(info, folders, given)))
    pictures = drawn_pictures(record)
    return RecordedImages(found, folder if pictures else None, pictures)


def drawn_pictures(record: Record) -> frozenset[str]:
    """Returns the pictures a command drew, by their path in the folder of its record."""
    if isinstance(record, AblationRecord):
        return frozenset(path for row in record.rows for path in row.paths)
    if isinstance(record, ClassModelRecord):
        return frozenset(one.file for drawn in record.classes for one in drawn.pictures)
    if isinstance(record, SaliencyRecord):
        return frozenset(
            file
            for pair in record.pairs
            for file in (
                *pair.original.values(),
                *pair.differences.values(),
                *(one.picture for one in pair.maps if one.picture),
            )
        )
    if not isinstance(record, ClassifyRecord):
        return frozenset()
    maps = [one.map for gallery in record.galleries for one in gallery.images if one.map]
    return frozenset([*maps, *(one.file for one in record.pictures)])


def _picture(folder: Path, path: str) -> Image.Image | None:
    """A picture of a run folder; None where it is gone, damaged, or not of that folder."""
    file = (folder / path).resolve()
    if not file.is_relative_to(folder.resolve()):
        return None
    try:
        with naming(path), Image.open(file) as image:
            return image.convert("RGB")
    except UnreadableImage:
        return None


def _places(info: InputInfo, folders: Sequence[Path], given: Sequence[Path]) -> Iterator[Path]:
    """Yields where to look, every place once."""
    seen = set()
    recorded = [folder / info.path for folder in folders] if info.path else []
    for place in given or ([] if info.kind == "memory" else recorded):
        if (real := os.path.realpath(place)) not in seen:
            seen.add(real)
            yield place


def _find(record: Record, info: InputInfo, decoding: Decoding, places: Sequence[Path]) -> FoundSet:
    label = printable(info.label)
    if info.kind == "statistics":
        remark = f"{label} was given as saved statistics, which hold no images."
        return FoundSet(info.label, None, {}, remark, missing=False)
    differing: FoundSet | None = None
    reasons = []
    for place in places:
        if not os.path.exists(place):
            reasons.append(f"nothing is at {printable(str(place))}")
            continue
        try:
            found = _compared(record, info, _opened(record, info, decoding, place))
        except InputError as error:
            reasons.append(printable(error.message))
            continue
        if not found.remark:
            return found
        differing = differing or found
    if differing:
        return differing
    unknown = (
        "they were handed over in memory"
        if info.kind == "memory"
        else "the record does not say where they were"
    )
    why = "; ".join(reasons) or unknown
    remark = f"No image of {label} is shown: {why}."
    return FoundSet(info.label, None, {}, remark, missing=True)


def _opened(record: Record, info: InputInfo, decoding: Decoding, place: Path) -> ImageSet:
    """Opens a set with the choices of the recorded run."""
    images = open_image_set(
        place,
        decoding=decoding,
        recursive="--no-recursive" not in record.argv,
        limit=info.limit,
        seed=info.seed,
        digest_hints=DigestHints(cache_folder()),
        layout=_LAYOUTS.get(_typed(record.argv, "--layout")),
        value_range=_RANGES.get(_typed(record.argv, "--range")),
    )
    skipped = {one.key: one.reason for one in info.skipped}
    return images.without(skipped) if skipped else images


def _compared(record: Record, info: InputInfo, images: ImageSet) -> FoundSet:
    """Tells whether a set is the recorded one, image by image where the record knows each."""
    recorded = [_recorded_key(key, info, images.kind, images.path) for key in images.keys]
    keys = dict(zip(recorded, images.keys, strict=True))
    wanted = _known_digests(record, info.label)
    if wanted:
        return _image_by_image(info, images, keys, wanted)
    if replace(images, keys=recorded).fingerprint == info.fingerprint:
        return FoundSet(info.label, images, keys, "", missing=False)
    now, then = images.fingerprint, info.fingerprint or "none"
    remark = (
        f"The images of {_named(info, images)} are not all those that were measured "
        f"(fingerprint {now[:_DIGITS]}, recorded {then[:_DIGITS]}): one shown under a recorded "
        "name may be another picture."
    )
    return FoundSet(info.label, images, keys, remark, missing=True)


def _known_digests(record: Record, label: str) -> Mapping[str, str]:
    """The digests of a set's images as far as the record holds them, by recorded key."""
    if isinstance(record, AuditRecord):
        return {one.key: one.digest for one in record.set_called(label).images}
    if isinstance(record, MetricsRecord | ClassifyRecord | SaliencyRecord):
        return record.digests.get(label, {})
    return {}


def _image_by_image(
    info: InputInfo, images: ImageSet, keys: Mapping[str, str], wanted: Mapping[str, str]
) -> FoundSet:
    digests = dict(zip(images.keys, images.digests, strict=True))
    same = {
        key: keys[key] for key, digest in wanted.items() if digests.get(keys.get(key, "")) == digest
    }
    remark = ""
    if lost := len(wanted) - len(same):
        changed = sum(key in keys for key in wanted) - len(same)
        parts = [(changed, "changed"), (lost - changed, "gone")]
        told = " and ".join(f"{count:,} {what}" for count, what in parts if count)
        remark = (
            f"Of the {len(wanted):,} images of {_named(info, images)} {told} since "
            "they were measured; these are not shown."
        )
    return FoundSet(info.label, images, same, remark, missing=bool(remark))


def _named(info: InputInfo, images: ImageSet) -> str:
    return f"{printable(info.label)} at {printable(images.path)}"


def _recorded_key(key: str, info: InputInfo, kind: str, path: str) -> str:
    """What an image would be called had it not moved: keys in archives name the archive."""
    inside = key.removeprefix(f"{PurePath(path).name}!") if kind == "zip" else key
    return f"{PurePath(info.path).name}!{inside}" if info.kind == "zip" else inside


def _decoding(record: Record) -> Decoding:
    """How the recorded run read pixels; the inverse of `Decoding.name`."""
    name = "correct"
    if isinstance(record, AuditRecord | ClassifyRecord | SaliencyRecord):
        name = str(record.params.get("decode", name))
    elif isinstance(record, MetricsRecord) and record.features:
        name = record.features[0].spec.decode
    if name == "peer":
        return Decoding(policy="peer")
    background = re.fullmatch("correct on #([0-9a-f]{6})", name)
    if background is None:
        return Decoding()
    red, green, blue = bytes.fromhex(background[1])
    return Decoding(background=(red, green, blue))


def _typed(argv: Sequence[str], option: str) -> str:
    """Returns the value of an option on a command line; empty if it is not there."""
    for argument, following in pairwise([*argv, ""]):
        if argument == option:
            return following
        if argument.startswith(f"{option}="):
            return argument.removeprefix(f"{option}=")
    return ""
