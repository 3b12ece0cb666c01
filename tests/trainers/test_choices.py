"""Devices, precision and switches: what auto comes to, what is refused, what is put back."""

from __future__ import annotations

import contextlib
import shutil
from typing import Any

import pytest
import torch
from trainers.small_run import (
    difference,
    felt_parameters,
    small_batch,
    small_config,
    small_state,
    updates,
)

from ganeval.errors import InputError
from ganeval_cyclegan.choices import Choices, choose, find_device, numerics, remarks
from ganeval_cyclegan.compiled import Compiled
from ganeval_cyclegan.passes import Passes
from ganeval_cyclegan.streams import Streams

CPU = torch.device("cpu")


def chosen(changes: dict[str, Any]) -> Choices:
    return choose(small_config({"run.merged": "auto", **changes}))


def test_float32_is_the_precision_of_cpus() -> None:
    found = chosen({})
    assert found.precision == "fp32"
    assert found.half is None
    assert not found.channels_last


def test_half_precision_brings_its_layout() -> None:
    found = chosen({"run.precision": "bf16"})
    assert found.half == torch.bfloat16
    assert found.channels_last
    assert not chosen({"run.precision": "bf16", "run.channels_last": False}).channels_last


def test_what_may_not_be_merged_is_not() -> None:
    forced = chosen({"run.merged": True})
    assert (forced.merged_generators, forced.merged_discriminators) == (True, True)
    off = chosen({"run.merged": False})
    assert (off.merged_generators, off.merged_discriminators) == (False, False)
    for changes in ({"nets.G.norm": "batch"}, {"nets.G.dropout": "blocks"}):
        assert not chosen(changes).merged_generators
    assert not chosen({"nets.D.norm": "batch"}).merged_discriminators
    assert not chosen({"run.low_memory": True}).merged_generators


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("tpu", "TPUs are not supported"),
        ("xla:0", "TPUs are not supported"),
        ("graphics", "--device graphics .*no such kind of device"),
        ("cuda", "no such device|CUDA devices"),
        ("cuda:97", "no such device|CUDA devices"),
    ],
)
def test_devices_that_are_not_there_are_refused(name: str, said: str) -> None:
    if name == "cuda" and torch.cuda.is_available():
        pytest.skip("there is one here")
    with pytest.raises(InputError, match=said):
        find_device(name)


def test_cpus_have_no_tensor_float() -> None:
    with pytest.raises(InputError, match=r"run\.precision tf32: cpu has no TensorFloat-32"):
        chosen({"run.precision": "tf32"})


def test_choices_that_will_be_regretted_are_remarked_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def said(precision: Any, capability: str) -> list[str]:
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
        return remarks(Choices(CPU, precision=precision))

    assert said("fp32", "AVX2") == []
    assert said("bf16", "AVX512") == []
    (slow,) = said("bf16", "AVX2")
    assert "this CPU (AVX2) has no instructions for it" in slow
    overflow, slow = said("fp16", "AVX2")
    assert "overflow" in overflow


def test_switches_are_set_for_an_update_and_put_back() -> None:
    def switches() -> tuple[bool, ...]:
        cudnn = torch.backends.cudnn
        deterministic = torch.are_deterministic_algorithms_enabled()
        return cudnn.allow_tf32, cudnn.benchmark, deterministic

    before = switches()
    with numerics(Choices(CPU, deterministic=True)):
        assert switches() == (False, False, True)
    assert switches() == before
    with (
        contextlib.suppress(KeyError),
        numerics(Choices(CPU, precision="tf32", deterministic=True)),
    ):
        assert switches() == (True, False, True)
        raise KeyError
    assert switches() == before


def test_an_update_does_not_undo_what_its_caller_asked_for() -> None:
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        with numerics(Choices(CPU)):
            assert torch.are_deterministic_algorithms_enabled()
        with numerics(Choices(CPU, deterministic=True)):
            assert not torch.is_deterministic_algorithms_warn_only_enabled()
        assert torch.is_deterministic_algorithms_warn_only_enabled()
    finally:
        torch.use_deterministic_algorithms(False)


