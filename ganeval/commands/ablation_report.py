"""``ganeval ablation-report``: which choice helped, from a study or from folders of images."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ganeval.cli import ARGV
from ganeval.commands.options import figures_option
from ganeval.commands.protection import (
    protect_inputs,
    refuse_same_file,
    require_folder,
    require_writable,
)

if TYPE_CHECKING:
    from ganeval.ablation.evidence import Evidence
    from ganeval.commands.progress import Bars

_FILE = click.Path(dir_okay=False, path_type=Path)
_PATH = click.Path(path_type=Path)


@click.command(
    "ablation-report",
    epilog="Example: ganeval ablation-report --real paintings/ --source photos/ --arm unet=a/ "
    "--arm resnet=b/ -o report.html\n\nExample: ganeval ablation-report study/ -o report.html",
)
@click.argument("study", metavar="[DIR]", required=False, type=_PATH)
@click.option(
    "--arm",
    "arms",
    multiple=True,
    metavar="NAME=DIR",
    help="Images that any code made: one folder, or one folder per seed in it; may be repeated.",
)
@click.option("--real", type=_PATH, metavar="DIR", help="Real images of the target domain.")
@click.option(
    "--source", type=_PATH, metavar="DIR", help="Inputs of the translations, of equal names."
)
@click.option(
    "--train",
    type=_PATH,
    metavar="DIR",
    help="Images of the target domain that generators were trained on; copies are looked for.",
)
@click.option(
    "--table",
    type=_FILE,
    metavar="CSV",
    help="Values instead of images: columns arm, seed, metric, value.",
)
@click.option("--base", metavar="NAME", help="Arm to compare with.  [default: the study's; first]")
@click.option("--primary", metavar="METRIC", help="Metric that decides.  [default: kid]")
@click.option(
    "--higher-is-better", is_flag=True, help="Of metrics in --table that ganeval does not know."
)
@click.option(
    "--direction",
    type=click.Choice(["AtoB", "BtoA"]),
    default="AtoB",
    show_default=True,
    help="Which way the images of --arm were translated.",
)
@click.option(
    "--task",
    default="",
    metavar="NAME",
    help="Hold published numbers beside: horse2zebra, photo2monet, summer2winter, ...",
)
@click.option(
    "--extractor",
    metavar="NAME",
    help="What turns images into features.  [default: the study's; inception-2015 with --weights; "
    "efficientnet-lite0]",
)
@click.option("--weights", type=_PATH, metavar="FILE", help="Weights file of the extractor.")
@click.option(
    "--fid-modes",
    default="",
    metavar="MODE,...",
    help="Further resize modes of the Fréchet distance: clean, tf1, ...",
)
@click.option(
    "--margin",
    type=click.FloatRange(min=0, min_open=True),
    metavar="X",
    help="Differences of the primary metric that do not matter, for a verdict of equality.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Seed of every random choice of the evaluation.",
)
@click.option(
    "--device", default="auto", show_default=True, metavar="NAME", help="cpu, cuda, cuda:1, mps."
)
@click.option(
    "--cache/--no-cache",
    default=True,
    show_default=True,
    help="Keep and reuse features and evaluations.",
)
@click.option("-o", "--html", type=_FILE, metavar="FILE", help="Write the page to FILE.")
@click.option("--out", type=_FILE, metavar="FILE", help="Write the record (JSON) to FILE.")
@click.option(
    "--csv",
    "csv_",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write every number as CSV tables to DIR.",
)
@click.option("--latex", type=_FILE, metavar="FILE", help="Write a LaTeX table to FILE.")
@click.option(
    "--markdown",
    type=_FILE,
    metavar="FILE",
    help="Write the report as Markdown to FILE, for a repository.",
)
@figures_option
@click.option("--json", "json_", is_flag=True, help="Print the record, alone, on stdout.")
@click.option("--quiet", "-q", is_flag=True, help="Print the verdict and nothing else.")
@click.option(
    "--strict",
    is_flag=True,
    help="Exit with code 4 if the verdict is invalid or underpowered, or cells failed.",
)
@click.option(  # read in cli.run, which also sees errors made before options are parsed
    "--debug", is_flag=True, expose_value=False, help="Show the traceback of an error."
)
def ablation_report(study: Path | None, **chosen: Any) -> None:
    """Tell which arm of an ablation is better, how surely, and what it cost.

    DIR is the folder of a study that `ganeval ablate` ran. Or arms are folders of images, made by
    whatever code, held against --real. With one training run per arm only the sets of images are
    compared, and the page says so.
    """
    from ganeval.commands.ablation_report_files import write_forms
    from ganeval.commands.ablation_report_text import hold, print_study
    from ganeval.commands.progress import Bars

    _check(study, chosen)
    began = time.perf_counter()
    if chosen["json_"] and chosen["quiet"]:
        raise click.UsageError("--json and --quiet exclude each other.")
    argv: list[str] = click.get_current_context().find_root().meta[ARGV]
    with ExitStack() as stack:
        with Bars(quiet=chosen["quiet"] or chosen["json_"]) as bars:
            evidence = _evidence(study, chosen, stack, bars)
        from ganeval.ablation.analysis import analyse

        record = analyse(evidence, argv=argv, began=began)
    written = write_forms(record, chosen)
    if chosen["json_"]:
        click.echo(record.to_json().encode(), nl=False)
    elif chosen["quiet"]:
        click.echo(record.verdict)
    else:
        print_study(record, written)
    hold(record, strict=chosen["strict"])


def _evidence(study: Path | None, chosen: dict[str, Any], stack: ExitStack, bars: Bars) -> Evidence:
    """Reads or makes every number."""
    from dataclasses import replace

    from ganeval.ablation.protocol import ProtocolSettings

    extractor = chosen["extractor"] or (
        "inception-2015" if chosen["weights"] else "efficientnet-lite0"
    )
    protocol = ProtocolSettings(
        primary=chosen["primary"] or "kid",
        extractor=extractor,
        weights=chosen["weights"],
        fid_modes=tuple(name.strip() for name in chosen["fid_modes"].split(",") if name.strip()),
        directions=(chosen["direction"],),
        checkpoint="as stated",
        margin=chosen["margin"],
        seed=chosen["seed"],
        device=chosen["device"],
        use_cache=chosen["cache"],
    )
    if chosen["table"] is not None:
        from ganeval.ablation.table import evidence_of_table

        return evidence_of_table(
            chosen["table"],
            protocol,
            base=chosen["base"],
            primary=chosen["primary"],
            higher_is_better=chosen["higher_is_better"],
        )
    if study is not None:
        from ganeval.ablation.from_study import StudyChoices, evidence_of_study

        return evidence_of_study(study, StudyChoices.of(chosen), stack, bars)
    from ganeval.ablation.from_folders import FolderArms, default_suite, evidence_of_folders

    asked = FolderArms(
        chosen["arms"],
        chosen["real"],
        chosen["source"],
        chosen["base"],
        chosen["direction"],
        chosen["train"],
    )
    protocol = replace(protocol, suite=default_suite(train=chosen["train"] is not None))
    return replace(evidence_of_folders(asked, protocol, stack, bars), task=chosen["task"])


def _check(study: Path | None, chosen: dict[str, Any]) -> None:
    """Refuses what does not go together, and outputs that cannot be written, before any work."""
    given = {
        "DIR": study is not None,
        "--arm": bool(chosen["arms"]),
        "--table": chosen["table"] is not None,
    }
    if not any(given.values()):
        raise click.UsageError("DIR, --arm NAME=DIR or --table is needed.")
    if given["--table"] and (given["DIR"] or given["--arm"]):
        raise click.UsageError("--table stands alone: its values come from no images here.")
    if given["--arm"] and not given["DIR"] and chosen["real"] is None:
        raise click.UsageError("--arm needs --real DIR, the real images of the target domain.")
    if chosen["real"] is not None and not given["--arm"]:
        raise click.UsageError("--real belongs to --arm; a study knows its own data.")
    for name in ("real", "source", "train", "table", "weights"):
        path = chosen[name]
        if path is not None and not path.exists():
            raise click.BadParameter(f"{path} does not exist.", param_hint=f"--{name}")
    files = {
        option: chosen[name]
        for option, name in (
            ("-o", "html"),
            ("--out", "out"),
            ("--latex", "latex"),
            ("--markdown", "markdown"),
        )
    }
    for option, path in files.items():
        if path is not None:
            require_writable(option, path)
    for option, name in (("--csv", "csv_"), ("--figures", "figures")):
        if chosen[name] is not None:
            require_folder(option, chosen[name])
    refuse_same_file(files)
    read = [chosen[name] for name in ("real", "source", "train", "table", "weights")]
    read += [Path(arm.partition("=")[2]) for arm in chosen["arms"]]
    protect_inputs(files, [str(path) for path in read if path is not None])
