"""A bad input: how it is made, and what must happen."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ifnscore import loaders

GENES = ("IFI27", "IFI44L", "IFIT1", "ISG15", "RSAD2", "SIGLEC1")
SAMPLES = ("s1", "s2", "s3")
#: Counts, samples by genes: 10 20 ... 60, 11 21 ... 61, 12 22 ... 62.
X = np.array([[10 * (j + 1) + i for j in range(len(GENES))] for i in range(len(SAMPLES))])
CSV = "gene,s1,s2,s3\n" + "".join(f"{g},{X[0, j]},{X[1, j]},{X[2, j]}\n" for j, g in enumerate(GENES))

SCORE = ("score", "{path}", "-s", "rice", "-m", "mean_log", "-o", "{out}/scores.tsv")
INSPECT = ("inspect", "{path}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run left behind: the input, its folder, the output folder, and what was printed."""

    path: Path
    folder: Path
    out: Path
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One bad input.

    Attributes
    ----------
    id, format, wrong
        Name, file format, what is wrong in words.
    make
        Writes files into an empty folder and returns the path that is handed to the command line.
    says
        Words that must be said; ``...`` stands for any others. Shown in docs/bad_input.md.
    code
        Exit code: 1 or 2 where it is refused, 0 where it is read.
    words
        Command line; ``{path}``, ``{folder}`` and ``{out}`` are filled in.
    holds
        What must be true where it is read.
    named
        What the error must name beside its words; None for the file's own name.
    seconds
        Longest time that the command may take.
    """

    id: str
    format: str
    wrong: str
    make: Callable[[Path], Path]
    says: str
    code: int = 1
    words: Sequence[str] = SCORE
    holds: Callable[[Outcome], None] | None = None
    named: str | None = None
    seconds: float = 20.0

    def line(self, path: Path, folder: Path, out: Path) -> list[str]:
        """Return the words of the command line."""
        return [w.format(path=path, folder=folder, out=out) for w in self.words]

    @property
    def pattern(self) -> re.Pattern[str]:
        """`says` as a regular expression."""
        return re.compile(".*".join(re.escape(part.strip()) for part in self.says.split("...")), re.DOTALL)


@dataclass(slots=True)
class Family:
    """Cases of one format, made from the bytes of one file."""

    format: str
    name: str
    words: Sequence[str] = SCORE
    cases: list[Case] = field(default_factory=list)

    def refuse(self, id: str, wrong: str, content: object, says: str, **more: object) -> None:
        """Add a file that is refused."""
        self._add(id, wrong, content, says, code=more.pop("code", 1), words=more.pop("words", self.words), **more)

    def read(self, id: str, wrong: str, content: object, says: str, **more: object) -> None:
        """Add a file that is read; by default it holds the matrix of this module."""
        holds = more.pop("holds", None) or matrix()
        self._add(id, wrong, content, says, code=0, words=more.pop("words", INSPECT), holds=holds, **more)

    def _add(self, id: str, wrong: str, content: object, says: str, name: str = "", **more: object) -> None:
        maker = file(name or self.name, content)
        self.cases.append(Case(id=id, format=self.format, wrong=wrong, make=maker, says=says, **more))


def file(name: str, content: object) -> Callable[[Path], Path]:
    """Return a maker of one file, from text, bytes, or a function that writes to the path."""

    def make(folder: Path) -> Path:
        path = folder / name
        if callable(content):
            content(path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else str(content).encode())
        return path

    return make


def files(contents: Mapping[str, object], path: str = "") -> Callable[[Path], Path]:
    """Return a maker of several files; `path` is the one that is read, by default the folder."""

    def make(folder: Path) -> Path:
        for name, content in contents.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            file(name, content)(folder)
        return folder / path if path else folder

    return make


def matrix(
    genes: Sequence[str] = GENES, samples: Sequence[str] = SAMPLES, x: object = X, **options: str
) -> Callable[[Outcome], None]:
    """Return a check that the input is read as this matrix."""

    def check(outcome: Outcome) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            adata = loaders.read(outcome.path, **options)
        found = adata.X.toarray() if hasattr(adata.X, "toarray") else adata.X
        assert list(adata.obs_names) == list(samples)
        assert list(adata.var_names) == list(genes)
        np.testing.assert_array_equal(found, np.asarray(x))

    return check


def prints(*words: str) -> Callable[[Outcome], None]:
    """Return a check that standard output holds these words."""

    def check(outcome: Outcome) -> None:
        for word in words:
            assert word in outcome.stdout

    return check
