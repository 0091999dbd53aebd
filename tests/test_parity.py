"""docs/parity.md is what is computed, and every difference on it has a reason that still holds."""

from __future__ import annotations

import numpy as np
import pytest
from tests import parity

from ifnscore import methods

CELLS = parity.cells()


def test_page_is_what_is_computed():
    written = parity.PAGE.read_text(encoding="utf-8").splitlines()
    for old, new in zip(written, parity.page().splitlines(), strict=True):
        assert old == new, "write it anew: python -m tests.parity > docs/parity.md"


@pytest.mark.parametrize("method", sorted({c.row.method for c in CELLS}))
def test_differences_are_arithmetic_or_have_a_reason(method):
    found = [c for c in CELLS if c.row.method == method]
    assert found
    for c in found:
        if c.why is None:
            assert c.difference < parity.SAME, c
            assert not c.alone, c
        else:
            assert c.why.most or c.difference >= parity.REASON, c  # a reason that is not needed any more
            assert c.difference < (c.why.most or np.inf), c


NAMED = {"gsva": "R_GSVA", "singscore": "R_ranks"} | {p: p for p in ("gseapy", "decoupler", "pyucell", "pyscenic")}


def test_every_mode_named_after_a_program_is_the_same_with_and_without_ties():
    named = [(r.id, p.name, c) for r in methods.records().values() for p in r.parameters for c in p.choices if c in NAMED]
    assert len(named) >= 10
    for method, parameter, choice in named:
        rows = [c for c in CELLS if c.row.method == method and c.row.params.get(parameter) == choice]
        close = [c for c in rows if c.row.file == NAMED[choice] and c.difference < 2e-6]  # 2e-6: 32 bits
        assert {c.matrix for c in close} == set(parity.ALL), (method, choice)


def test_every_answer_is_used_or_said_to_have_no_counterpart():
    used = {(c.row.file, c.row.call) for c in CELLS}
    kept = {(file, call) for file in parity.PROGRAMS for _, call in parity.answers(file)}
    assert used <= kept
    assert {call for _, call in kept - used} == {"zscore", "zscore flavor=KSEA"}
    assert "decoupler's `zscore`" in parity.TAIL


def test_matrices_are_what_the_page_says():
    log, counts, tied, half = (parity.matrix(m) for m in ("log", "counts", "log1p", "half"))
    assert log.shape == counts.shape == (12, 405)
    assert half.shape == (12, 391)
    assert all(row.is_unique for _, row in log.iterrows())
    assert (log < 0).any().any()
    assert all((row == 0).mean() > 0.2 for _, row in tied.iterrows())
    assert (counts == 0).all().sum() == 64
    sizes = {s: len(w) for s, w in parity.sets("signed").items()}
    assert (min(sizes.values()), max(sizes.values()), sizes["KIM28"]) == (1, 90, 28)
    assert sum(g in half for g in parity.sets("signed")["KIM28"]) == 14


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0.0, "< 1e-12"),
        (3e-11, "< 1e-9"),
        (4.2e-8, "5e-8"),
        (2e-4, "2e-4"),
        (0.0201, "5e-2"),
        (0.37, "0.5"),
        (0.6, "1"),
        (1.1, "2"),
    ],
)
def test_magnitude(x, text):
    assert parity.magnitude(x) == text
