"""The path of a saliency comparison: two sets in, one record and its pictures out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from ganeval.metrics.settings import Progress, silent
from ganeval.records import SaliencyRecord
from ganeval.saliency.cost import Confirm
from ganeval.saliency.describing import described_method
from ganeval.saliency.evidence import Announce, gather
from ganeval.saliency.judging import judge
from ganeval.saliency.loading import load_pixel_model
from ganeval.saliency.measuring import MapStacks
from ganeval.saliency.opening import require_sources
from ganeval.saliency.pictures import MapScale, PairPictures, PictureFolder, shared_scale
from ganeval.saliency.recording import saliency_record
from ganeval.saliency.seen import Seen, see
from ganeval.saliency.settings import SaliencySettings
from ganeval.saliency.stages import Clock
from ganeval.saliency.tables import MethodTable


def compare(
    before: object,
    after: object | None = None,
    settings: SaliencySettings | None = None,
    *,
    out: Path | None = None,
    argv: Sequence[str] = (),
    progress: Progress = silent,
    announce: Announce = lambda text: None,
    confirm: Confirm | None = None,
) -> SaliencyRecord:
    """Tells where a classifier looks, before and after a transfer, and what changed.

    Args:
        before: Folder, zip archive, array file or list of the source images; or images in memory.
        after: The same of their translations; None: one set alone, of which no change is told.
        settings: Every choice; None means the defaults.
        out: An existing folder for the pictures, and with ``save_maps`` the maps; None: none are
            written. Record and table are the caller's to write.
        argv: The command line, for the record.
        progress: Told how far each piece of work is.
        announce: Told what a person should know meanwhile, such as how long it will take.
        confirm: Asked whether to go on where it will take longer than half an hour; None: there is
            nobody to ask.

    Raises:
        InputError: A source or an option does not fit.
        MissingFileError: A weights file is not there.
        GanevalError: Too few pairs are left, or something computed is no number.
    """
    settings = settings or SaliencySettings()
    started, began, clock = datetime.now().astimezone(), time.perf_counter(), Clock()
    require_sources(before, after)
    with clock.stage("model"):
        model = load_pixel_model(
            settings.model,
            weights=settings.weights,
            labels=settings.labels,
            device=settings.device,
            mean=settings.mean,
            std=settings.std,
            side=settings.side,
            accept_probabilities=settings.accept_probabilities,
            num_classes=settings.num_classes,
        )
    with model:
        seen = see(before, after, model, settings, clock, progress)
        made = gather(seen, model, settings, clock, progress, announce, confirm)
        with clock.stage("panels"):
            judged = judge(
                scores=made.scores,
                tables=made.tables,
                methods=made.methods,
                paired=seen.paired,
                targets=seen.targets,
                rms=seen.rms,
                masked=seen.regions is not None,
                settings=settings,
            )
        with clock.stage("pictures"):
            scales = {
                name: _scale(stacks, made.tables[name], settings)
                for name, stacks in made.stacks.items()
            }
            pictures = _pictures(out, seen, made.stacks, scales, settings, progress)
        described = [
            described_method(one, made.tables[one.name], scales[one.name]) for one in made.methods
        ]
        return saliency_record(
            seen,
            made,
            judged,
            described,
            pictures,
            model,
            settings,
            argv=argv,
            started=started,
            seconds=time.perf_counter() - began,
            stages=clock.seconds,
        )


def _scale(stacks: MapStacks, table: MethodTable, settings: SaliencySettings) -> MapScale:
    if settings.scale == "per-image":
        return MapScale(None, None)
    return shared_scale(stacks.before, table.flags["before"])


def _pictures(
    out: Path | None,
    seen: Seen,
    stacks: dict[str, MapStacks],
    scales: dict[str, MapScale],
    settings: SaliencySettings,
    progress: Progress,
) -> list[PairPictures]:
    if out is None:
        return []
    folder = PictureFolder(
        out,
        seen.paired.keys,
        stacks,
        scales,
        scale=settings.scale,
        overlays=settings.overlays,
        save_maps=settings.save_maps,
    )
    drawn = []
    for place in range(len(seen.paired)):
        images = {
            side: stack[place]
            for side, stack in zip(("before", "after"), seen.images, strict=True)
            if stack is not None
        }
        drawn.append(folder.write(place, images))
        progress("pictures", place + 1, len(seen.paired), "rounds")
    return drawn
