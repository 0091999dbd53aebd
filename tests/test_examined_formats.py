"""Faults that an outside examination found: private annotations, NanoString tables, claimed scales, platform tables."""

from __future__ import annotations

import logging
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from tests import nanostring_files as ns

import ifnscore as ifn
from ifnscore import scored
from ifnscore.errors import DataError, IfnscoreWarning
from ifnscore.loaders import _private

PRIVATE = {
    "Name": ["Erika Mustermann", "Max Muster", "Eva Beispiel"],
    "geboren": ["x", "y", "z"],
    "seen": ["2021-03-04", "", "2021-05-01"],
    "remark": ["fine", "rash since 4 March 2021", ""],
    "source": ["/home/eva/a.bam", "/home/eva/b.bam", "c"],
    "raw": ["run1/a.fastq.gz", "run1/b.fastq.gz", "run2/c.fastq.gz"],
    "reply_to": ["eva@example.org", "", ""],
    "told_by": ["A.B.", "C. D.", "E.F."],
    "when": pd.to_datetime(["2021-03-04", "2021-03-05", "2021-03-06"]),
    "seen_as_number": [20210304, 20210305, 20210401],
}
KEPT = {
    "patient": ["P01", "P01", "P02"],
    "Sample.ID": ["2021-03-04-a", "b", "c"],
    "age": [7.5, 8, 12],
    "year": [2019, 2020, 2021],
    "year_as_text": ["2019", "2020", "2021"],
    "day": ["day 0", "day 28", "day 28"],
    "weeks": [0, 4, 4],
    "batch": ["B01", "20-1234", "v1.2"],
    "route": ["i.v.", "p.o.", "s.c."],
    "cells": ["T/NK", "B", "CD4+/CD8-"],
    "physician_global": [3.5, 4, 6],
    "count": [20210304, 12, 5],
    "flag": [True, False, True],
}


def scored_matrix(obs: pd.DataFrame, folder: Path) -> ad.AnnData:
    genes = ["ISG15", "MX1", "IFI27", "IFIT1", "IFI44L", "RSAD2", "SIGLEC1", "TBP"]
    x = np.outer(np.arange(1, 1 + len(obs)), np.full(len(genes), 10))
    frame = pd.DataFrame(x, index=obs.index, columns=genes)
    frame.T.to_csv(folder / "m.csv", index_label="gene")
    read = ifn.read(folder / "m.csv", scale="linear")
    read.obs = obs.copy()
    ifn.tl.score(read, "rice")
    return read


