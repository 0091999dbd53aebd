"""Tables that are no matrix of samples by genes, or hold more than one: found by an examiner with real files."""

import json

import anndata as ad
import numpy as np
import pandas as pd
import pytest

import ifnscore as ifn
from ifnscore import genes, identify
from ifnscore.errors import DataError, IfnscoreWarning
from ifnscore.loaders import _cells

GENES = ["ISG15", "MX1", "IFI27", "IFI44L", "IFIT1", "RSAD2", "MAX", "ACTB"]
#: Columns as DESeq2, limma, edgeR, Seurat and scanpy write them.
TESTED = {
    "DESeq2": ["baseMean", "log2FoldChange", "lfcSE", "stat", "pvalue", "padj"],
    "limma": ["logFC", "AveExpr", "t", "P.Value", "adj.P.Val", "B"],
    "edgeR": ["logFC", "logCPM", "LR", "PValue", "FDR"],
    "edgeR of glmQLFTest": ["logFC", "logCPM", "F", "PValue", "FDR"],
    "Seurat": ["p_val", "avg_log2FC", "pct.1", "pct.2", "p_val_adj"],
    "scanpy": ["scores", "logfoldchanges", "pvals", "pvals_adj"],
}


def frame(columns, index=GENES):
    values = np.random.default_rng(1).uniform(0.1, 9, (len(index), len(columns)))
    return pd.DataFrame(values, index=list(index), columns=list(columns))


def write(table, path, **options):
    table.to_csv(path, index_label="gene", **options)
    return path


def shown(run, path):
    """Return the JSON and the text of inspect."""
    texts = []
    for more in (["--json"], []):
        code, text, err = run("inspect", path, *more)
        assert code == 0, err
        texts.append(text)
    return json.loads(texts[0]), texts[1]


# 1. Results of a test are no samples


@pytest.mark.parametrize("columns", TESTED.values(), ids=TESTED)
@pytest.mark.parametrize("ending", ["csv", "parquet", "xlsx", "h5ad"])
def test_differential_expression_is_refused(columns, ending, tmp_path):
    table, path = frame(columns), tmp_path / f"deg.{ending}"
    if ending == "csv":
        write(table, path)
    elif ending == "parquet":
        table.to_parquet(path)
    elif ending == "xlsx":
        table.to_excel(path)
    else:
        ad.AnnData(table.T).write_h5ad(path)
    with pytest.raises(DataError, match="not of samples: score the matrix that it was made from") as refused:
        ifn.read(path)
    assert f"a table of differential expression (columns {columns[0]}, {columns[1]}" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("columns", [["T", "B"], ["t", "b", "F"], ["s1", "s2", "logFC"], ["T", "B", "LR", "scores"]])
def test_samples_that_share_a_name_with_a_test_stay(columns, tmp_path):
    assert list(ifn.read(write(frame(columns), tmp_path / "m.csv")).obs_names) == columns


# 2. Numbers that are no Entrez ids


def test_row_numbers_are_no_genes(tmp_path):
    for start, n in ((1, 30), (0, 30), (9620, 30)):  # 9636 is ISG15
        table = frame(["s1", "s2"], [str(i) for i in range(start, start + n)])
        assert identify.not_ids(list(table.index))
        with pytest.raises(DataError, match="numbers, but no Entrez ids"):
            ifn.read(write(table, tmp_path / "rows.csv"))
        path = tmp_path / "rows.h5ad"
        ad.AnnData(table.T).write_h5ad(path)
        with pytest.raises(DataError, match="numbers, but no Entrez ids"):
            ifn.read(path)


def test_row_numbers_with_gaps_and_measurements_are_no_genes():
    assert identify.not_ids([str(i) for i in range(1, 3000) if i % 3])  # a data frame after filtering
    assert identify.not_ids(["2.0", "3.0", "1.0"])
    assert identify.not_ids(["9636.5", "4599", "3429"])
    assert identify.known(["9636.5", "4599", "3429"]) == 0


def test_entrez_ids_are_still_genes(tmp_path):
    entrez = [g.entrez[0] for g in genes.table().genes.values() if g.entrez]
    assert not identify.not_ids(entrez)
    assert not identify.not_ids(sorted(entrez, key=int))
    assert not identify.not_ids(["3433", "3434", "3437"])  # IFIT2, IFIT1, IFIT3
    assert not identify.not_ids(["9636", "ISG15"])
    assert not identify.not_ids([])
    adata = ifn.read(write(frame(["s1", "s2"], ["9636", "4599", "3429", "10964", "3434", "91543"]), tmp_path / "m.csv"))
    assert adata.uns["ifnscore"]["input"]["id_kind"] == "Entrez"
    assert adata.uns["ifnscore"]["input"]["n_recognised"] == 6


@pytest.mark.parametrize(
    ("name", "taken"),
    [("count_cv", False), ("plate", False), ("generation", False), ("ENTREZ_GENE_ID", True), ("Gene ID", True), ("NCBI", True)],
)
def test_only_a_column_named_so_holds_entrez_ids(name, taken):
    for numbers in (["9636", "4599", "3429"], ["9636|1", "4599|2|3", "3429|4"]):
        assert identify.known_in(name, numbers) == (3 if taken else 0)
    assert identify.known_in(name, ["ISG15", "MX1", "IFI27"]) == 3


