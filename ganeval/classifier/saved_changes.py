"""A defence in a saved classifier: what new images go through before they are scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from pydantic import Field, TypeAdapter, ValidationError

from ganeval.classifier.defence import Change, Defence, Equaliser
from ganeval.classifier.examples import FAKE, REAL
from ganeval.classifier.pipelines import Chain, Pipeline, infer_pipeline
from ganeval.classifier.steps import Crop, Grey, Jpeg, Levels, Lossy, Resize, Step
from ganeval.classifier.stored import stored
from ganeval.errors import InputError
from ganeval.images import Header
from ganeval.images.decoding import Pixels
from ganeval.records.model import Model
from ganeval.statistics.streams import generator

_STEPS: Final[dict[str, type[Any]]] = {
    "resize": Resize,
    "crop": Crop,
    "grey": Grey,
    "levels": Levels,
    "jpeg": Jpeg,
    "lossy": Lossy,
}
_NAMES: Final = {kind: name for name, kind in _STEPS.items()}


class SavedChain(Model):
    """Steps, and how many files of a training set were made like that."""

    count: int
    steps: list[dict[str, Any]]


class SavedChange(Model):
    """One change of the pixels: a step, the equaliser, or a pipeline with its chains."""

    name: str
    declared: bool = False
    chains: list[SavedChain] = Field(default_factory=list)


class SavedChanges(Model):
    """What the defence did to the reals and to the fakes.

    Args:
        seed: Seed of its draws.
        real: Done one after another to the reals.
        fake: Done to the fakes.
    """

    seed: int
    real: list[SavedChange]
    fake: list[SavedChange]


def saved_changes(defence: Defence, seed: int) -> SavedChanges:
    """Writes down what a defence does.

    Args:
        defence: The defence.
        seed: Seed it was applied with.
    """
    real, fake = ([_saved(change) for change in side] for side in defence.changes)
    return SavedChanges(seed=seed, real=real, fake=fake)


@dataclass(frozen=True)
class SavedDefence:
    """The defence of a saved classifier, for images of which nobody knows the class.

    Where both training sets went through the same, so does every image. Where one was sent through
    what the other's files had gone through, every image is, unless its own file tells that it has
    gone through it already.

    Args:
        seed: Seed of the draws.
        changes: What was done to the reals, and to the fakes.
    """

    seed: int
    changes: tuple[tuple[Change, ...], tuple[Change, ...]]

    @classmethod
    def load(cls, saved: SavedChanges) -> SavedDefence:
        """Reads what `saved_changes` wrote.

        Raises:
            InputError: It is something else.
        """
        real, fake = (
            tuple(_loaded(change) for change in side) for side in (saved.real, saved.fake)
        )
        return cls(saved.seed, (real, fake))

    def defend(self, pixels: Pixels, header: Header, content: str) -> Pixels:
        """Returns the defended form of one image; equal images get equal draws.

        Args:
            pixels: uint8 ``[H, W, 3]``, in the size of the classifier.
            header: What its file tells.
            content: sha256 of its decoded pixels.
        """
        rng = generator(self.seed, f"defence {content}")
        for change in self.changes[self.treated_as(header)]:
            pixels = change.apply(pixels, rng, 1.0)
        return pixels

    def treated_as(self, header: Header) -> int:
        """Returns the class, 0 or 1, whose changes an image gets; no guess of what it is."""
        real, fake = (self._pipeline(label) for label in (REAL, FAKE))
        if real is None and fake is None:
            return FAKE
        label, through = (FAKE, fake) if fake is not None else (REAL, real)
        assert through is not None
        if through.declared:
            gone_through = not stored(header).plain
        else:
            own = infer_pipeline([header], {(header.height, header.width)})
            gone_through = _history(own.chains[0][0]) in {
                _history(chain) for chain, _ in through.chains
            }
        return 1 - label if gone_through else label

    def _pipeline(self, label: int) -> Pipeline | None:
        found = [change for change in self.changes[label] if isinstance(change, Pipeline)]
        return found[0] if found else None


def _history(chain: Chain) -> Chain:
    """The steps that do not depend on the size, nor on whether colours were taken out of both."""
    return tuple(step for step in chain if not isinstance(step, Resize | Grey))


def _saved(change: Change) -> SavedChange:
    if isinstance(change, Equaliser):
        return SavedChange(name="equalise")
    if isinstance(change, Pipeline):
        chains = [
            SavedChain(count=count, steps=[_saved_step(step) for step in chain])
            for chain, count in change.chains
        ]
        return SavedChange(name="pipeline", declared=change.declared, chains=chains)
    if isinstance(change, Grey):
        return SavedChange(name="grey")
    raise TypeError(f"a classifier cannot be saved with the change {change!r}")


def _saved_step(step: Step) -> dict[str, Any]:
    return {"step": _NAMES[type(step)], **asdict(step)}  # type: ignore[call-overload]


def _loaded(saved: SavedChange) -> Change:
    if saved.name == "equalise":
        return Equaliser()
    if saved.name == "grey":
        return Grey()
    if saved.name == "pipeline" and saved.chains:
        chains = [(_loaded_steps(chain.steps), chain.count) for chain in saved.chains]
        return Pipeline(tuple(chains), saved.declared)
    raise InputError(f"the classifier's defence has an unknown change {saved.name!r}")


def _loaded_steps(steps: Sequence[dict[str, Any]]) -> Chain:
    loaded: list[Step] = []
    for fields in steps:
        name, rest = fields.get("step"), {k: v for k, v in fields.items() if k != "step"}
        if name not in _STEPS:
            raise InputError(f"the classifier's defence has an unknown step {name!r}")
        try:
            loaded.append(TypeAdapter(_STEPS[name]).validate_python(rest))
        except (ValidationError, TypeError) as error:
            raise InputError(f"the classifier's defence has a damaged step {name!r}") from error
    return tuple(loaded)
