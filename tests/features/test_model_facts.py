from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ganeval.features.extractor import get_extractor
from ganeval.features.model_facts import ModelFacts, model_facts
from ganeval.features.preprocess import Preprocess
from ganeval.paths import cache_folder

FACTS = ModelFacts(
    dimension=5,
    preprocess=vars(Preprocess("pillow-bicubic", 8, (1.0, 2.0, 3.0), (4.0, 5.0, 6.0), resized=9)),
    url="https://example.org/a-0123abcd.pth",
)


def never() -> ModelFacts:
    raise AssertionError("looked for again")


def files() -> list[Path]:
    return sorted((cache_folder() / "models").iterdir())


def test_facts_are_found_once() -> None:
    assert model_facts("timm", "a", lambda: FACTS) == FACTS
    kept = model_facts("timm", "a", never)
    assert kept.make_preprocess() == FACTS.make_preprocess()
    assert (kept.dimension, kept.url) == (5, FACTS.url)
    with pytest.raises(AssertionError):
        model_facts("timm", "b", never)
    assert len(files()) == 1


def test_facts_of_another_version_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    model_facts("timm", "a", lambda: FACTS)
    monkeypatch.setattr("ganeval.features.model_facts.version", lambda _: "0.0")
    with pytest.raises(AssertionError):
        model_facts("timm", "a", never)


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"dimension": 5}', '{"dimension": 5, "x": 1}'])
def test_damaged_facts_are_found_again(damage: str) -> None:
    model_facts("timm", "a", lambda: FACTS)
    (file,) = files()
    file.write_text(damage)
    assert model_facts("timm", "a", lambda: FACTS) == FACTS
    model_facts("timm", "a", never)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="every folder can be written")
def test_an_unwritable_folder_is_no_error() -> None:
    cache_folder().chmod(0o500)
    try:
        assert model_facts("timm", "a", lambda: FACTS) == FACTS
    finally:
        cache_folder().chmod(0o700)


def test_a_folder_in_the_way_is_no_error() -> None:
    (cache_folder() / "models").write_text("a file")
    assert model_facts("timm", "a", lambda: FACTS) == FACTS


@pytest.mark.parametrize("name", ["timm:test_vit", "torchvision:resnet18"])
def test_a_known_model_needs_neither_torch_nor_its_library(name: str) -> None:
    layers = dict(get_extractor(name).layers)
    code = (
        "import sys; from ganeval.features.extractor import get_extractor;"
        f"e = get_extractor({name!r}); assert e.layers == {layers!r}; e.preprocess('own');"
        "sys.exit(', '.join({'torch', 'timm', 'torchvision'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
