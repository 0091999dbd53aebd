"""Probes to genes: platform tables of every layout, probes of several genes, one value per gene."""

from __future__ import annotations

import logging
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest

import ifnscore as ifn
from ifnscore import loaders
from ifnscore.errors import DataError, UsageError
from ifnscore.loaders import _geo_platform, _probes
from ifnscore.matrix import Matrix

WITNESS = Path(__file__).parent / "witness" / "geo"
SERIES = WITNESS / "GSE900000_series_matrix.txt"
ANNOT = WITNESS / "GPL900.annot"
PROBES = ["11_at", "12_at", "13_at", "14_at"]
COLUMNS = ["ID\tSymbol", "11_at\tISG15", "12_at\tMX1 /// MX2", "13_at\t---", "14_at\tMX1"]


def annotation(folder, text, name="GPL5.txt"):
    path = folder / name
    path.write_text(text)
    return path


def read(folder, text, probes=PROBES, platform="GPL5", **options):
    return _geo_platform.read(annotation(folder, text), probes, platform, **options)


@pytest.mark.parametrize(
    ("cell", "genes"),
    [
        ("ISG15", ("ISG15",)),
        (" MX1 /// MX2 ", ("MX1", "MX2")),
        ("ISG15 /// G1P2", ("ISG15",)),  # an older name of the same gene
        ("ISG15;IFI27", ("ISG15", "IFI27")),
        ("ISG15|ISG15", ("ISG15",)),
        ("---", ()),
        ("", ()),
        ("NM_1 // MX1 // t // 21q22 // 4599 /// ENST1 // MX1 // --- // --- // ---", ("MX1",)),
        ("NM_1 // MX1 // t // 21q22 // 4599 /// NM_2 // MX2 // t // 21q22 // 4600", ("MX1", "MX2")),
        ("NM_1 // FOO1 // t // 1p // 77 /// BC1 // FOO1-AS // t // 1p // 77", ("FOO1",)),  # one Entrez id
        ("NM_1 // --- // t // --- // ---", ()),
    ],
)
def test_genes_of_a_cell(cell, genes):
    assert _geo_platform.genes_in(cell) == genes


@pytest.mark.parametrize(
    "header",
    ["Gene symbol", "Gene Symbol", "GENE_SYMBOL", "Symbol", "ILMN_Gene", "ORF", "GeneSymbol", "gene_assignment", "HGNC symbol"],
)
def test_gene_columns_are_found_by_name(tmp_path, header):
    text = "\n".join([f"ID\tdescription\t{header}\tSEQUENCE", "11_at\tMX1 like\tISG15\tACGT", "14_at\tx\tMX1\tAC", ""])
    found = read(tmp_path, text)
    assert found.column == header
    assert found.genes == {"11_at": ("ISG15",), "14_at": ("MX1",)}


def test_the_column_with_more_known_genes_wins_and_symbols_win_a_tie(tmp_path):
    text = "ID\tORF\tENTREZ_GENE_ID\tSymbol\n11_at\tYAL001C\t9636\tISG15\n14_at\tYAL002W\t4599\tMX1\n"
    assert read(tmp_path, text).column == "Symbol"
    assert read(tmp_path, text.replace("Symbol", "Other")).column == "ENTREZ_GENE_ID"
    assert read(tmp_path, text, column="entrez_gene_id").genes["11_at"] == ("9636",)


@pytest.mark.parametrize("case", ["full table", "soft", "annot", "csv", "chip", "family"])
def test_layouts(tmp_path, case):
    table = "\n".join(COLUMNS)
    between = f"!platform_table_begin\n{table}\n!platform_table_end\n"
    other = "!platform_table_begin\nID\tSymbol\n11_at\tIFI27\n!platform_table_end\n"
    text = {
        "full table": f'#ID = probe\n#Symbol = gene, 5" end\n{table}\n',
        "soft": f"^PLATFORM = GPL5\n!Platform_title = x\n#ID = probe\n{between}",
        "annot": f"^Annotation\n!Annotation_platform = GPL5\n#ID = p\n{between}",
        "csv": table.replace("\t", ",").replace("MX1 /// MX2", '"MX1 /// MX2"'),
        "chip": table.replace("ID\tSymbol", "Probe Set ID\tGene Symbol"),
        "family": f"^PLATFORM = GPL4\n{other}^PLATFORM = GPL5\n{between}^SAMPLE = GSM1\n!sample_table_begin\nID_REF\tVALUE\n",
    }[case]
    assert read(tmp_path, text).genes == {"11_at": ("ISG15",), "12_at": ("MX1", "MX2"), "13_at": (), "14_at": ("MX1",)}


