"""The command line: a group that imports a command only when it runs."""

from __future__ import annotations

import difflib
import importlib
import io
import logging
import os
import sys
import traceback
import warnings
from typing import Any, cast

import click

from ganeval import __version__
from ganeval.errors import ExitCode, GanevalError, ToldElsewhere

# Help lines live here, so that `ganeval --help` imports no command.
_COMMANDS = {
    "fid": ("ganeval.commands.fid:fid", "Fréchet distance of two image sets, with uncertainty."),
    "kid": ("ganeval.commands.kid:kid", "Kernel distance (KID) of two image sets, with p-value."),
    "evaluate": (
        "ganeval.commands.evaluate:evaluate",
        "Every metric of several fake sets, and which set is better.",
    ),
    "metrics": ("ganeval.commands.metrics:metrics", "List what can be measured."),
    "audit": ("ganeval.commands.audit:audit", "Find what in image sets threatens a metric."),
    "classify": (
        "ganeval.commands.classify:classify",
        "Whether fakes can be told from reals, how surely, and by what.",
    ),
    "class-model": (
        "ganeval.commands.class_model:class_model",
        "Draw what a classifier takes for a perfect member of a class.",
    ),
    "saliency": (
        "ganeval.commands.saliency:saliency",
        "Where a classifier looks, before and after a transfer.",
    ),
    "ablation-report": (
        "ganeval.commands.ablation_report:ablation_report",
        "Which arm of an ablation is better, how surely, and what it cost.",
    ),
    "report": (
        "ganeval.commands.report:report",
        "Draw one page from the records of earlier runs.",
    ),
    "train": ("ganeval.commands.train:train", "Train an image translator; stop and go on at will."),
    "ablate": (
        "ganeval.commands.ablate:ablate",
        "Which choice helped: training runs that differ in one factor.",
    ),
    "translate": ("ganeval.commands.translate:translate", "Images through a trained generator."),
    "import-checkpoint": (
        "ganeval.commands.import_checkpoint:import_checkpoint",
        "Tell which network a published weights file holds; copy it cleaned.",
    ),
    "stats": ("ganeval.commands.stats:stats", "Save the statistics of a set, or look into them."),
    "weights": ("ganeval.commands.weights:weights", "Find, fetch and verify network weights."),
    "cache": ("ganeval.commands.cache:cache", "Look into the feature cache, or empty it."),
    "schema": ("ganeval.commands.schema:schema", "Print the JSON Schema of the record."),
    "ls": ("ganeval.commands.ls:ls", "List what can be chosen by name."),
}
ARGV = "ganeval.argv"


class LazyGroup(click.Group):
    """Resolves commands from ``module:attribute`` strings and suggests near names."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Keeps the command line as typed, for the record."""
        typed = ["ganeval", *args]
        context = super().make_context(info_name, args, parent, **extra)
        context.meta[ARGV] = typed
        return context

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order a newcomer meets them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports one command."""
        if cmd_name not in _COMMANDS:
            return None
        module, _, attribute = _COMMANDS[cmd_name][0].partition(":")
        return cast(click.Command, getattr(importlib.import_module(module), attribute))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Adds near matches to the error for an unknown command."""
        if args and not args[0].startswith("-") and args[0] not in _COMMANDS:
            near = difflib.get_close_matches(args[0], _COMMANDS, n=2)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: ganeval fid real/ fake/ --html report.html",
)
@click.version_option(__version__, prog_name="ganeval")
def cli() -> None:
    """Evaluate image GANs: numbers with their uncertainty, and what gives the fakes away."""


def main() -> None:
    """Entry point: runs a command and turns every error into a sentence and an exit code."""
    # Pillow remarks on odd metadata without naming the file; what matters of it is in the record.
    # torch remarks on how a weights file was pickled; a file that cannot be read is named anyway.
    warnings.filterwarnings("ignore", module=r"(PIL|torch|ganeval\.features\.state)\b")
    logging.getLogger("PIL").setLevel(logging.ERROR)
    # A terminal or pipe that knows no "±" gets its number instead, not a traceback.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


def run(args: list[str]) -> int:
    """Runs one command line and returns its exit code; see `ganeval.errors.ExitCode`."""
    debug = "--debug" in args
    try:
        ended = cli.main(args=args, prog_name="ganeval", standalone_mode=False)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return int(ExitCode.USAGE if error.exit_code == 1 else error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("\nInterrupted. What is in the cache is not computed again.", err=True)
        return int(ExitCode.INTERRUPTED)
    except (BrokenPipeError, SystemExit):  # click answers the former by the latter
        # The reader (head, less) has gone; nothing is left to say, not even while shutting down.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitCode.DONE)
    except ToldElsewhere as error:
        return int(error.exit_code)
    except GanevalError as error:
        if debug:
            traceback.print_exc()
        click.echo(f"Error: {error}", err=True)
        return int(error.exit_code)
    except (OSError, MemoryError) as error:
        if debug:
            traceback.print_exc()
        click.echo(f"Error: {_system_reason(error)}", err=True)
        return int(ExitCode.FAILED)
    return ended if isinstance(ended, int) else int(ExitCode.DONE)  # of click.exceptions.Exit


def _system_reason(error: OSError | MemoryError) -> str:
    if isinstance(error, MemoryError):
        return "out of memory; try a smaller --batch-size or fewer images (--limit)"
    if isinstance(error, FileNotFoundError) and error.filename is None:  # from os.getcwd
        return "the current folder does not exist any more; change to another, or give full paths"
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}"
