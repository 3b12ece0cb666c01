"""The folder of a run: whose it is, who works on it, and the small files that describe it."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import yaml
from pydantic import ConfigDict, Field, ValidationError

from ganeval.errors import InputError
from ganeval.records import Best, Checkpoint, Notice, TrainedDomain, write_text
from ganeval.records.model import Model

Status = Literal["running", "finished", "stopped", "diverged"]

_OURS_BEFORE_A_RUN = re.compile(r"data|lock")
"""What a run folder may hold before there is a run in it: data made by code, the lock."""

_OURS_BESIDE_A_LOCK = re.compile(
    r"(config\.yaml|(manifest|environment)\.json|subset-[AB]\.txt)|\..+\.part-\d+"
)
"""What else a process leaves that was killed while it began a run, before ``state.json``."""


class RunState(Model):
    """``state.json``: what is known of a run beside its configuration and its metrics.

    It is written at every save, for people and for the record; resuming trusts the checkpoint.
    """

    schema_: Literal["ganeval.run/1"] = Field(default="ganeval.run/1", alias="schema")
    trainer: str
    preset: str
    argv: list[str]
    started: str = Field(description="ISO 8601 time with zone")
    status: Status
    seed: int
    config_sha256: str
    changed: dict[str, Any] = Field(description="dotted keys that differ from the reference")
    assumptions: list[str]
    device: str
    precision: str
    threads: int = Field(description="CPU threads of torch; others may round otherwise")
    processes: int = Field(default=1, description="that train together")
    networks: dict[str, int] = Field(description="parameters of each network")
    updates_per_epoch: int
    planned_updates: int | None
    update: int = 0
    seconds: float = Field(default=0.0, description="trained, all parts together")
    resumed: int = 0
    peak_memory: int | None = None
    domains: list[TrainedDomain]
    checkpoints: list[Checkpoint] = Field(default_factory=list)
    best: Best | None = None
    warnings: list[Notice] = Field(default_factory=list)

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True
    )

    @property
    def epoch(self) -> float:
        """Passes done, in parts of an epoch too."""
        return self.update / self.updates_per_epoch


class RunFolder:
    """Paths of a run folder, and reading and writing of its small files.

    Args:
        path: Made when something is first written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def metrics(self) -> Path:
        """One line per measurement."""
        return self.path / "metrics.jsonl"

    def holds_run(self) -> bool:
        """Tells whether a run has begun here.

        Raises:
            InputError: The folder holds something else.
        """
        if (self.path / "state.json").exists():
            return True
        if self.path.exists() and not self.path.is_dir():
            raise InputError(f"--out {self.path}: is a file; name a folder for the run")
        found = {one.name for one in self.path.iterdir()} if self.path.is_dir() else set()
        ours = [_OURS_BEFORE_A_RUN, *([_OURS_BESIDE_A_LOCK] if "lock" in found else [])]
        others = sorted(name for name in found if not any(one.fullmatch(name) for one in ours))
        if others:
            raise InputError(
                f"--out {self.path}: not empty, and no training run ({', '.join(others[:5])}"
                f"{', ...' if len(others) > 5 else ''})",
                hint="Name a new folder, or empty this one.",
            )
        return False

    def lock(self) -> Lock:
        """Returns the lock that the process holds that works on the run."""
        return Lock(self.path / "lock")

    def read_state(self) -> RunState:
        """Reads ``state.json``.

        Raises:
            InputError: It is not there, damaged, or of a newer version.
        """
        path = self.path / "state.json"
        try:
            return RunState.model_validate_json(path.read_text("utf-8"))
        except (OSError, ValueError, ValidationError) as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"{path}: cannot be read as the state of a run: {reason}") from error

    def write_state(self, state: RunState) -> None:
        """Writes ``state.json`` atomically."""
        self._write("state.json", state.model_dump_json(by_alias=True, indent=2) + "\n")

    def read_config(self) -> dict[str, Any]:
        """Reads ``config.yaml``, the resolved configuration.

        Raises:
            InputError: It is not there or no mapping.
        """
        path = self.path / "config.yaml"
        try:
            # The safe loader, in C where there is one: a record is built at every save.
            config = yaml.load(
                path.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader)
            )
        except (OSError, yaml.YAMLError) as error:
            raise InputError(f"{path}: cannot be read: {error}") from error
        if not isinstance(config, dict):
            raise InputError(f"{path}: is no configuration of a run")
        return config

    def write_config(self, config: Mapping[str, Any]) -> None:
        """Writes ``config.yaml`` atomically."""
        self._write("config.yaml", yaml.safe_dump(dict(config), sort_keys=False))

    def read_json(self, name: str) -> Any:
        """Reads another JSON file of the folder; None where there is none.

        Raises:
            InputError: It is damaged.
        """
        path = self.path / name
        if not path.exists():
            return None
        try:
            return json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: cannot be read: {error}") from error

    def write_json(self, name: str, content: Any) -> None:
        """Writes another JSON file of the folder atomically."""
        self._write(name, json.dumps(content, indent=1, allow_nan=False) + "\n")

    def _write(self, name: str, text: str) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        write_text(self.path / name, text)


class Lock:
    """At most one live process works on a run; a context manager.

    The operating system lets go of the lock when its process ends, however it ends. Where a file
    system has no locks, the process named in the file decides.

    Args:
        path: Lock file, made if needed; it stays, and says who held it last.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def __enter__(self) -> Lock:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if not _locked(handle, held=self._alive):
                raise InputError(
                    f"{self.path.parent}: another process is training here ({self._holder()})",
                    hint=f"Wait for it or stop it; if it is gone for certain, delete {self.path}.",
                )
            os.ftruncate(handle, 0)
            holder = {"host": socket.gethostname(), "pid": os.getpid()}
            os.write(handle, json.dumps(holder).encode())
        except BaseException:
            os.close(handle)
            raise
        self._handle = handle
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._handle is not None:
            os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = None

    def _named(self) -> dict[str, Any]:
        try:
            named = json.loads(self.path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return named if isinstance(named, dict) else {}

    def _holder(self) -> str:
        named = self._named()
        return f"host {named.get('host', 'unknown')}, process {named.get('pid', 'unknown')}"

    def _alive(self) -> bool:
        named = self._named()
        if not named:
            return False
        if named.get("host") != socket.gethostname():
            return True  # nobody can tell from here
        return _is_alive(int(named.get("pid", 0)))


def _locked(handle: int, held: Callable[[], bool]) -> bool:
    """Takes the lock of an open file; where that is impossible, asks ``held()``."""
    try:
        import fcntl
    except ImportError:  # Windows
        return not held()
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return not held()
    return True


def _is_alive(pid: int) -> bool:
    if pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
