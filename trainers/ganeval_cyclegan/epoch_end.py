"""What is done when an epoch is over: its means, evaluation, samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from ganeval_cyclegan.book import Work
from ganeval_cyclegan.line_writer import LineWriter, epochs_begun
from ganeval_cyclegan.meters import measured_line
from ganeval_cyclegan.opening import Run
from ganeval_cyclegan.samples import sheet_is_due, write_sheet
from ganeval_cyclegan.training_verdict import score_text

Tell = Callable[..., None]


def end_epoch(run: Run, lines: LineWriter) -> dict[str, float]:
    """Writes the means of the epoch and the ages of pooled images; returns the means."""
    means = run.meters.means("epoch")
    drawn = run.plan.data.drawn(run.state.update * run.plan.config.optim.d_steps)
    seen: dict[str, Any] = {}
    for name, one in drawn.items():
        seen[f"seen_{name}"] = one.seen
        seen[f"seen_in_epoch_{name}"] = one.seen_in_epoch
    lines.write("epoch", {**measured_line(means), **seen}, {})
    for domain, pool in run.state.pools.items():
        ages = run.world.told(list(pool.take_ages().items()))
        if run.plan.config.pool.strategy != "none":
            total: Counter[int] = Counter()
            for own in ages:
                total.update(dict(own))
            counts = {str(age): total[age] for age in sorted(total)}
            lines.write("pool", {"domain": domain, "ages": counts}, {})
    if run.plan.config.schedule.policy == "plateau":
        cycle = means["cycle_A"] + means["cycle_B"]
        if cycle > 0:
            run.state.plateau.step(cycle)
    return means


def due_after(run: Run, *, final: bool = False) -> list[Work]:
    """Returns the work that is due after the last update.

    Args:
        run: The run.
        final: It was the last of the run, after which everything is done that is done at all.
    """
    config, update = run.plan.config, run.state.update
    epoch = epochs_begun(run)
    due: list[Work] = []
    if config.eval.every > 0 and (final or epoch % config.eval.every == 0):
        due.append("evaluation")
    if sheet_is_due(config.samples, epoch) or (final and config.samples.every > 0):
        due.append("samples")
    return [work for work in due if run.book.done.get(work, -1) != update]


def do_work(run: Run, lines: LineWriter, tell: Tell) -> bool:
    """Does what is due; tells whether the networks are the best so far.

    Networks, optimisers, pools and random streams stay as they are. When it is left early, what
    it wrote is to be taken back.
    """
    improved = False
    update, epoch = run.state.update, epochs_begun(run)
    if "evaluation" in run.book.due:
        tell("doing", text="evaluating")
        found = run.evaluations.run(run.state.nets, run.state.ema, update=update, epoch=epoch)
        content = {
            "scores": [score.model_dump() for score in found.scores],
            "histograms": [one.model_dump() for one in found.histograms],
            "gaps": found.gaps,
            "file": found.file,
            "improved": found.improved,
        }
        lines.write("eval", content, {})
        improved = found.improved
        tell("score", epoch=epoch, text=score_text(found.scores))
    if "samples" in run.book.due:
        tell("doing", text="drawing samples")
        sheet = write_sheet(
            run.state.nets,
            run.plan.data,
            run.plan.config,
            run.streams,
            run.folder.path,
            update=update,
            epoch=epoch,
        )
        lines.write("samples", {"sheet": sheet.model_dump()}, {})
    return improved


def note_done(run: Run, *, improved: bool) -> None:
    """Notes that what was due is done; the networks may be the best so far."""
    if improved:
        run.book.best = run.state.update
    for work in run.book.due:
        run.book.done[work] = run.state.update
    run.book.due = []
