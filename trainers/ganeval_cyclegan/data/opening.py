"""Opening of both domains, with everything checked that could stop a run later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ganeval.errors import InputError
from ganeval.images import ImageSet, UnreadableImage
from ganeval.records import TrainedDomain
from ganeval_cyclegan.config import DomainConfig, TrainConfig
from ganeval_cyclegan.data.choosing import chosen
from ganeval_cyclegan.data.data import DOMAINS, Data, DomainData
from ganeval_cyclegan.data.domain_images import DomainImages
from ganeval_cyclegan.data.held_out import held_out
from ganeval_cyclegan.data.layout import SPLITS, Sources, Split, find_sources
from ganeval_cyclegan.data.memory import free_memory
from ganeval_cyclegan.data.overlaps import check_domains, check_splits
from ganeval_cyclegan.data.pixel_reader import PixelReader, open_source
from ganeval_cyclegan.data.transforms import check_fits, transform_of
from ganeval_cyclegan.domain_shapes import Domain, DomainShape
from ganeval_cyclegan.nets.sizes import check_shape
from ganeval_cyclegan.streams import Streams
from ganeval_cyclegan.subsets import Embed

_SHARE_OF_MEMORY = 0.25  # of what is free, up to which decoded images are kept
_THREADS = 4
_LISTED = 5


def open_data(
    config: TrainConfig,
    a: str | Path,
    b: str | Path | None = None,
    run_folder: Path | None = None,
    *,
    data_root: Path | None = None,
    embed: Embed | None = None,
    processes: int = 1,
) -> Data:
    """Opens both domains and reads every image once; writes nothing.

    Args:
        config: Of the run.
        a: Images of A: folder, zip, npy, list, IDX file, or ``mnist`` or ``svhn``; without b, a
            folder that holds trainA and trainB, and perhaps valA, valB, testA and testB.
        b: Images of B.
        run_folder: Of a run that may be there: subsets that it chose by features are kept.
        data_root: Where named data sets lie, or are downloaded to.
        embed: Features of images, for subsets chosen by them.
        processes: That train together, and divide every batch; a last one that they cannot divide
            is dropped.

    Raises:
        InputError: Anything about the images that cannot be trained on, with the file or key named.
        MissingFileError: A list or a named data set is not there.
    """
    found = find_sources(str(a), None if b is None else str(b))
    labels = _labels(found)
    opened = {
        domain: _Opened(config, domain, found[domain], data_root, labels[domain])
        for domain in DOMAINS
    }
    check_domains(*(opened[domain].sets["train"] for domain in DOMAINS))
    for domain in DOMAINS:
        check_splits(opened[domain].sets, domain)
    domains = {
        domain: opened[domain].divided(_known(run_folder, domain), embed) for domain in DOMAINS
    }
    _check_held_out(config, domains)
    for domain in DOMAINS:
        _check_transform(config, domain, domains[domain], processes)
    data = Data(config, domains, notes=_notes(domains), processes=processes)
    if data.sampling.last_batch % processes:
        data = data.dropping_last()
        data.notes.append(
            f"data.drop_last is true: {processes} processes cannot divide the last batch of an"
            " epoch evenly."
        )
    _check_batches(config, data)
    _keep(config, [one.train for one in domains.values()])
    return data


class _Opened:
    """The sources of one domain, without files that cannot be read."""

    def __init__(
        self,
        config: TrainConfig,
        domain: Domain,
        sources: Sources,
        root: Path | None,
        label: str,
    ) -> None:
        self._label = label
        self._config = config
        self._domain: Domain = domain
        self._own: DomainConfig = config.data.A if domain == "A" else config.data.B
        paths = {"train": sources.train, "val": sources.val, "test": sources.test}
        self.sets: dict[Split, ImageSet] = {}
        self._readers: dict[Split, PixelReader] = {}
        for split in SPLITS:
            path = paths[split]
            if path is not None:
                images = open_source(path, self._own, root)
                self._readers[split] = self._readable(images)
                self.sets[split] = self._readers[split].images

    def divided(self, known: list[str] | None, embed: Embed | None) -> DomainData:
        """Returns what is trained on and what is held out."""
        streams = Streams(self._config.seed)
        split = self._held_split()
        train, everything = self.sets["train"], range(len(self.sets["train"]))
        out: list[int] = []
        if split == "train":
            share = self._own.eval_fraction
            out = held_out(train.digests, share, self._domain, streams, train.path)
        kept = [i for i in everything if i not in set(out)]
        pool = self._images("train", kept)
        picked = chosen(pool, self._own.subset, self._domain, streams, embed, known)
        held = self._images(split, out if split == "train" else range(len(self.sets[split])))
        own = self._images("train", [kept[i] for i in picked])
        return DomainData(
            train=own,
            held=held,
            info=TrainedDomain(
                name=self._domain,
                input=train.info("real", self._label),
                trained_on=len(own),
                held_out=len(held),
            ),
            split=split,
        )

    def _held_split(self) -> Split:
        if self._config.eval.on == "test":
            if "test" not in self.sets:
                raise InputError(
                    "eval.on test: there are no folders testA and testB",
                    hint="Give one folder that holds trainA, trainB, testA and testB.",
                )
            return "test"
        return "val" if "val" in self.sets else "train"

    def _images(self, split: Split, indices: Sequence[int]) -> DomainImages:
        transform = transform_of(self._config, self._domain)
        return DomainImages(self._readers[split], indices, transform, self._config.data.adapter)

    def _readable(self, images: ImageSet) -> PixelReader:
        """Returns a reader of the images that can be decoded, having decoded each once."""
        key = f"data.{self._domain}"
        bad = dict(images.unreadable)
        if images.kind not in ("array", "memory"):
            reader = PixelReader(images, self._own, key)

            def reason(i: int) -> str | None:
                try:
                    reader.read(i)
                except UnreadableImage as error:
                    return error.reason
                return None

            with ThreadPoolExecutor(_THREADS, thread_name_prefix="decode") as pool:
                reasons = list(pool.map(reason, range(len(images))))
            bad |= {images.keys[i]: why for i, why in enumerate(reasons) if why is not None}
        if bad:
            self._refuse(images, bad, key)
            images = images.without(bad)
        return PixelReader(images, self._own, key)

    def _refuse(self, images: ImageSet, bad: dict[str, str], key: str) -> None:
        """Raises unless unreadable images are to be left out and some are left."""
        total = len(images) + len(images.unreadable)
        if self._config.data.skip_bad and len(bad) < total:
            return
        listed = "".join(f"\n  {name}: {bad[name]}" for name in sorted(bad)[:_LISTED])
        more = f"\n  and {len(bad) - _LISTED} more" if len(bad) > _LISTED else ""
        hint = "Fix the files, or leave them out: --set data.skip_bad=true."
        if any("transparent" in why for why in bad.values()):
            hint = f"Say what lies behind transparent pixels, 0 to 255: --set {key}.background=255."
        raise InputError(
            f"{images.path}: {len(bad)} of {total} images cannot be read:{listed}{more}", hint=hint
        )


def _labels(found: Mapping[str, Sources]) -> dict[Domain, str]:
    """What domains are called: after their folder or file, or A and B where that tells nothing."""
    names = {domain: Path(found[domain].train).stem for domain in DOMAINS}
    plain = {f"train{domain}" for domain in DOMAINS} | {"A", "B", ""}
    if names["A"] == names["B"] or plain & set(names.values()):
        return {domain: domain for domain in DOMAINS}
    return names


def _known(run_folder: Path | None, domain: str) -> list[str] | None:
    """Returns the keys of the subset that a run has written, if it has."""
    if run_folder is None or not (run_folder / "state.json").is_file():
        return None  # a list without a run is of one that never began
    file = run_folder / f"subset-{domain}.txt"
    if not file.is_file():
        return None
    lines = file.read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _check_held_out(config: TrainConfig, domains: dict[Domain, DomainData]) -> None:
    for name, domain in domains.items():
        if config.eval.every > 0 and len(domain.held) == 0:
            raise InputError(
                f"data.{name}.eval_fraction 0: no images of domain {name} are left to evaluate on",
                hint="Give folders valA and valB, hold some out, or set eval.every to 0.",
            )


def _check_transform(config: TrainConfig, name: Domain, domain: DomainData, processes: int) -> None:
    """Checks the sizes of all images against what is done with them."""
    for images in (domain.train, domain.held):
        check_fits(images.transform, name, dict(zip(images.keys, images.sizes, strict=True)))
    if not domain.train.transform.varies:
        return
    sizes = [
        {images.transform.loaded_size(*size) for size in images.sizes}
        for images in (domain.train, domain.held)
    ]
    for size in sorted(sizes[0] | sizes[1]):
        check_shape(config, name, DomainShape(domain.train.transform.channels, *size))
    what = f"data.preprocess {config.data.preprocess}: images of domain {name} have"
    share = config.optim.batch // processes
    if share > 1 and len(sizes[0]) > 1:
        raise InputError(
            f"{what} {len(sizes[0])} sizes, and a batch of {share} needs one",
            hint="Set optim.batch to 1, or data.preprocess to resize_and_crop.",
        )
    if config.eval.every > 0 and len(sizes[1]) > 1:
        raise InputError(
            f"{what} {len(sizes[1])} sizes, and evaluation needs one",
            hint="Set eval.every to 0, or data.preprocess to resize_and_crop.",
        )


def _check_batches(config: TrainConfig, data: Data) -> None:
    last = data.sampling.last_batch // data.processes
    if config.pool.strategy == "shrivastava" and last % 2:
        raise InputError(
            f"pool.strategy shrivastava splits a batch in halves, and the last batch of an epoch"
            f" has {last} images" + (" in each process" if data.processes > 1 else ""),
            hint="Set data.drop_last to true.",
        )


def _notes(domains: dict[Domain, DomainData]) -> list[str]:
    notes = []
    for name, domain in domains.items():
        rounded = [
            size for size in domain.train.sizes if domain.train.transform.loaded_size(*size) != size
        ]
        if domain.train.transform.preprocess == "none" and rounded:
            notes.append(
                f"{len(rounded)} of {len(domain.train)} images of domain {name} are resized to"
                f" sides that are multiples of {domain.train.transform.multiple}."
            )
        skipped = domain.info.input.skipped
        if skipped:
            names = ", ".join(one.key for one in skipped[:_LISTED])
            notes.append(f"{len(skipped)} images of domain {name} cannot be read: {names}.")
    return notes


def _keep(config: TrainConfig, trained: list[DomainImages]) -> None:
    """Has decoded images kept in memory where that is asked for, or where they are few."""
    if config.data.cache == "auto":
        free = free_memory()
        needed = sum(images.bytes_loaded for images in trained)
        keeps = free is not None and needed < _SHARE_OF_MEMORY * free
    else:
        keeps = config.data.cache == "on"
    if keeps:
        for images in trained:
            images.keep()
