"""``torchvision:`` and ``timm:`` against the libraries' own models and transforms."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
import torchvision
from PIL import Image
from safetensors.torch import save_file
from timm.data import create_transform, resolve_data_config
from torch import nn
from torchvision import models

from ganeval.errors import InputError, MissingFileError
from ganeval.features.extractor import NetworkExtractor, get_extractor
from ganeval.features.openvino_preprocess import Resizer
from ganeval.features.preprocess import apply_with_torch

pytestmark = pytest.mark.peer

SIZES = [(60, 90), (301, 226), (64, 64), (256, 256), (224, 224), (225, 232)]  # height, width


def picture(height: int, width: int) -> np.ndarray:
    """uint8 ``[height, width, 3]`` with edges, ramps and noise."""
    rng = np.random.default_rng(height * 1000 + width)
    ramp = np.linspace(0, 255, width)[None, :, None] * np.array([1.0, 0.5, 0.0])
    noisy = ramp + rng.normal(0, 30, (height, width, 3))
    noisy[height // 3 : height // 2, width // 4 : width // 2] = (255, 0, 255)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def prepared(extractor: NetworkExtractor, image: np.ndarray) -> torch.Tensor:
    """float32 ``[1, 3, size, size]``, as the network gets it."""
    preprocess = extractor.preprocess(extractor.default_resize)
    return apply_with_torch(torch.from_numpy(image[None]), preprocess)


def features(extractor: NetworkExtractor, weights: Path, image: np.ndarray) -> np.ndarray:
    found = extractor.weights(weights, None)
    assert found is not None
    with torch.inference_mode():
        (values,) = extractor.network(found)(prepared(extractor, image))
    return np.asarray(values)


def relative(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs))


def network_extractor(name: str) -> NetworkExtractor:
    extractor = get_extractor(name)
    assert isinstance(extractor, NetworkExtractor)
    return extractor


def save(network: nn.Module, path: Path) -> Path:
    if path.suffix == ".safetensors":
        save_file(network.state_dict(), path)
    else:
        torch.save(network.state_dict(), path)
    return path


# Both divide by 255 and normalise in float32, in another order: three roundings of 2^-24 each of
# values up to 2.7.
INPUT = 1e-6


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", ["squeezenet1_1", "efficientnet_b0", "convnext_tiny", "vit_b_16"])
def test_images_are_prepared_as_torchvision_does(name: str, size: tuple[int, int]) -> None:
    image = picture(*size)
    transform = models.get_model_weights(name).DEFAULT.transforms()
    theirs = transform(Image.fromarray(image))
    ours = prepared(network_extractor(f"torchvision:{name}"), image)[0]
    assert (ours - theirs).abs().max() <= INPUT


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", ["resnet10t", "test_vit", "vit_base_patch16_siglip_224"])
def test_images_are_prepared_as_timm_does(name: str, size: tuple[int, int]) -> None:
    image = picture(*size)
    config = timm.models.get_pretrained_cfg(name).to_dict()
    transform = create_transform(**resolve_data_config({}, pretrained_cfg=config))
    theirs = transform(Image.fromarray(image))
    ours = prepared(network_extractor(f"timm:{name}"), image)[0]
    assert (ours - theirs).abs().max() <= INPUT


def test_threads_prepare_the_same_pixels() -> None:
    extractor = network_extractor("torchvision:squeezenet1_1")
    preprocess = extractor.preprocess("own")
    mean, std = (np.array(v, np.float32)[:, None, None] for v in (preprocess.mean, preprocess.std))
    for size in SIZES:
        image = picture(*size)
        resized = Resizer(preprocess)(image)
        assert resized.dtype == np.float32
        assert np.array_equal(resized, resized.round())
        ours = (resized - mean) / std
        assert np.array_equal(ours, prepared(extractor, image)[0].numpy())


@pytest.mark.shared_data
def test_squeezenets_published_weights_give_its_pooled_features(shared: Path) -> None:
    path = shared / "weights" / "squeezenet1_1-fp16-rounded.pth"
    image = np.array(Image.open(next((shared / "data" / "monet" / "photos").iterdir())))
    peer = models.squeezenet1_1()
    peer.load_state_dict(torch.load(path, weights_only=True))
    transform = models.SqueezeNet1_1_Weights.DEFAULT.transforms()
    with torch.inference_mode():
        theirs = peer.eval().features(transform(Image.fromarray(image))[None]).mean((2, 3))
    ours = features(network_extractor("torchvision:squeezenet1_1"), path, image)
    # Equal operators on inputs that differ by float32 rounding, see INPUT, through 26 layers.
    assert relative(ours, theirs.numpy()) <= 1e-6


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "shufflenet_v2_x0_5"])
def test_features_times_the_classifier_are_torchvisions_output(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    peer = models.get_model(name, weights=None).eval()
    path = save(peer, tmp_path / "weights.pth")
    image = picture(200, 260)
    extractor = network_extractor(f"torchvision:{name}")
    ours = torch.from_numpy(features(extractor, path, image))
    assert ours.shape == (1, extractor.layers[extractor.default_layer])
    last = [m for m in peer.modules() if isinstance(m, nn.Linear)][-1]
    with torch.inference_mode():
        theirs = peer(prepared(extractor, image))
        assert torch.equal(last(ours), theirs)


def test_a_model_trained_on_other_classes_loads_too(tmp_path: Path) -> None:
    torch.manual_seed(2)
    path = save(models.resnet18(num_classes=7), tmp_path / "seven.pth")
    assert features(network_extractor("torchvision:resnet18"), path, picture(50, 50)).shape == (
        1,
        512,
    )
    path = save(timm.create_model("test_vit", num_classes=7), tmp_path / "seven.safetensors")
    assert features(network_extractor("timm:test_vit"), path, picture(50, 50)).shape == (1, 64)


@pytest.mark.parametrize(
    ("suffix", "name"),
    [
        ("pth", "test_vit"),
        ("safetensors", "test_vit"),
        ("safetensors", "mobilenetv3_small_050"),
        *(
            pytest.param(suffix, name, marks=pytest.mark.slow)
            for suffix, name in (
                ("pth", "mobilenetv3_small_050"),
                ("pth", "resnet10t"),
                ("safetensors", "resnet10t"),
            )
        ),
    ],
)
def test_features_are_timms(name: str, suffix: str, tmp_path: Path) -> None:
    torch.manual_seed(3)
    peer = timm.create_model(name, pretrained=False).eval()
    path = save(peer, tmp_path / f"weights.{suffix}")
    image = picture(120, 170)
    transform = create_transform(**resolve_data_config({}, model=peer))
    without = timm.create_model(name, pretrained=False, num_classes=0).eval()
    without.load_state_dict(peer.state_dict(), strict=False)
    with torch.inference_mode():
        theirs = without(transform(Image.fromarray(image))[None])
    ours = features(network_extractor(f"timm:{name}"), path, image)
    assert relative(ours, theirs.numpy()) <= 1e-5  # INPUT through up to 12 layers


@pytest.mark.parametrize("name", ["timm:resnet10t", "torchvision:resnet18"])
def test_weights_of_another_network_are_refused(name: str, tmp_path: Path) -> None:
    path = save(timm.create_model("test_vit", pretrained=False), tmp_path / "vit.pth")
    extractor = network_extractor(name)
    found = extractor.weights(path, None)
    assert found is not None
    with pytest.raises(InputError, match=r"vit\.pth: not the weights of "):
        extractor.network(found)


def test_old_densenet_files_load(tmp_path: Path) -> None:
    torch.manual_seed(4)
    state = models.densenet121().state_dict()
    old = {
        name.replace("norm1.", "norm.1.").replace("conv1.", "conv.1.")
        if "denselayer" in name
        else name: values
        for name, values in state.items()
        if "num_batches_tracked" not in name
    }
    assert len(old) < len(state)
    torch.save(old, tmp_path / "densenet.pth")
    assert features(
        network_extractor("torchvision:densenet121"), tmp_path / "densenet.pth", picture(40, 40)
    ).shape == (1, 1024)


def test_torchvisions_file_is_looked_for_where_torch_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("GANEVAL_OFFLINE", "1")
    extractor = network_extractor("torchvision:resnet18.IMAGENET1K_V1")
    with pytest.raises(
        MissingFileError, match=r"resnet18-f37072fd\.pth .*GANEVAL_OFFLINE"
    ) as error:
        extractor.weights(None, None)
    assert str(tmp_path) in str(error.value.hint)
    assert "--weights FILE" in str(error.value.hint)
    path = tmp_path / "hub" / "checkpoints" / "resnet18-f37072fd.pth"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"cut short")
    with pytest.raises(MissingFileError, match="published with f37072fd"):
        extractor.weights(None, None)


def hub_file(cache: Path, content: bytes, published: str) -> Path:
    """A file of timm/resnet10t.c3_in1k in the layout of the hub's cache."""
    folder = cache / "models--timm--resnet10t.c3_in1k"
    commit = "0" * 40
    snapshot = folder / "snapshots" / commit
    for part in (snapshot, folder / "refs", folder / "blobs"):
        part.mkdir(parents=True)
    (folder / "refs" / "main").write_text(commit)
    (folder / "blobs" / published).write_bytes(content)
    link = snapshot / "model.safetensors"
    link.symlink_to(folder / "blobs" / published)
    return link


