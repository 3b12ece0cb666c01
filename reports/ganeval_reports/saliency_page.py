"""The page of ``ganeval saliency``: what of a `SaliencyRecord` stands where."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from ganeval.records import SaliencyRecord
from ganeval_reports.classify_facts import choices
from ganeval_reports.content import Content, NamedSet
from ganeval_reports.drawing import Drawing
from ganeval_reports.images import ImageLoader
from ganeval_reports.model_facts import model_facts
from ganeval_reports.numbers import duration, fixed, moment, unbroken
from ganeval_reports.palette import REAL, SETS
from ganeval_reports.parts import Fact, Facts, Note, Plot, Table
from ganeval_reports.provenance import environment, input_table, skipped_table
from ganeval_reports.saliency_panels import (
    distrusted,
    effect_plots,
    mcnemar_text,
    panel_stats,
    similarity_plots,
    trust_table,
)
from ganeval_reports.saliency_tiles import saliency_images

_GLOSSARY = (
    Note("Map", "how strongly the score of the target class answers to each pixel"),
    Note("Target", "the class whose score is explained; the same before and after"),
    Note("Spearman", "rank correlation of two maps; 0 is not what unrelated images give"),
    Note("Gini", "concentration of a map: 0 is even, near 1 is one pixel"),
    Note("Effective area", "share of pixels that would hold the map if it were even"),
    Note("Spread", "how far from its middle the mass of a map lies, as a share of the diagonal"),
    Note("Null", "similarity to maps of other images"),
    Note("Ceiling", "similarity after a change of one grey level, the least a file can hold"),
    Note("Controls", "noise, and recolouring, of the same size as the transfer"),
)
_COMPARISON = ("Null", "Ceiling", "Controls", "Spearman")


def saliency_content(
    record: SaliencyRecord, load_image: ImageLoader | None, budget: int
) -> Content:
    """Returns what the record puts on a page.

    Args:
        record: Where a classifier looks.
        load_image: Finds, under the label ``run``, a picture in the folder of the record; None: no
            pictures are shown.
        budget: Characters that its pictures may take.
    """
    looks, joints = (REAL.css, SETS[0].css), (" before, ", " after")
    sets = [
        NamedSet(look, info.label, joint if record.compared else "")
        for info, look, joint in zip(record.inputs, looks, joints, strict=False)
    ]
    glossary = [note for note in _GLOSSARY if record.compared or note.term not in _COMPARISON]
    if not record.compared:
        glossary[1] = Note("Target", "the class whose score is explained")
    return Content(
        "saliency.html.j2",
        sets,
        {
            "record": record,
            "sets": sets,
            "started": moment(record.started),
            "verdict": unbroken(record.verdict),
            "stats": list(panel_stats(record)),
            "mcnemar": mcnemar_text(record),
            **_panels(record),
            "trust": trust_table(record),
            "distrusted": distrusted(record),
            "about_maps": _about(record),
            "images": saliency_images(record, load_image, budget),
            "flags": [Note(f"{n:,}", reason) for reason, n in record.flags.items()],
            "protocol": _protocol(record),
            "glossary": glossary,
            "inputs": input_table(record.inputs, _roles(record)),
            "skipped": skipped_table(record.inputs),
            "unpaired": _unpaired(record),
            "environment": environment(record),
            "command": shlex.join(record.argv),
        },
    )


def saliency_figures(record: SaliencyRecord) -> Iterator[Drawing]:
    """Yields the figures of the page in their order there."""
    for found in _panels(record).values():
        for plot in found:
            yield from plot.drawings


def _panels(record: SaliencyRecord) -> dict[str, list[Plot]]:
    return {
        "score": effect_plots(record, "score"),
        "structure": effect_plots(record, "structure"),
        "localisation": effect_plots(record, "localisation"),
        "similarity": [*similarity_plots(record), *effect_plots(record, "similarity")],
    }


def _about(record: SaliencyRecord) -> str:
    if not record.compared:
        return (
            "Each image with its map, on one scale per method. Columns sort; a picture opens "
            "enlarged, its map over it if wanted."
        )
    return (
        "Each pair with its maps, on one scale per method; the pairs whose maps changed most stand "
        "first. Columns sort; a picture opens enlarged, its map over it if wanted."
    )


def _roles(record: SaliencyRecord) -> list[str]:
    return ["before", "after"][: len(record.inputs)] if record.compared else ["images"]


def _protocol(record: SaliencyRecord) -> list[Facts]:
    made = [
        Fact("Target", record.target_rule, code=True),
        Fact("Pairs" if record.compared else "Images", f"{len(record.pairs):,}"),
        Fact("Images per call", f"{record.micro_batch}"),
        Fact("Seed", f"{record.seed}"),
    ]
    chosen = sum(one.chosen for one in record.pairs)
    if chosen < len(record.pairs):
        made.append(Fact("With controls", f"{chosen:,}, chosen by their names"))
    found = record.registration
    if found is not None:
        shifts = (
            f"median {fixed(found.median_shift, 2)} px, largest {fixed(found.largest_shift, 2)}"
        )
        made.append(Fact("Shift of pairs", f"{shifts}; {found.moved:,} out of place"))
    groups = [Facts("Comparison" if record.compared else "Maps", made), model_facts(record.model)]
    if record.params:
        groups.append(choices(record.params))
    if record.stages:
        times = [Fact(name, duration(seconds)) for name, seconds in record.stages.items()]
        groups.append(Facts("Time", times))
    return groups


def _unpaired(record: SaliencyRecord) -> Table | None:
    rows = [(key, side) for side, keys in record.unpaired.items() for key in keys]
    if not rows:
        return None
    return Table(f"Images without a partner ({len(rows):,})", ("Image", "Set"), rows)
