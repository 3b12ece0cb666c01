from __future__ import annotations

import pytest

from ganeval.errors import GanevalError, InputError
from ganeval.features.extractor import EXTRACTORS
from ganeval.registry import Registry

REGISTRY: Registry[object] = Registry(
    "thing",
    {"plain": "collections:OrderedDict", "broken": "collections:NoSuchThing"},
    group="ganeval.no-such-group",
    listing="`ganeval ls things`",
    families={"int": "builtins:int", "gone": "no_such_module:thing"},
)


def test_a_name_is_imported_and_a_family_called_with_what_follows_the_colon() -> None:
    from collections import OrderedDict

    assert REGISTRY.get("plain") is OrderedDict
    make = REGISTRY.get("int:17")
    assert callable(make)
    assert make() == 17


def test_names_and_families_are_told_apart() -> None:
    assert REGISTRY.names() == ["broken", "plain"]
    assert REGISTRY.families() == ["gone", "int"]
    assert EXTRACTORS.families() == ["timm", "torchscript", "torchvision"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("plane", "no thing 'plane'; did you mean plain"),
        ("ints:4", "no thing 'ints:4'; did you mean int:NAME"),
        ("int", "no thing 'int'; did you mean int:NAME"),
        ("int:", "nothing follows the colon"),
        ("plain:x", "no thing 'plain:x'"),
    ],
)
def test_unknown_names_are_answered_with_near_ones(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        REGISTRY.get(name)


@pytest.mark.parametrize("name", ["broken", "gone:x"])
def test_what_cannot_be_imported_is_named(name: str) -> None:
    with pytest.raises(GanevalError, match=f"thing '{name}' cannot be loaded from"):
        REGISTRY.get(name)
