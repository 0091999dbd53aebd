"""Ct tables with one well a row: a user's own, Applied Biosystems, Bio-Rad CFX, Fluidigm BioMark; replicates, plates, quality."""

from __future__ import annotations

import logging
import math

import numpy as np
import pytest

from ifnscore import loaders
from ifnscore.errors import DataError, UsageError
from ifnscore.loaders import _qpcr_names

LONG = """sample,group,gene,Ct
C25,healthy,IFI27,27.0
C25,healthy,IFI27,27.4
C25,healthy,HPRT1,24.0
C25,healthy,HPRT1,24.2
P1,patient,IFI27,22.0
P1,patient,IFI27,23.0
P1,patient,HPRT1,24.5
P1,patient,HPRT1,Undetermined
"""
ABI = """* Block Type = 96-Well Block (0.2mL)
* Experiment File Name = C:\\Users\\Jane Doe\\secret.eds
* Experiment User Name = Jane Doe
* Instrument Type = ViiA 7

[Sample Setup]
Well\tWell Position\tSample Name\tTarget Name\tTask\tReporter\tComments
1\tA1\tC25\tIFI27\tUNKNOWN\tFAM\tfrom Jane

[Results]
Well\tWell Position\tOmit\tSample Name\tTarget Name\tTask\tReporter\tCт\tCт Mean\tCт SD\tQuantity\tComments
1\tA1\tfalse\tC25\tIFI27-Hs01086370_m1\tUNKNOWN\tFAM\t27.000\t27.100\t0.1\t5,720.562\tfrom Jane
2\tA2\tfalse\tC25\tIFI27-Hs01086370_m1\tUNKNOWN\tFAM\t27.200\t27.100\t0.1\t\t
3\tA3\tfalse\tC25\t18S-Hs99999901_s1\tUNKNOWN\tVIC\t9.000\t\t\t\t
4\tA4\ttrue\tC25\t18S-Hs99999901_s1\tUNKNOWN\tVIC\t19.000\t\t\t\t
5\tA5\tfalse\tP1\tIFI27-Hs01086370_m1\tUNKNOWN\tFAM\tUndetermined\t\t\t\t
6\tA6\tfalse\tP1\t18S-Hs99999901_s1\tUNKNOWN\tVIC\t9.500\t\t\t\t
7\tA7\tfalse\t\tIFI27-Hs01086370_m1\tNTC\tFAM\t36.100\t\t\t\t
8\tA8\tfalse\tS1e4\tIFI27-Hs01086370_m1\tSTANDARD\tFAM\t20.000\t\t\t1000\t
9\tA9\tfalse\t\tIFI27-Hs01086370_m1\tUNKNOWN\tFAM\t\t\t\t\t

Analysis Type = Singleplex
Endogenous Control = 18S-Hs99999901_s1
RQ Min/Max Confidence Level = 95.0
Reference Sample = C25
"""
CFX = """,Well,Fluor,Target,Content,Sample,Biological Set Name,Cq,Cq Mean,Cq Std. Dev,Starting Quantity (SQ),Well Note
,A01,FAM,IFI27,Unkn-1,C25,healthy,27.00,27.1,0.14,NaN,Jane
,A02,FAM,IFI27,Unkn-1,C25,healthy,27.20,27.1,0.14,NaN,
,A03,FAM,HPRT1,Unkn-2,C25,healthy,24.00,24.0,0,NaN,
,A04,FAM,IFI27,Unkn-3,P1,patient,N/A,0.00,0,NaN,
,A05,FAM,HPRT1,Unkn-4,P1,patient,24.50,24.5,0,NaN,
,A06,FAM,IFI27,NTC-1,,,NaN,0,0,NaN,
,A07,FAM,IFI27,Std-01,,,20.00,20,0,1000,
,A08,FAM,IFI27,NRT,P1,,38.00,38,0,NaN,
,A09,FAM,IFI27,Pos Ctrl,UHR,,25.00,25,0,NaN,
"""
BIOMARK = """Chip Run Info,D:\\PCR DATA\\Jane\\ChipRun.bml,1131312108,48.48,GE,ROX,FAM-MGB,8/26/2014 3:44:20 PM,01:28:46,HD198
Application Version,4.0.1
Export Type,Table Results
Quality Threshold,0.65


Experiment Information,Experiment Information,Experiment Information,Experiment Information,Experiment Information,\
Experiment Information,FAM-MGB,FAM-MGB,FAM-MGB,FAM-MGB,User
Chamber,Sample,Sample,Sample,FAM-MGB,FAM-MGB,Ct,Ct,Ct,Ct,Defined
ID,Name,Type,rConc,Name,Type,Value,Quality,Call,Threshold,Comments
S01-A01,C25,Unknown,1,IFI27,Test,14.25,0.97,Pass,0.005,
S01-A02,C25,Unknown,1,HPRT1,Reference,13.5,0.97,Pass,0.005,
S02-A01,P1,Unknown,1,IFI27,Test,999,0,Fail,0.005,
S02-A02,P1,Unknown,1,HPRT1,Reference,13.75,0.1,Fail,0.005,
S03-A01,H2O,NTC,1,IFI27,Test,999,0,Fail,0.005,
"""
HEADLESS = "".join(
    f"{i}\tcard\tA{i}\t{flag}\tC25\t{gene}\tTarget\t{ct}\t\t\t\t\t\t\t\tFALSE\r"
    for i, (gene, ct, flag) in enumerate(
        [("IFI27", "27.5", "Passed"), ("HPRT1", "24.25", "Flagged"), ("IFIT1", "Undetermined", "Flagged")], 1
    )
)


