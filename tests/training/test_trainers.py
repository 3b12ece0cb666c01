"""The door through which trainers come in."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ganeval.errors import InputError
from ganeval.training.trainers import TRAINERS


def test_the_trainers_that_ship_with_ganeval_are_there() -> None:
    assert {"cyclegan", "warmup"} <= set(TRAINERS.names())


def test_an_unknown_trainer_is_answered_with_near_names() -> None:
    with pytest.raises(InputError, match=r"no trainer 'cycle-gan'; did you mean cyclegan\?"):
        TRAINERS.get("cycle-gan")


def test_presets_are_listed_without_loading_torch() -> None:
    code = (
        "import sys; from ganeval.training.trainers import TRAINERS;"
        "names = TRAINERS.get('cyclegan')().presets();"
        "assert 'reference' in names and 'dtu02514' in names, names;"
        "sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
