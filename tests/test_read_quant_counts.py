"""featureCounts, STAR and HTSeq: counts per gene."""

from __future__ import annotations

import gzip
import logging
import re

import numpy as np
import pytest

from ifnscore import loaders
from ifnscore.errors import DataError, IfnscoreWarning, UsageError
from ifnscore.loaders import _bam_names, star

COMMENT = '# Program:featureCounts v2.0.0; Command:"featureCounts" "-a" "/home/anna/x.gtf" "-o" "c.txt" "/home/anna/bam/P1.bam"\n'
GENES = ("ISG15", "MX1", "IFI6")


def table(columns, rows=None, extra=(), head="Geneid"):
    """Three genes; extra maps attribute -> values; columns map BAM path -> counts."""
    lines = ["\t".join([head, "Chr", "Start", "End", "Strand", "Length", *dict(extra), *columns])]
    for i, gene in enumerate(GENES if rows is None else rows):
        cells = [gene, "1;1", "100;300", "200;400", "+;+", "202"]
        cells += [values[i] for values in dict(extra).values()] + [str(values[i]) for values in columns.values()]
        lines.append("\t".join(cells))
    return "\n".join(lines) + "\n"


TWO = {"/home/anna/bam/P1.sorted.bam": (1, 2, 3), "/home/anna/bam/P2.sorted.bam": (4, 5, 6)}


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.encode(),
        lambda t: gzip.compress(t.encode()),
        lambda t: b"\xef\xbb\xbf" + t.encode(),
        lambda t: t.replace("\n", "\r\n").encode(),
        lambda t: t.replace("\n", "\r").encode(),
        lambda t: t.encode("utf-16"),
        lambda t: t.removeprefix(COMMENT).encode(),
        lambda t: t.removeprefix(COMMENT).replace("Geneid", "GeneID").encode(),
    ],
    ids=["plain", "gzip", "bom", "crlf", "mac", "utf16", "no comment", "rsubread"],
)
def test_featurecounts(tmp_path, change):
    path = tmp_path / "counts.txt"
    path.write_bytes(change(COMMENT + table(TWO)))
    adata = loaders.read(path)
    assert list(adata.obs_names) == ["P1", "P2"]
    assert list(adata.var_names) == list(GENES)
    assert adata.X.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert list(adata.var) == ["Length"]
    record = adata.uns["ifnscore"]["input"]
    assert (record["format"], record["scale"], record["platform"]) == ("featurecounts", "counts", "RNA-seq")
    assert "anna" not in str(adata.obs) + str(record)


def test_rsubread_with_row_names_and_quotes(tmp_path):
    lines = table({"P1.bam": (1, 2, 3)}, head="GeneID").splitlines()
    quoted = ["\t".join(f'"{c}"' for c in lines[0].split("\t"))]
    quoted += [f'"{i}"\t' + line for i, line in enumerate(lines[1:], start=1)]
    (tmp_path / "fc.txt").write_text("\n".join(quoted) + "\n")
    adata = loaders.read(tmp_path / "fc.txt")
    assert (list(adata.obs_names), list(adata.var_names), adata.X.tolist()) == (["P1"], list(GENES), [[1, 2, 3]])


def test_fractions_are_counts(tmp_path):
    (tmp_path / "c.txt").write_text(table({"a.bam": (1.5, 2, 3), "b.bam": (4, 5.25, 6)}))
    adata = loaders.read(tmp_path / "c.txt")
    assert adata.X.tolist() == [[1.5, 2, 3], [4, 5.25, 6]]
    assert adata.uns["ifnscore"]["input"]["scale"] == "counts"


