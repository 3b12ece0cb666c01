"""What a run remembers beside networks, streams and measurements: part of every checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ganeval.records import Notice

Work = Literal["evaluation", "samples"]
"""What is done at the end of an epoch, without changing the training state."""


@dataclass
class Book:
    """Counters and memories of a run.

    Attributes:
        seconds: Trained so far, all parts together, from the first update on: updates, and
            evaluations, samples and saving between them.
        due: Work of the last update that is still to be done.
        done: Updates whose work of either kind has been done last; -1: none.
        kept: Updates whose checkpoints are kept for good.
        best: Update of the best checkpoint so far.
        peak: Most memory used, in bytes.
        notices: What a reader of the record should know.
    """

    seconds: float = 0.0
    due: list[Work] = field(default_factory=list)
    done: dict[Work, int] = field(default_factory=dict)
    kept: list[int] = field(default_factory=list)
    best: int | None = None
    peak: int | None = None
    notices: list[Notice] = field(default_factory=list)

    def note(self, code: str, text: str, **data: Any) -> None:
        """Remembers a notice, once."""
        notice = Notice(code=code, text=text, data=data)
        if notice not in self.notices:
            self.notices.append(notice)

    def state(self) -> dict[str, Any]:
        """Returns plain values."""
        return {**asdict(self), "notices": [notice.model_dump() for notice in self.notices]}

    def load(self, state: Mapping[str, Any]) -> None:
        """Takes up what `state` returned."""
        for name, value in state.items():
            setattr(self, name, value)
        self.notices = [Notice.model_validate(one) for one in state["notices"]]
