"""What the names of image files tell: versions and crops of one picture share a stem."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from ganeval.images.listing import is_image_name

_ROLES: Final = (
    "real|fake|rec|idt|same|generated|predicted|original|src|source|input|output|target|translated|"
    "a|b"
)
"""What translators append to say which version of a picture a file is; ``real_A`` is two."""

_ROLE: Final = re.compile(rf"[_.-](?:{_ROLES})$")
_CROP: Final = re.compile(r"[_.\- ](?:(?:crop|aug)[_-]?\d+|x\d+[_-]y\d+)$")
_COPY: Final = re.compile(r" ?\(\d+\)$")

_MOST_COPIES: Final = 10


@dataclass(frozen=True)
class StemRule:
    """How the key of an image becomes the name of the picture it is of.

    Args:
        folders: Folders are part of the name, since files of different folders are called alike.
        copies: A number in brackets at the end, as file managers append to copies, is left out.
    """

    folders: bool
    copies: bool

    def stem(self, key: str) -> str:
        """Returns the lower-cased stem without role, crop and augmentation tokens at its end.

        Args:
            key: Path of an image in its set; the extension need not be there.
        """
        path = PurePosixPath(_inside_archive(key))
        name = (path.stem if is_image_name(path.name) else path.name).lower()
        endings = (_ROLE, _CROP, _COPY) if self.copies else (_ROLE, _CROP)
        shorter = name
        while shorter:
            name = shorter
            shorter = next(
                (cut for one in endings if (cut := one.sub("", name)) != name), ""
            ).rstrip()
        return f"{path.parent.as_posix().lower()}/{name}" if self._in_folder(path) else name

    def _in_folder(self, path: PurePosixPath) -> bool:
        return self.folders and path.parent != PurePosixPath(".")


def stem_rule(keys: Iterable[Sequence[str]]) -> StemRule:
    """Chooses how names are read, from the names themselves.

    Folders count where a set has files of one name in several of them. Numbers in brackets are
    taken for the file's own number, not for that of a copy, where leaving them out would make one
    of more than 10 files of a set.

    Args:
        keys: Keys of each set.
    """
    sets = list(keys)
    names = [[PurePosixPath(_inside_archive(key)).stem.lower() for key in one] for one in sets]
    folders = any(max(Counter(one).values(), default=0) > 1 for one in names)
    rule = StemRule(folders, copies=True)
    for one in sets:
        bracketed = Counter(
            rule.stem(key) for key in one if _COPY.search(PurePosixPath(_inside_archive(key)).stem)
        )
        if max(bracketed.values(), default=0) > _MOST_COPIES:
            return StemRule(folders, copies=False)
    return rule


def _inside_archive(key: str) -> str:
    """Returns the path in the archive of an image that is in one."""
    archive, mark, member = key.partition("!")
    return member if mark and archive.lower().endswith(".zip") and member else key
