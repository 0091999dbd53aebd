"""``ifnscore inspect``: what it says, and that the line it prints runs as printed."""

from __future__ import annotations

import json
import shlex

import anndata as ad
import numpy as np
import pandas as pd
import pytest

import ifnscore as ifn
from ifnscore import orthologs
from ifnscore.cli import _inspect_controls, _inspect_qc

OLD_KEYS = {
    *("format", "n_samples", "n_genes", "orientation", "identifiers", "identifiers_from", "n_recognised", "n_duplicated"),
    *("spreadsheet_dates", "scale", "scale_why", "minimum", "maximum", "missing_values", "detected_median", "layers"),
    *("annotations", "coverage", "next"),
}
#: What inspect says where a line cannot run before somebody has put in a choice.
OPEN = ("is refused", "name yours", "standard input")


def inspect(run, *words, stdin=None):
    """Return the JSON and the text of inspect; the text fits 100 columns, but for the command, and ends in it."""
    code, text, err = run("inspect", "--json", *words, stdin=stdin)
    assert (code, err) == (0, "")
    found = json.loads(text)
    assert set(found) >= OLD_KEYS
    code, shown, _ = run("inspect", *words, stdin=stdin)
    assert code == 0
    head, _, command = shown.rstrip("\n").partition("\nnext\n  ")
    assert command == found["next"]
    assert all(len(line) <= 100 for line in head.splitlines())
    return found, shown


def run_next(run, found, stdin=None):
    words = shlex.split(found["next"])
    assert words[:2] == ["ifnscore", "score"]
    return run(*words[1:], stdin=stdin)


def runs(run, found, stdin=None):
    assert not [f for f in found["fill_in"] if any(o in f for o in OPEN)]
    code, out, err = run_next(run, found, stdin)
    assert code == 0, err
    assert out.count("\n") == found["n_samples"] + 1
    return err


@pytest.fixture
def matrix(toy, tmp_path):
    """Return a writer of the toy matrix on some scale, genes in rows."""

    def make(change=lambda x: x, name="matrix.csv", **options):
        frame = pd.DataFrame(change(toy.X), index=toy.obs_names, columns=toy.var_names).T
        frame.to_csv(tmp_path / name, **options)
        return tmp_path / name

    toy.obs.to_csv(tmp_path / "samples.csv", index_label="sample_id")
    return make


SCALES = {
    "counts": (np.round, "counts", None),
    "linear": (lambda x: x + 0.25, None, "linear"),
    "log2p1": (lambda x: np.where(x < 10, 0, np.log2(x + 1)), None, "log2p1"),
    "log2": (lambda x: np.log2(x + 1.5), None, "log2"),
    "log2 around 0": (lambda x: np.log2(x) - 4, None, "log2"),
}


@pytest.mark.parametrize("case", SCALES.values(), ids=SCALES)
@pytest.mark.parametrize("annotated", [False, True], ids=["bare", "with samples"])
def test_the_printed_line_runs(run, matrix, case, annotated, tmp_path):
    change, scale, guess = case
    words = ["--samples", tmp_path / "samples.csv"] if annotated else []
    found, shown = inspect(run, matrix(change), *words)
    assert found["scale"] == scale
    if guess:
        assert f" --scale {guess} " in f"{found['next']} "
        assert f"--scale {guess} is a guess" in found["fill_in"][0]
        assert "to fill in first" in shown
    else:
        assert found["fill_in"] == []
    assert ("--controls \"group == 'healthy'\"" in found["next"]) is annotated
    runs(run, found)


def test_what_was_given_is_carried_over(run, toy, tmp_path):
    toy.var["name of gene"] = toy.var_names
    toy.var_names = [f"p{i}" for i in range(toy.n_vars)]
    toy.layers["raw data"] = toy.X
    toy.X = np.log2(toy.X + 1)
    toy.write_h5ad(tmp_path / "it's a matrix.h5ad")
    toy.obs.rename(columns={"group": "study group"}).to_csv(tmp_path / "my samples.csv", index_label="sample_id")
    words = ["--symbol-column", "name of gene", "--layer", "raw data", "--scale", "linear", "--species", "human"]
    found, _ = inspect(
        run, tmp_path / "it's a matrix.h5ad", *words, "--samples", tmp_path / "my samples.csv", "--normalise", "none"
    )
    given = shlex.split(found["next"])
    for word in (*words, "my samples.csv", "--normalise", "none"):
        assert any(word in g for g in given), word
    assert found["layers"] == ["raw data"]
    runs(run, found)


