"""Training by several processes: which one this is, and how they come to agree.

``torchrun`` starts the processes and tells each its rank by environment variables. All of them hold
the same networks and do the same updates; each works on its part of the batch. The first one
(rank 0) alone writes and evaluates. What has to be agreed on travels over the CPU (gloo), so that
no GPU is waited for; gradients go over NCCL where there are GPUs.
"""

from __future__ import annotations

import atexit
import contextlib
import datetime as dt
import os
import socket
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from ganeval.errors import ExitCode, GanevalError, InputError, ToldElsewhere
from ganeval_cyclegan import exchange
from ganeval_cyclegan.exchange import Group
from ganeval_cyclegan.signals import SIGNALS, StopNow

_VARIABLES: Final = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
_MEETING: Final = dt.timedelta(minutes=10)
# The others wait for the first one while it evaluates, however long that takes. That a process has
# ended is seen at once, since its connections are closed.
_PATIENCE: Final = dt.timedelta(days=30)
_PARTING: Final = dt.timedelta(seconds=30)

T = TypeVar("T")


class World:
    """The processes that train one run together.

    Args:
        rank: Of this process, from 0.
        size: How many there are; above 1 torch's process group has to be there.
        local_rank: Of this process among those on its host; the GPU it takes.
        talk: Group of torch in which they come to agree, on the CPU.
    """

    def __init__(
        self, rank: int = 0, size: int = 1, local_rank: int = 0, talk: Group = None
    ) -> None:
        self.rank = rank
        self.size = size
        self.local_rank = local_rank
        self._ending = False  # all processes have come to the same end
        self._talk = talk
        self._tensors: Group = None  # of gradients and the like

    def __deepcopy__(self, memo: dict[int, Any]) -> World:
        # There is one; a copied network goes on speaking to the same processes.
        return self

    @property
    def is_first(self) -> bool:
        """Tells whether this process is the one that writes."""
        return self.rank == 0

    def device(self, name: str) -> str:
        """Returns the device of this process: of several on a host, each takes a GPU of its own.

        Args:
            name: What was asked for, as ``run.device``.

        Raises:
            InputError: It cannot be had by each of the processes.
        """
        if self.size == 1 or name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
            return name
        if name not in ("auto", "cuda"):
            raise InputError(
                f"run.device {name}: {self.size} processes train together, and each takes the GPU"
                " of its own number",
                hint="Set run.device to auto, cuda or cpu.",
            )
        there = torch.cuda.device_count()
        if self.local_rank >= there:
            raise InputError(
                f"no GPU is left for process {self.local_rank + 1} of this host, which has {there}",
                hint=f"Start torchrun with --nproc-per-node {max(there, 1)}, or use --device cpu.",
            )
        return f"cuda:{self.local_rank}"

    def use(self, device: torch.device) -> None:
        """Opens the way for tensors on a device; all processes have to call it.

        Raises:
            InputError: The processes compute on different kinds of devices.
        """
        if self.size == 1:
            return
        self.same({"the device": device.type}, "Set --device cpu, or use hosts that are alike.")
        if device.type == "cuda":
            torch.cuda.set_device(device)
            with exchange.reaching():
                self._tensors = dist.new_group(backend="nccl")

    def agree(self, signal: str | None, seconds: float) -> tuple[str | None, float]:
        """Returns the signal that any process was sent, and the time by the first one's clock.

        Args:
            signal: Name of the one that asked this process to stop; None: none did.
            seconds: Trained so far.
        """
        if self.size == 1:
            return signal, seconds
        code = 0 if signal is None else 1 + SIGNALS.index(signal)
        found, clock = exchange.largest([code, seconds if self.is_first else 0.0], self._talk)
        return SIGNALS[int(found) - 1] if found else None, clock

    def by_first(self, work: Callable[[], T]) -> T:
        """Has the first process do something, and returns its result in all of them.

        An error that ends it, or a signal that interrupts it, ends it in all of them. All
        processes have to call it; only the first calls ``work``.

        Args:
            work: Returns plain values, as JSON has them.
        """
        if self.size == 1:
            return work()
        if not self.is_first:
            outcome: T = self._outcome(exchange.from_first(None, self._talk))
            return outcome
        try:
            result = work()
        except StopNow:
            exchange.from_first({"stop": True}, self._talk)
            raise
        except GanevalError as error:
            exchange.from_first({"exit": int(error.exit_code)}, self._talk)
            self.end()
            raise
        exchange.from_first({"result": result}, self._talk)
        return result

    def told(self, value: T) -> list[T]:
        """Returns the plain values of all processes, by rank."""
        return [value] if self.size == 1 else exchange.from_all(value, self._talk)

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """A block that fails in all processes if it fails in one; the first one tells why.

        Within it processes may not speak to each other.
        """
        error: GanevalError | None = None
        try:
            yield
        except GanevalError as raised:
            if self.size == 1:
                raise
            error = raised
        if self.size > 1:
            self._fail_together(error)

    def same(self, facts: Mapping[str, Any], hint: str) -> None:
        """Compares what the processes have found out each for itself.

        Args:
            facts: Plain values by what they are, in words.
            hint: What to do where they differ.

        Raises:
            InputError: Some of it differs.
        """
        found: list[Any] = self.told([socket.gethostname(), dict(facts)])
        first_host, first = found[0]
        for rank, (host, other) in enumerate(found):
            for name, value in first.items():
                if other[name] != value:
                    text = f"{name}: {other[name]} in process {rank} on {host}, and {value} in "
                    error = InputError(f"{text}process 0 on {first_host}", hint=hint)
                    self.end()
                    raise error if self.is_first else ToldElsewhere(error.exit_code)

    def share(self, parameters: Sequence[nn.Parameter]) -> None:
        """Makes every gradient its mean over the processes; see ``step.Share``."""
        if self.size > 1:
            gradients = [one.grad for one in parameters if one.grad is not None]
            exchange.average(gradients, self._tensors)

    def averaged(self, measured: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Returns the means over the processes of 0-d tensors, which all have by the same names.

        What is not finite in one process is not finite in all of them.
        """
        if self.size == 1:
            return dict(measured)
        flat = torch.stack([one.double() for one in measured.values()])
        exchange.average([flat], self._tensors)
        return dict(zip(measured, flat.unbind(), strict=True))

    def sum(self, tensor: Tensor) -> Tensor:
        """Returns the sum over the processes of a tensor, without gradient."""
        total = tensor.detach().clone(memory_format=torch.contiguous_format)
        if self.size > 1:
            with exchange.reaching():
                dist.all_reduce(total, group=self._tensors)
        return total

    def copy_first(self, tensors: Iterable[Tensor]) -> None:
        """Gives tensors the values they have in the first process."""
        if self.size > 1:
            exchange.copy_first(tensors, self._tensors)

    def collect(self, state: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Returns in the first process the states of all others, by rank; elsewhere nothing.

        Args:
            state: Plain values and tensors; they arrive on the CPU.
        """
        return [] if self.size == 1 else exchange.to_first(state, self._talk)

    def end(self) -> None:
        """Notes that all processes end here; they will leave together.

        torchrun stops all processes as soon as one has failed, so the first one, which still has
        something to say, is waited for.
        """
        self._ending = True

    def part(self) -> None:
        """Leaves the other processes, at the exit of this one."""
        sys.stdout.flush()
        sys.stderr.flush()
        if not dist.is_initialized():
            return
        if self._ending:
            with contextlib.suppress(RuntimeError, ValueError):
                dist.monitored_barrier(timeout=_PARTING)
        with contextlib.suppress(RuntimeError, ValueError):
            dist.destroy_process_group()

    def _outcome(self, told: Mapping[str, Any]) -> Any:
        if "stop" in told:
            raise StopNow
        if "exit" in told:
            self.end()
            raise ToldElsewhere(ExitCode(told["exit"]))
        return told["result"]

    def _fail_together(self, error: GanevalError | None) -> None:
        own: dict[str, Any] | None = None
        if error is not None:
            own = {"error": [error.message, error.hint], "exit": int(error.exit_code)}
        failed = [(rank, one) for rank, one in enumerate(self.told(own)) if one is not None]
        if not failed:
            return
        rank, told = failed[0]
        code = ExitCode(told["exit"])
        self.end()
        if not self.is_first:
            raise ToldElsewhere(code) from error
        if error is not None:
            raise error
        message, hint = told["error"]
        error = GanevalError(f"process {rank}: {message}", hint=hint)
        error.exit_code = code
        raise error


def started() -> int:
    """Returns how many processes torchrun started together, of which this is one; 1: none."""
    if any(name not in os.environ for name in _VARIABLES):
        return 1
    return int(os.environ["WORLD_SIZE"])


def refuse_several(trainer: str) -> None:
    """Refuses to train in several processes, for a trainer that knows none.

    Raises:
        InputError: torchrun started several.
    """
    processes = started()
    if processes == 1:
        return
    if os.environ["RANK"] != "0":
        raise ToldElsewhere(ExitCode.USAGE)
    raise InputError(
        f"--trainer {trainer} works in one process, and torchrun started {processes}",
        hint="Start it without torchrun.",
    )


def join() -> World:
    """Joins the processes that torchrun started; where it started none, this one is alone.

    Raises:
        GanevalError: They do not find each other.
    """
    if started() == 1:
        return World()
    if not dist.is_initialized():
        try:
            dist.init_process_group("gloo", timeout=_MEETING)
        except (RuntimeError, ValueError) as error:
            place = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
            raise GanevalError(
                f"process {os.environ['RANK']} cannot join the others at {place}: {error}",
                hint="The hosts have to reach each other; GLOO_SOCKET_IFNAME and NCCL_SOCKET_IFNAME"
                " name the network interface where there are several.",
            ) from error
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    talk = dist.new_group(backend="gloo", timeout=_PATIENCE)
    world = World(dist.get_rank(), dist.get_world_size(), local_rank, talk)
    atexit.register(world.part)
    return world
