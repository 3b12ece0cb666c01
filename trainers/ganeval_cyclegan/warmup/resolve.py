"""From a preset or a file, and what was typed, to one valid configuration of a warm-up."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from ganeval.errors import InputError, unknown_name
from ganeval_cyclegan.config_keys import flat, merged, nested, shown
from ganeval_cyclegan.presets import Preset, preset_of
from ganeval_cyclegan.warmup.config import WarmupConfig
from ganeval_cyclegan.yaml_files import parse_document, parse_value, read_document

PRESET: Final = "warmup"


@dataclass(frozen=True)
class ResolvedWarmup:
    """A configuration that holds, and where it comes from.

    Attributes:
        config: Every key.
        preset: Name of the preset, or path of the file.
        changed: Dotted keys that differ from the preset, with their values.
        assumptions: Values that the report does not state, in words.
    """

    config: WarmupConfig
    preset: str
    changed: dict[str, Any]
    assumptions: list[str]

    def settled(self, pixels: int) -> ResolvedWarmup:
        """Fills in what depends on the loss and on the pixels of one image."""
        config = self.config.settled(pixels)
        plain = WarmupConfig.model_validate(preset().content).settled(pixels)
        return replace(self, config=config, changed=_differences(plain, config))

    @property
    def sha256(self) -> str:
        """Digest of all keys and values in canonical JSON, 64 hex digits."""
        text = json.dumps(
            self.config.model_dump(mode="json"), sort_keys=True, separators=(",", ":")
        )
        return hashlib.sha256(text.encode()).hexdigest()


def resolve_warmup(request: Mapping[str, Any]) -> ResolvedWarmup:
    """Returns the configuration that a request amounts to; see ``ganeval.training.Request``.

    Raises:
        InputError: A key or value is unknown or out of range, or does nothing under the loss.
        MissingFileError: The configuration file is not there.
    """
    start = _start(request)
    tree, origin = dict(start.content), dict.fromkeys(flat(start.content), start.name)
    for change in request.get("changes") or ():
        key, equals, text = change.partition("=")
        if not equals or not all(key.strip().split(".")):
            raise InputError(
                f"--set {change!r} is not dotted.key=value", hint="For example --set gan=wgan."
            )
        tree = merged(tree, nested(key.strip(), parse_value(text)))
        origin[key.strip()] = f"--set {change}"
    limits = {name: request.get(name) for name in ("updates", "images", "minutes")}
    if any(value is not None for value in limits.values()):
        tree = merged(tree, {"budget": limits})
    if request.get("seed") is not None:
        tree["seed"] = request["seed"]
    config = _validated(tree, origin)
    _refuse_idle(config)
    if not any(config.budget.model_dump().values()):
        raise InputError("budget: nothing says when training ends", hint="Set budget.updates.")
    return ResolvedWarmup(config, start.name, {}, start.assumptions)


def preset() -> Preset:
    """Reads the preset that comes with the trainer."""
    file = resources.files("ganeval_cyclegan") / "presets" / f"{PRESET}.yaml"
    return preset_of(PRESET, parse_document(file.read_text("utf-8"), f"preset {PRESET}"))


def _start(request: Mapping[str, Any]) -> Preset:
    own, file = preset(), request.get("config")
    name = request.get("preset")
    if name is not None and not (name and PRESET.startswith(name)):
        raise unknown_name("preset", name, [PRESET], listing="ganeval ls presets")
    if file is None:
        return own
    if name is not None:
        raise InputError(f"--preset {name} and --config {file} both say where to start from")
    document = read_document(file)
    written = preset_of(str(file), document)
    content = merged(own.content, written.content)
    return Preset(
        written.name, written.about, written.source, written.assumptions or own.assumptions, content
    )


def _validated(tree: Mapping[str, Any], origin: Mapping[str, str]) -> WarmupConfig:
    try:
        return WarmupConfig.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        names = [str(part) for part in first["loc"] if isinstance(part, str)]
        key = ".".join(names)
        place = f"{origin[key]}: " if key in origin else ""
        if first["type"] == "extra_forbidden":
            known = [one.removesuffix(".") for one in _keys(WarmupConfig)]
            raise InputError(f"{place}{unknown_name('key', key, known).message}") from error
        reason = first["msg"][:1].lower() + first["msg"][1:]
        raise InputError(f"{place}{key} {shown(first['input'])}: {reason}") from error


def _keys(model: type[BaseModel], prefix: str = "") -> list[str]:
    found = []
    for name, field in model.model_fields.items():
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            found += _keys(annotation, f"{prefix}{name}.")
        else:
            found.append(prefix + name)
    return found


def _refuse_idle(config: WarmupConfig) -> None:
    """Refuses keys that the loss does not look at."""
    if config.clip is not None and config.gan != "wgan":
        raise InputError(
            f"clip {config.clip:g} would do nothing: it belongs to gan wgan, not {config.gan}",
            hint="Set gan to wgan, or leave clip out.",
        )
    default = WarmupConfig.model_fields["gp_weight"].default
    if config.gp_weight != default and config.gan != "wgan-gp":
        raise InputError(
            f"gp_weight {config.gp_weight:g} would do nothing: it belongs to gan wgan-gp, "
            f"not {config.gan}",
            hint="Set gan to wgan-gp, or leave gp_weight out.",
        )
    if config.settled(1).optimizer == "rmsprop" and config.betas != (0.5, 0.999):
        raise InputError(
            f"betas {list(config.betas)} would do nothing: they belong to optimizer adam",
            hint="Set optimizer to adam, or leave betas out.",
        )


def _differences(reference: WarmupConfig, config: WarmupConfig) -> dict[str, Any]:
    old = flat(reference.model_dump(mode="json"))
    return {
        key: value
        for key, value in flat(config.model_dump(mode="json")).items()
        if old.get(key) != value
    }