def test_format_options_are_carried_over(run, tmp_path):
    rows = ["sample,gene,Ct"]
    rows += [
        f"{s},{g},{20 + i + j / 10}" for i, s in enumerate("abcdef") for j, g in enumerate(("ISG15", "IFI27", "RSAD2", "HPRT1"))
    ]
    rows[2] = "a,IFI27,Undetermined"
    (tmp_path / "ct.csv").write_text("\n".join(rows) + "\n")
    found, shown = inspect(run, tmp_path / "ct.csv", "--option", "undetermined=40", "--option", "replicates=median")
    assert found["scale"] == "ct"
    given = shlex.split(found["next"])
    assert given[given.index("--option") :][:4] == ["--option", "undetermined=40", "--option", "replicates=median"]
    assert "name yours in --controls" in found["fill_in"][0]
    assert "above zero" not in shown
    (tmp_path / "who.csv").write_text("sample_id,group\n" + "".join(f"{s},{'healthy' if s < 'e' else 'jdm'}\n" for s in "abcdef"))
    found, _ = inspect(run, tmp_path / "ct.csv", "--option", "undetermined=40", "--samples", tmp_path / "who.csv")
    assert found["fill_in"] == []
    runs(run, found)


def test_the_quality_of_lanes_and_plates(run, toy, tmp_path):
    toy.obs["qc_fov_ratio"] = np.linspace(0.5, 1, toy.n_obs)
    toy.obs["qc_empty"] = np.nan
    toy.obs["qc_flags"] = ["low field of view"] * 7 + [""] * 11
    toy.write_h5ad(tmp_path / "m.h5ad")
    found, shown = inspect(run, tmp_path / "m.h5ad")
    assert found["qc"]["columns"] == [
        {"name": "qc_fov_ratio", "minimum": 0.5, "median": pytest.approx(0.75), "maximum": 1.0, "n_missing": 0}
    ]
    assert found["qc"]["flagged"] == [{"sample": f"s{i:02d}", "why": "low field of view"} for i in range(7)]
    assert "7 of 18 samples flagged" in shown
    assert "s04: low field of view" in shown
    assert "s05" not in shown
    assert "and 2 more (--json has all)" in shown
    toy.obs["qc_flags"] = ""
    toy.write_h5ad(tmp_path / "m.h5ad")
    assert "no sample flagged" in inspect(run, tmp_path / "m.h5ad")[1]


