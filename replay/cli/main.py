"""The command line: ``replay VERB …``. A verb's module is loaded when the verb, or the list of verbs, is asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from keyword import iskeyword

import click

from replay.cli import output
from replay.errors import ReplayError

VERBS = (
    "record",
    "play",
    "proxy",
    "diff",
    "show",
    "ls",
    "verify",
    "test",
    "scan",
    "import",
    "export",
    "repair",
    "pack",
    "unpack",
    "sign",
    "encrypt",
    "decrypt",
    "keygen",
    "git-setup",
    "ui",
    "why",
    "doctor",
)
"""Each is the module ``replay.cli.<verb>`` with the click command ``command``; dashes are underscores, and a verb that
is a word of Python's has one behind it."""

BUG = 70
INTERRUPTED = 130
BROKEN_PIPE = 141


class _Verbs(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        name = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name.replace("-", "_")
        command: click.Command = import_module(f"replay.cli.{name}").command
        return command


def _print_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        from importlib.metadata import version

        click.echo(f"replay {version('replay-debugger')}")
        ctx.exit()


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Print it.")
def group() -> None:
    """\b
    Examples:
      replay record -- python agent.py      run an agent, keep what crossed its boundary
      replay play                           run it again: no network, no key, no cost

    Record a run of an LLM agent into a cassette, run the same code again against it, and see where it differs.
    """


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and exit. Exit codes: 0 done, 1 a difference, 2 usage, 3 the cassette, 4 a divergence,
    5 refused by policy, 70 a bug of ours, 130 interrupted."""
    sys.exit(_guarded(lambda: group.main(args, prog_name="replay", standalone_mode=False)))


def _guarded(run: Callable[[], int | None]) -> int:
    """The exit code of ``run``, whose errors are told in our manner."""
    try:
        return run() or 0
    except ReplayError as error:
        output.error(error)
        return error.exit_code
    except click.ClickException as error:
        return _usage(error)
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        output.quiet()
        return BROKEN_PIPE
    except Exception as error:
        return _bug(error)


def _usage(error: click.ClickException) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return error.exit_code
    ctx = getattr(error, "ctx", None)
    output.note(f"replay: error: {error.format_message()}")
    output.note(f"hint: {ctx.command_path if ctx else 'replay'} --help")
    return error.exit_code


def _bug(error: Exception) -> int:
    from replay.cli import bug

    output.note(
        f"replay: error: a bug in replay ({type(error).__name__}); the report holds no value of your run",
        f"hint: send us {bug.report(error)}",
    )
    return BUG
