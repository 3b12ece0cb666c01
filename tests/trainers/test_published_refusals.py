"""Weights files that are refused, each with what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from ganeval.errors import InputError
from ganeval_cyclegan.nets.published import describe
from trainers import published_layers as plain


@pytest.fixture
def both() -> dict[str, plain.State]:
    return {
        name: plain.random_state(plain.resnet_layout(1, bn=False, dropout=False, ngf=2), seed)
        for seed, name in enumerate(("G_A", "G_B"))
    }


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        describe(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_pickled_code_is_not_run(tmp_path: Path) -> None:
    torch.save(torch.nn.Conv2d(1, 1, 1), tmp_path / "whole.pth")
    text = refusal(tmp_path / "whole.pth")
    assert "pickled code" in text
    assert "state_dict()" in text


@pytest.mark.parametrize("content", [b"", b"hello", b"\x80\x02K\x01.", b"PK\x03\x04broken"])
def test_damaged_files_are_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.pth").write_bytes(content)
    assert "damaged" in refusal(tmp_path / "bad.pth")
    assert "no such file" in refusal(tmp_path / "absent.pth")


def test_a_cut_file_is_named(tmp_path: Path, both: dict[str, plain.State]) -> None:
    path = plain.save(tmp_path / "cut.pth", both["G_A"])
    path.write_bytes(path.read_bytes()[:-200])
    assert "damaged" in refusal(path)


def test_networks_of_the_cut_repository_are_named(
    tmp_path: Path, both: dict[str, plain.State]
) -> None:
    state = both["G_A"] | {"model.4.filt": torch.zeros(2, 1, 3, 3)}
    text = refusal(plain.save(tmp_path / "cut.pth", state))
    assert "CUT" in text
    assert "model.4.filt" in text


def test_shapes_that_do_not_fit_are_told_with_both(
    tmp_path: Path, both: dict[str, plain.State]
) -> None:
    state = dict(both["G_A"])
    state["model.4.weight"] = torch.zeros(4, 3, 3, 3)
    text = refusal(plain.save(tmp_path / "shape.pth", state))
    assert "model.4.weight has shape 4x3x3x3" in text
    assert "4x2x3x3" in text


def test_missing_and_unknown_keys_are_told(tmp_path: Path, both: dict[str, plain.State]) -> None:
    state = dict(both["G_A"])
    del state["model.4.weight"]
    state["model.99.weight"] = torch.zeros(1, 1, 1, 1)
    state["extra"] = torch.zeros(1)
    text = refusal(plain.save(tmp_path / "keys.pth", state))
    assert "1 missing (first: model.4.weight)" in text
    assert "2 unknown (first: model.99.weight)" in text


@pytest.mark.parametrize(
    "change",
    [
        lambda state: {key: v for key, v in state.items() if not key.startswith("model.18")},
        lambda state: {key.replace("model.10.", "model.11."): v for key, v in state.items()},
        lambda state: {key: v for key, v in state.items() if ".5." not in key},
        lambda state: {"model.0.weight": state["model.4.weight"]},
        lambda state: {"net.1.weight": state["model.4.weight"]},
        lambda state: {"model.model.0.weight": state["model.4.weight"]},
        lambda state: {"fc.weight": torch.zeros(2, 2)},
        lambda state: {"epoch": 3},
    ],
)
def test_unknown_patterns_are_refused(
    tmp_path: Path, change: Any, both: dict[str, plain.State]
) -> None:
    torch.save(change(both["G_A"]), tmp_path / "odd.pth")
    assert refusal(tmp_path / "odd.pth")
