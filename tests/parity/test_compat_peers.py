"""What other packages print on folders of image files, against what ganeval says they would.

Every package is run through its own entry point on the same files, with the same seeded weights in
place of its download.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.linalg
import torch
import torch_fidelity
import torchmetrics
from cleanfid import fid as clean_fid
from cleanfid import inception_pytorch as clean_inception
from PIL import Image
from pytorch_fid import fid_score
from pytorch_fid import inception as pytorch_inception
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import calculate_precision_recall_full
from torchmetrics.image.fid import FrechetInceptionDistance, NoTrainInceptionV3
from torchmetrics.image.inception import InceptionScore
from torchmetrics.image.kid import KernelInceptionDistance
from torchmetrics.image.mifid import MemorizationInformedFrechetInceptionDistance

from ganeval.metrics.compat import compat_needs, peer_numbers
from ganeval.metrics.needs import Need
from ganeval.metrics.samples import fake_samples, real_sample
from ganeval.metrics.settings import Settings, silent
from ganeval.metrics.sides import Side, extract_sides, make_plans, open_side
from ganeval.records import PeerNumber

pytestmark = [pytest.mark.peer, pytest.mark.slow]

# Features of two backends agree to 1e-4 image by image, with errors of either sign; distances
# average them to a tenth.
RELATIVE = 1e-5
# Roots of eigenvalues that should be 0 add up to a little trace: those who take all 2048 of them
# read low by up to this much.
ROOTS = 5e-4
MAIN = Need("inception-2015", "2048", "pytorch-fid")
FAKE = "fake"


def picture(rng: np.random.Generator, side: int, *, noise: float) -> Image.Image:
    """Structure at several scales, so that the resize modes differ."""
    coarse = rng.integers(0, 256, (6, 6, 3)).repeat(-(-side // 6), axis=0)[:side]
    coarse = coarse.repeat(-(-side // 6), axis=1)[:, :side]
    pixels = np.clip(coarse + rng.normal(0, noise, coarse.shape), 0, 255)
    return Image.fromarray(pixels.astype(np.uint8))


def write(folder: Path, names: Sequence[str], sizes: Sequence[int], seed: int, noise: float) -> str:
    """Writes one image per name, JPEG or PNG by its extension."""
    rng = np.random.default_rng(seed)
    for name, side in zip(names, sizes, strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        image = picture(rng, side, noise=noise)
        if name.lower().endswith("g") and "jp" in name.lower():
            image.save(folder / name, format="JPEG", quality=90)
        else:
            image.save(folder / name, format="PNG")
    return str(folder)


@dataclass
class Folders:
    """Two folders, and what ganeval says of them."""

    real: str
    fake: str
    numbers: list[PeerNumber]

    def of(self, tool: str, metric: str) -> PeerNumber:
        (number,) = [n for n in self.numbers if n.tool.startswith(tool) and n.metric == metric]
        assert number.fake == FAKE
        return number

    def value(self, tool: str, metric: str) -> float:
        value = self.of(tool, metric).value
        assert value is not None
        return value


def numbers_of(real: str, fake: str, weights: Path) -> list[PeerNumber]:
    settings = Settings(weights=weights, decode="peer")
    plans, _ = make_plans(settings, compat_needs(), True, silent)

    def sides(path: str, role: str) -> dict[Need, Side]:
        opened = open_side(path, role, role, settings)  # type: ignore[arg-type]
        return extract_sides(opened, plans, MAIN, silent)[0]

    (fakes,), _ = fake_samples([sides(fake, "fake")], MAIN, 0)
    return peer_numbers(real_sample(sides(real, "real"), MAIN, 0), fakes)


@pytest.fixture(scope="module", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, _networks: Path) -> Iterator[None]:
    """One cache while the folders are extracted, with the networks that other tests converted."""
    cache = tmp_path_factory.mktemp("cache")
    (cache / "networks").symlink_to(_networks, target_is_directory=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANEVAL_CACHE", str(cache))
        yield


@pytest.fixture(scope="module")
def uniform(tmp_path_factory: pytest.TempPathFactory, inception_weights: Path) -> Folders:
    """12 files of one size on each side; some of them are not seen by everybody."""
    root = tmp_path_factory.mktemp("uniform")
    jpegs = [f"{i:02d}.jpg" for i in (9, 3, 7, 1, 11)]
    pngs = [f"{i:02d}.png" for i in (2, 8, 0, 5)]
    real = write(root / "real", [*jpegs, *pngs, "04.PNG", "06.JPG", "in/10.png"], [72] * 12, 1, 20)
    fake = write(
        root / "fake",
        [f"{i:02d}.{'png' if i % 2 else 'jpeg'}" for i in range(12)],
        [72] * 12,
        2,
        60,
    )
    return Folders(real, fake, numbers_of(real, fake, inception_weights))


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory, inception_weights: Path) -> Folders:
    """Few files of several sizes, unequally many."""
    root = tmp_path_factory.mktemp("mixed")
    real = write(root / "real", [f"{i}.png" for i in range(5)], [40, 72, 96, 300, 340], 3, 20)
    fake = write(root / "fake", [f"{i}.jpg" for i in range(4)], [64, 64, 310, 80], 4, 60)
    return Folders(real, fake, numbers_of(real, fake, inception_weights))


# ---- the packages, run without their downloads and without minutes in a matrix root


def on_its_range(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Q and B with matrix = Q B, as narrow as its rank; products of covariances of few images."""
    probe = np.random.default_rng(0).normal(size=(len(matrix), 64))
    left, values, _ = np.linalg.svd(matrix @ probe, full_matrices=False)
    basis = left[:, values > 1e-9 * values[0]]
    assert basis.shape[1] < 64
    return basis, basis.T @ matrix


