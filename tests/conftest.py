"""Data that several tests use."""

from __future__ import annotations

import io
import logging
import warnings

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from tests import studies
from tests.clinic import PEOPLE

import ifnscore as ifn
from ifnscore.cli import _app, app

#: Modules that take long: simulations, witnesses of whole cohorts, subprocesses.
SLOW = {
    *("test_atomic", "test_bad_inputs", "test_bombs", "test_clinic_faults_link", "test_compare_witness", "test_newcomer"),
    *("test_notebooks", "test_report_content", "test_report_html", "test_docs_code", "test_packaging", "test_planted_truth"),
    *("test_properties_compare", "test_properties_read", "test_associate"),
}


#: Modules with tests of minutes: they begin first, so that no worker is left alone with one at the end.
FIRST = {"test_docs_code", "test_notebooks", "test_report_content"}

#: Tests of half a minute, parts of which others hold: `make test` runs them, CI has no time for them.
LONG = {
    "test_killed_writers_and_full_disks",
    "test_it_runs_and_shows_what_is_saved[tofacitinib_cohort]",
    "test_it_runs_and_shows_what_is_saved[single_cell]",
    "test_every_block_runs[docs/start.md]",
    "test_every_block_runs[docs/guide/report.md]",
    "test_the_demo_writes_a_report_over_an_earlier_demo",
}

#: Tests that need more than Python: `make docs` (Sphinx) and `make browser` (Chromium) run them, nothing else does.
APART = ("docs", "browser")


def pytest_collection_modifyitems(config, items):
    for marker in APART:
        if marker not in config.option.markexpr:
            config.hook.pytest_deselected(items=[i for i in items if i.get_closest_marker(marker)])
            items[:] = [i for i in items if not i.get_closest_marker(marker)]
    for item in items:
        if item.path.stem in SLOW or item.name == "test_pictures":  # one matplotlib on all Pythons
            item.add_marker(pytest.mark.slow)
        if item.name in LONG:
            item.add_marker(pytest.mark.long)
    items.sort(key=lambda item: item.path.stem not in FIRST)


RICE = ["IFI27", "IFI44L", "IFIT1", "ISG15", "RSAD2", "SIGLEC1"]


@pytest.fixture(scope="session")
def hppt_cells():
    return ifn.datasets.hppt()


@pytest.fixture(scope="session")
def blood_samples():
    return ifn.datasets.whole_blood()


@pytest.fixture
def hppt(hppt_cells):
    return hppt_cells.copy()


@pytest.fixture
def blood(blood_samples):
    return blood_samples.copy()


@pytest.fixture
def toy():
    """Return 12 controls and 6 patients x 300 genes, linear, all panel genes present, a donor and two tissues."""
    rng = np.random.default_rng(11)
    known = list(dict.fromkeys(g for s in ifn.signatures.resolve("panel") for g in s.genes if not g.startswith("AC00")))
    genes = [*known, *(f"GENE{i:03d}" for i in range(300 - len(known)))]
    x = rng.lognormal(3, 0.6, (18, len(genes)))
    x[12:, : len(known)] *= rng.lognormal(1.2, 0.3, (6, len(known)))
    obs = pd.DataFrame(
        {
            "group": ["healthy"] * 12 + ["jdm"] * 6,
            "donor": [f"p{i // 1}" for i in range(18)],
            "sex": ["F", "M"] * 9,
            "age": range(6, 24),
        },
        index=[f"s{i:02d}" for i in range(18)],
    )
    return ad.AnnData(X=x, obs=obs, var=pd.DataFrame(index=genes))


@pytest.fixture
def run(capsys, monkeypatch):
    """Run the command line in this process; returns exit code, stdout, stderr."""

    def call(*words, stdin=None):
        if stdin is not None:
            monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8"))
        with warnings.catch_warnings():
            code = _app.run(app, [str(w) for w in words])
        out = capsys.readouterr()
        return code, out.out, out.err

    yield call
    logger = logging.getLogger("ifnscore")
    logger.handlers, logger.propagate = [], True


@pytest.fixture
def pairs(tmp_path):
    """Seven people before and after, as a wide table with annotations beside the scores."""
    rng = np.random.default_rng(4)
    pre = rng.normal(4, 1, 7)
    table = studies.paired(list(pre), list(pre - rng.normal(1, 0.5, 7)), PEOPLE).assign(arm=["u", "v"] * 7)
    table["arm"] = ["u" if w in PEOPLE[:4] else "v" for w in table["who"]]
    table.to_csv(tmp_path / "wide.csv", index=False)
    return tmp_path, table


@pytest.fixture
def clinic(tmp_path):
    """A cohort folder of seven people and its scores."""
    rng = np.random.default_rng(5)
    rows = [
        {
            "patient": p,
            "day": day,
            "score": 4 - (day > 0) + rng.normal(0, 0.4),
            "outcome": round(20 - 6 * (day > 0) + rng.normal()),
        }
        for p in PEOPLE
        for day in (-20, -5, 60, 150, 210)
    ]
    visits = pd.DataFrame(rows)
    studies.write(tmp_path / "cohort", visits, settings="")
    studies.scores(visits).to_csv(tmp_path / "scores.tsv", sep="\t", index=False)
    return tmp_path, visits
