"""What a careful reader should know about two sets before trusting a number about them.

Each function looks for one thing and words it: what it means, then what to do. `_CHECKS` lists
them by importance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ganeval.images.policy import READ_DIFFERENTLY_BY_PEERS
from ganeval.metrics.format_mix import DIFFERENT_MIX, mix, storage_differences, variation
from ganeval.metrics.inception_score import FEWEST_PER_SPLIT
from ganeval.records import FeatureRun, Floor, InputInfo, Notice

_VERY_SMALL = 50  # images
_UNEQUAL = 1.1  # ratio of the numbers of images
_TELLING_HALF = 10  # images; halves smaller than that are alike by chance
_NOT_SQUARE = 0.01  # share of images
_SMALLEST_SIDE = 32  # pixels
_SPLITS = 10  # of the Inception Score
_CASES = {
    "alpha": "transparency",
    "exif_rotated": "an EXIF orientation",
    "grey16": "16-bit grey",
}


@dataclass(frozen=True)
class _Pair:
    """All that a warning can depend on."""

    real: InputInfo
    fake: InputInfo
    dimension: int | None
    real_digests: Sequence[str]
    fake_digests: Sequence[str]
    runs: Sequence[FeatureRun]
    floor: Floor | None
    identical: bool
    several: bool
    scored: bool

    @property
    def inputs(self) -> tuple[InputInfo, InputInfo]:
        return self.real, self.fake

    @property
    def smallest(self) -> InputInfo | None:
        """The side with the fewest images, of those that tell."""
        known = [info for info in self.inputs if info.n is not None]
        return min(known, key=lambda info: info.n or 0, default=None)


def sample_warnings(
    real: InputInfo,
    fake: InputInfo,
    *,
    dimension: int | None,
    real_digests: Sequence[str] = (),
    fake_digests: Sequence[str] = (),
    runs: Sequence[FeatureRun] = (),
    floor: Floor | None = None,
    identical: bool = False,
    several: bool = False,
    scored: bool = False,
) -> list[Notice]:
    """Returns what should be known about two sets, the most important first.

    Args:
        real: The real set, or saved statistics.
        fake: The fake set.
        dimension: Number d of features per image; None where no Fréchet distance is reported.
        real_digests: Content digest of each real image, as far as they are known.
        fake_digests: The same of the fake images.
        runs: How the features were extracted.
        floor: The sampling floor, which makes the text about few images concrete.
        identical: Both sides have the same features, whatever their files are.
        several: The fake set is one of several, so that what holds for all is worded alike.
        scored: The Inception Score is reported.
    """
    pair = _Pair(
        real=real,
        fake=fake,
        dimension=dimension,
        real_digests=real_digests,
        fake_digests=fake_digests,
        runs=runs,
        floor=floor,
        identical=identical,
        several=several,
        scored=scored,
    )
    notices = (check(pair) for check in _CHECKS)
    return [notice for notice in notices if notice is not None]


def _identical_sets(pair: _Pair) -> Notice | None:
    """Both sets hold the same images."""
    fingerprint = pair.real.content_fingerprint
    same_files = fingerprint is not None and fingerprint == pair.fake.content_fingerprint
    if not (same_files or pair.identical):
        return None
    return Notice(
        code="identical_sets",
        text="Both sets hold the same images: the Fréchet distance is exactly 0, and KID, which "
        "leaves out pairs of one image with itself, falls below 0. Check the two paths.",
    )


def _shared_images(pair: _Pair) -> Notice | None:
    """Some images are in both sets."""
    both = set(pair.real_digests) & set(pair.fake_digests)
    if not both or _identical_sets(pair) is not None:
        return None
    in_fake = sum(digest in both for digest in pair.fake_digests)
    return Notice(
        code="shared_images",
        text=f"{in_fake} of {len(pair.fake_digests)} fake images are also in the real set, which "
        "makes every distance too small. Remove them from one of the sets.",
        data={"shared": in_fake},
    )


def _unverified_weights(pair: _Pair) -> Notice | None:
    """The weights are not the published ones."""
    weights = next((r.weights for r in pair.runs if r.weights and not r.weights.verified), None)
    if weights is None:
        return None
    return Notice(
        code="unverified_weights",
        text=f"The weights {weights.file} ({weights.sha256[:8]}) are not the published ones, so "
        "the numbers compare only with others made with this same file.",
        data={"file": weights.file, "sha256": weights.sha256},
    )


def _stats_provenance_unknown(pair: _Pair) -> Notice | None:
    """Saved statistics do not tell which images and network they come from."""
    unknown = [i.path for i in pair.inputs if i.kind == "statistics" and i.fingerprint is None]
    if not unknown:
        return None
    verb = "does" if len(unknown) == 1 else "do"
    return Notice(
        code="stats_provenance_unknown",
        text=f"{' and '.join(unknown)} {verb} not tell which network and resizing made the "
        "features. The distance is right only if they were the same on both sides.",
        data={"files": len(unknown)},
    )


def _duplicate_images(pair: _Pair) -> Notice | None:
    """A set holds the same image more than once."""
    found = [
        (info, len(digests) - len(set(digests)))
        for info, digests in zip(pair.inputs, (pair.real_digests, pair.fake_digests), strict=True)
    ]
    told = [f"{count} of the {info.n} {info.role} images" for info, count in found if count]
    if not told:
        return None
    return Notice(
        code="duplicate_images",
        text=f"{' and '.join(told)} are exact copies of others in their set. Copies count as one "
        "independent image in the intervals unless --groups says otherwise; remove them, because "
        "they still pull every distance.",
        data={"real": found[0][1], "fake": found[1][1]},
    )


def _n_below_d(pair: _Pair) -> Notice | None:
    """There are fewer images than features."""
    side = pair.smallest
    if side is None or side.n is None or pair.dimension is None or side.n >= pair.dimension:
        return None
    share = ""
    if pair.floor is not None and not pair.several:
        floor = (pair.floor.floor_real + pair.floor.floor_fake) / 2
        # Sets that share content can lie closer than two samples of one of them.
        word = "of" if floor <= pair.floor.cross else "against a distance of"
        share = f" ({floor:.3g} {word} {pair.floor.cross:.3g} at half size)"
    return Notice(
        code="n_below_d",
        text=f"{side.n} images are fewer than the {pair.dimension} features: much of the Fréchet "
        f"distance is sampling floor{share}, and it can prefer a less varied generator. Compare "
        "excess and KID, at equal n only.",
        data={"n": side.n, "d": pair.dimension},
    )


def _negative_excess(pair: _Pair) -> Notice | None:
    """The sets are more alike than two samples of one distribution can be."""
    excess = pair.floor.excess if pair.floor is not None else None
    if excess is None or excess.high is None or excess.high >= 0:
        return None
    if pair.floor is None or pair.floor.half_size < _TELLING_HALF:
        return None
    return Notice(
        code="negative_excess",
        text="The sets are more alike than two samples of one distribution are expected to be, so "
        "they may not be independent: are the fakes made from these very reals? Then compare them "
        "with real images of the domain they should look like.",
    )


def _n_very_small(pair: _Pair) -> Notice | None:
    """There are so few images that only large differences show."""
    side = pair.smallest
    if side is None or side.n is None or side.n >= _VERY_SMALL:
        return None
    return Notice(
        code="n_very_small",
        text=f"The {side.role} set has only {side.n} images: the intervals are wide and only large "
        f"differences can show. Use {_VERY_SMALL} images or more per set.",
        data={"n": side.n},
    )


def _is_small_n(pair: _Pair) -> Notice | None:
    """The Inception Score has few images per split."""
    n = pair.fake.n
    if not pair.scored or n is None or n >= FEWEST_PER_SPLIT * _SPLITS:
        return None
    return Notice(
        code="is_small_n",
        text=f"The Inception Score of {n} images in {_SPLITS} splits is biased downwards and ranks "
        f"nothing. Use {FEWEST_PER_SPLIT} images per split or more, or leave it out.",
        data={"n": n},
    )


def _unequal_n(pair: _Pair) -> Notice | None:
    """The sets differ in size."""
    n, m = pair.real.n, pair.fake.n
    if n is None or m is None or max(n, m) <= _UNEQUAL * min(n, m):
        return None
    return Notice(
        code="unequal_n",
        text=f"The sets differ in size ({n} real, {m} fake), and the Fréchet distance depends on "
        "it. Compare it only with others of the same two numbers; --limit makes them equal.",
        data={"real": n, "fake": m},
    )


def _mixed_formats(pair: _Pair) -> Notice | None:
    """The sets are stored differently: format, JPEG quality or chroma subsampling."""
    differences = storage_differences(pair.real, pair.fake)
    if not differences:
        return None
    parts = (f"{what} (real: {a}; fake: {b})" for what, (a, b) in differences.items())
    real, fake = next(iter(differences.values()))
    return Notice(
        code="mixed_formats",
        text=f"The sets differ in {' and '.join(parts)}, and traces of compression count as a "
        "difference between them. Store both alike, best without loss.",
        data={"real": real, "fake": fake},
    )


def _mixed_sizes(pair: _Pair) -> Notice | None:
    """The sets have different sizes, or sizes that resizing distorts."""
    findings = []
    if variation(pair.real.sizes, pair.fake.sizes) > DIFFERENT_MIX:
        real, fake = mix(pair.real.sizes), mix(pair.fake.sizes)
        findings.append(f"the image sizes of the two sets differ (real: {real}; fake: {fake})")
    for info in pair.inputs:
        sides = {size: tuple(map(int, size.split("x"))) for size in info.sizes}
        total = sum(info.sizes.values())
        oblong = sum(info.sizes[size] for size, (width, height) in sides.items() if width != height)
        tiny = sum(info.sizes[size] for size, wh in sides.items() if min(wh) < _SMALLEST_SIDE)
        if oblong > _NOT_SQUARE * total:
            findings.append(f"{oblong} of {total} {info.role} images are not square")
        if tiny:
            findings.append(f"{tiny} {info.role} images have a side under {_SMALLEST_SIDE} pixels")
    if not findings:
        return None
    text = "; ".join(findings)
    return Notice(
        code="mixed_sizes",
        text=f"{text[0].upper()}{text[1:]}. All are resized to one square for the network, which "
        "blurs or distorts them unequally; crop and resize both sets alike beforehand.",
    )


def _decode_differs_from_peers(pair: _Pair) -> Notice | None:
    """Other packages read some of the images differently."""
    if any(run.spec.decode == "peer" for run in pair.runs):
        return None
    cases: Counter[str] = Counter()
    for info in pair.inputs:
        cases.update({c: k for c, k in info.decoded.items() if c in READ_DIFFERENTLY_BY_PEERS})
    if not cases:
        return None
    return Notice(
        code="decode_differs_from_peers",
        text=f"Images pytorch-fid may read differently: {_listed(cases)}. Use --decode peer to "
        "reproduce its numbers.",
        data=dict(cases),
    )


def _skipped_files(pair: _Pair) -> Notice | None:
    """Unreadable images were left out."""
    counts = {info.role: len(info.skipped) for info in pair.inputs if info.skipped}
    if not counts:
        return None
    total = sum(counts.values())
    parts = " and ".join(f"{count} {role}" for role, count in counts.items())
    return Notice(
        code="skipped_files",
        text=f"{parts} {'image' if total == 1 else 'images'} could not be read and "
        f"{'was' if total == 1 else 'were'} left out. The record lists each with its reason.",
        data=dict(counts),
    )


_CHECKS: tuple[Callable[[_Pair], Notice | None], ...] = (
    _identical_sets,
    _shared_images,
    _duplicate_images,
    _unverified_weights,
    _stats_provenance_unknown,
    _n_below_d,
    _n_very_small,
    _is_small_n,
    _negative_excess,
    _mixed_formats,
    _mixed_sizes,
    _unequal_n,
    _decode_differs_from_peers,
    _skipped_files,
)

CODES = tuple(check.__name__.removeprefix("_") for check in _CHECKS)
"""All codes by importance."""


def _listed(cases: Mapping[str, int]) -> str:
    return ", ".join(f"{count} with {_CASES.get(case, case)}" for case, count in cases.items())