def test_extra_attributes_are_no_samples_and_may_name_the_genes(tmp_path, caplog):
    extra = {"gene_name": GENES, "gene_version": ("7", "12", "3"), "gene_type": ("protein_coding",) * 3}
    text = table({"x/a.bam": (1, 2, 3)}, rows=("ENSG99999999991.1", "ENSG99999999992.1", "ENSG99999999993.1"), extra=extra)
    (tmp_path / "c.txt").write_text(COMMENT + text)
    with caplog.at_level(logging.INFO, "ifnscore"):
        adata = loaders.read(tmp_path / "c.txt")
    assert list(adata.obs_names) == ["a"]
    assert list(adata.var_names) == list(GENES)
    assert set(adata.var) == {"Geneid", "Length", "gene_type"}
    assert "genes are named by column 'gene_name'" in caplog.text


def test_a_folder_of_single_samples_with_summaries(tmp_path):
    for name, values in (("P2", (4, 5, 6)), ("P1", (1, 2, 3))):
        (tmp_path / f"{name}.txt").write_text(COMMENT + table({f"/data/{name}/Aligned.sortedByCoord.out.bam": values}))
        (tmp_path / f"{name}.txt.summary").write_text(f"Status\t/data/{name}.bam\nAssigned\t6\n")
    adata = loaders.read(tmp_path)
    assert list(adata.obs_names) == ["P1", "P2"]
    assert adata.X.tolist() == [[1, 2, 3], [4, 5, 6]]


def test_a_summary_is_refused_with_what_to_take(tmp_path):
    (tmp_path / "c.txt.summary").write_text("Status\ta.bam\nAssigned\t6\n")
    with pytest.raises(DataError, match=r"c\.txt\.summary: a summary of featureCounts.*give the table of counts"):
        loaders.read(tmp_path / "c.txt.summary")


@pytest.mark.parametrize(
    ("columns", "names"),
    [
        (["a/P1.bam", "b/P2.bam"], ["P1", "P2"]),
        (["C:\\x\\P1_sorted.bam", "C:\\x\\P2_sorted.bam"], ["P1", "P2"]),
        (["P1/star/Aligned.sortedByCoord.out.bam", "P2/star/Aligned.sortedByCoord.out.bam"], ["P1", "P2"]),
        (["P1.Aligned.out.sorted.markdup.bam", "P2.Aligned.out.sorted.bam"], ["P1", "P2"]),
        (["P1.bam", "P1.sorted.bam"], ["P1", "P1.sorted"]),
        (["X.home.anna.bam.P1_a.bam", "X.home.anna.bam.P1_b.bam"], ["P1_a", "P1_b"]),
        (["X.home.anna.bam.P1.bam"], ["P1"]),
        (["x/a.bam", "x/a.bam"], ["a", "a_2"]),
        (["Aligned.sortedByCoord.out.bam"], ["file"]),
        (["P1", "P2"], ["P1", "P2"]),
    ],
)
def test_bam_names(columns, names):
    assert _bam_names.names(columns, "file") == names


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (table({"a.bam": (1, "many", 3)}), r"row 'MX1', column 'a': 'many' is not a number"),
        (table({"a.bam": (1, -2, 3)}), r"negative values \(lowest -2\)"),
        (table({}), r"no column of counts after 'Length'"),
        (table({}, extra={"gene_name": GENES}), r"no column of counts, only attributes"),
        (COMMENT + table({"a.bam": (1, 2, 3)})[:-8], r", line 5: \d fields where 7 are expected"),
        (COMMENT + table({"a.bam": ()}, rows=()), r"only a header line"),
        (table({"a.bam": (1, 2, 3)}, rows=("C1orf127", "CFL1P6", "UBE2V2P3")), r"only 3 genes \(C1orf127.*whole human annotation"),
    ],
    ids=["word", "negative", "no samples", "only attributes", "cut", "no rows", "part"],
)
def test_bad_featurecounts(tmp_path, text, message):
    (tmp_path / "c.txt").write_text(text)
    with pytest.raises(DataError, match=rf"c\.txt.*{message}") as caught:
        loaders.read(tmp_path / "c.txt")
    assert "\n" not in str(caught.value)


TOP = "N_unmapped\t50\t50\t50\nN_multimapping\t40\t40\t40\nN_noFeature\t30\t35\t200\nN_ambiguous\t20\t4\t3\n"


