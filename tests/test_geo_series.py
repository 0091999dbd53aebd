"""GEO series matrix files: annotations, the table, hints about the scale, and what GEO's files get wrong."""

from __future__ import annotations

import gzip
import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ifnscore import loaders
from ifnscore.errors import DataError, IfnscoreWarning

WITNESS = Path(__file__).parent / "witness" / "geo"
GSM = ["GSM1", "GSM2", "GSM3"]
ROWS = (("ISG15", 5.5, 6, 7), ("MX1", 8, 9.25, 1), ("IFI27", 2, 3, 4.5))
CHARACTERISTICS = (("tissue: blood", "tissue: blood", "age: 7"), ("age: 12", "sex: f", "tissue: skin"))


def line(name, *values):
    return "\t".join([name, *(f'"{v}"' for v in values)])


def series(
    *,
    rows=ROWS,
    gsm=GSM,
    characteristics=CHARACTERISTICS,
    extra=(),
    kind="Expression profiling by array",
    processing="normalised",
    end=True,
    table=True,
):
    out = [
        line("!Series_title", "A study"),
        line("!Series_geo_accession", "GSE77"),
        line("!Series_type", kind),
        line("!Series_contact_name", "Ada,,Lovelace"),
        line("!Series_supplementary_file", "ftp://ftp.ncbi.nlm.nih.gov/geo/series/GSE0nnn/GSE77/suppl/GSE77_counts.txt.gz"),
        "",
        line("!Sample_title", *(f"same title {k // 2}" for k in range(len(gsm)))),
        line("!Sample_geo_accession", *gsm),
        line("!Sample_source_name_ch1", *["whole blood"] * len(gsm)),
        line("!Sample_organism_ch1", *["Homo sapiens"] * len(gsm)),
        *(line("!Sample_characteristics_ch1", *c) for c in characteristics),
        line("!Sample_description", *["donor was Ada Lovelace"] * len(gsm)),
        line("!Sample_data_processing", *[processing] * len(gsm)),
        line("!Sample_platform_id", *["GPL5"] * len(gsm)),
        line("!Sample_contact_name", *["Ada,,Lovelace"] * len(gsm)),
        line("!Sample_submission_date", *["Dec 12 2012"] * len(gsm)),
        line("!Sample_data_row_count", *[len(rows)] * len(gsm)),
        *extra,
    ]
    if table:
        out += ["!series_matrix_table_begin", line('"ID_REF"', *gsm)]
        out += ["\t".join([f'"{r[0]}"', *(str(v) for v in r[1:])]) for r in rows]
    if table and end:
        out.append("!series_matrix_table_end")
    return "\n".join([*out, ""])


def write(folder, text, name="GSE77_series_matrix.txt", encoding="utf-8"):
    path = folder / name
    data = text.encode(encoding)
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def refused(folder, text, pattern, **options):
    path = write(folder, text)
    with pytest.raises(DataError, match=pattern) as error:
        loaders.read(path, **options)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["GSE77_series_matrix.txt", "GSE77-GPL5_series_matrix.txt.gz", "renamed.tsv"])
def test_samples_genes_and_annotations(tmp_path, name):
    adata = loaders.read(write(tmp_path, series(), name))
    record = adata.uns["ifnscore"]["input"]
    assert record["format"] == "geo_series_matrix"
    assert record["platform"] == "microarray"
    assert record["scale"] == ""
    assert adata.obs_names.tolist() == GSM
    assert adata.var_names.tolist() == ["ISG15", "MX1", "IFI27"]
    np.testing.assert_array_equal(adata.X, [[5.5, 8, 2], [6, 9.25, 3], [7, 1, 4.5]])
    assert adata.obs["title"].tolist() == ["same title 0", "same title 0", "same title 1"]
    assert adata.obs["platform_id"].tolist() == ["GPL5"] * 3
    assert adata.obs["organism"].unique().tolist() == ["Homo sapiens"]
    assert adata.obs["source_name"].unique().tolist() == ["whole blood"]
    # keys differ from sample to sample and stand in any of the rows
    assert adata.obs["tissue"].tolist() == ["blood", "blood", "skin"]
    np.testing.assert_array_equal(adata.obs["age"], [12, np.nan, 7])
    assert adata.obs["sex"].astype(object).fillna("").tolist() == ["", "f", ""]


