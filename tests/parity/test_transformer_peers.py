"""DINOv2 and CLIP with seeded random weights against other implementations of the same network."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file
from torch.nn import functional

from ganeval.errors import InputError
from ganeval.features.clip import ClipLarge336
from ganeval.features.clip_network import ClipFeatures, from_openai
from ganeval.features.dinov2 import DinoV2Base, DinoV2Large, DinoV2Small
from ganeval.features.dinov2_network import DinoV2Features, resample_positions
from ganeval.features.openvino_preprocess import Resizer
from ganeval.features.preprocess import apply_with_torch
from ganeval.features.weights import WeightsFile

pytestmark = pytest.mark.peer

SMALL = "vit_small_patch14_dinov2"


def relative(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    error = (ours.double() - theirs.double()).norm(dim=1) / theirs.double().norm(dim=1)
    return float(error.max())


@pytest.fixture(scope="module")
def meta_state() -> dict[str, torch.Tensor]:
    """Random tensors under the names and in the shapes of Meta's dinov2_vits14_pretrain.pth."""
    generator = torch.Generator().manual_seed(5)

    def draw(*shape: int, scale: float = 0.03, centre: float = 0.0) -> torch.Tensor:
        return centre + scale * torch.randn(*shape, generator=generator)

    d, hidden = 384, 1536
    state = {
        "cls_token": draw(1, 1, d),
        "pos_embed": draw(1, 1 + 37 * 37, d, scale=0.3),
        "mask_token": draw(1, d),
        "patch_embed.proj.weight": draw(d, 3, 14, 14),
        "patch_embed.proj.bias": draw(d),
        "norm.weight": draw(d, centre=1),
        "norm.bias": draw(d),
    }
    for i in range(12):
        block = {
            "attn.qkv": (3 * d, d),
            "attn.proj": (d, d),
            "mlp.fc1": (hidden, d),
            "mlp.fc2": (d, hidden),
        }
        for name, shape in block.items():
            state[f"blocks.{i}.{name}.weight"] = draw(*shape)
            state[f"blocks.{i}.{name}.bias"] = draw(shape[0])
        for name in ("norm1", "norm2"):
            state[f"blocks.{i}.{name}.weight"] = draw(d, centre=1, scale=0.2)
            state[f"blocks.{i}.{name}.bias"] = draw(d)
        for name in ("ls1", "ls2"):
            state[f"blocks.{i}.{name}.gamma"] = draw(d, centre=0.7, scale=0.2)
    return state


def cubic(x: float) -> float:
    """Keys' kernel with a = -0.75, as torch's bicubic without antialiasing uses it."""
    a, x = -0.75, abs(x)
    if x <= 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * (x**3 - 5 * x**2 + 8 * x - 4) if x < 2 else 0.0


def meta_grid_weights() -> np.ndarray:
    """``[16, 37]``: how Meta's code weighs the trained positions for a 224 px image.

    Output i is sampled at (i + 0.5) / scale - 0.5 with scale = 16.1/37, and beyond the border the
    outermost position counts.
    """
    weights = np.zeros((16, 37))
    for i in range(16):
        position = (i + 0.5) * 37 / 16.1 - 0.5
        low = int(np.floor(position))
        for tap in range(low - 1, low + 3):
            weights[i, min(max(tap, 0), 36)] += cubic(position - tap)
    return weights


