"""The exported schema is the one in the docs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from .conftest import Outcome

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_schema_in_the_docs_is_current(ganeval: Callable[..., Outcome]) -> None:
    printed = ganeval("schema").out
    checked_in = (DOCS / "record.schema.json").read_text("utf-8")
    assert printed == checked_in, "run: ganeval schema > docs/record.schema.json"


def test_every_field_is_described_or_speaks_for_itself(ganeval: Callable[..., Outcome]) -> None:
    schema = json.loads(ganeval("schema").out)
    assert schema["additionalProperties"] is False
    assert {"schema", "verdict", "metrics", "warnings"} <= set(schema["properties"])