def test_numbers_of_a_description_do_not_name_genes(tmp_path):
    var = pd.DataFrame({"count_cv": ["9636|4", "4599|2", "3429|1"]}, index=["x:1", "x:2", "x:3"])
    path = tmp_path / "m.h5ad"
    ad.AnnData(np.ones((2, 3)), var=var, obs=pd.DataFrame(index=["a", "b"])).write_h5ad(path)
    with pytest.raises(DataError, match="no catalogue gene"):
        ifn.read(path)


# 3. Rows and columns that summarise the others


def counts(columns):
    table = frame(columns)
    return (table * 100).round().astype(int)


def test_a_total_is_no_gene(tmp_path):
    table = counts(["s1", "s2", "s3"])
    plain = ifn.read(write(table, tmp_path / "plain.csv"))
    table.loc["Total"] = table.sum()
    with pytest.warns(IfnscoreWarning, match="rows that summarise the others left out: 'Total'"):
        adata = ifn.read(write(table, tmp_path / "total.csv"))
    assert list(adata.var_names) == GENES
    assert adata.uns["ifnscore"]["input"]["scale"] == "counts"
    np.testing.assert_array_equal(adata.X, plain.X)


@pytest.mark.parametrize("ending", ["csv", "parquet", "xlsx"])
def test_mean_and_sd_are_no_samples(ending, tmp_path):
    table = frame(["s1", "s2", "s3"])
    wide = table.assign(Mean=table.mean(axis=1), SD=table.std(axis=1))
    path = tmp_path / f"m.{ending}"
    {"csv": wide.to_csv, "parquet": wide.to_parquet, "xlsx": wide.to_excel}[ending](path)
    with pytest.warns(IfnscoreWarning, match="columns that summarise the others left out: 'Mean', 'SD'"):
        adata = ifn.read(path)
    assert list(adata.obs_names) == ["s1", "s2", "s3"]


def test_samples_in_rows(tmp_path):
    table = frame(["s1", "s2", "s3"]).T
    table.loc["Average"] = table.mean()
    table["Grand Total"] = table.sum(axis=1)
    with pytest.warns(IfnscoreWarning) as said:
        adata = ifn.read(write(table, tmp_path / "m.csv"))
    assert sorted(str(w.message).split(": ", 1)[1] for w in said if "summarise" in str(w.message)) == [
        "columns that summarise the others left out: 'Grand Total'",
        "rows that summarise the others left out: 'Average'",
    ]
    assert (list(adata.obs_names), list(adata.var_names)) == (["s1", "s2", "s3"], GENES)


def test_max_is_a_gene_and_sd_may_be_a_person(tmp_path):
    adata = ifn.read(write(frame(["SD", "AB", "MAX"]), tmp_path / "m.csv"))  # a warning would be an error here
    assert list(adata.obs_names) == ["SD", "AB", "MAX"]
    assert "MAX" in adata.var_names


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["ISG15", "MAX", "MX1"], []),
        (["ISG15", "MAX", "MX1", "Mean", "SD"], [3, 4]),
        (["ISG15", "MAX", "MX1", "Min", "Max"], [3, 4]),
        (["ISG15", "MAX", "MAX"], []),
        (["TOTAL", "ISG15", " grand total "], [0, 2]),
        (["Total", "Mean"], []),  # there is nothing else
        (["Totals_1", "Meander", "SUMO1", "SDS"], []),
        ([], []),
    ],
)
def test_what_is_a_summary(names, found):
    assert _cells.summaries(names) == found


def test_no_gene_of_the_table_is_taken_for_a_summary():
    for gene in genes.table().genes.values():
        for name in (gene.symbol, *gene.previous, *gene.list_only):
            assert _cells.summaries(["ISG15", name, "MX1"]) == [], name


# 4. inspect


@pytest.mark.parametrize("case", ["beyond every scale", "z-scores"])
def test_no_scale_is_proposed_where_all_are_refused(run, case, tmp_path):
    values = frame([f"s{i}" for i in range(6)])
    if case == "z-scores":
        values = values.sub(values.mean(axis=1), axis=0).div(values.std(axis=1), axis=0)
    else:
        values = values * 100
        values.iloc[0, 0] = -1380.5
    found, text = shown(run, write(values, tmp_path / "m.csv"))
    assert found["next"] == ""
    assert "the values are refused on every scale" in found["fill_in"][0]
    assert "\nnext\n" not in text
    assert "is a guess" not in text


def test_the_first_samples_are_shown(run, tmp_path):
    names = [f"s{i}" for i in range(12)]
    found, text = shown(run, write(counts(names), tmp_path / "m.csv"))
    assert found["sample_names"] == names[:5]
    assert any(" ".join(line.split()) == "samples s0, s1, s2 and 9 more" for line in text.splitlines())
    _, text = shown(run, write(counts(["a", "b"]), tmp_path / "two.csv"))
    assert any(" ".join(line.split()) == "samples a, b" for line in text.splitlines())


# 5. Human genes, but none of the catalogue


def test_human_ensembl_ids_outside_the_catalogue(tmp_path):
    table = frame(["s1", "s2"], ["ENSG00000000003.16", "ENSG00000000005", "ENSG00000000419"])
    with pytest.raises(DataError, match="Ensembl ids of human genes, but none of them is a gene of the catalogue") as refused:
        ifn.read(write(table, tmp_path / "m.csv"))
    assert "needed are" not in str(refused.value)
