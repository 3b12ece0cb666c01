"""``ganeval ablate``: training runs that differ in one factor, on equal seeds and budgets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ganeval.ablation.engine import Observer, Outcome
    from ganeval.ablation.launch import Launcher, LocalLauncher
    from ganeval.ablation.preparing import Planned
    from ganeval.ablation.study_folder import StudyFolder
    from ganeval.ablation.study_form import Study

_ACTIONS = ("status", "stop")
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(
    epilog="Example: ganeval ablate buffer --demo stripes --seeds 3 --out study\n\n"
    "Then: ganeval ablation-report study -o buffer.html"
)
@click.argument("words", metavar="STUDY | status DIR | stop DIR", nargs=-1)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder of the study; with a study in it, that one goes on.  [default: ablation-NAME]",
)
@click.option("--plan", is_flag=True, help="Print cells, cost and smallest p; start nothing.")
@click.option("--demo", metavar="NAME", help="Run on images made by code: stripes or shapes.")
@click.option("--quick", is_flag=True, help="Smallest networks, images made by code, 3 seeds.")
@click.option(
    "--only", multiple=True, metavar="ARM", help="Run this arm and the base; may be repeated."
)
@click.option(
    "--seeds",
    metavar="0-7|N",
    help="Seeds to run now: a number of them, a range, or a list. Others that the study has stay.",
)
@click.option(
    "--launcher",
    "kind",
    type=click.Choice(["local", "slurm", "debug", "print"]),
    help="Where cells run; print writes one command line per cell.  [default: as the study says]",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Cells at a time.  [default: as the study says; else one per accelerator, or one]",
)
@click.option("--retry-failed", is_flag=True, help="Try cells again that have failed for good.")
@click.option(
    "--force",
    multiple=True,
    metavar="CELL",
    help="Move a cell to the study's trash and run it anew: ARM, ARM/SEED or its digits.",
)
@click.option("--amend", is_flag=True, help="Change what decides after cells were evaluated.")
@click.option("--yes", is_flag=True, help="Run more than 500 cells without being asked.")
@click.option("--list", "list_", is_flag=True, help="List the studies that come with ganeval.")
@click.option("--show", metavar="NAME", help="Print one of these.")
@click.option("--write", type=_FILE, metavar="FILE", help="With --show: save it for editing.")
@click.option("--json", "json_", is_flag=True, help="Print plan, status or outcome as JSON.")
@click.option("--quiet", "-q", is_flag=True, help="Print nothing but errors.")
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
def ablate(
    words: tuple[str, ...],
    list_: bool,
    show: str | None,
    write: Path | None,
    json_: bool,
    quiet: bool,
    **asked: Any,
) -> None:
    """Run a study: arms that differ in one factor, each under the same seeds and budget.

    STUDY is a YAML file, the name of a study that comes with ganeval, or the folder of one that
    was begun. Every cell, an arm under a seed, is a process; what is finished is never run again,
    so stop (Ctrl-C, or `ganeval ablate stop DIR`), add seeds or arms, and start again at will.
    """
    if json_ and quiet:
        raise click.UsageError("--json and --quiet exclude each other.")
    if write is not None and show is None:
        raise click.UsageError("--write needs --show NAME, the study to save.")
    if list_ or show is not None:
        if words:
            raise click.UsageError(f"{words[0]}: --list and --show take no study.")
        _library(show, write, quiet=quiet)
    elif words[:1] and words[0] in _ACTIONS:
        if len(words) != 2:
            raise click.UsageError(f"ablate {words[0]} needs the folder of a study.")
        _look(words[0], Path(words[1]), json_=json_, quiet=quiet)
    elif len(words) != 1:
        many = f"{len(words)} were given; quote names with blanks." if words else "see --list."
        raise click.UsageError(f"ablate needs one study: {many}")
    else:
        _run(words[0], json_=json_, quiet=quiet, **asked)


def _library(show: str | None, write: Path | None, *, quiet: bool) -> None:
    from ganeval.ablation.builtin import list_studies, study_text
    from ganeval.commands.protection import require_writable
    from ganeval.commands.tables import print_table
    from ganeval.records import write_text

    if show is None:
        print_table(("study", "question"), list_studies())
        return
    text = study_text(show)
    if write is None:
        click.echo(text, nl=False)
        return
    if write.exists():
        raise click.UsageError(f"--write {write}: is there already; name another file.")
    require_writable("--write", write)
    write_text(write, text)
    if not quiet:
        click.echo(f"{show} is in {write}; add data, then: ganeval ablate {write}")


def _look(action: str, folder: Path, *, json_: bool, quiet: bool) -> None:
    from ganeval.ablation.overview import is_running, overview, stop_study
    from ganeval.commands.ablate_text import print_status, status_json

    if action == "stop":
        working = stop_study(folder)
        if not quiet:
            click.echo(
                f"{working} cells save and stop; ganeval ablate {folder} goes on with them"
                if working
                else "No cell runs here; none will until the study is started again."
            )
        return
    views = overview(folder, lambda text: click.echo(f"warning: {text}", err=True))
    if json_:
        click.echo(status_json(folder, views, running=is_running(folder)))
    elif not quiet:
        print_status(folder, views, running=is_running(folder))


def _run(
    name: str,
    *,
    out: Path | None,
    plan: bool,
    demo: str | None,
    quick: bool,
    only: tuple[str, ...],
    seeds: str | None,
    kind: str | None,
    jobs: int | None,
    retry_failed: bool,
    force: tuple[str, ...],
    amend: bool,
    yes: bool,
    json_: bool,
    quiet: bool,
) -> None:
    from ganeval.ablation.arms import check_count
    from ganeval.ablation.preparing import plan_cells
    from ganeval.ablation.study import parse_seeds
    from ganeval.ablation.study_folder import StudyFolder

    wanted = None if seeds is None else _named_seeds(seeds, parse_seeds)
    study, place = _study(name, out, demo=demo, quick=quick, seeds=wanted)
    folder = StudyFolder(place)
    folder.holds_study()
    planned = plan_cells(study, seeds=wanted, only=only or None)
    check_count(len(planned.chosen), yes=yes or plan)
    chosen = kind or study.launcher.kind
    count = jobs or (None if study.launcher.jobs == "auto" else study.launcher.jobs)
    if plan:
        _plan(folder, planned, count, json_=json_, quiet=quiet)
        return
    launcher = None if chosen == "print" else _launcher(chosen, study, folder, count)
    with folder.owned():
        _start(
            folder,
            planned,
            launcher,
            force=force,
            amend=amend,
            retry_failed=retry_failed,
            json_=json_,
            quiet=quiet,
        )


def _named_seeds(text: str, parse: Any) -> tuple[int, ...]:
    from ganeval.errors import InputError

    try:
        return tuple(parse(text))
    except InputError as error:
        raise InputError(f"--seeds: {error.message}", hint=error.hint) from error


def _study(
    name: str,
    out: Path | None,
    *,
    demo: str | None,
    quick: bool,
    seeds: tuple[int, ...] | None,
) -> tuple[Study, Path]:
    """Returns the study, with the seeds that it has been started with before, and its folder."""
    from ganeval.ablation.study import load_study
    from ganeval.ablation.study_folder import LOCKED, STUDY, StudyFolder
    from ganeval.ablation.study_writing import with_own_files

    source = Path(name)
    begun = (source / STUDY).is_file() and (source / LOCKED).is_file()
    if begun:
        if out is not None and out.resolve() != source.resolve():
            raise click.UsageError(f"--out {out}: the study lies in {source}; leave --out out.")
        if demo is not None or quick:
            raise click.UsageError(f"{source}: has its images; leave --demo and --quick out.")
        source, out = source / STUDY, source
    path = str(source) if begun else name
    study = load_study(path, demo=demo, quick=quick, seeds=seeds)
    place = out or Path(f"ablation-{study.name}")
    held = StudyFolder(place).read_json(LOCKED) if place.is_dir() else None
    if seeds is not None and held is not None:
        union = dict.fromkeys((*held["locked"]["seeds"], *seeds))
        study = load_study(path, demo=demo, quick=quick, seeds=tuple(union))
    elif seeds is None and held is not None and not begun:
        study = _with_held_seeds(study, held, path, demo=demo, quick=quick)
    return with_own_files(study, Path(path).parent.absolute()), place


def _with_held_seeds(
    study: Study, held: dict[str, Any], path: str, *, demo: str | None, quick: bool
) -> Study:
    """Keeps seeds that were added on the command line of an earlier start."""
    from ganeval.ablation.study import load_study

    before = held["locked"]["seeds"]
    if set(study.seeds) < set(before):
        return load_study(path, demo=demo, quick=quick, seeds=tuple(before))
    return study


def _plan(
    folder: StudyFolder, planned: Planned, jobs: int | None, *, json_: bool, quiet: bool
) -> None:
    from ganeval.ablation.launch import LocalLauncher
    from ganeval.ablation.plan import PROBED, plan_study
    from ganeval.commands.ablate_text import plan_json, print_plan

    if not (quiet or json_):
        click.echo(f"measuring {PROBED} updates of the base ...", err=True)
    found = plan_study(folder, planned, LocalLauncher(jobs))
    if json_:
        click.echo(plan_json(found))
    elif not quiet:
        print_plan(planned.study.name, folder.path, found)


def _launcher(kind: str, study: Study, folder: StudyFolder, jobs: int | None) -> Launcher:
    from ganeval.ablation.launch import DebugLauncher, LocalLauncher
    from ganeval.ablation.slurm import SlurmLauncher

    if kind == "slurm":
        return SlurmLauncher(folder, study.launcher.slurm, jobs)
    if kind == "debug":
        return DebugLauncher()
    local: LocalLauncher = LocalLauncher(jobs)
    return local


def _start(
    folder: StudyFolder,
    planned: Planned,
    launcher: Launcher | None,
    *,
    force: tuple[str, ...],
    amend: bool,
    retry_failed: bool,
    json_: bool,
    quiet: bool,
) -> None:
    from ganeval.ablation import preparing
    from ganeval.ablation.cell_job import write_job
    from ganeval.ablation.engine import Engine
    from ganeval.ablation.launch import command_lines
    from ganeval.commands.ablate_progress import StudyProgress
    from ganeval.commands.ablate_text import outcome_json, print_amendments, print_outcome

    silent = quiet or json_
    cells, amendments = preparing.prepare(folder, planned, amend=amend)
    if not silent:
        print_amendments(amendments)
    for text in force:
        for moved in preparing.force(folder, cells, text):
            if not silent:
                click.echo(f"moved to {moved}", err=True)
    folder.forget_stop()
    if launcher is None:
        left = [cell for cell in cells if not _is_through(cell)]
        for cell in left:
            write_job(cell.folder, cell.job)
        for line in command_lines([cell.folder for cell in left]):
            click.echo(line)
        return
    with StudyProgress(quiet=silent) as progress:
        observer: Observer = progress
        outcome = Engine(folder, cells, launcher, observer, retry_failed=retry_failed).run()
    if json_:
        click.echo(outcome_json(outcome))
    elif not quiet:
        print_outcome(folder.path, outcome)
    _leave(outcome)


def _is_through(cell: Any) -> bool:
    from ganeval.ablation.cell_state import read_status
    from ganeval.ablation.engine import action_for

    return action_for(cell, read_status(cell.folder), retry_failed=True) == "skip"


def _leave(outcome: Outcome) -> None:
    """Ends with the exit code that tells how the study stands."""
    from ganeval.errors import ExitCode

    if outcome.paused or outcome.stopped:
        raise click.exceptions.Exit(ExitCode.STOPPED)
    if outcome.failed:
        raise click.exceptions.Exit(ExitCode.FAILED)
