"""``replay proxy``: record and replay a program in any language, by the base URLs that it asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from replay.cli import options, output
from replay.cli.command import program, verb
from replay.errors import UsageError

_OF_RECORD = ("tags", "encrypt")
_OF_PLAY = ("swaps", "on_divergence", "budget", "show_diff", "save", "exit_code")


@verb("proxy", "Record and replay a program in any language, by base URL.", takes_program=True)
@click.option("--record", "recorded", metavar="FILE", help="Hand requests on, and write them and their answers there.")
@click.option("--play", "played", metavar="FILE", help="Answer requests from this cassette.")
@click.option(
    "--to",
    "upstreams",
    multiple=True,
    metavar="[NAME=]URL",
    help="A service, by its base URL. The program is told of mistral=URL by MISTRAL_BASE_URL, of SHOP_URL=URL by"
    " SHOP_URL (or SHOP_URL alone, if it is set); without a name it is at the root. Default: openai, anthropic, gemini,"
    " ollama.",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="Of 127.0.0.1. Default: a free one."
)
@options.TAG
@options.ENCRYPT
@click.option("--ignore-host", "ignored", multiple=True, metavar="H", help="Telemetry: not kept, nor sent on replay.")
@options.SWAP
@options.ON_DIVERGENCE
@options.BUDGET
@options.DIFF
@options.SAVE
@options.EXIT_CODE
def command(recorded: str | None, played: str | None, upstreams: tuple[str, ...], port: int, **rest: Any) -> int:
    """\b
    Examples:
      replay proxy --record agent.cassette -- node agent.js
      replay proxy --play agent.cassette --swap prompt:system=@prompt.md --on-divergence live --diff -- node agent.js

    Stand between a program and its services on 127.0.0.1. CMD is told so by the variables that the SDKs read:
    OPENAI_BASE_URL, ANTHROPIC_BASE_URL, GOOGLE_GEMINI_BASE_URL, OLLAMA_HOST; one that is set already says what the
    service is. Without CMD it serves until Ctrl-C, and says which variables to set.

    What is recorded is the same as in Python but for what does not come through the proxy: clock, dice, tools, files.
    `replay play`, `verify`, `show`, `diff` and `ui` take such a cassette like any other. The exit codes are those of
    `replay record` and `replay play`.
    """
    if (recorded is None) == (played is None):
        raise UsageError(
            "one of --record FILE and --play FILE", hint="replay proxy --record a.cassette -- node agent.js"
        )
    for name in _OF_PLAY if recorded else _OF_RECORD:
        if options.is_typed(name):
            other = "--play" if recorded else "--record"
            raise UsageError(f"--{_option(name)} goes with {other}", hint="replay proxy --help")
    if recorded is not None:
        return _record(recorded, upstreams, port, rest)
    assert played is not None
    return _play(played, upstreams, port, rest)


def _option(name: str) -> str:
    command = click.get_current_context().command
    return next(max(param.opts, key=len).lstrip("-") for param in command.params if param.name == name)


def _record(out: str, upstreams: tuple[str, ...], port: int, rest: dict[str, Any]) -> int:
    from replay.cli import proxied, record
    from replay.cli.entry import entry_of
    from replay.engine.plan import Plan
    from replay.events import Entry

    argv = program() or ()
    path = Path(out).absolute()
    way = proxied.way_to_record(upstreams, port)
    plan = Plan(
        "record",
        str(path),
        tags=dict(record.tag(tag) for tag in rest["tags"]),
        ignore_hosts=rest["ignored"],
        encrypt=rest["encrypt"],
        entry=entry_of(argv) if argv else Entry(),
    )
    outcome = proxied.launch(argv, plan, way)
    if outcome.result is not None and not outcome.result.recorded:
        output.error(proxied.unasked(way))
        return outcome.code or record.EMPTY
    return record.report(outcome, path)


def _play(path: str, upstreams: tuple[str, ...], port: int, rest: dict[str, Any]) -> int:
    from replay.cassette import Reader
    from replay.cli import play, proxied

    way = proxied.way_to_play(Reader(path), upstreams, port, rest["on_divergence"])
    steering = {name: rest[name] for name in (*_OF_PLAY, "ignored")}
    return play.played(path, program() or (), way=way, **steering)
