"""Folders of pictures made by code, with copies, damage and odd ones planted in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganeval.audit.settings import AuditSettings
from ganeval.audit.suite import audit
from ganeval.records import AuditRecord

QUICK = AuditSettings(extractor=None, cache=False)


def picture(seed: int, side: int = 64) -> Image.Image:
    """A smooth random picture with some grain."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(60, 196, (6, 6, 3), dtype=np.uint8)
    smooth = Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)
    grain = rng.normal(0, 3, (side, side, 3))
    return Image.fromarray(np.clip(np.asarray(smooth) + grain, 0, 255).astype(np.uint8))


Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes a folder of pictures with the given seeds."""

    def made(
        name: str, seeds: range, suffix: str = "png", side: int = 64, **options: object
    ) -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True, exist_ok=True)
        for seed in seeds:
            picture(seed, side).save(folder / f"{seed:03d}.{suffix}", **options)
        return folder

    return made


def record_of(*folders: Path, settings: AuditSettings = QUICK) -> AuditRecord:
    return audit(folders, settings).record


def codes(record: AuditRecord) -> list[str]:
    return [notice.code for notice in record.warnings]