def test_no_people_days_or_links_in_the_result(tmp_path):
    given = (
        ("patient name: Ada", "patient name: Bob", "patient name: Eve"),
        ("collection date: 2012-03-04", "collection date: 2012-03-05", "collection date: 2012-03-06"),
        ("visit: week 4, 12/03/2012", "visit: week 8 on 3 Apr 2012", "visit: baseline"),
        ("data: ftp://x.org/a.CEL", "data: b@c.org", "data: /home/ada/x.cel"),
        ("cell line name: A375", "cell line name: A375", "cell line name: A375"),
        ("status: 10.5 cm, v1.2.3", "status: IL-1", "status: 2012 cohort"),
    )
    adata = loaders.read(write(tmp_path, series(characteristics=given)))
    text = adata.obs.to_csv() + str(adata.uns)
    for word in ("Ada", "ada", "Bob", "2012-03", "12/03", "Apr", "ftp", "@", "CEL", "Dec 12", "Lovelace"):
        assert word not in text, word
    assert adata.obs["visit"].tolist() == ["week 4, (date)", "week 8 on (date)", "baseline"]
    assert adata.obs["status"].tolist() == ["10.5 cm, v1.2.3", "IL-1", "2012 cohort"]
    assert adata.obs["cell line name"].tolist() == ["A375"] * 3


def test_same_key_twice_and_values_without_a_key(tmp_path):
    given = (
        ("drug: a", "drug: a", "healthy"),
        ("Drug: b", "drug: a", "control"),
        ("title: x", "id/code: 007", "organism: mouse-like"),
    )
    obs = loaders.read(write(tmp_path, series(characteristics=given))).obs
    assert obs["drug"].astype(object).fillna("").tolist() == ["a; b", "a", ""]
    assert obs["characteristics"].astype(object).fillna("").tolist() == ["", "", "healthy; control"]
    assert obs["title"].tolist()[0] == "same title 0"
    assert obs["title (characteristic)"].astype(object).fillna("").tolist() == ["x", "", ""]
    assert obs["id_code"].astype(object).fillna("").tolist() == ["", "007", ""]


def test_result_can_be_written_and_scored(tmp_path):
    adata = loaders.read(write(tmp_path, series()), scale="log2")
    adata.write_h5ad(tmp_path / "x.h5ad")
    again = loaders.read(tmp_path / "x.h5ad")
    assert again.obs["age"].tolist()[0] == 12
    assert again.uns["ifnscore"]["input"]["scale"] == "log2"


@pytest.mark.parametrize(
    "broken",
    [
        '!Sample_data_processing\t"probe file\n"\t"probe file\n"\t"probe file\n"',  # GEOquery issue 93
        '!Sample_data_processing\t"one\r two"\t"one\r two"\t"one\r two"',  # GEOquery issue 54
        '!Series_summary\t"first\nsecond ""line""\n\nthird"',  # GEOquery issue 66
        '!Sample_extract_protocol_ch1\t"a\tb"\t"c"\t"d"',
    ],
)
def test_values_broken_over_lines(tmp_path, broken):
    adata = loaders.read(write(tmp_path, series(extra=(broken,))))
    assert adata.shape == (3, 3)
    assert adata.obs["tissue"].tolist() == ["blood", "blood", "skin"]


def test_broken_characteristics_keep_their_sample(tmp_path):
    extra = ('!Sample_characteristics_ch1\t"note: a\n b"\t"note: c"\t"note: x\ty"',)
    obs = loaders.read(write(tmp_path, series(extra=extra))).obs
    assert obs["note"].tolist() == ["a b", "c", "x y"]


def test_annotations_of_another_length_are_left_out(tmp_path):
    extra = ('!Sample_characteristics_ch1\t"stage: 1"\t"stage: 2"',)  # GEOquery issue 62
    with pytest.warns(IfnscoreWarning, match=r"Sample_characteristics_ch1 \(line 19: 2 values for 3 samples\)"):
        adata = loaders.read(write(tmp_path, series(extra=extra)))
    assert "stage" not in adata.obs


def test_annotations_follow_the_sample_not_the_position(tmp_path):
    text = series().replace(line('"ID_REF"', *GSM), line('"ID_REF"', "GSM3", "GSM1", "GSM2"))
    adata = loaders.read(write(tmp_path, text))
    assert adata.obs_names.tolist() == ["GSM3", "GSM1", "GSM2"]
    assert adata.obs["tissue"].tolist() == ["skin", "blood", "blood"]
    assert adata.obs["age"].tolist()[:2] == [7, 12]


def test_a_sample_without_annotations_is_named(tmp_path):
    text = series().replace(line('"ID_REF"', *GSM), line('"ID_REF"', "GSM1", "GSM2", "GSM9"))
    with pytest.warns(IfnscoreWarning, match="samples of the table without annotations: GSM9"):
        adata = loaders.read(write(tmp_path, text))
    assert adata.obs["tissue"].isna().tolist() == [False, False, True]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_encodings_and_line_endings(tmp_path, encoding, ending):
    text = series(characteristics=(("treatment: 10 µM", "treatment: 0 µM", "treatment: 1 µM"),)).replace("\n", ending)
    adata = loaders.read(write(tmp_path, text, encoding=encoding))
    assert adata.shape == (3, 3)
    assert adata.obs["treatment"].tolist() == ["10 µM", "0 µM", "1 µM"]


