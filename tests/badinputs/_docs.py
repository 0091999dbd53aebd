"""The table in docs/bad_input.md; run ``python -m tests.badinputs._docs`` in the root of the project to write it anew."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests import badinputs
from tests.badinputs._model import Case

FILE = Path(__file__).parents[2] / "docs" / "bad_input.md"
HEAD = """\
# Bad input

What happens to input that is damaged, unusual or wrong. The table is written from the records in `tests/badinputs`, and
`tests/test_bad_inputs.py` makes every one of these inputs and runs the command line on it:

- **refused**: exit code 1 (the data) or 2 (the call), one line on stderr that names the file and the place, no traceback, and
  nothing written to the output folder;
- **read**: exit code 0; the values are compared with what they should be, and what was found or left out is said.

Sentences are shortened (`...`); the file name that stands in each of them is left out. To write this file anew:
`python -m tests.badinputs._docs`.

"""
_LONGEST = 120


def text() -> str:
    """Return the whole file."""
    found = badinputs.cases()
    refused = sum(c.code != 0 for c in found)
    lines = [HEAD, f"{len(found)} inputs: {refused} refused, {len(found) - refused} read.\n\n"]
    lines += ["| format | inputs | refused | read |\n|---|---:|---:|---:|\n", *_counts(found), "\n"]
    lines += ["| id | format | what is wrong | what happens |\n|---|---|---|---|\n", *(_row(c) for c in found)]
    return "".join(lines)


def _counts(found: list[Case]) -> list[str]:
    every = Counter(c.format for c in found)
    refused = Counter(c.format for c in found if c.code)
    return [f"| {name} | {n} | {refused[name]} | {n - refused[name]} |\n" for name, n in every.items()]


def _row(case: Case) -> str:
    happens = f"refused ({case.code})" if case.code else "read"
    return f"| {case.id} | {case.format} | {_cell(case.wrong)} | {happens}: {_cell(case.says)} |\n"


def _cell(words: str) -> str:
    """Return words that Markdown shows as they are."""
    words = "".join(c if c.isprintable() and c not in "\u00a0" else ascii(c)[1:-1] for c in words)
    short = words if len(words) <= _LONGEST else words[:_LONGEST] + " ..."
    for mark, shown in (("&", "&amp;"), ("<", "&lt;"), ("|", "\\|"), ("*", "\\*"), ("_", "\\_"), ("`", "\\`"), ("[", "\\[")):
        short = short.replace(mark, shown)
    return short


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