def read(tmp_path, text, name="run.txt", **given):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return loaders.read(path, **given)


def about(adata):
    return adata.uns["ifnscore"]["input"]


def test_long_table(tmp_path):
    adata = read(tmp_path, LONG, "ct.csv")
    assert about(adata)["format"] == "qpcr"
    assert (about(adata)["scale"], about(adata)["platform"]) == ("ct", "RT-qPCR")
    assert list(adata.obs_names) == ["C25", "P1"]
    assert list(adata.var_names) == ["IFI27", "HPRT1"]
    np.testing.assert_allclose(adata.X, [[27.2, 24.1], [22.5, 24.5]])
    assert adata.obs["group"].tolist() == ["healthy", "patient"]
    # SD of 27.0, 27.4 is 0.4 / sqrt 2; of 22, 23 it is 1 / sqrt 2
    np.testing.assert_allclose(adata.obs["qc_max_sd"], [0.4 / math.sqrt(2), 1 / math.sqrt(2)])
    assert adata.obs["qc_min_replicates"].tolist() == [2, 2]
    assert adata.obs["qc_flags"].tolist() == ["", "IFI27: replicate SD 0.71 cycles; HPRT1: 1 of 2 wells undetermined"]
    assert adata.obs["qc_undetermined"].tolist() == [0, 0]


def test_options_of_replicates(tmp_path):
    three = LONG + "P1,patient,IFI27,22.2\n"
    assert read(tmp_path, three, replicates="median")["P1", "IFI27"].X.item() == 22.2
    assert read(tmp_path, three)["P1", "IFI27"].X.item() == pytest.approx((22 + 23 + 22.2) / 3)
    assert read(tmp_path, LONG, undetermined="40")["P1", "HPRT1"].X.item() == pytest.approx((24.5 + 40) / 2)
    assert read(tmp_path, LONG, max_sd="0.8").obs["qc_flags"].tolist() == ["", "HPRT1: 1 of 2 wells undetermined"]
    numbered = LONG.replace("P1,patient,IFI27,23", "P1_2,patient,IFI27,23").replace("P1,", "P1_1,")
    assert list(read(tmp_path, numbered).obs_names) == ["C25", "P1_1", "P1_2"]
    np.testing.assert_allclose(read(tmp_path, numbered, sample_names="numbered").X, [[27.2, 24.1], [22.5, 24.5]])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"undetermined": "many"}, "undetermined=many: it takes a Ct"),
        ({"max_sd": "-1"}, "max_sd=-1: it takes a number of cycles"),
    ],
)
def test_options_are_checked(tmp_path, given, words):
    with pytest.raises(UsageError, match=words):
        read(tmp_path, LONG, **given)


