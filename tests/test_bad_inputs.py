"""Every bad input ends in one clear line and leaves nothing behind, or is read right and said."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter

import pytest
from tests import badinputs
from tests.badinputs import _docs
from tests.badinputs._model import Case, Outcome

from ifnscore.cli._app import oneline

CASES = badinputs.cases()
#: A few of each kind for a process of their own, which takes seconds.
SAMPLE = ("text-empty", "text-cell-decimal-comma", "gzip-truncated", "h5ad-truncated", "path-loop", "path-escape-empty", "reference-changed")


def played(case: Case, run, tmp_path):
    """Make the input, run the command, return exit code and outcome."""
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    out.mkdir()
    path = case.make(folder)
    start = time.perf_counter()
    code, stdout, stderr = run(*case.line(path, folder, out))
    assert time.perf_counter() - start < case.seconds
    return code, Outcome(path, folder, out, stdout, stderr)


def check(case: Case, code: int, outcome: Outcome) -> None:
    """Hold what the record says."""
    lines = outcome.stderr.splitlines()
    errors = [line for line in lines if line.startswith("ifnscore: error: ")]
    assert "Traceback" not in outcome.stderr
    assert "fault of ifnscore" not in outcome.stderr
    assert all(line.startswith("ifnscore: ") for line in lines), "every line says who speaks"
    assert all(line.isprintable() for line in outcome.stderr.split("\n")), "no control characters"
    assert code == case.code, outcome.stderr
    if code:
        assert errors == lines[-1:], "one error, and it comes last"
        assert case.pattern.search(errors[0]), errors[0]
        assert oneline(outcome.path.name if case.named is None else case.named) in errors[0]
        assert outcome.stdout == ""
        assert list(outcome.out.iterdir()) == []
        return
    assert not errors
    assert case.pattern.search(outcome.stderr + outcome.stdout), outcome.stderr + outcome.stdout
    assert case.holds is not None, "what is read must be checked"
    case.holds(outcome)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_bad_input(case, run, tmp_path):
    check(case, *played(case, run, tmp_path))


@pytest.mark.parametrize("case", [c for c in CASES if c.id in SAMPLE], ids=lambda case: case.id)
def test_in_a_process_of_its_own(case, tmp_path):
    def run(*words):
        done = subprocess.run([sys.executable, "-m", "ifnscore", *words], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    check(case, *played(case, run, tmp_path))


def test_the_catalogue_is_complete():
    names = Counter(c.id for c in CASES)
    assert [name for name, n in names.items() if n > 1] == []
    assert len(CASES) >= 150
    assert all(c.code in {0, 1, 2} for c in CASES)
    assert [c.id for c in CASES if len(c.says.strip(" .")) < 3] == [], "every case has a sentence"
    assert {c.id for c in CASES} >= set(SAMPLE)


def test_the_table_in_the_docs_is_current():
    assert _docs.FILE.read_text(encoding="utf-8") == _docs.text(), "run: python -m tests.badinputs._docs"


def test_a_case_that_is_not_refused_is_found(run, tmp_path):
    """The check above can fail: a good file is not taken for a refused one."""
    good = next(c for c in CASES if c.id == "lines-crlf")
    wrong = Case(id="x", format="text", wrong="nothing", make=good.make, says="the file is empty")
    with pytest.raises(AssertionError):
        check(wrong, *played(wrong, run, tmp_path))
