"""Other packages' numbers: which images they are of, in which order, and where there are none."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest

from ganeval.features.extractor import get_extractor
from ganeval.metrics import peer_reading
from ganeval.metrics.compat import compat_needs, peer_numbers
from ganeval.metrics.cubic_kernel import squared_discrepancy
from ganeval.metrics.frechet import frechet_distance
from ganeval.metrics.inception_score import inception_score
from ganeval.metrics.kernel_subsets import kid_subsets
from ganeval.metrics.moments import Moments
from ganeval.metrics.needs import Need
from ganeval.metrics.samples import Sample
from ganeval.metrics.sides import Side
from ganeval.records import FeatureRun, FeatureSpec, InputInfo, PeerNumber, Role, Skipped

MAIN = Need("inception-2015", "2048", "pytorch-fid")
D = 16


def rows(n: int, need: Need, seed: int) -> np.ndarray:
    """Features that differ by need, more alike within a side than across."""
    rng = np.random.default_rng([seed, compat_needs().index(need)])
    return (np.abs(rng.normal(size=(n, D))) + 0.2 * seed).astype(np.float32)


def run(need: Need, decode: str) -> FeatureRun:
    spec = FeatureSpec(
        extractor=need.extractor,
        layer=need.layer,
        dimension=D,
        weights_sha256=None,
        resize=need.resize,
        size=299,
        normalisation="-1..1",
        decode=decode,
    )
    return FeatureRun(spec=spec, weights=None, backend=None)


def sample(
    role: Role,
    keys: Sequence[str],
    *,
    decode: str = "correct",
    seed: int | None = None,
    **info: object,
) -> Sample:
    """A set of these images; rows as extraction would leave them."""
    if seed is None:
        seed = 1 if role == "real" else 2
    told = InputInfo(
        **{  # type: ignore[arg-type]
            "role": role,
            "label": role,
            "kind": "folder",
            "path": role,
            "n": len(keys),
            "sizes": {"64x64": len(keys)},
            **info,
        }
    )
    sides = {}
    for need in compat_needs():
        values = rows(len(keys), need, seed)
        sides[need] = Side(
            role=role,
            label=role,
            info=told,
            values=values,
            keys=list(keys),
            digests=[f"{i:05d}" for i in range(len(keys))],
            groups=list(keys),
            moments=values,
            run=run(need, decode),
            images=object(),  # type: ignore[arg-type]
        )
    return of_sides(sides, len(keys))


def of_sides(sides: dict[Need, Side], n: int) -> Sample:
    units = np.arange(n)
    digests = [f"{i:05d}" for i in range(n)]
    return Sample(sides, MAIN, units, n, np.zeros(n, np.int64), 1, digests)


def names(n: int) -> list[str]:
    """Names whose order is not the order of the digests."""
    return [f"{(7 * i) % n:05d}.png" for i in range(n)]


def number(numbers: list[PeerNumber], tool: str, metric: str) -> PeerNumber:
    (found,) = [one for one in numbers if one.tool.startswith(tool) and one.metric == metric]
    return found


def test_the_network_has_every_layer_and_mode_that_is_needed() -> None:
    needs = compat_needs()
    assert {need.resize for need in needs if need.layer == "2048"} == set(
        get_extractor("inception-2015").resize_modes
    )
    for need in needs:
        extractor = get_extractor(need.extractor)
        assert need.layer in extractor.layers
        assert need.resize in extractor.resize_modes


def test_a_distance_is_that_of_the_files_a_package_finds() -> None:
    keys = ["b.png", "a.JPG", "d.gif", "in/c.png", "e.jpeg", "f.webp"]
    real, fake = sample("real", keys), sample("fake", names(6))
    numbers = peer_numbers(real, fake)
    for tool, metric, mode, found in (
        ("pytorch-fid", "FID", "pytorch-fid", [0, 4, 5]),
        ("clean-fid", "FID (clean)", "clean", [0, 1, 3, 4, 5]),
        ("torch-fidelity", "FID", "tf1", [0, 1, 4]),
        ("torchmetrics", "FID", "torchmetrics", [0, 1, 2, 3, 4, 5]),
        ("ADM", "FID", "tf1", [0, 1, 2, 3, 4, 5]),
    ):
        need = Need("inception-2015", "2048", mode)
        expected = frechet_distance(rows(6, need, 1)[found], rows(6, need, 2))
        assert number(numbers, tool, metric).value == pytest.approx(expected, rel=1e-12), tool
    assert number(numbers, "pytorch-fid", "FID").note == (
        "finds 3 of 6 real images, none of .JPG .gif, none in folders inside (1)"
    )
    assert number(numbers, "clean-fid", "FID (clean)").note == (
        "finds 5 of 6 real images, none of .gif"
    )


def test_a_package_that_finds_nothing_prints_nothing() -> None:
    real = sample("real", [f"in/{i}.png" for i in range(5)])
    found = number(peer_numbers(real, sample("fake", names(5))), "pytorch-fid", "FID")
    assert found.value is None
    assert found.note == (
        "needs at least 2 images per side, got 0 real; "
        "finds 0 of 5 real images, none in folders inside (5)"
    )


def test_images_that_lie_in_no_folder_are_all_taken() -> None:
    keys = ["in/a.JPG", "in/b.gif", "c.png"]
    fake = sample("fake", names(4))
    for kind in ("array", "memory", "list"):
        numbers = peer_numbers(sample("real", keys, kind=kind), fake)
        assert not any("finds" in one.note for one in numbers)
    numbers = peer_numbers(sample("real", keys, kind="zip"), fake)
    assert number(numbers, "clean-fid", "FID (clean)").note == (
        "finds 2 of 3 real images, none of .gif"
    )
    assert number(numbers, "pytorch-fid", "FID").note == ""


@pytest.fixture(scope="module")
def many() -> list[PeerNumber]:
    """Of 1003 reals and 1010 fakes, enough for subsets of 1000."""
    return peer_numbers(sample("real", names(1003)), sample("fake", names(1010)))


def test_torch_fidelity_deals_images_in_the_order_of_their_names(many: list[PeerNumber]) -> None:
    by_name = np.argsort(names(1010))
    need = Need("inception-2015", "2048", "tf1")
    real, fake = rows(1003, need, 1)[np.argsort(names(1003))], rows(1010, need, 2)[by_name]
    subsets = kid_subsets(real, fake)
    kid = number(many, "torch-fidelity", "KID")
    assert (kid.value, kid.spread) == (subsets.estimate.value, subsets.spread)
    logits = rows(1010, Need("inception-2015", "logits", "tf1"), 2)
    score = inception_score(logits[by_name])
    assert number(many, "torch-fidelity", "ISC").value == pytest.approx(score.value, rel=1e-12)
    assert inception_score(logits).value != pytest.approx(score.value, rel=1e-6)


def test_torchmetrics_kid_is_the_mean_over_all_pairs_with_the_spread_of_one_draw(
    many: list[PeerNumber],
) -> None:
    need = Need("inception-2015", "2048", "torchmetrics")
    real, fake = rows(1003, need, 1).astype(np.float64), rows(1010, need, 2).astype(np.float64)
    kid = number(many, "torchmetrics", "KID")
    assert kid.value == pytest.approx(squared_discrepancy(real, fake), rel=1e-9)
    assert kid.spread is not None
    assert kid.spread > 0
    assert kid.note.startswith("expectation: subsets drawn without a seed")


def test_sets_as_large_as_the_subsets_leave_nothing_to_draw() -> None:
    numbers = peer_numbers(sample("real", names(1000)), sample("fake", names(1000)))
    for tool, mode in (("torch-fidelity", "tf1"), ("torchmetrics", "torchmetrics")):
        need = Need("inception-2015", "2048", mode)
        kid = number(numbers, tool, "KID")
        assert kid.value == pytest.approx(
            squared_discrepancy(*(rows(1000, need, s).astype(np.float64) for s in (1, 2))), rel=1e-9
        )
        assert (kid.spread, kid.note) == (0.0, "every subset is the whole set")
    assert number(numbers, "clean-fid", "KID (clean)").note == (
        "exact: every subset is the whole set"
    )


def test_clean_fids_kid_is_the_mean_over_all_subsets_there_are() -> None:
    numbers = peer_numbers(sample("real", names(6)), sample("fake", names(4)))
    need = Need("inception-2015", "2048", "clean")
    real, fake = rows(6, need, 1).astype(np.float64), rows(4, need, 2).astype(np.float64)
    each = [squared_discrepancy(real[list(some)], fake) for some in combinations(range(6), 4)]
    kid = number(numbers, "clean-fid", "KID (clean)")
    assert kid.value == pytest.approx(np.mean(each), rel=1e-9)
    assert kid.note == "expectation: 100 subsets of 4 drawn without a seed"


def test_few_images_are_refused_as_the_packages_refuse_them() -> None:
    numbers = peer_numbers(sample("real", names(12)), sample("fake", names(8)))
    for tool in ("torch-fidelity", "torchmetrics"):
        kid = number(numbers, tool, "KID")
        assert kid.value is None
        assert kid.note.startswith("refuses: fewer than 1000 images")
    assert number(numbers, "torch-fidelity", "ISC").value is None
    score = number(numbers, "torchmetrics", "IS")
    assert (score.value, score.spread) == (1.0, 0.0)
    numbers = peer_numbers(sample("real", names(3)), sample("fake", names(8)))
    precision = number(numbers, "ADM", "Precision")
    assert precision.value is None
    assert "3" in precision.note


def test_names_change_no_number_that_does_not_depend_on_order() -> None:
    real = sample("real", names(12))
    before = peer_numbers(real, sample("fake", names(11)))
    after = peer_numbers(real, sample("fake", [f"{i:05d}.png" for i in range(11)]))
    for one, other in zip(before, after, strict=True):
        if "FID" in one.metric or one.metric in ("Precision", "Recall", "Inception Score"):
            assert one.value == pytest.approx(other.value, rel=1e-12), one.metric


def test_equal_sets_have_no_distance() -> None:
    numbers = peer_numbers(sample("real", names(9), seed=5), sample("fake", names(9), seed=5))
    distances = [one.value for one in numbers if "FID" in one.metric]
    assert len(distances) == 10
    assert set(distances) == {0.0}


def test_what_a_package_would_do_otherwise_is_said_where_it_applies() -> None:
    fake = sample(
        "fake",
        names(5),
        decoded={"alpha": 2, "grey": 5},
        skipped=[Skipped(key="x.png", reason="damaged")],
        ignored={".npy": 3, ".txt": 1},
        limit=5,
    )
    numbers = peer_numbers(sample("real", names(5)), fake)
    assert number(numbers, "clean-fid", "FID (clean)").note == (
        "would also read .npy files as fake images (3); "
        "would stop at unreadable fake images (1 left out here); "
        "reads some fake images differently (alpha 2): see --decode peer; "
        "of the 5 fake images chosen by --limit"
    )
    # Its user reads the files and hands over arrays.
    assert number(numbers, "torchmetrics", "FID").note == "of the 5 fake images chosen by --limit"
    numbers = peer_numbers(
        sample("real", names(5)), sample("fake", names(5), decode="peer", decoded={"alpha": 2})
    )
    assert number(numbers, "pytorch-fid", "FID").note == ""


def test_several_sizes_stop_those_who_stack_images() -> None:
    fake = sample("fake", names(5), sizes={"64x64": 4, "32x64": 1})
    numbers = peer_numbers(sample("real", names(5)), fake)
    stops = "stops at fake images of several sizes unless the batch size is 1"
    for tool, metric, stopped in (
        ("pytorch-fid", "FID", True),
        ("clean-fid", "FID (clean)", False),
        ("clean-fid", "FID (legacy_pytorch)", False),
        ("clean-fid", "FID (legacy_tensorflow)", True),
        ("torch-fidelity", "FID", True),
        ("torchmetrics", "FID", False),
    ):
        found = number(numbers, tool, metric)
        assert found.value is not None
        assert found.note == (stops if stopped else "")
    assert number(numbers, "ADM", "sFID").value is None


@pytest.mark.parametrize(
    ("scipy", "stops"), [("1.17.9", False), ("1.18.0rc1", True), ("2.0.0", True)]
)
def test_a_scipy_that_has_lost_an_option_stops_those_who_use_it(
    monkeypatch: pytest.MonkeyPatch, scipy: str, stops: bool
) -> None:
    monkeypatch.setattr(peer_reading, "version", lambda package: scipy)
    numbers = peer_numbers(sample("real", names(5)), sample("fake", names(5)))
    stopped = {(one.tool, one.metric) for one in numbers if "SciPy" in one.note}
    assert stopped == (
        {
            ("pytorch-fid 0.3.0", "FID"),
            ("clean-fid 0.1.35", "FID (clean)"),
            ("clean-fid 0.1.35", "FID (legacy_pytorch)"),
            ("clean-fid 0.1.35", "FID (legacy_tensorflow)"),
            ("ADM evaluator", "FID"),
            ("ADM evaluator", "sFID"),
        }
        if stops
        else set()
    )


def test_saved_statistics_serve_what_needs_no_images() -> None:
    values = rows(9, MAIN, 1)
    info = InputInfo(role="real", label="real", kind="statistics", path="real.npz", n=9)
    saved = Side(
        role="real",
        label="real",
        info=info,
        values=None,
        keys=[],
        digests=[],
        groups=[],
        moments=Moments.of(values),
        run=None,
        images=None,
    )
    numbers = peer_numbers(of_sides({MAIN: saved}, 0), sample("fake", names(9)))
    for one in numbers:
        expected = one.tool.startswith("pytorch-fid") or one.metric == "FID (legacy_pytorch)"
        alone = one.metric in ("ISC", "IS", "Inception Score")  # of the fakes
        assert (one.value is not None) == (
            expected or (alone and one.tool != "torch-fidelity 0.4.0")
        )
        if not (expected or alone):
            assert one.note
    distance = frechet_distance(Moments.of(values), rows(9, MAIN, 2))
    assert number(numbers, "pytorch-fid", "FID").value == pytest.approx(distance, rel=1e-9)
