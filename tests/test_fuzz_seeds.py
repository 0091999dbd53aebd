"""What fuzzing once found stays found out: every kept input is read, or ends in one line, and every text format has seeds."""

from __future__ import annotations

import time
import warnings

import pytest
from tests.fuzz import targets

from ifnscore.errors import IfnscoreError

TARGETS = {t.name: t for t in targets.targets()}
KEPT = [(p.parent.name, p) for p in sorted(targets.REGRESSIONS.glob("*/*"))]
SEEDS = [(name, p) for name in TARGETS for p in targets.seeds(name)]


def replay(name, path):
    """Run one input as the fuzzer does."""
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            TARGETS[name].run(path.read_bytes())
            said = ""
        except IfnscoreError as error:
            said = str(error)
    assert "\n" not in said
    assert time.perf_counter() - start < 10
    return not said


@pytest.mark.parametrize(("name", "path"), KEPT, ids=[f"{n}-{p.name}" for n, p in KEPT])
def test_kept_input(name, path):
    replay(name, path)


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_has_seeds_that_are_read(name):
    found = targets.seeds(name)
    assert found, f"tests/fuzz/corpus/{name} needs at least one small valid file"
    read = [replay(name, path) for path in found]
    assert any(read)


def test_no_seed_is_left_over():
    folders = {p.name for p in [*targets.CORPUS.iterdir(), *targets.REGRESSIONS.iterdir()] if p.is_dir()}
    assert folders <= set(TARGETS)
