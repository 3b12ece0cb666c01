"""The generators' part of an update: translations, losses and their gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

from ganeval_cyclegan.batch import Batch
from ganeval_cyclegan.losses import generator_term, identity_weights
from ganeval_cyclegan.passes import DiscriminatorName, GeneratorName, Passes
from ganeval_cyclegan.training_state import Domain


@dataclass(frozen=True)
class Direction:
    """One way through both generators.

    Attributes:
        source: Domain it starts and ends in.
        target: Domain between.
        there: Generator from source to target.
        back: Generator from target to source.
        judge: Discriminator of the target.
    """

    source: Domain
    target: Domain
    there: GeneratorName
    back: GeneratorName
    judge: DiscriminatorName


DIRECTIONS: Final = (
    Direction("A", "B", "G_A", "G_B", "D_A"),
    Direction("B", "A", "G_B", "G_A", "D_B"),
)


@dataclass(frozen=True)
class Translations:
    """What the generators make of one batch, by the domain of the result.

    Attributes:
        fake: Translations.
        recovered: Translations of translations, back in the domain of the original.
        identity: Images of a domain after the generator that makes that domain; empty where the
            identity losses are off.
    """

    fake: dict[Domain, Tensor]
    recovered: dict[Domain, Tensor]
    identity: dict[Domain, Tensor]


Terms = dict[str, Tensor]


def translate(passes: Passes, batch: Batch) -> Translations:
    """Runs both generators on a batch, there and back, and on images of their own target."""
    fake: dict[Domain, Tensor] = {}
    recovered: dict[Domain, Tensor] = {}
    identity: dict[Domain, Tensor] = {}
    wanted = passes.config.loss.lambda_identity > 0
    alike = batch.A.shape == batch.B.shape
    merged = wanted and alike and passes.state.choices.merged_generators
    with passes.mixed():
        for way in DIRECTIONS:
            source, target = getattr(batch, way.source), getattr(batch, way.target)
            if merged:
                both = passes.generate(way.there, torch.cat([source, target]), "merged")
                fake[way.target], identity[way.target] = both.chunk(2)
            else:
                fake[way.target] = passes.generate(way.there, source, "fake")
            recovered[way.source] = passes.generate(way.back, fake[way.target], "recovered")
        if wanted and not merged:
            for way in DIRECTIONS:
                target = getattr(batch, way.target)
                identity[way.target] = passes.generate(way.there, target, "identity")
    return Translations(fake, recovered, identity)


def generator_backward(passes: Passes, batch: Batch, translations: Translations) -> Terms:
    """Adds the gradients of the generators' loss; returns its terms, weighted."""
    terms: Terms = {}
    with passes.frozen_discriminators():
        with passes.mixed():
            for way in DIRECTIONS:
                fake, back = translations.fake[way.target], translations.recovered[way.source]
                terms |= _direction_terms(passes, batch, way, fake, back)
            for way in DIRECTIONS if translations.identity else ():
                terms |= _identity_term(passes, batch, way, translations.identity[way.target])
        passes.backward(_total(terms))
    return terms


def generator_backward_in_parts(passes: Passes, batch: Batch) -> tuple[Terms, dict[Domain, Tensor]]:
    """Does the same, one direction after the other, so that activations of one are kept at a time.

    Returns:
        The terms, and the translations by their domain, detached.
    """
    terms: Terms = {}
    fakes: dict[Domain, Tensor] = {}
    with passes.frozen_discriminators():
        for way in DIRECTIONS:
            with passes.mixed():
                fake = passes.generate(way.there, getattr(batch, way.source), "fake")
                recovered = passes.generate(way.back, fake, "recovered")
                part = _direction_terms(passes, batch, way, fake, recovered)
            passes.backward(_total(part))
            fakes[way.target] = fake.detach()
            terms |= _detached(part)
            del fake, recovered, part
        for way in DIRECTIONS if passes.config.loss.lambda_identity > 0 else ():
            with passes.mixed():
                same = passes.generate(way.there, getattr(batch, way.target), "identity")
                part = _identity_term(passes, batch, way, same)
            passes.backward(_total(part))
            terms |= _detached(part)
            del same, part
    return terms, fakes


@torch.no_grad()
def fakes_alone(passes: Passes, batch: Batch) -> dict[Domain, Tensor]:
    """Returns the translations by their domain, for discriminators alone."""
    with passes.mixed():
        return {
            way.target: passes.generate(way.there, getattr(batch, way.source), "fake")
            for way in DIRECTIONS
        }


def _direction_terms(
    passes: Passes, batch: Batch, way: Direction, fake: Tensor, recovered: Tensor
) -> Terms:
    loss = passes.config.loss
    weight, cycle = (loss.w_A, loss.lambda_A) if way.source == "A" else (loss.w_B, loss.lambda_B)
    (scores,) = passes.judge(way.judge, passes.augment(fake, "G", way.target, "fake"))
    name = passes.losses[way.target]
    gan = generator_term(name, scores, saturating=loss.saturating, dual=passes.config.dual)
    original = getattr(batch, way.source)
    return {
        way.there: weight * gan,
        f"cycle_{way.source}": cycle * F.l1_loss(recovered, original),
    }


def _identity_term(passes: Passes, batch: Batch, way: Direction, same: Tensor) -> Terms:
    weights = identity_weights(passes.config.loss)
    weight = weights[0] if way.there == "G_A" else weights[1]
    # idt_A is of G_A, hence of images of B.
    return {f"idt_{way.source}": weight * F.l1_loss(same, getattr(batch, way.target))}


def _total(terms: Terms) -> Tensor:
    return torch.stack(list(terms.values())).sum()


def _detached(terms: Terms) -> Terms:
    return {name: term.detach() for name, term in terms.items()}