def star_file(folder, name, rows, top=TOP):
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(top + "".join("\t".join(map(str, (g, *r))) + "\n" for g, r in zip(GENES, rows, strict=True)))
    return path


FORWARD = [(100, 95, 5), (50, 48, 2), (10, 9, 1)]
REVERSE = [(100, 5, 95), (50, 2, 48), (10, 1, 9)]
NEITHER = [(100, 50, 51), (50, 25, 26), (10, 5, 5)]
UNCLEAR = [(100, 30, 70), (50, 15, 35), (10, 3, 7)]


@pytest.mark.parametrize(
    ("rows", "strand", "values", "share"),
    [
        (FORWARD, "forward", [95, 48, 9], 152 / 160),
        (REVERSE, "reverse", [95, 48, 9], 8 / 160),
        (NEITHER, "unstranded", [100, 50, 10], 80 / 162),
    ],
)
def test_star_finds_the_strand(tmp_path, rows, strand, values, share, caplog):
    path = star_file(tmp_path, "P1_ReadsPerGene.out.tab", rows)
    with caplog.at_level(logging.INFO, "ifnscore"):
        adata = loaders.read(path)
    assert (list(adata.obs_names), list(adata.var_names)) == (["P1"], list(GENES))
    assert adata.X.tolist() == [values]
    assert adata.X.dtype == np.int64
    row = adata.obs.iloc[0]
    assert row["strand"] == strand
    assert row["qc_forward_share"] == pytest.approx(share)
    assert (row["qc_in_genes"], row["qc_flags"]) == (sum(values), "")
    column = ["unstranded", "forward", "reverse"].index(strand)
    assert (row["qc_unmapped"], row["qc_multimapping"]) == (50, 40)
    assert (row["qc_no_feature"], row["qc_ambiguous"]) == ((30, 35, 200)[column], (20, 4, 3)[column])
    record = adata.uns["ifnscore"]["input"]
    assert (record["format"], record["scale"], record["platform"]) == ("star", "counts", "RNA-seq")
    forward, reverse = sum(r[1] for r in rows), sum(r[2] for r in rows)
    assert f"column {strand}: reads in genes of P1 {forward} forward and {reverse} reverse" in caplog.text


@pytest.mark.parametrize(
    ("forward", "reverse", "found"),
    [
        (80, 20, ("forward", True)),
        (79, 21, ("unstranded", False)),
        (55, 45, ("unstranded", False)),
        (54, 46, ("unstranded", True)),
        (20, 80, ("reverse", True)),
        (0, 0, ("unstranded", False)),
    ],
)
def test_the_rule_at_its_edges(forward, reverse, found):
    assert star.strand_of(forward, reverse) == found


def test_star_not_clear(tmp_path):
    path = star_file(tmp_path, "P1ReadsPerGene.out.tab", UNCLEAR)
    with pytest.warns(IfnscoreWarning, match=r"neither clearly stranded.*P1 48 forward and 112 reverse.*--option strand="):
        adata = loaders.read(path)
    assert adata.X.tolist() == [[100, 50, 10]]
    assert adata.obs["qc_flags"].tolist() == ["strandedness not clear"]
    chosen = loaders.read(path, strand="reverse")
    assert chosen.X.tolist() == [[70, 35, 7]]


def test_star_against_the_data(tmp_path):
    path = star_file(tmp_path, "P1ReadsPerGene.out.tab", FORWARD)
    with pytest.warns(IfnscoreWarning, match=r"strand=reverse does not fit P1 152 forward and 8 reverse"):
        adata = loaders.read(path, strand="reverse")
    assert adata.X.tolist() == [[5, 2, 1]]
    assert adata.obs["qc_flags"].tolist() == ["looks forward"]
    assert loaders.read(path, strand="unstranded").X.tolist() == [[100, 50, 10]]


