"""Paths: what is no file, cannot be opened, or has an odd name."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

from tests.badinputs._model import CSV, INSPECT, SCORE, Case, file, files, matrix


def _case(id: str, wrong: str, make: Callable[[Path], Path], says: str, **more: object) -> Case:
    code = more.setdefault("code", 1)
    more.setdefault("words", SCORE if code else INSPECT)
    if not code:
        more.setdefault("holds", matrix())
    return Case(id=id, format="any path", wrong=wrong, make=make, says=says, **more)


def _loop(folder: Path) -> Path:
    (folder / "a.csv").symlink_to(folder / "b.csv")
    (folder / "b.csv").symlink_to(folder / "a.csv")
    return folder / "a.csv"


def _self_folder(folder: Path) -> Path:
    (folder / "inner").symlink_to(folder)
    return folder


def _dangling(folder: Path) -> Path:
    (folder / "m.csv").symlink_to(folder / "gone.csv")
    return folder / "m.csv"


def _directory(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).mkdir()
        return folder / name

    return make


def _unreadable(folder: Path) -> Path:
    """Return a path below a file: opening it fails for root, too."""
    (folder / "m.csv").write_text(CSV)
    return folder / "m.csv" / "inner.csv"


def _socket(folder: Path) -> Path:
    here = Path.cwd()
    os.chdir(folder)  # the path of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("m.csv")
    finally:
        os.chdir(here)
    return folder / "m.csv"


def _link(folder: Path) -> Path:
    (folder / "real.csv").write_text(CSV)
    (folder / "m.csv").symlink_to("real.csv")
    return folder / "m.csv"


def _inside(name: str) -> Callable[[Path], Path]:
    return files({name: CSV}, name)


CASES = [
    _case("path-missing", "no such file", lambda f: f / "absent.csv", "no such file or folder"),
    _case("path-loop", "a loop of symbolic links", _loop, "a link that leads nowhere, or in a circle"),
    _case("path-folder-loop", "a folder that holds a link to itself", _self_folder, "a folder of no known layout: it holds inner"),
    _case("path-dangling", "a link to nothing", _dangling, "a link that leads nowhere, or in a circle"),
    _case("path-folder-csv", "a folder called .csv", _directory("m.csv"), "a folder of no known layout: it is empty"),
    _case("path-folder-h5ad", "a folder called .h5ad", _directory("m.h5ad"), "a folder of no known layout: it is empty"),
    _case("path-folder-parquet", "a folder called .parquet", _directory("m.parquet"), "a folder of no known layout"),
    _case("path-below-file", "a path below a file", _unreadable, "no such file or folder"),
    _case("path-socket", "a socket", _socket, "cannot be read (No such device or address)", named="m.csv"),
    _case("path-too-long", "a file name of 5,000 letters", lambda f: f / ("m" * 5000 + ".csv"), "cannot be opened (File name too long)"),
    _case("path-nul", "a NUL in the file name", lambda f: f / "m\0.csv", "no such file or folder", named=""),
    _case("path-no-ending", "a file name without an ending", file("matrix", CSV), "a name without an ending is no known format; known are"),
    _case("path-docx", "an unknown ending", file("m.docx", CSV), "the ending '.docx' is no known format; known are"),
    _case("path-url", "an address of the internet", lambda f: Path("https://example.org/m.csv"), "no such file or folder"),
    _case("path-percent", "format signs in the name", lambda f: f / "%s{0}%n.csv", "no such file or folder"),
    _case("path-link", "a link to a file", _link, "3 samples x 6 genes", code=0),
    _case("path-blanks", "blanks in folder and file name", _inside("my data/m  1.csv"), "3 samples x 6 genes", code=0),
    _case("path-newline", "a line end in the file name", _inside("m\n1.csv"), "3 samples x 6 genes", code=0),
    _case("path-newline-empty", "a line end in the name of an empty file", files({"m\n1.csv": b""}, "m\n1.csv"), "the file is empty", named="1.csv"),
    _case("path-escape-empty", "terminal control characters in the name of an empty file", files({"m\x1b[31m.csv": b""}, "m\x1b[31m.csv"), "the file is empty", named=""),
    _case("path-dash", "a name that begins with a dash", _inside("-m.csv"), "3 samples x 6 genes", code=0),
    _case("path-unicode", "a name in other letters", _inside("\u4e2d\u6587 \u00e4.csv"), "3 samples x 6 genes", code=0),
    _case("path-not-utf8", "a name that is no UTF-8", files({os.fsdecode(b"m\xe9.csv"): CSV}, os.fsdecode(b"m\xe9.csv")), "3 samples x 6 genes", code=0),
    _case("path-upper", "the ending in capitals", _inside("M.CSV"), "3 samples x 6 genes", code=0),
]  # fmt: skip
