"""SOFT family files: samples of one platform as a matrix, probes named by the platform inside."""

from __future__ import annotations

import gzip
import logging
import sys

import numpy as np
import pytest

from ifnscore import loaders
from ifnscore.errors import DataError, IfnscoreWarning

PLATFORM = """^PLATFORM = {gpl}
!Platform_title = An array
!Platform_contact_name = Ada,,Lovelace
#ID = probe
!platform_table_begin
ID\tGene Symbol\ttitle
p1\tISG15\ta "quote
p2\tISG15\tx
p3\tMX1\t5" long
p4\tMX1 /// MX2\tx
p5\t\tcontrol
!platform_table_end
"""
SAMPLE = """^SAMPLE = {gsm}
!Sample_title = sample {gsm}
!Sample_organism_ch1 = Homo sapiens
!Sample_characteristics_ch1 = tissue: blood
!Sample_characteristics_ch1 = age: {age}
!Sample_submission_date = Dec 12 2012
!Sample_contact_name = Ada,,Lovelace
!Sample_data_processing = RMA
!Sample_platform_id = {gpl}
#ID_REF =
#VALUE = signal
!sample_table_begin
ID_REF\tVALUE\tABS_CALL
{rows}
!sample_table_end
"""
SERIES = "^DATABASE = GeoMiame\n!Database_name = GEO\n^SERIES = GSE77\n!Series_title = A study\n!Series_type = Expression profiling by array\n"
VALUES = {"p1": 5.5, "p2": 7.25, "p3": 1, "p4": 2, "p5": 3}


def sample(gsm="GSM1", gpl="GPL5", age=7, values=VALUES):
    rows = "\n".join(f"{p}\t{v}\tP" for p, v in values.items())
    return SAMPLE.format(gsm=gsm, gpl=gpl, age=age, rows=rows)


def family(*samples, platforms=("GPL5",)):
    return SERIES + "".join(PLATFORM.format(gpl=g) for g in platforms) + "".join(samples)


def write(folder, text, name="GSE77_family.soft.gz"):
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def refused(folder, text, pattern, **options):
    path = write(folder, text)
    with pytest.raises(DataError, match=pattern) as error:
        loaders.read(path, **options)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


TWO = (sample(), sample("GSM2", age=12, values={p: v + 1 for p, v in VALUES.items()}))


