"""Which images of both sets belong together: the units that are split and tested."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ganeval.classifier.examples import FAKE, REAL, Examples
from ganeval.classifier.group_table import ROLES, groups_from_table
from ganeval.classifier.opening import Opened
from ganeval.classifier.pair_check import check_pairs, partners
from ganeval.classifier.settings import ClassifySettings
from ganeval.classifier.stems import StemRule, stem_rule
from ganeval.images.duplicates import Comparison, clusters
from ganeval.images.groups import BY_DHASH, EACH_ITS_OWN, group_of_each, is_table
from ganeval.records import Notice
from ganeval.records.classify import Grouping

_SHOWN: Final = 5  # groups, and images of each, in the record
_UNBALANCED: Final = 10  # times as many groups
_LARGE: Final = 0.25  # share of all images in one group

Labels = list[str]


@dataclass(frozen=True)
class Grouped:
    """Images in their groups.

    Args:
        examples: The images; equal groups in both sets are one group.
        record: What is said about it.
        pairs_confirmed: Reals and fakes of one group are versions of one picture.
        warnings: What a careful person should know.
        stems: What each image is called, ``[n]``, without its role.
        sources_confirmed: Reals and fakes of one stem are a source and its translation.
        rule: How names are read.
        by_picture: Images that look alike are in one group.
    """

    examples: Examples
    record: Grouping
    pairs_confirmed: bool
    warnings: list[Notice]
    stems: list[str]
    sources_confirmed: bool
    rule: StemRule
    by_picture: bool


def group_examples(opened: Opened, settings: ClassifySettings) -> Grouped:
    """Finds which images belong together.

    A table, an expression or ``dhash`` decides if given. Else images belong together whose names
    have one stem, in a set or across both, and those of equal pixels or of difference hashes that
    differ in at most 4 bits, directly or through others.

    Args:
        opened: Both sets.
        settings: What was asked for.

    Raises:
        InputError: The groups asked for do not fit the images.
    """
    examples = opened.examples
    rule = stem_rule(_by_class(examples))
    stems = [rule.stem(key) for key in examples.keys]
    option = settings.groups
    by_picture = True
    if option is not None and option != EACH_ITS_OWN:
        source, by_picture = "option", option == BY_DHASH
        groups = _pictures(opened, examples.groups) if by_picture else _asked(examples, option)
    elif option == EACH_ITS_OWN or not settings.infer_groups:
        source, by_picture = "none", False
        groups = list(examples.groups)
    else:
        groups = _joined(stems, _picture_links(opened))
        source = _source(stems, groups)
    grouped = examples.with_groups(groups)
    sources = check_pairs(grouped, partners(grouped, stems), settings.seed)
    pairs = sources
    if source == "option":
        by_group = partners(grouped, groups)
        pairs = check_pairs(grouped, by_group, settings.seed, by="of one group")
    record = Grouping(
        source=source,
        images={role: int((examples.labels == i).sum()) for i, role in enumerate(ROLES)},
        groups=_counts(grouped),
        largest=max(Counter(groups).values()),
        examples=_shown(grouped),
        hash=_hash(grouped),
        pairs=pairs,
    )
    return Grouped(
        examples=grouped,
        record=record,
        pairs_confirmed=pairs.confirmed,
        warnings=_warnings(record, settings.infer_groups and option is None, examples.names),
        stems=stems,
        sources_confirmed=sources.confirmed,
        rule=rule,
        by_picture=by_picture,
    )


def _by_class(examples: Examples) -> tuple[list[str], list[str]]:
    reals, fakes = (
        [examples.keys[row] for row in np.flatnonzero(examples.labels == label)]
        for label in (REAL, FAKE)
    )
    return reals, fakes


def _asked(examples: Examples, option: str) -> Labels:
    """Groups by a table or an expression."""
    if is_table(option):
        return groups_from_table(examples, Path(option))
    return [group for keys in _by_class(examples) for group in group_of_each(keys, option)]


def _picture_links(opened: Opened) -> list[tuple[int, int]]:
    return list(Comparison(opened.signatures).links())


def _pictures(opened: Opened, own: Sequence[str]) -> Labels:
    """Groups of images that look alike, each called like its first image."""
    groups = list(own)
    for members in clusters(len(groups), _picture_links(opened)):
        for row in members:
            groups[row] = own[members[0]]
    return groups


def _joined(stems: Sequence[str], links: Sequence[tuple[int, int]]) -> Labels:
    """Joins equal stems and links; a group is called by the first of its stems."""
    first: dict[str, int] = {}
    equal = [(first.setdefault(stem, row), row) for row, stem in enumerate(stems)]
    groups = list(stems)
    for members in clusters(len(stems), [*equal, *links]):
        name = min(stems[row] for row in members)
        for row in members:
            groups[row] = name
    return groups


def _source(stems: Sequence[str], groups: Sequence[str]) -> str:
    """Says what joined images."""
    by_stem = len(set(stems)) < len(stems)
    by_picture = len(set(groups)) < len(set(stems))
    if by_stem and by_picture:
        return "stem and picture"
    return "stem" if by_stem else "picture" if by_picture else "none"


def _counts(examples: Examples) -> dict[str, int]:
    """Groups with reals, with fakes, with both, in all."""
    reals, fakes = (
        {examples.groups[row] for row in np.flatnonzero(examples.labels == label)}
        for label in (REAL, FAKE)
    )
    return {
        "real": len(reals),
        "fake": len(fakes),
        "both": len(reals & fakes),
        "all": len(reals | fakes),
    }


def _shown(examples: Examples) -> list[list[str]]:
    """The largest groups of more than one image, by set and key."""
    members: dict[str, list[str]] = defaultdict(list)
    for label, key, group in zip(
        examples.labels.tolist(), examples.keys, examples.groups, strict=True
    ):
        members[group].append(f"{ROLES[label]}:{key}")
    several = [found for found in members.values() if len(found) > 1]
    several.sort(key=lambda found: (-len(found), found))
    return [found[:_SHOWN] for found in several[:_SHOWN]]


def _hash(examples: Examples) -> str:
    """Sha256 over the digests of each group, whatever groups and files are called."""
    members: dict[str, list[str]] = defaultdict(list)
    for digest, group in zip(examples.digests, examples.groups, strict=True):
        members[group].append(digest)
    lines = sorted(" ".join(sorted(found)) for found in members.values())
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def _warnings(record: Grouping, inferred: bool, names: tuple[str, str]) -> list[Notice]:
    found = []
    if record.source == "none":
        why = (
            "No two images belong together by name or by picture"
            if inferred
            else "No groups were looked for"
        )
        found.append(
            Notice(
                code="groups_none" if inferred else "groups_not_inferred",
                text=f"{why}: every image counts as independent. If several show one picture or "
                "scene, tell by --groups.",
            )
        )
    total = sum(record.images.values())
    if record.largest > max(_SHOWN, _LARGE * total):
        found.append(
            Notice(
                code="large_group",
                text=f"One group holds {record.largest:,} of {total:,} images. If they are "
                "independent of each other, tell by --groups or pass --no-infer-groups.",
                data={"largest": record.largest, "images": total},
            )
        )
    counts = [record.groups[role] for role in ROLES]
    if max(counts) > _UNBALANCED * min(counts):
        effective = round(2 * counts[REAL] * counts[FAKE] / sum(counts))
        found.append(
            Notice(
                code="unbalanced",
                text=f"{names[REAL]} has {counts[REAL]:,} groups and {names[FAKE]} "
                f"{counts[FAKE]:,}: together they tell as much as {effective:,} of each.",
                data={"effective": effective},
            )
        )
    return found