def test_undetermined_is_missing_or_a_number_and_blank_is_not_measured(tmp_path):
    text = "sample\ttarget\tcq\nA\tIFI27\tNo Ct\nA\tHPRT1\t20\nB\tIFI27\t\nB\tHPRT1\t21.5\n"
    adata = read(tmp_path, text)
    assert np.isnan(adata.X[:, 0]).all()
    assert adata.obs["qc_undetermined"].tolist() == [1, 0]
    assert "undetermined, and so missing: IFI27 in A (--option undetermined=40" in about(adata)["notes"]
    assert "not measured, and so missing: IFI27 in B" in about(adata)["notes"]
    np.testing.assert_array_equal(read(tmp_path, text, undetermined="40").X, [[40, 20], [np.nan, 21.5]])


def test_column_names_of_instruments():
    # each line is the header of a real export; the expected columns are sample, target, Ct
    from ifnscore.loaders._qpcr_columns import roles

    for line, expected in [
        ("Well,Sample Name,Detector,Task,Ct,StdDev Ct,Qty,Mean Qty,StdDev Qty,Filtered,Tm", [1, 2, 4]),
        ("Well\tSample Name\tDetector Name\tReporter\tTask\tCt\tQuantity\tQty Mean\tQty StdDev\tCt Mean\tCt StdDev", [1, 2, 5]),
        ("Well,Sample Name,Target Name,Task,Reporter,Quencher,C?,C? Mean,C? SD,Quantity", [1, 2, 6]),
        (
            "Well,Well Position,Omit,Sample,Target,Task,Reporter,Quencher,Amp Status,Amp Score,Cq,Cq Confidence,Cq Mean",
            [3, 4, 10],
        ),
        ("Well\tSample Name\tGene Name\tCq\tConcentration\tCall\tExcluded\tSample Type\tStandard\tCq Mean\tCq Error", [1, 2, 3]),
        ("SAMPLE_NAME,TARGET_NAME,CT_MEAN", [0, 1, 2]),
        ("Patient ID;Assay;C(t)", [0, 1, 2]),
        ("Well Position,Sample Name,Target Name,CRT,Crt Mean", [1, 2, 3]),
    ]:
        separator = next(s for s in "\t;," if s in line)
        found = roles(line.split(separator))
        assert [found[r] for r in ("sample", "target", "ct")] == expected, line
    assert roles(["gene", "CP", "ISG15", "MX1"]) is None
    assert roles(["sample", "ISG15", "CP"]) is None


def test_applied_biosystems(tmp_path, caplog):
    with caplog.at_level(logging.INFO, "ifnscore"):
        adata = read(tmp_path, ABI)
    assert about(adata)["format"] == "qpcr"
    assert list(adata.var_names) == ["IFI27", "18S"]
    assert adata.var["assay"].tolist() == ["Hs01086370_m1", "Hs99999901_s1"]
    np.testing.assert_array_equal(adata.X, [[27.1, 9.0], [np.nan, 9.5]])
    assert adata.obs["is_calibrator"].tolist() == [True, False]
    notes = about(adata)["notes"]
    assert "1 well that the run omits, 1 no-template control, 1 standard, 1 well without a sample or gene name" in notes
    assert "no-template controls with a Ct, which hints at contamination or primer dimers: IFI27 36.1" in notes
    assert "calibrator: C25" in notes
    assert "names 18S-Hs99999901_s1 as endogenous control" in notes
    assert "left out" in caplog.text
    kept = repr(adata.uns) + adata.obs.to_csv() + adata.var.to_csv()
    assert not any(word in kept for word in ("Jane", "secret", "Users"))


@pytest.mark.parametrize(
    "head",
    [
        "SDS 2.2.2\tAQ Results\t1.0\nFilename\tx\nPlateID\t\nOperator\tJane\n\nSample Information\n\n",
        "Document Name: dok\nPlate Type: Relative\nUser: Jane\n\nOperator: Jane\nSDS v1.2\n\n",
        "Block Type,96-Well\nInstrument Type,QuantStudio 5\nOperator,Jane\n\n",
    ],
    ids=["sds2", "sds1", "design_and_analysis"],
)
def test_other_preambles(tmp_path, head):
    separator = "\t" if head.startswith("SDS 2") else ","
    table = "Well,Sample Name,Detector Name,Task,Ct,Ct Mean\n1,C25,IFI27,Target,27.5,\n2,C25,HPRT1,ENDO,24.5,\n"
    adata = read(tmp_path, head + table.replace(",", separator))
    assert about(adata)["format"] == "qpcr"
    assert adata.X.tolist() == [[27.5, 24.5]]
    assert "Jane" not in repr(adata.uns)


