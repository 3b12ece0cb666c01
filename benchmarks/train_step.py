"""Seconds per update of ganeval's CycleGAN trainer beside the published step, written plainly.

Both train the same four networks from equal weights on equal images; the first losses are compared,
so that equal work is timed. Ways of computing take turns in short rounds, so a busy machine slows
all of them alike; shown is the median over the rounds, and its ratio to the plain step (above 1 is
faster). ``ganeval`` is what `ganeval train` does by default on this device.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch
from plain_cyclegan import PlainCycleGAN
from rich.console import Console
from rich.table import Table

from ganeval_cyclegan.batch import Batch
from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.nets.networks import Networks
from ganeval_cyclegan.step import update
from ganeval_cyclegan.streams import Streams
from ganeval_cyclegan.training_state import create_state

# What each way of computing sets in the section ``run`` of the configuration.
WAYS: dict[str, dict[str, Any]] = {
    "ganeval": {},
    "calls not merged": {"merged": False},
    "channels_last": {"channels_last": True},
    "bf16": {"precision": "bf16"},
    "low_memory": {"low_memory": True},
    "compile": {"compile": True},
}
TOLERANCE = 1e-3  # relative; float32 sums in another order differ by some 1e-6

Step = Callable[[torch.Tensor, torch.Tensor], Mapping[str, float]]


def plain_step(options: argparse.Namespace) -> tuple[Step, PlainCycleGAN]:
    """The published step and its networks."""
    model = PlainCycleGAN(options.blocks, options.device)

    def step(a: torch.Tensor, b: torch.Tensor) -> Mapping[str, float]:
        idt_b, idt_a, g_a, g_b, cycle_a, cycle_b, *_ = model.update(a, b)
        named = {"G_A": g_a, "G_B": g_b, "cycle_A": cycle_a, "cycle_B": cycle_b}
        return named | {"idt_A": idt_b, "idt_B": idt_a}

    return step, model


def our_step(way: str, model: PlainCycleGAN, options: argparse.Namespace) -> Step:
    """An update of the trainer, which starts from the weights of the plain one."""
    config = TrainConfig.model_validate(
        {
            "data": {"load_size": options.size, "crop_size": options.size},
            "nets": {"G": {"n_blocks": options.blocks}},
            "optim": {"batch": options.batch},
            "run": {"device": options.device, **WAYS[way]},
        }
    )
    streams = Streams(0)
    state = create_state(config, streams)
    copy_weights(model, state.nets)

    def step(a: torch.Tensor, b: torch.Tensor) -> Mapping[str, float]:
        losses = update(state, Batch(a, b), config, streams)
        return {name: float(loss) for name, loss in losses.items()}

    return step


def copy_weights(model: PlainCycleGAN, nets: Networks) -> None:
    """Both build their layers in the same order, so their parameters pair up."""
    with torch.no_grad():
        for name, network in nets.items():
            theirs = list(getattr(model, name).parameters())
            for own, other in zip(network.parameters(), theirs, strict=True):
                own.copy_(other)


def seconds(step: Step, a: torch.Tensor, b: torch.Tensor, updates: int) -> float:
    """Mean wall time of an update."""
    started = time.perf_counter()
    for _ in range(updates):
        step(a, b)  # reads the losses, which waits for a GPU
    return (time.perf_counter() - started) / updates


def peak_memory(step: Step, a: torch.Tensor, b: torch.Tensor) -> float | None:
    """GiB at the peak of an update, beside everything that stays; None where it is not told."""
    if a.device.type != "cuda":
        return None
    torch.cuda.empty_cache()
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    step(a, b)
    return (torch.cuda.max_memory_allocated() - before) / 2**30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=128, help="side of the images (default 128)")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--blocks", type=int, default=6, help="residual blocks (default 6)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--updates", type=int, default=2, help="updates per round (default 2)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument(
        "--ways",
        default="ganeval,channels_last,bf16",
        help=f"separated by commas, of: {', '.join(WAYS)}; or all",
    )
    options = parser.parse_args()
    ways = list(WAYS) if options.ways == "all" else options.ways.split(",")
    if unknown := set(ways) - set(WAYS):
        parser.error(f"--ways: {', '.join(unknown)}; known: {', '.join(WAYS)}")

    torch.manual_seed(0)
    shape = (options.batch, 3, options.size, options.size)
    a, b = (torch.rand(shape, device=options.device) * 2 - 1 for _ in range(2))
    plain, model = plain_step(options)
    steps = {way: our_step(way, model, options) for way in ways}
    steps = {"plain": plain, **steps}
    first = {way: step(a, b) for way, step in steps.items()}
    for step in steps.values():  # the second update builds what the first one left out
        step(a, b)
    times: dict[str, list[float]] = {way: [] for way in steps}
    for _ in range(options.rounds):
        for way, step in steps.items():
            times[way].append(seconds(step, a, b, options.updates))
    memory = {way: peak_memory(step, a, b) for way, step in steps.items()}
    show(options, times, memory)
    compare(first)


def show(
    options: argparse.Namespace, times: dict[str, list[float]], memory: dict[str, float | None]
) -> None:
    name = torch.cuda.get_device_name() if options.device.startswith("cuda") else "CPU"
    table = Table(
        title=f"ResNet-{options.blocks}, batch {options.batch}, {options.size} px, {name}, "
        f"{torch.get_num_threads()} threads, torch {torch.__version__}",
        box=None,
        header_style="bold",
        title_justify="left",
    )
    for column in ("", "s per update", "fastest", "times as fast as plain", "peak GiB"):
        table.add_column(column, justify="right" if column else "left")
    plain = statistics.median(times["plain"])
    for way, taken in times.items():
        middle, used = statistics.median(taken), memory[way]
        table.add_row(
            way,
            f"{middle:.3f}",
            f"{min(taken):.3f}",
            f"{plain / middle:.2f}",
            "" if used is None else f"{used:.2f}",
        )
    Console(width=100, highlight=False).print(table)


def compare(first: dict[str, Mapping[str, float]]) -> None:
    """Ends with exit code 1 where float32 ways do not compute the losses of the plain step."""
    wrong = [
        f"{way}: {name} is {losses[name]:.6g}, plain {value:.6g}"
        for way, losses in first.items()
        if way != "bf16"
        for name, value in first["plain"].items()
        if abs(losses[name] - value) > TOLERANCE * abs(value)
    ]
    if wrong:
        sys.exit("the first losses differ: " + "; ".join(wrong))
    print("The first losses of all float32 ways agree with the plain step.")


if __name__ == "__main__":
    main()
