"""Views of training images: where each pixel comes from."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from ganeval.classifier.augment import View, apply_view, draw_view
from ganeval.statistics.streams import generator

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)


def by_scipy(image: np.ndarray, view: View) -> np.ndarray:
    """The view as SciPy resamples, which is what Keras' generator calls."""
    height, width = image.shape[:2]
    rows, columns = np.mgrid[: view.height, : view.width].astype(np.float64)
    rows, columns = rows + view.top, columns + view.left
    if view.flip:
        columns = width - 1 - columns
    angle = np.deg2rad(view.degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    centre = np.array([(height - 1) / 2, (width - 1) / 2])
    moved = np.stack([rows + view.down, columns + view.right], axis=-1) - centre
    y, x = np.moveaxis(moved @ turn.T + centre, -1, 0)
    channels = [
        ndimage.map_coordinates(image[..., c].astype(float), [y, x], order=1, mode="nearest")
        for c in range(3)
    ]
    return np.stack(channels, axis=-1)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["default", "report", "integer", "none"])
@pytest.mark.parametrize("crop", [24, 64])
def test_views_are_those_of_scipy(seed: int, kind: str, crop: int) -> None:
    rng = np.random.default_rng(seed)
    view = draw_view(IMAGE.shape, crop, kind, rng)  # type: ignore[arg-type]
    shown = apply_view(IMAGE, view)
    assert shown.shape == (min(crop, 40), min(crop, 50), 3)
    assert shown.dtype == np.float32
    # Places in float32 are off by up to 1e-5 px, and neighbours differ by up to 255 levels.
    np.testing.assert_allclose(shown, by_scipy(IMAGE, view), atol=0.01)


def test_nothing_is_resampled_but_by_rotation_and_fractional_shifts() -> None:
    for view in (View(3, 5, 20, 20), View(0, 0, 40, 50, down=4, right=-5, flip=True)):
        assert not view.resampled
        assert np.array_equal(apply_view(IMAGE, view) % 1, np.zeros((view.height, view.width, 3)))
    shown = apply_view(IMAGE, View(3, 5, 20, 21))
    np.testing.assert_array_equal(shown, IMAGE[3:23, 5:26])
    shown = apply_view(IMAGE, View(0, 0, 40, 50, flip=True))
    np.testing.assert_array_equal(shown, IMAGE[:, ::-1])
    shown = apply_view(IMAGE, View(0, 0, 40, 50, down=2, right=-3))
    np.testing.assert_array_equal(shown[:38, 3:], IMAGE[2:, :47])
    np.testing.assert_array_equal(shown[38:, 3:], IMAGE[[39, 39], :47])


def test_draws_have_the_spread_of_the_report() -> None:
    rng = generator(0, "test")
    views = [draw_view((200, 100), 200, "default", rng) for _ in range(2000)]
    shifts = np.array([(view.down, view.right) for view in views])
    assert (shifts % 1 == 0).all()
    np.testing.assert_array_equal(shifts.min(axis=0), [-20, -10])
    np.testing.assert_array_equal(shifts.max(axis=0), [20, 10])
    degrees = np.array([view.degrees for view in views])
    turned = degrees[degrees != 0]
    assert 14.5 < np.abs(turned).max() <= 15
    # Two shares of 2,000 draws at 1/2, five standard deviations of 0.011.
    assert abs(len(turned) / 2000 - 0.5) < 0.056
    assert abs(np.mean([view.flip for view in views]) - 0.5) < 0.056


def test_kinds_differ_in_what_they_draw() -> None:
    kinds = {
        kind: [draw_view((64, 64), 48, kind, generator(0, str(i))) for i in range(200)]
        for kind in ("report", "integer", "none")
    }
    assert all(view.resampled and view.degrees for view in kinds["report"])
    assert not any(view.resampled for view in kinds["integer"])
    assert any(view.down and view.flip for view in kinds["integer"])
    assert not any(view.down or view.right or view.flip for view in kinds["none"])
    # The crop is the same draw whatever else is drawn, and reaches every place.
    corners = [[(view.top, view.left) for view in views] for views in kinds.values()]
    assert corners[0] == corners[1] == corners[2]
    assert {top for top, _ in corners[0]} == set(range(17))


def test_an_image_of_one_pixel_is_its_own_view() -> None:
    image = np.full((1, 1, 3), 9, np.uint8)
    view = View(0, 0, 1, 1, down=0.3, right=-0.2, flip=True, degrees=10)
    assert apply_view(image, view).tolist() == [[[9, 9, 9]]]