def test_unquoted_values(tmp_path):
    adata = loaders.read(write(tmp_path, series().replace('"', "")))
    assert adata.obs["tissue"].tolist() == ["blood", "blood", "skin"]
    assert adata.obs_names.tolist() == GSM


def test_saved_again_by_a_spreadsheet_with_commas(tmp_path):
    rows = [[c.strip('"') for c in r.split("\t")] for r in series().splitlines()]
    text = "\n".join(",".join([*(f'"{c}"' if "," in c else c for c in r), *[""] * (4 - len(r))]) for r in rows)
    adata = loaders.read(write(tmp_path, text, "saved.csv"))
    assert adata.obs["tissue"].tolist() == ["blood", "blood", "skin"]
    np.testing.assert_array_equal(adata.X[:, 1], [8, 9.25, 1])


@pytest.mark.parametrize("cell", ["null", "", "NaN", "NA"])
def test_missing_cells_stay_missing(tmp_path, cell):
    rows = (("ISG15", 5.5, cell, 7), *ROWS[1:])
    adata = loaders.read(write(tmp_path, series(rows=rows)))
    assert np.isnan(adata.X[1, 0])
    assert int(np.isnan(adata.X).sum()) == 1


def test_truncated_downloads(tmp_path):
    refused(tmp_path, series(table=False), r"data table is missing .*cut off; download the file again from .*acc=GSE77")
    refused(tmp_path, series(end=False), r"no end \('!series_matrix_table_end'\) after 3 rows of 3.*cut off")
    cut = series().split('"IFI27"')[0]
    refused(tmp_path, cut, "after 2 rows of 3: the download was cut off")
    refused(tmp_path, '!Series_title\t"only this"\n', "data table is missing")


def test_truncated_gzip(tmp_path):
    path = write(tmp_path, series(), "GSE77_series_matrix.txt.gz")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match="truncated|damaged"):
        loaders.read(path)


def test_zero_rows_point_to_the_supplementary_files(tmp_path):
    """As GSE99479, whose matrix has a header and no row."""
    pattern = r"0 rows\): GEO keeps .* supplementary files; the file lists GSE77_counts.txt.gz; download .*acc=GSE77"
    refused(tmp_path, series(rows=(), kind="Expression profiling by high throughput sequencing"), pattern)
    text = series(rows=()).replace(line('"ID_REF"', *GSM) + "\n", "")
    refused(tmp_path, text, "supplementary files")


def test_cells_that_are_no_numbers(tmp_path):
    refused(tmp_path, series(rows=(("ISG15", 1, "abc", 2), *ROWS[1:])), "row 'ISG15', column 'GSM2': 'abc' is not a number")
    words = tuple((r[0], 1.5, "P", 2.5) for r in ROWS)
    refused(tmp_path, series(rows=words), "column 'GSM2': 'P' is not a number")
    refused(tmp_path, series(rows=(("ISG15", 1, 2), *ROWS[1:])), "line 21: 3 fields where 4 are expected")
    refused(tmp_path, series(gsm=["GSM1", "GSM1", "GSM3"]), "duplicate sample names: GSM1")


def test_probes_without_annotation_name_platform_and_option(tmp_path):
    rows = tuple((f"79{k:05d}", 1.5, 2.5, 3.5) for k in range(300))
    pattern = (
        r"probes of platform GPL5 \(for instance '7900000', '7900001'\), not genes.*acc=GPL5 .*--option platform=GPL5.annot.gz"
    )
    refused(tmp_path, series(rows=rows), pattern)


@pytest.mark.parametrize("ids", [("9636", "4599", "3429"), ("ENSG00000187608", "ENSG00000157601", "ENSG00000165949")])
def test_gene_ids_are_read_straight(tmp_path, ids):
    rows = tuple((i, *r[1:]) for i, r in zip(ids, ROWS, strict=True))
    adata = loaders.read(write(tmp_path, series(rows=rows)))
    assert adata.uns["ifnscore"]["input"]["n_recognised"] == 3


@pytest.mark.parametrize(
    ("processing", "factor", "hint"),
    [
        ("Raw data were RMA normalized", 1, "says RMA: probably --scale log2"),
        ("log2 transformed MAS5 signals", 1, "says log2: probably --scale log2"),
        ("RMA", 100, "says RMA, but values up to 925 are no log2 values"),
        ("scaled to 500 by MAS 5.0", 100, "says MAS5: probably --scale linear"),
        ("MAS5", 1, "says MAS5, but no value is above 9.25: probably logarithms now"),
        ("quantile normalised", 1, ""),
        ("performed by the pharmacy", 1, ""),
    ],
)
def test_processing_text_is_a_hint_only(tmp_path, caplog, processing, factor, hint):
    rows = tuple((r[0], *(v * factor + 0.001 * (factor > 1) for v in r[1:])) for r in ROWS)
    with caplog.at_level(logging.INFO, logger="ifnscore"):
        record = loaders.read(write(tmp_path, series(rows=rows, processing=processing))).uns["ifnscore"]["input"]
    assert record["scale"] == ""
    assert hint in record.get("notes", "")
    assert ("data processing text" in caplog.text) == bool(hint)


