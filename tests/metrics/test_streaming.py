"""Streaming metrics: the numbers of the command line, batch by batch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

import ganeval
from ganeval.errors import InputError
from ganeval.features import random_projection
from ganeval.features.extractor import EXTRACTORS
from ganeval.features.random_projection import RandomProjection
from ganeval.metrics.frechet import frechet_distance
from ganeval.metrics.moments import Moments
from ganeval.metrics.saving import save_image_statistics
from ganeval.metrics.settings import Settings
from ganeval.metrics.streaming import Evaluation, FrechetDistance
from ganeval.metrics.streaming_set import BLOCK
from ganeval.records import Estimate, MetricsRecord

Images = npt.NDArray[np.uint8]
PROJECTION = "random-projection"
METRICS = "fid,kid,prdc,mifid,authenticity,mind"


def images(n: int, seed: int, darker: int = 1) -> Images:
    """Random images, NHWC."""
    rng = np.random.default_rng(seed)
    return (rng.integers(0, 256, (n, 16, 12, 3)) // darker).astype(np.uint8)


REAL, FAKE = images(30, 1), images(26, 2, darker=2)


def rows(n: int, seed: int, d: int = 5) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).normal(seed, 1, (n, d)).astype(np.float32)


def fed(metric: FrechetDistance | Evaluation, batch: int = 7) -> FrechetDistance | Evaluation:
    """The metric with both sets, in batches."""
    for real, whole in ((True, REAL), (False, FAKE)):
        for start in range(0, len(whole), batch):
            metric.update(whole[start : start + batch], real)
    return metric


def estimates(record: MetricsRecord) -> dict[str, Estimate]:
    return {metric.name: metric.estimate for metric in record.metrics}


def test_distance_is_that_of_the_command_line() -> None:
    metric = FrechetDistance(PROJECTION)
    fed(metric)
    expected = ganeval.evaluate(REAL, FAKE, "fid", extractor=PROJECTION)
    assert metric.compute() == expected.metric("fid").estimate
    assert metric.record().metric("fid").floor == expected.metric("fid").floor
    assert metric.warnings == expected.warnings
    assert metric.n == {"real": 30, "fake": 26}


def test_every_metric_is_that_of_the_command_line() -> None:
    record = fed(Evaluation(METRICS, PROJECTION)).compute()
    expected = ganeval.evaluate(REAL, FAKE, METRICS, extractor=PROJECTION)
    assert estimates(record) == estimates(expected)
    assert [one.test for one in record.metrics] == [one.test for one in expected.metrics]
    assert record.verdict == expected.verdict
    assert record.inputs[0].sizes == {"12x16": 30}
    assert MetricsRecord.model_validate_json(record.to_json()) == record


def test_result_depends_neither_on_batches_nor_on_order_nor_on_layout() -> None:
    whole, single = fed(FrechetDistance(PROJECTION), 100), fed(FrechetDistance(PROJECTION), 1)
    turned = FrechetDistance(PROJECTION)
    turned.update(FAKE[::-1].transpose(0, 3, 1, 2), real=False)
    turned.update([image for image in REAL[::-1]], real=True)
    assert whole.compute() == single.compute() == turned.compute()


def test_distance_is_that_of_saved_files(tmp_path: Path) -> None:
    for name, whole in (("real", REAL), ("fake", FAKE)):
        (tmp_path / name).mkdir()
        for i, pixels in enumerate(whole):
            Image.fromarray(pixels).save(tmp_path / name / f"{i:03d}.png")
    metric = FrechetDistance(PROJECTION, value_range=(-1, 1))
    metric.update((REAL / 127.5 - 1).astype(np.float32), real=True)
    metric.update((FAKE / 127.5 - 1).astype(np.float32), real=False)
    record = ganeval.evaluate(tmp_path / "real", tmp_path / "fake", "fid", extractor=PROJECTION)
    # Files have other digests than arrays, so the rows are in another order.
    expected, found = record.metric("fid").estimate, metric.compute()
    assert found.value == pytest.approx(expected.value, rel=1e-10)
    assert found.se == pytest.approx(expected.se, rel=1e-10)


def test_computing_changes_nothing() -> None:
    metric = FrechetDistance(PROJECTION)
    metric.update(REAL, real=True)
    metric.update(FAKE[:10], real=False)
    metric.compute()
    metric.update(FAKE[10:], real=False)
    assert metric.compute() == fed(FrechetDistance(PROJECTION)).compute()


def test_copies_of_an_image_count_as_one_unit() -> None:
    metric = FrechetDistance(PROJECTION)
    metric.update(REAL, real=True)
    for _ in range(3):
        metric.update(FAKE[:8], real=False)
    twice = np.concatenate([FAKE[:8]] * 3)
    expected = ganeval.evaluate(REAL, twice, "fid", extractor=PROJECTION)
    assert metric.compute() == expected.metric("fid").estimate
    assert "duplicate_images" in [notice.code for notice in metric.warnings]


def test_identical_sets_are_at_distance_zero() -> None:
    metric = FrechetDistance(PROJECTION)
    metric.update(REAL, real=True)
    metric.update(REAL[::-1], real=False)
    assert metric.compute().value == 0.0
    assert metric.warnings[0].code == "identical_sets"


def test_few_images_are_warned_of_and_have_an_interval() -> None:
    metric = FrechetDistance(PROJECTION)
    estimate = fed(metric).compute()
    assert estimate.se is not None
    assert estimate.low < estimate.value < estimate.high
    assert "n_below_d" in [notice.code for notice in metric.warnings]


def test_many_rows_become_moments_to_the_last_bit() -> None:
    real, fake = rows(2 * BLOCK + 5, 1), rows(BLOCK + 900, 2)
    metric = FrechetDistance(None)
    for start in range(0, len(real), 700):
        metric.update_features(real[start : start + 700], real=True)
    metric.update_features(fake, real=False)
    estimate = metric.compute()
    assert estimate.value == frechet_distance(Moments.of(real), Moments.of(fake))
    assert estimate.n == {"real": len(real), "fake": len(fake)}
    assert estimate.se is None
    assert (estimate.reason or "").startswith("no standard error: the features were not kept")


def test_one_side_that_is_held_still_has_its_standard_error() -> None:
    metric = FrechetDistance(None)
    metric.update_features(rows(BLOCK + 1, 1), real=True)
    metric.update_features(rows(200, 2), real=False)
    estimate = metric.compute()
    assert estimate.se is not None
    assert "fake side only" in estimate.covers


def test_kept_features_give_a_standard_error_at_every_n() -> None:
    kept, flat = FrechetDistance(None, keep_features=True), FrechetDistance(None)
    for metric in (kept, flat):
        metric.update_features(rows(BLOCK + 100, 1), real=True)
        metric.update_features(rows(BLOCK + 200, 2), real=False)
    assert kept.compute().se is not None
    # The rows are in another order there, so they are rounded otherwise.
    assert kept.compute().value == pytest.approx(flat.compute().value, rel=1e-10)


def test_memory_does_not_grow_with_n() -> None:
    metric = FrechetDistance(None)
    sizes = []
    for seed in range(6):
        metric.update_features(rows(BLOCK + 10, seed), real=False)
        sizes.append(sum(array.nbytes for array in metric.state_dict().values()))
    assert max(sizes) < rows(BLOCK, 0).nbytes + 5 * 6 * 8 + 4000  # rows, moments, JSON


def test_features_handed_over_are_not_called_fid() -> None:
    metric = FrechetDistance(None)
    metric.update_features(rows(40, 1), real=True)
    metric.update_features(rows(40, 2), real=False)
    record = metric.record()
    assert record.metrics[0].display == "FD(unknown network)"
    assert "features_given" in [notice.code for notice in record.warnings]
    assert metric.compute().value == pytest.approx(
        frechet_distance(rows(40, 1), rows(40, 2)), rel=1e-12
    )


def test_a_batch_may_be_overwritten_afterwards() -> None:
    metric, buffer = FrechetDistance(None), rows(40, 1)
    metric.update_features(buffer, real=True)
    buffer[:] = 0
    metric.update_features(rows(40, 2), real=False)
    assert metric.compute().value == pytest.approx(
        frechet_distance(rows(40, 1), rows(40, 2)), rel=1e-12
    )


def test_reset_forgets_the_reals_only_unless_they_are_kept() -> None:
    metric = FrechetDistance(PROJECTION)
    fed(metric)
    metric.reset(keep_real=True)
    assert metric.n == {"real": 30, "fake": 0}
    metric.update(FAKE, real=False)
    assert metric.compute() == fed(FrechetDistance(PROJECTION)).compute()
    metric.reset()
    assert metric.n == {"real": 0, "fake": 0}
    assert metric.warnings == []


@pytest.mark.parametrize("kind", ["statistics", "array", "memory"])
def test_a_reference_stands_for_the_reals(tmp_path: Path, kind: str) -> None:
    array = tmp_path / "real.npy"
    np.save(array, REAL)
    reference: object = {"array": array, "memory": REAL}.get(kind, tmp_path / "real.npz")
    if kind == "statistics":
        save_image_statistics(array, tmp_path / "real.npz", Settings(extractor=PROJECTION))
    metric = Evaluation("fid,kid", PROJECTION, reference=reference)
    assert metric.n == {"real": 30, "fake": 0}
    metric.update(FAKE, real=False)
    expected = ganeval.evaluate(REAL, FAKE, "fid,kid", extractor=PROJECTION)
    assert estimates(metric.compute()) == estimates(expected)
    with pytest.raises(InputError, match="reference= holds the reals already"):
        metric.update(REAL, real=True)
    metric.reset()
    assert metric.n == {"real": 30, "fake": 0}


def test_a_reference_of_moments_serves_the_distance_and_is_refused_by_the_rest(
    tmp_path: Path,
) -> None:
    path = tmp_path / "real.npz"
    np.save(tmp_path / "real.npy", REAL)
    settings = Settings(extractor=PROJECTION)
    save_image_statistics(tmp_path / "real.npy", path, settings, keep_features="never")
    metric = FrechetDistance(PROJECTION, reference=path)
    metric.update(FAKE, real=False)
    # Another form of the distance: they agree to 1e-9.
    expected = fed(FrechetDistance(PROJECTION)).compute().value
    assert metric.compute().value == pytest.approx(expected, rel=1e-9)
    other = Evaluation("kid", PROJECTION, reference=path)
    other.update(FAKE, real=False)
    with pytest.raises(InputError, match="KID needs the features"):
        other.compute()


def test_a_reference_under_another_protocol_is_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "foreign.npz"
    np.savez(path, mu=rng.normal(size=6), sigma=np.eye(6))
    with pytest.raises(InputError, match="6 features per image, 64 are needed"):
        FrechetDistance(PROJECTION, reference=path)
    np.savez(path, mu=rng.normal(size=64), sigma=np.eye(64))
    told = FrechetDistance(PROJECTION, reference=path, ref_n=500)
    assert told.n["real"] == 500
    told.update(FAKE, real=False)
    assert told.compute().n == {"real": 500, "fake": 26}
    assert "stats_provenance_unknown" in [notice.code for notice in told.warnings]
    np.save(tmp_path / "real.npy", REAL)
    settings = Settings(extractor=PROJECTION, decode="peer")
    save_image_statistics(tmp_path / "real.npy", tmp_path / "peer.npz", settings)
    with pytest.raises(InputError, match=r"another protocol .*decode: peer there, correct here"):
        FrechetDistance(PROJECTION, reference=tmp_path / "peer.npz")
    metric = FrechetDistance(PROJECTION, reference=tmp_path / "peer.npz", force=True)
    metric.update(FAKE, real=False)
    metric.compute()
    assert "forced_protocol" in [notice.code for notice in metric.warnings]


def test_more_images_than_allowed_are_refused_before_they_are_extracted() -> None:
    metric = Evaluation("kid", PROJECTION, max_images=30)
    metric.update(REAL, real=True)
    with pytest.raises(InputError, match="more than max_images=30 real images"):
        metric.update(REAL[:1], real=True)
    assert metric.n["real"] == 30
    given = Evaluation("kid", None, max_images=30)
    with pytest.raises(InputError, match="more than max_images=30 fake images"):
        given.update_features(rows(31, 1), real=False)


def test_all_means_the_metrics_of_the_extractor_itself() -> None:
    record = fed(Evaluation("all", PROJECTION)).compute()
    assert {"fid", "kid", "coverage", "mind"} <= set(estimates(record))
    assert "cmmd" not in estimates(record)
    assert "cmmd" in next(n.text for n in record.warnings if n.code == "metrics_left_out")


class TwoLayers(RandomProjection):
    """The projection and its squares."""

    name = "two-layers"
    layers: Mapping[str, int] = {"64": 64, "squares": 64}

    def __call__(self, images: Images) -> dict[str, npt.NDArray[np.float32]]:
        (rows,) = super().__call__(images).values()
        return {"64": rows, "squares": np.square(rows)}


@pytest.fixture
def two_layers(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(random_projection, "TwoLayers", TwoLayers, raising=False)
    place = "ganeval.features.random_projection:TwoLayers"
    monkeypatch.setitem(EXTRACTORS._builtin, "two-layers", place)
    return "two-layers"


@pytest.mark.parametrize("metrics", ["fid,fid:squares", "fid:squares", "fid:squares,kid"])
def test_layers_are_those_of_the_command_line(two_layers: str, metrics: str) -> None:
    evaluation = fed(Evaluation(metrics, two_layers))
    expected = ganeval.evaluate(REAL, FAKE, metrics, extractor=two_layers)
    assert estimates(evaluation.compute()) == estimates(expected)
    assert [run.spec.layer for run in evaluation.compute().features] == [
        run.spec.layer for run in expected.features
    ]
    again = Evaluation(metrics, two_layers)
    again.merge(evaluation.state_dict())
    assert estimates(again.compute()) == estimates(expected)


def test_several_layers_take_several_arrays_of_equal_length(two_layers: str) -> None:
    metric = Evaluation("fid,fid:squares", two_layers)
    with pytest.raises(InputError, match=r"need several layers \(64, squares\)"):
        metric.update_features(rows(9, 1, 64), real=True)
    with pytest.raises(InputError, match="different numbers of rows"):
        metric.update_features({"64": rows(9, 1, 64), "squares": rows(8, 1, 64)}, real=True)
    for real in (True, False):
        one = rows(30, int(real), 64)
        metric.update_features({"64": one, "squares": np.square(one)}, real=real)
    squares = [np.square(rows(30, seed, 64)) for seed in (1, 0)]
    value = metric.compute().metric("fid:squares").estimate.value
    assert value == pytest.approx(frechet_distance(*squares), rel=1e-12)


def test_layers_are_told_by_their_names() -> None:
    metric = Evaluation("fid,kid", None)
    with pytest.raises(InputError, match="layer given were not given"):
        metric.update_features({"2048": rows(9, 1)}, real=True)
    metric.update_features({"given": rows(9, 1)}, real=True)
    assert metric.n["real"] == 9


@pytest.mark.slow
def test_several_layers_come_from_one_pass(inception_weights: Path) -> None:
    metrics, options = "fid,fid:768,sfid,is,kid", {"weights": inception_weights, "seed": 5}
    evaluation = Evaluation(metrics, **options)
    for start in range(0, 26, 13):
        evaluation.update(REAL[start : start + 13], real=True)
        evaluation.update(FAKE[start : start + 13], real=False)
    record = evaluation.compute()
    expected = ganeval.evaluate(REAL[:26], FAKE, metrics, **options)
    assert estimates(record) == estimates(expected)
    assert [one.display for one in record.metrics] == [one.display for one in expected.metrics]
    again = Evaluation(metrics, **options)
    again.load_state_dict(evaluation.state_dict())
    assert estimates(again.compute()) == estimates(record)
    with pytest.raises(InputError, match=r"need several layers \(2048, 768, sfid, logits\)"):
        evaluation.update_features(rows(9, 1), real=True)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FrechetDistance("random-projektion"), "did you mean random-projection"),
        (lambda: FrechetDistance(PROJECTION, colour=1), "no option 'colour'"),
        (lambda: FrechetDistance(PROJECTION, weights="w.pth"), "takes no weights file"),
        (lambda: FrechetDistance(None, device="cpu"), "device=: has no effect"),
        (lambda: FrechetDistance(PROJECTION, ref_n=9), "ref_n=: has no effect without reference"),
        (lambda: FrechetDistance(None, reference="real.npz"), "reference= needs an extractor"),
        (lambda: Evaluation("fid,kidd", PROJECTION), "did you mean kid"),
        (lambda: Evaluation("cmmd", None), "cmmd: needs images"),
        (lambda: Evaluation("fid", PROJECTION, max_images=1), "at least 2 images"),
    ],
)
def test_wrong_options_are_told_when_the_object_is_made(make: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()  # type: ignore[operator]


def test_too_few_images_are_told() -> None:
    metric = FrechetDistance(PROJECTION)
    metric.update(REAL, real=True)
    metric.update(FAKE[:1], real=False)
    with pytest.raises(InputError, match="got 1 fake"):
        metric.compute()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.zeros((4, 3)), None),
        (np.zeros((4, 2), np.int64), "float array"),
        (np.full((4, 5), np.nan), "row 0 of the features holds NaN"),
        (np.zeros((4, 5, 1)), "float array"),
        ("rows", "float array"),
    ],
)
def test_unfit_features_are_refused_and_change_nothing(given: object, message: str | None) -> None:
    metric = FrechetDistance(None)
    metric.update_features(rows(30, 1), real=True)
    with pytest.raises(InputError, match=message or "length 3 cannot join features of length 5"):
        metric.update_features(given, real=True)
    assert metric.n["real"] == 30


@pytest.mark.slow
def test_a_reference_of_the_adm_evaluator_serves_sfid(
    tmp_path: Path, inception_weights: Path
) -> None:
    path = tmp_path / "adm.npz"
    spatial = {"mu_s": np.zeros(2023), "sigma_s": np.eye(2023)}
    np.savez(path, mu=np.zeros(2048), sigma=np.eye(2048), **spatial)
    np.save(tmp_path / "fake.npy", FAKE[:6])
    metric = Evaluation("sfid", reference=path, weights=inception_weights)
    metric.update(FAKE[:6], real=False)
    expected = ganeval.evaluate(path, tmp_path / "fake.npy", "sfid", weights=inception_weights)
    assert estimates(metric.compute()) == estimates(expected)


def test_features_of_another_length_than_the_extractor_has_are_refused() -> None:
    with pytest.raises(InputError, match="has 64 features, and 5 were given"):
        FrechetDistance(PROJECTION).update_features(rows(30, 1), real=True)