def dinov2_by_hand(state: dict[str, torch.Tensor], x: np.ndarray) -> np.ndarray:
    """DINOv2's forward pass in float64 numpy, written from the paper's description."""
    p = {name: values.double().numpy() for name, values in state.items()}

    def norm(values: np.ndarray, name: str) -> np.ndarray:
        centred = values - values.mean(-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-6)
        return centred / spread * p[f"{name}.weight"] + p[f"{name}.bias"]

    def linear(values: np.ndarray, name: str) -> np.ndarray:
        return values @ p[f"{name}.weight"].T + p[f"{name}.bias"]

    n, d, heads = len(x), 384, 6
    patches = x.reshape(n, 3, 16, 14, 16, 14).transpose(0, 2, 4, 1, 3, 5).reshape(n, 256, -1)
    tokens = patches @ p["patch_embed.proj.weight"].reshape(d, -1).T + p["patch_embed.proj.bias"]
    weights = meta_grid_weights()
    grid = p["pos_embed"][0, 1:].reshape(37, 37, d)
    positions = np.einsum("ia,jb,abd->ijd", weights, weights, grid).reshape(256, d)
    first = np.broadcast_to(p["cls_token"][0] + p["pos_embed"][0, :1], (n, 1, d))
    tokens = np.concatenate([first, tokens + positions], axis=1)
    for i in range(12):
        block = f"blocks.{i}"
        qkv = linear(norm(tokens, f"{block}.norm1"), f"{block}.attn.qkv")
        q, k, v = qkv.reshape(n, 257, 3, heads, 64).transpose(2, 0, 3, 1, 4)
        scores = np.einsum("nhqc,nhkc->nhqk", q, k) / 8
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = np.einsum("nhqk,nhkc->nqhc", scores / scores.sum(-1, keepdims=True), v)
        attended = linear(mixed.reshape(n, 257, d), f"{block}.attn.proj")
        tokens = tokens + attended * p[f"{block}.ls1.gamma"]
        hidden = linear(norm(tokens, f"{block}.norm2"), f"{block}.mlp.fc1")
        erf = torch.erf(torch.from_numpy(hidden / np.sqrt(2))).numpy()
        mlp = linear(hidden * (1 + erf) / 2, f"{block}.mlp.fc2")
        tokens = tokens + mlp * p[f"{block}.ls2.gamma"]
    return norm(tokens, "norm")[:, 0]


@pytest.fixture(scope="module")
def dinov2_path(
    meta_state: dict[str, torch.Tensor], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("weights") / "dinov2_vits14_pretrain.pth"
    torch.save(meta_state, path)
    return path


def test_dinov2s_features_are_those_of_the_formula(
    meta_state: dict[str, torch.Tensor], dinov2_path: Path
) -> None:
    x = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(6))
    theirs = torch.from_numpy(dinov2_by_hand(meta_state, x.double().numpy()))
    with torch.inference_mode():
        (ours,) = DinoV2Features.load(SMALL, dinov2_path)(x)
    assert ours.shape == (2, 384)
    # float32 against float64: twelve blocks of products over 384 to 1536 terms.
    assert relative(ours, theirs) <= 1e-5


def test_positions_are_resampled_as_metas_code_does(
    meta_state: dict[str, torch.Tensor],
) -> None:
    trained = meta_state["pos_embed"]
    weights = torch.from_numpy(meta_grid_weights())
    grid = trained[0, 1:].reshape(37, 37, -1).double()
    theirs = torch.einsum("ia,jb,abd->ijd", weights, weights, grid).reshape(256, -1)
    ours = resample_positions(trained)
    assert torch.equal(ours[:, 0], trained[:, 0])
    assert (ours[0, 1:] - theirs).abs().max() <= 1e-5  # float32 positions of up to 37 grid steps
    resampled = timm.layers.resample_abs_pos_embed(trained, (16, 16))
    assert (ours - resampled).norm() / ours.norm() > 0.1  # timm's own would be another network
    assert resample_positions(ours) is ours


def test_timms_dinov2_file_gives_the_same_as_metas(
    meta_state: dict[str, torch.Tensor], dinov2_path: Path, tmp_path: Path
) -> None:
    without = {name: values for name, values in meta_state.items() if name != "mask_token"}
    save_file(without, tmp_path / "model.safetensors")
    one, other = (
        DinoV2Features.load(SMALL, path) for path in (dinov2_path, tmp_path / "model.safetensors")
    )
    for name, values in one.state_dict().items():
        assert torch.equal(values, other.state_dict()[name])


@pytest.mark.parametrize(
    "extractor", [DinoV2Small(), DinoV2Base(), DinoV2Large()], ids=lambda e: e.name
)
def test_dinov2s_dimension_is_the_networks(extractor: DinoV2Small) -> None:
    with torch.device("meta"):
        network = DinoV2Features(extractor.architecture)
        (values,) = network(torch.zeros(1, 3, 224, 224))
    assert values.shape == (1, extractor.layers[extractor.default_layer])


def test_dinov2_weights_of_another_size_are_refused(dinov2_path: Path) -> None:
    weights = WeightsFile(dinov2_path, "0" * 64, verified=False)
    with pytest.raises(InputError, match=r"not the weights of DINOv2 \(vit_base"):
        DinoV2Base().network(weights)


