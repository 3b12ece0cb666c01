"""The dotted keys of the configuration: which there are, what each takes, which were meant."""

from __future__ import annotations

import difflib
import json
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ganeval_cyclegan.config import TrainConfig


def dotted_keys(model: type[BaseModel] = TrainConfig, prefix: str = "") -> Iterator[str]:
    """Goes through the dotted names of all values a configuration has, in order."""
    for name, field in model.model_fields.items():
        section = _section(field.annotation)
        if section is None:
            yield prefix + name
        else:
            yield from dotted_keys(section, f"{prefix}{name}.")


def flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Returns the leaves of nested sections by their dotted names."""
    leaves: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            leaves.update(flat(value, f"{prefix}{name}."))
        else:
            leaves[prefix + name] = value
    return leaves


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Returns nested sections with the values of ``over`` in place of those of ``base``."""
    result = dict(base)
    for name, value in over.items():
        below = result.get(name)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        result[name] = merged(below, value) if both else value  # type: ignore[arg-type]
    return result


def nested(key: str, value: Any) -> dict[str, Any]:
    """Returns the sections that hold one value under its dotted name."""
    for name in reversed(key.split(".")):
        value = {name: value}
    return dict(value)


def value_at(tree: Any, key: str) -> Any:
    """Returns what stands under a dotted name; None where nothing does."""
    for name in key.split("."):
        tree = tree.get(name) if isinstance(tree, Mapping) else None
    return tree


def field_of(key: str) -> FieldInfo | None:
    """Returns the field a dotted name leads to, a value's or a section's; None if there is none."""
    model: type[BaseModel] | None = TrainConfig
    field = None
    for name in key.split("."):
        field = model.model_fields.get(name) if model else None
        if field is None:
            return None
        model = _section(field.annotation)
    return field


def wanted(key: str) -> str:
    """Says in words what may stand under a dotted name that exists."""
    field = field_of(key)
    assert field is not None
    return _words(field.annotation, _bounds(field.metadata))


def near_words(key: str, value: Any) -> str:
    """Returns words like the value that may stand under the key, as the end of a sentence."""
    known = list(dict.fromkeys(choices(key))) if isinstance(value, str) else []
    near = difflib.get_close_matches(str(value), known, n=2, cutoff=0.6)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def shown(value: Any) -> str:
    """Returns a value as a YAML file would hold it, on one line."""
    if isinstance(value, str):
        return repr(value)
    try:
        return json.dumps(value)
    except (TypeError, ValueError):
        return str(value)


def meant(key: str) -> str:
    """Returns what a mistaken dotted name probably meant, as the end of a sentence."""
    known = list(dotted_keys())
    section, _, leaf = key.rpartition(".")
    near = [one for one in known if one.endswith(f".{leaf}") or one == leaf]
    siblings = [one for one in known if one.rpartition(".")[0] == section]
    if not near:
        leaves = {one.rpartition(".")[2]: one for one in siblings}
        near = [leaves[one] for one in difflib.get_close_matches(leaf, leaves, n=2, cutoff=0.6)]
    if not near:
        near = difflib.get_close_matches(key, known, n=3, cutoff=0.6)
    if not near:
        every: dict[str, list[str]] = {}
        for one in known:
            every.setdefault(one.rpartition(".")[2], []).append(one)
        close = difflib.get_close_matches(leaf, every, n=2, cutoff=0.6)
        near = [one for name in close for one in every[name]]
    if near:
        return f"did you mean {' or '.join(near[:3])}?"
    if section and siblings:
        return f"{section} has {', '.join(one.rpartition('.')[2] for one in siblings)}."
    return f"sections are {', '.join(TrainConfig.model_fields)}."


def choices(key: str) -> list[str]:
    """Returns the words that may stand under a dotted name, none where it takes no words."""
    field = field_of(key)
    return list(_literals(field.annotation)) if field else []


def _literals(annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from (value for value in get_args(annotation) if isinstance(value, str))
    else:
        for part in get_args(annotation):
            yield from _literals(part)


def _section(annotation: Any) -> type[BaseModel] | None:
    """Returns the class of a field that is a section, also of one that may be null."""
    for part in (annotation, *get_args(annotation)):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
    return None


def _bounds(metadata: list[Any]) -> dict[str, float]:
    """Collects ge, gt, le and lt from what pydantic keeps of an annotation."""
    found: dict[str, float] = {}
    for one in metadata:
        if isinstance(one, FieldInfo):
            found.update(_bounds(one.metadata))
        for name in ("ge", "gt", "le", "lt"):
            if (value := getattr(one, name, None)) is not None:
                found[name] = value
    return found


def _words(annotation: Any, bounds: dict[str, float]) -> str:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _words(parts[0], {**bounds, **_bounds(list(parts[1:]))})
    if origin is Literal:
        texts = [str(part) for part in parts]
        return texts[0] if len(texts) == 1 else f"one of {', '.join(texts)}"
    if origin in (Union, types.UnionType):
        words = [_words(part, bounds) for part in parts]
        if get_origin(parts[-1]) is list:
            return f"{words[0]}, or a list of such"
        return " or ".join(words)
    if origin is tuple and parts[-1] is not Ellipsis:
        # Of one kind, everywhere in the configuration: a pair is two numbers.
        return f"a pair [x, y], each {_words(parts[0], bounds)}"
    if origin in (tuple, list):
        return f"a list, each {_words(parts[0], bounds)}"
    if annotation is type(None):
        return "null"
    if annotation is bool:
        return "true or false"
    if annotation is str:
        return "text"
    section = _section(annotation)
    if section is not None:
        return f"a section with {', '.join(section.model_fields)}"
    return ("a whole number" if annotation is int else "a number") + _interval(bounds)


def _interval(bounds: dict[str, float]) -> str:
    low = f"{bounds['ge']:g}" if "ge" in bounds else ""
    high = f"{bounds['le']:g}" if "le" in bounds else ""
    if low and high:
        return f" from {low} to {high}"
    words = [f"of at least {low}"] if low else []
    words += [f"above {bounds['gt']:g}"] if "gt" in bounds else []
    words += [f"of at most {high}"] if high else []
    words += [f"below {bounds['lt']:g}"] if "lt" in bounds else []
    return (" " + " and ".join(words)) if words else ""
