"""From Ct tables to scores: the Rice rule and sums of -ddCt by hand and against R (witness/qpcr/make_qpcr.R)."""

from __future__ import annotations

from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
import pytest

import ifnscore as ifn
from ifnscore.errors import DataError, IfnscoreWarning

WITNESS = Path(__file__).parent / "witness" / "qpcr"
R = pd.read_csv(WITNESS / "R_scores.csv", index_col="sample")
ISG = ["IFI27", "IFI44L", "IFIT1", "ISG15", "RSAD2", "SIGLEC1"]
pytestmark = pytest.mark.filterwarnings("ignore:one gene makes over:ifnscore.errors.IfnscoreWarning")


def rice(adata, method="published", **given):
    ifn.tl.score(adata, "rice2013_ags6", method=method, **given)
    return ifn.get.scores_wide(adata)["rice2013_ags6"]


def wide_table(path, *, genes_in_rows=False):
    """Write the means of the triplicates, one sample a row or a column."""
    long = pd.read_csv(WITNESS / "long.csv")
    calibrator = long["sample"] == "C25"
    long.loc[calibrator, "sample"] += "@" + long.loc[calibrator, "plate"]
    table = long.pivot_table(index="sample", columns="gene", values="Ct", aggfunc="mean")
    table = (table.T if genes_in_rows else table).rename_axis("Ct")
    table.to_csv(path)
    return path


@pytest.fixture(params=["long", "samples_in_rows", "genes_in_rows"])
def plates(request, tmp_path):
    """Return the two plates of the witness, read from a long or a wide table."""
    if request.param == "long":
        return ifn.read(WITNESS / "long.csv")
    adata = ifn.read(wide_table(tmp_path / "wide.csv", genes_in_rows=request.param == "genes_in_rows"))
    known = ifn.read(WITNESS / "long.csv").obs
    adata.obs[["plate", "sample", "group"]] = known.loc[adata.obs_names, ["plate", "sample", "group"]]
    return adata


def test_rice_score_against_r(plates):
    scores = rice(plates, controls="group == 'healthy'")
    np.testing.assert_allclose(scores, R.loc[scores.index, "rice"], rtol=1e-12)
    assert set(ifn.get.scores(plates)["platform_match"]) == {"native"}


def test_minus_ddct_against_r(plates):
    scores = rice(plates, method="neg_ddct_sum", controls="group == 'healthy'")
    np.testing.assert_allclose(scores, R.loc[scores.index, "ddct"], atol=1e-11)


@pytest.mark.parametrize(("method", "answer"), [("published", "rice_plate"), ("neg_ddct_sum", "ddct_plate")])
def test_against_the_calibrator_of_the_own_plate(plates, method, answer):
    plates.obs["is_calibrator"] = plates.obs["sample"] == "C25"
    scores = rice(plates, method=method, controls="is_calibrator", reference_by="plate")
    np.testing.assert_allclose(scores, R.loc[scores.index, answer], rtol=1e-12, atol=1e-11)


def test_repeatability_against_r():
    adata = ifn.read(WITNESS / "long.csv", calibrator="C25")
    np.testing.assert_allclose(adata.obs["qc_max_sd"], R.loc[adata.obs_names, "sd_max"], rtol=1e-10)
    assert adata.obs["is_calibrator"].sum() == 2


def test_a_calibrator_on_two_plates_counts_once_as_a_person(plates):
    once = rice(plates, controls="group == 'healthy'", donor="sample")
    assert not np.allclose(once, R.loc[once.index, "rice"])


# worked by hand: housekeeping mean 15 for C, 16 for P
HAND = {"C": [25, 25, 25, 25, 25, 25, 22, 8], "P": [24, 23, 26, 22, 21, 24, 23, 9]}


