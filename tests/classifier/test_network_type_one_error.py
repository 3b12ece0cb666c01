"""The network's test, where there is nothing to find."""

from __future__ import annotations

import numpy as np
import pytest
from classifier.textured import as_pixels, examples_of, in_parts, pink

from ganeval.classifier.fit import fit_network
from ganeval.classifier.ladder import held_out_rung
from ganeval.classifier.settings import ClassifySettings

RUNS = 20
MOST = 5  # of 20 at a level of 5 %, more than which come up in 3 of 10,000 times


@pytest.mark.slow
def test_the_network_rejects_true_nulls_no_more_often_than_its_level() -> None:
    settings = ClassifySettings(rungs=("cnn",), crop=32, yes=True)
    rejected = 0
    for run in range(RUNS):
        rng = np.random.default_rng([run, 15])
        pixels = [as_pixels(pink(rng, 32)) for _ in range(120)]
        examples = examples_of(pixels[:60], pixels[60:])
        split = in_parts(examples)
        fitted = fit_network(examples, split, settings, seed=run)
        scores = fitted.logits(examples.pixels)
        rung = held_out_rung(
            "cnn", "raw", scores, examples, split, [], pairs_confirmed=False, seed=run
        )
        assert rung.p is not None
        rejected += rung.p < 0.05
    assert rejected <= MOST
