"""An ablation as a LaTeX table for a paper (package booktabs)."""

from __future__ import annotations

from ganeval.records import AblationRecord, ArmMetric, CellMetric
from ganeval_reports.ablation_names import kinds, outcome, scaled, trained
from ganeval_reports.ablation_tables import described, mean_text
from ganeval_reports.glossary import DIRECTIONS
from ganeval_reports.latex_table import escaped

_NONE = "--"


def latex_table(record: AblationRecord) -> str:
    r"""Returns a ``table`` with metrics as rows and arms as columns (package booktabs).

    Values are mean ± standard deviation over seeds. A value is bold only where the declared
    comparison of that metric found its arm to differ from the base, and to be the better one.
    """
    arms = trained(record)
    head = " & ".join(["Metric", *(escaped(arm.name) for arm in arms)])
    found = {(one.arm, one.direction, one.name): one for one in record.means}
    winners = {
        (one.variant, one.direction, one.metric)
        for one in record.comparisons
        if one.kind == "difference" and not one.exploratory and outcome(one) == "better"
    }
    rows = []
    for kind in kinds(record):
        cells = [
            _cell(found.get(key), record, bold=key in winners)
            for arm in arms
            if (key := (arm.name, kind.direction, kind.name))
        ]
        if any(cell != _NONE for cell in cells):
            rows.append(rf"{_name(record, kind)} & {' & '.join(cells)} \\")
    return "\n".join(
        [
            f"% ganeval {record.environment.ganeval}; needs booktabs",
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{_text(described(record))}}}",
            rf"\begin{{tabular}}{{l{'r' * len(arms)}}}",
            r"\toprule",
            rf"{head} \\",
            r"\midrule",
            *rows,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _name(record: AblationRecord, kind: CellMetric) -> str:
    arrow = {"lower": r" $\downarrow$", "higher": r" $\uparrow$", "none": ""}[kind.better]
    several = len(record.protocol.directions) > 1
    direction = f" ({DIRECTIONS[kind.direction]})" if several else ""
    return f"{_text(scaled(kind.display, kind.unit) + direction)}{arrow}"


def _text(text: str) -> str:
    changed = escaped(text).replace("×10³", r"$\times 10^{3}$").replace("×", r"$\times$")
    return changed.replace("±", r"$\pm$").replace("−", "$-$").replace("\u00a0", "~")


def _cell(one: ArmMetric | None, record: AblationRecord, *, bold: bool) -> str:
    value, size = mean_text(one, record)
    if not value:
        return _NONE
    text = value.replace("−", "-") + (rf" \pm {size}" if size else "")
    return rf"$\mathbf{{{text}}}$" if bold else f"${text}$"
