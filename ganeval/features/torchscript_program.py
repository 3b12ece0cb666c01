"""A TorchScript program as a function of arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from ganeval.errors import InputError
from ganeval.features.state import load_script

_ProgramError: type[Exception] = torch.jit.Error  # what a program's own assertion becomes


class TorchScriptProgram:
    """Maps uint8 ``[n, 3, H, W]`` to float32 arrays, one image at a time.

    An image's features then do not depend on its batch, whatever the program does.

    Args:
        path: The file.

    Raises:
        InputError: It is no TorchScript program.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._module = load_script(path).eval()
        arguments = [argument.name for argument in self._module.forward.schema.arguments]
        self._options = {"return_features": True} if "return_features" in arguments else {}
        size = getattr(self._module, "size", 0)
        self.size: int = size if isinstance(size, int) and size > 0 else 0

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Runs the program.

        Raises:
            InputError: It fails, or gives something else than one tensor.
        """
        rows = []
        for image in torch.from_numpy(np.ascontiguousarray(images)):
            try:
                with torch.inference_mode():
                    row = self._module(image[None], **self._options)
            except (RuntimeError, _ProgramError) as error:
                reason = str(error).strip().splitlines()[-1]
                raise InputError(f"{self._path}: the program fails: {reason}") from error
            if not isinstance(row, torch.Tensor):
                raise InputError(
                    f"{self._path}: the program gives {type(row).__name__}, not one tensor"
                )
            rows.append(row.float().numpy())
        return np.concatenate(rows)
