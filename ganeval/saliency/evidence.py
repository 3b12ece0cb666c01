"""The maps of a comparison, its controls and checks, and everything measured on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ganeval.metrics.settings import Progress
from ganeval.records import Notice
from ganeval.saliency.conditions import Conditions
from ganeval.saliency.controls import derangements
from ganeval.saliency.cost import Confirm, Cost, estimated_cost, measured_speed, require_agreed
from ganeval.saliency.describing import dead_rows
from ganeval.saliency.faithfulness import measure_faithfulness
from ganeval.saliency.map_cache import MapCache
from ganeval.saliency.mapping import Mapper, Subject
from ganeval.saliency.maps.registry import Method
from ganeval.saliency.measuring import MapStacks, compare_pairs, map_pairs
from ganeval.saliency.model import PixelModel
from ganeval.saliency.opening import chosen_by_hash
from ganeval.saliency.possible import possible_methods
from ganeval.saliency.scores import Scores, scores_of
from ganeval.saliency.seen import Seen
from ganeval.saliency.settings import SaliencySettings
from ganeval.saliency.stages import Clock
from ganeval.saliency.tables import MethodTable
from ganeval.saliency.targets import require_live

Announce = Callable[[str], None]


@dataclass(frozen=True)
class Evidence:
    """The maps, and everything in numbers.

    Args:
        methods: Kinds of maps that could be made.
        stacks: The maps before and after, by method.
        tables: What was measured on each map, by method.
        scores: What the classifier says, by condition.
        chosen: Places of the pairs that controls were made for.
        notices: What a user should know of the maps.
    """

    methods: list[Method]
    stacks: dict[str, MapStacks]
    tables: dict[str, MethodTable]
    scores: dict[str, Scores]
    chosen: list[int]
    notices: list[Notice]


def gather(
    seen: Seen,
    model: PixelModel,
    settings: SaliencySettings,
    clock: Clock,
    progress: Progress,
    announce: Announce,
    confirm: Confirm | None,
) -> Evidence:
    """Makes all maps and measures them.

    Args:
        seen: The images, their scores and targets.
        model: The classifier.
        settings: Every choice.
        clock: Times ``maps``, ``measures``, ``controls`` and ``faithfulness``.
        progress: Told how far the work is.
        announce: Told beforehand how long it will take.
        confirm: Asked where that is long; None: there is nobody to ask.

    Raises:
        InputError: A method does not go with the model, or it takes long and nobody agreed.
        GanevalError: Most targets are dead, or memory is short.
    """
    methods, notices = possible_methods(settings, model, seen.targets)
    cache = MapCache() if settings.cache else None
    before, after = seen.subjects()
    mapper = Mapper(model, methods, settings, (before.images, before.keys), cache)
    passes = _announced(mapper, before, settings, announce, confirm, paired=after is not None)
    mapper.report_to(progress, passes)
    with clock.stage("maps"):
        stacks, tables = map_pairs(mapper, before, after, seen.regions, settings.memory)
    require_live(dead_rows(tables, len(before)), seen.paired.keys)
    chosen = chosen_by_hash(seen.paired.keys, settings.max_images, settings.seed)
    drawn = None
    if "null" in settings.controls and len(chosen) > 1:
        labels = seen.targets.before[chosen] if settings.target.startswith("label:") else None
        drawn = derangements(len(chosen), settings.seed, labels=labels)
    with clock.stage("measures"):
        for name, one in tables.items():
            compare_pairs(one, stacks[name], chosen, drawn)
    scores = {"before": scores_of(seen.logits[0], seen.targets.before)}
    if seen.logits[1] is not None:
        scores["after"] = scores_of(seen.logits[1], seen.targets.after, seen.rms)
    with clock.stage("controls"):
        conditions = Conditions(
            mapper, settings, before, chosen, seen.rms, seen.regions, stacks, tables
        )
        found, missed = conditions.run()
    if settings.faithfulness:
        with clock.stage("faithfulness"):
            measure_faithfulness(mapper, settings, before, chosen, stacks, tables, progress)
    for name, count in missed.items():
        text = (
            f"The {name} control could not be made as strong as the transfer in {count} of "
            f"{len(chosen)} pairs; there it is weaker."
        )
        notices.append(Notice(code=f"weak_{name}", text=text, data={"pairs": count}))
    if cache is not None:
        cache.trim()
        if cache.trouble:
            text = f"Maps cannot be kept for the next run: {cache.trouble}."
            notices.append(Notice(code="cache_unavailable", text=text))
    return Evidence(methods, stacks, tables, scores | found, chosen, notices)


def _announced(
    mapper: Mapper,
    before: Subject,
    settings: SaliencySettings,
    announce: Announce,
    confirm: Confirm | None,
    *,
    paired: bool,
) -> int:
    """Tells how long it will take, asks where that is long, and returns all passes there are."""
    speed = measured_speed(mapper.model, before, settings.micro_batch)

    def cost(other: SaliencySettings, known: dict[str, float]) -> Cost:
        return estimated_cost(mapper, other, speed, pairs=len(before), paired=paired, known=known)

    known = {one.name: mapper.known(before, one) for one in mapper.methods}
    found = cost(settings, known)
    announce(found.text)
    require_agreed(found, lambda other: cost(other, known), settings, confirm)
    return cost(settings, {}).passes
