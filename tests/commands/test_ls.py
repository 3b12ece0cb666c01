from __future__ import annotations

import subprocess
import sys

from click.testing import CliRunner

from ganeval.commands.ls import ls
from ganeval.features.extractor import EXTRACTORS


def test_every_extractor_and_family_has_a_line() -> None:
    result = CliRunner().invoke(ls, ["extractors"])
    assert result.exit_code == 0
    names = [line.split()[0] for line in result.stdout.splitlines()[1:]]
    families = ["timm:NAME", "torchscript:FILE", "torchvision:NAME"]
    assert names == [*EXTRACTORS.names(), *families]


def test_defaults_stand_in_front() -> None:
    lines = CliRunner().invoke(ls, ["extractors"]).stdout.splitlines()
    (line,) = [line for line in lines if line.startswith("inception-2015")]
    assert "2048, 64, 192, 768, sfid, logits" in line
    assert "pytorch-fid, clean, tf1, torchmetrics" in line


def test_listing_loads_no_library_of_networks() -> None:
    code = (
        "import sys; from ganeval.cli import run; assert run(['ls', 'extractors']) == 0;"
        "sys.exit(', '.join({'torch', 'timm', 'torchvision', 'openvino', 'huggingface_hub'}"
        " & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_trainers_say_what_they_train_and_presets_whose_they_are() -> None:
    trainers = CliRunner().invoke(ls, ["trainers"]).stdout
    assert "cyclegan  Two generators between two domains" in trainers
    presets = CliRunner().invoke(ls, ["presets"]).stdout.splitlines()
    assert presets[0].split() == ["preset", "trainer"]
    assert ["reference", "cyclegan"] in [line.split() for line in presets]
