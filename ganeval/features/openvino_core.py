"""The one OpenVINO core of the process."""

from __future__ import annotations

import functools
from typing import Any


@functools.cache
def core() -> Any:
    """Returns the ``openvino.Core`` of this process, which is never freed.

    Each core's CPU plugin gives the calling thread a stack for signal handlers, and takes it back
    when the last of its networks goes. Where two cores overlap, the second hands back the stack of
    the first, which is gone by then, and the next signal (Ctrl-C, SIGTERM) ends the process by a
    segmentation fault. Seen with OpenVINO 2026.4.
    """
    import openvino as ov

    return ov.Core()
