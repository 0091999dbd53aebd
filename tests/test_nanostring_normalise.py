"""NanoString normalisation: by hand, against R, and what depends on what."""

from __future__ import annotations

import logging
import math

import numpy as np
import pandas as pd
import pytest
from tests import nanostring_files as files

import ifnscore as ifn
from ifnscore.errors import DataError, IfnscoreWarning, UsageError
from ifnscore.pp import _genorm

W = files.WITNESS


def lanes(tmp_path, *lanes_, **facts):
    for i, probes in enumerate(lanes_, 1):
        files.write(tmp_path / f"l{i}.RCC", probes, lane=i, **facts)
    return tmp_path


def r(name):
    return pd.read_csv(W / name, index_col=0).T


def double(genes):
    return {g: 2 * c for g, c in genes.items()}


def test_by_hand(tmp_path):
    """Two lanes; the second has every gene doubled, MX1 eightfold, and positive controls fourfold.

    Housekeeping 100, 200, 400: geometric mean 200; in lane 2 400. Geometric means of the positives g and 4 g: factors
    2.5 g / g = 2.5 and 2.5 g / 4 g = 0.625. After them housekeeping is 500 and 250, mean 375: content factors 0.75 and 1.5.
    So ISG15 is 400 * 2.5 * 0.75 = 750 in lane 1 and 800 * 0.625 * 1.5 = 750 in lane 2.
    """
    two = files.classes(
        {**double(files.GENES), "MX1": 8 * 900}, double(files.HOUSEKEEPING), {p: 4 * c for p, c in files.POSITIVES.items()}
    )
    folder = lanes(tmp_path, files.classes(), two)
    run = ifn.read(folder, target="run", housekeeping="panel")
    assert run.obs["qc_positive_factor"].tolist() == pytest.approx([2.5, 0.625], rel=1e-12)
    assert run.obs["qc_content_factor"].tolist() == pytest.approx([0.75, 1.5], rel=1e-12)
    assert run.obs["qc_housekeeping"].tolist() == pytest.approx([200, 400], rel=1e-12)
    assert run[:, "ISG15"].X.ravel().tolist() == pytest.approx([750, 750], rel=1e-12)
    assert run[:, "MX1"].X.ravel().tolist() == pytest.approx([900 * 1.875, 7200 * 0.9375], rel=1e-12)
    assert run.layers["counts"][:, 1].tolist() == [900, 7200]
    fixed = ifn.read(folder)
    assert fixed[:, "MX1"].X.ravel().tolist() == pytest.approx([900 / 200 * 1000, 7200 / 400 * 1000], rel=1e-12)
    np.testing.assert_allclose(run.X / fixed.X, 0.375, rtol=1e-12)  # one factor for the whole run
    record = fixed.uns["ifnscore"]["input"]
    assert record["scale"] == "linear"
    assert record["normalised"] == "nanostring (housekeeping=GUSB,HPRT1,TBP, target=fixed, background=none)"


@pytest.mark.parametrize(
    ("background", "of", "expected"),
    [
        ("subtract", "mean", [395, 895, 25, 115]),
        ("subtract", "mean2sd", [391, 891, 21, 111]),
        ("subtract", "max", [392, 892, 22, 112]),
        ("subtract", "20", [380, 880, 10, 100]),
        ("threshold", "mean2sd", [400, 900, 30, 120]),
        ("threshold", "20", [400, 900, 30, 120]),
    ],
)
def test_background_by_hand(tmp_path, background, of, expected):
    """Negatives 4, 8, 6, 2, 5, 5: mean 5, SD 2, maximum 8; housekeeping loses its background, too."""
    adata = ifn.read(lanes(tmp_path, files.classes()), background=background, background_from=of)
    level = {"mean": 5, "mean2sd": 9, "max": 8, "20": 20}[of] if background == "subtract" else 0
    housekeeping = math.prod(h - level for h in (100, 200, 400)) ** (1 / 3)
    assert adata.X[0, :4].tolist() == pytest.approx([e / housekeeping * 1000 for e in expected], rel=1e-12)


def test_background_below_the_level(tmp_path):
    folder = lanes(tmp_path, files.classes({**files.GENES, "IFI27": 3}))
    assert ifn.read(folder, background="subtract")[:, "IFI27"].X[0, 0] == 0
    assert ifn.read(folder, background="threshold")[:, "IFI27"].X[0, 0] == pytest.approx(9 / 200 * 1000)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"housekeeping": "panel"}, "values_run.csv"),
        ({"housekeeping": "panel", "background": "subtract"}, "values_run_mean2sd.csv"),
        ({"housekeeping": "TBP,ABCF1", "positives": "A-E"}, "values_run_two_genes.csv"),
    ],
)
def test_against_r(options, expected):
    adata = ifn.read(W, target="run", **options)
    theirs = r(expected)
    np.testing.assert_allclose(adata.X, theirs[list(adata.var_names)].to_numpy(), rtol=1e-12)


