"""FID of the same images with the same weights by pytorch-fid, torch-fidelity and ganeval.

Every tool runs as its users run it: its own command, in its own process, with its defaults, on the
CPU. ganeval runs four times: the first run ever (it converts the network and keeps it), with no
features cached, with the real set cached (the everyday case: one real set, many generators), and
with both.

Without ``--real`` and ``--fake``, JPEG crops of the photographs that scikit-learn ships are made.
Without ``--weights``, the published file is used where it is found, else seeded random weights:
speed and agreement do not depend on what the weights are.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench_inputs import make_jpegs, random_weights
from rich.console import Console
from rich.table import Table

from ganeval.environment import environment
from ganeval.errors import GanevalError
from ganeval.features.devices import usable_cores
from ganeval.features.weights import PUBLISHED, resolve_weights

PUBLISHED_NAME = PUBLISHED["inception-2015"].file


@dataclass(frozen=True)
class Timing:
    """One command: seconds, value, and the mode its value is comparable in."""

    tool: str
    seconds: float
    value: float
    mode: str


def timed(command: Sequence[str], env: dict[str, str]) -> tuple[float, str]:
    """Runs a command and returns wall seconds and stdout; a failure stops the benchmark."""
    start = time.perf_counter()
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\nfailed:\n{done.stderr[-2000:]}")
    return seconds, done.stdout


def ganeval_fid(
    real: Path, fake: Path, weights: Path, cache: Path, resize: str
) -> tuple[float, float]:
    """Seconds and value of ``ganeval fid``."""
    seconds, out = timed(
        [sys.executable, "-m", "ganeval", "fid", str(real), str(fake), "--weights", str(weights)]
        + ["--resize", resize, "--json", "--device", "cpu"],
        {**os.environ, "GANEVAL_CACHE": str(cache)},
    )
    return seconds, json.loads(out)["metrics"][0]["estimate"]["value"]


def run_ganeval(real: Path, fake: Path, weights: Path, work: Path) -> list[Timing]:
    """The four states of the caches, from the first run ever to nothing left to compute."""
    first, later = work / "first", work / "later"
    rows = [measure("ganeval, first run ever", real, fake, weights, first)]
    shutil.copytree(first / "networks", later / "networks")
    rows.append(measure("ganeval, no features cached", real, fake, weights, later))
    shutil.rmtree(later / "features")
    ganeval_fid(real, real, weights, later, "pytorch-fid")
    rows.append(measure("ganeval, real set cached", real, fake, weights, later))
    rows.append(measure("ganeval, both cached", real, fake, weights, later))
    return rows


def measure(label: str, real: Path, fake: Path, weights: Path, cache: Path) -> Timing:
    """One run of ganeval in pytorch-fid's mode, under a label for the table."""
    return Timing(label, *ganeval_fid(real, fake, weights, cache, "pytorch-fid"), "pytorch-fid")


def run_pytorch_fid(real: Path, fake: Path, weights: Path, work: Path) -> Timing:
    """pytorch-fid's own command; its download is replaced by the file in torch's cache."""
    checkpoints = work / "torch" / "hub" / "checkpoints"
    checkpoints.mkdir(parents=True)
    shutil.copy(weights, checkpoints / PUBLISHED_NAME)
    seconds, out = timed(
        [sys.executable, "-m", "pytorch_fid", str(real), str(fake), "--device", "cpu"],
        {**os.environ, "TORCH_HOME": str(work / "torch")},
    )
    return Timing("pytorch-fid", seconds, float(out.split("FID:")[1]), "pytorch-fid")


def run_torch_fidelity(real: Path, fake: Path, weights: Path, work: Path) -> Timing:
    """torch-fidelity's own command, without its cache."""
    code = "import sys; from torch_fidelity.fidelity import main; sys.exit(main())"
    seconds, out = timed(
        [sys.executable, "-c", code, "--fid", "--input1", str(fake), "--input2", str(real)]
        + ["--cpu", "--json", "--silent", "--no-cache"]
        + ["--feature-extractor-weights-path", str(weights)],
        dict(os.environ),
    )
    value = json.loads(out[out.index("{") :])["frechet_inception_distance"]
    return Timing("torch-fidelity", seconds, float(value), "tf1")


def find_weights(work: Path) -> Path:
    """The published file where it is at hand, else random ones in its layout."""
    os.environ.setdefault("GANEVAL_OFFLINE", "1")
    try:
        return resolve_weights("inception-2015").path
    except GanevalError:
        return random_weights(work / "random-inception.pth")


def show(rows: list[Timing], images: int, tf1: float) -> None:
    """Prints seconds, rate, ratio to pytorch-fid and the difference of the values."""
    reference = next(row for row in rows if row.tool == "pytorch-fid")
    ours = next(row for row in rows if row.tool.startswith("ganeval"))
    table = Table(title=f"FID of {images} + {images} images", box=None, header_style="bold")
    for column in ("tool", "seconds", "images/s", "ratio", "value", "ganeval - tool"):
        table.add_column(column, justify="left" if column == "tool" else "right")
    for row in rows:
        same_mode = tf1 if row.mode == "tf1" else ours.value
        table.add_row(
            row.tool,
            f"{row.seconds:.1f}",
            f"{2 * images / row.seconds:.1f}",
            f"{reference.seconds / row.seconds:.1f}x",
            f"{row.value:.6f}",
            f"{same_mode - row.value:+.1e}",
        )
    console = Console(width=110, highlight=False)
    console.print(table)
    machine = environment()
    console.print(
        f"{machine.processor}, {usable_cores()} cores, Python {machine.python}, "
        f"torch {machine.packages['torch']}, OpenVINO {machine.packages.get('openvino', 'absent')}."
        " ratio: times faster than pytorch-fid."
        " torch-fidelity resizes in its own way (tf1), and is compared with ganeval --resize tf1."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=200, help="images per set (default 200)")
    parser.add_argument("--real", type=Path, help="folder of real images")
    parser.add_argument("--fake", type=Path, help="folder of generated images")
    parser.add_argument("--weights", type=Path, help="Inception weights in pytorch-fid's layout")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        real = make_jpegs(work / "real", options.images, options.real, seed=1)
        fake = make_jpegs(work / "fake", options.images, options.fake, seed=2)
        weights = options.weights or find_weights(work)
        rows = [run_pytorch_fid(real, fake, weights, work)]
        rows.append(run_torch_fidelity(real, fake, weights, work))
        rows += run_ganeval(real, fake, weights, work)
        _, tf1 = ganeval_fid(real, fake, weights, work / "tf1", "tf1")
        show(rows, options.images, tf1)


if __name__ == "__main__":
    main()
