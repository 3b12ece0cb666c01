"""``torchscript:FILE``: whatever network somebody saved."""

from __future__ import annotations

import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from ganeval.errors import GanevalError, InputError, MissingFileError
from ganeval.features.devices import choose_engine
from ganeval.features.extraction import extract
from ganeval.features.extractor import get_extractor
from ganeval.features.plan import Plan
from ganeval.features.torchscript import TorchScriptExtractor
from ganeval.images import open_image_set


class AnySize(nn.Module):
    """As the networks that come with StyleGAN: uint8 of any size, features on request."""

    def forward(self, images: torch.Tensor, return_features: bool = False) -> torch.Tensor:
        assert images.dtype == torch.uint8
        means = images.float().mean(dim=[2, 3])
        if return_features:
            return torch.cat([means, means * means], dim=1)
        return means


class OneSize(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.size = 12

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        assert images.shape[2] == 12, "wrong size"
        return images[:, :, ::4, ::4].float().flatten(1)


class Map(nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.float()


class Pair(nn.Module):
    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return images.float(), images.float()


class Choosy(nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        assert images.shape[2] == 64, "only 64 px"
        return images.float().mean(dim=[2, 3])


def save(module: nn.Module, path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(module).save(str(path))
    return path


def extractor_of(path: Path) -> TorchScriptExtractor:
    extractor = get_extractor(f"torchscript:{path}")
    assert isinstance(extractor, TorchScriptExtractor)
    return extractor


def images(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def test_a_module_with_return_features_is_asked_for_them(tmp_path: Path) -> None:
    extractor = extractor_of(save(AnySize(), tmp_path / "any.pt"))
    assert extractor.layers == {"6": 6}
    batch = images(3, 3, 20, 31)
    means = batch.mean((2, 3))
    theirs = np.concatenate([means, means**2], axis=1)
    np.testing.assert_allclose(extractor(batch)["6"], theirs, rtol=1e-6)


def test_a_module_with_a_size_gets_images_of_that_size(tmp_path: Path) -> None:
    extractor = extractor_of(save(OneSize(), tmp_path / "one.pt"))
    assert (extractor.layers, extractor.size) == ({"27": 27}, 12)
    assert "12²" in extractor.normalisation("own")
    batch = images(2, 3, 40, 25)
    for image, row in zip(batch, extractor(batch)["27"], strict=True):
        picture = Image.fromarray(image.transpose(1, 2, 0))
        squashed = np.asarray(picture.resize((12, 12), Image.Resampling.BICUBIC))
        assert np.array_equal(row, squashed.transpose(2, 0, 1)[:, ::4, ::4].ravel())


def test_a_folder_is_extracted_and_the_file_may_move(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for i, size in enumerate([(20, 30), (20, 30), (16, 16)]):
        Image.fromarray(images(*size, 3) // (i + 1)).save(folder / f"{i}.png")
    path = save(AnySize(), tmp_path / "any.pt")
    (tmp_path / "elsewhere").mkdir()
    moved = Path(shutil.copy(path, tmp_path / "elsewhere"))
    specs = []
    for file in (path, moved):
        extractor = extractor_of(file)
        plan = Plan(
            extractor=extractor,
            layers=["6"],
            resize="own",
            engine=choose_engine("auto", "cpu"),
            weights=extractor.weights(None, None),
        )
        done = extract(open_image_set(folder), plan)
        specs.append(done.features["6"].spec)
        assert done.features["6"].values.shape == (3, 6)
    assert specs[0] == specs[1]
    assert specs[0].extractor == "torchscript:any.pt"
    assert specs[0].weights_sha256 is not None


def test_a_known_file_needs_no_torch_to_be_chosen(tmp_path: Path) -> None:
    path = save(AnySize(), tmp_path / "any.pt")
    extractor_of(path)
    code = (
        "import sys; from ganeval.features.extractor import get_extractor;"
        f"assert get_extractor('torchscript:{path}').layers == {{'6': 6}};"
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"none\.pt: no such file"):
        get_extractor(f"torchscript:{tmp_path / 'none.pt'}")


@pytest.mark.parametrize("content", [b"", b"not a program", b"PK\x03\x04 cut short"])
def test_a_broken_file_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "broken.pt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"broken\.pt: cannot be read as TorchScript"):
        extractor_of(path)


def test_a_state_dict_is_no_program(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    torch.save(nn.Linear(2, 2).state_dict(), path)
    with pytest.raises(InputError, match="cannot be read as TorchScript"):
        extractor_of(path)


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (Map(), r"gave shape \(1, 3, 64, 64\) for one image instead of \(1, d\)"),
        (Pair(), "gives tuple, not one tensor"),
    ],
)
def test_what_gives_no_features_is_refused(module: nn.Module, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        extractor_of(save(module, tmp_path / "odd.pt"))


def test_a_program_that_fails_is_named_with_its_reason(tmp_path: Path) -> None:
    extractor = extractor_of(save(Choosy(), tmp_path / "choosy.pt"))
    with pytest.raises(GanevalError, match=r"choosy\.pt: the program fails: .*only 64 px.*1x3x8x8"):
        extractor(images(1, 3, 8, 8))
