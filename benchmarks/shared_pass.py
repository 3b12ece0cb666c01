"""How often an image is decoded and extracted when one real set meets several fake sets.

Everything is counted, nothing is timed: every decoded image, every image that enters a network, by
set. One decode and one extraction per image are the least there can be, however many metrics are
asked for; another network (CMMD's CLIP, say) takes the same decoded image. A second run finds all
features in the cache. Decodes that only serve the search for near copies (MiFID and memorisation
distance) are counted in a column of their own. The exit code is 1 where an image was decoded twice.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from bench_inputs import make_jpegs, random_weights
from rich.console import Console
from rich.table import Table

import ganeval
from ganeval.features.backend import Backend, Batch, Rows
from ganeval.features.plan import Plan
from ganeval.images import ImageSet
from ganeval.records import MetricsRecord


class Counts:
    """What was done, by set and by network."""

    def __init__(self) -> None:
        self.decoded: Counter[str] = Counter()
        self.for_copies: Counter[str] = Counter()
        self.extracted: Counter[str] = Counter()
        self.networks = 0

    @contextlib.contextmanager
    def counting(self) -> Iterator[None]:
        """Counts decodes, images that enter a network, and networks built."""
        decode, open_backend = ImageSet.decode, Plan.backend
        watched: set[int] = set()

        def counted_decode(images: ImageSet, i: int) -> object:
            search = threading.current_thread().name.startswith("copies")
            (self.for_copies if search else self.decoded)[Path(images.path).name] += 1
            return decode(images, i)

        def counted_backend(plan: Plan) -> Backend:
            backend = open_backend(plan)
            if id(backend) not in watched:
                watched.add(id(backend))
                self.networks += 1
                self._watch(backend, plan.extractor.name)
            return backend

        with (
            mock.patch.object(ImageSet, "decode", counted_decode),
            mock.patch.object(Plan, "backend", counted_backend),
        ):
            yield

    def _watch(self, backend: Backend, name: str) -> None:
        submit = backend.submit

        def counted_submit(batch: Batch) -> list[Rows]:
            self.extracted[name] += len(batch.positions)
            return submit(batch)

        backend.submit = counted_submit  # type: ignore[method-assign]


def evaluated(folder: Path, fakes: list[str], options: argparse.Namespace) -> MetricsRecord:
    """One evaluation of all fake sets."""
    return ganeval.evaluate(
        folder / "real",
        {name: folder / name for name in fakes},
        options.metrics,
        extractor=options.extractor,
        weights=options.weights,
    )


def show(title: str, counts: Counts, record: MetricsRecord, images: int) -> None:
    """Prints what was done in one run."""
    table = Table(title=title, box=None, header_style="bold", title_justify="left")
    for column in ("set", "images", "decoded", "for copies", "from cache", "extracted"):
        table.add_column(column, justify="left" if column == "set" else "right")
    # The main features of every set come first, in the order of the sets.
    for info, run in zip(record.inputs, record.features, strict=False):
        name = Path(info.path).name
        numbers = (info.n, counts.decoded[name], counts.for_copies[name])
        table.add_row(info.label, *map(str, (*numbers, run.cache_hits, run.cache_misses)))
    console = Console(width=100, highlight=False)
    console.print(table)
    entered = ", ".join(f"{n} into {name}" for name, n in counts.extracted.items()) or "none"
    names = dict.fromkeys(metric.name for metric in record.metrics)
    console.print(
        f"{len(names)} metrics ({', '.join(names)}) of {len(record.inputs) - 1} fake sets, "
        f"{len(record.differences)} differences: {counts.decoded.total()} decodes "
        f"and {counts.for_copies.total()} for copies, {entered} of {images} images; "
        f"{counts.networks} networks built.\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=60, help="images per set (default 60)")
    parser.add_argument("--fakes", type=int, default=5, help="fake sets (default 5)")
    parser.add_argument("--metrics", default="all")
    parser.add_argument("--extractor", default="inception-2015")
    parser.add_argument("--weights", type=Path, help="default: seeded random for inception-2015")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["GANEVAL_CACHE"] = str(folder / "cache")
        if options.weights is None and options.extractor == "inception-2015":
            options.weights = random_weights(folder / "random.pth")
        make_jpegs(folder / "real", options.images, None, seed=0)
        fakes = [f"fake-{i}" for i in range(1, options.fakes + 1)]
        for seed, fake in enumerate(fakes, start=1):
            make_jpegs(folder / fake, options.images, None, seed=seed)
        images = options.images * (1 + options.fakes)
        first, second = Counts(), Counts()
        with first.counting():
            record = evaluated(folder, fakes, options)
        show("First run", first, record, images)
        with second.counting():
            again = evaluated(folder, fakes, options)
        show("Second run", second, again, images)
    done = (first.decoded.total(), set(first.extracted.values()), second.decoded.total())
    if done != (images, {images}, 0):
        sys.exit(f"an image was decoded or extracted more than once: {done}, {images} images")
    again_decoded = first.for_copies.total() + second.for_copies.total()
    if again_decoded:
        sys.exit(f"{again_decoded} decodes of the two runs serve the search for copies alone")


if __name__ == "__main__":
    main()