def hand(tmp_path, **changed):
    lines = ["sample,gene,Ct"]
    for sample, values in HAND.items():
        lines += [f"{sample},{g},{changed.get(f'{sample}_{g}', v)}" for g, v in zip([*ISG, "HPRT1", "18S"], values, strict=True)]
    path = tmp_path / "hand.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_rice_and_minus_ddct_by_hand(tmp_path):
    adata = ifn.read(hand(tmp_path), calibrator="C")
    # dCt of C: 10 each; of P: 8, 7, 10, 6, 5, 8; -ddCt: 2, 3, 0, 4, 5, 2; fold changes 4, 8, 1, 16, 32, 4
    scores = rice(adata, controls="is_calibrator")
    assert scores["C"] == 1
    assert scores["P"] == pytest.approx(median([4, 8, 1, 16, 32, 4])) == 6
    assert rice(adata, method="neg_ddct_sum", controls="is_calibrator")["P"] == pytest.approx(2 + 3 + 0 + 4 + 5 + 2)
    # 18S alone rose by 1 as well, so that each -ddCt and the sum stay
    assert rice(adata, method="neg_ddct_sum", controls="is_calibrator", params={"housekeeping": "18S"})["P"] == pytest.approx(16)


@pytest.mark.parametrize("name", ["18S rRNA", "RNA18S5", "RNA18S1", "18S-Hs99999901_s1", "Hs99999901_s1", "18s"])
@pytest.mark.parametrize("hprt", ["HPRT", "HPRT1 (Hs03929096_g1)"])
def test_housekeeping_genes_by_other_names(tmp_path, name, hprt):
    path = hand(tmp_path)
    path.write_text(path.read_text().replace("18S", name).replace("HPRT1", hprt).replace("IFI27", "IFI27-Hs01086370_m1"))
    assert rice(ifn.read(path, calibrator="C"), controls="is_calibrator")["P"] == pytest.approx(6)


def test_an_undetermined_signature_gene(tmp_path):
    path = hand(tmp_path, P_IFIT1="Undetermined")
    with pytest.raises(DataError, match=r"nan in signature gene IFIT1, sample P .* --allow-missing"):
        rice(ifn.read(path, calibrator="C"), controls="is_calibrator")
    # without IFIT1: the median of 4, 8, 16, 32, 4
    with pytest.warns(IfnscoreWarning, match="IFIT1"):
        scores = rice(ifn.read(path, calibrator="C"), controls="is_calibrator", allow_missing=True, min_coverage=0.8)
    assert scores["P"] == pytest.approx(8)
    # 40 cycles: dCt 24, fold change 2^-14, the median of 4, 8, 2^-14, 16, 32, 4
    assert rice(ifn.read(path, calibrator="C", undetermined="40"), controls="is_calibrator")["P"] == pytest.approx(6)


def test_an_undetermined_housekeeping_gene(tmp_path):
    path = hand(tmp_path, P_HPRT1="Undetermined")
    with pytest.raises(DataError, match=r"nan in signature gene HPRT1, sample P .* --allow-missing"):
        rice(ifn.read(path, calibrator="C"), controls="is_calibrator")
    # 18S alone: dCt of C 17, of P 15, 14, 17, 13, 12, 15: the same -ddCt, as both housekeeping genes rose by 1
    adata = ifn.read(path, calibrator="C")
    with pytest.warns(IfnscoreWarning, match="gene HPRT1 holds missing values: all samples are normalised to 18S alone"):
        scores = rice(adata, controls="is_calibrator", allow_missing=True)
    assert scores["P"] == pytest.approx(6)
    assert set(ifn.get.scores(adata)["formula"]) == {"formula of rice2013_ags6 with 1 of its 2 housekeeping genes"}
    path = hand(tmp_path, P_HPRT1="Undetermined", C_18S="Undetermined")
    with pytest.raises(DataError, match="housekeeping gene HPRT1, 18S holds missing values: name others"):
        rice(ifn.read(path, calibrator="C"), controls="is_calibrator", allow_missing=True)


def test_scores_on_the_command_line(run, tmp_path):
    words = ["-s", "rice2013_ags6", "--controls", "is_calibrator", "--reference-by", "plate", "--option", "calibrator=C25"]
    code, out, err = run("score", WITNESS / "long.csv", *words)
    assert code == 0, err
    assert "calibrator: C25 (--controls is_calibrator compares with it, --reference-by plate" in err
    values = {line.split("\t")[0]: float(line.split("\t")[1]) for line in out.splitlines()[1:]}
    assert values == pytest.approx(R["rice_plate"].to_dict())
    code, out, _ = run("inspect", WITNESS / "long.csv")
    assert code == 0
    assert "column 'Ct' holds Ct values" in out
