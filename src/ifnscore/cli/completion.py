"""``ifnscore completion``: tab completion for the shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

EPILOG = """\b
Examples:
  ifnscore completion bash >> ~/.bashrc
  ifnscore completion zsh >> ~/.zshrc
  ifnscore completion fish > ~/.config/fish/completions/ifnscore.fish
"""


@click.command(epilog=EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell; add it to the shell's start-up file."""
    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(ctx.find_root().command, {}, "ifnscore", "_IFNSCORE_COMPLETE").source())
