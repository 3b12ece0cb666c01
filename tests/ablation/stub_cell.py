"""``cell_run`` with an evaluation that needs no network: the mean of all fakes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ganeval.ablation.cell_lock import CellBusyError
from ganeval.ablation.cell_run import run_cell
from ganeval.records.files import write_text


def evaluate(ready: Any, progress: Callable[..., None]) -> None:
    ready.out.mkdir(parents=True, exist_ok=True)
    means = {
        direction: {
            stem: float(np.asarray(Image.open(path)).mean()) for stem, path in images.fake.items()
        }
        for direction, images in ready.images.items()
    }
    progress("stub", 1, 1, "rounds")
    with (ready.out / "times.log").open("a") as log:
        log.write("evaluated\n")
    write_text(ready.out / "result.json", json.dumps({"cell_id": ready.job.id, "means": means}))


if __name__ == "__main__":
    try:
        sys.exit(run_cell(Path(sys.argv[1]), evaluate))
    except CellBusyError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
