"""The frame of the command line: groups, errors in one line, exit codes, messages on stderr."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sys
import textwrap
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import click

from ifnscore.errors import IfnscoreError, IfnscoreWarning, logger

F = TypeVar("F", bound=Callable[..., Any])
INTERRUPTED = 130
#: Messages are broken no shorter than this.
_NARROWEST = 40


def oneline(text: str) -> str:
    r"""Return `text` on one line; what a terminal would obey or cannot show is written out, such as ``\x1b``."""
    words = " ".join(str(text).split())
    return words if words.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in words)


def tell(text: str) -> None:
    """Print one line on stderr; a terminal gets it broken between words."""
    line = f"ifnscore: {oneline(text)}"
    if sys.stderr.isatty():
        _clear()
        width = max(shutil.get_terminal_size((80, 24)).columns, _NARROWEST)
        line = "\n".join(textwrap.wrap(line, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False))
    click.echo(line, err=True)


#: Whether a fleeting line stands on the terminal.
_standing: list[str] = []


def _clear() -> None:
    """Take a fleeting line away before something else is said."""
    if _standing:
        _standing.clear()
        click.echo("\r\x1b[K", err=True, nl=False)


class _Stderr(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        tell(record.getMessage())

    def fleeting(self, line: str) -> bool:
        """Show a line that the next one replaces, where somebody reads stderr at a terminal."""
        if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
            return False
        _clear()
        if line:
            room = max(shutil.get_terminal_size((80, 24)).columns, _NARROWEST) - 1
            click.echo(f"ifnscore: {line}"[:room], err=True, nl=False)
            _standing.append(line)
        return True


def _show(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
    if issubclass(category, IfnscoreWarning):
        tell(f"warning: {message}")


def messages(*, quiet: bool, debug: bool) -> None:
    """Send notes and warnings to stderr; other libraries' warnings only when debugging."""
    logger.handlers = [] if quiet else [_Stderr()]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    if not debug:
        warnings.resetwarnings()
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", IfnscoreWarning)
        warnings.showwarning = _show
    if quiet:
        warnings.simplefilter("ignore", IfnscoreWarning)


@contextlib.contextmanager
def hushed() -> Iterator[None]:
    """Say nothing but errors for a while."""
    handlers = logger.handlers
    logger.handlers = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", IfnscoreWarning)
            yield
    finally:
        logger.handlers = handlers


def common(command: F) -> F:
    """Add the options that every command has."""
    command = click.option("--debug", is_flag=True, help="Show the traceback of an error, and all warnings.")(command)
    return click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")(command)


def failed(error: BaseException, *, debug: bool) -> int:
    """Print an error in one line and return the exit code."""
    if debug:
        traceback.print_exception(error)
    if isinstance(error, click.ClickException):
        where = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "ifnscore"
        tell(f"error: {error.format_message()} (see {where} --help)")
        return error.exit_code
    if isinstance(error, IfnscoreError):
        tell(f"error: {error}")
        return error.exit_code
    if isinstance(error, KeyboardInterrupt | click.Abort):
        tell("interrupted; nothing was written")
        return INTERRUPTED
    if isinstance(error, MemoryError):
        tell("error: not enough memory; score fewer samples at a time with --chunk-size")
        return 1
    tell(f"error: unexpected {type(error).__name__}: {error}; this is a fault of ifnscore, please report it with --debug")
    return 1


def run(group: click.Command, arguments: Sequence[str] | None) -> int:
    """Run the command line and return its exit code; a traceback is printed only with ``--debug``."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    try:
        code = group.main(args=given, prog_name="ifnscore", standalone_mode=False)
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return 2
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  the last line of defence: one line instead of a traceback
        return failed(error, debug=debug)
    return code if isinstance(code, int) else 0