def test_quotes_in_texts_swallow_no_row(tmp_path):
    text = 'ID\ttitle\tSymbol\n11_at\t"5\' end of a gene\tISG15\n14_at\tsize 5" long\tMX1\n'
    assert list(read(tmp_path, text).genes) == ["11_at", "14_at"]


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("ID\tSymbol\n99_at\tISG15\n", r"none of the 4 probes of platform GPL5 \(for instance '11_at'\).*right platform"),
        ("ID\tGB_ACC\n11_at\tNM_1\n", r"no column of human genes; the columns are ID, GB_ACC: .*platform_column=NAME"),
        ("ID\tSymbol\n11_at\tfoo\n", r"no column of human genes \(looked at 'Symbol'\)"),
        ("ID\tSymbol\n11_at\tISG15\tMX1\n", "line 2: 3 fields where the header has 2"),
        ("#ID = p\n!platform_table_begin\nID\tSymbol\n11_at\tISG15\n", "has no end .*cut off"),
        ("nothing at all", "no annotation table"),
        ("# only comments\n", "no annotation table"),
        ("", "the file is empty"),
        (
            "".join(f"^PLATFORM = GPL{i}\n!platform_table_begin\nID\tSymbol\n!platform_table_end\n" for i in (1, 2)),
            "tables of several platforms .GPL1, GPL2., none of which is GPL5",
        ),
    ],
)
def test_tables_that_cannot_be_used(tmp_path, text, pattern):
    with pytest.raises(DataError, match=pattern) as error:
        read(tmp_path, text)
    assert str(tmp_path / "GPL5.txt") in str(error.value)
    assert "\n" not in str(error.value)


def test_unknown_column_and_absent_file(tmp_path):
    with pytest.raises(DataError, match=r"no column 'Symbl'; the columns are ID, Symbol. Did you mean: Symbol"):
        read(tmp_path, "\n".join(COLUMNS), column="Symbl")
    with pytest.raises(DataError, match="nowhere.annot: cannot be read"):
        loaders.read(SERIES, platform=tmp_path / "nowhere.annot")


def matrix(values, probes=PROBES):
    n = len(values)
    return ad.AnnData(
        X=np.asarray(values, dtype=float), obs=pd.DataFrame(index=[f"s{i}" for i in range(n)]), var=pd.DataFrame(index=probes)
    )


def mapped(folder, values, how, probes=PROBES, text=None):
    path = annotation(folder, text or "\n".join([*COLUMNS, "15_at\tISG15", "16_at\tISG15"]))
    options = {"platform": str(path), "platform_column": "", "probes": how}
    return _probes.to_genes(matrix(values, probes), "m.txt", options, "GPL5")


def test_probes_of_several_genes_and_of_none_are_left_out_and_said(tmp_path):
    made = mapped(tmp_path, [[1, 2, 3, 4]], "max_mean")
    assert made.adata.var_names.tolist() == ["ISG15|probe 11_at", "MX1|probe 14_at"]
    assert made.adata.var["gene"].tolist() == ["ISG15", "MX1"]
    note = "4 probes, 2 genes, 1 probes without a gene left out, 1 probes of several genes left out (no other probe has MX2)"
    assert note in made.notes[0]


def test_mean_by_hand(tmp_path):
    probes = ["11_at", "15_at", "16_at", "14_at"]
    made = mapped(tmp_path, [[1, 3, np.nan, 5], [2, 6, 9, 7]], "mean", probes)
    assert made.adata.var_names.tolist() == ["ISG15", "MX1"]
    # the probe with a missing value takes no part in any sample
    np.testing.assert_array_equal(made.adata.X, [[2, 5], [4, 7]])
    alone = mapped(tmp_path, [[1, np.nan], [2, 6]], "mean", ["14_at", "11_at"])
    assert np.isnan(alone.adata.X[0, 0])


def test_best_needs_quartiles(tmp_path):
    with pytest.raises(DataError, match="probes=best needs at least 4 samples, there are 3"):
        mapped(tmp_path, np.ones((3, 4)), "best")


def test_best_by_hand(tmp_path):
    # quartiles of 1, 2, 3, 4: 1.75 and 3.25; of 0, 5, 5, 10: 3.75 and 6.25; of 9, 9, 9, 99: 9 and 31.5
    x = np.array([[1, 0, 9, 1], [2, 5, 9, 1], [3, 5, 9, 1], [4, 10, 99, 1]])
    made = mapped(tmp_path, x, "best", ["11_at", "15_at", "16_at", "14_at"])
    np.testing.assert_array_equal(made.adata.X[:, 0], [9, 9, 9, 99])
    made = mapped(tmp_path, x[:, [0, 1, 3]], "best", ["11_at", "15_at", "14_at"])
    np.testing.assert_array_equal(made.adata.X[:, 0], [0, 5, 5, 10])


