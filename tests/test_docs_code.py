"""Every code block of README and docs runs as it is printed, in the order of its page, in one folder.

``python`` blocks of a page share their names, ``sh`` lines the folder that ``cd`` leads to; each line must end with exit code 0, or with
the one that ``# exit 1`` behind it says. Lines of ``console`` that begin with ``$`` were printed by a line before. ``toml`` and ``json`` are parsed, and written where the first line is ``# NAME.toml``. The
files that lines read are made by ``docs_files``.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import re
import shlex
import subprocess
import sys
import tomllib
import traceback
import warnings
from pathlib import Path

import pytest
from tests import docs_files
from tests.docs_pages import Block, blocks, commands, pages

from ifnscore.cli import _app, app

#: Lines that build or install, and who runs them instead.
ELSEWHERE = {
    "make demo": ".ci/run starts with it",
    "make test": "this is it",
    "pip install .": "test_packaging installs the wheel",
    "pip install -c constraints.txt .": "make demo installs with the same constraints",
    "make reliability": "ten minutes; test_bombs, test_safety and test_atomic hold a part of it",
    ". .venv/bin/activate": "the environment of the tests is active",
}
LANGUAGES = {"python", "sh", "console", "toml", "json", "text"}
PAGES = [p for p in pages() if blocks(p)]
#: What a test never runs: it would change the machine. Such a line is named in ELSEWHERE, or not printed.
_INSTALLS = re.compile(r"\b(pip|uv|conda|mamba|apt|apt-get|brew|git|curl|wget|sudo|make)\s|~/|/etc/")
#: What only a shell understands.
_SHELL = re.compile(r"[|<>;&$`*?~\\\n]")
_EXIT = re.compile(r"#.*\bexit (\d+)\b")


def _bare(line: str) -> str:
    """Return a command line without its comment."""
    return re.sub(r"\s+#\s.*$", "", line).strip()


class Reader:
    """Somebody who types a page."""

    def __init__(self, folder: Path):
        self.folder, self.where, self.printed = folder, folder / ".pwd", set()
        self.names: dict[str, object] = {"__name__": "__main__"}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = {**os.environ, "PATH": path, "MPLBACKEND": "agg", "PYTHONWARNINGS": "ignore", "HOME": str(folder)}

    def run(self, block: Block) -> None:
        getattr(self, f"_{block.language}")(block)

    def _text(self, block: Block) -> None:
        """What a program printed, or a layout: nothing to run."""

    def _console(self, block: Block) -> None:
        lines = {line for line in block.text.splitlines() if line.startswith("$ ")}
        assert lines, f"{block.where}: no line begins with $"
        assert lines <= self.printed, f"{block.where}: no line before printed {sorted(lines - self.printed)}"

    def _json(self, block: Block) -> None:
        json.loads(block.text)

    def _toml(self, block: Block) -> None:
        tomllib.loads(block.text)
        name = re.match(r"# ([\w.-]+\.toml)\n", block.text)
        if name:
            (self.folder / name[1]).write_text(block.text, encoding="utf-8")

    def _python(self, block: Block) -> None:
        docs_files.provide(self.folder, block.text)
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                exec(compile(block.text, block.where, "exec"), self.names)
        except Exception:  # noqa: BLE001  whatever it is, it is shown with its block
            pytest.fail(f"{block.where}: this block does not run\n{block.text}\n{traceback.format_exc(limit=-3)}")
        finally:
            os.chdir(before)

    def _sh(self, block: Block) -> None:
        for line in commands(block.text):
            if _bare(line) in ELSEWHERE:
                continue
            assert not _INSTALLS.search(_bare(line)), f"{block.where}: {line}: say in ELSEWHERE who runs this"
            docs_files.provide(self.folder, line)
            wanted = int(m[1]) if (m := _EXIT.search(line)) else 0
            done = self._shell(line) if _SHELL.search(_bare(line)) or not line.startswith("ifnscore ") else self._command(line)
            said = f"{block.where}: exit code {done.returncode}\n$ {line}\n{done.stdout[-800:]}\n{done.stderr[-1500:]}"
            assert done.returncode == wanted, said
            self.printed |= set(done.stdout.splitlines())

    def _shell(self, line: str) -> subprocess.CompletedProcess[str]:
        script = f"{line}\ncode=$?\npwd > '{self.where}'\nexit $code"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        self.folder = Path(self.where.read_text(encoding="utf-8").strip())
        return done

    def _command(self, line: str) -> subprocess.CompletedProcess[str]:
        """Run a line that needs no shell in this process, which spares importing everything again."""
        streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2)]
        before, logger = Path.cwd(), logging.getLogger("ifnscore")
        os.chdir(self.folder)
        try:
            with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]), warnings.catch_warnings():
                code = _app.run(app, shlex.split(_bare(line))[1:])
        finally:
            os.chdir(before)
            logger.handlers, logger.propagate = [], True
        said = [s.buffer.getvalue().decode() for s in streams]
        return subprocess.CompletedProcess(line, code, *said)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("page", PAGES)
def test_every_block_runs(page, tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    reader = Reader(tmp_path)
    for block in blocks(page):
        assert block.language in LANGUAGES, f"{block.where}: a block is one of {', '.join(sorted(LANGUAGES))}"
        reader.run(block)


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("sh", "true\nfalse", "exit code 1"),
        ("sh", "true  # exit 1", "exit code 0"),
        ("sh", "ifnscore no-such-command", "exit code 2"),
        ("sh", "pip install something", "who runs this"),
        ("python", "import ifnscore as ifn\nifn.no_such_name", "does not run"),
        ("console", "$ ifnscore demo", "no line before printed"),
        ("console", "nothing", "no line begins"),
        ("toml", "a = ", "Invalid"),
        ("json", "{a}", "Expecting"),
    ],
)
def test_a_wrong_block_is_noticed(language, text, said, tmp_path):
    with pytest.raises((AssertionError, pytest.fail.Exception, ValueError), match=said):
        Reader(tmp_path).run(Block("page.md", 1, language, text))


def test_folder_and_names_are_kept(tmp_path):
    reader = Reader(tmp_path)
    for language, text in (
        ("sh", "mkdir inner\ncd inner\necho '$ told'"),
        ("python", "x = 1"),
        ("python", "open('seen', 'w').write(str(x))"),
        ("console", "$ told\n"),
        ("sh", "test \\\n  -f seen\ncat nowhere  # exit 1"),
        ("toml", "# own.toml\na = 1\n"),
    ):
        reader.run(Block("page.md", 1, language, text))
    assert {p.name for p in (tmp_path / "inner").iterdir()} == {"seen", "own.toml"}


def test_the_exceptions_are_printed_somewhere():
    printed = {_bare(line) for p in PAGES for b in blocks(p) if b.language == "sh" for line in commands(b.text)}
    assert set(ELSEWHERE) <= printed


def test_every_file_that_is_made_is_named_somewhere():
    text = "\n".join(b.text for p in PAGES for b in blocks(p))
    assert [name for name in docs_files.MAKERS if name not in text] == []