def said(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(r.getMessage() for r in caplog.records)


@pytest.mark.parametrize("suffix", [".h5ad", ".zarr"])
def test_the_scored_file_leaves_out_people_dates_and_paths_and_says_so(tmp_path, caplog, suffix):
    obs = pd.DataFrame({**PRIVATE, **KEPT}, index=["s1", "s2", "s3"])
    adata = scored_matrix(obs, tmp_path)
    before = adata.obs.copy()
    with caplog.at_level(logging.INFO, "ifnscore"):
        scored.write(adata, tmp_path / f"x{suffix}")
    pd.testing.assert_frame_equal(adata.obs, before)
    again = ad.read_h5ad(tmp_path / "x.h5ad") if suffix == ".h5ad" else ad.read_zarr(tmp_path / "x.zarr")
    assert [c for c in again.obs.columns if not c.startswith("ifn")] == list(KEPT)
    line = next(r.getMessage() for r in caplog.records if "left out" in r.getMessage())
    assert all(name in line for name in PRIVATE)
    assert "ids hold calendar dates, which are kept: Sample.ID" in said(caplog)


@pytest.mark.parametrize("column", PRIVATE)
def test_each_private_column_is_recognised_also_as_categories(column):
    frame = pd.DataFrame({column: PRIVATE[column]})
    assert _private.columns(frame) == [column]
    assert _private.columns(frame.astype("category")) == [column]


@pytest.mark.parametrize("column", KEPT)
def test_ordinary_columns_stay_also_as_categories(column):
    frame = pd.DataFrame({column: KEPT[column]})
    assert _private.columns(frame) == []
    assert _private.columns(frame.astype("category")) == []


def collector(head: str = "CodeClass,Name,Accession", *, drop: str = "", before: str = "", scale: int = 1) -> str:
    rows = [f"{before},{head},a,b".lstrip(",") if before != '""' else f'"",{head},a,b']
    for i, (kind, name, accession, count) in enumerate(ns.classes()):
        if kind != drop:
            lead = f"r{i}," if before else ""
            rows.append(f"{lead}{kind},{name},{accession},{count},{int(str(count)) * scale}")
    return "\n".join(rows) + "\n"


@pytest.mark.parametrize("before", ["", '""', "X"])
@pytest.mark.parametrize("head", ["Code.Class,Name,Accession", "Code Class,Name,Accession", "CODE_CLASS,Gene_Name,ACCESSION"])
def test_code_classes_in_any_spelling_make_a_nanostring_table(tmp_path, head, before):
    file = tmp_path / "x.csv"
    file.write_text(collector(head, before=before))
    adata = ifn.read(file, normalise="none")
    assert adata.uns["ifnscore"]["input"]["format"] == "rcc_collector"
    assert list(adata.var_names) == [*ns.GENES, *ns.HOUSEKEEPING]
    assert list(adata.obs_names) == ["a", "b"]
    assert adata.obsm["nanostring"].shape == (2, 12)


def test_a_table_whose_header_lacks_the_row_names_as_r_writes_it(tmp_path):
    file = tmp_path / "x.txt"
    lines = collector("Code.Class,Name,Accession").replace(",", "\t").splitlines()
    file.write_text("\n".join([lines[0], *(f"{i}\t{line}" for i, line in enumerate(lines[1:], 1))]) + "\n")
    adata = ifn.read(file, normalise="none")
    assert list(adata.obs_names) == ["a", "b"]
    assert list(adata.var_names) == [*ns.GENES, *ns.HOUSEKEEPING]
    assert adata[:, "MX1"].X.ravel().tolist() == [900, 900]


@pytest.mark.parametrize("kind", ["xlsx", "parquet"])
def test_control_probes_in_other_tables_are_refused_with_the_way_out(tmp_path, kind):
    frame = pd.DataFrame(ns.classes(), columns=["Code.Class", "Name", "Accession", "a"]).assign(b=lambda d: d["a"])
    frame = frame[["Name", "Code.Class", "Accession", "a", "b"]]
    file = tmp_path / f"x.{kind}"
    if kind == "xlsx":
        frame.to_excel(file, index=False)
    else:
        frame.to_parquet(file, index=False)
    with pytest.raises(DataError, match=r"12 control probes among the genes \(column 'Code.Class'\): save it as CSV"):
        ifn.read(file)


DCC = """<Header>
FileVersion,0.1
</Header>
<Scan_Attributes>
ID,DSP-1
</Scan_Attributes>
<NGS_Processing_Attributes>
SeqSetId,X
</NGS_Processing_Attributes>
<Code_Summary>
RTS0020877,5
</Code_Summary>
"""


@pytest.mark.parametrize("name", ["DSP-1.dcc", "."])
def test_geomx_files_are_refused_by_name(tmp_path, name):
    (tmp_path / "DSP-1.dcc").write_text(DCC)
    (tmp_path / "DSP-2.dcc").write_text(DCC)
    with pytest.raises(DataError, match=r"GeoMx NGS files \(DCC\) are not read: export the target counts as a table"):
        ifn.read(tmp_path / name)


@pytest.mark.parametrize("drop", ["Positive", "Negative"])
def test_a_class_coded_table_without_controls_is_not_taken_for_raw_counts(tmp_path, drop, caplog):
    file = tmp_path / "x.csv"
    file.write_text(collector(drop=drop))
    with caplog.at_level(logging.INFO, "ifnscore"):
        adata = ifn.read(file, normalise="none")
    record = adata.uns["ifnscore"]["input"]
    assert record["scale"] == ""
    assert f"without {drop.lower()} control probes" in record["scale_why"]
    assert "declare --scale counts" in said(caplog)
    assert ifn.read(file, scale="counts", normalise="none").uns["ifnscore"]["input"]["scale"] == "counts"
    with pytest.raises(DataError, match="starts from counts, and the scale is not known .a NanoString table without .* declare --scale counts"):
        ifn.read(file)


def series(processing: str, kind: str = "Expression profiling by high throughput sequencing", platform: str = "GPL96") -> str:
    return "\n".join(
        [
            '!Series_geo_accession\t"GSE1"',
            f'!Series_type\t"{kind}"',
            '!Sample_geo_accession\t"GSM1"\t"GSM2"',
            f'!Sample_data_processing\t"{processing}"\t"{processing}"',
            f'!Sample_platform_id\t"{platform}"\t"{platform}"',
            "!series_matrix_table_begin",
            '"ID_REF"\t"GSM1"\t"GSM2"',
            '"ISG15"\t10\t250',
            '"MX1"\t7\t90',
            '"IFI27"\t3\t91',
            "!series_matrix_table_end",
            "",
        ]
    )


@pytest.mark.parametrize(
    "processing",
    [
        "linearized and Voom normalized using R",
        "Batch effects were corrected with ComBat",
        "quantile",
        "RMA",
        "normalised counts",
    ],
)
def test_whole_numbers_of_a_series_that_was_normalised_are_not_taken_for_counts(tmp_path, processing):
    file = tmp_path / "GSE1_series_matrix.txt"
    file.write_text(series(processing))
    record = ifn.read(file).uns["ifnscore"]["input"]
    assert record["scale"] == ""
    assert "normalised and rounded? declare --scale counts or linear" in record["scale_why"]
    assert ifn.read(file, scale="linear").uns["ifnscore"]["input"]["scale"] == "linear"


@pytest.mark.parametrize("processing", ["Raw counts of featureCounts", "non-normalized counts", "unnormalised", "not normalized"])
def test_whole_numbers_of_a_series_that_was_not_normalised_are_counts(tmp_path, processing):
    file = tmp_path / "GSE1_series_matrix.txt"
    file.write_text(series(processing))
    assert ifn.read(file).uns["ifnscore"]["input"]["scale"] == "counts"


def probes(tmp_path: Path, table: str, rows: str, n: int = 40) -> tuple[Path, Path]:
    matrix = tmp_path / "GSE1_series_matrix.txt"
    text = series("x", "Expression profiling by array")
    begin, end = text.index('"ISG15"'), text.index("!series_matrix_table_end")
    values = "".join(f'"{i}_at"\t{i + 100}\t{i + 200}\n' for i in range(n))
    matrix.write_text(text[:begin] + values + text[end:])
    annotation = tmp_path / table
    annotation.write_text(rows)
    return matrix, annotation


def annotated(n: int) -> str:
    genes = ("ISG15", "MX1", "IFI27", "IFIT1")
    return "ID\tGene Symbol\n" + "".join(f"{i}_at\t{genes[i % 4]}\n" for i in range(n)) + "x_at\tMX1\n"


@pytest.mark.parametrize(
    ("name", "head"),
    [("GPL97.annot", ""), ("a.annot", "^Annotation\n!Annotation_platform = GPL97\n"), ("b.txt", "#GPL97 full table\n")],
)
def test_the_table_of_another_platform_is_refused_with_both_named(tmp_path, name, head):
    matrix, table = probes(tmp_path, name, head + annotated(40))
    with pytest.raises(DataError, match="an annotation table of GPL97, but the matrix is of platform GPL96") as caught:
        ifn.read(matrix, platform=table)
    assert str(caught.value).startswith(str(table))


def test_the_table_of_the_same_platform_is_read(tmp_path):
    matrix, table = probes(tmp_path, "gpl96-57554.txt", annotated(40))
    assert ifn.read(matrix, platform=table).n_vars == 40


def test_a_table_that_holds_hardly_any_probe_is_refused(tmp_path):
    matrix, table = probes(tmp_path, "t.txt", annotated(1))
    with pytest.raises(DataError, match=r"only 1 of 40 probes of platform GPL96 are in the annotation table .*t\.txt: give"):
        ifn.read(matrix, platform=table)


def test_a_table_that_holds_less_than_half_of_the_probes_is_read_with_a_warning(tmp_path):
    matrix, table = probes(tmp_path, "t.txt", annotated(19))
    with pytest.warns(IfnscoreWarning, match="only 19 of 40 probes of platform GPL96"):
        ifn.read(matrix, platform=table)


NSOLVER = "Probe Name,Accession,Class Name,a.RCC,b.RCC\nISG15,A1,Endogenous,9.5,8.25\nTBP,A2,Housekeeping,7.5,7\nMX1,A3,Endogenous,6,5\n"


@pytest.mark.parametrize("tail", ["M", "MX1,A3,Endo", "MX1,A3,Endogenous", "MX1,A3,Endogenous,6"])
def test_an_nsolver_table_that_ends_inside_its_last_row_is_refused(tmp_path, tail):
    file = tmp_path / "x.csv"
    file.write_text(NSOLVER[: NSOLVER.index("MX1")] + tail)
    with pytest.raises(DataError, match=r"x\.csv, line 4: the last row ends after \d of 5 columns: the file is cut off"):
        ifn.read(file)


def test_a_collector_table_that_ends_inside_its_last_row_is_refused(tmp_path):
    file = tmp_path / "x.csv"
    text = ns.collector({"File Name": {"a.RCC": "a.RCC", "b.RCC": "b.RCC"}}, [ns.classes(), ns.classes()])
    n = len(text.splitlines())
    file.write_text(text.rstrip("\n").rpartition(",")[0].rpartition(",")[0])
    with pytest.raises(DataError, match=rf"line {n}: the last row ends after 3 of 5 columns"):
        ifn.read(file)


@pytest.mark.parametrize("archive", [False, True])
def test_probe_classes_left_out_are_said_once_for_a_folder(tmp_path, caplog, archive):
    import shutil

    folder = tmp_path / "lanes"
    folder.mkdir()
    for name in ("a", "b", "c"):
        ns.write(folder / f"{name}.RCC", [*ns.classes(), ("SNV_REF", "x", "y", 3)])
    where = Path(shutil.make_archive(str(tmp_path / "lanes"), "zip", folder)) if archive else folder
    with caplog.at_level(logging.INFO, "ifnscore"):
        adata = ifn.read(where, normalise="none")
    assert adata.n_obs == 3
    assert said(caplog).count("1 probes that are no RNA of genes are left out (1 SNV_REF)") == 1
    assert adata.uns["ifnscore"]["input"]["notes"].count("SNV_REF") == 1
