"""The data of a run: training and held-out images of both domains, and the batches made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ganeval.records import TrainedDomain, write_text
from ganeval_cyclegan.batch import Batch
from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.data.domain_images import DomainImages
from ganeval_cyclegan.data.prefetch import in_order
from ganeval_cyclegan.data.samples import Samples
from ganeval_cyclegan.data.sampling import Sampled, Sampling
from ganeval_cyclegan.domain_shapes import Domain
from ganeval_cyclegan.pixels import to_tensor
from ganeval_cyclegan.streams import Streams

DOMAINS: tuple[Domain, Domain] = ("A", "B")


@dataclass(frozen=True)
class Drawn:
    """What a run has drawn of one domain.

    Attributes:
        images: Samples drawn, all processes together.
        seen: Distinct images among them.
        seen_in_epoch: Distinct images drawn since the epoch of the last update began.
        of: Images there are.
    """

    images: int
    seen: int
    seen_in_epoch: int
    of: int


@dataclass
class _Seen:
    """Distinct images of one domain drawn from a first update to before a last."""

    images: set[int] = field(default_factory=set)
    first: int = 0
    update: int = 0


@dataclass
class DomainData:
    """One domain.

    Attributes:
        train: Images that updates draw.
        held: Images kept for evaluation.
        info: What was found, for the record.
        split: Where the held-out images come from: train, val or test.
    """

    train: DomainImages
    held: DomainImages
    info: TrainedDomain
    split: str


class Data:
    """Both domains, and batches that depend on the seed and the update alone.

    Args:
        config: Of the run.
        domains: A and B.
        notes: Sentences about what was found, for the user.
        processes: That train together, and divide every batch.

    Raises:
        InputError: The pairing makes no batch of these images.
    """

    def __init__(
        self,
        config: TrainConfig,
        domains: dict[Domain, DomainData],
        *,
        notes: Sequence[str] = (),
        processes: int = 1,
    ) -> None:
        self.config = config
        self.domains = domains
        self.notes = list(notes)
        self.processes = processes
        self._samples = {name: Samples(config, name, domains[name].train) for name in DOMAINS}
        sizes = {name: len(samples) for name, samples in self._samples.items()}
        self.sampling = Sampling(config.data, config.optim.batch, sizes, processes)
        self._seen = {name: _Seen() for name in DOMAINS}
        self._seen_in_epoch = {name: _Seen() for name in DOMAINS}

    @property
    def train_A(self) -> DomainImages:
        """Training images of domain A."""
        return self.domains["A"].train

    @property
    def train_B(self) -> DomainImages:
        """Training images of domain B."""
        return self.domains["B"].train

    @property
    def held_A(self) -> DomainImages:
        """Images of domain A kept for evaluation."""
        return self.domains["A"].held

    @property
    def held_B(self) -> DomainImages:
        """Images of domain B kept for evaluation."""
        return self.domains["B"].held

    @property
    def updates_per_epoch(self) -> int:
        """Updates that count as one epoch."""
        return self.sampling.updates_per_epoch

    def dropping_last(self) -> Data:
        """Returns the same data without the last, smaller batch of every epoch."""
        section = self.config.data.model_copy(update={"drop_last": True})
        config = self.config.model_copy(update={"data": section})
        return Data(config, self.domains, notes=self.notes, processes=self.processes)

    def batch(self, streams: Streams, update: int) -> Batch:
        """Returns what this process trains on at an update, counted from 0."""
        sampled = self.sampling.samples(streams, update)
        return Batch(
            to_tensor(np.stack([self._pixels(streams, "A", one) for one in sampled])),
            to_tensor(np.stack([self._pixels(streams, "B", one) for one in sampled])),
        )

    def batches(self, streams: Streams, start_update: int = 0) -> Iterator[Batch]:
        """Yields the batch of every update from a first one on, without end.

        With ``data.workers`` above 0 threads work ahead; closing the iterator ends them.

        Raises:
            UnreadableImage: An image was changed or went away since it was listed.
        """
        workers = self.config.data.workers
        return in_order(lambda update: self.batch(streams, update), start_update, workers)

    def drawn(self, batches: int) -> dict[Domain, Drawn]:
        """Returns what the first so many batches have drawn; quick where it was asked before."""
        done = len(self._counters(0, batches))
        # An update draws a batch for each of its steps.
        length = self.updates_per_epoch * self.config.optim.d_steps
        epoch = max(batches - 1, 0) // length * length
        result: dict[Domain, Drawn] = {}
        for name in DOMAINS:
            seen = self._follow(self._seen[name], name, 0, batches)
            in_epoch = self._follow(self._seen_in_epoch[name], name, epoch, batches)
            result[name] = Drawn(done, seen, in_epoch, len(self.domains[name].train))
        return result

    def infos(self, batches: int = 0) -> list[TrainedDomain]:
        """Describes both domains for the record, after so many batches."""
        drawn = self.drawn(batches)
        return [
            self.domains[name].info.model_copy(update={"seen": drawn[name].seen})
            for name in DOMAINS
        ]

    def manifest(self) -> dict[str, Any]:
        """Returns the content of both domains: sha256 of every file by its key, not its place."""
        return {
            name: {
                "held_out_from": domain.split,
                "train": _content(domain.train),
                "held_out": _content(domain.held),
            }
            for name, domain in self.domains.items()
        }

    def write_subsets(self, run_folder: Path) -> list[Path]:
        """Writes the keys of chosen subsets as ``subset-A.txt`` and ``subset-B.txt``.

        Returns:
            The files written, none for a domain that is trained on whole.
        """
        written = []
        for name in DOMAINS:
            subset = (self.config.data.A if name == "A" else self.config.data.B).subset
            if subset.n is None and subset.min_luminance is None and subset.method != "list":
                continue
            train = self.domains[name].train
            head = f"# {len(train)} images of {train.path}, chosen by method {subset.method}\n"
            path = run_folder / f"subset-{name}.txt"
            write_text(path, head + "".join(f"{key}\n" for key in train.keys))
            written.append(path)
        return written

    def _pixels(self, streams: Streams, name: Domain, one: Sampled) -> Any:
        sample = one.A if name == "A" else one.B
        return self._samples[name].pixels(streams, sample, one.counter)

    def _counters(self, first: int, update: int) -> range:
        """Counters of the samples of some updates, from the first to before the last."""
        if update <= first:
            return range(0)
        start = self.sampling.counters(first).start
        return range(start, self.sampling.counters(update - 1).stop)

    def _follow(self, seen: _Seen, name: Domain, first: int, update: int) -> int:
        """Counts the distinct images that some updates draw, going on from the count before."""
        if first != seen.first or update < seen.update:
            seen.images, seen.first, seen.update = set(), first, first
        samples = self._samples[name]
        if len(seen.images) < len(self.domains[name].train):
            counters = self._counters(seen.update, update)
            drawn = self.sampling.indices(Streams(self.config.seed), name, counters)
            seen.images.update(map(samples.image_of, drawn))
        seen.update = update
        return len(seen.images)


def _content(images: DomainImages) -> dict[str, str]:
    return dict(zip(images.keys, images.digests, strict=True))
