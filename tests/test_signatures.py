"""The catalogue as a user meets it: look-up, filters, own files, export, overlap, random controls."""

from __future__ import annotations

import json

import anndata as ad
import numpy as np
import pandas as pd
import pytest

import ifnscore as ifn
from ifnscore.errors import DataError, UsageError


def test_an_unambiguous_beginning_will_do():
    assert ifn.signatures.get("rice").id == "rice2013_ags6"
    assert [s.id for s in ifn.signatures.resolve("rice,higgs,rice")] == ["rice2013_ags6", "higgs2011_anifrolumab4"]
    with pytest.raises(UsageError, match="ambiguous: aybey_ifn1_20, aybey_ifn2_6"):
        ifn.signatures.get("aybey")
    with pytest.raises(UsageError, match="unknown signature ''"):
        ifn.signatures.get("")


def test_panel_and_all():
    assert [s.id for s in ifn.signatures.resolve()] == list(ifn.signatures.PANEL)
    assert [s.id for s in ifn.signatures.resolve("all")] == list(ifn.signatures.ids())
    assert len(ifn.signatures.ids()) >= 45


def test_filters():
    muscle = ifn.signatures.select(tissue="Muscle")
    assert "moneta2015_jdm_muscle_ifng4" in [s.id for s in muscle]
    assert all("muscle" in " ".join((*s.tissue, s.tissue_detail)).lower() for s in muscle)
    assert all(s.ifn_type == "II" for s in ifn.signatures.select(ifn_type="II"))
    assert {"kim2018_irg28_z", "brodin2024_isg30"} <= {s.id for s in ifn.signatures.select(platform="nanostring")}
    assert "raupov2024_jdm5" in {s.id for s in ifn.signatures.select(disease="JDM")}
    assert ifn.signatures.select(ifn_type="III") == []


def test_gmt_descriptions_may_hold_spaces_and_windows_line_ends(tmp_path):
    path = tmp_path / "own.gmt"
    path.write_bytes(b"A\ta long description\tISG15\tMX1\r\n\r\nB\thttp://x y\tIFIT1\tIFIT1\t\tRSAD2\r\n")
    a, b = ifn.signatures.read(path)
    assert (a.genes, a.title) == (("ISG15", "MX1"), "a long description")
    assert b.genes == ("IFIT1", "RSAD2")
    assert not a.formula.computable


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x.gmt", "A\tonly description\n", "line 1: a GMT line is name, description and genes"),
        ("x.gmt", "A B C D\n", "found 1 field"),
        ("x.gmt", "", "no signature in this file"),
        ("x.toml", "id = \n", "not valid TOML"),
        ("x.toml", 'id = "a"\n', r"needs a \[genes\] table"),
        ("x.toml", 'id = "a"\n[genes]\nup = ["A", "A"]\n', "genes listed twice: A"),
        ("x.toml", 'id = "a"\nspecies = "human"\n[genes]\nup = ["A"]\n', "unknown key 'species'"),
        ("x.toml", 'id = "a/b"\n[genes]\nup = ["A"]\n', "'id' is 'a/b'"),
        ("x.toml", 'id = "a"\n[genes]\nup = ["A", "B"]\nweights = { A = 1 }\n', "must weigh exactly the listed genes"),
        ("x.toml", 'id = "a"\nmin_coverage = 2\n[genes]\nup = ["A"]\n', "min_coverage is 2.0"),
        ("x.toml", 'id = "a"\nifn_type = "IV"\n[genes]\nup = ["A"]\n', "ifn_type is 'IV'; choose one of"),
    ],
)
def test_bad_signature_files(tmp_path, name, text, message):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(DataError, match=message) as caught:
        ifn.signatures.resolve(str(path))
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_own_toml_with_a_formula_is_used(toy, tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        'id = "own"\n[genes]\nup = ["ISG15", "MX1"]\ndown = ["GENE001"]\n'
        '[formula]\nmethod = "mean_log"\nstatus = "published"\nparams = { base = 10 }\n'
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda *a, **k: None)
        ifn.tl.score(toy, path, method="published", scale="linear")
    x = np.log10(toy.to_df() + 1)
    np.testing.assert_allclose(ifn.get.scores_wide(toy)["own"], (x["ISG15"] + x["MX1"] - x["GENE001"]) / 3, rtol=1e-12)


def test_two_different_signatures_of_one_name_are_refused():
    with pytest.raises(DataError, match="two different signatures are called 'rice2013_ags6'"):
        ifn.signatures.resolve(["rice", {"rice2013_ags6": ["ISG15"]}])