@pytest.mark.slow
def test_dinov2_on_openvino_is_dinov2_on_torch(dinov2_path: Path) -> None:
    pytest.importorskip("openvino")
    from ganeval.features.backend import Batch
    from ganeval.features.openvino_backend import OpenVINOBackend

    extractor = DinoV2Small()
    weights = extractor.weights(dinov2_path, None)
    backend = OpenVINOBackend(extractor, weights, layers=["384"], resize="edm2")
    images = np.random.default_rng(7).integers(0, 256, (3, 40, 60, 3), dtype=np.uint8)
    ready = np.stack([backend.prepare(image) for image in images])
    (together,) = backend.run([Batch([0, 1, 2], ready)])
    alone = list(backend.run([Batch([i], ready[i : i + 1]) for i in range(3)]))
    with torch.inference_mode():
        x = apply_with_torch(torch.from_numpy(images), extractor.preprocess("edm2"))
        (theirs,) = extractor.network(weights)(x)
    ours = torch.from_numpy(together.layers["384"])
    assert relative(ours, theirs) <= 1e-4  # what FID at 1e-5 can bear
    for i, rows in enumerate(alone):
        assert np.array_equal(rows.layers["384"][0], together.layers["384"][i])


def peer_pixels(mode: str, image: np.ndarray) -> np.ndarray:
    """What EDM2, dgm-eval and torch-fidelity hand to DINOv2: normalised ``[3, 224, 224]``."""
    mean = np.array([0.485, 0.456, 0.406])[:, None, None]
    std = np.array([0.229, 0.224, 0.225])[:, None, None]
    chw = torch.from_numpy(image).permute(2, 0, 1)[None]
    if mode == "edm2":
        x = functional.interpolate(
            chw.float() / 255, size=(224, 224), mode="bicubic", antialias=True
        )
        return (x[0].double().numpy() - mean) / std
    if mode == "dgm":
        resized = Image.fromarray(image).resize((224, 224), Image.Resampling.BICUBIC)
        return (np.asarray(resized).transpose(2, 0, 1) / 255 - mean) / std
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch_fidelity.interpolate_compat_tensorflow import (
            interpolate_bilinear_2d_like_tensorflow1x,
        )
    x = interpolate_bilinear_2d_like_tensorflow1x(chw.float(), size=(224, 224), align_corners=False)
    return (x[0].double().numpy() / 255 - mean) / std