def test_star_folder_with_its_other_files(tmp_path, caplog):
    for name, rows in (("P1", FORWARD), ("P2", FORWARD)):
        star_file(tmp_path, f"{name}_ReadsPerGene.out.tab", rows)
        (tmp_path / f"{name}_Log.final.out").write_text("  Number of input reads |\t1000\n")
        (tmp_path / f"{name}_SJ.out.tab").write_text("chr1\t1\t2\t1\t1\t0\t5\t0\t30\n")
    with caplog.at_level(logging.INFO, "ifnscore"):
        adata = loaders.read(tmp_path)
    assert list(adata.obs_names) == ["P1", "P2"]
    assert adata.X.tolist() == [[95, 48, 9]] * 2
    assert "4 others are not" in caplog.text


def test_star_folders_one_a_sample_and_of_two_kinds(tmp_path):
    star_file(tmp_path / "P1", "ReadsPerGene.out.tab", FORWARD)
    star_file(tmp_path / "P2", "ReadsPerGene.out.tab", REVERSE)
    (tmp_path / "P1" / "Log.out").write_text("x")
    with pytest.warns(IfnscoreWarning, match=r"libraries of different kinds \(forward: P1; reverse: P2\)"):
        adata = loaders.read(tmp_path)
    assert list(adata.obs_names) == ["P1", "P2"]
    assert adata.X.tolist() == [[95, 48, 9], [95, 48, 9]]
    assert list(loaders.read(tmp_path / "P1").obs_names) == ["P1"]


def test_strand_must_be_known(tmp_path):
    path = star_file(tmp_path, "P1ReadsPerGene.out.tab", FORWARD)
    with pytest.raises(UsageError, match=r"strand=yes: choose among auto, unstranded, forward, reverse"):
        loaders.read(path, strand="yes")


GOOD = TOP + "ISG15\t1\t1\t0\nMX1\t2\t2\t0\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("MX1\t2\t2\t0\n", "MX1\t2\n"), r"line 6: 2 fields where 4 are expected"),
        (GOOD.replace("MX1\t2", "MX1\tx"), r"row 'MX1', column '2' is 'x'; a number from 0 on is needed"),
        (GOOD.replace("MX1\t2", "MX1\t-2"), r"row 'MX1', column '2' is '-2'"),
        (GOOD.replace("MX1\t2", "MX1\tNA"), r"row 'MX1', column '2' is empty or NA"),
        (GOOD.replace("MX1\t2", "MX1\t1e999"), r"row 'MX1', column '2' is '(inf|1e999)'"),
        (GOOD.replace("N_ambiguous\t20\t4\t3\n", ""), r"no row N_ambiguous on top"),
        (TOP, r"0 genes"),
        ("N_unmapped\t1\nN_multimapping\t2\nN_noFeature\t2\nN_ambiguous\t2\nISG15\t3\n", r"2 columns; STAR writes 4"),
    ],
    ids=["short", "word", "negative", "NA", "infinite", "no section", "no genes", "columns"],
)
def test_bad_star(tmp_path, text, message):
    (tmp_path / "P1ReadsPerGene.out.tab").write_text(text)
    with pytest.raises(DataError, match=rf"P1ReadsPerGene\.out\.tab.*{message}") as caught:
        loaders.read(tmp_path / "P1ReadsPerGene.out.tab")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("change", [lambda t: b"\xef\xbb\xbf" + t.encode(), lambda t: t.replace("\n", "\r\n").encode(),
                                    lambda t: t.replace("\n", "\r").encode(), lambda t: t.encode("utf-16")])  # fmt: skip
def test_star_in_other_encodings(tmp_path, change):
    (tmp_path / "P1ReadsPerGene.out.tab").write_bytes(change(GOOD))
    assert loaders.read(tmp_path / "P1ReadsPerGene.out.tab").X.tolist() == [[1, 2]]


def test_the_same_sample_in_two_folders(tmp_path):
    one = star_file(tmp_path / "a", "P1ReadsPerGene.out.tab", FORWARD)
    two = star_file(tmp_path / "b", "P1ReadsPerGene.out.tab", FORWARD)
    with pytest.raises(DataError, match=rf"{re.escape(str(two))}: sample names that {re.escape(str(one))} has as well: P1"):
        loaders.read(tmp_path)
