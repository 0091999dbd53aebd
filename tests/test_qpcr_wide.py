"""Wide Ct tables: told from ordinary tables only where something says so; undetermined cells, replicates."""

from __future__ import annotations

import numpy as np
import pytest

from ifnscore import loaders
from ifnscore.errors import DataError

PLAIN = "sample,IFI27,HPRT1,18S\nC25,27.5,24.0,9.0\nP1,22.5,24.5,9.5\nP1,22.9,24.7,9.7\n"
UNDETERMINED = PLAIN.replace("22.9", "Undetermined")


def read(tmp_path, text, name="run.csv", **given):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return loaders.read(path, **given)


def chosen(tmp_path, text, name="run.csv"):
    (tmp_path / name).write_text(text)
    return loaders._registry.find(tmp_path / name).name


def turned(text):
    return "\n".join(",".join(cells) for cells in zip(*(line.split(",") for line in text.splitlines()), strict=True)) + "\n"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (UNDETERMINED, "run.csv"),
        (PLAIN.replace("22.9", "No Ct"), "run.csv"),
        (turned(UNDETERMINED), "run.csv"),
        (PLAIN.replace("sample", "Ct"), "run.csv"),
        (PLAIN.replace("IFI27,HPRT1,18S", "IFI27_Ct,HPRT1 Ct,Ct 18S"), "run.csv"),
        (PLAIN, "plate3_ct.csv"),
        (PLAIN, "qPCR panel.csv"),
    ],
)
def test_what_says_that_a_table_holds_ct_values(tmp_path, text, name):
    assert chosen(tmp_path, text, name) == "qpcr_wide"
    adata = read(tmp_path, text, name)
    assert adata.uns["ifnscore"]["input"]["scale"] == "ct"
    assert list(adata.var_names) == ["IFI27", "HPRT1", "18S"]
    assert list(adata.obs_names) == ["C25", "P1"]
    second = 24.6
    assert adata["P1", "HPRT1"].X.item() == pytest.approx(second)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (PLAIN, "run.csv"),
        ("gene,s1,s2\nISG15,10,250\nMX1,7,90\n", "ct.csv"),  # counts
        ("gene,s1,s2\nISG15,10.5,12.5\nMX1,7.25,9.5\n", "ct.csv"),  # log2
        ("gene,s1,s2\nISG15,1.5,32.5\nMX1,7.25,9.5\n", "qpcr.csv"),  # relative quantities
        ("gene,s1,s2\nISG15,-1.5,32.5\nMX1,7.25,9.5\n", "qpcr.csv"),  # fold changes
        ("sample,diagnosis,ISG15,MX1\na,undetermined,10.5,12\nb,JDM,7.5,9\n", "run.csv"),  # a diagnosis
        ("sample,age,ISG15,MX1\na,undetermined,1000,12\nb,9,75,9\n", "run.csv"),
        ("sample,age,ISG15,MX1\na,undetermined,10.5,12.5\nb,9,7.5,9.5\n", "run.csv"),
        ("gene,act1,fact2\nISG15,25.5,28.5\nMX1,27.25,29.5\n", "factor.csv"),
    ],
)
def test_other_tables_are_left_to_the_general_loader(tmp_path, text, name):
    assert chosen(tmp_path, text, name) == "text"


def test_undetermined_cells(tmp_path):
    np.testing.assert_allclose(read(tmp_path, UNDETERMINED).X, [[27.5, 24, 9], [22.5, 24.6, 9.6]])
    adata = read(tmp_path, UNDETERMINED, undetermined="40", replicates="median", calibrator="C25")
    np.testing.assert_allclose(adata.X, [[27.5, 24, 9], [31.25, 24.6, 9.6]])
    assert adata.obs["is_calibrator"].tolist() == [True, False]
    assert adata.obs["qc_flags"].tolist() == ["", "IFI27: 1 of 2 wells undetermined"]
    whole = UNDETERMINED.replace("22.5", "").replace("P1", "P2", 1)
    np.testing.assert_array_equal(read(tmp_path, whole).X, [[27.5, 24, 9], [np.nan, 24.5, 9.5], [np.nan, 24.7, 9.7]])
    notes = read(tmp_path, whole).uns["ifnscore"]["input"]["notes"]
    assert "undetermined, and so missing: IFI27 in P1" in notes
    assert "not measured, and so missing: IFI27 in P2" in notes


