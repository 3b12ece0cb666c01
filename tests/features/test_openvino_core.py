"""OpenVINO leaves the process able to catch signals."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

SCRIPT = textwrap.dedent(
    """
    import gc, os, signal
    from ganeval.features.openvino_preprocess import Resizer
    from ganeval.features.preprocess import Preprocess

    caught = []
    signal.signal(signal.SIGTERM, lambda *_: caught.append("SIGTERM"))
    plan = Preprocess("bilinear", 8, (0, 0, 0), (1, 1, 1))
    first, second = Resizer(plan), Resizer(plan)
    del first
    gc.collect()
    del second
    gc.collect()
    os.kill(os.getpid(), signal.SIGTERM)
    print(*caught)
    """
)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_signal_is_caught_after_networks_are_freed() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "SIGTERM\n"), done.stderr
