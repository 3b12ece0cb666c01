"""Memory and time at scale: a million feature rows through FID, and KID and PRDC in blocks.

Every line is a process of its own, so that its peak of memory is its own. Half of the rows stream
as reals, half as fakes with a shifted mean, so that the distance is known. FID of torchmetrics
takes the first of the same rows. Rows are made block by block; making them is not timed. Where
other programs compete for the cores, CPU seconds tell more than seconds.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from ganeval.environment import environment
from ganeval.features.devices import usable_cores

LIMIT_MB = 2000  # of the million rows
SHIFT = 0.05
BLOCK = 1000  # rows per update
JOBS = ("ganeval FID", "torchmetrics FID", "ganeval KID", "ganeval PRDC", "prdc PRDC")


@dataclass
class Clock:
    """Seconds and CPU seconds of the parts that are timed."""

    wall: float = 0.0
    cpu: float = 0.0

    def __enter__(self) -> Clock:
        self._started = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall += time.perf_counter() - self._started[0]
        self.cpu += time.process_time() - self._started[1]


def expected_distance(rows: int, dimension: int) -> float:
    """Mean of the distance that is computed from this many rows, half of them fakes.

    Both covariances are I up to sampling, and the distance of I + A and I + B is |A - B|²/4 to
    second order; entries of A have variance 1/n, twice that on the diagonal.
    """
    per_row = 2 / (rows / 2)  # 1/n + 1/n
    return dimension * (SHIFT**2 + per_row) + dimension * (dimension + 1) / 4 * per_row


def blocks(rows: int, dimension: int) -> Iterator[tuple[npt.NDArray[np.float32], bool]]:
    """Rows of reals and of fakes, in turn."""
    rng = np.random.default_rng(0)
    for start in range(0, rows, 2 * BLOCK):
        size = min(BLOCK, (rows - start) // 2)
        for real in (True, False):
            made = rng.standard_normal((size, dimension), dtype=np.float32)
            yield made if real else made + np.float32(SHIFT), real


def sets(rows: int, dimension: int) -> dict[bool, npt.NDArray[np.float32]]:
    """All reals and all fakes."""
    kept: dict[bool, list[npt.NDArray[np.float32]]] = {True: [], False: []}
    for block, real in blocks(2 * rows, dimension):
        kept[real].append(block)
    return {real: np.concatenate(some) for real, some in kept.items()}


def stream_ganeval(rows: int, dimension: int, update: Clock, compute: Clock) -> float:
    """`FrechetDistance`, fed block by block."""
    from ganeval.metrics.streaming import FrechetDistance

    metric = FrechetDistance(None)
    for block, real in blocks(rows, dimension):
        with update:
            metric.update_features(block, real)
    with compute:
        value = metric.compute().value
    return value or 0.0


def stream_torchmetrics(rows: int, dimension: int, update: Clock, compute: Clock) -> float:
    """FID of torchmetrics, with a network that returns what it is given."""
    import torch
    from torchmetrics.image.fid import FrechetInceptionDistance

    class Rows(torch.nn.Module):
        num_features = dimension

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x

    metric = FrechetInceptionDistance(feature=Rows())
    for block, real in blocks(rows, dimension):
        with update:
            metric.update(torch.from_numpy(block), real=real)
    with compute:
        return float(metric.compute())


def kept_ganeval(metric: str, rows: int, dimension: int, update: Clock, compute: Clock) -> float:
    """`Evaluation`, which holds all features: rows per set."""
    from ganeval.metrics.streaming import Evaluation

    evaluation = Evaluation(metric, None, max_images=rows)
    for block, real in blocks(2 * rows, dimension):
        with update:
            evaluation.update_features(block, real)
    with compute:
        value = evaluation.compute().metrics[-1].estimate.value
    return value or 0.0


def kept_prdc(rows: int, dimension: int, update: Clock, compute: Clock) -> float:
    """The package prdc, which holds the matrices of all distances; coverage."""
    from prdc import compute_prdc

    with update:
        both = sets(rows, dimension)
    with compute:
        return float(compute_prdc(both[True], both[False], nearest_k=5)["coverage"])


def run_job(job: str, rows: int, dimension: int) -> dict[str, float]:
    """Runs one line of the table in this process."""
    update, compute = Clock(), Clock()
    if job == "ganeval FID":
        value = stream_ganeval(rows, dimension, update, compute)
    elif job == "torchmetrics FID":
        value = stream_torchmetrics(rows, dimension, update, compute)
    elif job == "prdc PRDC":
        value = kept_prdc(rows, dimension, update, compute)
    else:
        value = kept_ganeval(job.split()[1].lower(), rows, dimension, update, compute)
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    return {
        "value": value,
        "update": update.wall,
        "update_cpu": update.cpu,
        "compute": compute.wall,
        "compute_cpu": compute.cpu,
        "peak": peak,
    }


def measured(job: str, rows: int, dimension: int) -> dict[str, float]:
    """Runs one line of the table in a process of its own."""
    command = [sys.executable, __file__, "--job", job, "--rows", str(rows)]
    done = subprocess.run(
        [*command, "--dimension", str(dimension)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(f"{job} failed:\n{done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])  # prdc prints too
    return found


def show(lines: list[tuple[str, int, dict[str, float]]], dimension: int) -> None:
    """Prints the table and what was expected."""
    table = Table(title=f"d = {dimension}", box=None, header_style="bold")
    columns = (
        "rows",
        "rows/s",
        "rows per CPU s",
        "compute s",
        "CPU s",
        "peak MB",
        "value",
        "expected",
    )
    table.add_column("job")
    for column in columns:
        table.add_column(column, justify="right")
    for job, rows, found in lines:
        rates = [rows / max(found[name], 1e-9) for name in ("update", "update_cpu")]
        table.add_row(
            job,
            f"{rows:,}",
            *(f"{rate:,.0f}" if "FID" in job else "" for rate in rates),
            f"{found['compute']:.1f}",
            f"{found['compute_cpu']:.1f}",
            f"{found['peak']:,.0f}",
            f"{found['value']:.6g}",
            f"{expected_distance(rows, dimension):.4g}" if "FID" in job else "",
        )
    console = Console(width=110, highlight=False)
    console.print(table)
    by_job = {job: (rows, found) for job, rows, found in lines}
    if "torchmetrics FID" in by_job:
        per_second = [by_job[job][0] / by_job[job][1]["update_cpu"] for job in JOBS[:2]]
        console.print(
            f"FID rows per CPU second: {per_second[0] / per_second[1]:.2f} times torchmetrics."
        )
    machine = environment()
    console.print(
        f"{machine.processor}, {usable_cores()} cores, Python {machine.python}, NumPy "
        f"{machine.packages['numpy']}. FID: rows of both sets; expected holds where there are many "
        "more rows than dimensions. KID and PRDC: rows per set; the value is KID, or coverage."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="of both sets together")
    parser.add_argument("--dimension", type=int, default=2048)
    parser.add_argument("--kept-rows", type=int, default=10_000, help="per set, of KID and PRDC")
    parser.add_argument("--peer-rows", type=int, default=100_000, help="through torchmetrics")
    parser.add_argument("--no-peers", action="store_true", help="only ganeval")
    parser.add_argument("--job", choices=JOBS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        print(json.dumps(run_job(options.job, options.rows, options.dimension)))
        return
    lines = []
    for job in JOBS:
        peer = not job.startswith("ganeval")
        if peer and options.no_peers:
            continue
        rows = options.rows if job == "ganeval FID" else options.kept_rows
        if job == "torchmetrics FID":
            rows = min(options.rows, options.peer_rows)
        lines.append((job, rows, measured(job, rows, options.dimension)))
    show(lines, options.dimension)
    peak = lines[0][2]["peak"]
    if peak > LIMIT_MB:
        sys.exit(f"the stream took {peak:,.0f} MB, more than {LIMIT_MB:,}")


if __name__ == "__main__":
    main()
