"""The network alone: ganeval's OpenVINO backend against OpenVINO's own benchmark_app.

Both run the same model file with the same hints on resized images; no decoding, no cache.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from bench_inputs import random_weights

from ganeval.features.backend import Batch
from ganeval.features.inception import Inception2015
from ganeval.features.openvino_backend import OpenVINOBackend
from ganeval.paths import cache_folder


def ganeval_rate(backend: OpenVINOBackend, seconds: float) -> float:
    """Images per second through `OpenVINOBackend.run`."""
    rng = np.random.default_rng(0)
    size = backend.batch_size
    images = rng.uniform(0, 255, (size, 3, 299, 299)).astype(np.float32)
    for _ in backend.run([Batch(list(range(size)), images)] * 4):
        pass  # warm up
    start, done = time.perf_counter(), 0
    batches = max(4, int(seconds * 15 / size))
    for rows in backend.run(Batch(list(range(size)), images) for _ in range(batches)):
        done += len(rows.positions)
    return done / (time.perf_counter() - start)


def tool_rate(model: Path, batch: int, seconds: float) -> float:
    """Images per second that benchmark_app reports."""
    tool = Path(sys.executable).with_name("benchmark_app")
    out = subprocess.run(
        [str(tool), "-m", str(model), "-d", "CPU", "-hint", "throughput", "-t", str(int(seconds))]
        + ["-infer_precision", "f32", "-shape", f"[{batch},3,299,299]"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = re.search(r"Throughput:\s+([\d.]+)", out)
    if found is None:
        sys.exit(f"benchmark_app printed no throughput:\n{out[-1000:]}")
    return float(found[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20, help="length of each run")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each, in turn")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GANEVAL_CACHE"] = folder
        extractor = Inception2015()
        weights = extractor.weights(random_weights(Path(folder) / "random.pth"), None)
        backend = OpenVINOBackend(extractor, weights, layers=["2048"], resize="pytorch-fid")
        (model,) = (cache_folder() / "networks").glob("*/network.xml")
        for round_ in range(1, options.rounds + 1):
            ours = ganeval_rate(backend, options.seconds)
            tool = tool_rate(model, backend.batch_size, options.seconds)
            print(
                f"round {round_}: ganeval {ours:.1f} images/s, "
                f"benchmark_app {tool:.1f} images/s, ratio {ours / tool:.2f}"
            )


if __name__ == "__main__":
    main()