def test_timms_file_is_found_in_the_hubs_cache_and_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("GANEVAL_OFFLINE", "1")
    extractor = network_extractor("timm:resnet10t")
    with pytest.raises(
        MissingFileError, match=r"timm/resnet10t\.c3_in1k.*GANEVAL_OFFLINE"
    ) as error:
        extractor.weights(None, None)
    assert "--weights FILE" in str(error.value.hint)
    digest = hashlib.sha256(b"weights").hexdigest()
    path = hub_file(tmp_path, b"weights", digest)
    found = extractor.weights(None, None)
    assert found is not None
    assert (found.path, found.sha256, found.verified) == (path, digest, True)
    path.resolve().write_bytes(b"other")
    with pytest.raises(MissingFileError, match=digest):
        extractor.weights(None, None)


def test_without_a_network_there_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("GANEVAL_OFFLINE", "0")

    def refuse(*_: object, **__: object) -> None:
        raise ConnectionError("Name or service not known")

    monkeypatch.setattr("huggingface_hub.get_hf_file_metadata", refuse)
    with pytest.raises(MissingFileError, match="Name or service not known"):
        network_extractor("timm:resnet10t").weights(None, None)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("timm:resnet10", "did you mean .*resnet10t"),
        ("timm:no-such-thing-at-all", r"no timm model 'no-such-thing-at-all' among the \d+"),
        ("timm:resnet10t.none", "no weights of timm:resnet10t 'none'; known: c3_in1k"),
        ("torchvision:resnet51", "did you mean .*resnet50"),
        ("torchvision:fcn_resnet50", "no torchvision classifier 'fcn_resnet50'"),
        ("torchvision:resnet18.V9", "no weights of torchvision:resnet18 'V9'"),
    ],
)
def test_unknown_models_are_answered_with_near_ones(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        get_extractor(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", models.list_models(module=torchvision.models))
def test_every_classifier_of_torchvision_has_features(name: str) -> None:
    if name in ("regnet_y_128gf", "regnet_x_32gf"):
        pytest.skip("takes gigabytes to be built")
    assert network_extractor(f"torchvision:{name}").layers
