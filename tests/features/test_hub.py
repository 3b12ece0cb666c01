"""Files of the Hugging Face hub: a connection that breaks is told as what it is."""

from __future__ import annotations

from types import SimpleNamespace

import huggingface_hub
import pytest
from huggingface_hub.errors import LocalEntryNotFoundError

from ganeval.errors import MissingFileError
from ganeval.features.hub import resolve_hub_weights


def test_a_connection_that_breaks_is_not_a_file_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def breaks(*_: object, **__: object) -> str:
        raise LocalEntryNotFoundError("the connection was lost")

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.delenv("GANEVAL_OFFLINE", raising=False)
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_, **__: None)
    monkeypatch.setattr(
        huggingface_hub, "get_hf_file_metadata", lambda *_, **__: SimpleNamespace(size=3)
    )
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", breaks)
    with pytest.raises(MissingFileError, match="fetching it failed: the connection was lost"):
        resolve_hub_weights("timm:a", "nobody/nothing", None)