def test_undetermined_far_down(tmp_path):
    rows = "".join(f"s{i},25.{i % 10},24.5,9.5\n" for i in range(6000))
    assert chosen(tmp_path, PLAIN.splitlines()[0] + "\n" + rows) == "text"
    text = PLAIN.splitlines()[0] + "\n" + rows + "last,Undetermined,24.5,9.5\n"
    assert chosen(tmp_path, text) == "qpcr_wide"
    assert np.isnan(read(tmp_path, text)["last", "IFI27"].X.item())


def test_a_column_that_is_undetermined_throughout_is_no_annotation(tmp_path):
    text = "sample,group,IFI27,SIGLEC1,HPRT1\nA,healthy,27.5,Undetermined,24.5\nB,patient,Undetermined,Undetermined,24.7\n"
    adata = read(tmp_path, text)
    assert list(adata.var_names) == ["IFI27", "SIGLEC1", "HPRT1"]
    assert adata.obs["group"].tolist() == ["healthy", "patient"]
    assert adata.obs["qc_undetermined"].tolist() == [1, 2]


def test_the_only_undetermined_gene_is_so_throughout(tmp_path):
    adata = read(tmp_path, "sample,IFI27,SIGLEC1\nA,27.5,Undetermined\nB,25.5,Undetermined\n")
    np.testing.assert_array_equal(adata.X, [[27.5, np.nan], [25.5, np.nan]])


def test_decimal_commas_assay_names_and_line_endings(tmp_path):
    text = UNDETERMINED.replace(",", ";").replace(".", ",").replace("IFI27", "IFI27-Hs01086370_m1").replace("18S", "18S rRNA")
    for end, encoding in (("\n", "utf-8"), ("\r\n", "utf-8-sig"), ("\r", "utf-8"), ("\n", "utf-16")):
        adata = read(tmp_path, text.replace("\n", end).encode(encoding))
        assert list(adata.var_names) == ["IFI27", "HPRT1", "18S"]
        np.testing.assert_allclose(adata.X, [[27.5, 24, 9], [22.5, 24.6, 9.6]])


def test_numbered_replicates_and_plates(tmp_path):
    text = "sample,plate,IFI27,HPRT1\nP1_1,a,25.0,Undetermined\nP1_2,a,26.0,23\nP2_1,b,21.0,23.5\n"
    assert list(read(tmp_path, text).obs_names) == ["P1_1", "P1_2", "P2_1"]
    adata = read(tmp_path, text, sample_names="numbered")
    assert adata.to_df().to_dict("index") == {"P1": {"IFI27": 25.5, "HPRT1": 23}, "P2": {"IFI27": 21, "HPRT1": 23.5}}
    assert adata.obs["plate"].tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (UNDETERMINED.replace("24.7", "soon"), r"row 'P1', column 'HPRT1': 'soon' is not a number"),
        (UNDETERMINED.replace("24.7", "-4.7"), r"sample P1, gene HPRT1: -4\.7 is no Ct"),
        (UNDETERMINED.replace("24.7", "247"), r"sample P1, gene HPRT1: 247 is no Ct: no run has more than 60 cycles"),
        (UNDETERMINED.replace("24.7", "inf"), r"sample P1, gene HPRT1: inf is no Ct"),
        (UNDETERMINED[: -len(",24.7,9.7\n")] + "\n", r"line 4: 2 fields where 4 are expected"),
        (UNDETERMINED.replace("IFI27", "x1").replace("HPRT1", "x2").replace("18S", "x3"), r"no catalogue gene"),
    ],
)
def test_bad_cells(tmp_path, text, words):
    with pytest.raises(DataError, match=words) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(str(tmp_path / "run.csv"))
    assert "\n" not in str(caught.value)
