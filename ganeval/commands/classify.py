"""``ganeval classify``: can fakes be told from reals, how surely, and by what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ganeval.cli import ARGV
from ganeval.commands.classify_options import (
    CONDITIONS,
    OUT,
    OUT_SCORES,
    FolderOutput,
    comparison_options,
    folder_options,
    given_options,
    learner_options,
    preset_choices,
)
from ganeval.commands.options import image_options, names_among, run_options
from ganeval.commands.protection import inputs_of

_WITH_APPLY = {  # options that mean something for a classifier that is already fitted
    "sets", "model", "allow_training_images", "out", "overwrite", "html", "csv_", "figures",
    "json_", "quiet", "strict", "limit", "seed", "recursive", "on_error", "layout", "value_range",
    "weights", "backend", "device", "batch_size", "workers", "cache", "memory",
}  # fmt: skip


@click.command(
    epilog="Example: ganeval classify real/ fake/ --preset quick\n\n"
    "Then: ganeval classify --apply ganeval-classify/model more-fakes/"
)
@click.argument("sets", metavar="REAL FAKE", nargs=-1)
@click.option(
    "--apply",
    "model",
    type=click.Path(path_type=Path),
    metavar="MODEL",
    help="Score every SET given instead of REAL FAKE by a saved classifier; nothing is trained or "
    "tested.",
)
@click.option(
    "--allow-training-images",
    is_flag=True,
    help="Let --apply score images that the classifier was trained on.",
)
@learner_options
@comparison_options
@click.option(
    "--fail-on",
    callback=names_among(CONDITIONS),
    metavar="VERDICT,...",
    help=f"Exit with code 4 if that is the verdict: {', '.join(CONDITIONS)}.",
)
@image_options
@run_options
@folder_options
def classify(
    sets: tuple[str, ...],
    model: Path | None,
    allow_training_images: bool,
    fail_on: tuple[str, ...],
    output: FolderOutput,
    **chosen: Any,
) -> None:
    """Tell whether FAKE can be told from REAL by a classifier, how surely, and by what.

    REAL and FAKE are folders (searched recursively), zip archives, arrays (.npy, .npz) or text
    files that list images. What belongs together is kept together, a part is held out for one
    test, and what the file format alone gives away is measured. Record, page, table and classifier
    go to DIR.
    """
    if model is not None:
        _refuse_what_trains()
        _apply(model, sets, output, allow_training_images, chosen)
        return
    if allow_training_images:
        raise click.UsageError("--allow-training-images belongs to --apply.")
    if len(sets) != 2:
        raise click.UsageError(f"REAL and FAKE are needed, in this order; {len(sets)} were given.")
    _test(sets[0], sets[1], output, fail_on, preset_choices(chosen))


def _refuse_what_trains() -> None:
    """Refuses options that would do nothing to a classifier that is already fitted."""
    for name, option in given_options().items():
        if name not in _WITH_APPLY:
            raise click.UsageError(f"--apply takes the classifier as it is; leave out {option}.")


def _test(
    real: str, fake: str, output: FolderOutput, fail_on: tuple[str, ...], chosen: dict[str, Any]
) -> None:
    """Trains, tests, and shows the verdict."""
    from ganeval.commands.classify_files import TEST, image_table, require_free, staged

    out = output.out or Path(OUT)
    require_free(out, TEST, [real, fake, *inputs_of(chosen)], overwrite=output.overwrite)
    from ganeval.classifier.settings import ClassifySettings
    from ganeval.classifier.suite import two_sample_test
    from ganeval.classifier.verdict import CONDITIONS as VERDICTS
    from ganeval.commands.classify_show import hold, show_result
    from ganeval.commands.progress import Bars
    from ganeval.records import write_text

    settings = ClassifySettings(**chosen)
    with staged(out, TEST) as stage:
        with Bars(quiet=output.quiet) as bars:
            done = two_sample_test(
                real,
                fake,
                settings,
                out=stage,
                argv=_argv(),
                progress=bars,
                announce=bars.announce,
            )
        table = image_table(done.rows)
        write_text(stage / TEST.table, table)
        write_text(stage / TEST.record, done.record.to_json())
    show_result(done.record, out, TEST, done.load_image, output, table)
    unwanted = frozenset[str]().union(*(VERDICTS[name] for name in fail_on))
    hold(done.record, strict=output.strict, verdicts=unwanted)


def _apply(
    model: Path,
    sets: tuple[str, ...],
    output: FolderOutput,
    allow_training_images: bool,
    chosen: dict[str, Any],
) -> None:
    """Scores sets by a saved classifier and shows the scores."""
    from ganeval.commands.classify_files import SCORES, require_free, score_table, staged

    if not sets:
        raise click.UsageError("--apply MODEL needs at least one SET of images to score.")
    out = output.out or Path(OUT_SCORES)
    require_free(out, SCORES, [*sets, *inputs_of(chosen)], overwrite=output.overwrite)
    from ganeval.classifier.apply import apply_model
    from ganeval.classifier.settings import ClassifySettings
    from ganeval.commands.classify_show import hold, show_result
    from ganeval.commands.progress import Bars
    from ganeval.images.recorded import find_images
    from ganeval.records import write_text

    settings = ClassifySettings(**{name: chosen[name] for name in chosen if name in _WITH_APPLY})
    with staged(out, SCORES) as stage:
        with Bars(quiet=output.quiet) as bars:
            record = apply_model(
                model,
                list(sets),
                settings,
                allow_training_images=allow_training_images,
                argv=_argv(),
                progress=bars,
            )
        table = score_table(record)
        write_text(stage / SCORES.table, table)
        write_text(stage / SCORES.record, record.to_json())
    show_result(record, out, SCORES, find_images(record).load, output, table)
    hold(record, strict=output.strict)


def _argv() -> list[str]:
    argv: list[str] = click.get_current_context().find_root().meta[ARGV]
    return argv
