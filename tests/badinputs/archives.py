"""Workbooks, R data, loom, MuData and archives of lane files."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import openpyxl
from tests.badinputs._model import CSV, GENES, SAMPLES, Family, X
from tests.fuzz.targets import CORPUS

_x, _r, _l, _m, _z = (Family(f, n) for f, n in (("excel", "m.xlsx"), ("R data", "m.rds"), ("loom", "m.loom"), ("MuData", "m.h5mu"), ("zip of lanes", "lanes.zip")))
_ROWS = [["gene", *SAMPLES], *([g, *map(int, X[:, j])] for j, g in enumerate(GENES))]


def _workbook(change: Callable[[openpyxl.Workbook], object] | None = None, rows: list[list[object]] = _ROWS) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if change is not None:
        change(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _flipped(data: bytes) -> bytes:
    i = len(data) // 3
    return data[:i] + bytes(b ^ 0xFF for b in data[i : i + 40]) + data[i + 40 :]


def _hdf5(**parts: object) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with h5py.File(path, "w") as file:
            for name, value in parts.items():
                file[name] = value

    return write


def _zip(**members: object) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return buffer.getvalue()


_RCC = (CORPUS / "rcc" / "a.RCC").read_bytes()
_x.refuse("excel-empty", "0 bytes", b"", "the file is empty")
_x.read("excel-text", "text under .xlsx", CSV, "text, not an Excel workbook, and read as such")
_x.refuse("excel-truncated", "cut off", _workbook()[:-300], "not a readable zip archive, damaged or cut off")
_x.refuse("excel-flipped", "40 bytes inverted", _flipped(_workbook()), "not a readable Excel workbook, damaged or cut off")
_x.refuse("excel-other-zip", "a zip archive of something else", _zip(a__txt="x"), "not a readable Excel workbook, damaged or cut off")
_x.refuse("excel-old", "an old .xls under .xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an old Excel file (.xls), or one with a password: save it as .xlsx without a password")
_x.refuse("excel-no-rows", "a header and no rows", _workbook(rows=_ROWS[:1]), "sheet 'Sheet': no table of numbers; choose another sheet with --option sheet=NAME")
_x.refuse("excel-blank", "an empty sheet", _workbook(rows=[]), "sheet 'Sheet': the sheet is empty")
_x.refuse("excel-word", "a word among the numbers", _workbook(lambda b: b.active.__setitem__("C5", "n.d.")), "sheet 'Sheet', cell C5: row 'ISG15', column 's2': 'n.d.' is not a number; every value must be a number,")
_x.refuse("excel-formula", "a formula without its value", _workbook(lambda b: b.active.__setitem__("C5", "=A1+1")), "sheet 'Sheet', cell C5: a formula without a stored value: open the workbook in a spreadsheet program,")
_x.refuse("excel-text-comma", "numbers as text with decimal commas", _workbook(lambda b: b.active.__setitem__("C5", "41,5")), "sheet 'Sheet', cell C5: row 'ISG15', column 's2': '41,5' is not a number; this looks like a decimal")
_x.refuse("excel-duplicate", "two samples of one name", _workbook(rows=[["gene", "s1", "s1", "s3"], *_ROWS[1:]]), "duplicate sample names: s1; give each sample its own name")
_x.read("excel-fine", "a sheet as it should be", _workbook(), "3 samples x 6 genes")
_x.read("excel-numbers-as-text", "numbers stored as text", _workbook(rows=[_ROWS[0], *([g, *map(str, v)] for g, *v in _ROWS[1:])]), "3 samples x 6 genes")
_r.refuse("rds-empty", "0 bytes", b"", "the file is empty")
_r.refuse("rds-text", "text under .rds", CSV, "not an R data file (saveRDS or save): it begins with b'gene,s1,'")
_r.refuse("rds-magic-only", "the first bytes of R data", b"X\n\0\0\0\x03", "the R data file is truncated or damaged (1 values are declared and 0 are there): copy or download it")
_r.refuse("rds-gzip-truncated", "gzip cut off", gzip.compress(b"X\n\0\0\0\x03\0\x04\0\0" * 30)[:-20], "the compressed file is truncated or damaged")
_r.refuse("rds-random", "random bytes behind the first ones of R data", b"X\n" + bytes(range(256)) * 4, "holds something that rdata cannot read (Format version 66051 unsupported); save the matrix alone: in R,")
_r.refuse("rda-text", "text under .rda", CSV, "not an R data file (saveRDS or save): it begins with b'gene,s1,'", name="m.rda")
_r.refuse("rda-magic-only", "the first bytes of an R workspace", b"RDX3\nX\n", "the R data file is truncated or damaged (1 values are declared and 0 are there): copy or download it", name="m.rda")
_l.refuse("loom-empty", "0 bytes", b"", "the file is empty")
_l.refuse("loom-text", "text under .loom", CSV, "not a readable HDF5 file, damaged or of another format")
_l.refuse("loom-other", "HDF5 that is not loom", _hdf5(foo=np.ones(3)), "HDF5, but not loom: matrix, row_attrs and col_attrs are needed (it holds foo)")
_l.refuse("loom-no-genes", "a matrix without names of genes", _hdf5(matrix=np.ones((3, 6))), "HDF5, but not loom: matrix, row_attrs and col_attrs are needed (it holds matrix)")
_m.refuse("mudata-empty", "0 bytes", b"", "the file is empty")
_m.refuse("mudata-text", "text under .h5mu", CSV, "not a readable HDF5 file, damaged or of another format")
_m.refuse("mudata-other", "HDF5 that is not MuData", _hdf5(foo=np.ones(3)), "not MuData: /mod is missing (it holds foo)")
_z.refuse("lanes-text", "text under .zip", CSV, "not what the ending '.zip' says (a zip archive of NanoString RCC files): damaged, cut off, or of another")
_z.refuse("lanes-truncated", "cut off", _zip(a__RCC=_RCC)[:-30], "not what the ending '.zip' says (a zip archive of NanoString RCC files): damaged, cut off, or of another")
_z.refuse("lanes-flipped", "40 bytes inverted", _flipped(_zip(a__RCC=_RCC)), "'a.RCC': cannot be read from the archive (Bad CRC-32 for file 'a.RCC'): copy or download it again")
_z.refuse("lanes-other", "no lane file in it", _zip(a__txt="x"), "not what the ending '.zip' says (a zip archive of NanoString RCC files): damaged, cut off, or of another")
_z.refuse("lanes-empty", "an archive of nothing", _zip(), "not what the ending '.zip' says (a zip archive of NanoString RCC files): damaged, cut off, or of another")
_z.refuse("lanes-damaged-lane", "a lane file cut off", _zip(a__RCC=_RCC[:400]), "'a.RCC': the section that begins in line 26 has no end: the file is cut off; copy it again")

CASES = [*_x.cases, *_r.cases, *_l.cases, *_m.cases, *_z.cases]
