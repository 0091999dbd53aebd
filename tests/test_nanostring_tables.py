"""Tables of NanoString software: RCC Collector, nSolver raw data, nSolver normalised data."""

from __future__ import annotations

import pytest
from tests import nanostring_files as files

import ifnscore as ifn
from ifnscore.errors import DataError, ScaleError

FACTS = {
    "Sample ID": {"a 1.RCC": "Mustermann Erika", "b.RCC": "P-2"},
    "Owner": {"a": "dr.who", "b": "dr.who"},
    "Sample Date": {"a": "6/4/2014", "b": "6/4/2014"},
    "Gene RLF": {"a": "IFN_v1", "b": "IFN_v1"},
    "Comments": {"a": "", "b": ""},
    "Lane ID": {"a": "1", "b": "2"},
    "FOV Count": {"a": "280", "b": "280"},
    "FOV Counted": {"a": "280", "b": "140"},
    "Scanner ID": {"a": "1202C0037", "b": "1202C0037"},
    "Binding Density": {"a": "1.11", "b": "0.75"},
    "Cartridge ID": {"a": "000-0", "b": "000-0"},
    "Messages": {"a": "", "b": ""},
}
TWO = [files.classes(), files.classes({g: 2 * c for g, c in files.GENES.items()})]
TABLE = files.collector(FACTS, TWO)


def read(path, text, **kwargs):
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return ifn.read(path, **{"normalise": "none"} | kwargs)


@pytest.mark.parametrize(
    "data",
    [TABLE, TABLE.replace("\n", "\r\n"), TABLE.replace("\n", "\r"), TABLE.replace(",", "\t"), TABLE.replace(",", ";"),
     TABLE.encode("utf-8-sig"), TABLE.encode("utf-16")],
)  # fmt: skip
def test_collector(tmp_path, data):
    adata = read(tmp_path / "collector.csv", data)
    assert adata.uns["ifnscore"]["input"]["format"] == "rcc_collector"
    assert adata.obs_names.tolist() == ["a 1", "b"]
    assert adata[:, "ISG15"].X.ravel().tolist() == [400, 800]
    assert adata.obsm["nanostring"].loc["b"].to_dict() == {k: float(v) for k, v in (files.POSITIVES | files.NEGATIVES).items()}
    assert adata.obs["rlf"].tolist() == ["IFN_v1"] * 2
    assert adata.obs["lane"].tolist() == ["1", "2"]
    assert adata.obs["rcc_id"].tolist() == ["", "P-2"]
    assert adata.obs["qc_flags"].tolist() == ["", "fields of view counted 0.50 < 0.75"]
    assert "2014" not in adata.obs.to_csv()
    assert "who" not in adata.obs.to_csv()


def test_collector_and_rcc_files_give_the_same(tmp_path):
    """The table of two lanes and the lanes themselves are one matrix, normalised alike."""
    folder = tmp_path / "lanes"
    folder.mkdir()
    for name, lane, probes in (("a 1", 1, TWO[0]), ("b", 2, TWO[1])):
        files.write(folder / f"{name}.RCC", probes, lane=lane)
    table = read(tmp_path / "t.csv", TABLE.replace("280,140", "280,280"), normalise=None)
    lanes = ifn.read(folder)
    assert (table.X == lanes.X).all()
    assert table.uns["ifnscore"]["input"]["normalised"] == lanes.uns["ifnscore"]["input"]["normalised"] != ""


HEADER = "Probe Name,Accession #,NS Probe ID,Class Name,Analyte Type,% Samples above Threshold,Avg Count,x_01.RCC,x_02.RCC"


def grid(cells, annotations="Group,,,,,,,JDM,HC\n,,,,,,,,\n"):
    rows = "".join(f"{n},{n}_acc,id,{k},mRNA,100,9,{','.join(str(v) for v in vs)}\n" for k, n, vs in cells)
    return f"{HEADER}\n{annotations}{rows}"


CELLS = [
    ("Endogenous", "ISG15", (400, 90)),
    ("Endogenous", "MX1", (7, 8)),
    ("Housekeeping", "TBP", (100, 50)),
    ("Positive", "POS_A", (9000, 8000)),
    ("Negative", "NEG_A", (3, 4)),
]
HALVES = [(k, n, tuple(v + 0.5 for v in vs)) for k, n, vs in CELLS]