def test_factors_against_r():
    adata, theirs = ifn.read(W, target="run", housekeeping="panel"), pd.read_csv(W / "lanes.csv", index_col=0)
    np.testing.assert_allclose(adata.obs["qc_positive_factor"], theirs["positive"], rtol=1e-12)
    np.testing.assert_allclose(adata.obs["qc_content_factor"], theirs["content"], rtol=1e-12)


# geNorm -------------------------------------------------------------------------------------------------------------------


def test_genorm_against_r():
    adata, theirs = ifn.read(W, normalise="none"), pd.read_csv(W / "genorm.csv")
    names = [n for n, c in zip(adata.var_names, adata.var["code_class"], strict=True) if c == "Housekeeping"]
    ranking = _genorm.rank(adata[:, names].X.astype(float))
    assert [names[j] for j in ranking.order] == theirs["gene"].tolist()
    np.testing.assert_allclose(ranking.stability, theirs["M"], rtol=1e-12)
    np.testing.assert_allclose(ranking.variation, theirs["V"].dropna(), rtol=1e-12)
    assert [names[j] for j in ranking.chosen()] == ["ABCF1", "TBP", "GUSB"]  # V(2/3) = 0.086 < 0.15, at least three


def test_genorm_by_hand():
    """Genes a, b = 2 a, c = 4 a are in fixed ratios; d swings: it leaves first, and three genes are enough."""
    a = np.array([10.0, 20, 40])
    ranking = _genorm.rank(np.column_stack([a, [8.0, 900, 30], 2 * a, 4 * a]))
    assert ranking.order[-1] == 1
    assert ranking.stability[:3] == pytest.approx([0, 0, 0], abs=1e-12)
    assert sorted(ranking.chosen()) == [0, 2, 3]
    noisy = _genorm.rank(np.exp2(np.random.default_rng(1).normal(8, 3, (6, 5))))
    assert len(noisy.chosen()) == 5  # never below 0.15: all


def test_what_auto_means(caplog):
    """With target=run the most stable ones, with target=fixed all of the panel; the choice is recorded by name."""
    with caplog.at_level(logging.INFO, "ifnscore"):
        run = ifn.read(W, target="run")
    assert "housekeeping=ABCF1,GUSB,TBP, target=run" in run.uns["ifnscore"]["input"]["normalised"]
    assert "geNorm, most stable first (M): ABCF1 0.15, TBP 0.15, GUSB 0.27" in caplog.text
    fixed = ifn.read(W).uns["ifnscore"]["input"]["normalised"]
    assert "housekeeping=ABCF1,GUSB,HPRT1,POLR2A,SDHA,TBP, target=fixed" in fixed
    assert "ABCF1,GUSB,TBP, target=fixed" in ifn.read(W, housekeeping="genorm").uns["ifnscore"]["input"]["normalised"]
    one = ifn.read(W / "lane_1.RCC", target="run").uns["ifnscore"]["input"]["normalised"]
    assert "ABCF1,GUSB,HPRT1,POLR2A,SDHA,TBP" in one


def test_genorm_needs_lanes_and_genes(tmp_path):
    with pytest.raises(DataError, match="geNorm needs 3 housekeeping genes and 3 lanes, here 3 and 1"):
        ifn.read(lanes(tmp_path, files.classes()), housekeeping="genorm")
    zero = files.classes(housekeeping={**files.HOUSEKEEPING, "TBP": 0})
    with pytest.raises(DataError, match="only 2 housekeeping genes are above 0 in all lanes"):
        ifn.read(lanes(tmp_path, files.classes(), zero, files.classes()), housekeeping="genorm")


# which genes --------------------------------------------------------------------------------------------------------------


def test_genes_of_a_signature(tmp_path, caplog):
    adata = ifn.read(lanes(tmp_path, files.classes()), housekeeping="rice2013_ags6")  # HPRT1 and 18S
    assert adata.X[0, 0] == pytest.approx(400 / 200 * 1000)
    assert "housekeeping=HPRT1, " in adata.uns["ifnscore"]["input"]["normalised"]


def test_older_names_and_order_make_no_difference(tmp_path):
    folder = lanes(tmp_path, files.classes(housekeeping={"TBP": 100, "HPRT": 200}))
    texts = {ifn.read(folder, housekeeping=h).uns["ifnscore"]["input"]["normalised"] for h in ("TBP,HPRT1", "hprt, TBP", "panel")}
    assert len(texts) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"housekeeping": "TBPP"}, r"housekeeping gene TBPP is not on this panel. Did you mean: TBP"),
        ({"housekeeping": " , "}, "names no gene"),
        ({"housekeeping": "kim2018_irg28_z"}, "signature kim2018_irg28_z names no housekeeping genes"),
        ({"housekeeping": "bodewes_huijser_pss5"}, "housekeeping"),
    ],
)
def test_genes_that_cannot_be(tmp_path, options, said):
    with pytest.raises(DataError, match=said):
        ifn.read(lanes(tmp_path, files.classes()), **options)


