"""What a careful reader of a study must know, and what would change its conclusion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ganeval.ablation.evidence import Evidence
from ganeval.records.comparison import Comparison, NoiseArm
from ganeval.records.model import Notice


def changing(
    evidence: Evidence, family: Sequence[Comparison], noise: Sequence[NoiseArm]
) -> list[str]:
    """Returns what would change the conclusion, a sentence each."""
    found: list[str] = []
    for one in family:
        found += [
            f"{one.variant} against {one.against}: with {other.name} the verdict is another: "
            f"{other.sentence}"
            for other in one.sensitivity
            if other.flips
        ]
    needed = [one for one in family if one.kind in ("underpowered", "undecided")]
    for one in needed:
        if one.kind == "undecided" and one.detectable:
            found.append(
                f"{one.variant} against {one.against}: a difference of {_size(one.detectable)} "
                f"{one.display} {one.unit}".rstrip()
                + " or more would have been found with "
                f"{evidence.protocol.power:.0%} power; a smaller one needs more seeds."
            )
        elif one.needed_seeds:
            found.append(
                f"{one.variant} against {one.against}: {one.needed_seeds} seeds per arm would make "
                "a difference declarable."
            )
    if evidence.study and not noise:
        found.append(
            "An arm with the base's settings under other seeds (aa) would tell how much equal arms "
            "differ."
        )
    if any(one.kind == "single_run" for one in family):
        found.append(
            "Several training seeds per arm: one run says nothing about how a method varies."
        )
    return list(dict.fromkeys(found))


def warnings_of(
    evidence: Evidence, family: Sequence[Comparison], noise: Sequence[NoiseArm]
) -> list[Notice]:
    """Returns the notices of a study, the gravest first."""
    return [
        *_of_noise(evidence, noise),
        *_of_states(evidence),
        *_of_amendments(evidence),
        *_of_images(evidence),
        *_of_code(evidence),
        *_of_cells(evidence),
    ]


def _of_noise(evidence: Evidence, noise: Sequence[NoiseArm]) -> Iterator[Notice]:
    for one in noise:
        if one.metric == evidence.protocol.primary and one.differs:
            yield Notice(
                code="noise_arm_differs",
                text="The noise arm itself differs: equal settings under other seeds are told "
                f"apart by {one.metric} ({one.direction}).",
            )
        if one.metric == evidence.protocol.primary and not one.sound:
            yield Notice(
                code="test_unsound",
                text=f"The study's own test rejects in {one.rejections:.0%} of the pairings of "
                "equal runs: its level does not hold here.",
            )


def _of_states(evidence: Evidence) -> Iterator[Notice]:
    for state, code, text in (
        ("failed", "cells_failed", "could not be finished; their pairs are left out"),
        ("diverged", "cells_diverged", "diverged and count as the worst value of the study"),
        ("pending", "cells_missing", "are not run yet"),
        ("running", "cells_running", "are still running"),
        ("stopped", "cells_stopped", "were stopped and are not finished"),
        ("trained", "cells_not_evaluated", "are trained and not evaluated"),
    ):
        cells = [cell for cell in evidence.cells if cell.state == state]
        if cells:
            named = ", ".join(f"{cell.arm} seed {cell.seed}" for cell in cells[:5])
            more = f" and {len(cells) - 5} more" if len(cells) > 5 else ""
            yield Notice(
                code=code,
                text=f"{len(cells)} of {len(evidence.cells)} cells {text}: {named}{more}.",
                data={"cells": len(cells)},
            )


def _of_amendments(evidence: Evidence) -> Iterator[Notice]:
    for one in evidence.amendments:
        if one.evaluated:
            yield Notice(
                code="changed_after_looking",
                text=f"{one.what} changed from {one.old} to {one.new} after {one.evaluated} cells "
                "had been evaluated.",
            )


def _of_images(evidence: Evidence) -> Iterator[Notice]:
    for arm, stems in evidence.unmatched.items():
        if stems:
            shown = ", ".join(list(stems)[:5])
            yield Notice(
                code="unmatched",
                text=f"{arm}: {len(stems)} images have no partner in the other arms or the inputs "
                f"and are left out: {shown}.",
                data={"arm": arm, "images": len(stems)},
            )
    removed = Counter[str]()
    for cell in evidence.cells:
        removed[cell.arm] += cell.removed
    for arm, count in (+removed).items():
        yield Notice(
            code="duplicates_removed",
            text=f"{arm}: {count} exact copies among its images are left out.",
            data={"arm": arm, "images": count},
        )
    differing = {
        arm: result.format_differs
        for (arm, _), result in evidence.results.items()
        if result.format_differs
    }
    for arm, how in differing.items():
        yield Notice(
            code="format_differs",
            text=f"{arm}: the files of fakes and reals differ ({how}), which a classifier can see.",
            data={"arm": arm},
        )


def _of_code(evidence: Evidence) -> Iterator[Notice]:
    versions = {result.environment.ganeval for result in evidence.results.values()}
    if len(versions) > 1:
        yield Notice(
            code="mixed_versions",
            text=f"Cells were evaluated by several versions: {', '.join(sorted(versions))}.",
        )
    devices = {cell.cost.device for cell in evidence.cells if cell.cost.device}
    if len(devices) > 1:
        yield Notice(
            code="mixed_devices",
            text="Cells ran on different devices, so that their costs cannot be compared: "
            f"{', '.join(sorted(devices))}.",
        )


def _of_cells(evidence: Evidence) -> Iterator[Notice]:
    """What single cells had to tell, each thing once."""
    told: dict[tuple[str, str], Notice] = {}
    for (arm, _), result in evidence.results.items():
        for notice in result.warnings:
            told.setdefault((notice.code, arm), notice)
    by_code: dict[str, list[tuple[str, Notice]]] = {}
    for (code, arm), notice in told.items():
        by_code.setdefault(code, []).append((arm, notice))
    for code, found in by_code.items():
        arms = ", ".join(arm for arm, _ in found)
        yield Notice(code=code, text=f"{found[0][1].text} (arms: {arms})", data=found[0][1].data)


def _size(value: float) -> str:
    return f"{value:.3g}"