def matrix_root(matrix: np.ndarray) -> np.ndarray:
    """The root of a product of deficient covariances: (Q M B)² = Q B for M = (B Q)^(-1/2)."""
    basis, rest = on_its_range(matrix)
    return np.asarray(basis @ np.linalg.solve(scipy.linalg.sqrtm(rest @ basis), rest))


def eigenvalues(matrix: np.ndarray) -> np.ndarray:
    """The eigenvalues that are not 0; all 2048 take 6 s."""
    basis, rest = on_its_range(matrix)
    return np.asarray(np.linalg.eig(rest @ basis).eigenvalues)


@pytest.fixture
def quick_roots(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch-fidelity and torchmetrics without the eigenvalues that are 0."""
    monkeypatch.setattr("torch_fidelity.metric_fid.np.linalg.eigvals", eigenvalues)
    monkeypatch.setattr(
        "torchmetrics.image.fid.torch.linalg.eigvals",
        lambda matrix: torch.from_numpy(eigenvalues(matrix.numpy()).astype(np.complex128)),
    )


@pytest.fixture(scope="module")
def state(inception_weights: Path) -> dict[str, torch.Tensor]:
    loaded: dict[str, torch.Tensor] = torch.load(inception_weights, weights_only=True)
    return loaded


class Script(torch.nn.Module):
    """Stands for the TorchScript file that clean-fid downloads, made of pytorch-fid's blocks."""

    def __init__(self) -> None:
        super().__init__()
        network = pytorch_inception.InceptionV3([3], resize_input=False, normalize_input=False)
        self.layers = torch.nn.Sequential(*network.eval().blocks)

    def forward(self, x: torch.Tensor, return_features: bool) -> torch.Tensor:
        assert return_features
        x = interpolate_bilinear_2d_like_tensorflow1x(x, size=(299, 299), align_corners=False)
        return self.layers((x - 128) / 128)


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch, state: dict[str, torch.Tensor]) -> None:
    """Weights from memory; exact roots, as SciPy's are slow and have lost an option."""
    for module in (pytorch_inception, clean_inception):
        monkeypatch.setattr(module, "load_state_dict_from_url", lambda *_, **__: state)
    roots = SimpleNamespace(sqrtm=lambda matrix, disp: (matrix_root(matrix), disp))
    for module in (fid_score, clean_fid):
        monkeypatch.setattr(module, "linalg", roots)
    monkeypatch.setattr("cleanfid.inception_torchscript.check_download_inception", lambda **_: None)
    monkeypatch.setattr(torch.jit, "load", lambda path: Script())


