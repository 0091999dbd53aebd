"""What a newcomer stumbled over: spreadsheets, steroids by other names, another measure's response, and what a reading says of nobody."""

from __future__ import annotations

import gzip

import pytest
from tests.clinic import FOREIGN, SIMPLE, one_line, read

import ifnscore as ifn
from ifnscore.cohort._match import is_steroid

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")


@pytest.mark.parametrize("name", ["Prednisolon", "prednisone", "Decortin H", "Methylprednisolone", "glucocorticoid", "dexamethasone"])
def test_steroids_are_known_by_their_names(name):
    assert is_steroid(name)


@pytest.mark.parametrize("name", ["methotrexate", "IVIG", "tofacitinib", "pamidronate", ""])
def test_other_drugs_are_no_steroids(name):
    assert not is_steroid(name)


def test_a_table_may_be_compressed_and_its_notes_quoted(run, pairs):
    folder, table = pairs
    text = '"# samples: one row, one sample";;;\n' + table.to_csv(index=False, sep=";")
    (folder / "wide.csv.gz").write_bytes(gzip.compress(text.encode()))
    code, out, _ = run("compare", folder / "wide.csv.gz", *SIMPLE, *FOREIGN, "-q")
    assert code == 0
    plain = read(run("compare", folder / "wide.csv", *SIMPLE, *FOREIGN, "-q")[1])
    assert read(out)[["n_patients", "estimate", "p"]].equals(plain[["n_patients", "estimate", "p"]])


def test_a_matrix_is_to_be_scored_first(run, tmp_path):
    (tmp_path / "m.csv").write_text("gene,s1,s2\nISG15,1,2\nMX1,3,4\n", encoding="utf-8")
    columns = ("--patient", "s1", "--time", "s2", "--baseline", "2", "--followup", "4")
    line = one_line(run("compare", tmp_path / "m.csv", *columns)[2])
    assert "a matrix is scored first (ifnscore score)" in line


def test_the_measures_are_listed(run):
    code, out, _ = run("cohort", "instruments")
    assert code == 0
    assert {line.split("\t")[0] for line in out.splitlines()} >= {"cdasi_activity", "cmas", "mmt8"}


@pytest.fixture(scope="module")
def example():
    adata, cohort = ifn.datasets.jdm_tofacitinib()
    ifn.tl.score(adata, "kim2018_irg28_geomean", controls="is_control", donor="donor_id")
    return adata, cohort


def test_a_response_belongs_to_the_measure(example):
    got = ifn.tl.associate(*example, outcome="cmas")
    assert "CDASI" not in got.reading
    assert "(higher is better)" in got.reading
    assert "responders" not in got.tables
    asked = ifn.tl.associate(*example, outcome="cmas", response="cdasi_abs4")
    assert "CDASI activity falls" in asked.reading


def test_nothing_is_said_of_cells_and_steroids_where_nobody_has_a_pair(example):
    adata, cohort = example
    alone = adata[(adata.obs["day"].isna()) | (adata.obs["day"] < 0)].copy()
    reading = ifn.tl.compare(alone, cohort).reading
    assert "nothing can be said" in reading
    assert "not recorded" not in reading
    assert "Blood counts are missing" not in reading
    assert "0 of 1" not in reading


def test_pairs_across_batches_come_with_a_way_out(run, clinic):
    folder, _ = clinic
    samples = (folder / "cohort" / "samples.csv").read_text(encoding="utf-8").splitlines()
    head = samples[0].split(",")
    batch = head.index("batch") if "batch" in head else None
    rows = [line.split(",") for line in samples[1:]]
    for i, row in enumerate(rows):
        name = "r1" if float(row[head.index("day")]) < 0 or i < 5 else "r2"
        if batch is None:
            row.append(name)
        else:
            row[batch] = name
    head = head if batch is not None else [*head, "batch"]
    text = "\n".join(",".join(r) for r in [head, *rows]) + "\n"
    (folder / "cohort" / "samples.csv").write_text(text, encoding="utf-8")
    code, _, err = run("compare", folder / "scores.tsv", folder / "cohort", *FOREIGN)
    assert code == 0, err
    assert "baseline and follow-up in different batches" in err
    assert "allow_cross_batch = true" in err
