"""``ganeval schema`` and ``ganeval ls``: what programs and people can look up."""

from __future__ import annotations

import json
from collections.abc import Callable

from .conftest import Outcome


def test_the_schema_refuses_unknown_fields(ganeval: Callable[..., Outcome]) -> None:
    schema = json.loads(ganeval("schema").out)
    assert schema["additionalProperties"] is False
    assert {"schema", "verdict", "metrics", "warnings"} <= set(schema["properties"])


def test_extractors_are_listed_with_the_default_in_front(ganeval: Callable[..., Outcome]) -> None:
    lines = ganeval("ls", "extractors").out.splitlines()
    inception = next(line for line in lines if line.startswith("inception-2015"))
    assert "2048, 64, 192, 768" in inception
    assert "pytorch-fid, clean, tf1, torchmetrics" in inception