@contextmanager
def as_package() -> Iterator[None]:
    """Lets a package warn of options of Pillow, SciPy and torch that are on their way out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def of_pytorch_fid(folders: Folders, batch_size: int = 50) -> float:
    with as_package():
        return float(
            fid_score.calculate_fid_given_paths(
                [folders.real, folders.fake], batch_size, "cpu", 2048, num_workers=0
            )
        )


def of_clean_fid(
    compute: Callable[..., float], folders: Folders, mode: str, batch_size: int = 8
) -> float:
    with as_package():
        return float(
            compute(
                folders.real,
                folders.fake,
                mode=mode,
                device=torch.device("cpu"),
                num_workers=0,
                batch_size=batch_size,
                use_dataparallel=False,
                verbose=False,
            )
        )


def of_torch_fidelity(folders: Folders, weights: Path, **asked: object) -> dict[str, float]:
    with as_package():
        measured: dict[str, float] = torch_fidelity.calculate_metrics(
            input1=folders.fake,
            input2=folders.real,
            cuda=False,
            cache=False,
            save_cpu_ram=True,
            verbose=False,
            feature_extractor_weights_path=str(weights),
            **asked,
        )
    return measured


def arrays(folder: str) -> torch.Tensor:
    """All images in the order of their names, uint8 ``[n, 3, H, W]``."""
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    pixels = np.stack([np.asarray(Image.open(path).convert("RGB")) for path in files])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2)


# ---- pytorch-fid


@pytest.mark.usefixtures("local")
def test_pytorch_fid_prints_the_distance_of_the_files_it_finds(uniform: Folders) -> None:
    number = uniform.of("pytorch-fid", "FID")
    assert number.value == pytest.approx(of_pytorch_fid(uniform), rel=RELATIVE)
    assert number.note == (
        "finds 9 of 12 real images, none of .JPG .PNG, none in folders inside (1)"
    )


@pytest.mark.usefixtures("local")
def test_pytorch_fid_stops_at_several_sizes_unless_batches_are_single(mixed: Folders) -> None:
    with pytest.raises(RuntimeError, match="stack expects each tensor to be equal size"):
        of_pytorch_fid(mixed)
    number = mixed.of("pytorch-fid", "FID")
    assert number.value == pytest.approx(of_pytorch_fid(mixed, 1), rel=RELATIVE)
    assert "stops at real images of several sizes unless the batch size is 1" in number.note


# ---- clean-fid


def clean_features(folders: Folders) -> list[np.ndarray]:
    """What compute_fid and compute_kid make of two folders before they part."""
    device = torch.device("cpu")
    with as_package():
        model = clean_fid.build_feature_extractor("clean", device, use_dataparallel=False)
        return [
            clean_fid.get_folder_features(
                folder, model, 0, batch_size=8, device=device, mode="clean", verbose=False
            )
            for folder in (folders.real, folders.fake)
        ]


@pytest.mark.usefixtures("local")
def test_clean_fid_finds_all_files_and_draws_no_subsets_of_equally_many(uniform: Folders) -> None:
    features = clean_features(uniform)
    distance, kid = uniform.of("clean-fid", "FID (clean)"), uniform.of("clean-fid", "KID (clean)")
    assert distance.value == pytest.approx(clean_fid.fid_from_feats(*features), rel=RELATIVE)
    assert distance.note == ""
    # Its sums are float32.
    assert kid.value == pytest.approx(clean_fid.kernel_distance(*features), rel=1e-4)
    assert kid.note == "exact: every subset is the whole set"


@pytest.mark.usefixtures("local")
def test_clean_fid_resizes_alone_and_draws_subsets_of_unequally_many(mixed: Folders) -> None:
    features = clean_features(mixed)
    theirs = clean_fid.fid_from_feats(*features)
    assert mixed.value("clean-fid", "FID (clean)") == pytest.approx(theirs, rel=RELATIVE)
    np.random.seed(0)  # noqa: NPY002, the generator that clean-fid draws from
    runs = [clean_fid.kernel_distance(*features) for _ in range(200)]
    # 200 means of 100 subsets; 5 standard errors of their mean.
    error = np.std(runs) / np.sqrt(len(runs))
    assert error > 0
    number = mixed.of("clean-fid", "KID (clean)")
    assert number.value is not None
    assert abs(number.value - np.mean(runs)) <= 5 * error
    assert number.note == "expectation: 100 subsets of 4 drawn without a seed"


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("mode", ["clean", "legacy_pytorch", "legacy_tensorflow"])
def test_clean_fid_prints_the_distance_of_all_files(uniform: Folders, mode: str) -> None:
    theirs = of_clean_fid(clean_fid.compute_fid, uniform, mode)
    assert uniform.value("clean-fid", f"FID ({mode})") == pytest.approx(theirs, rel=RELATIVE)


@pytest.mark.usefixtures("local")
def test_clean_fid_stops_at_several_sizes_where_tensorflow_would_resize(mixed: Folders) -> None:
    with pytest.raises(RuntimeError, match="stack expects each tensor to be equal size"):
        of_clean_fid(clean_fid.compute_fid, mixed, "legacy_tensorflow")
    number = mixed.of("clean-fid", "FID (legacy_tensorflow)")
    assert "stops at real images of several sizes unless the batch size is 1" in number.note
    theirs = of_clean_fid(clean_fid.compute_fid, mixed, "legacy_tensorflow", batch_size=1)
    assert number.value == pytest.approx(theirs, rel=RELATIVE)


@pytest.mark.usefixtures("local")
def test_clean_fid_prints_the_kid(uniform: Folders) -> None:
    theirs = of_clean_fid(clean_fid.compute_kid, uniform, "clean")
    assert uniform.value("clean-fid", "KID (clean)") == pytest.approx(theirs, rel=1e-4)


# ---- torch-fidelity


@pytest.mark.usefixtures("quick_roots")
def test_torch_fidelity_prints_score_and_distance(
    uniform: Folders, inception_weights: Path
) -> None:
    theirs = of_torch_fidelity(uniform, inception_weights, isc=True, fid=True)
    score = uniform.of("torch-fidelity", "ISC")
    assert score.value == pytest.approx(theirs["inception_score_mean"], rel=RELATIVE)
    # Of a score near 1 the spread is small, and its error that of the score.
    assert score.spread == pytest.approx(theirs["inception_score_std"], abs=RELATIVE)
    distance = uniform.of("torch-fidelity", "FID")
    assert distance.value == pytest.approx(theirs["frechet_inception_distance"], rel=RELATIVE)
    assert "finds 11 of 12 real images, none in folders inside (1)" in distance.note


def test_torch_fidelity_prints_the_distance_with_all_its_roots(
    uniform: Folders, inception_weights: Path
) -> None:
    theirs = of_torch_fidelity(uniform, inception_weights, fid=True)["frechet_inception_distance"]
    ours = uniform.value("torch-fidelity", "FID")
    assert abs(ours - theirs) <= max(RELATIVE * theirs, ROOTS)


def test_torch_fidelity_refuses_the_kid_of_few_images(uniform: Folders) -> None:
    with pytest.raises(ValueError, match="KID subset size 1000"):
        kid_features_to_metric(torch.zeros(12, 4), torch.zeros(11, 4), verbose=False)
    number = uniform.of("torch-fidelity", "KID")
    assert number.value is None
    assert number.note.startswith("refuses: fewer than 1000 images")


def test_torch_fidelity_stops_at_several_sizes(mixed: Folders, inception_weights: Path) -> None:
    with pytest.raises(RuntimeError, match="stack expects each tensor to be equal size"):
        of_torch_fidelity(mixed, inception_weights, fid=True)
    assert "stops at real images of several sizes" in mixed.of("torch-fidelity", "FID").note


def test_torch_fidelity_prints_no_score_of_fewer_images_than_splits(mixed: Folders) -> None:
    with as_package():
        theirs = isc_features_to_metric(torch.zeros(4, 1008))
    assert np.isnan(theirs["inception_score_mean"])
    number = mixed.of("torch-fidelity", "ISC")
    assert number.value is None
    assert "nan" in number.note


# ---- torchmetrics


class Remembering(torch.nn.Module):
    """torchmetrics' own network, which several metrics are handed the same images for."""

    num_features = 2048

    def __init__(self, layer: str, weights: Path) -> None:
        super().__init__()
        self.network = NoTrainInceptionV3("inception-v3-compat", [layer], str(weights))
        self.rows: dict[bytes, torch.Tensor] = {}

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        key = images.numpy().tobytes()
        if key not in self.rows:
            self.rows[key] = self.network(images)
        return self.rows[key]


