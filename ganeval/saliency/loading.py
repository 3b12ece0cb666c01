"""Opening a classifier by what the user calls it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import timm
import torch
from torchvision import models

from ganeval.classifier.model_file import FACTS
from ganeval.errors import InputError, MissingFileError, unknown_name
from ganeval.features.devices import choose_engine
from ganeval.features.preprocess import Preprocess
from ganeval.features.torch_backend import _open_device as open_device
from ganeval.saliency.checks import check_outputs
from ganeval.saliency.class_names import read_labels
from ganeval.saliency.detectors import open_detector
from ganeval.saliency.library_networks import (
    open_efficientnet,
    open_timm,
    open_torchvision,
)
from ganeval.saliency.model import (
    ModelFacts,
    PixelModel,
    Triple,
    plain_preprocess,
    weight_count,
)
from ganeval.saliency.opened import Opened
from ganeval.saliency.own_networks import open_factory, open_script

BUNDLED: Final = "efficientnet-lite0"

_SCRIPTS: Final = (".pt", ".ts", ".torchscript", ".jit")


@dataclass(frozen=True)
class _Stated:
    """What the user said of the preprocessing; None: nothing."""

    mean: Triple | None
    std: Triple | None
    side: int | None


def load_pixel_model(
    name: str,
    *,
    weights: str | Path | None = None,
    labels: str | Path | None = None,
    device: str = "auto",
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    side: int | None = None,
    accept_probabilities: bool = False,
    num_classes: int | None = None,
) -> PixelModel:
    """Opens a classifier, checks its outputs and wraps it.

    Args:
        name: ``efficientnet-lite0``; a classifier of torchvision (``squeezenet1_1``) or of timm,
            with or without the library in front (``timm:resnet18``); the folder or file
            ``classifier.json`` that ``ganeval classify`` wrote; a TorchScript file; or
            ``module:factory``, a function without arguments that returns a network. The last two
            run what they hold, as a program does.
        weights: A state dict; None: the published file, where there is one.
        labels: Text file with the name of one class per line.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N``, ``mps``.
        mean: Per channel, on the scale 0..1; for a user's own network only.
        std: Per channel, on the scale 0..1; for a user's own network only.
        side: Pixels; a user's own network needs it, others may be looked into at another side.
        accept_probabilities: The network ends in a softmax: log p is explained.
        num_classes: Outputs that a library's network has in a file of other classes.

    Raises:
        InputError: Name, file or option is wrong, or outputs are probabilities.
        MissingFileError: A weights file is not there.
        GanevalError: Outputs are not finite, or the same for all images.
    """
    stated = _stated(mean, std, side)
    target = open_device(choose_engine("torch", device).device)
    file = None if weights is None else Path(weights)
    # Building a network may draw initial weights; the global generator is put back.
    with torch.random.fork_rng(devices=[]):
        opened = _opened(name, file, stated, target, num_classes)
    names = opened.classes if labels is None else read_labels(Path(labels))
    facts = ModelFacts(
        name,
        opened.digest,
        _with_side(opened.preprocess, stated.side),
        weight_count(opened.network),
        opened.notices,
    )
    network = opened.network.to(target)
    if not opened.scripted:
        network = network.to(memory_format=torch.channels_last)
    model = PixelModel(
        network,
        facts,
        classes=names,
        detector=opened.detector,
        scripted=opened.scripted,
        probabilities=accept_probabilities,
    )
    try:
        check_outputs(model)
    except BaseException:
        model.close()
        raise
    return model


def _opened(
    name: str,
    weights: Path | None,
    stated: _Stated,
    device: torch.device,
    num_classes: int | None,
) -> Opened:
    """The network as its source gives it."""
    path = Path(name)
    if _is_detector(path):
        _refuse_given(name, {"--weights": weights, "--num-classes": num_classes}, "a detector")
        _refuse_preprocessing(name, stated)
        return open_detector(path.parent if path.name == FACTS else path, stated.side, device)
    if not _is_known(name) and (path.is_file() or path.suffix.lower() in _SCRIPTS):
        _refuse_given(name, {"--weights": weights, "--num-classes": num_classes}, "TorchScript")
        if not path.is_file():
            raise MissingFileError(f"--model {path}: no such file")
        return open_script(path, _own_preprocess(name, stated))
    family, colon, member = name.partition(":")
    if colon and family not in ("timm", "torchvision"):
        _refuse_given(name, {"--num-classes": num_classes}, "a network of one's own")
        return open_factory(name, weights, _own_preprocess(name, stated))
    _refuse_preprocessing(name, stated)
    if name == BUNDLED:
        opened = open_efficientnet(weights)
    elif family == "torchvision" or (not colon and _in_torchvision(name)):
        opened = open_torchvision(member or name, weights)
    elif family == "timm" or timm.is_model(name.partition(".")[0]):
        opened = open_timm(member or name, weights)
    else:
        known = [BUNDLED, *models.list_models(module=models), *timm.list_models()]
        raise _unknown_model(name, known)
    _require_classes(name, num_classes or opened.published_outputs, opened.outputs)
    return opened


def _is_detector(path: Path) -> bool:
    """A folder that merely has the name of a model is none."""
    if path.name == FACTS or (path / FACTS).is_file() or (path / "model" / FACTS).is_file():
        return True
    return path.is_dir() and not _is_known(str(path))


def _is_known(name: str) -> bool:
    base = name.partition(".")[0]
    return name == BUNDLED or base in models.list_models(module=models) or timm.is_model(base)


def _in_torchvision(name: str) -> bool:
    base, _, tag = name.partition(".")
    if base not in models.list_models(module=models):
        return False
    return not tag or tag in models.get_model_weights(base).__members__


def _unknown_model(name: str, known: Sequence[str]) -> InputError:
    error = unknown_name("model", name, [BUNDLED])
    near = unknown_name("model", name, known).message
    if "did you mean" in near:
        error = InputError(near)
    error.hint = (
        "--model takes efficientnet-lite0, a classifier of torchvision or timm, the folder 'model' "
        "that `ganeval classify` wrote, a TorchScript file, or module:factory."
    )
    return error


def _require_classes(name: str, wanted: int, found: int) -> None:
    """Refuses a file of other classes than asked for, whose outputs would be misread."""
    if found != wanted:
        raise InputError(
            f"--model {name}: the weights are for {found} classes, and {wanted} were expected",
            hint=f"Give the weights file of {wanted} classes by --weights, or say "
            f"--num-classes {found}.",
        )


def _stated(mean: Sequence[float] | None, std: Sequence[float] | None, side: int | None) -> _Stated:
    if side is not None and side < 1:
        raise InputError(f"--side {side} is no number of pixels")
    return _Stated(_triple("--mean", mean, 0.0), _triple("--std", std, math.ulp(0.0)), side)


def _triple(option: str, values: Sequence[float] | None, low: float) -> Triple | None:
    """One or three numbers as three; they are on the scale 0..1."""
    if values is None:
        return None
    three = [float(value) for value in values] * (3 if len(values) == 1 else 1)
    if len(three) != 3 or not all(low <= value <= 1 for value in three):
        raise InputError(
            f"{option} {','.join(f'{value:g}' for value in values)}: one number or three from 0 to "
            "1 are needed" + (", above 0" if low else ""),
            hint="Values on the scale 0..255 are divided by 255.",
        )
    return three[0], three[1], three[2]


def _own_preprocess(name: str, stated: _Stated) -> Preprocess:
    """What the user says of a network of their own; nothing is guessed."""
    given = {"--mean": stated.mean, "--std": stated.std, "--side": stated.side}
    missing = [option for option, value in given.items() if value is None]
    if stated.mean is None or stated.std is None or stated.side is None:
        raise InputError(
            f"--model {name}: the file does not say how images are prepared; "
            f"{', '.join(missing)} must be given",
            hint="A network normalised for ImageNet: --mean .485,.456,.406 --std .229,.224,.225 "
            "--side 224; one that takes 0..1: --mean 0 --std 1.",
        )
    return plain_preprocess(stated.side, stated.mean, stated.std)


def _refuse_preprocessing(name: str, stated: _Stated) -> None:
    _refuse_given(name, {"--mean": stated.mean, "--std": stated.std}, "a model that knows its own")


def _refuse_given(name: str, given: dict[str, object], kind: str) -> None:
    for option, value in given.items():
        if value is not None:
            raise InputError(f"--model {name}: {option} does not go with {kind}")


def _with_side(preprocess: Preprocess, side: int | None) -> Preprocess:
    """The same preprocessing at another side; what is cut off keeps its share."""
    if side is None or side == preprocess.size:
        return preprocess
    resized = round(preprocess.resized * side / preprocess.size)
    return replace(preprocess, size=side, resized=resized)
