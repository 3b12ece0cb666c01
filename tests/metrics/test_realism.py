"""Realism of single fakes."""

from __future__ import annotations

import numpy as np
import pytest

import ganeval.metrics.manifold_distances as module
from ganeval.errors import InputError
from ganeval.metrics.manifold import in_real_manifold
from ganeval.metrics.realism import Form, realism

RNG = np.random.default_rng(0)
REAL = RNG.normal(size=(41, 5)).astype(np.float32)
FAKE = (1.2 * RNG.normal(size=(33, 5))).astype(np.float32)


def by_definition(real: np.ndarray, fake: np.ndarray, k: int, form: Form) -> np.ndarray:
    real, fake = real.astype(np.float64), fake.astype(np.float64)
    own = np.linalg.norm(real[:, None] - real[None], axis=2)
    cross = np.linalg.norm(real[:, None] - fake[None], axis=2)
    radii = np.sort(own, axis=1)[:, k]
    if form == "adm":
        return (radii[:, None] ** 2 / (cross**2 + 1e-5)).max(axis=0)
    return (radii[:, None] / (cross + 1e-5))[radii < np.median(radii)].max(axis=0)


@pytest.mark.parametrize("form", ["kynkaanniemi", "adm"])
@pytest.mark.parametrize("block", [7, 1024])
@pytest.mark.parametrize("n", [40, 41])
def test_is_the_largest_ratio_of_radius_to_distance(
    n: int, block: int, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BLOCK", block)
    found = realism(REAL[:n], FAKE, form=form)
    # The same ratios, with distances from products: half of the digits at worst.
    np.testing.assert_allclose(found, by_definition(REAL[:n], FAKE, 3, form), rtol=1e-8)


def test_fakes_in_no_ball_are_below_one() -> None:
    inside = in_real_manifold(REAL, FAKE, k=3, inclusive=True)
    found = realism(REAL, FAKE, form="adm")
    assert (found[~inside] < 1).all()
    assert (found[inside] > 0.99).all()
    assert 0 < inside.mean() < 1


def test_copies_are_as_real_as_it_gets() -> None:
    far = REAL * 100 + 7
    radii = np.sort(np.linalg.norm(far[:, None] - far[None], axis=2), axis=1)[:, 3]
    i = int(radii.argmin())
    assert realism(far, far[[i]])[0] == pytest.approx(radii[i] / 1e-5, rel=1e-6)


def test_equal_radii_leave_no_real_out() -> None:
    corners = np.eye(6)  # all distances are the root of 2
    found = realism(corners, np.zeros((1, 6)))
    assert found[0] == pytest.approx(np.sqrt(2) / (1 + 1e-5), rel=1e-12)


def test_a_far_off_real_says_nothing() -> None:
    real = np.concatenate([RNG.normal(size=(20, 3)), [[1000.0, 0, 0]]])
    fake = np.array([[500.0, 0, 0]])
    assert realism(real, fake)[0] < 0.1
    assert realism(real, fake, form="adm")[0] > 1


def test_no_fakes_have_no_realism() -> None:
    assert realism(REAL, FAKE[:0]).shape == (0,)


def test_unfit_input_is_refused() -> None:
    with pytest.raises(InputError, match="at least 4 images per side, got 3 real"):
        realism(REAL[:3], FAKE)
    with pytest.raises(InputError, match="no form of realism 'amd'; did you mean adm"):
        realism(REAL, FAKE, form="amd")  # type: ignore[arg-type]
