"""Which files of a folder, an archive or a list are images, and under which keys."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath

from PIL import features

from ganeval.errors import InputError
from ganeval.images.failures import printable
from ganeval.records import atomic_write

EXTENSIONS = frozenset(
    (".bmp", ".gif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pgm", ".png", ".pnm", ".ppm")
    + (".tif", ".tiff", ".webp")
    + ((".avif",) if features.check("avif") else ())
)

_NO_EXTENSION = "(no extension)"


@dataclass
class Listing:
    """The images found, and a count of what else lay there."""

    files: dict[str, Path] = field(default_factory=dict)
    ignored: Counter[str] = field(default_factory=Counter)


def valid_text(name: str) -> str:
    r"""Returns a file name as valid Unicode: bytes that are no UTF-8 become ``\xNN``."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def is_image_name(name: str) -> bool:
    """Tells by the extension, in whatever case, whether a file is taken for an image."""
    return PurePosixPath(name).suffix.lower() in EXTENSIONS


def is_left_out(name: str) -> bool:
    """Tells whether a name is passed over unmentioned: hidden, or put there by a system."""
    return name.startswith(".") or name in ("__MACOSX", "Thumbs.db")


def extension(name: str) -> str:
    """Returns the extension under which an ignored file is counted."""
    return valid_text(PurePosixPath(name).suffix.lower()) or _NO_EXTENSION


def list_folder(root: Path, *, recursive: bool) -> Listing:
    """Lists the images of a folder; symbolic links are followed, every file is counted once.

    Of several names of one file, one that needs no link wins, then the first in order.

    Raises:
        InputError: A folder cannot be read, or there are no images.
    """
    found: list[tuple[bool, str, str]] = []  # reached by a link, key, path
    ignored: Counter[str] = Counter()
    folders, linked = deque([(str(root), "")]), deque[tuple[str, str]]()
    visited: set[tuple[int, int]] = set()
    while folders or linked:
        by_link = not folders
        folder, prefix = (linked if by_link else folders).popleft()
        if not _first_visit(folder, visited):
            continue
        for entry in _entries(folder):
            if is_left_out(entry.name):
                continue
            key = prefix + entry.name
            link = by_link or entry.is_symlink()
            if os.path.isdir(entry.path):
                if recursive:
                    (linked if link else folders).append((entry.path, f"{key}/"))
            elif is_image_name(entry.name):
                found.append((link, key, entry.path))
            else:
                ignored[extension(entry.name)] += 1
    if not found:
        raise no_images(valid_text(str(root)), ignored)
    return Listing(_each_once(found), ignored)


def read_list(path: Path) -> Listing:
    """Reads a list of image files: one path per line, ``#`` starts a comment line.

    Relative paths start at the list's folder; keys are the paths as written, with forward slashes.

    Raises:
        InputError: The list cannot be read or names no file, or files it names are missing.
    """
    try:
        text = path.read_text("utf-8-sig", errors="surrogateescape")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    lines = [line.strip() for line in text.split("\n")]
    names = [line for line in lines if line and not line.startswith("#")]
    if "\0" in text or not names:
        raise InputError(f"{path}: is not a list of image files, one path per line")
    paths = {PurePath(name).as_posix(): path.parent / name for name in names}
    # Unlike Path.is_file, this takes a line of prose, too long for a name, for a missing file.
    missing = sorted(key for key, file in paths.items() if not os.path.isfile(file))
    if len(missing) == len(paths):
        raise InputError(
            f"{path}: is not a list of image files: none of its {len(paths)} lines names a file,"
            f" such as {printable(valid_text(missing[0]))[:80]!r}",
            hint=f"Relative paths start at the list's folder, {path.absolute().parent}.",
        )
    if missing:
        raise InputError(
            f"{path}: {len(missing)} of {len(paths)} files are not there:"
            + "".join(f"\n  {printable(valid_text(key))}" for key in missing),
            hint=f"Relative paths start at the list's folder, {path.absolute().parent}.",
        )
    return Listing(_each_once((file.is_symlink(), key, str(file)) for key, file in paths.items()))


def write_list(path: Path, files: Sequence[Path], comments: Sequence[str]) -> None:
    """Writes a list that `read_list` reads: files below the list's folder by relative paths.

    Args:
        path: The list, named ``.txt``.
        files: The image files, in the order to write.
        comments: Lines of explanation put first.

    Raises:
        InputError: A file's name holds a line break, which no list can hold.
        GanevalError: The list cannot be written.
    """
    folder = path.absolute().parent
    lines = [f"# {printable(comment)}" for comment in comments]
    for file in files:
        absolute = file.absolute()
        inside = absolute.is_relative_to(folder)
        name = absolute.relative_to(folder).as_posix() if inside else absolute.as_posix()
        if "\n" in name:
            raise InputError(f"{path}: a list cannot hold the name {name!r}; rename the file")
        # Blanks and # at the start of a line would be read as something else.
        lines.append(f"./{name}" if name != name.strip() or name.startswith("#") else name)
    with atomic_write(path) as stream:
        stream.write(b"".join(os.fsencode(f"{line}\n") for line in lines))


def no_images(place: str, ignored: Counter[str]) -> InputError:
    """Builds the error for a place without images, with the extensions found there."""
    if not ignored:
        return InputError(f"no images under {place}: it is empty, hidden files aside")
    kinds = ", ".join(
        f"{count} {'without extension' if kind == _NO_EXTENSION else f'`{printable(kind)}`'}"
        for kind, count in sorted(ignored.items(), key=lambda item: (-item[1], item[0]))
    )
    accepted = " ".join(sorted(suffix.lstrip(".") for suffix in EXTENSIONS))
    return InputError(f"no images under {place}; found {kinds}", hint=f"Images are: {accepted}.")


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """The folder's entries in an order that no file system decides."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise InputError(f"{valid_text(folder)}: cannot be listed: {error.strerror}") from error


def _first_visit(folder: str, visited: set[tuple[int, int]]) -> bool:
    """Notes a folder; False if it was seen before, under whatever name."""
    try:
        stat = os.stat(folder)
    except OSError as error:
        raise InputError(f"{valid_text(folder)}: cannot be listed: {error.strerror}") from error
    identity = (stat.st_dev, stat.st_ino)
    if identity in visited:
        return False
    visited.add(identity)
    return True


def _each_once(found: Iterable[tuple[bool, str, str]]) -> dict[str, Path]:
    """Keeps one key per file, and returns them sorted."""
    files: dict[str, Path] = {}
    seen: set[tuple[int, int]] = set()
    for _, name, path in sorted(found):
        key = valid_text(name)
        if key in files:
            raise InputError(f"{path}: another file is called {key!r} too; rename one of them")
        try:
            stat = os.stat(path)
        except OSError:  # reported with its reason when it is opened
            files[key] = Path(path)
            continue
        identity = (stat.st_dev, stat.st_ino)
        if stat.st_ino and identity in seen:
            continue
        seen.add(identity)
        files[key] = Path(path)
    return dict(sorted(files.items()))
