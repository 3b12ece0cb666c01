"""From a preset or a file, and what was typed, to one valid configuration."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from ganeval.errors import InputError
from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.config_keys import (
    choices,
    field_of,
    flat,
    meant,
    merged,
    near_words,
    nested,
    shown,
    value_at,
    wanted,
)
from ganeval_cyclegan.config_rules import settle
from ganeval_cyclegan.presets import REFERENCE, Preset, load_preset, preset_of
from ganeval_cyclegan.yaml_files import parse_value, read_document

_LISTED: Final = 5  # mistakes told at once


@dataclass(frozen=True)
class Resolved:
    """A configuration that holds, and where it comes from.

    Attributes:
        config: Every key.
        preset: Name of the preset, or path of the file.
        changed: Dotted keys that differ from the preset reference, with their values.
        assumptions: Values that the preset's source does not state, in words.
        notes: Sentences about what follows from the choices.
    """

    config: TrainConfig
    preset: str
    changed: dict[str, Any] = field(default_factory=dict)
    assumptions: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def sha256(self) -> str:
        """Digest of the configuration; see `config_sha256`."""
        return config_sha256(self.config)


@dataclass
class _Layers:
    """Values on top of each other, and who put them there.

    Attributes:
        tree: The values, in sections.
        origin: Dotted key to the words that name its place in errors.
        stated: Keys that the user chose, in a file or on the command line.
        typed: Keys from the command line.
    """

    tree: dict[str, Any] = field(default_factory=dict)
    origin: dict[str, str] = field(default_factory=dict)
    stated: set[str] = field(default_factory=set)
    typed: set[str] = field(default_factory=set)

    def put(self, content: Mapping[str, Any], origin: Mapping[str, str] | str) -> set[str]:
        """Lays values over those that are there and returns their keys."""
        self.tree = merged(self.tree, content)
        keys = set(flat(content))
        for key in {*keys, *(key.rpartition(".")[0] for key in keys), *content}:
            place = origin if isinstance(origin, str) else origin.get(key, "")
            if place or key in keys:
                self.origin[key] = place
        return keys


def resolve(
    *,
    preset: str | None = None,
    config_file: Path | None = None,
    changes: Sequence[str] = (),
    size: int | None = None,
    updates: int | None = None,
    images: int | None = None,
    minutes: float | None = None,
    seed: int | None = None,
) -> Resolved:
    """Returns the configuration that a preset or a file and what was typed amount to.

    Args:
        preset: Name of a preset, or an unmistakable beginning; None with no file: reference.
        config_file: YAML file of sections and values, which may name the preset it starts from
            as ``preset``.
        changes: ``dotted.key=value`` each, later ones over earlier ones.
        size: Side of the crops; images are loaded 286/256 times as large, or as large where the
            preset loads at the size of the crop.
        updates: Budget in optimiser steps of the generators; it takes the place of the number of
            updates or images that the preset sets, and so does the next one.
        images: Budget in images drawn per domain.
        minutes: Budget in minutes, beside the others; the first that is reached ends the run.
        seed: Random seed of the run.

    Raises:
        InputError: A key or value is unknown or out of range, or two contradict each other.
        MissingFileError: The file is not there.
    """
    base, layers = _base(preset, config_file)
    for change in changes:
        layers.typed |= layers.put(_parsed(change), f"--set {change}")
    if updates is not None or images is not None:
        for key, value in (("budget.updates", updates), ("budget.images", images)):
            if value is not None or key not in layers.typed:
                layers.put(nested(key, value), f"--{key.rpartition('.')[2]} {value}")
    if minutes is not None:
        layers.put(nested("budget.minutes", minutes), f"--minutes {minutes:g}")
    if seed is not None:
        layers.put({"seed": seed}, f"--seed {seed}")
    if size is not None:
        layers.put(_sized(layers.tree, size), f"--size {size}")
    layers.stated |= layers.typed
    config, notes = settle(_validated(layers), stated=layers.stated, typed=layers.typed)
    return Resolved(
        config=config,
        preset=base.name,
        changed=changed_keys(config),
        assumptions=base.assumptions,
        notes=notes,
    )


def config_sha256(config: TrainConfig) -> str:
    """Returns the sha256, 64 hex digits, of all keys and values in canonical JSON."""
    text = json.dumps(config.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def changed_keys(config: TrainConfig) -> dict[str, Any]:
    """Returns the dotted keys that differ from the preset reference, with their values."""
    reference = flat(TrainConfig().model_dump(mode="json"))
    values = flat(config.model_dump(mode="json"))
    return {
        key: value
        for key, value in values.items()
        if key not in reference or reference[key] != value
    }


def _base(preset: str | None, config_file: Path | None) -> tuple[Preset, _Layers]:
    """Returns the start, a preset or a file over a preset, and its values."""
    if preset is not None and config_file is not None:
        raise InputError(
            f"--preset {preset} and --config {config_file} both say where to start from",
            hint=f"Write 'preset: {preset}' into the file, or give one of the two.",
        )
    layers = _Layers()
    if config_file is None:
        found = load_preset(preset or REFERENCE)
        layers.put(_longhand(found.content), f"preset {found.name}")
        return found, layers
    document = read_document(config_file)
    content = dict(document.content)
    start = content.pop("preset", REFERENCE)
    if not isinstance(start, str):
        raise InputError(f"{config_file}: preset {shown(start)} is not the name of a preset")
    below = load_preset(start)
    own = preset_of(str(config_file), type(document)(content, document.lines))
    layers.put(_longhand(below.content), f"preset {below.name}")
    places = {key: f"{config_file}, line {line}" for key, line in document.lines.items()}
    layers.stated |= layers.put(_longhand(own.content), places)
    kept = [] if below.name == REFERENCE else below.assumptions
    return (
        Preset(own.name, own.about, own.source, own.assumptions or kept, content=layers.tree),
        layers,
    )


def _parsed(change: str) -> dict[str, Any]:
    """Reads ``dotted.key=value`` into the sections that hold the value."""
    key, equals, text = change.partition("=")
    key = key.strip()
    if not equals or not all(key.split(".")):
        raise InputError(
            f"--set {change!r} is not dotted.key=value", hint="For example --set optim.batch=4."
        )
    return _longhand(nested(key, parse_value(text)))


def _longhand(content: Mapping[str, Any]) -> dict[str, Any]:
    """Writes out short forms: ``pool: cyclegan-50``, ``augment.classic: true`` or ``none``."""
    tree = dict(content)
    pool = tree.get("pool")
    short = pool.get("strategy") if isinstance(pool, Mapping) else pool
    if isinstance(short, str):
        name, dash, number = short.rpartition("-")
        known = choices("pool.strategy")
        if dash and number.isdigit() and name in known:
            over = {"strategy": name, "size": int(number)}
            tree["pool"] = {**(pool if isinstance(pool, Mapping) else {}), **over}
        elif short in known:
            tree["pool"] = {**(pool if isinstance(pool, Mapping) else {}), "strategy": short}
    augment = tree.get("augment")
    if isinstance(augment, Mapping) and "classic" in augment:
        words: dict[object, object] = {True: {}, False: None, "on": {}, "off": None, "none": None}
        classic = augment["classic"]
        if isinstance(classic, bool | str) and classic in words:
            tree["augment"] = {**augment, "classic": words[classic]}
    return tree


def _sized(tree: Mapping[str, Any], size: int) -> dict[str, Any]:
    """Returns the values that ``--size`` stands for, on top of those that are there."""
    if size < 1:
        raise InputError(f"--size {size}: the side of an image is at least 1 pixel")
    for domain in "AB":
        own = value_at(tree, f"data.{domain}.size")
        if own is not None:
            raise InputError(
                f"--size {size}: data.{domain}.size is set to {own}, and it goes before the size"
                " of both domains",
                hint=f"Use --set data.{domain}.size={size}.",
            )
    defaults = TrainConfig().data
    load = value_at(tree, "data.load_size") or defaults.load_size
    crop = value_at(tree, "data.crop_size") or defaults.crop_size
    if load == "native":
        return {"data": {"crop_size": size}}
    return {"data": {"crop_size": size, "load_size": size if load == crop else _larger(size)}}


def _larger(size: int) -> int:
    """The side images are loaded at for crops of that size: 286 for 256, rounded half up."""
    return (2 * size * 286 + 256) // (2 * 256)


def _validated(layers: _Layers) -> TrainConfig:
    """Checks every key and value by itself."""
    mistakes: dict[str, str] = {}
    for key, value in flat(layers.tree).items():
        where = layers.origin.get(key, "")
        if field_of(key) is None:
            mistakes[key] = _told(where, key, f"there is no key {key}; {meant(key)}")
        elif isinstance(value, bool) and "true" not in wanted(key):
            # Which pydantic would take for 0 or 1.
            mistakes[key] = _told(where, key, f"{key} {shown(value)} is not {wanted(key)}")
    if not mistakes:
        try:
            return TrainConfig.model_validate(layers.tree)
        except ValidationError as error:
            for one in error.errors():
                key = _known_part(one["loc"])
                if one["type"] == "extra_forbidden":  # a section without keys
                    key = ".".join(map(str, one["loc"]))
                    text = f"there is no section {key}; {meant(key)}"
                else:
                    value = value_at(layers.tree, key)
                    text = f"{key} {shown(value)} is not {wanted(key)}{near_words(key, value)}"
                mistakes.setdefault(key, _told(layers.origin.get(key, ""), key, text))
    lines = list(mistakes.values())
    if len(lines) == 1:
        raise InputError(lines[0])
    more = [f"and {len(lines) - _LISTED} more"] if len(lines) > _LISTED else []
    raise InputError("\n  ".join([f"{len(lines)} keys do not fit:", *lines[:_LISTED], *more]))


def _told(where: str, key: str, text: str) -> str:
    return f"{where}: {text}" if where else text


def _known_part(location: Sequence[int | str]) -> str:
    """Returns the dotted key of a place in a ValidationError, which also names types in unions."""
    names = [str(location[0])]
    for name in location[1:]:
        if field_of(".".join([*names, str(name)])) is None:
            break
        names.append(str(name))
    return ".".join(names)