def test_wrong_options_are_refused_without_a_file():
    with pytest.raises(UsageError, match="option target=free: choose among fixed, run"):
        ifn.read("nowhere", target="free")


def test_a_panel_without_housekeeping_genes(tmp_path):
    folder = lanes(tmp_path, files.classes(housekeeping={}))
    with pytest.raises(DataError, match="no probes of class Housekeeping: name genes with --option housekeeping="):
        ifn.read(folder)
    assert ifn.read(folder, housekeeping="MX1").X[0].tolist() == pytest.approx([400 / 0.9, 1000, 30 / 0.9, 120 / 0.9])


# lanes that failed --------------------------------------------------------------------------------------------------------


def test_a_lane_without_rna_gets_no_score(tmp_path):
    blank = files.classes(dict.fromkeys(files.GENES, 1), dict.fromkeys(files.HOUSEKEEPING, 0))
    with pytest.warns(IfnscoreWarning, match="1 of 3 lanes have quality flags .* l2: no counts of the housekeeping genes"):
        adata = ifn.read(lanes(tmp_path, files.classes(), blank, files.classes(double(files.GENES))))
    assert (adata.X[1] == 0).all()
    assert adata.X[0, 0] == pytest.approx(2000)
    assert adata.obs["qc_housekeeping"].isna().tolist() == [False, True, False]
    assert adata.obs["qc_flags"].iloc[1] == "no counts of the housekeeping genes: not normalised, no score"
    with pytest.warns(IfnscoreWarning):
        ifn.tl.score(adata, ["rice2013_ags6"], controls=np.array([True, False, False]), min_coverage=0.1)
    scores = ifn.get.scores_wide(adata)["rice2013_ags6"]
    assert scores.isna().tolist() == [False, True, False]
    assert scores.iloc[2] == pytest.approx(2)


def test_all_lanes_failed(tmp_path):
    with pytest.raises(DataError, match="no lane has counts of the housekeeping genes GUSB, HPRT1, TBP"):
        ifn.read(lanes(tmp_path, files.classes(housekeeping=dict.fromkeys(files.HOUSEKEEPING, 0))))


def test_a_housekeeping_gene_without_counts_is_taken_as_one_and_said(tmp_path):
    probes = files.classes(housekeeping={"TBP": 0, "HPRT1": 200, "GUSB": 400})
    with pytest.warns(IfnscoreWarning, match="housekeeping genes without counts, taken as 1: TBP"):
        adata = ifn.read(lanes(tmp_path, probes))
    assert adata.X[0, 0] == pytest.approx(400 / (1 * 200 * 400) ** (1 / 3) * 1000)


def test_factors_outside_the_limits_are_flagged(tmp_path):
    weak = files.classes(positives={p: max(1, c // 10) for p, c in files.POSITIVES.items()})
    little = files.classes(housekeeping={"TBP": 3, "HPRT1": 4, "GUSB": 6})
    with pytest.warns(IfnscoreWarning, match="2 of 4 lanes have quality flags"):
        adata = ifn.read(lanes(tmp_path, files.classes(), weak, little, files.classes()))
    flags = adata.obs["qc_flags"].tolist()
    assert flags[0] == flags[3] == ""
    assert "positive control factor" in flags[1]
    assert "outside 0.3 to 3" in flags[1]
    assert "content factor" in flags[2]
    assert "outside 0.1 to 10; housekeeping geometric mean 4.2 < 32" in flags[2]


def test_lanes_without_positive_controls(tmp_path):
    folder = lanes(tmp_path, files.classes(), files.classes(positives={}))
    with pytest.warns(IfnscoreWarning, match="no positive controls"):
        adata = ifn.read(folder)
    assert adata.X[1, 0] == pytest.approx(2000)
    assert adata.obs["qc_positive_factor"].isna().all()
    with pytest.raises(DataError, match="l2: no positive controls, which nSolver's factors need"):
        ifn.read(folder, target="run")


def test_lanes_without_negative_controls(tmp_path):
    folder = lanes(tmp_path, files.classes(negatives={"NEG_A(0)": 3}))
    with pytest.raises(DataError, match="l1: fewer than 2 negative controls: choose --option background=none"):
        ifn.read(folder, background="subtract")
    assert ifn.read(folder, background="subtract", background_from="mean").X[0, 0] > 0
