"""What a run will take is added up pass by pass, and the best cut is the one that saves most."""

from __future__ import annotations

from dataclasses import replace

import pytest
from saliency.saliency_toys import SIDE, Colours, make_images

from ganeval.errors import InputError
from ganeval.saliency.cost import (
    Cost,
    Speed,
    cheapest_cut,
    duration,
    estimated_cost,
    require_agreed,
)
from ganeval.saliency.mapping import Mapper
from ganeval.saliency.maps.registry import find_methods
from ganeval.saliency.model import wrap_network
from ganeval.saliency.settings import SaliencySettings

NAMES = ("gradient", "smoothgrad", "vargrad", "occlusion")
SETTINGS = SaliencySettings(methods=NAMES, n_samples=8, max_images=16, micro_batch=16)


def estimated(settings: SaliencySettings, **known: float) -> Cost:
    images = make_images(2).transpose(0, 3, 1, 2)
    model = wrap_network(Colours(), side=SIDE)
    mapper = Mapper(model, find_methods(NAMES), settings, (images, ["a", "b"]), None)
    return estimated_cost(mapper, settings, Speed(2.0, 1.0), pairs=32, paired=True, known=known)


def test_every_map_is_counted() -> None:
    found = estimated(replace(SETTINGS, methods=("gradient",)))
    # Before and after of all; three controls, six random networks, the mirrored of the chosen.
    assert found.maps == found.passes == 2 * 32 + 10 * 16
    assert found.seconds == 2.0 * found.passes


def test_a_family_is_made_in_one_go() -> None:
    alone = estimated(replace(SETTINGS, methods=("smoothgrad",)))
    both = estimated(replace(SETTINGS, methods=("smoothgrad", "vargrad")))
    assert both.maps == 2 * alone.maps
    assert both.passes == alone.passes == 8 * (2 * 32 + 11 * 16)


def test_what_is_filled_up_takes_time_and_what_is_known_takes_none() -> None:
    few = estimated(replace(SETTINGS, methods=("gradient",), max_images=3))
    assert few.passes == 2 * 32 + 10 * 3
    assert few.seconds == 2.0 * (2 * 32 + 10 * 16)
    assert estimated(replace(SETTINGS, methods=("gradient",)), gradient=1.0).seconds == 0


def test_forward_passes_cost_less() -> None:
    found = estimated(replace(SETTINGS, methods=("occlusion",)))
    assert found.seconds == 1.0 * found.passes


def test_methods_of_hundreds_of_passes_are_held_against_one_random_network_of_each_kind() -> None:
    images = 2 * 32 + 10 * 16
    assert estimated(replace(SETTINGS, methods=("gradient",))).maps == images
    costly = replace(SETTINGS, methods=("smoothgrad",), n_samples=257)
    assert estimated(costly).maps == images + 16 - 4 * 16  # and one more for other draws


def test_the_cut_that_saves_most_is_named() -> None:
    cut, seconds = cheapest_cut(estimated, SETTINGS)
    assert cut == "--methods without occlusion"
    assert seconds < estimated(SETTINGS).seconds / 4
    cut, _ = cheapest_cut(estimated, replace(SETTINGS, methods=("smoothgrad",), n_samples=64))
    assert cut == "--n-samples 8"


def test_half_an_hour_is_free_and_more_is_asked_for() -> None:
    require_agreed(Cost(1, 1, 1799.0), estimated, SETTINGS, None)
    with pytest.raises(InputError, match="40 min"):
        require_agreed(Cost(1, 1, 2400.0), estimated, SETTINGS, None)
    with pytest.raises(InputError, match="40 min"):
        require_agreed(Cost(1, 1, 2400.0), estimated, SETTINGS, lambda text: False)
    require_agreed(Cost(1, 1, 2400.0), estimated, replace(SETTINGS, yes=True), None)


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.1, "1 s"), (89, "89 s"), (100, "2 min"), (7200, "2.0 h")]
)
def test_times_are_said_in_their_unit(seconds: float, told: str) -> None:
    assert duration(seconds) == told