@pytest.fixture(scope="module")
def pool(inception_weights: Path) -> Remembering:
    return Remembering("2048", inception_weights)


def measured(metric: torchmetrics.Metric, folders: Folders) -> float:
    for folder, real in ((folders.real, True), (folders.fake, False)):
        for batch in arrays(folder).split(5):
            metric.update(batch, real=real)
    return float(metric.compute())


@pytest.mark.usefixtures("quick_roots")
def test_torchmetrics_prints_the_distance(uniform: Folders, pool: Remembering) -> None:
    theirs = measured(FrechetInceptionDistance(pool), uniform)
    assert uniform.value("torchmetrics", "FID") == pytest.approx(theirs, rel=RELATIVE)


@pytest.mark.parametrize("antialias", [True, False])
def test_torchmetrics_prints_the_distance_with_all_its_roots(
    uniform: Folders, inception_weights: Path, antialias: bool
) -> None:
    metric = FrechetInceptionDistance(
        feature_extractor_weights_path=str(inception_weights), antialias=antialias
    )
    theirs = measured(metric, uniform)
    ours = uniform.value("torchmetrics", "FID" if antialias else "FID (antialias=False)")
    assert abs(ours - theirs) <= max(RELATIVE * theirs, ROOTS)


@pytest.mark.usefixtures("quick_roots")
def test_torchmetrics_prints_a_reversed_mifid(uniform: Folders, pool: Remembering) -> None:
    theirs = measured(MemorizationInformedFrechetInceptionDistance(pool), uniform)
    assert theirs > 10 * uniform.value("torchmetrics", "FID")  # divided by a distance below 0.1
    # That distance is itself as small as 1e-3 here, and features have errors of 1e-4.
    assert uniform.value("torchmetrics", "MiFID") == pytest.approx(theirs, rel=1e-3)


