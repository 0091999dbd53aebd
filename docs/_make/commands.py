"""The command line: the help of every command as it is printed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from _make import text

WIDTH = 110


def walk(command: click.Command, name: str, parent: click.Context | None = None) -> Iterator[tuple[str, str]]:
    """Yield the full name and the help of a command and of all below it."""
    with click.Context(command, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH) as context:
        yield context.command_path, command.get_help(context)
        if isinstance(command, click.Group):
            for inner in command.list_commands(context):
                found = command.get_command(context, inner)
                assert found is not None
                yield from walk(found, inner, context)


def write(out: Path) -> None:
    """Write ``commands.md``."""
    from ifnscore.cli import app

    blocks = [f"## {path}\n\n```text\n{help_}\n```" for path, help_ in walk(app, "ifnscore")]
    said = (
        "What `--help` prints. Tables go to stdout, messages to stderr. Exit codes: 0 done; 2 the command is wrong in itself; "
        "1 everything that depends on files."
    )
    text.write(out / "commands.md", "# Command line", said, *blocks)
