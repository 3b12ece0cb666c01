"""Names of classes, and which class a user means."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganeval.errors import InputError
from ganeval.saliency.class_names import class_index, read_labels

NAMES = ("tabby cat", "zebra", "Crane", "crane", "7")


def test_classes_are_named_by_number_or_by_name_in_any_case() -> None:
    assert class_index("1", NAMES, 5) == 1
    assert class_index(" ZEBRA ", NAMES, 5) == 1
    assert class_index("0", None, 2) == 0


@pytest.mark.parametrize(
    ("text", "classes", "reason"),
    [
        ("5", NAMES, "out of range: the model has classes 0 to 4"),
        ("cat", NAMES, "did you mean tabby cat"),
        ("zbra", NAMES, "did you mean zebra"),
        ("crane", NAMES, "2 classes have this name: 2, 3"),
        ("zebra", None, "names of the model's 5 classes are not known"),
        ("-1", NAMES, "no class '-1'"),
        ("", NAMES, "no class ''"),
        ("xyzzy", tuple(f"class {i} of many" for i in range(30)), "among the model's 30"),
    ],
)
def test_what_names_no_class_is_refused(
    text: str, classes: tuple[str, ...] | None, reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        class_index(text, classes, len(classes or NAMES))


def test_labels_are_lines(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes("\ufeffhorse\r\nzébra \n\n".encode())
    assert read_labels(path) == ("horse", "zébra")


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "is empty"), (b"a\n\nb\n", "line 2 is empty"), (b"\xff\xfe\x00", "not UTF-8")],
)
def test_labels_that_cannot_be_read_are_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes(data)
    with pytest.raises(InputError, match=reason):
        read_labels(path)
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_labels(tmp_path / "none.txt")