def test_torchmetrics_refuses_the_kid_of_few_images(uniform: Folders) -> None:
    with as_package():
        metric = KernelInceptionDistance(torch.nn.Flatten())
    with pytest.raises(ValueError, match="subset_size"):
        measured(metric, uniform)
    number = uniform.of("torchmetrics", "KID")
    assert number.value is None
    assert number.note.startswith("refuses: fewer than 1000 images")


def test_torchmetrics_score_is_expected_to_be_that(
    uniform: Folders, inception_weights: Path
) -> None:
    with as_package():
        metric = InceptionScore(Remembering("logits_unbiased", inception_weights).network)
    metric.update(arrays(uniform.fake))
    torch.manual_seed(0)
    runs = []
    for _ in range(60):
        runs.append(metric.compute())
        metric._computed = None
    values = np.array([float(value) for value, _ in runs])
    number = uniform.of("torchmetrics", "IS")
    assert number.value is not None
    assert number.spread is not None
    # Both are means over draws: theirs of 60, ours of 10; 5 standard errors.
    assert abs(number.value - values.mean()) <= 5 * values.std() * np.sqrt(1 / 60 + 1 / 10)
    spreads = np.array([float(spread) for _, spread in runs])
    assert abs(number.spread - spreads.mean()) <= 5 * spreads.std() * np.sqrt(1 / 60 + 1 / 10)


