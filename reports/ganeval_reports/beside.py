"""Images in a folder beside a page: their names, their addresses, and the folder kept clean.

The name of a file tells its page and its content, so an image never takes the place of another,
and what an earlier run of the same page left behind can be told from everybody else's files.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from pathlib import Path
from urllib.parse import quote

from ganeval.errors import GanevalError
from ganeval.records import atomic_write

_PAGE_DIGITS, _CONTENT_DIGITS = 8, 32
_OURS = re.compile(
    rf"ganeval-[0-9a-f]{{{_PAGE_DIGITS}}}-[0-9a-f]{{{_CONTENT_DIGITS}}}\.(png|webp)", re.ASCII
)
_OF_SYSTEMS = ("Thumbs.db", "desktop.ini")


class Beside:
    """The images that a page shows from its folder.

    Args:
        page: The page's file; the folder lies in the same place.
    """

    def __init__(self, page: Path) -> None:
        name = page.name.removesuffix(".html")
        self.folder = page.with_name(f"{name}_images")
        self.files: dict[str, bytes] = {}
        digest = hashlib.sha256(os.fsencode(page.name)).hexdigest()
        self._start = f"ganeval-{digest[:_PAGE_DIGITS]}-"

    @property
    def name(self) -> str:
        r"""The folder's name as text; bytes that are none become ``\xNN``."""
        return os.fsencode(self.folder.name).decode("utf-8", "backslashreplace")

    def add(self, data: bytes, suffix: str) -> str:
        """Takes an image in and returns its address as seen from the page.

        Args:
            data: The file's bytes.
            suffix: Its extension without the point.
        """
        content = hashlib.sha256(data).hexdigest()[:_CONTENT_DIGITS]
        name = f"{self._start}{content}.{suffix}"
        self.files[name] = data
        return f"{quote(os.fsencode(self.folder.name), safe='')}/{name}"

    def taken(self) -> str:
        """Says what else has the folder's name; empty if it is free or holds images of pages."""
        if not os.path.lexists(self.folder):
            return ""
        if self.folder.is_symlink() or not self.folder.is_dir():
            return f"{self.folder} is no folder"
        try:
            names = os.listdir(self.folder)
        except OSError as error:
            return f"{self.folder} cannot be read: {error.strerror}"
        if all(_OURS.fullmatch(one) or one.startswith(".") or one in _OF_SYSTEMS for one in names):
            return ""
        return f"{self.folder} holds other files"

    def write(self) -> None:
        """Writes every file that is not there yet.

        Raises:
            GanevalError: The folder or a file in it cannot be written.
        """
        if not self.files:
            return
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            reason = error.strerror or error
            raise GanevalError(f"{self.folder}: cannot be made: {reason}") from error
        for name, data in self.files.items():
            path = self.folder / name
            if not _holds(path, data):
                with atomic_write(path) as stream:
                    stream.write(data)

    def clean(self) -> None:
        """Removes what an earlier run of the same page left and this one does not show.

        Files of other pages and of other origin stay; so does what cannot be removed.
        """
        with contextlib.suppress(OSError):
            for path in self.folder.iterdir():
                mine = _OURS.fullmatch(path.name) and path.name.startswith(self._start)
                if mine and path.name not in self.files:
                    path.unlink()
            if not self.files:
                self.folder.rmdir()  # only if nothing else is in it


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except OSError:
        return False
