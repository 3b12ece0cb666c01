"""A record of metrics as a LaTeX table for a paper (package booktabs)."""

from __future__ import annotations

from collections.abc import Iterator

from ganeval.records import Estimate, MetricsRecord, excess_of
from ganeval_reports import glossary
from ganeval_reports.numbers import printed

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "∞": r"$\infty$",
    "\n": " ",
    "\r": " ",
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
}
_NONE = "--"
_ARROWS = {"lower": r"$\downarrow$", "higher": r"$\uparrow$"}


def latex_table(record: MetricsRecord) -> str:
    """Returns a ``tabular`` with one row per metric and one column per fake set.

    Values are rounded to their standard errors; the best of a row is bold only where it is better
    than every other by more than chance.
    """
    labels = [info.label for info in record.inputs if info.role == "fake"]
    head = " & ".join(["Metric", *map(escaped, labels)])
    return "\n".join(
        [
            f"% ganeval {record.environment.ganeval}, value $\\pm$ standard error; needs booktabs",
            rf"\begin{{tabular}}{{l{'r' * len(labels)}}}",
            r"\toprule",
            rf"{head} \\",
            r"\midrule",
            *_rows(record, labels),
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def escaped(text: str) -> str:
    """Returns text with everything escaped that LaTeX would take for a command."""
    return "".join(_SPECIAL.get(letter, letter) for letter in text)


def _rows(record: MetricsRecord, labels: list[str]) -> Iterator[str]:
    for name in dict.fromkeys(metric.name for metric in record.metrics):
        group = {metric.fake: metric for metric in record.metrics if metric.name == name}
        first = next(iter(group.values()))
        power = glossary.entry(name).power
        scale = rf" $\times 10^{{{power}}}$" if power else ""
        title = f"{escaped(first.display)}{scale} {_ARROWS[first.direction]}"
        estimates = {label: metric.estimate for label, metric in group.items()}
        yield _row(title, labels, estimates, power, record.best(name))
        excesses = {label: one.floor.excess for label, one in group.items() if one.floor}
        if excesses:
            title = rf"\quad excess over floor {_ARROWS['lower']}"
            yield _row(title, labels, excesses, power, record.best(excess_of(name)))


def _row(
    title: str, labels: list[str], estimates: dict[str, Estimate], power: int, best: str | None
) -> str:
    cells = [
        _cell(estimates[label], power, bold=label == best) if label in estimates else _NONE
        for label in labels
    ]
    return rf"{title} & {' & '.join(cells)} \\"


def _cell(estimate: Estimate, power: int, *, bold: bool) -> str:
    number = printed(estimate, power)
    if estimate.value is None:
        return _NONE
    text = number.value.replace("−", "-")
    if number.se:
        text += rf" \pm {number.se}"
    return rf"$\mathbf{{{text}}}$" if bold else f"${text}$"
