"""The sets of images a record speaks of, whatever its type, and whether it describes them all."""

from __future__ import annotations

from ganeval.errors import InputError
from ganeval.records.ablation import AblationRecord
from ganeval.records.audit import AuditRecord
from ganeval.records.class_model import ClassModelRecord
from ganeval.records.classify import ApplyRecord, ClassifyRecord
from ganeval.records.features import InputInfo
from ganeval.records.files import Record
from ganeval.records.metrics import MetricsRecord
from ganeval.records.saliency import SaliencyRecord


def recorded_inputs(record: Record) -> list[InputInfo]:
    """Returns the sets in the order of the record; those that copies were looked for in last."""
    if isinstance(record, MetricsRecord):
        return [*record.inputs, *([record.train] if record.train else [])]
    if isinstance(record, AuditRecord | ApplyRecord):
        return [one.input for one in record.sets]
    if isinstance(record, ClassifyRecord | SaliencyRecord | AblationRecord):
        return record.inputs
    if isinstance(record, ClassModelRecord):
        return [record.input] if record.input else []
    return [one.input for one in record.domains]


def require_described(record: Record) -> None:
    """Refuses a record that speaks of sets it does not describe; no command writes one.

    Raises:
        InputError: It does, or it describes none.
    """
    if isinstance(record, MetricsRecord):
        described = {info.label for info in record.inputs if info.role == "fake"}
        if not described or not any(info.role == "real" for info in record.inputs):
            raise InputError("the record describes no real set or no fake set")
        spoken = {one.fake for one in record.metrics} | {one.fake for one in record.peers}
        spoken |= {one.fake_label for one in record.galleries}
        spoken |= {one.fake_label for one in record.copies}
        spoken |= {label for one in record.differences for label in (one.a, one.b)}
    elif isinstance(record, AuditRecord):
        described = {one.input.label for one in record.sets}
        if not described:
            raise InputError("the record describes no set")
        spoken = {one.set for one in record.outliers} | {one.set for one in record.lists}
        spoken |= {label for one in record.duplicates for label in (one.a_set, one.b_set)}
        spoken |= {label for one in record.differences for label in (one.a, one.b)}
    elif isinstance(record, ClassifyRecord):
        described = {info.label for info in record.inputs}
        if [info.role for info in record.inputs] != ["real", "fake"]:
            raise InputError("the record does not describe a real set and a fake one")
        spoken = {image.label for one in record.galleries for image in one.images}
    else:
        return
    if unknown := sorted(spoken - described):
        raise InputError(f"the record speaks of {', '.join(unknown)}, which it does not describe")
