"""Opening classifiers by name, file and factory; what is refused and how it is said."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from saliency.toy_models import SIDE, Functional, Plain, colour_means, images, seeded
from torch import nn

from ganeval.errors import ExitCode, GanevalError, InputError, MissingFileError
from ganeval.images.digests import file_sha256
from ganeval.saliency.layers import auto_layer
from ganeval.saliency.loading import load_pixel_model
from ganeval.saliency.model import PixelModel

OWN = {"mean": [0.5], "std": [0.25, 0.5, 1.0], "side": SIDE}


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANEVAL_OFFLINE", "1")


def load(name: str | Path, **options: object) -> PixelModel:
    return load_pixel_model(str(name), device="cpu", **options)  # type: ignore[arg-type]


def save_script(network: nn.Module, path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(network.eval(), torch.zeros(1, 3, SIDE, SIDE)), path)
    return path


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return save_script(seeded(Plain()), tmp_path / "net.pt")


@pytest.fixture
def factory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "users_network.py").write_text(
        "from saliency.toy_models import Plain\n"
        "made = Plain\n"
        "def broken(): raise ValueError('no such thing')\n"
        "def text(): return 'network'\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    return "users_network:made"


class TestTorchScript:
    def test_logits_are_those_of_the_network_on_normalised_images(self, script: Path) -> None:
        x = images(3)
        mean, std = torch.tensor(0.5), torch.tensor(OWN["std"]).view(1, 3, 1, 1)
        with torch.no_grad():
            expected = seeded(Plain()).eval()((x - mean) / std)
        with load(script, **OWN) as model:
            leaf = x.requires_grad_()
            logits = model.logits(leaf)
            # Another memory layout sums in another order.
            torch.testing.assert_close(logits.detach(), expected, rtol=1e-5, atol=1e-6)
            assert torch.autograd.grad(logits.sum(), leaf)[0].any()
            assert model.facts.digest == file_sha256(script)
            assert (model.outputs, model.side, model.classes) == (5, SIDE, None)

    def test_modules_are_not_looked_into(self, script: Path) -> None:
        with load(script, **OWN) as model, pytest.raises(InputError, match="TorchScript"):
            auto_layer(model)

    def test_modes_come_back(self, script: Path) -> None:
        model = load(script, **OWN)
        assert not any(module.training for module in model.network.modules())
        model.close()
        assert all(weight.requires_grad for weight in model.network.parameters())

    @pytest.mark.parametrize("missing", ["mean", "std", "side"])
    def test_nothing_is_guessed(self, script: Path, missing: str) -> None:
        options = {name: value for name, value in OWN.items() if name != missing}
        with pytest.raises(InputError, match=f"--{missing} must be given"):
            load(script, **options)

    def test_a_state_dict_is_no_program(self, tmp_path: Path) -> None:
        path = tmp_path / "state.pt"
        torch.save(Plain().state_dict(), path)
        with pytest.raises(InputError, match="cannot be read as TorchScript") as caught:
            load(path, **OWN)
        assert "--weights" in str(caught.value)

    def test_a_missing_file_is_said_before_anything_else(self, tmp_path: Path) -> None:
        with pytest.raises(MissingFileError, match="no such file"):
            load(tmp_path / "none.pt")

    def test_weights_beside_it_make_no_sense(self, script: Path) -> None:
        with pytest.raises(InputError, match="--weights does not go with TorchScript"):
            load(script, weights=script, **OWN)

    def test_a_softmax_is_refused_unless_log_probabilities_are_wanted(self, tmp_path: Path) -> None:
        plain = seeded(Plain())
        path = save_script(nn.Sequential(plain, nn.Softmax(1)), tmp_path / "soft.pt")
        with pytest.raises(InputError, match="--accept-probabilities"):
            load(path, **OWN)
        x = images(2)
        with load(path, accept_probabilities=True, **OWN) as model, torch.no_grad():
            found = model.logits(x)
            torch.testing.assert_close(found.exp().sum(1), torch.ones(2))

    def test_a_network_that_failed_its_checks_fails_with_exit_1(self, tmp_path: Path) -> None:
        path = save_script(Functional(lambda x: colour_means(x) * 0), tmp_path / "zero.pt")
        with pytest.raises(GanevalError, match="same outputs") as caught:
            load(path, **OWN)
        assert caught.value.exit_code == ExitCode.FAILED


class TestFactory:
    def test_weights_are_loaded_strictly(self, factory: str, tmp_path: Path) -> None:
        path = tmp_path / "state.pth"
        network = seeded(Plain(), seed=3)
        torch.save(network.state_dict(), path)
        with load(factory, weights=path, **OWN) as model, torch.no_grad():
            x = (images(2) - 0.5) / torch.tensor(OWN["std"]).view(1, 3, 1, 1)
            expected = network.eval()(x)
            torch.testing.assert_close(model.logits(images(2)), expected, rtol=1e-5, atol=1e-6)
            assert model.facts.digest == hashlib.sha256(path.read_bytes()).hexdigest()
            assert auto_layer(model) == "block"
        torch.save(Plain(classes=4).state_dict(), path)
        with pytest.raises(InputError, match="2 of wrong shape"):
            load(factory, weights=path, **OWN)
        with pytest.raises(MissingFileError, match="no such file"):
            load(factory, weights=tmp_path / "none.pth", **OWN)

    def test_without_a_file_the_digest_is_that_of_the_tensors(self, factory: str) -> None:
        state = torch.random.get_rng_state()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1)
            first = load(factory, **OWN).facts.digest
            torch.manual_seed(1)
            assert load(factory, **OWN).facts.digest == first
            torch.manual_seed(2)
            assert load(factory, **OWN).facts.digest != first
        assert torch.equal(state, torch.random.get_rng_state())

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("users_network:none", "cannot be imported"),
            ("no_such_module:made", "cannot be imported"),
            ("users_network:broken", "fails: ValueError: no such thing"),
            ("users_network:text", "returns str, not a torch.nn.Module"),
        ],
    )
    def test_what_makes_no_network_is_refused(self, factory: str, name: str, reason: str) -> None:
        with pytest.raises(InputError, match=reason):
            load(name, **OWN)

    def test_class_names_come_from_a_file_of_as_many(self, factory: str, tmp_path: Path) -> None:
        labels = tmp_path / "labels.txt"
        labels.write_text("a\nb\nc\nd\ne\n")
        with load(factory, labels=labels, **OWN) as model:
            assert model.classes == ("a", "b", "c", "d", "e")
        labels.write_text("a\nb\n")
        with pytest.raises(InputError, match="2 class names for 5 outputs"):
            load(factory, labels=labels, **OWN)


@pytest.fixture(scope="module")
def network() -> nn.Module:
    from torchvision import models

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return models.squeezenet1_1(weights=None).eval()


class TestTorchvision:
    def test_side_and_normalisation_are_those_of_the_default_weights(
        self, network: nn.Module, tmp_path: Path
    ) -> None:
        path = tmp_path / "own.pth"
        torch.save(network.state_dict(), path)
        generator = torch.random.get_rng_state()
        x = images(1, side=224)
        mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
        std = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
        with load("squeezenet1_1", weights=path) as model, torch.no_grad():
            torch.testing.assert_close(
                model.logits(x), network((x - mean) / std), rtol=1e-4, atol=1e-5
            )
            assert model.facts.preprocessing.interpolation == "pillow-bilinear"
            assert model.facts.preprocessing.resized == 256
            assert model.facts.parameters == 1_235_496
            assert model.classes is not None
            assert model.classes[340] == "zebra"
            assert "not the published file" in model.facts.notices[0]
            assert auto_layer(model) == "features"
        assert torch.equal(generator, torch.random.get_rng_state())

    def test_another_number_of_classes_must_be_said(self, tmp_path: Path) -> None:
        from torchvision import models

        path = tmp_path / "ten.pth"
        with torch.random.fork_rng(devices=[]):
            torch.save(models.squeezenet1_1(weights=None, num_classes=10).state_dict(), path)
        with pytest.raises(InputError, match="for 10 classes, and 1000 were expected") as caught:
            load("squeezenet1_1", weights=path)
        assert "--weights" in str(caught.value)
        assert "--num-classes 10" in str(caught.value)
        with load("torchvision:squeezenet1_1", weights=path, num_classes=10, side=64) as model:
            assert (model.outputs, model.classes, model.side) == (10, None, 64)
            assert model.facts.preprocessing.resized == 73  # 256/224 of 64
            assert model.facts.notices == ()

    def test_preprocessing_is_the_weights_own(self, network: nn.Module, tmp_path: Path) -> None:
        path = tmp_path / "own.pth"
        torch.save(network.state_dict(), path)
        with pytest.raises(InputError, match="--mean does not go with"):
            load("squeezenet1_1", weights=path, mean=[0.5])

    def test_a_file_without_the_last_layer_is_refused(
        self, network: nn.Module, tmp_path: Path
    ) -> None:
        path = tmp_path / "headless.pth"
        state = {k: v for k, v in network.state_dict().items() if not k.startswith("classifier")}
        torch.save(state, path)
        with pytest.raises(InputError, match=r"last layer, classifier\.1, is missing"):
            load("squeezenet1_1", weights=path)

    def test_without_a_file_the_message_names_file_digest_and_option(self) -> None:
        with pytest.raises(MissingFileError, match=r"squeezenet1_1-b8a52dc0\.pth") as caught:
            load("squeezenet1_1")
        assert "--weights FILE" in str(caught.value)
        assert "--model efficientnet-lite0" in str(caught.value)


class TestTimm:
    def test_a_model_of_timm_is_opened_with_its_own_preprocessing(self, tmp_path: Path) -> None:
        import timm

        path = tmp_path / "lcnet.pth"
        with torch.random.fork_rng(devices=[]):
            network = timm.create_model("lcnet_035", pretrained=False).eval()
            seven = timm.create_model("lcnet_035", pretrained=False, num_classes=7)
        torch.save(network.state_dict(), path)
        x = images(1, side=224)
        config = network.pretrained_cfg
        mean, std = (torch.tensor(config[name]).view(1, 3, 1, 1) for name in ("mean", "std"))
        with load("lcnet_035", weights=path) as model, torch.no_grad():
            torch.testing.assert_close(
                model.logits(x), network((x - mean) / std), rtol=1e-4, atol=1e-5
            )
            assert model.classes is not None
            assert model.classes[340] == "zebra"
        torch.save(seven.state_dict(), path)
        with pytest.raises(InputError, match="for 7 classes, and 1000 were expected"):
            load("timm:lcnet_035", weights=path)
        with load("timm:lcnet_035", weights=path, num_classes=7) as model:
            assert (model.outputs, model.classes) == (7, None)


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("squeezenet1", {}, "did you mean squeezenet1_"),
        ("efficientnet-lite", {}, "did you mean efficientnet-lite0"),
        ("xyzzyxyzzy", {}, "no model 'xyzzyxyzzy'"),
        ("net.pt", {"mean": [0.5, 0.5]}, "one number or three"),
        ("net.pt", {"std": [0.0]}, "above 0"),
        ("net.pt", {"mean": [123.675]}, "from 0 to 1"),
        ("net.pt", {"side": 0}, "--side 0"),
        ("efficientnet-lite0", {"std": [0.5]}, "--std does not go with"),
    ],
)
def test_wrong_names_and_numbers_are_refused(
    name: str, options: dict[str, object], reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        load(name, **options)


def test_a_folder_that_has_the_name_of_a_model_is_not_taken_for_a_detector(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "squeezenet1_1").mkdir()
    (tmp_path / "results").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingFileError, match=r"squeezenet1_1-b8a52dc0\.pth"):
        load("squeezenet1_1")
    with pytest.raises(InputError, match=r"classifier\.json: cannot be read"):
        load("results")


@pytest.mark.slow
class TestRealNetworks:
    def test_the_bundled_classifier_agrees_with_its_features_and_knows_its_classes(self) -> None:
        from ganeval.features.efficientnet_network import EfficientNetFeatures
        from ganeval.features.weights import resolve_weights

        x = images(2, side=224)
        with load("efficientnet-lite0") as model, torch.no_grad():
            assert (model.outputs, model.side, auto_layer(model)) == (1000, 224, "bn2")
            assert model.facts.parameters == 4_652_008
            assert model.facts.notices == ()
            (pooled,) = EfficientNetFeatures.load(resolve_weights("efficientnet-lite0").path)(
                2 * x - 1
            )
            expected = model.network.get_submodule("classifier")(pooled)
            torch.testing.assert_close(model.logits(x), expected, rtol=1e-4, atol=1e-4)

    @pytest.mark.shared_data
    def test_squeezenet_sees_what_it_was_trained_to_see(self, shared: Path) -> None:
        from PIL import Image

        from ganeval.saliency.images import to_side
        from ganeval.saliency.targets import logits_of

        files = sorted((shared / "data" / "horse2zebra" / "fake-zebras").iterdir())[:16]
        pixels = [np.asarray(Image.open(file).convert("RGB")) for file in files]
        x = np.stack([to_side(one, 224) for one in pixels])
        weights = shared / "weights" / "squeezenet1_1-fp16-rounded.pth"
        with load("squeezenet1_1", weights=weights) as model:
            logits = logits_of(model, x)
            assert model.classes is not None
            top = [model.classes[i] for i in logits.argmax(1)]
        # Of 16 zebras made by a CycleGAN most are recognised.
        assert top.count("zebra") >= 8
        # SqueezeNet's logits pass a ReLU.
        assert logits.min() >= 0