def test_exports_agree():
    gmt = {line.split("\t")[0]: line.split("\t")[2:] for line in ifn.signatures.to_gmt("panel").splitlines()}
    network = ifn.signatures.to_network("panel")
    listed = {s["id"]: s for s in json.loads(ifn.signatures.to_json("panel"))}
    assert set(gmt) == set(listed) == set(network["source"]) == set(ifn.signatures.PANEL)
    for name, genes in gmt.items():
        assert network.loc[network["source"] == name, "target"].tolist() == genes
        assert len(genes) == len(listed[name]["up"])
    assert "OAS1" in gmt["msigdb_hallmark_ifna"]
    assert "AC004551.1" in listed["msigdb_hallmark_ifna"]["up"]
    assert list(network.columns) == ["source", "target", "weight"]
    weights = ifn.signatures.to_network("ayers2017_gep18").set_index("target")["weight"]
    assert weights["CD276"] == -0.0239
    assert "\tAC004551.1" in ifn.signatures.to_gmt("msigdb_hallmark_ifna", current=False)
    assert isinstance(ifn.signatures.to_frame("panel"), pd.DataFrame)


def test_overlap_of_any_two_sets():
    pairs = ifn.signatures.overlap("rice,kim2018_irg28_z,aybey_ifn2_6").set_index(["first", "second"])
    assert pairs.loc[("rice2013_ags6", "kim2018_irg28_z"), "n_shared"] == 6
    assert pairs.loc[("rice2013_ags6", "kim2018_irg28_z"), "jaccard"] == pytest.approx(6 / 28)
    assert pairs.loc[("rice2013_ags6", "aybey_ifn2_6"), "shared"] == ""
    hallmark = ifn.signatures.overlap("msigdb_hallmark_ifna,msigdb_hallmark_ifng")
    assert hallmark["n_shared"].tolist() == [73]


def test_random_sets_match_size_and_expression(hppt):
    kim = ifn.signatures.get("kim2018_irg28_z")
    drawn = ifn.signatures.random_like(kim, hppt, n=50, rng=3)
    assert [s.id for s in drawn[:2]] == ["random_kim2018_irg28_z_001", "random_kim2018_irg28_z_002"]
    assert {s.ifn_type for s in drawn} == {"comparator"}
    known = set(ifn.signatures.to_network("all")["target"])
    means = hppt.to_df().mean()
    target = np.sort(np.log(means[[g for g in kim.genes if g in means]] + 1))
    for s in drawn:
        assert len(set(s.genes)) == 28
        assert not known & set(s.genes)
        gap = np.abs(np.sort(np.log(means[list(s.genes)] + 1)) - target)
        assert np.median(gap) < 0.1
        assert np.quantile(gap, 0.9) < 0.6  # the few most expressed genes have far neighbours
    again = ifn.signatures.random_like("kim2018_irg28_z", hppt, n=50, rng=3)
    assert [s.genes for s in again] == [s.genes for s in drawn]
    assert drawn[0].genes != drawn[1].genes


def test_random_sets_do_not_answer_to_interferon(hppt):
    drawn = ifn.signatures.random_like(ifn.signatures.get("kim2018_irg28_z"), hppt, n=30, rng=1)
    ifn.tl.score(hppt, [*drawn, ifn.signatures.get("kim2018_irg28_z")], method="mean_log")
    means = ifn.get.scores_wide(hppt).groupby(hppt.obs["treatment"]).mean()
    change = means.loc["IFNb"] - means.loc["untreated"]
    assert change["kim2018_irg28_z"] > 5
    assert change.drop("kim2018_irg28_z").abs().max() < 2


def test_random_sets_need_a_genome_wide_matrix(toy):
    with pytest.raises(DataError, match="a genome-wide matrix is needed"):
        ifn.signatures.random_like(ifn.signatures.get("msigdb_hallmark_ifna"), toy[:, :150].copy())


def test_notebook_view_is_escaped():
    page = ifn.signatures.get("rice")._repr_html_()
    assert "2013_ags6" in page
    odd = ifn.signatures.resolve({"x": ["<script>alert(1)</script>"]})[0]
    assert "<script>" not in odd._repr_html_()


def test_random_sets_of_genes_among_equals_lie_on_both_sides():
    """Where many genes have one mean, most neighbours of a gene are its equals."""
    names = [f"FREE{i}" for i in range(4_000)] + list(ifn.signatures.get("kim2018_irg28_z").genes)
    level = np.r_[np.repeat(np.arange(1.0, 9.0), 500), np.full(28, 4.0)]
    few = ad.AnnData(np.tile(level, (2, 1)).astype(np.float32), var=pd.DataFrame(index=names))
    drawn = ifn.signatures.random_like("kim2018_irg28_z", few, n=40, rng=0)
    got = np.array([[level[names.index(g)] for g in s.genes] for s in drawn])
    assert (got == 4.0).mean() > 0.9  # put before its equals, half of each gene's neighbours would be lower
