"""An ``ablate`` of stubs in a process of its own, to be stopped or killed."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from ablation.stub_study import run_study

    jobs = int(sys.argv[3]) if len(sys.argv) > 3 else 2
    outcome = run_study(Path(sys.argv[1]), Path(sys.argv[2]), jobs=jobs)
    sys.exit(85 if outcome.stopped else 1 if outcome.failed else 0)
