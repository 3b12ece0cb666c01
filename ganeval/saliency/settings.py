"""Every choice of a saliency comparison, with its default, in one place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, get_args

from ganeval.errors import InputError, unknown_name
from ganeval.saliency.maps.registry import DEFAULT_METHODS, METHODS, find_methods
from ganeval.saliency.maps.settings import MapSettings

Scale = Literal["shared", "per-image"]
Preset = Literal["ee5934"]

CONTROLS: Final = ("null", "ceiling", "noise", "colour")
"""What ``--controls`` may name: what similarity is held against."""

SCALES: Final[tuple[str, ...]] = get_args(Scale)
PRESETS: Final[tuple[str, ...]] = get_args(Preset)

ALL: Final = "all"
"""For ``methods``: every one that can look into the model."""


@dataclass(frozen=True)
class SaliencySettings:
    """How maps are made and compared; the defaults are those of the command line.

    Args:
        model: The classifier; see `ganeval.saliency.loading.load_pixel_model`.
        weights: Its state dict; None: the published file, where there is one.
        labels: Text file with the name of one class per line.
        num_classes: Outputs that a library's network has in a file of other classes.
        mean: Per channel, on the scale 0..1, of a network of one's own.
        std: The same.
        side: Side of the images of the network, pixels; None: its own.
        accept_probabilities: The network ends in a softmax: log p is explained.
        methods: Names of maps, or ``("all",)``.
        target: The class whose score is explained; see
            `ganeval.saliency.targets.choose_targets`.
        layer: Path of Grad-CAM's layer; None: chosen by itself.
        baseline: What an image is compared with by integrated gradients and occlusion.
        masks: Folder of masks of the object, one per image.
        boxes: CSV file of boxes around the object.
        fit: ``whole`` shows all of an image, ``weights`` the evaluation crop of the publisher.
        controls: Of `CONTROLS`; empty: similarity is not calibrated.
        faithfulness: Also deletion, insertion, infidelity and sensitivity.
        max_images: Pairs for which controls and checks of trust are made.
        n_samples: Noisy copies of each image for SmoothGrad and its relatives.
        ig_steps: Quadrature nodes of integrated gradients to begin with.
        seed: Seed of every random choice.
        micro_batch: Images per call of the network; part of the result.
        device: ``cpu``, ``cuda``, ``cuda:N``, ``mps`` or ``auto``.
        scale: Of the pictures: one for all maps of a method, or each its own.
        overlays: Also draw the maps over their images.
        save_maps: Also write the maps as float32.
        pairs: CSV file with the columns before and after; None: pairs by name.
        groups: CSV file, regular expression or ``dhash``: which images belong together; None: by
            name.
        limit: Take that many pairs at random.
        on_error: ``fail`` or ``skip[=SHARE]``.
        decode: ``correct`` or ``peer``.
        recursive: Look into subfolders.
        layout: ``NHWC`` or ``NCHW`` of an array whose shape leaves it open.
        value_range: Black and white of a float array.
        workers: Decoding threads; None: one per core, at most 8.
        cache: Keep and reuse maps.
        memory: Bytes of images, and of the maps of one method, held in memory; more lie in a
            temporary file.
        alpha: Level of the tests.
        yes: Run also what was announced to take longer than half an hour.
        preset: A report whose setting is followed; see `with_preset`.

    Raises:
        InputError: A value is out of its range, or two of them exclude each other.
    """

    model: str = "efficientnet-lite0"
    weights: Path | None = None
    labels: Path | None = None
    num_classes: int | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    side: int | None = None
    accept_probabilities: bool = False
    methods: tuple[str, ...] = DEFAULT_METHODS
    target: str = "before"
    layer: str | None = None
    baseline: str = "blur"
    masks: Path | None = None
    boxes: Path | None = None
    fit: Literal["whole", "weights"] = "whole"
    controls: tuple[str, ...] = CONTROLS
    faithfulness: bool = False
    max_images: int = 64
    n_samples: int = 32
    ig_steps: int = 64
    seed: int = 0
    micro_batch: int = 16
    device: str = "cpu"
    scale: Scale = "shared"
    overlays: bool = False
    save_maps: bool = False
    pairs: Path | None = None
    groups: str | None = None
    limit: int | None = None
    on_error: str = "fail"
    decode: Literal["correct", "peer"] = "correct"
    recursive: bool = True
    layout: Literal["NHWC", "NCHW"] | None = None
    value_range: tuple[float, float] | None = None
    workers: int | None = None
    cache: bool = True
    memory: int = 256 << 20
    alpha: float = 0.05
    yes: bool = False
    preset: Preset | None = None

    def __post_init__(self) -> None:
        self.map_settings  # noqa: B018  checks what the maps share
        if self.methods != (ALL,):
            find_methods(self.methods)
        for name in self.controls:
            if name not in CONTROLS:
                raise unknown_name("control", name, [*CONTROLS, "none"])
        for option, known, value in (
            ("scale", SCALES, self.scale),
            ("preset", PRESETS, self.preset),
        ):
            if value is not None and value not in known:
                raise unknown_name(option, value, known)
        if self.max_images < 2:
            raise InputError(f"--max-images {self.max_images}: controls need at least 2")
        if self.masks is not None and self.boxes is not None:
            raise InputError("--masks and --boxes exclude each other: both say where the object is")
        if not 0 < self.alpha < 0.5:
            raise InputError(f"--alpha {self.alpha:g}: a level lies between 0 and 0.5")

    @property
    def map_settings(self) -> MapSettings:
        """The choices that the maps share."""
        return MapSettings(
            seed=self.seed,
            micro_batch=self.micro_batch,
            layer=self.layer,
            baseline=self.baseline,
            n_samples=self.n_samples,
            ig_steps=self.ig_steps,
        )

    @property
    def method_names(self) -> tuple[str, ...]:
        """Names of the maps asked for; all there are for ``all``."""
        return tuple(METHODS) if self.methods == (ALL,) else self.methods


_EE5934: Final[dict[str, Any]] = {
    "model": "squeezenet1_1",
    "methods": ("gradient",),
    "target": "before",
    "limit": 15,
}


def with_preset(settings: SaliencySettings, preset: str, given: Sequence[str]) -> SaliencySettings:
    """Returns settings as a report had them; what a user gave otherwise stays.

    ``ee5934``: photographs and their Monet translations, 15 pairs; the gradient map (largest
    channel) of the top class of SqueezeNet 1.1; the class models of those classes. The panels that
    the report lacked come with it.

    Args:
        settings: As asked for so far.
        preset: Name of the report.
        given: Names of the settings that the user gave.

    Raises:
        InputError: There is no such preset.
    """
    if preset not in PRESETS:
        raise unknown_name("preset", preset, PRESETS)
    taken = {name: value for name, value in _EE5934.items() if name not in given}
    return replace(settings, **{**taken, "preset": preset})
