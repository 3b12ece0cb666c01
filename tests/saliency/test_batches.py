"""Batches of one size: an image's numbers do not depend on its company."""

from __future__ import annotations

import hashlib

import pytest
import torch
from saliency.toy_models import images, plain_model

from ganeval.saliency.batches import MICRO_BATCH, filled, keyed_generator, micro_batched


@pytest.mark.parametrize("count", [1, 3, 4, 5, 8, 9])
def test_every_call_gets_the_same_number_of_rows_and_the_filling_is_dropped(count: int) -> None:
    sizes = []

    def call(x: torch.Tensor) -> torch.Tensor:
        sizes.append(len(x))
        return 2 * x

    x = torch.arange(count, dtype=torch.float32)
    assert torch.equal(micro_batched(call, x, 4), 2 * x)
    assert set(sizes) == {4}


def test_the_last_call_is_filled_with_its_own_first_row() -> None:
    seen: list[list[float]] = []
    micro_batched(lambda x: (seen.append(x.tolist()), x)[1], torch.arange(6.0), 4)
    assert seen == [[0, 1, 2, 3], [4, 5, 4, 4]]
    assert filled(torch.tensor([[7, 8]]), 3).tolist() == [[7, 8]] * 3


def test_several_tensors_go_in_and_come_out_together() -> None:
    x, y = torch.rand(5, 3), torch.arange(5)
    doubled, same = micro_batched(lambda a, b: (2 * a, b), (x, y), 2)
    assert torch.equal(doubled, 2 * x)
    assert torch.equal(same, y)


def test_no_rows_and_unequal_rows_are_programming_errors() -> None:
    for x in (torch.empty(0), (torch.zeros(2), torch.zeros(3))):
        with pytest.raises(ValueError, match="cannot make batches"):
            micro_batched(lambda *a: a[0], x, 2)


def test_logits_and_gradients_are_bit_equal_alone_in_a_set_and_shuffled() -> None:
    x = images(33)
    order = torch.randperm(33, generator=keyed_generator(1, "order", ""))
    with plain_model() as model:

        def call(rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            leaf = rows.clone().requires_grad_()
            logits = model.logits(leaf)
            (gradient,) = torch.autograd.grad(logits[:, 1].sum(), leaf)
            return logits.detach(), gradient

        whole = micro_batched(call, x, 8)
        shuffled = micro_batched(call, x[order], 8)
        for i in (0, 7, 32):
            alone = micro_batched(call, x[i : i + 1], 8)
            for one, all_of_them in zip(alone, whole, strict=True):
                assert torch.equal(one[0], all_of_them[i])
        for ours, theirs in zip(shuffled, whole, strict=True):
            assert torch.equal(ours, theirs[order])


def test_draws_depend_on_seed_purpose_and_key_alone() -> None:
    def draw(seed: int, purpose: str, key: str) -> list[float]:
        return torch.randn(4, generator=keyed_generator(seed, purpose, key)).tolist()

    first = draw(0, "smoothgrad", "a/b.png")
    torch.rand(3)
    assert draw(0, "smoothgrad", "a/b.png") == first
    others = [draw(1, "smoothgrad", "a/b.png"), draw(0, "x", "a/b.png"), draw(0, "smoothgrad", "b")]
    assert all(one != first for one in others)


def test_the_seed_is_the_head_of_the_sha256_of_the_three() -> None:
    head = hashlib.sha256(b"3|noise|k").digest()[:8]
    expected = int.from_bytes(head, "big") % 2**63
    assert keyed_generator(3, "noise", "k").initial_seed() == expected


def test_the_global_generator_is_neither_read_nor_set() -> None:
    state = torch.random.get_rng_state()
    torch.rand(2, generator=keyed_generator(0, "a", "b"))
    assert torch.equal(state, torch.random.get_rng_state())


def test_keys_of_undecodable_file_names_have_draws_too() -> None:
    assert keyed_generator(0, "a", "caf\udce9.png").initial_seed() >= 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["efficientnet-lite0", "detector"])
def test_gradients_of_real_networks_are_bit_equal_in_any_company_and_order(name: str) -> None:
    from ganeval.classifier.network_form import NetworkForm
    from ganeval.saliency.loading import load_pixel_model
    from ganeval.saliency.model import PixelModel, wrap_network

    def opened() -> PixelModel:
        if name == "efficientnet-lite0":
            return load_pixel_model(name, device="cpu", side=64)
        network = NetworkForm("default").initialised(0, torch.device("cpu"))
        return wrap_network(network, side=32, mean=(0.5,) * 3, std=(0.5,) * 3, detector=True)

    def call(rows: torch.Tensor) -> torch.Tensor:
        leaf = rows.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(model.logits(leaf)[:, 0].sum(), leaf)
        return gradient

    threads = torch.get_num_threads()
    with opened() as model:
        x = images(17, side=model.side)
        try:
            torch.set_num_threads(1)
            whole = micro_batched(call, x, MICRO_BATCH)
            for i in (0, 16):
                assert torch.equal(micro_batched(call, x[i : i + 1], MICRO_BATCH)[0], whole[i])
            torch.set_num_threads(2)
            assert torch.equal(micro_batched(call, x.flip(0), MICRO_BATCH), whole.flip(0))
        finally:
            torch.set_num_threads(threads)
        assert float(whole.abs().max()) > 0