# ---- the ADM evaluator, which is a script on TensorFlow; its formulas are those of torch-fidelity


@pytest.fixture(scope="module")
def in_tensorflows_mode(
    uniform: Folders, inception_weights: Path
) -> dict[str, dict[str, torch.Tensor]]:
    """torch-fidelity's own features of both folders, images in the order of their names."""
    peer = FeatureExtractorInceptionV3(
        "inception-v3-compat",
        ["2048", "logits_unbiased"],
        feature_extractor_weights_path=str(inception_weights),
    )
    spatial: list[torch.Tensor] = []
    peer.Mixed_6d.branch1x1.register_forward_hook(lambda *call: spatial.append(call[2]))
    features = {}
    for side, folder in (("real", uniform.real), ("fake", uniform.fake)):
        with torch.inference_mode():
            pool, logits = peer(arrays(folder))
        ordered = spatial.pop().permute(0, 2, 3, 1)[..., :7].reshape(len(pool), -1)
        features[side] = {"pool": pool, "logits": logits, "spatial": ordered}
    return features


@pytest.mark.usefixtures("quick_roots")
@pytest.mark.parametrize(("metric", "layer"), [("FID", "pool"), ("sFID", "spatial")])
def test_adm_evaluator_prints_the_distances(
    uniform: Folders,
    in_tensorflows_mode: dict[str, dict[str, torch.Tensor]],
    metric: str,
    layer: str,
) -> None:
    statistics = [
        fid_features_to_statistics(in_tensorflows_mode[side][layer]) for side in ("real", "fake")
    ]
    theirs = fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]
    assert uniform.value("ADM", metric) == pytest.approx(theirs, rel=RELATIVE)


def test_adm_evaluator_prints_the_score_of_one_split(
    uniform: Folders, in_tensorflows_mode: dict[str, dict[str, torch.Tensor]]
) -> None:
    logits = in_tensorflows_mode["fake"]["logits"]
    theirs = isc_features_to_metric(logits, splits=1, shuffle=False)["inception_score_mean"]
    assert uniform.value("ADM", "Inception Score") == pytest.approx(theirs, rel=RELATIVE)


def test_adm_evaluator_prints_precision_and_recall(
    uniform: Folders, in_tensorflows_mode: dict[str, dict[str, torch.Tensor]]
) -> None:
    real, fake = (in_tensorflows_mode[side]["pool"] for side in ("real", "fake"))
    precision, recall = calculate_precision_recall_full(fake, real, neighborhood=3)
    # Shares of 12 images, of which none lies at an edge here.
    assert uniform.value("ADM", "Precision") == pytest.approx(precision, abs=1e-6)
    assert uniform.value("ADM", "Recall") == pytest.approx(recall, abs=1e-6)


def test_adm_evaluator_takes_images_of_one_size(mixed: Folders) -> None:
    for metric in ("Inception Score", "FID", "sFID", "Precision", "Recall"):
        number = mixed.of("ADM", metric)
        assert number.value is None
        assert number.note == "refuses: it takes arrays, whose images have one size"


def test_resize_modes_tell_the_packages_apart(uniform: Folders) -> None:
    """Else the comparisons above could not tell one mode for another."""
    values = sorted(
        uniform.value(tool, metric)
        for tool, metric in (
            ("clean-fid", "FID (clean)"),
            ("clean-fid", "FID (legacy_pytorch)"),
            ("clean-fid", "FID (legacy_tensorflow)"),
            ("torchmetrics", "FID"),
        )
    )
    assert all(b - a > max(100 * RELATIVE * b, ROOTS) for a, b in pairwise(values)), values
