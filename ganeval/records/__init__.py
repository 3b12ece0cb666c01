"""The typed, versioned JSON that every command writes and every report is drawn from.

A record is complete: numbers with their uncertainty, what they were computed from (inputs by
digest, network by digest, versions), and what a careful reader should know. Missing numbers are
``null`` with a reason beside them; NaN and infinity never reach the file.
"""

from ganeval.records.audit import (
    AUDIT_SCHEMA,
    AuditedImage,
    AuditedSet,
    AuditRecord,
    DuplicateKind,
    DuplicatePair,
    Measurement,
    Outlier,
    OutlierKind,
    Overlap,
    SetDifference,
    WrittenList,
)
from ganeval.records.features import (
    BackendInfo,
    FeatureRun,
    FeatureSpec,
    InputInfo,
    Skipped,
    WeightsInfo,
)
from ganeval.records.files import atomic_write, read_record, write_text
from ganeval.records.metrics import (
    SCHEMA,
    Copy,
    Difference,
    Floor,
    Gallery,
    Metric,
    MetricsRecord,
    Neighbour,
    PeerNumber,
    excess_of,
)
from ganeval.records.model import Environment, Estimate, Model, Notice, Param, Role, Test

__all__ = [
    "AUDIT_SCHEMA",
    "SCHEMA",
    "AuditRecord",
    "AuditedImage",
    "AuditedSet",
    "BackendInfo",
    "Copy",
    "Difference",
    "DuplicateKind",
    "DuplicatePair",
    "Environment",
    "Estimate",
    "FeatureRun",
    "FeatureSpec",
    "Floor",
    "Gallery",
    "InputInfo",
    "Measurement",
    "Metric",
    "MetricsRecord",
    "Model",
    "Neighbour",
    "Notice",
    "Outlier",
    "OutlierKind",
    "Overlap",
    "Param",
    "PeerNumber",
    "Role",
    "SetDifference",
    "Skipped",
    "Test",
    "WeightsInfo",
    "WrittenList",
    "atomic_write",
    "excess_of",
    "read_record",
    "write_text",
]