def test_max_mean_is_the_rule_of_collapse_rows():
    """WGCNA 1.72-1, collapseRows(method = "MaxMean", connectivityBasedCollapsing = FALSE)."""
    adata = loaders.read(SERIES, platform=ANNOT, scale="log2")
    resolved = Matrix(adata.X, adata.var_names.tolist(), adata.obs_names.tolist(), "log2")
    ours = {gene: row.identifier.split("|probe ")[1] for gene, row in resolved.rows_of(resolved.universe).items()}
    theirs = pd.read_csv(WITNESS / "R_WGCNA_maxmean.csv", index_col="gene")["probe"].to_dict()
    assert ours == theirs
    assert len(set(ours.values())) == 8


def test_best_and_mean_as_r():
    """Base R: IQR (type 7) and colMeans over the probes without a missing value."""
    probes = loaders.read(SERIES, platform=ANNOT)
    best = loaders.read(SERIES, platform=ANNOT, probes="best")
    theirs = pd.read_csv(WITNESS / "R_best_iqr.csv", index_col="gene")["probe"]
    for gene, probe in theirs.items():
        np.testing.assert_array_equal(best[:, gene].X.ravel(), probes[:, f"{gene}|probe {probe}"].X.ravel(), err_msg=gene)
    mean = loaders.read(SERIES, platform=ANNOT, probes="mean")
    expected = pd.read_csv(WITNESS / "R_mean.csv", index_col=0)
    np.testing.assert_allclose(mean[:, list(expected.index)].X.T, expected.to_numpy(), rtol=1e-12)


def test_a_frozen_reference_finds_its_own_probe(tmp_path):
    """In the new samples another probe has the higher mean; the one that the controls chose is scored."""
    adata = loaders.read(SERIES, platform=ANNOT, scale="log2")
    controls = adata[:, adata.var["gene"] == "ISG15"]
    chosen = Matrix(controls.X, controls.var_names.tolist(), controls.obs_names.tolist(), "log2")
    rows = chosen.rows_of(["ISG15"])
    new = controls.X.copy()
    other = next(i for i, n in enumerate(controls.var_names) if n != rows["ISG15"].identifier and np.isfinite(new[:, i]).all())
    new[:, other] += 50
    order = [2, 0, 1]  # and the file has its probes in another order
    names = [controls.var_names[i] for i in order]
    same = Matrix(new[:, order], names, controls.obs_names.tolist(), "log2", rows=rows)
    assert same.rows_of(["ISG15"]) == rows
    free = Matrix(new[:, order], names, controls.obs_names.tolist(), "log2")
    assert free.rows_of(["ISG15"])["ISG15"].identifier == controls.var_names[other]


@pytest.mark.filterwarnings("ignore:one gene makes over")
def test_scores_from_a_series_with_its_platform(caplog):
    with caplog.at_level(logging.INFO, logger="ifnscore"):
        adata = loaders.read(SERIES, platform=ANNOT, scale="log2")
    assert "probes named by column 'Gene symbol' of the platform table: 16 probes, 8 genes" in caplog.text
    assert "the one with the highest mean is scored (probes=max_mean)" in caplog.text
    ifn.tl.score(adata, ["rice2013_ags6"], method="mean_log")
    genes = ["IFI27", "IFI44L", "IFIT1", "ISG15", "RSAD2", "SIGLEC1"]
    probe = pd.read_csv(WITNESS / "R_WGCNA_maxmean.csv", index_col="gene")["probe"]
    values = pd.read_csv(WITNESS / "R_GEOquery_values.csv", index_col=0).loc[probe[genes]]
    expected = values.mean().to_numpy()
    np.testing.assert_allclose(ifn.get.scores_wide(adata)["rice2013_ags6"].to_numpy(), expected, rtol=1e-12)


def test_probes_that_are_numbers_are_no_entrez_ids(tmp_path):
    """GPL4133 numbers its probes from 1: probe 9636 of another gene is not ISG15, whose Entrez id is 9636."""
    text = "ID\tSymbol\n9636\tFOO1\n4599\tG1P2\n7\tMX1\n8|4600\tFOO2\n"
    made = mapped(tmp_path, [[1, 2, 3, 4]], "max_mean", ["9636", "4599", "7", "8|4600"], text).adata
    resolved = Matrix(made.X, made.var_names.tolist(), ["s"], "log2")
    assert sorted(resolved.universe) == ["FOO1", "FOO2", "ISG15", "MX1"]
    np.testing.assert_array_equal(resolved.values(["FOO1", "ISG15", "MX1", "FOO2"]), [[1, 2, 3, 4]])


def test_options_are_checked(tmp_path):
    with pytest.raises(UsageError, match="probes=median: choose among max_mean, mean, best"):
        loaders.read(SERIES, platform=ANNOT, probes="median")
    table = tmp_path / "plain.csv"
    table.write_text("gene,s1\nISG15,5\nMX1,7\n")
    with pytest.raises(DataError, match="option platform has no meaning here"):
        loaders.read(table, platform=ANNOT)
