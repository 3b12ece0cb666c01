"""Sets can be told apart: by colour-blind readers, on light and dark pages, and by shape alone."""

from __future__ import annotations

import itertools
import re
from importlib.resources import files

import numpy as np
import pytest

from ganeval_reports.palette import MARKER_SIZE, REAL, SETS, Look, looks

LOOKS = (REAL, *SETS)
# Page and raised surface of base.css.
PAPERS = {"light": ("#ffffff", "#f5f6f8"), "dark": ("#121417", "#1b1e23")}
FIXED = {"light": {"--real": REAL.light}, "dark": {"--real": REAL.dark}}

# Machado, Oliveira and Fernandes 2009, severity 1.0; they act on linear RGB.
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
# IEC 61966-2-1: linear sRGB to XYZ.
XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def linear(colour: str) -> np.ndarray:
    encoded = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2: (L1 + 0.05) / (L2 + 0.05) of the relative luminances."""
    darker, lighter = sorted(float(XYZ[1] @ linear(colour)) for colour in (one, other))
    return (lighter + 0.05) / (darker + 0.05)


def lab(colour: np.ndarray) -> np.ndarray:
    """CIE 1976 L*a*b* of a linear RGB colour, white of D65."""
    ratio = XYZ @ colour / XYZ.sum(axis=1)
    root = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


def ciede2000(one: np.ndarray, other: np.ndarray) -> float:
    """Colour difference after Sharma, Wu and Dalal 2005."""
    chroma = (np.hypot(*one[1:]) + np.hypot(*other[1:])) / 2
    stretch = 1.5 - 0.5 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    (c1, h1), (c2, h2) = (
        (np.hypot(stretch * a, b), np.degrees(np.arctan2(b, stretch * a)) % 360)
        for _, a, b in (one, other)
    )
    turn = (h2 - h1 + 180) % 360 - 180
    lightness, chroma = (one[0] + other[0]) / 2, (c1 + c2) / 2
    hue = np.radians((h1 + turn / 2) % 360)
    weight = (
        1
        - 0.17 * np.cos(hue - np.radians(30))
        + 0.24 * np.cos(2 * hue)
        + 0.32 * np.cos(3 * hue + np.radians(6))
        - 0.20 * np.cos(4 * hue - np.radians(63))
    )
    of_l = 1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2)
    dl = (other[0] - one[0]) / of_l
    dc = (c2 - c1) / (1 + 0.045 * chroma)
    dh = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2)) / (1 + 0.015 * chroma * weight)
    bend = np.radians(60 * np.exp(-(((np.degrees(hue) - 275) / 25) ** 2)))
    twist = -2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7)) * np.sin(bend)
    return float(np.sqrt(dl**2 + dc**2 + dh**2 + twist * dc * dh))


@pytest.mark.parametrize(
    ("one", "other", "difference"),
    [
        # From table 1 of Sharma, Wu and Dalal 2005, which gives four decimals.
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ],
)
def test_the_measure_of_this_file_agrees_with_published_pairs(
    one: tuple[float, ...], other: tuple[float, ...], difference: float
) -> None:
    assert ciede2000(np.array(one), np.array(other)) == pytest.approx(difference, abs=5e-5)


def test_black_on_white_has_the_contrast_that_wcag_states() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.css)
def test_every_mark_stands_out_from_the_page(look: Look, scheme: str) -> None:
    """WCAG 1.4.11 asks 3:1 of graphics."""
    assert all(contrast(getattr(look, scheme), paper) >= 3 for paper in PAPERS[scheme])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_colours_of_real_and_of_a_single_fake_serve_text(scheme: str) -> None:
    """WCAG 1.4.3 asks 4.5:1 of text."""
    colours = [getattr(look, scheme) for look in (REAL, SETS[0])]
    assert all(contrast(one, paper) >= 4.5 for one in colours for paper in PAPERS[scheme])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("vision", VISION)
def test_no_two_sets_look_alike_to_any_reader(vision: str, scheme: str) -> None:
    """10 units of CIEDE2000 are several times what is just noticed side by side (about 1 to 2).

    The eight colours of Okabe and Ito, of which no contrast is asked, reach 10.9 by this measure.
    """
    seen = [lab(np.clip(VISION[vision] @ linear(getattr(look, scheme)), 0, 1)) for look in LOOKS]
    assert min(ciede2000(*pair) for pair in itertools.combinations(seen, 2)) >= 10


def test_marker_and_dash_pattern_say_what_the_colour_says() -> None:
    assert len({look.marker for look in LOOKS}) == len(LOOKS)
    assert len({look.dash for look in SETS}) == len(SETS)
    assert set(MARKER_SIZE) == {look.marker for look in LOOKS}


def test_a_single_fake_keeps_the_orange_diamond_and_the_real_the_blue_square() -> None:
    (look,) = looks(["fake"]).values()
    assert (look.css, look.marker, look.light) == ("set-1", "D", "#b4470e")
    assert (REAL.marker, REAL.light) == ("s", "#0a66b0")


def test_from_the_ninth_set_on_colours_return_with_other_markers() -> None:
    found = list(looks(str(index) for index in range(64)).values())
    assert found[8].light == found[0].light
    assert found[8].css == "set-1 shape-2"
    assert found[8].colour == "var(--set-1)"
    assert len({(look.light, look.marker) for look in found}) == 64
    assert len(looks(str(index) for index in range(200))) == 200


def test_the_style_of_the_page_holds_the_same_colours_and_a_shape_for_each() -> None:
    style = files("ganeval_reports").joinpath("assets/plots.css").read_text("utf-8")
    light, dark, viewer = (
        re.findall(r"--(set-\d): (#\w{6})", block)
        for block in re.findall(r"{[^{}]*--set-1: #[^{}]*}", style)
    )
    assert light == [(look.css, look.light) for look in SETS]
    assert dark == viewer == [(look.css, look.dark) for look in SETS]
    for look in SETS:
        assert f".mark.{look.css} {{ background: {look.colour};" in style
        assert f".mark.{look.css.replace('set', 'shape')} {{" in style