def test_library_sizes_by_hand(run, tmp_path):
    """Totals 1000, 1000, 1000, 1100, 900, 4000, 10: log2 distances from the median 1000 are 0, 0, 0, 0.14, 0.15, 2, 6.6; their
    median is 0.14, 3 * 1.4826 * 0.14 = 0.61 lies under log2(2) = 1, so what is off by more than a factor of 2 is far off.
    """
    totals = np.array([1000, 1000, 1000, 1100, 900, 4000, 10, 0])
    assert _inspect_qc.far_off(totals.astype(float)) == [6, 5]
    assert _inspect_qc.far_off(np.array([1, 10, 100, 1000, 10000.0])) == [], "wide, but all alike"
    assert _inspect_qc.far_off(np.array([1.0, 1, 1000])) == [], "too few to tell"
    names = list(dict.fromkeys(g for s in ifn.signatures.resolve("panel") for g in s.genes))[:10]
    frame = pd.DataFrame({f"s{i}": [t // 10] * 10 for i, t in enumerate(totals)}, index=names)
    frame.to_csv(tmp_path / "m.csv")
    found, shown = inspect(run, tmp_path / "m.csv")
    assert found["library_sizes"] == {
        "minimum": 0.0,
        "median": 1000.0,
        "maximum": 4000.0,
        "far": [{"sample": "s6", "total": 10.0}, {"sample": "s5", "total": 4000.0}],
    }
    assert found["detected_genes"] == {"minimum": 0, "median": 10, "maximum": 10}
    assert found["empty_samples"] == ["s7"]
    assert "rule of thumb" in shown
    assert "1 samples without any expression get no score: s7" in shown
    runs(run, found)


@pytest.mark.parametrize("sparse", [False, True])
def test_missing_values(run, toy, tmp_path, sparse):
    import scipy.sparse as sp

    toy.X[3, toy.var_names.get_loc("ISG15")] = np.nan
    toy.X[4, toy.var_names.get_loc("ISG15")] = np.inf
    toy.X[4, 299] = np.nan
    toy.X = sp.csr_matrix(toy.X) if sparse else toy.X
    toy.write_h5ad(tmp_path / "m.h5ad")
    found, shown = inspect(run, tmp_path / "m.h5ad", "--scale", "linear")
    assert found["missing"] == {"values": 3, "genes": 2, "samples": 2}
    assert "--allow-missing" in found["next"]
    assert "3 values in 2 genes and 2 samples" in shown
    runs(run, found)


def test_controls_are_named_only_where_they_are_likely():
    n = 12
    obs = pd.DataFrame(
        {
            "arm": ["untreated"] * 6 + ["drug"] * 6,
            "disease state": ["Healthy control"] * 5 + ["JDM, untreated"] * 7,
            "sex": ["F", "M"] * 6,
            "age": range(n),
            "weight": np.linspace(1, 2, n),
            "is_control": [True] * 4 + [False] * 8,
            "all": ["control"] * n,
            "few": ["healthy"] * 2 + ["jdm"] * 10,
            "quote": ["patient's control"] * 4 + ["x"] * 8,
            "not": ["unhealthy"] * 4 + ["x"] * 8,
            "qc_flags": ["control"] * 4 + [""] * 8,
        },
        index=[f"s{i}" for i in range(n)],
    )
    found = {c["column"]: c["expression"] for c in _inspect_controls.candidates(ad.AnnData(X=np.ones((n, 1)), obs=obs))}
    assert found == {
        "is_control": "is_control",
        "arm": "arm == 'untreated'",
        "disease state": "`disease state` == 'Healthy control'",
        "quote": 'quote == "patient\'s control"',
        "sex": "",
        "few": "",
        "not": "",
    }
    assert next(iter(found)) == "is_control"


def test_cells_are_not_taken_for_controls(run, tmp_path):
    rng = np.random.default_rng(3)
    names = list(dict.fromkeys(g for s in ifn.signatures.resolve("panel") for g in s.genes if "." not in g))
    names += [f"GENE{i}" for i in range(4000 - len(names))]
    obs = pd.DataFrame(
        {"donor": ["a", "b"] * 300, "group": ["healthy"] * 300 + ["jdm"] * 300}, index=[f"c{i}" for i in range(600)]
    )
    ad.AnnData(X=rng.poisson(0.1, (600, 4000)).astype(float), obs=obs, var=pd.DataFrame(index=names)).write_h5ad(
        tmp_path / "c.h5ad"
    )
    found, shown = inspect(run, tmp_path / "c.h5ad")
    assert "--controls" not in found["next"]
    assert any("--pseudobulk" in h and "donor" in h for h in found["hints"])
    assert "c0 (" not in shown
    runs(run, found)


def test_mouse(run, tmp_path):
    one = [r for r in orthologs.table().one2one if "-" not in r]
    known = {v: k for k, v in orthologs.table().symbols.items()}
    frame = pd.DataFrame({f"s{i}": range(i, len(one) + i) for i in range(4)}, index=[known[h].capitalize() for h in one])
    frame.to_csv(tmp_path / "m.csv")
    found, shown = inspect(run, tmp_path / "m.csv", "--species", "mouse")
    assert "--species mouse" in found["next"]
    assert (found["species"], found["identifiers"]) == ("mouse", "mouse symbol")
    rice = found["coverage"][0]
    assert (rice["n_found"], rice["missing"], rice["without_ortholog"]) == (4, "IFI27,IFIT1", 2)
    assert "2 without one-to-one ortholog" in " ".join(shown.split())
    runs(run, found)


def test_standard_input_and_odd_names(run, matrix, tmp_path, monkeypatch):
    text = matrix(np.round, sep="\t").read_text()
    found, _ = inspect(run, "-", stdin=text)
    assert found["next"] == "ifnscore score -"
    assert found["fill_in"] == ["the table has to come on the standard input again"]
    monkeypatch.chdir(tmp_path)
    for name in ("-odd.csv", "two words.csv", "it's.csv", "$HOME `x`.csv", 'a"b.csv', "line\nbreak.csv"):
        matrix(np.round, name=name)
        found, _ = inspect(run, "--", name) if name.startswith("-") else inspect(run, name)
        assert any(shlex.split(found["next"])[2] == n for n in (name, f"./{name}"))
        runs(run, found)


def test_what_cannot_be_scored_is_said(run, matrix):
    """Values centred gene by gene are z-scores: no line is printed, but why every line would be refused."""
    found, shown = inspect(run, matrix(lambda x: (np.log(x) - np.log(x).mean(axis=0)) / np.log(x).std(axis=0)))
    assert any("the values are refused on every scale" in f for f in found["fill_in"])
    assert found["next"] == ""
    assert "to fill in first" in shown


def test_no_signature_has_enough_genes(run, tmp_path):
    (tmp_path / "m.csv").write_text("gene,a,b\nISG15,1,2\nMX1,3,4\n")
    found, _ = inspect(run, tmp_path / "m.csv")
    assert any("every score will be NA" in h for h in found["hints"])
    runs(run, found)


def test_older_names_duplicates_and_dates(run, tmp_path):
    (tmp_path / "m.csv").write_text("gene,a,b\nISG15,1,2\nG1P2,1,2\nDDX58,3,4\nMX1,1,2\nMX1.1,4,5\n2-Sep,1,1\n1-Mar,2,2\n")
    found, shown = inspect(run, tmp_path / "m.csv")
    assert found["older_names"] == {"RIGI": "DDX58"}
    assert found["n_duplicated"] == 1
    assert found["spreadsheet_dates"] == ["2-Sep", "1-Mar"]
    assert "DDX58 (RIGI)" in shown


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["patients.csv", "visits.csv", "samples.csv", "cohort.toml"], "looks like a cohort folder"),
        (["outs/filtered_feature_bc_matrix/x"], "looks like a folder of Cell Ranger"),
        (["GSM1.CEL.gz", "GSM2.CEL.gz"], "Affymetrix arrays"),
        (["a_R1.fastq.gz", "a_R2.fastq.gz"], "raw reads"),
        (["a.bam", "a.bai"], "aligned reads"),
        (["README.md", "counts.csv", "notes.pdf"], "give the matrix itself, one of its files (counts.csv)"),
        ([], "it is empty. Known layouts"),
        (["a.pdf"], "it holds a.pdf. Known layouts"),
    ],
    ids=["cohort", "cell ranger", "cel", "fastq", "bam", "matrix", "empty", "other"],
)
def test_folders_that_are_no_matrix(run, tmp_path, files, said):
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("gene,a,b\nISG15,1,2\n")
    code, out, err = run("inspect", folder)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert said in err


def test_a_calibrator_is_proposed_for_ct_values(run, tmp_path):
    rows = [f"{s},{g},{c}" for s in ("CAL", "P1") for g, c in (("IFI27", 25.5), ("ISG15", 24.0), ("HPRT1", 22.0), ("18S", 9.0))]
    (tmp_path / "ct.csv").write_text("sample,gene,ct\n" + "\n".join(rows) + "\n")
    _, text, _ = run("inspect", tmp_path / "ct.csv", "--option", "calibrator=CAL")
    assert "-m fold_change_median --controls is_calibrator" in " ".join(text.split())
    _, text, _ = run("inspect", tmp_path / "ct.csv")
    assert "is_calibrator" not in text