def test_results_behind_long_raw_data(tmp_path):
    raw = "[Raw Data]\nWell\tCycle\tx1\n" + "1\t1\t36,431.130\n" * 8000 + "\n"
    adata = read(tmp_path, ABI.replace("[Results]", raw + "[Results]"))
    assert about(adata)["format"] == "qpcr"
    assert adata.shape == (2, 2)


def test_bio_rad_cfx(tmp_path):
    adata = read(tmp_path, CFX, "Jane_2024-05-01 - Quantification Cq Results.csv")
    assert about(adata)["format"] == "qpcr"
    np.testing.assert_array_equal(adata.X, [[27.1, 24.0], [np.nan, 24.5]])
    assert adata.obs["group"].tolist() == ["healthy", "patient"]
    notes = about(adata)["notes"]
    for words in ("1 no-template control,", "1 standard", "1 no-reverse-transcription control", "1 positive control"):
        assert words in notes
    assert "Jane" not in repr(adata.uns) + adata.obs.to_csv()


def test_decimal_commas(tmp_path):
    european = CFX.replace(",", ";").replace(".", ",")
    adata = read(tmp_path, european, "cq.csv")
    np.testing.assert_array_equal(adata.X, [[27.1, 24.0], [np.nan, 24.5]])
    assert "decimal commas were read as points" in about(adata)["notes"]


def test_biomark(tmp_path):
    adata = read(tmp_path, BIOMARK, "chip.csv")
    assert about(adata)["format"] == "qpcr"
    np.testing.assert_array_equal(adata.X, [[14.25, 13.5], [np.nan, np.nan]])
    assert adata.obs["qc_undetermined"].tolist() == [0, 2]
    assert "1 no-template control" in about(adata)["notes"]
    assert "Jane" not in repr(adata.uns)


def test_sds_without_a_header_and_old_line_endings(tmp_path):
    adata = read(tmp_path, HEADLESS)
    assert about(adata)["format"] == "qpcr"
    np.testing.assert_array_equal(adata.X, [[27.5, 24.25, np.nan]])
    assert adata.obs["qc_flags"].tolist() == [
        "HPRT1: flagged by the instrument's software; IFIT1: undetermined; IFIT1: flagged by the instrument's software"
    ]


@pytest.mark.parametrize("text", [LONG, ABI, CFX, BIOMARK], ids=["long", "abi", "cfx", "biomark"])
@pytest.mark.parametrize("how", ["cr", "crlf", "utf-16", "utf-8-sig", "gz"])
def test_line_endings_and_encodings(tmp_path, text, how):
    import gzip

    plain = read(tmp_path, text)
    data = text.replace("\n", {"cr": "\r", "crlf": "\r\n"}.get(how, "\n"))
    if how == "gz":
        found = read(tmp_path, gzip.compress(data.encode()), "run.txt.gz")
    else:
        found = read(tmp_path, data.encode(how if how.startswith("utf") else "utf-8"))
    np.testing.assert_array_equal(found.X, plain.X)
    assert about(found) == about(plain)


@pytest.mark.parametrize(
    ("target", "gene", "assay"),
    [
        ("IFI27", "IFI27", ""),
        ("IFI27-Hs01086370_m1", "IFI27", "Hs01086370_m1"),
        ("IFI27 (Hs01086370_m1)", "IFI27", "Hs01086370_m1"),
        ("IFI27_Hs01086370_m1", "IFI27", "Hs01086370_m1"),
        ("Hs01086370_m1 IFI27", "IFI27", "Hs01086370_m1"),
        ("Hs01086370_m1", "IFI27", "Hs01086370_m1"),  # printed in Rice 2017
        ("Hs99999905_m1", "Hs99999905_m1", "Hs99999905_m1"),  # no source at hand: stays
        ("HLA-A-Hs01058806_g1", "HLA-A", "Hs01058806_g1"),
        ("HPRT", "HPRT", ""),  # the identifier table knows it
        ("18S rRNA", "18S", ""),
        ("18s", "18s", ""),
        ("RNA18S1", "18S", ""),
        ("RNA18S5", "RNA18S5", ""),  # the identifier table knows it
        ("Eukaryotic 18S rRNA-Hs99999901_s1", "18S", "Hs99999901_s1"),
        ("MRPS18S2", "MRPS18S2", ""),
    ],
)
def test_names_of_assays(target, gene, assay):
    assert _qpcr_names.gene(target) == (gene, assay)