def picture(height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(height + width)
    coarse = rng.integers(0, 256, (height // 4 + 1, width // 4 + 1, 3), dtype=np.uint8)
    return np.ascontiguousarray(coarse.repeat(4, 0).repeat(4, 1)[:height, :width])


@pytest.mark.parametrize("size", [(224, 224), (64, 64), (301, 200), (512, 512)], ids=str)
@pytest.mark.parametrize("mode", DinoV2Small.resize_modes)
def test_dinov2s_images_are_prepared_as_the_peers_do(mode: str, size: tuple[int, int]) -> None:
    image = picture(*size)
    preprocess = DinoV2Small().preprocess(mode)
    ours = apply_with_torch(torch.from_numpy(image[None]), preprocess)[0].numpy()
    # 0.01 grey levels, see test_resize_peers.py, over a standard deviation of 57; dgm is exact.
    tolerance = 1e-6 if mode == "dgm" else 0.01 / 57
    assert np.abs(ours - peer_pixels(mode, image)).max() <= tolerance


# CLIP of two blocks, so that a test can hold it; the full network differs by its numbers alone.
TINY = {"embed_dim": 128, "depth": 2, "num_heads": 2, "img_size": 56, "num_classes": 48}


def openai_clip() -> torch.nn.Module:
    """OpenAI's image encoder as torch-fidelity ships it, with random weights."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch_fidelity.feature_extractor_clip import CLIPVisual

    torch.manual_seed(8)
    peer = CLIPVisual(
        embed_dim=48, image_resolution=56, vision_layers=2, vision_width=128, vision_patch_size=14
    )
    for name, values in peer.named_parameters():
        if "ln_" in name or name.endswith("bias"):
            values.data += 0.3 * torch.randn(values.shape)
    return peer.eval()


def test_clips_embeddings_are_those_of_openais_code(tmp_path: Path) -> None:
    peer = openai_clip()
    state = {name: values for name, values in peer.state_dict().items() if "visual." in name}
    path = tmp_path / "clip.pth"
    torch.save(
        {**state, "logit_scale": torch.tensor(4.6), "positional_embedding": torch.ones(1)}, path
    )
    network = ClipFeatures.load(WeightsFile(path, "0" * 64, verified=False), **TINY)
    x = torch.randn(3, 3, 56, 56, generator=torch.Generator().manual_seed(9))
    with torch.inference_mode():
        (ours,) = network(x)
        theirs = functional.normalize(peer.visual(x), dim=1)
    # Two blocks of float32 with another order of summation in the attention.
    assert relative(ours, theirs) <= 1e-5
    torch.testing.assert_close(ours.norm(dim=1), torch.ones(3))
    plain = timm.create_model("vit_large_patch14_clip_336", **TINY).eval()
    plain.load_state_dict(network.model.state_dict())
    with torch.inference_mode():
        wrong = functional.normalize(plain(x), dim=1)
    assert relative(wrong, theirs) > 1e-3  # plain GELU would be noticed


def test_openais_published_layout_is_opened_as_torchscript(tmp_path: Path) -> None:
    """The published file is a TorchScript program in half precision."""

    class Program(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.visual = openai_clip().visual.half()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x

    path = tmp_path / "ViT-L-14-336px.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(Program(), torch.zeros(1)), path)
    network = ClipFeatures.load(WeightsFile(path, "0" * 64, verified=True), **TINY)
    half = network.model.state_dict()["head.weight"]
    assert half.dtype == torch.float32
    assert torch.equal(half, openai_clip().visual.proj.half().float().T)
    # A program that is not the published one is not run.
    with pytest.raises(InputError, match="it is a TorchScript program"):
        ClipFeatures.load(WeightsFile(path, "0" * 64, verified=False), **TINY)


def test_clips_full_network_has_the_published_shapes() -> None:
    extractor = ClipLarge336()
    with torch.device("meta"):
        network = ClipFeatures()
        (values,) = network(torch.zeros(1, 3, 336, 336))
    assert values.shape == (1, extractor.layers["768"])
    shapes = {name: tuple(values.shape) for name, values in network.model.state_dict().items()}
    # ViT-L/14: 24 blocks of width 1024, 24 x 24 patches and the class token, projected to 768.
    openai = {
        "visual.class_embedding": (1024,),
        "visual.positional_embedding": (577, 1024),
        "visual.proj": (1024, 768),
        "visual.conv1.weight": (1024, 3, 14, 14),
        **{
            f"visual.ln_{name}.{part}": (1024,)
            for name in ("pre", "post")
            for part in ("weight", "bias")
        },
    }
    for i in range(24):
        block = f"visual.transformer.resblocks.{i}"
        for name, shape in {
            "attn.in_proj_": (3072, 1024),
            "attn.out_proj.": (1024, 1024),
            "mlp.c_fc.": (4096, 1024),
            "mlp.c_proj.": (1024, 4096),
        }.items():
            openai[f"{block}.{name}weight"] = shape
            openai[f"{block}.{name}bias"] = shape[:1]
        for name in ("ln_1", "ln_2"):
            openai |= {f"{block}.{name}.{part}": (1024,) for part in ("weight", "bias")}
    renamed = from_openai({name: torch.empty(shape) for name, shape in openai.items()})
    assert {name: tuple(values.shape) for name, values in renamed.items()} == shapes


@pytest.mark.parametrize("size", [(336, 336), (50, 81), (400, 333), (700, 512)], ids=str)
def test_clips_images_are_prepared_as_the_cmmd_does(size: tuple[int, int]) -> None:
    image = picture(*size)
    height, width = size
    side = min(size)
    left, top = (width - side) // 2, (height - side) // 2
    square = Image.fromarray(image).crop((left, top, left + side, top + side))
    theirs = np.asarray(square.resize((336, 336), Image.Resampling.BICUBIC)).transpose(2, 0, 1)
    preprocess = ClipLarge336().preprocess("cmmd")
    assert np.array_equal(Resizer(preprocess)(image), theirs)
    mean = np.array([0.48145466, 0.4578275, 0.40821073])[:, None, None]
    std = np.array([0.26862954, 0.26130258, 0.27577711])[:, None, None]
    ours = apply_with_torch(torch.from_numpy(image[None]), preprocess)[0].numpy()
    assert np.abs(ours - (theirs / 255 - mean) / std).max() <= 1e-6
