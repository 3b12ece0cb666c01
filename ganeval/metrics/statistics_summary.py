"""What a statistics file holds, for people and for programs."""

from __future__ import annotations

from typing import Any

from ganeval.metrics.statistics_entries import Layout
from ganeval.metrics.statistics_file import SavedStatistics

_LAYOUTS: dict[Layout, str] = {
    "ganeval": "ganeval",
    "pytorch-fid": "mu and sigma, as pytorch-fid, clean-fid and EDM write them",
    "clean-fid-kid": "feats, as clean-fid writes them for KID",
    "adm": "mu, sigma, mu_s and sigma_s, as the ADM evaluator takes them",
    "torch-fidelity": "a .pt file, as torch-fidelity's cache holds it",
}


def as_rows(saved: SavedStatistics) -> list[tuple[str, str]]:
    """Returns name and value of all there is to tell."""
    rows = [
        ("layout", _LAYOUTS[saved.layout]),
        ("images", "not told" if saved.n is None else str(saved.n)),
        ("dimension", str(saved.moments.d)),
        ("features", "no" if saved.features is None else "yes"),
        ("spatial", "no" if saved.spatial is None else f"yes, {saved.spatial.d} features"),
        ("sha256", saved.digest),
    ]
    if saved.meta is None:
        resize = saved.resize and f"{saved.resize}, as stated by a user"
        return [
            *rows,
            ("resize", resize or "not told"),
            ("made by", "another package, which does not tell how"),
        ]
    return [
        *rows,
        *((name, str(value)) for name, value in saved.meta.spec.model_dump().items()),
        ("made from", saved.meta.source.path),
        ("fingerprint", str(saved.meta.source.fingerprint)),
        ("made by", f"ganeval {saved.meta.environment.ganeval}"),
    ]


def as_document(saved: SavedStatistics) -> dict[str, Any]:
    """Returns the same as plain values for JSON; null where the file does not tell."""
    return {
        "file": str(saved.path),
        "layout": saved.layout,
        "sha256": saved.digest,
        "n": saved.n,
        "dimension": saved.moments.d,
        "has_features": saved.features is not None,
        "spatial_dimension": None if saved.spatial is None else saved.spatial.d,
        "resize": saved.resize,
        "meta": None if saved.meta is None else saved.meta.model_dump(),
    }