PLATES = "plate,sample,gene,Ct\n" + "".join(
    f"{p},{s},{g},{20 + i}.5\n"
    for i, (p, s) in enumerate([("1", "C25"), ("1", "P1"), ("2", "C25"), ("2", "P2")])
    for g in ("IFI27", "18S")
)


def test_a_calibrator_on_every_plate(tmp_path):
    adata = read(tmp_path, PLATES, calibrator="C25")
    assert list(adata.obs_names) == ["C25@1", "P1", "C25@2", "P2"]
    assert adata.obs["plate"].tolist() == ["1", "1", "2", "2"]
    assert adata.obs["sample"].tolist() == ["C25", "P1", "C25", "P2"]
    assert adata.obs["is_calibrator"].tolist() == [True, False, True, False]
    assert adata.X[:, 0].tolist() == [20.5, 21.5, 22.5, 23.5]
    together = read(tmp_path, PLATES, plates="together")
    assert together["C25", "IFI27"].X.item() == 21.5
    assert together.obs["plate"].tolist() == ["1, 2", "1", "2"]
    with pytest.raises(DataError, match=r"no sample 'C26' to be the calibrator\. Did you mean: C25"):
        read(tmp_path, PLATES, calibrator="C26")


def test_plates_that_hold_different_genes(tmp_path):
    apart = "plate,sample,gene,Ct\n1,A,IFI27,25\n1,B,IFI27,26\n2,A,18S,9\n2,B,18S,10\n"
    adata = read(tmp_path, apart)
    assert list(adata.obs_names) == ["A", "B"]
    assert adata.X.tolist() == [[25, 9], [26, 10]]
    with pytest.raises(DataError, match=r"sample A is on plates 1, 2, .* --option plates=together .* plates=separate"):
        read(tmp_path, apart + "1,A,HPRT1,22\n2,A,HPRT1,22.4\n")
    whole = read(tmp_path, apart + "1,A,HPRT1,22\n2,A,HPRT1,22.4\n", plates="together")
    assert whole["A", "HPRT1"].X.item() == pytest.approx(22.2)


def test_a_folder_of_plates(tmp_path, caplog):
    folder = tmp_path / "runs"
    folder.mkdir()
    second = CFX.replace("P1", "P2").replace("27.00", "26.00").replace("27.20", "26.20")
    (folder / "Jane_2024-05-01 -  Quantification Cq Results.csv").write_text(CFX)
    (folder / "Jane_2024-05-01 -  Quantification Summary.csv").write_text(CFX)
    (folder / "Jane_2024-05-02 -  Quantification Cq Results.csv").write_text(second)
    (folder / "Jane_2024-05-01 -  Melt Curve Plate View.csv").write_text("1,2,3\n")
    with caplog.at_level(logging.INFO, "ifnscore"):
        adata = loaders.read(folder, calibrator="C25")
    assert about(adata)["format"] == "qpcr_folder"
    assert list(adata.obs_names) == ["C25@plate_1", "P1", "C25@plate_2", "P2"]
    assert adata.obs["plate"].tolist() == ["plate_1", "plate_1", "plate_2", "plate_2"]
    assert adata.X[:, 0].tolist()[::2] == [27.1, 26.1]
    assert adata.obs["qc_min_replicates"].tolist() == [1, 1, 1, 1]
    assert "Quantification Cq Results.csv is plate_1" in caplog.text
    assert "Jane" not in repr(adata.uns) + adata.obs.to_csv()


