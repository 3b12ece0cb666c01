"""Parts of an evaluation against closed forms and published figures."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ablation.toy_images import field, fields, write
from PIL import Image
from scipy import stats

from ganeval.ablation.protocol import ProtocolSettings
from ganeval.ablation.suite.c2st import c2st
from ganeval.ablation.suite.cycle import cycle, mean_absolute, peak_signal_to_noise
from ganeval.ablation.suite.distances import KID_SCALE, distances
from ganeval.ablation.suite.diversity import diversity, mean_distance
from ganeval.ablation.suite.floors import HALVES, UNCHANGED, floors
from ganeval.ablation.suite.networks import Networks
from ganeval.ablation.suite.part import Absent, ImagesOf, Part, Place, mean_estimate
from ganeval.ablation.suite.run_facts import histogram_auc
from ganeval.ablation.suite.saliency import calibrated, chosen, saliency
from ganeval.ablation.suite.structure import NAME, SelfSimilarity, edge_correlation, structure
from ganeval.ablation.suite.traces import cielab, frame_shift, kept_texture, traces
from ganeval.metrics.cubic_kernel import squared_discrepancy
from ganeval.metrics.frechet import frechet_distance

PLACE = Place("arm", 0, "AtoB")
TINY = ProtocolSettings(
    extractor="random-projection", suite=("fid", "kid"), device="cpu", use_cache=False
)


def flat(*colour: int, side: int = 20) -> np.ndarray:
    """An image of one colour."""
    return np.broadcast_to(np.array(colour, np.uint8), (side, side, 3)).copy()


def unchanged(tmp_path: Path, count: int = 8) -> ImagesOf:
    """A translator that gives its inputs back, and recovers them."""
    made = fields(count)
    files = {name: write(tmp_path / name, made) for name in ("source", "fake", "recovered")}
    write(tmp_path / "real", fields(count, 100))
    return ImagesOf(
        tuple(made),
        files["fake"],
        tmp_path / "real",
        files["source"],
        recovered=files["recovered"],
    )


def values(part: Part) -> dict[str, float | None]:
    """The numbers of a part by name."""
    return {one.name: one.estimate.value for one in part.metrics}


def test_inputs_given_back_have_no_change_and_no_cycle_error(tmp_path: Path) -> None:
    part = cycle(unchanged(tmp_path), PLACE)
    found = values(part)
    assert (found["change_l1"], found["cycle_l1"]) == (0.0, 0.0)
    # One value of 32·32·3 off by half a level: the most that an equal image can be told to have.
    assert found["cycle_psnr"] == pytest.approx(10 * np.log10(255**2 / (0.25 / 3072)))
    assert set(part.per_image) == {"change_l1", "cycle_l1", "cycle_psnr"}


def test_a_known_error_has_its_known_psnr() -> None:
    one, other = flat(100, 100, 100), flat(110, 90, 110)
    assert mean_absolute(one, other) == 10.0
    assert peak_signal_to_noise(one, other) == pytest.approx(20 * np.log10(255 / 10), rel=1e-12)
    assert mean_absolute(flat(0, 0, 0), flat(255, 255, 255)) == 255.0


def test_without_inputs_or_with_other_sizes_there_is_no_cycle_and_why(tmp_path: Path) -> None:
    images = unchanged(tmp_path)
    with pytest.raises(Absent, match="the inputs of the translations are not there"):
        cycle(replace(images, source=None), PLACE)
    large = write(tmp_path / "large", fields(8, side=40))
    with pytest.raises(Absent, match=r"000 have different sizes \(32x32, 40x40\)"):
        cycle(replace(images, fake=large), PLACE)
    assert "cycle_l1" not in values(cycle(replace(images, recovered=None), PLACE))


def test_a_mean_over_images_has_the_interval_of_scipy() -> None:
    given = {f"{i}": v for i, v in enumerate([1.0, 4.0, 2.0, 8.0])}
    found = mean_estimate(given, "dB")
    row = list(given.values())
    low, high = stats.t.interval(0.95, 3, np.mean(row), stats.sem(row))
    assert (found.value, found.low, found.high) == pytest.approx((3.75, low, high), rel=1e-9)
    assert found.se == pytest.approx(stats.sem(row), rel=1e-12)
    assert mean_estimate({"0": 3.0}).reason == "fewer than 2 images"
    assert mean_estimate({}).value is None


@pytest.mark.parametrize(
    ("colour", "lab"),
    [  # Lindbloom, CIE colour calculator: sRGB, D65, no adaptation.
        ((255, 0, 0), (53.2408, 80.0925, 67.2032)),
        ((0, 255, 0), (87.7347, -86.1827, 83.1793)),
        ((0, 0, 255), (32.2970, 79.1875, -107.8602)),
        ((255, 255, 255), (100.0, 0.0, 0.0)),
        ((0, 0, 0), (0.0, 0.0, 0.0)),
    ],
)
def test_colours_have_their_published_cielab_values(
    colour: tuple[int, int, int], lab: tuple[float, float, float]
) -> None:
    np.testing.assert_allclose(cielab(flat(*colour))[3, 3], lab, atol=1e-3)


def test_the_frame_moves_with_the_background_and_not_with_the_middle() -> None:
    before, after = flat(255, 0, 0), flat(255, 0, 0)
    after[4:16, 4:16] = (0, 255, 0)
    assert frame_shift(before, after) == 0.0
    red, green = (53.2408, 80.0925, 67.2032), (87.7347, -86.1827, 83.1793)
    shift = frame_shift(before, flat(0, 255, 0))
    assert shift == pytest.approx(np.linalg.norm(np.subtract(red, green)), abs=1e-3)
    assert frame_shift(flat(9, 9, 9), flat(9, 9, 9, side=50)) == pytest.approx(0, abs=1e-9)


def test_texture_is_kept_turned_over_or_gone() -> None:
    x = np.arange(64)
    stripes = np.broadcast_to(np.sin(2 * np.pi * x / 8), (64, 64))

    def image(amplitude: float, grey: int) -> np.ndarray:
        plane = np.round(grey + amplitude * stripes).astype(np.uint8)
        return np.stack([plane] * 3, axis=-1)

    assert kept_texture(image(60, 128), image(60, 128)) == pytest.approx(1.0)
    # Half the contrast and another light is the same texture; rounding costs little.
    assert kept_texture(image(60, 128), image(30, 90)) == pytest.approx(1.0, abs=1e-3)
    assert kept_texture(image(60, 128), image(-60, 128)) == pytest.approx(-1.0, abs=1e-3)
    assert kept_texture(image(60, 128), flat(128, 128, 128, side=64)) == 0.0


@pytest.mark.parametrize(("period", "kept"), [(8, 1.0), (64, 0.2)])
def test_only_periods_of_4_to_16_pixels_count_as_texture(period: int, kept: float) -> None:
    """A band of periods beside one of 8 px, of equal amplitude: how much of it gets through."""
    from ganeval.ablation.suite.traces import _SIGMAS

    def gain(p: int) -> float:
        fine, coarse = (np.exp(-2 * (np.pi * s / p) ** 2) for s in _SIGMAS)
        return float(fine - coarse)

    assert gain(4) == pytest.approx(0.5, abs=1e-4)
    assert gain(16) == pytest.approx(0.5, abs=0.05)
    assert gain(period) <= kept
    assert gain(8) > 0.75


def test_traces_of_inputs_given_back(tmp_path: Path) -> None:
    found = values(traces(unchanged(tmp_path), PLACE))
    assert found["texture_kept"] == pytest.approx(1.0)
    assert (found["frame_shift"], found["unchanged"]) == (0.0, 1.0)
    assert not any(one.compare for one in traces(unchanged(tmp_path), PLACE).metrics)


def test_edges_stay_turn_over_or_are_not_there() -> None:
    image = field(1)
    assert edge_correlation(image, image) == pytest.approx(1.0)
    # Edges have no sign, so the negative has the same ones.
    assert edge_correlation(image, 255 - image) == pytest.approx(1.0, abs=1e-5)
    assert abs(edge_correlation(image, field(2))) < 0.4
    assert edge_correlation(image, flat(3, 3, 3, side=32)) == 0.0
    assert np.isnan(edge_correlation(image, field(1, side=40)))


def test_equal_sets_are_equally_diverse_and_meet_every_real() -> None:
    rows = np.random.default_rng(0).normal(size=(30, 6)).astype(np.float32)
    images = ImagesOf((), {}, Path())
    assert values(diversity(images, PLACE, rows, rows.copy())) == pytest.approx(
        {"diversity": 1.0, "reals_met": 1.0}
    )
    collapsed = np.repeat(rows[:1], 30, axis=0)
    assert values(diversity(images, PLACE, collapsed, rows)) == pytest.approx(
        {"diversity": 0.0, "reals_met": 1 / 30}, abs=1e-6
    )
    assert values(diversity(images, PLACE, 3 * rows, rows))["diversity"] == pytest.approx(3.0)


def test_the_mean_distance_is_that_of_all_pairs() -> None:
    rows = (1e4 + np.random.default_rng(1).normal(size=(12, 5))).astype(np.float32)
    pairs = [np.linalg.norm(a - b) for a, b in itertools.combinations(rows.astype(float), 2)]
    assert mean_distance(rows) == pytest.approx(np.mean(pairs), rel=1e-6)
    assert mean_distance(rows[:1]) == 0.0


def test_the_auc_of_histograms_counts_pairs() -> None:
    rng = np.random.default_rng(2)
    high, low = rng.integers(0, 9, 7).tolist(), rng.integers(0, 9, 7).tolist()
    upper = [i for i, count in enumerate(high) for _ in range(count)]
    lower = [i for i, count in enumerate(low) for _ in range(count)]
    won = [(a > b) + (a == b) / 2 for a in upper for b in lower]
    assert histogram_auc(high, low) == pytest.approx(np.mean(won), rel=1e-12)
    assert histogram_auc([1, 2], [0, 0]) is None


def test_calibrated_similarity_is_0_at_the_null_and_1_at_the_ceiling() -> None:
    rng = np.random.default_rng(3)
    null, ceiling = rng.normal(0.1, 0.1, 20), rng.normal(0.9, 0.02, 20)
    assert calibrated(null, null, ceiling).value == pytest.approx(0.0, abs=1e-12)
    assert calibrated(ceiling, null, ceiling).value == pytest.approx(1.0, rel=1e-12)
    near = rng.normal(0.5, 0.1, 20)
    found = calibrated(near, null, ceiling)

    def ratio(kept: np.ndarray) -> float:
        s, low, high = (v[kept].mean() for v in (near, null, ceiling))
        return float((s - low) / (high - low))

    assert found.value == pytest.approx(ratio(np.arange(20)), rel=1e-12)
    # NumPy and SciPy hold no jackknife: leave one out, spelled out.
    out = np.array([ratio(np.delete(np.arange(20), i)) for i in range(20)])
    assert found.se == pytest.approx(np.sqrt(19 / 20 * ((out - out.mean()) ** 2).sum()), rel=1e-9)


def test_similarity_that_cannot_be_read_has_a_reason_and_no_value() -> None:
    same = np.linspace(0.4, 0.6, 20)
    found = calibrated(same, same, same + 0.05)
    assert found.value is None
    assert "unrelated images" in (found.reason or "")
    gone = np.where(np.arange(20) < 15, np.nan, 0.5)
    assert "fewer than 6 pairs" in (calibrated(gone, same, same + 1).reason or "")


def test_pairs_for_maps_do_not_depend_on_how_many_others_there_are() -> None:
    stems = [f"{i:04}" for i in range(500)]
    few = chosen(stems, 32)
    assert len(few) == 32
    assert chosen(list(reversed(stems)), 32) == few
    assert set(few) & set(stems[:250]) <= set(chosen(stems[:250], 32))


def test_distances_are_those_of_the_features_they_leave_behind(tmp_path: Path) -> None:
    images = unchanged(tmp_path, 24)
    scratch = tmp_path / "scratch"
    found = distances(images, PLACE, TINY, scratch)
    assert found.fake.shape == (24, 64)
    numbers = values(found.part)
    assert numbers["fid"] == pytest.approx(frechet_distance(found.real, found.fake), rel=1e-6)
    kid = squared_discrepancy(found.fake.astype(float), found.real.astype(float))
    assert numbers["kid"] == pytest.approx(KID_SCALE * kid, rel=1e-4)
    (one,) = [metric for metric in found.part.metrics if metric.name == "kid"]
    assert one.unit == "×10³"


def test_features_of_fakes_are_in_the_order_of_their_stems(tmp_path: Path) -> None:
    images = unchanged(tmp_path, 12)
    # Names of files that sort against their stems.
    turned = {stem: tmp_path / "turned" / f"{99 - int(stem):02}.png" for stem in images.stems}
    (tmp_path / "turned").mkdir()
    for stem, path in turned.items():
        path.write_bytes(images.fake[stem].read_bytes())
    one = distances(images, PLACE, TINY, tmp_path / "one")
    other = distances(replace(images, fake=turned), PLACE, TINY, tmp_path / "other")
    np.testing.assert_array_equal(one.fake, other.fake)


def test_floors_are_inputs_left_as_they_are_and_halves_of_the_reals(tmp_path: Path) -> None:
    images = unchanged(tmp_path, 24)
    levels = floors(images, "AtoB", TINY, tmp_path / "scratch")
    found = {(one.arm, one.name): one.estimate for one in levels}
    assert set(found) == {(arm, name) for arm in (UNCHANGED, HALVES) for name in ("fid", "kid")}
    # The toy translator changes nothing, so its own distance is the floor.
    own = values(distances(images, PLACE, TINY, tmp_path / "own").part)
    assert found[UNCHANGED, "fid"].value == pytest.approx(own["fid"], rel=1e-9)
    assert found[HALVES, "kid"].n == {"real": 12, "fake": 12}
    again = floors(images, "AtoB", TINY, tmp_path / "again")
    assert [one.estimate.value for one in again] == [one.estimate.value for one in levels]


def test_without_inputs_or_distances_there_are_fewer_floors(tmp_path: Path) -> None:
    images = replace(unchanged(tmp_path, 24), source=None)
    arms = {one.arm for one in floors(images, "AtoB", TINY, tmp_path / "scratch")}
    assert arms == {HALVES}
    assert floors(images, "AtoB", replace(TINY, suite=("cycle",)), tmp_path / "scratch") == []


@pytest.mark.slow
def test_the_layout_of_inputs_given_back_is_theirs(tmp_path: Path) -> None:
    images = unchanged(tmp_path)
    found = values(structure(images, PLACE, SelfSimilarity()))
    assert found[NAME] == pytest.approx(0.0, abs=1e-10)
    assert found["edges"] == pytest.approx(1.0)


@pytest.mark.slow
def test_another_layout_is_farther_than_other_colours(tmp_path: Path) -> None:
    images = unchanged(tmp_path)
    made = fields(8)
    tinted = write(tmp_path / "tinted", {stem: pixels // 2 + 60 for stem, pixels in made.items()})
    other = write(tmp_path / "other", dict(zip(made, fields(8, 50).values(), strict=True)))
    network = SelfSimilarity()
    near = structure(replace(images, fake=tinted), PLACE, network)
    far = structure(replace(images, fake=other), PLACE, network)
    for stem in images.stems:
        assert near.per_image[NAME][stem] < far.per_image[NAME][stem]
    matrix = network.matrix(images.source["000"]) if images.source else np.empty(0)
    assert matrix.shape == (256, 256)
    np.testing.assert_allclose(np.diagonal(matrix), 1, atol=1e-5)
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-5)


@pytest.mark.slow
def test_maps_of_inputs_given_back_are_kept_as_well_as_can_be(tmp_path: Path) -> None:
    images = unchanged(tmp_path, 10)
    with Networks("cpu") as networks:
        part = saliency(images, PLACE, TINY, networks)
        with pytest.raises(Absent, match="at least 6 pairs, and there are 5"):
            saliency(replace(images, stems=images.stems[:5]), PLACE, TINY, networks)
    found = {one.name: one.estimate for one in part.metrics}
    assert all(value == pytest.approx(1) for value in part.per_image["saliency_spearman"].values())
    assert found["saliency_score"].value == pytest.approx(0, abs=1e-6)
    kept = found["saliency"]
    assert kept.value is None or kept.value >= 1 - 1e-9  # a level of change costs something


@pytest.mark.slow
@pytest.mark.parametrize(("first", "light", "low", "high"), [(500, 0, 0.5, 0.7), (500, 90, 0.9, 1)])
def test_a_classifier_finds_what_is_there_and_no_more(
    tmp_path: Path, first: int, light: int, low: float, high: float
) -> None:
    """Two draws of one distribution, and one of them brightened."""
    stems = fields(120, first)
    bright = {
        stem: np.clip(pixels.astype(int) + light, 0, 255).astype(np.uint8)
        for stem, pixels in stems.items()
    }
    files = write(tmp_path / "fake", bright)
    write(tmp_path / "real", fields(120))
    images = ImagesOf(tuple(files), files, tmp_path / "real")
    part = c2st(images, PLACE, TINY, tmp_path)
    found = values(part)
    # 24 held-out images a side: an AUC of equal sets has a standard error near 0.08.
    assert low <= (found["c2st"] or 0) <= high
    assert "c2st_files" not in found  # the files are alike, so there is nothing to learn
    assert part.format_differs is None
    assert set(part.per_image["c2st_logit"]) < set(files)


@pytest.mark.slow
def test_files_of_another_format_give_fakes_away_and_their_pixels_are_defended(
    tmp_path: Path,
) -> None:
    files = write(tmp_path / "fake", fields(60, 500))
    for path in write(tmp_path / "real", fields(60)).values():
        with Image.open(path) as image:
            image.save(path.with_suffix(".jpg"), quality=90)
        path.unlink()
    part = c2st(ImagesOf(tuple(files), files, tmp_path / "real"), PLACE, TINY, tmp_path)
    found = values(part)
    assert found["c2st_files"] == 1.0
    assert (found["c2st"] or 1) < 0.75  # 12 held-out images a side
    assert "JPEG" in (part.format_differs or "")


@pytest.mark.slow
def test_too_few_images_for_a_classifier_are_said(tmp_path: Path) -> None:
    images = unchanged(tmp_path, 4)
    with pytest.raises(Absent):
        c2st(images, PLACE, TINY, tmp_path)
