"""Records with images drawn by code, and their pages in a browser.

Names are long, odd and hostile on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from reports.browsing import ARGUMENTS, CHROMIUM, Open
from reports.classification import (
    apply_record,
    bare_record,
    classify_pictures,
    classify_record,
)
from reports.evaluation import FAKES, TRAIN, evaluation_of
from reports.training import training_pictures, training_record

from ganeval.cli import run
from ganeval.records import (
    BackendInfo,
    Environment,
    Estimate,
    FeatureRun,
    FeatureSpec,
    Floor,
    Gallery,
    InputInfo,
    Metric,
    MetricsRecord,
    Neighbour,
    Notice,
    Skipped,
    Test,
    WeightsInfo,
)
from ganeval_reports import render

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Dialog, Error, Page, Request

REAL, FAKE = "paintings", FAKES[0]
SCRIPT = "<script>alert(1)</script>.png"
ODD_NAMES = (
    SCRIPT,
    '"><img src=x onerror=alert(2)>.png',
    "a very long file name " * 9 + ".png",
    "日本語/ünïcode 🎨.png",
    "$\\frac{a}{0}$ {{ 7 * 7 }}.png",
    "javascript:alert(3)//' onmouseover='alert(4).png",
)
SIDES = 60  # images a side


def keys(role: str) -> list[str]:
    plain = [f"{role}-{index:04d}.png" for index in range(SIDES - len(ODD_NAMES))]
    return [*ODD_NAMES, *plain]


def estimate(value: float, se: float, **more: object) -> Estimate:
    n = {"real": SIDES, "fake": SIDES}
    ends = {"low": value - 2 * se, "high": value + 2 * se}
    return Estimate(value=value, se=se, n=n, **{**ends, **more})  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def pictures() -> dict[tuple[str, str], Image.Image]:
    """Input label and key to an image: real ones 96 × 64, fake ones 28 × 28 pixels."""
    rng = np.random.default_rng(20)
    drawn = {}
    for label, role, size in ((REAL, "real", (96, 64)), (FAKE, "fake", (28, 28))):
        for key in keys(role):
            coarse = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
            drawn[label, key] = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    # Of the evaluation: the same images under other labels, and reals that are only darker.
    for label, twin in ((TRAIN, REAL), (FAKES[2], FAKE)):
        drawn |= {(label, key): image for (own, key), image in drawn.items() if own == twin}
    for fake, real in zip(keys("fake"), keys("real"), strict=True):
        drawn[FAKES[1], fake] = drawn[REAL, real].point(lambda value: value // 2)
    return drawn


@pytest.fixture
def load(
    pictures: dict[tuple[str, str], Image.Image],
) -> Callable[[str, str], Image.Image | None]:
    return lambda label, key: pictures.get((label, key))


@pytest.fixture(scope="session")
def record() -> MetricsRecord:
    """FID with floor, KID with a test, warnings, skipped files; one fake set."""
    reals, fakes = keys("real"), keys("fake")
    neighbours = [
        Neighbour(fake=fake, real=real, distance=7.3 + index, influence=31.4 - 9 * index)
        for index, (fake, real) in enumerate(zip(fakes[:8], reversed(reals[:8]), strict=True))
    ]
    spec = FeatureSpec(
        extractor="inception-2015",
        layer="2048",
        dimension=2048,
        weights_sha256="6726825d" * 8,
        resize="pytorch-fid",
        size=299,
        normalisation="x/127.5 - 1",
        decode="correct",
    )
    weights = WeightsInfo(file="pt_inception.pth", sha256="6726825d" * 8, verified=True)
    backend = BackendInfo(name="openvino", version="2025.4", device="CPU", threads=2)
    return MetricsRecord(
        command="fid",
        argv=["ganeval", "fid", "data/paintings", "out/it's & <b>mine</b>", "--html", "r.html"],
        started="2026-11-22T05:30:12+00:00",
        seconds=44.2,
        verdict="The fakes are at FID 62.3 ± 1.8 from the paintings & <i>differ</i> from them.",
        inputs=[
            InputInfo(
                role="real",
                label=REAL,
                kind="folder",
                path="data/paintings",
                n=SIDES,
                n_groups=SIDES,
                fingerprint="0123456789abcdef" * 4,
                content_fingerprint="fedcba9876543210" * 4,
                formats={"PNG": SIDES},
                sizes={"96x64": SIDES},
                modes={"RGB": SIDES},
            ),
            InputInfo(
                role="fake",
                label=FAKE,
                kind="folder",
                path="out/it's & <b>mine</b>",
                n=SIDES,
                fingerprint="00112233445566778899aabbccddeeff" * 2,
                formats={"PNG": SIDES - 1, "JPEG": 1},
                sizes={"28x28": SIDES},
                ignored={".txt": 2},
                skipped=[Skipped(key="<u>broken</u>.png", reason="truncated")],
            ),
        ],
        features=[
            FeatureRun(spec=spec, weights=weights, backend=None, cache_hits=SIDES),
            FeatureRun(spec=spec, weights=weights, backend=backend, cache_misses=SIDES, seconds=9),
        ],
        metrics=[
            Metric(
                name="fid",
                display="FID",
                fake=FAKE,
                direction="lower",
                estimate=estimate(
                    62.3181, 1.8372, method="influence", covers="the expected value at this n"
                ),
                floor=Floor(
                    half_size=30,
                    splits=5,
                    cross=75.91,
                    floor_real=43.82,
                    floor_fake=44.03,
                    excess=estimate(31.98, 1.52, method="influence over splits"),
                ),
                bias_corrected=Estimate(value=None, reason="small_n: fewer than 2d images"),
                params={"ddof": 1, "seed": 0, "floor_splits": 5, "streamed": False},
                bias="reads high below n = d",
            ),
            Metric(
                name="kid",
                display="KID",
                fake=FAKE,
                direction="lower",
                estimate=estimate(0.0270412, 0.00131),
                null_expected=0.0,
                test=Test(null="one distribution", p=0.0004, method="999 permutations"),
            ),
        ],
        galleries=[
            Gallery(
                fake_label=FAKE,
                real_sample=reals[:24],
                fake_sample=fakes[:24],
                nearest=neighbours,
                farthest=neighbours[::-1],
                raising=neighbours,
            )
        ],
        warnings=[
            Notice(code="n_below_d", text="60 images are fewer than 2048 features."),
            Notice(code="mixed_formats", text="One fake is <JPEG>."),
        ],
        environment=Environment(
            ganeval="0.1.0", python="3.11.9", packages={"numpy": "2.4.6"}, platform="Linux"
        ),
    )


@pytest.fixture(scope="session")
def evaluation(record: MetricsRecord) -> MetricsRecord:
    """Three fake sets by fifteen metrics, with everything a page can show of them."""
    return evaluation_of(record)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    with playwright.sync_playwright() as session:
        browser = session.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def written(
    pictures: dict[tuple[str, str], Image.Image], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[MetricsRecord], str]:
    """Writes the page of a record and returns its address."""

    def write(record: MetricsRecord) -> str:
        path = tmp_path_factory.mktemp("page") / "report.html"
        path.write_text(render(record, lambda *image: pictures.get(image)), "utf-8")
        return path.as_uri()

    return write


@pytest.fixture(scope="session")
def address(written: Callable[[MetricsRecord], str], record: MetricsRecord) -> str:
    return written(record)


@pytest.fixture(scope="session")
def evaluation_address(written: Callable[[MetricsRecord], str], evaluation: MetricsRecord) -> str:
    return written(evaluation)


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Small real images, the same a little darker, the same without detail."""
    root = tmp_path_factory.mktemp("folders")
    rng = np.random.default_rng(3)
    for index in range(20):
        coarse = rng.integers(0, 256, (5, 5, 3), dtype=np.uint8)
        real = Image.fromarray(coarse).resize((28, 28), Image.Resampling.BICUBIC)
        images = {
            "real": real,
            "darker": real.point(lambda value: value * 9 // 10),
            "blurred": real.resize((3, 3), Image.Resampling.BOX).resize((28, 28)),
        }
        for name, image in images.items():
            (root / name).mkdir(exist_ok=True)
            image.save(root / name / f"{index:02d}.png")
    return [str(root / name) for name in ("real", "darker", "blurred")]


def drawn(command: str, folders: list[str], *options: str) -> str:
    """Runs a command, draws its record and returns the address of the page."""
    root = Path(folders[0]).parent
    record, page = str(root / f"{command}.json"), root / f"{command}.html"
    assert run([command, *folders, "--no-cache", "--quiet", "--out", record, *options]) == 0
    assert run(["report", record, "-o", str(page)]) == 0
    return page.as_uri()


@pytest.fixture(scope="session")
def measured_address(folders: list[str]) -> str:
    return drawn("evaluate", folders, "--extractor", "random-projection")


@pytest.fixture(scope="session")
def audit_address(folders: list[str]) -> str:
    return drawn("audit", folders, "--extractor", "random-projection")


@pytest.fixture(scope="session")
def training_address(tmp_path_factory: pytest.TempPathFactory) -> str:
    record = training_record()
    pictures = training_pictures(record)
    path = tmp_path_factory.mktemp("training") / "report.html"
    path.write_text(render(record, lambda _label, key: pictures.get(key)), "utf-8")
    return path.as_uri()


@pytest.fixture(scope="session")
def classify_address(tmp_path_factory: pytest.TempPathFactory) -> str:
    record = classify_record()
    pictures = classify_pictures(record)
    path = tmp_path_factory.mktemp("classify") / "report.html"
    path.write_text(render(record, lambda *image: pictures.get(image)), "utf-8")
    return path.as_uri()


@pytest.fixture(scope="session")
def bare_classify_address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("bare") / "report.html"
    path.write_text(render(bare_record()), "utf-8")
    return path.as_uri()


@pytest.fixture(scope="session")
def scores_address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("scores") / "report.html"
    image = Image.new("RGB", (96, 96), "teal")
    path.write_text(render(apply_record(), lambda _label, _key: image), "utf-8")
    return path.as_uri()


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Open]:
    """Opens a page; afterwards the console must be empty and nothing else may have been fetched.

    Its own images may lie beside it. ``script`` runs before any of the page's.
    """
    contexts, complaints = [], []

    def opened(url: str = address, *, script: str = "", **options: object) -> Page:
        beside = f"{url.removesuffix('.html')}_images/"

        def fetched(request: Request) -> None:
            own = request.url.startswith(("data:", beside))
            if request.url.partition("#")[0] != url and not own:
                complaints.append(f"fetched {request.url}")

        def said(message: ConsoleMessage) -> None:
            complaints.append(message.text)

        def ran(dialog: Dialog) -> None:
            complaints.append(f"a name ran: {dialog.message}")
            dialog.dismiss()

        def thrown(error: Error) -> None:
            complaints.append(str(error))

        context = browser.new_context(**options)  # type: ignore[arg-type]
        context.add_init_script(script)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(5000)
        page.on("console", said)
        page.on("pageerror", thrown)
        page.on("dialog", ran)
        page.on("request", fetched)
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
