"""qPCR workbooks: the sheet of results under a preamble, and workbooks that are something else."""

from __future__ import annotations

import numpy as np
import openpyxl
import pytest

from ifnscore import loaders
from ifnscore.errors import DataError

HEADER = ["Well", "Well Position", "Omit", "Sample", "Target", "Task", "Reporter", "Cq", "Cq Mean"]
ROWS = [
    [1, "A1", "FALSE", "C25", "IFI27", "UNKNOWN", "FAM", 27.0, 27.1],
    [2, "A2", "FALSE", "C25", "IFI27", "UNKNOWN", "FAM", 27.2, 27.1],
    [3, "A3", "FALSE", "C25", "HPRT1", "UNKNOWN", "FAM", 24, None],
    [4, "A4", "FALSE", 17, "IFI27", "UNKNOWN", "FAM", "UNDETERMINED", None],
    [5, "A5", "FALSE", 17, "HPRT1", "UNKNOWN", "FAM", 24.5, None],
    [6, "A6", "FALSE", None, "HPRT1", "NTC", "FAM", "UNDETERMINED", None],
]


def book(path, sheets):
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(path)
    return path


def preamble():
    return [["File Name", "C:\\Users\\Jane\\x.eds"], ["Operator", "Jane"], ["Block Type", "96-Well"], []]


def test_results_under_a_preamble(tmp_path):
    sheets = {
        "Replicate Group Result": [["Sample", "Target", "Cq Mean"], ["C25", "IFI27", 99]],
        "Results": [*preamble(), HEADER, *ROWS, [], ["Reference Sample", "C25"]],
    }
    adata = loaders.read(book(tmp_path / "run.xlsx", sheets))
    assert adata.uns["ifnscore"]["input"]["format"] == "qpcr_excel"
    np.testing.assert_allclose(adata.X, [[27.1, 24], [np.nan, 24.5]])
    assert list(adata.obs_names) == ["C25", "17"]
    assert adata.obs["is_calibrator"].tolist() == [True, False]
    assert "Jane" not in repr(adata.uns)


def test_a_table_of_a_users_own(tmp_path):
    path = book(tmp_path / "own.xlsx", {"Sheet1": [["sample", "gene", "Ct"], ["A", "IFI27", 25.5], ["A", "18S", 9]]})
    assert loaders.read(path).X.tolist() == [[25.5, 9]]


def test_bad_workbooks(tmp_path):
    wrong = [*ROWS[:2], [3, "A3", "FALSE", "C25", "HPRT1", "UNKNOWN", "FAM", "soon", None]]
    path = book(tmp_path / "run.xlsx", {"Results": [*preamble(), HEADER, *wrong]})
    with pytest.raises(DataError, match=r"run\.xlsx, sheet 'Results', line 8, column 'Cq': 'soon' is not a Ct"):
        loaders.read(path)
    whole = book(tmp_path / "cut.xlsx", {"Results": [*preamble(), HEADER, *ROWS]}).read_bytes()
    (tmp_path / "cut.xlsx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"cut\.xlsx: "):
        loaders.read(tmp_path / "cut.xlsx")


def test_other_workbooks_are_not_claimed(tmp_path):
    from ifnscore.loaders.qpcr_excel import LOADER

    assert not LOADER.claims(book(tmp_path / "m.xlsx", {"counts": [["gene", "s1"], ["ISG15", 10]]}))
    assert not LOADER.claims(book(tmp_path / "apart.xlsx", {"a": [["sample", "Ct"]], "b": [["gene", "well"]]}))
    (tmp_path / "x.xlsx").write_bytes(b"PK\x03\x04nothing")
    assert not LOADER.claims(tmp_path / "x.xlsx")
    assert not LOADER.claims(tmp_path / "absent.xlsx")