@pytest.mark.parametrize("name", ["GSE77_family.soft.gz", "renamed.txt", "GSE77_family.soft"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_samples_with_the_platform_inside(tmp_path, name, ending, capsys):
    adata = loaders.read(write(tmp_path, family(*TWO).replace("\n", ending), name))
    record = adata.uns["ifnscore"]["input"]
    assert (record["format"], record["platform"], record["scale"]) == ("geo_soft", "microarray", "")
    assert "says RMA: probably --scale log2" in record["notes"]
    assert adata.obs_names.tolist() == ["GSM1", "GSM2"]
    assert adata.var_names.tolist() == ["ISG15|probe p1", "ISG15|probe p2", "MX1|probe p3"]
    np.testing.assert_array_equal(adata.X, [[5.5, 7.25, 1], [6.5, 8.25, 2]])
    assert adata.obs["age"].tolist() == [7, 12]
    assert adata.obs["platform_id"].tolist() == ["GPL5", "GPL5"]
    assert "Lovelace" not in adata.obs.to_csv() + str(adata.uns)
    assert "2012" not in adata.obs.to_csv() + str(adata.uns)
    assert capsys.readouterr() == ("", "")
    assert "GEOparse" not in sys.modules


def test_one_platform_of_several(tmp_path, caplog):
    text = family(*TWO, sample("GSM3", gpl="GPL9"), platforms=("GPL5", "GPL9"))
    refused(tmp_path, text, r"several platforms: GPL5 \(2 samples\), GPL9 \(1 samples\); choose one with --option gpl=GPL5")
    refused(tmp_path, text, r"no sample of platform GPL1; there are GPL5 \(2 samples\), GPL9", gpl="GPL1")
    with caplog.at_level(logging.INFO, logger="ifnscore"):
        adata = loaders.read(write(tmp_path, text), gpl="GPL9")
    assert adata.obs_names.tolist() == ["GSM3"]
    assert "1 samples of platform GPL9 are read, 2 of others are not" in caplog.text


def test_gene_ids_and_another_annotation(tmp_path):
    plain = sample(values={"ISG15": 1.5, "MX1": 2})
    assert loaders.read(write(tmp_path, family(plain))).var_names.tolist() == ["ISG15", "MX1"]
    table = tmp_path / "mine.csv"
    table.write_text("ID,Symbol\np1,IFI27\np2,---\np3,MX1\n")
    adata = loaders.read(write(tmp_path, family(*TWO)), platform=table, probes="mean")
    assert adata.var_names.tolist() == ["IFI27", "MX1"]
    refused(tmp_path, family(*TWO, platforms=()), "probes of platform GPL5 .*--option platform=GPL5.annot.gz")


def test_rows_that_a_sample_lacks_are_missing(tmp_path, caplog):
    short = sample("GSM2", values={"p3": 4, "p1": "null"})
    with caplog.at_level(logging.INFO, logger="ifnscore"):
        adata = loaders.read(write(tmp_path, family(sample(), short)))
    np.testing.assert_array_equal(adata.X, [[5.5, 7.25, 1], [np.nan, np.nan, 4]])
    assert "not every sample has every row" in caplog.text


def test_cut_off(tmp_path):
    text = family(*TWO)
    refused(
        tmp_path, text[: text.rindex("p4")], r"sample GSM2: the table that begins in line \d+ has no end: the file is cut off"
    )
    refused(tmp_path, text[: text.index("p3")], "without samples")
    refused(tmp_path, SERIES, "a SOFT file without samples")
    missing_end = family(*TWO).replace("!platform_table_end\n", "")
    refused(tmp_path, missing_end, "platform GPL5: the table .* has no end")


def test_samples_without_values(tmp_path):
    empty = sample("GSM3", values={})
    with pytest.warns(IfnscoreWarning, match="1 samples without values left out: GSM3"):
        adata = loaders.read(write(tmp_path, family(*TWO, empty)))
    assert adata.n_obs == 2
    link = "!Sample_supplementary_file_1 = ftp://x/GSM3_counts.txt.gz\n#ID_REF"
    refused(tmp_path, family(empty.replace("#ID_REF", link)), "0 rows.*GSM3_counts.txt.gz.*acc=GSE77")


def test_bad_tables(tmp_path):
    refused(tmp_path, family(sample(values=VALUES | {"p2": "high"})), r"line 32, row 'p2', sample 'GSM1': 'high' is not a number")
    refused(
        tmp_path,
        family(sample().replace("\tVALUE", "\tSIGNAL")),
        "GSM1, line 30: no column VALUE; the columns are 'ID_REF', 'SIGNAL'",
    )
    refused(tmp_path, family(sample().replace("p2\t7.25", "p1\t7.25")), "GSM1: rows that come twice: 'p1'")
    refused(tmp_path, family(sample().replace("p2\t7.25\tP", "p2\t7.25\tP\tmore\tand more")), "GSM1: .*not regular|fields")
    refused(tmp_path, family(sample(), sample()), "duplicate sample names: GSM1")


def test_other_soft_files_are_named(tmp_path):
    refused(tmp_path, PLATFORM.format(gpl="GPL5"), "platform annotation without samples: .*--option platform=")
    refused(
        tmp_path,
        "^DATABASE = Geo\n^DATASET = GDS1\n!dataset_table_begin\nID_REF\tIDENTIFIER\tGSM1\n",
        r"DataSet \(GDS\), which is not read",
    )
