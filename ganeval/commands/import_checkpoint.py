"""``ganeval import-checkpoint``: what a published weights file holds, and a clean copy of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from torch import nn

    from ganeval_cyclegan.nets.description import Description


@click.command("import-checkpoint", epilog="Example: ganeval import-checkpoint latest_net_G.pth")
@click.argument(
    "files", metavar="FILE...", type=click.Path(path_type=Path), nargs=-1, required=True
)
@click.option(
    "--direction",
    type=click.Choice(["AtoB", "BtoA"]),
    help="Which generator, where FILE holds several networks.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write each network to DIR: float32, published keys, no prefixes.",
)
@click.option(
    "--export-as",
    metavar="NAME",
    help="File name in DIR, for example latest_net_G_A.pth; default: the name of FILE.",
)
@click.option("--json", "json_", is_flag=True, help="Print one JSON document.")
def import_checkpoint(
    files: tuple[Path, ...],
    direction: Any,
    out: Path | None,
    export_as: str | None,
    json_: bool,
) -> None:
    """Tell which network each FILE holds, from its keys and shapes alone.

    FILE is a *_net_G*.pth or *_net_D*.pth of the published CycleGAN code, or a file that holds such
    state dicts. What keys cannot tell is listed as assumptions. Nothing in FILE is run.
    """
    from ganeval.commands.tables import print_table
    from ganeval_cyclegan.nets.published import export, load_one

    targets = _targets(files, out, export_as)
    found = [load_one(file, direction=direction) for file in files]
    for (network, description), target in zip(found, targets, strict=True):
        if target is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
            export(
                network,
                target,
                direction=description.direction,
                assumptions=description.assumptions,
            )
    if json_:
        documents = [
            description.model_dump(mode="json") | ({"exported": str(target)} if target else {})
            for (_, description), target in zip(found, targets, strict=True)
        ]
        click.echo(json.dumps(documents, indent=2))
        return
    for index, ((network, description), target) in enumerate(zip(found, targets, strict=True)):
        if index:
            click.echo()
        rows = [*_rows(description, network), ("written to", str(target or ""))]
        print_table(("what", "value"), [row for row in rows if row[1]])


def _targets(files: tuple[Path, ...], out: Path | None, export_as: str | None) -> list[Path | None]:
    """Where each file's network goes; refuses two in one place, and one in the place of its source.

    Raises:
        UsageError: The options do not fit each other or the files.
    """
    if export_as is not None:
        if out is None:
            raise click.UsageError("--export-as names a file in --out DIR; give that too.")
        if len(files) > 1:
            raise click.UsageError(f"--export-as names one file, and there are {len(files)}.")
        if Path(export_as).name != export_as or Path(export_as).suffix != ".pth":
            raise click.BadParameter(
                f"{export_as!r} is not a plain file name that ends in .pth.",
                param_hint="--export-as",
            )
    if out is None:
        return [None] * len(files)
    targets: list[Path | None] = [out / (export_as or f"{file.stem}.pth") for file in files]
    for file, target in zip(files, targets, strict=True):
        if target is None:
            continue
        if targets.count(target) > 1:
            raise click.UsageError(f"two files would be written to {target}; import them apart.")
        if target.resolve() == file.resolve():
            raise click.UsageError(f"--out would write over {file}; choose another folder.")
        if target.exists():
            raise click.UsageError(f"{target} exists already; move it, or choose another folder.")
    return targets


def _rows(told: Description, network: nn.Module) -> list[tuple[str, str]]:
    """The description as a table; what does not apply is empty."""
    generator = told.role == "generator"
    scores = "score" if told.out_nc == 1 else "scores"
    return [
        ("file", told.file),
        ("network", f"{told.role} {told.name}".strip()),
        ("architecture", _architecture(told)),
        ("channels", f"{told.in_nc} in, {told.out_nc} {'out' if generator else scores}"),
        ("width", str(told.width)),
        ("norm", told.norm),
        ("dropout", told.dropout or ""),
        ("padding", told.padding),
        ("direction", (told.direction or "not told") if generator else ""),
        ("parameters", f"{told.parameters:,} in {told.keys} tensors"),
        ("work", _work(told, network)),
        ("dropped", _some(told.dropped_keys, "keys that the network does without")),
        ("stripped", " ".join(told.stripped_prefixes)),
        ("sha256", told.sha256),
        *[("assumed", assumption) for assumption in told.assumptions],
    ]


def _work(told: Description, network: nn.Module) -> str:
    """Multiply-accumulates of one image, of a side that every network takes."""
    from ganeval_cyclegan.nets.macs import count_macs

    side = max(256, 2 ** (told.num_downs or 0))
    macs = count_macs(network, told.in_nc, side, side)
    text = f"{macs.done / 1e9:.2f} GMACs for {side}x{side} pixels"
    if macs.by_output != macs.done:
        text += f" ({macs.by_output / 1e9:.2f} with transposed convolutions counted by output)"
    return text


def _architecture(told: Description) -> str:
    if told.arch == "resnet":
        return f"resnet, {told.n_blocks} blocks, {told.n_down} halvings"
    if told.arch == "unet":
        return f"unet, {told.num_downs} halvings"
    return f"{told.arch}, n_layers {told.n_layers}" if told.n_layers else told.arch


def _some(keys: list[str], what: str) -> str:
    return f"{len(keys)} {what}: {keys[0]}{', ...' if len(keys) > 1 else ''}" if keys else ""
