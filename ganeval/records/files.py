"""Records and other files on disk: read with a reason, written whole or not at all."""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from ganeval.errors import GanevalError, InputError
from ganeval.records.ablation import ABLATION_SCHEMA, AblationRecord
from ganeval.records.audit import AUDIT_SCHEMA, AuditRecord
from ganeval.records.class_model import CLASS_MODEL_SCHEMA, ClassModelRecord
from ganeval.records.classify import CLASSIFY_SCHEMA, SCORES_SCHEMA, ApplyRecord, ClassifyRecord
from ganeval.records.metrics import SCHEMA, MetricsRecord
from ganeval.records.saliency import SALIENCY_SCHEMA, SaliencyRecord
from ganeval.records.training import TRAINING_SCHEMA, TrainingRecord

Record = (
    MetricsRecord
    | AuditRecord
    | TrainingRecord
    | ClassifyRecord
    | ApplyRecord
    | SaliencyRecord
    | ClassModelRecord
    | AblationRecord
)

_READS: dict[str, type[Record]] = {
    SCHEMA: MetricsRecord,
    AUDIT_SCHEMA: AuditRecord,
    TRAINING_SCHEMA: TrainingRecord,
    CLASSIFY_SCHEMA: ClassifyRecord,
    SCORES_SCHEMA: ApplyRecord,
    SALIENCY_SCHEMA: SaliencyRecord,
    CLASS_MODEL_SCHEMA: ClassModelRecord,
    ABLATION_SCHEMA: AblationRecord,
}


def read_record(path: str | Path) -> Record:
    """Reads a record written by an earlier run, of whichever command.

    Raises:
        InputError: The file cannot be read, is no record, or is of a newer schema.
    """
    try:
        raw = json.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read as a record: {error.strerror}") from error
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read as a record: not JSON: {error}") from error
    schema = raw.get("schema") if isinstance(raw, dict) else None
    if not isinstance(schema, str) or schema not in _READS:
        raise InputError(f"{path}: {_unknown(schema)}")
    try:
        return _READS[schema].model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{path}: not a valid record: {where}: {first['msg']}") from error


def _unknown(schema: object) -> str:
    """Says what is wrong with a schema that is not read here."""
    for known in _READS:
        family, _, version = known.rpartition("/")
        later = str(schema).removeprefix(f"{family}/")
        if later.isdecimal() and int(later) > int(version):
            return f"schema {schema!r} is newer than {known!r}, which this version reads; update it"
    names = " or ".join(repr(name) for name in _READS)
    return f"schema {schema!r} is not {names}, which this version reads"


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[IO[bytes]]:
    """Opens a temporary file beside ``path`` and renames it into place when the block succeeds.

    Readers see the old file or the whole new one, never half of it; a failure leaves nothing. A
    link stays a link: what it points to is replaced. Devices and pipes are written to directly.

    Raises:
        GanevalError: The folder is not writable or the disk is full.
    """
    try:
        with _into_device(path) if _is_device(path) else _into_place(path) as stream:
            yield stream
    except OSError as error:
        raise GanevalError(f"{path}: cannot be written: {error.strerror or error}") from error


def _is_device(path: Path) -> bool:
    """Tells a device or pipe, which a rename would replace by a file: /dev/null, for example."""
    return path.exists() and not path.is_file() and not path.is_dir()


@contextlib.contextmanager
def _into_device(path: Path) -> Iterator[IO[bytes]]:
    """Gathers what is written, since such files cannot seek, and passes it on at the end."""
    gathered = io.BytesIO()
    yield gathered
    path.write_bytes(gathered.getvalue())


@contextlib.contextmanager
def _into_place(path: Path) -> Iterator[IO[bytes]]:
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.part-{os.getpid()}")
    try:
        with temporary.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Writes UTF-8 text atomically; see `atomic_write`."""
    with atomic_write(path) as stream:
        stream.write(text.encode("utf-8"))
