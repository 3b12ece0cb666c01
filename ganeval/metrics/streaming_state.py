"""What streaming metrics have seen, as plain arrays: for checkpoints and for other processes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ganeval.errors import InputError
from ganeval.metrics.moments import Moments
from ganeval.metrics.needs import Need
from ganeval.metrics.streaming_set import StreamedSet
from ganeval.records import FeatureRun, Role

State = dict[str, npt.NDArray[Any]]

_VERSION = "ganeval.streaming/1"
_META = "meta"
_PARTS = ("mean", "scatter", "rows")


def to_state(sets: Mapping[Role, StreamedSet], protocol: Mapping[str, Any]) -> State:
    """Returns sets as arrays; no pickle is needed to store them.

    Args:
        sets: The sets by role.
        protocol: What a state must agree with to be merged, as JSON can hold it.

    Returns:
        ``meta``, JSON as uint8 ``[bytes]``; and per set and layer ``mean`` ``[d]`` and ``scatter``
        ``[d, d]`` in float64 and ``rows`` ``[n, d]``, as far as there are any.
    """
    arrays: State = {}
    meta: dict[str, Any] = {"version": _VERSION, "protocol": dict(protocol), "sets": {}}
    for role, one in sets.items():
        meta["sets"][role] = {
            "n": one.n,
            "given": one.given,
            "digests": one.digests,
            "seen": one.seen,
            "layers": [list(need) for need in one.dimensions()],
            "moments": [_counts(one, need) for need in one.dimensions()],
            "runs": [[list(need), run.model_dump()] for need, run in one.runs.items()],
        }
        for need in one.dimensions():
            moments, pieces = one.moments.get(need), one.rows.get(need)
            if moments is not None:
                arrays[_name(role, need, "mean")] = moments.mean.copy()
                arrays[_name(role, need, "scatter")] = moments.scatter.copy()
            if pieces:
                arrays[_name(role, need, "rows")] = np.concatenate(pieces)
    arrays[_META] = np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8).copy()
    return arrays


def from_state(
    state: Mapping[str, object], protocol: Mapping[str, Any], keep: bool
) -> dict[Role, StreamedSet]:
    """Returns the sets that a state holds.

    Args:
        state: Arrays, or tensors on the CPU, as `to_state` returns them.
        protocol: That of the object which takes them over.
        keep: The sets hold all rows; see `StreamedSet`.

    Raises:
        InputError: It is no such state, is incomplete, or was made under another protocol.
    """
    arrays = {name: np.asarray(value) for name, value in state.items()}
    meta = _meta(arrays)
    check_protocol(meta["protocol"], protocol)
    try:
        return {role: _set(role, told, arrays, keep) for role, told in meta["sets"].items()}
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"the state of a streaming metric is incomplete: {error}") from error


def check_protocol(there: Mapping[str, Any], here: Mapping[str, Any]) -> None:
    """Checks that two objects extract the same features.

    Args:
        there: Protocol of the other one.
        here: Protocol of the one that takes it over.

    Raises:
        InputError: They do not.
    """
    if there == here:
        return
    parts = [
        f"{name}: {told} there, {wanted} here"
        for name in sorted({*there, *here})
        for told, wanted in [_differing(there.get(name), here.get(name))]
        if told != wanted
    ]
    raise InputError(
        f"the other one was made under another protocol ({'; '.join(parts)})",
        hint="Make both with the same metrics, extractor and options.",
    )


def _differing(there: Any, here: Any) -> Iterable[Any]:
    """The fields in which two specifications differ, else both as they are."""
    if not (isinstance(there, dict) and isinstance(here, dict)):
        return ("nothing" if one is None else "features" for one in (there, here))
    fields = [name for name in here if there.get(name) != here[name]]
    return {name: there.get(name) for name in fields}, {name: here[name] for name in fields}


def _meta(arrays: State) -> dict[str, Any]:
    entry = arrays.get(_META)
    try:
        if entry is not None:
            meta: dict[str, Any] = json.loads(entry.astype(np.uint8).tobytes())
            if meta["version"] == _VERSION:
                return meta
    except (KeyError, TypeError, ValueError):
        pass
    raise InputError(
        "this is no state of a streaming metric",
        hint=f"state_dict() returns one; its entry {_META!r} tells {_VERSION}.",
    )


def _set(role: Role, told: Mapping[str, Any], arrays: State, keep: bool) -> StreamedSet:
    one = StreamedSet(keep, n=told["n"], digests=list(told["digests"]), given=told["given"])
    one.seen = {name: Counter(counts) for name, counts in told["seen"].items()}
    one.runs = {Need(*need): FeatureRun.model_validate(run) for need, run in told["runs"]}
    for need, n in zip((Need(*names) for names in told["layers"]), told["moments"], strict=True):
        mean, scatter, rows = (arrays.get(_name(role, need, part)) for part in _PARTS)
        if n:
            if mean is None or scatter is None:
                raise ValueError(f"no moments of the {role} images")
            one.moments[need] = Moments(n, mean.copy(), scatter.copy())
        if rows is not None:
            one.rows[need] = [rows.copy()]
        held = 0 if rows is None else len(rows)
        if n + held != one.n:
            raise ValueError(f"features of {n + held} {role} images instead of {one.n}")
    return one


def _counts(one: StreamedSet, need: Need) -> int:
    moments = one.moments.get(need)
    return 0 if moments is None else moments.n or 0


def _name(role: Role, need: Need, part: str) -> str:
    return "/".join((role, *need, part))
