"""Mouse genes through one-to-one orthologs: the table against a source it was not made from, reading, scoring, refusals."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from pathlib import Path

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pytest

import ifnscore as ifn
from ifnscore import genes, orthologs
from ifnscore.errors import DataError, IfnscoreWarning, UsageError

WITNESS = Path(__file__).parent / "witness" / "orthologs" / "mgi_2022.tsv"
#: Pairs that every paper on the mouse uses, looked up by hand in MGI's list of 2022 (see the witness).
WELL_KNOWN = {
    "ISG15": "Isg15", "RSAD2": "Rsad2", "IFI44L": "Ifi44l", "IFI44": "Ifi44", "IFIT2": "Ifit2", "IRF7": "Irf7", "STAT1": "Stat1",
    "USP18": "Usp18", "CXCL10": "Cxcl10", "CXCL9": "Cxcl9", "DDX60": "Ddx60", "HERC6": "Herc6", "OAS2": "Oas2", "OAS3": "Oas3",
    "OASL": "Oasl1", "BST2": "Bst2", "RIGI": "Rigi", "IFIH1": "Ifih1", "XAF1": "Xaf1", "EPSTI1": "Epsti1", "LY6E": "Ly6e",
    "SIGLEC1": "Siglec1", "B2M": "B2m", "GZMA": "Gzma",
}  # fmt: skip
#: Families that grew or shrank in one of the two species: no gene of the mouse stands for one of these alone.
NO_PAIR = [
    "IFI27",
    "IFI6",
    "IFIT1",
    "IFIT3",
    "IFIT5",
    "MX1",
    "OAS1",
    "GBP1",
    "GBP2",
    "IFITM3",
    "IFI16",
    "HERC5",
    "CXCL8",
    "HLA-A",
    "IFNA1",
]
SAMPLES = [f"s{i}" for i in range(6)]


def table_rows():
    with (Path(__file__).parents[1] / "genesets" / "mouse_orthologs.tsv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


@pytest.fixture(scope="module")
def rows():
    return table_rows()


@pytest.fixture(scope="module")
def mgi():
    with WITNESS.open(encoding="utf-8", newline="") as handle:
        pairs = [(r["human"], r["mouse"]) for r in csv.DictReader(handle, delimiter="\t")]
    mice, humans = defaultdict(set), defaultdict(set)
    for human, mouse in pairs:
        mice[human].add(mouse)
        humans[mouse].add(human)
    return mice, humans


@pytest.fixture(scope="module")
def pairs(rows):
    return [(r["human"], r["mouse"], r["ensembl"], r["entrez"]) for r in rows if r["relation"] == "one2one"]


def write(path, names, seed=0, header="gene"):
    values = np.random.default_rng(seed).integers(0, 500, (len(names), len(SAMPLES)))
    pd.DataFrame(values, index=pd.Index(names, name=header), columns=SAMPLES).to_csv(path, sep="\t")
    return path


def test_the_table_covers_the_catalogue(rows, pairs):
    assert [r["human"] for r in rows] == list(genes.table().genes)
    assert {r["relation"] for r in rows} == {"one2one", "one2many", "many2many", "none", "disputed"}
    assert len(pairs) == len({p[0] for p in pairs}) == len({p[1].upper() for p in pairs}) == len({p[2] for p in pairs}) == 625
    assert all(p[2].startswith("ENSMUSG") and len(p[2]) == 18 for p in pairs)
    assert not any(r["mouse"] or r["ensembl"] for r in rows if r["relation"] != "one2one")


def test_a_source_that_was_not_used_agrees(rows, mgi):
    """MGI has 610 of the pairs as the only homolog both ways; it has every other gene with more homologs, or by an older name."""
    mice, humans = mgi
    one = [r for r in rows if r["relation"] == "one2one"]
    same = [r for r in one if mice[r["human"]] == {r["mouse"]} and humans[r["mouse"]] == {r["human"]}]
    assert len(same) == 610
    for r in one:
        names = {r["mouse"], *r["other"].split("|")}
        assert mice[r["human"]] & names or not mice[r["human"]], r["human"]
    assert [r["human"] for r in one if not mice[r["human"]]] == ["TMT1B"], "METTL7B at that time"


def test_well_known_pairs_and_families(rows, mgi):
    known = {r["human"]: r for r in rows}
    for human, mouse in WELL_KNOWN.items():
        assert known[human]["mouse"] == mouse
        assert mouse in mgi[0][human] or mouse == "Rigi"
    assert [h for h in NO_PAIR if known[h]["relation"] == "one2one"] == []
    assert orthologs.without_ortholog(["ISG15", "IFIT1", "MX1"]) == ["IFIT1", "MX1"]


@pytest.mark.parametrize("form", [1, 2, 3], ids=["symbols", "ensembl", "entrez"])
def test_every_kind_of_identifier_is_read(tmp_path, pairs, form):
    there = [p for p in pairs if p[form]][:300]
    names = [f"{p[form]}.7" if form == 2 else p[form] for p in there]
    adata = ifn.read(write(tmp_path / "m.tsv", names), species="mouse")
    assert adata.n_obs == 6
    assert list(adata.var_names) == names
    assert list(adata.var[orthologs.COLUMN]) == [p[0] for p in there]
    record = adata.uns["ifnscore"]["input"]
    assert record["species"] == "mouse"
    assert record["id_kind"] == f"mouse {['', 'symbol', 'Ensembl', 'Entrez'][form]}"
    assert (
        record["notes"] == "mouse genes through one-to-one orthologs: 300 of the 625 catalogue genes that have one, 160 have none"
    )


def test_samples_in_rows_small_letters_and_former_symbols(tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text("sample,isg15,ISG15_x,Hprt,Eprs,C3,Stat1,Ifit1\na,1,2,3,4,5,6,7\nb,2,2,3,4,5,6,8\n")
    adata = ifn.read(path, species="mouse")
    assert adata.uns["ifnscore"]["input"]["orientation"] == "samples_in_rows"
    assert list(adata.var[orthologs.COLUMN])[:1] == ["ISG15"]
    assert list(adata.var[orthologs.COLUMN])[2:] == ["HPRT1", "EPRS1", "mouse:C3", "STAT1", "mouse:IFIT1"]


def test_the_scores_are_those_of_the_human_genes(tmp_path, pairs):
    """The same numbers under the human symbols of the pairs score the same; genes without a pair count for nothing."""
    mouse, human = [p[1] for p in pairs], [p[0] for p in pairs]
    adata = ifn.read(write(tmp_path / "m.tsv", [*mouse, "Ifit1", "Mx1", "Oas1a"]), species="mouse")
    same = ifn.read(write(tmp_path / "h.tsv", [*human, "NOGENE1", "NOGENE2", "NOGENE3"]))
    for a in (adata, same):
        with pytest.warns(IfnscoreWarning, match="ranks"):
            ifn.tl.score(a, "msigdb_hallmark_ifna", method="singscore")
    pd.testing.assert_frame_equal(ifn.get.scores_wide(adata), ifn.get.scores_wide(same))
    covered = ifn.get.coverage(adata).iloc[0]
    assert covered["n_found"] == 78
    assert "one-to-one orthologs" in ifn.get.provenance(adata)["notes"]


def test_two_rows_for_one_gene_follow_the_usual_rule(tmp_path, pairs):
    others = [p[1] for p in pairs if p[0] not in ("ISG15",)][:200]
    path = tmp_path / "m.tsv"
    lines = ["gene\ta\tb", "Isg15\t1\t2", "Isg15.1\t10\t20", "ENSMUSG00000035692.3\t100\t200", *(f"{o}\t3\t4" for o in others)]
    path.write_text("\n".join(lines) + "\n")
    adata = ifn.read(path, species="mouse")
    assert list(adata.var[orthologs.COLUMN])[:3] == ["ISG15"] * 3
    from ifnscore.matrix import Matrix

    summed = Matrix(adata.X, list(adata.var[orthologs.COLUMN]), list(adata.obs_names), "counts")
    assert summed.values(["ISG15"]).ravel().tolist() == [111, 222]


def test_a_mouse_gene_never_becomes_the_human_gene_of_its_name(tmp_path, pairs):
    adata = ifn.read(write(tmp_path / "m.tsv", [*(p[1] for p in pairs[:200]), "Ifit1", "Mx1", "Gapdh", "Oas1a"]), species="mouse")
    found = genes.match(list(adata.var[orthologs.COLUMN])).columns
    assert not {"IFIT1", "MX1", "GAPDH", "OAS1"} & set(found)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda p: [x[0] for x in p], "the genes are human"),
        (lambda p: [*(x[0] for x in p), *(x[1] for x in p)], "human and mouse genes in one matrix"),
        (lambda p: [*(f"GRCh38_{x[0]}" for x in p), *(f"mm10_{x[1]}" for x in p)], "human and mouse genes in one matrix"),
        (lambda p: [*(x[1] for x in p), "RT1-Da"], "rat genes"),
        (lambda p: [f"probe{i}" for i, _ in enumerate(p)], "needs mouse symbols"),
        (lambda p: [genes.table().genes[x[0]].ensembl[0] for x in p], "the genes are human"),
    ],
    ids=["human", "both", "both genomes", "rat", "probes", "human ids"],
)
def test_other_genes_are_refused(tmp_path, pairs, make, said):
    path = write(tmp_path / "m.tsv", make(pairs[:60]))
    with pytest.raises(DataError, match=said) as caught:
        ifn.read(path, species="mouse")
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_transgene_is_no_second_species(tmp_path, pairs):
    adata = ifn.read(write(tmp_path / "m.tsv", [*(p[1] for p in pairs), "TNF", "ENSG00000187608"]), species="mouse")
    assert list(adata.var[orthologs.COLUMN])[-2:] == ["mouse:TNF", "mouse:ENSG00000187608"]
    assert genes.match(list(adata.var[orthologs.COLUMN])).columns["ISG15"] == [[p[0] for p in pairs].index("ISG15")]


def test_mouse_is_asked_for_never_guessed(tmp_path, pairs):
    path = write(tmp_path / "m.tsv", [*(p[1] for p in pairs[:100]), "Gm12345"])
    with pytest.raises(DataError, match="--species mouse"):
        ifn.read(path)
    odd = write(tmp_path / "odd.tsv", [p[1] for p in pairs if "-" not in p[1]][:100])
    with pytest.warns(IfnscoreWarning, match="--species mouse"):
        ifn.read(odd)
    with pytest.raises(UsageError, match="unknown species 'rat'; known are human, mouse"):
        ifn.read(path, species="rat")
    assert orthologs.reading() == "human"


def test_a_var_column_and_the_column_asked_for(tmp_path, pairs):
    var = pd.DataFrame({"name": [p[1] for p in pairs], "also": "x"}, index=[f"row{i}" for i in range(len(pairs))])
    x = np.random.default_rng(2).integers(0, 99, (4, len(pairs)))
    ad.AnnData(X=x.astype(float), obs=pd.DataFrame(index=list("abcd")), var=var).write_h5ad(tmp_path / "m.h5ad")
    adata = ifn.read(tmp_path / "m.h5ad", species="mouse", symbol_column="name")
    with pytest.warns(IfnscoreWarning, match="counts per million over 625 genes"):
        ifn.tl.score(adata, "msigdb_hallmark_ifna", method="mean_log", symbol_column="name")
    assert ifn.get.coverage(adata)["n_found"].tolist() == [78]


def test_several_files_and_a_second_reading(tmp_path, pairs):
    mouse = [p[1] for p in pairs[:120]]
    one, two = write(tmp_path / "a.tsv", mouse), tmp_path / "b.tsv"
    two.write_text(one.read_text().replace("s0\ts1\ts2\ts3\ts4\ts5", "t0\tt1\tt2\tt3\tt4\tt5"))
    adata = ifn.read(one, two, species="mouse")
    record = adata.uns["ifnscore"]["input"]
    assert (adata.n_obs, record["species"], record["id_kind"]) == (12, "mouse", "mouse symbol")
    adata.write_h5ad(tmp_path / "again.h5ad")
    for species in ("human", "mouse"):
        again = ifn.read(tmp_path / "again.h5ad", species=species)
        assert again.uns["ifnscore"]["input"]["identifiers_from"] == orthologs.COLUMN
        assert again.uns["ifnscore"]["input"]["notes"] == record["notes"]


def test_a_folder_of_one_file_a_sample(tmp_path, pairs):
    folder = tmp_path / "counts"
    folder.mkdir()
    for i in range(3):
        text = "".join(f"{p[2]}.4\t{i + j}\n" for j, p in enumerate(pairs[:90]))
        (folder / f"s{i}.txt").write_text(text + "__no_feature\t4\n")
    adata = ifn.read(folder, species="mouse")
    assert (adata.n_obs, adata.uns["ifnscore"]["input"]["n_recognised"]) == (3, 90)


def test_the_command_line(run, tmp_path, pairs):
    path = write(tmp_path / "m.tsv", [*(p[1] for p in pairs), "Gm12345"])
    code, out, err = run("score", path, "--species", "mouse", "-s", "hallmark_ifna", "-s", "rice", "-m", "mean_log", "--json")
    assert code == 2, "hallmark_ifna is no beginning of an id"
    code, out, err = run("score", path, "--species", "mouse", "-s", "msigdb_hallmark_ifna,rice", "-m", "mean_log", "--json")
    assert code == 0
    assert "mouse genes through one-to-one orthologs: 625 of the 625" in err
    by = {r["signature"]: r for r in json.loads(out)}
    assert by["msigdb_hallmark_ifna"]["n_used"] == 78
    assert by["rice2013_ags6"]["score"] is None
    assert set(by["rice2013_ags6"]["missing"].split(",")) == {"IFI27", "IFIT1"}
    code, _, err = run("score", path)
    assert (code, "--species mouse" in err) == (1, True)
    assert run("score", path, "--species", "rat")[0] == 2
    code, _, _ = run("score", path, "--species", "mouse", "-m", "mean_log", "-o", tmp_path / "small.h5ad")
    assert code == 0
    with h5py.File(tmp_path / "small.h5ad") as file:
        assert file["uns/ifnscore/input/species"].asstr()[()] == "mouse"


def test_mouse_controls_are_no_reference_for_people(run, tmp_path, pairs):
    mouse, human = write(tmp_path / "m.tsv", [p[1] for p in pairs]), write(tmp_path / "h.tsv", [p[0] for p in pairs])
    (tmp_path / "who.csv").write_text("sample_id,group\n" + "".join(f"{s},{'hc' if s < 's4' else 'sle'}\n" for s in SAMPLES))
    frozen = tmp_path / "healthy.json"
    words = ["--samples", tmp_path / "who.csv", "--controls", "group == 'hc'", "-o", frozen]
    assert run("reference", "fit", mouse, "--species", "mouse", *words)[0] == 0
    scoring = ["--reference", frozen, "-s", "msigdb_hallmark_ifna", "-m", "zref_mean"]
    assert run("score", mouse, "--species", "mouse", *scoring)[0] == 0
    code, _, err = run("score", human, *scoring)
    assert code == 1
    assert "the reference is of species mouse, this matrix of human: use controls of the same species" in err.splitlines()[-1]