def test_a_folder_of_exports_of_two_makes(tmp_path):
    folder = tmp_path / "runs"
    folder.mkdir()
    (folder / "a.txt").write_text(ABI)
    (folder / "b.csv").write_text(CFX.replace("HPRT1", "18S").replace("P1", "P2"))
    adata = loaders.read(folder)
    assert list(adata.obs_names) == ["C25@plate_1", "P1", "C25@plate_2", "P2"]
    why = about(adata)["scale_why"]
    assert why == "Applied Biosystems export: column 'Cт' holds Ct values, Bio-Rad CFX export: column 'Cq' holds Ct values"


BAD = {
    "a word": (LONG.replace("27.4", "soon"), r"line 3, column 'Ct': 'soon' is not a Ct"),
    "both separators": (LONG.replace("27.4", '"1,027.4"'), r"line 3, column 'Ct': '1,027\.4' is not a Ct"),
    "negative": (LONG.replace("27.4", "-3.1"), r"line 3, column 'Ct': -3\.1 is no Ct.*--param housekeeping=none"),
    "absurd": (LONG.replace("27.4", "999"), r"line 3, column 'Ct': 999 is no Ct: no run has more than 60 cycles"),
    "infinite": (LONG.replace("27.4", "inf"), r"'inf' is not a Ct"),
    "huge": (LONG.replace("27.4", "1e308"), r"1e308 is no Ct"),
    "no rows": (LONG.splitlines()[0] + "\n", r"only a header line, no wells"),
    "cut off": (LONG[:-20], r"line 9: [123] fields where 4 or more are expected"),
    "no sample column": (ABI.replace("Sample Name", "Colour"), r"without a column that names the samples \(Sample Name"),
    "no gene column": (ABI.replace("Target Name", "Colour"), r"without a column that names the genes \(Target Name"),
    "no Ct column": (ABI.replace("Cт", "Rn"), r"no table with a Ct or Cq column: export the results of the wells"),
    "no results": (ABI[: ABI.index("[Results]")], r"no table with a Ct or Cq column"),
    "only the head": ("\n".join(ABI.splitlines()[:4]), r"no table with a Ct or Cq column"),
    "empty targets": (CFX.replace("IFI27", "").replace("HPRT1", ""), r"column 'Target', the gene of each well, is empty"),
    "empty samples": (
        CFX.replace("C25", "").replace("P1", "").replace("UHR", ""),
        r"column 'Sample', the sample of each well, is",
    ),
    "only standards": (ABI.replace("UNKNOWN", "STANDARD"), r"no well holds a sample and a gene \(left out: "),
    "unknown genes": (LONG.replace("IFI27", "x1").replace("HPRT1", "x2"), r"no catalogue gene among the 2 identifiers"),
}


@pytest.mark.parametrize(("text", "words"), BAD.values(), ids=BAD)
def test_bad_files_end_in_one_line(tmp_path, text, words):
    with pytest.raises(DataError, match=words) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(str(tmp_path / "run.txt"))
    assert "\n" not in str(caught.value)


def test_zero_means_no_amplification_and_names_of_water_are_no_samples(tmp_path):
    adata = read(tmp_path, LONG + "P1,patient,IFIT1,0\nC25,healthy,IFIT1,25\nH2O,,IFI27,38.5\nNC1,healthy,IFI27,25\n")
    assert np.isnan(adata["P1", "IFIT1"].X.item())
    assert list(adata.obs_names) == ["C25", "P1", "NC1"]
    assert "no-template controls with a Ct, which hints at contamination or primer dimers: IFI27 38.5" in about(adata)["notes"]


def test_names_of_people_dates_and_comments_are_not_kept(tmp_path):
    head = "sample,age,is_control,operator,date,comment,patient name,Ct SD,gene,Ct\n"
    rows = "A,7,True,Jane,2024-05-01,good,Doe,0.1,IFI27,25\nB,9,False,Jane,2024-05-01,bad,Roe,0.1,IFI27,26\n"
    adata = read(tmp_path, head + rows)
    assert [c for c in adata.obs.columns if not c.startswith("qc_")] == ["age", "is_control"]
    assert adata.obs["age"].tolist() == [7, 9]
    assert adata.obs["is_control"].tolist() == [True, False]