def test_whole_numbers_of_an_array_are_no_counts(tmp_path):
    rows = tuple((r[0], 100, 2000, 3) for r in ROWS)
    record = loaders.read(write(tmp_path, series(rows=rows))).uns["ifnscore"]["input"]
    assert (record["scale"], record["platform"]) == ("linear", "microarray")
    record = loaders.read(write(tmp_path, series(rows=rows, processing="nCounter, raw"))).uns["ifnscore"]["input"]
    assert (record["scale"], record["platform"]) == ("counts", "NanoString")
    sequencing = "Expression profiling by high throughput sequencing"
    record = loaders.read(write(tmp_path, series(rows=rows, kind=sequencing, processing="raw counts"))).uns["ifnscore"]["input"]
    assert (record["scale"], record["platform"]) == ("counts", "RNA-seq")


def test_nanostring_in_a_summary_or_inside_a_word_is_no_platform(tmp_path):
    extra = ('!Series_summary\t"Mutations encountered in melanoma; nCounter was used to validate"',)
    record = loaders.read(write(tmp_path, series(extra=extra, processing="as encountered"))).uns["ifnscore"]["input"]
    assert record["platform"] == "microarray"


def test_negative_intensities_fit_no_scale(tmp_path):
    rows = (("ISG15", -20.5, 6, 7), ("MX1", 8, 925, 1), ("IFI27", 2, 3, 4.5))
    record = loaders.read(write(tmp_path, series(rows=rows))).uns["ifnscore"]["input"]
    assert "fit no scale: background-subtracted intensities" in record["notes"]


def test_other_species_and_two_colours_are_said(tmp_path):
    text = series(extra=(line("!Sample_channel_count", 2, 2, 2),)).replace("Homo sapiens", "Mus musculus")
    with pytest.warns(IfnscoreWarning, match="organism Mus musculus; the signatures are human .*--species mouse"):
        adata = loaders.read(write(tmp_path, text))
    assert "two-colour arrays" in adata.uns["ifnscore"]["input"]["notes"]


def test_r_reads_the_same():
    """GEOquery 2.66.0 (witness/geo/make_R.R): values and characteristics of a series whose keys change places."""
    path = WITNESS / "GSE900000_series_matrix.txt"
    adata = loaders.read(path, platform=str(WITNESS / "GPL900.annot"))
    ours = pd.DataFrame(adata.X.T, index=adata.var["probe"].tolist(), columns=adata.obs_names)
    theirs = pd.read_csv(WITNESS / "R_GEOquery_values.csv", index_col=0)
    pd.testing.assert_frame_equal(ours.sort_index(), theirs.sort_index(), check_names=False)
    obs = pd.read_csv(WITNESS / "R_GEOquery_obs.csv", index_col=0)
    for key in ("age", "disease", "tissue"):
        mine = adata.obs[key].astype(object).where(adata.obs[key].notna(), None).tolist()
        other = obs[f"{key}:ch1"].astype(object).where(obs[f"{key}:ch1"].notna(), None).tolist()
        assert mine == other, key


def test_command_line(tmp_path, run):
    path = write(tmp_path, series())
    code, out, err = run("inspect", path)
    assert code == 0
    assert "geo_series_matrix" in out
    assert "tissue" in out
    path = write(tmp_path, series(table=False))
    code, out, err = run("score", path, "--scale", "log2")
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert "cut off" in err


def test_several_series_of_one_platform_join_by_probe(tmp_path):
    """The first probe of a gene in one file is not the first in another: names keep the probe."""
    annotation = tmp_path / "p.tsv"
    annotation.write_text("ID\tSymbol\np1\tISG15\np2\tISG15\np3\tMX1\n")
    one = write(tmp_path, series(rows=(("p1", 1, 2, 3), ("p2", 7, 8, 9.5), ("p3", 1, 1, 1))), "a.txt")
    two = series(rows=(("p2", 17, 18, 19.5), ("p1", 11, 12, 13), ("p3", 2, 2, 2)), gsm=["GSM4", "GSM5", "GSM6"])
    adata = loaders.read(one, write(tmp_path, two, "b.txt"), platform=annotation, scale="log2")
    assert adata.var_names.tolist() == ["ISG15|probe p1", "ISG15|probe p2", "MX1|probe p3"]
    np.testing.assert_array_equal(adata.X[:, 1], [7, 8, 9.5, 17, 18, 19.5])
