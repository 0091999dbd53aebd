"""NanoString lanes against frozen controls of another run, and normalisation of what is no lane file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from tests import nanostring_files as files

import ifnscore as ifn
from ifnscore import pp
from ifnscore.errors import DataError, IfnscoreWarning, ScaleError

W = files.WITNESS


def lanes(tmp_path, *lanes_):
    for i, probes in enumerate(lanes_, 1):
        files.write(tmp_path / f"l{i}.RCC", probes, lane=i)
    return tmp_path


# what it is for: one lane against frozen controls --------------------------------------------------------------------------


def runs(tmp_path, **facts):
    """Six healthy lanes, and another run whose lanes have half the reporters and a twelfth lane that repeats a control."""
    rng = np.random.default_rng(7)
    people = [{g: c * rng.lognormal(0, 0.3) for g, c in files.GENES.items()} for _ in range(6)]
    for run, yield_, some in (("run1", 1.0, people), ("run2", 0.5, [people[0], {g: 20 * c for g, c in people[1].items()}])):
        (tmp_path / run).mkdir()
        for i, genes in enumerate(some):
            probes = files.classes(
                {g: round(100 * c * yield_) for g, c in genes.items()},
                {g: round(100 * c * yield_) for g, c in files.HOUSEKEEPING.items()},
                {p: round(c * yield_) for p, c in files.POSITIVES.items()},
            )
            files.write(tmp_path / run / f"{run}_{i}.RCC", probes)
    return tmp_path / "run1", tmp_path / "run2"


def test_frozen_controls_hold_in_another_run(tmp_path):
    one, two = runs(tmp_path)
    first = ifn.read(one)
    first.obs["group"] = "healthy"
    frozen = ifn.tl.reference(first, controls="group == 'healthy'", signatures=["rice2013_ags6"])
    both = ifn.read(two)
    ifn.tl.score(both, ["rice2013_ags6"], reference=frozen, min_coverage=0.1)
    alone = ifn.read(two / "run2_0.RCC")
    ifn.tl.score(alone, ["rice2013_ags6"], reference=frozen, min_coverage=0.1)
    scores = ifn.get.scores_wide(both)["rice2013_ags6"]
    own = [first[0, g].X[0, 0] / np.median(first[:, g].X) for g in ("IFI27", "IFIT1", "ISG15")]
    assert scores.iloc[0] == pytest.approx(np.median(own), rel=0.01)  # rounding of counts
    assert ifn.get.scores_wide(alone)["rice2013_ags6"].iloc[0] == pytest.approx(scores.iloc[0], rel=1e-12)
    assert scores.iloc[1] > 10


def test_controls_normalised_in_another_way_are_refused(tmp_path):
    one, two = runs(tmp_path)
    first = ifn.read(one)
    first.obs["group"] = "healthy"
    frozen = ifn.tl.reference(first, controls="group == 'healthy'", signatures=["rice2013_ags6"])
    for other in ({"housekeeping": "TBP"}, {"target": "run"}, {"background": "subtract"}):
        with pytest.raises(DataError, match="Normalise both the same way"):
            ifn.tl.score(ifn.read(two, **other), ["rice2013_ags6"], reference=frozen, min_coverage=0.1)


def test_values_of_a_run_warn_against_frozen_controls(tmp_path):
    one, two = runs(tmp_path)
    first = ifn.read(one, target="run", housekeeping="panel")
    first.obs["group"] = "healthy"
    frozen = ifn.tl.reference(first, controls="group == 'healthy'", signatures=["rice2013_ags6"])
    with pytest.warns(IfnscoreWarning, match="depends on the other samples of a run"):
        ifn.tl.score(ifn.read(two, target="run", housekeeping="panel"), ["rice2013_ags6"], reference=frozen, min_coverage=0.1)


def test_a_value_depends_on_its_lane_only(tmp_path):
    one, _ = runs(tmp_path)
    together = ifn.read(one)
    for path in sorted(one.iterdir()):
        alone = ifn.read(path)
        np.testing.assert_array_equal(alone.X[0], together[alone.obs_names].X[0])


# elsewhere ----------------------------------------------------------------------------------------------------------------


def test_sparse_counts_and_genes_with_several_probes():
    dense = ifn.read(W, normalise="none")
    sparse = dense.copy()
    sparse.X = sp.csr_matrix(dense.X)
    made = [pp.normalise(a, "nanostring", housekeeping="genorm").X for a in (dense, sparse)]
    np.testing.assert_array_equal(*made)


def test_a_housekeeping_gene_with_an_endogenous_probe(tmp_path):
    """The Housekeeping probe stands for the gene; the other one of the same name is only measured."""
    folder = lanes(tmp_path, [*files.classes(), ("Endogenous", "TBP", "NM_other", 7), ("Endogenous", "MX1", "NM_2", 8)])
    adata = ifn.read(folder)
    assert adata.X[0].tolist() == pytest.approx([2000, 4500, 150, 600, 500, 1000, 2000, 35, 40])


def test_several_inputs_are_normalised_together(tmp_path):
    one, two = runs(tmp_path)
    joined = ifn.read(one, two, target="run", housekeeping="panel")
    assert joined.n_obs == 8
    g = np.array([1.0] * 6 + [0.5] * 2)
    np.testing.assert_allclose(joined.obs["qc_positive_factor"], g.mean() / g, rtol=2e-2)


def test_counts_of_a_plain_table(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text("gene,a,b\nISG15,10,20\nMX1,5,6\nTBP,50,200\n")
    adata = ifn.read(path, normalise="nanostring", housekeeping="TBP")
    np.testing.assert_allclose(adata.X, [[200, 100, 1000], [100, 30, 1000]])
    with pytest.raises(DataError, match="no probes of class Housekeeping"):
        ifn.read(path, normalise="nanostring")


def test_only_counts_can_be_normalised(tmp_path):
    adata = ifn.read(lanes(tmp_path, files.classes()))
    with pytest.raises(ScaleError, match="starts from counts, and the scale is linear"):
        pp.normalise(adata, "nanostring")


def test_the_matrix_given_is_not_changed(tmp_path):
    adata = ifn.read(lanes(tmp_path, files.classes()), normalise="none")
    before = adata.copy()
    made = pp.normalise(adata, "nanostring", background="subtract")
    np.testing.assert_array_equal(adata.X, before.X)
    pd.testing.assert_frame_equal(adata.obs, before.obs)
    assert "counts" not in adata.layers
    assert made.uns["ifnscore"]["input"]["scale"] == "linear"


def test_an_h5ad_of_lanes(tmp_path):
    adata = ifn.read(W)
    adata.write_h5ad(tmp_path / "lanes.h5ad")
    again = ifn.read(tmp_path / "lanes.h5ad")
    np.testing.assert_array_equal(again.X, adata.X)
    assert again.obsm["nanostring"].equals(adata.obsm["nanostring"])
    assert again.uns["ifnscore"]["input"]["normalised"] == adata.uns["ifnscore"]["input"]["normalised"]


def test_command_line(run):
    code, out, _ = run("inspect", W, "--option", "housekeeping=TBP,ABCF1", "--option", "target=run")
    assert code == 0
    assert "made by nanostring" in out
    code, _, err = run("inspect", W, "--option", "housekeeping=TBPP")
    assert code == 1
    assert "TBPP is not on this panel" in err


# what the scoring does with normalised lanes ---------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
def test_housekeeping_is_not_taken_off_twice(tmp_path):
    """Without controls the score is the mean of log2(x + 1) of normalised values; by hand from the counts of the lane."""
    adata = ifn.read(lanes(tmp_path, files.classes()))
    ifn.tl.score(adata, {"mine": ["ISG15", "MX1"]})
    level = (100 * 200 * 400) ** (1 / 3)
    expected = np.mean([np.log2(c * 1000 / level + 1) for c in (400, 900)])
    assert ifn.get.scores_wide(adata)["mine"].iloc[0] == pytest.approx(expected, rel=1e-12)
    raw = ifn.read(tmp_path, normalise="none")
    ifn.tl.score(raw, {"mine": ["ISG15", "MX1"]})
    million = 1e6 / (sum(files.GENES.values()) + sum(files.HOUSEKEEPING.values()))
    own = ["TBP", "HPRT1", "GUSB"]
    taken = [g for g in own if g in ifn.get.provenance(raw)["signatures"]["mine"]["housekeeping"]]
    assert taken, "raw counts of a panel are scored relative to its housekeeping genes"
    off = np.mean([np.log2(files.HOUSEKEEPING[g] * million + 1) for g in taken])
    expected = np.mean([np.log2(c * million + 1) for c in (400, 900)]) - off
    assert ifn.get.scores_wide(raw)["mine"].iloc[0] == pytest.approx(expected, rel=1e-12)


def test_own_housekeeping_genes_are_said(tmp_path, run):
    code, _, err = run("score", lanes(tmp_path, files.classes()), "-s", "rice2013_ags6", "--min-coverage", "0.1")
    assert code == 0
    assert "rice2013_ags6 was made with its own housekeeping genes (HPRT1, 18S)" in err
    assert "--option housekeeping=rice2013_ags6" in err
    asked = ["--option", "housekeeping=rice2013_ags6"]
    code, _, err = run("score", tmp_path, "-s", "rice2013_ags6", "--min-coverage", "0.1", *asked)
    assert code == 0
    assert "was made with its own" not in err
    assert "housekeeping genes (1): HPRT1" in err


def test_what_a_normalisation_refuses_names_the_file(tmp_path):
    lanes(tmp_path, files.classes(housekeeping={}))
    with pytest.raises(DataError, match=rf"^{tmp_path}: .*no probes of class Housekeeping"):
        ifn.read(tmp_path)