def test_half_precision_is_of_the_convolutions_alone() -> None:
    config, streams = small_config({"run.precision": "bf16"}), Streams(0)
    state = small_state(config, streams, torch.float32)
    seen = {}

    def note(module: torch.nn.Module, arguments: Any, output: torch.Tensor) -> None:
        seen["convolution"] = output.dtype

    state.nets.G_A.get_submodule("model.1").register_forward_hook(note)
    passes, images = Passes(state, config, streams), torch.rand(1, 3, 16, 16)
    with passes.mixed():
        fake = passes.generate("G_A", images, "fake")
        (scores,) = passes.judge("D_A", fake)
    assert seen["convolution"] == torch.bfloat16
    assert fake.dtype == scores.dtype == torch.float32
    state, told = updates(config, 2, dtype=torch.float32)
    assert {value.dtype for value in told[0].values()} == {torch.float32}
    optimised = state.optimizer_G.state_dict()["state"]
    assert {one["exp_avg"].dtype for one in optimised.values()} == {torch.float32}
    full, _ = updates(small_config(), 2, dtype=torch.float32)
    weight, exact = (one.nets.G_A.get_parameter("model.1.weight") for one in (state, full))
    assert not torch.equal(weight, exact)
    assert torch.allclose(weight, exact, rtol=0, atol=2e-3)  # two steps of 2e-4 each


def test_norms_compute_in_float32_whatever_they_are_given() -> None:
    config, streams = small_config({"run.precision": "bf16"}), Streams(0)
    state = small_state(config, streams, torch.float32)
    seen: dict[str, torch.Tensor] = {}
    network = state.nets.G_A
    for key in ("model.1", "model.2"):  # a convolution and its norm
        network.get_submodule(key).register_forward_hook(
            lambda module, arguments, output, key=key: seen.update({key: output.clone()})
        )
    passes = Passes(state, config, streams)
    with passes.mixed(), torch.no_grad():
        passes.generate("G_A", torch.rand(1, 3, 16, 16) + 3, "fake")
    assert seen["model.1"].dtype == torch.bfloat16
    exact = torch.nn.functional.instance_norm(seen["model.1"].double())
    # float32 sums of 256 numbers.
    assert (seen["model.2"].double() - exact).abs().max() < 1e-4
    # torch's own norm of half-precision input is further off than that.
    rounded = torch.nn.functional.instance_norm(seen["model.1"]).double()
    assert (rounded.mean((2, 3)) - exact.mean((2, 3))).abs().max() > 1e-4


class Refused:
    """Stands for torch.compile on a machine without a compiler."""

    def __init__(self, network: torch.nn.Module) -> None:
        self.network = network

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("no C++ compiler found\nand a long trace")


def test_a_network_that_cannot_be_compiled_runs_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", Refused)
    network = torch.nn.Conv2d(1, 1, 1)
    call, images = Compiled(network), torch.ones(1, 1, 2, 2)
    with pytest.warns(RuntimeWarning, match="Conv2d runs uncompiled: no C\\+\\+ compiler found$"):
        found = call(images)
    assert torch.equal(found, network(images))
    call(images)  # says it once


def test_running_out_of_memory_is_not_a_failed_compilation(monkeypatch: pytest.MonkeyPatch) -> None:
    def compiled(network: torch.nn.Module) -> Any:
        def call(images: torch.Tensor) -> torch.Tensor:
            raise torch.OutOfMemoryError("too large")

        return call

    monkeypatch.setattr(torch, "compile", compiled)
    with pytest.raises(torch.OutOfMemoryError):
        Compiled(torch.nn.Conv2d(1, 1, 1))(torch.ones(1, 1, 2, 2))


def test_compiled_runs_have_the_keys_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    used = []

    def compiled(network: torch.nn.Module) -> Any:
        used.append(type(network).__name__)
        return network.forward

    monkeypatch.setattr(torch, "compile", compiled)
    plain, told_plain = updates(small_config(), 2)
    state, told = updates(small_config({"run.compile": True, "ema.decay": 0.9}), 2)
    assert len(used) == 4
    assert told == told_plain
    keys = {name: list(one.state_dict()) for name, one in plain.nets.items()}
    assert {name: list(one.state_dict()) for name, one in state.nets.items()} == keys


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="needs a C++ compiler")
@pytest.mark.filterwarnings("default")  # the compiler's own
def test_a_compiled_network_has_the_gradients_of_the_plain_one() -> None:
    network = small_state(small_config(), Streams(0), torch.float32).nets.D_A
    images = small_batch(0, dtype=torch.float32).A
    call = Compiled(network)
    found = []
    for one in (network, call):
        network.zero_grad()
        one(images).square().mean().backward()
        felt = felt_parameters(network)
        found.append({name: p.grad.clone() for name, p in felt if p.grad is not None})
    assert not call._failed
    # float32: sums of a few hundred terms in another order.
    assert difference(found[0], found[1]) < 1e-4
