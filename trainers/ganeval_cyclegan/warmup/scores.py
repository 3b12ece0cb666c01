"""Scores of the discriminator on one batch, real against generated, and what they say."""

from __future__ import annotations

from ganeval.records import ScoreHistogram
from ganeval_cyclegan.discriminator_histograms import DiscriminatorScores, histogram
from ganeval_cyclegan.discriminator_scores import threshold
from ganeval_cyclegan.warmup.config import WarmupLoss
from ganeval_cyclegan.warmup.state import Step


def score_histogram(gan: WarmupLoss, step: Step, update: int) -> ScoreHistogram:
    """Returns the histogram of the last real batch and of the images generated beside it.

    Scores of the loss vanilla become probabilities of being real; those of the others stay raw.
    """
    real, fake, level, unit = step.real, step.fake, threshold(gan), "raw score"
    if gan == "vanilla":
        real, fake, level, unit = real.sigmoid(), fake.sigmoid(), 0.5, "probability"
    scores = DiscriminatorScores(
        train=list(real[:, 0].cpu().numpy()),
        held_out=[],
        fake=list(fake[:, 0].cpu().numpy()),
        threshold=level,
    )
    return histogram("D", scores, update).model_copy(update={"unit": unit})


def told(found: ScoreHistogram) -> str:
    """Returns what a histogram shows, in a line."""
    text = f"scores of real and generated images overlap by {found.overlap or 0:.0%}"
    if found.accuracy is not None:
        text += f", {found.accuracy:.0%} called rightly at {found.threshold:g}"
    return text.replace("%", " %")