def test_nsolver_raw_data(tmp_path):
    adata = read(tmp_path / "raw.csv", grid(CELLS))
    assert adata.uns["ifnscore"]["input"]["format"] == "rcc_collector"
    assert adata.obs_names.tolist() == ["x_01", "x_02"]
    assert adata.X.tolist() == [[400, 7, 100], [90, 8, 50]]
    assert adata.var["accession"].tolist() == ["ISG15_acc", "MX1_acc", "TBP_acc"]
    assert adata.obsm["nanostring"].columns.tolist() == ["POS_A(128)", "NEG_A(0)"]
    assert ifn.read(tmp_path / "raw.csv").uns["ifnscore"]["input"]["normalised"].startswith("nanostring (housekeeping=TBP")


def test_a_plain_matrix_with_code_classes(tmp_path):
    text = "CodeClass\tName\tAccession\tp1\tp2\nEndogenous\tISG15\tN1\t4\t5\nHousekeeping\tTBP\tN2\t40\t50\n"
    adata = read(tmp_path / "m.txt", text)
    assert (adata.obs_names.tolist(), adata.X.tolist()) == (["p1", "p2"], [[4, 40], [5, 50]])


def test_nsolver_normalised_data(tmp_path):
    adata = read(tmp_path / "norm.csv", grid(HALVES), normalise=None)
    record = adata.uns["ifnscore"]["input"]
    assert (record["format"], record["scale"], record["platform"]) == ("nsolver", "linear", "NanoString")
    assert "same experiment" in record["notes"]
    assert "normalised" not in record
    assert adata.X.tolist() == [[400.5, 7.5, 100.5], [90.5, 8.5, 50.5]]
    with pytest.raises(ScaleError, match="nanostring starts from counts"):
        ifn.read(tmp_path / "norm.csv", normalise="nanostring")


def test_logarithms_of_nsolver_have_to_be_declared(tmp_path):
    logs = [(k, n, (8.25, 7.5)) for k, n, _ in CELLS]
    assert read(tmp_path / "log.csv", grid(logs)).uns["ifnscore"]["input"]["scale"] == ""
    assert read(tmp_path / "log.csv", grid(logs), scale="log2").uns["ifnscore"]["input"]["scale"] == "log2"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (grid([*CELLS, ("Endogenous", "", (1, 2))]), "line 9: a probe without a name"),
        (grid([*CELLS, CELLS[0]]), r"line 9: probe ISG15 \(ISG15_acc\) stands twice, first in line 4"),
        (grid([*CELLS, ("Endogenous", "OAS1", (1, ""))]), "line 9, probe OAS1, x_02: '' is no count"),
        (grid([*CELLS, ("Endogenous", "OAS1", (1, -2))]), "line 9, probe OAS1, x_02: '-2' is no count"),
        (grid([*HALVES, ("Endogenous", "OAS1", (1.5, "n.d."))]), "line 9, probe OAS1, x_02: 'n.d.' is not a number"),
        (grid([*HALVES, ("Endogenous", "OAS1", (1.5, "inf"))]), "line 9, probe OAS1, x_02: 'inf' is not a number"),
        (grid(CELLS).replace("x_02.RCC", "x_01.RCC"), "two columns are named 'x_01'"),
        (grid([]), "no rows of probes"),
        (TABLE.replace("a 1.RCC,b.RCC", ",b.RCC"), "column 4 has no file name"),
        (
            TABLE.replace("NM_", "").replace("Endogenous,MX1", "Endogenous,ISG15").replace("EM_00002.1", "EM_00001.1"),
            "stands twice",
        ),
        (grid([("Positive", "POS_A", (1, 2))]), "no probes of class Endogenous or Housekeeping"),
    ],
)
def test_bad_tables(tmp_path, text, said):
    with pytest.raises(DataError, match=said) as error:
        read(tmp_path / "bad.csv", text)
    assert str(error.value).startswith(str(tmp_path / "bad.csv"))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "text", ["gene,a,b\nISG15,1,2\nMX1,3,4\n", "File Name,a,b\nISG15,1,2\nMX1,3,4\n", "Name,Class,a\nISG15,x,2\n"]
)
def test_other_tables_are_left_to_others(tmp_path, text):
    assert read(tmp_path / "plain.csv", text).uns["ifnscore"]["input"]["format"] not in ("rcc_collector", "nsolver")
