"""``ganeval saliency``: where a classifier looks, before and after a transfer."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from ganeval.cli import ARGV
from ganeval.commands.class_model_options import classifier_options
from ganeval.commands.options import image_options
from ganeval.commands.protection import inputs_of
from ganeval.commands.saliency_options import (
    SaliencyOutput,
    comparison_options,
    given_names,
    map_options,
    saliency_output_options,
)

if TYPE_CHECKING:
    from ganeval.commands.progress import Bars
    from ganeval.records import SaliencyRecord
    from ganeval.saliency.cost import Confirm
    from ganeval.saliency.settings import SaliencySettings

_OF_BOTH = ("model", "weights", "labels", "num_classes", "mean", "std", "side", "fit", "limit",
            "accept_probabilities", "on_error", "device", "micro_batch")  # fmt: skip


@click.command(
    epilog="Example: ganeval saliency horses/ zebras/ --out looked\n\n"
    "One folder alone: ganeval saliency zebras/ --methods all --limit 8 --out looked"
)
@click.argument("sets", metavar="BEFORE [AFTER]", nargs=-1, required=True)
@classifier_options
@map_options
@comparison_options
@image_options
@saliency_output_options
def saliency(sets: tuple[str, ...], output: SaliencyOutput, **chosen: Any) -> None:
    """Tell where a classifier looks, and what a transfer from BEFORE to AFTER changed about it.

    BEFORE and AFTER are folders (searched recursively), zip archives, arrays (.npy, .npz) or text
    files that list images; images of equal name are a pair. Score, concentration, similarity and
    trust are told apart, held against other images and against changes of the same size. BEFORE
    alone: maps, and no word of change.
    """
    if len(sets) > 2:
        raise click.UsageError(f"BEFORE and AFTER are needed; {len(sets)} were given.")
    from ganeval.commands.saliency_show import CONTENTS, show_saliency

    if chosen["preset"] is not None and output.out is None:
        raise click.UsageError("--preset ee5934 draws class models too; add --out DIR for them.")
    if output.out is not None:
        from ganeval.commands.classify_files import require_free

        read = [*sets, *inputs_of(chosen)]
        require_free(output.out, CONTENTS, read, overwrite=output.overwrite)
    settings = _settings(chosen)
    if output.out is not None:
        from ganeval.commands.classify_files import staged

        with staged(output.out, CONTENTS) as stage:
            record = _compared(sets, settings, stage, output)
            if settings.preset == "ee5934":
                _draw_classes(sets[0], settings, stage, output)
            _write_results(record, stage)
        show_saliency(record, output, output.out)
    elif output.html is not None:  # the page holds the pictures, which lie nowhere else
        with TemporaryDirectory(prefix="ganeval-saliency-") as folder:
            record = _compared(sets, settings, Path(folder), output)
            show_saliency(record, output, Path(folder))
    else:
        show_saliency(_compared(sets, settings, None, output), output, None)


def _compared(
    sets: tuple[str, ...], settings: SaliencySettings, folder: Path | None, output: SaliencyOutput
) -> SaliencyRecord:
    from ganeval.commands.progress import Bars
    from ganeval.saliency.suite import compare

    with Bars(quiet=output.quiet) as bars:
        return compare(
            sets[0],
            sets[1] if len(sets) == 2 else None,
            settings,
            out=folder,
            argv=_argv(),
            progress=bars,
            announce=bars.announce,
            confirm=_confirm(bars),
        )


def _draw_classes(
    before: str, settings: SaliencySettings, folder: Path, output: SaliencyOutput
) -> None:
    """Draws the classes that the model sees in the images before, as the report did."""
    from ganeval.commands.progress import Bars
    from ganeval.commands.saliency_show import CLASS_MODELS
    from ganeval.records import write_text
    from ganeval.saliency.ascent import AscentSettings
    from ganeval.saliency.class_goals import ALL_USED
    from ganeval.saliency.class_pictures import write_pictures
    from ganeval.saliency.class_suite import ClassModelSettings, draw_class_models

    shared = {name: getattr(settings, name) for name in _OF_BOTH}
    with Bars(quiet=output.quiet) as bars:
        drawn = draw_class_models(
            ClassModelSettings(
                target=ALL_USED,
                images=Path(before),
                ascent=AscentSettings(restarts=1, seed=settings.seed),
                **shared,
            ),
            argv=_argv(),
            progress=bars,
            announce=bars.announce,
        )
    place = folder / CLASS_MODELS
    place.mkdir()
    write_pictures(drawn, place)
    write_text(place / "class-model.json", drawn.record.to_json())


def _write_results(record: SaliencyRecord, folder: Path) -> None:
    from ganeval.commands.saliency_show import CONTENTS
    from ganeval.records import write_text
    from ganeval.saliency.table import saliency_table

    write_text(folder / CONTENTS.table, saliency_table(record))
    write_text(folder / CONTENTS.record, record.to_json())


def _settings(chosen: dict[str, Any]) -> SaliencySettings:
    from ganeval.errors import InputError
    from ganeval.saliency.settings import ALL, SaliencySettings, with_preset

    preset = chosen.pop("preset")
    methods, controls = chosen["methods"], chosen["controls"]
    if ALL in methods:
        if len(methods) > 1:
            raise InputError("--methods: all stands alone")
        methods = (ALL,)
    if "none" in controls:
        if len(controls) > 1:
            raise InputError("--controls: none stands alone")
        controls = ()
    settings = SaliencySettings(**{**chosen, "methods": methods, "controls": controls})
    return settings if preset is None else with_preset(settings, preset, given_names())


def _confirm(bars: Bars) -> Confirm | None:
    """Asks on a terminal; elsewhere there is nobody to ask."""
    if sys.stdin is None or not sys.stdin.isatty() or not sys.stderr.isatty():
        return None

    def ask(text: str) -> bool:
        bars.__exit__(None, None, None)  # a bar would be drawn over the question
        try:
            return click.confirm(text, err=True)
        finally:
            bars.__enter__()

    return ask


def _argv() -> list[str]:
    argv: list[str] = click.get_current_context().find_root().meta[ARGV]
    return argv
