"""Workbooks of qPCR software, and of a user's own, that hold one well a row.

QuantStudio and Design & Analysis write the sheet ``Results`` below a preamble, Bio-Rad CFX a sheet ``0``; otherwise the first
sheet with columns for the sample, the gene and the Ct is taken. Old ``.xls`` workbooks are not read: save them as ``.xlsx`` or
export text.
"""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ifnscore.errors import DataError, say
from ifnscore.loaders import _bounds, _files, _qpcr_text
from ifnscore.loaders._anndata import reason
from ifnscore.loaders._model import Known, Loader, Options
from ifnscore.loaders._optional import need
from ifnscore.loaders._qpcr_matrix import matrix
from ifnscore.loaders._qpcr_options import OPTIONS, choices
from ifnscore.loaders._qpcr_text import Export
from ifnscore.loaders._qpcr_wells import plate

_SUFFIXES = (".xlsx", ".xlsm")
#: A cell that is exactly the name of a Ct column, and one that names a gene or sample column, as XML.
_CT = re.compile(r">\s*(c[tqpт]|crt|c[tqт][ _]mean|threshold cycle|cycle threshold|quantification cycle)\s*<", re.IGNORECASE)
_OTHER = re.compile(
    r">\s*(target( name)?|gene( name| symbol)?|detector( name)?|assay( name)?|sample( name| id)?|well( position)?)\s*<",
    re.IGNORECASE,
)
_PARTS = re.compile(r"xl/(sharedStrings|worksheets/[^/]+)\.xml")
#: How much of a part, and how many parts, are looked at.
_LOOK, _MAX_PARTS = 4 << 20, 20
_MAX_ROWS = 200_000


def _claims(path: Path) -> bool:
    """Whether the words of a workbook name a Ct column and a gene or sample column; no cell is parsed for that."""
    if path.suffix.lower() not in _SUFFIXES or not path.is_file():
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            names = sorted(m.filename for m in archive.infolist() if _PARTS.fullmatch(m.filename))
            for name in names[:_MAX_PARTS]:
                with archive.open(name) as handle:
                    text = handle.read(_LOOK).decode("utf-8", errors="replace")
                if _CT.search(text) and len({m.lower() for m, *_ in _OTHER.findall(text)}) > 1:
                    return True
    except Exception:  # noqa: BLE001  - a damaged archive is left to the general loader of workbooks
        return False
    return False


def _load(path: Path, options: Options) -> Known:
    chosen = choices(options)
    export = _export(path)
    return matrix([plate(export)], export.label, chosen, _qpcr_text.why(export))


def _export(path: Path) -> Export:
    """Return the table of wells of a workbook.

    Raises
    ------
    DataError
        The workbook is damaged, too large, or no sheet holds such a table.
    """
    label = _files.label(path)
    _bounds.check_zip(path, label)
    openpyxl = need("openpyxl", label, "Excel workbooks")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            found = _first(book, label)
            book.close()
    except (MemoryError, DataError):
        raise
    except Exception as error:  # openpyxl lets those of its parts through; any of them means a damaged file
        msg = f"{label}: the workbook is damaged or of another format ({reason(error)}): save it again as .xlsx, or export text"
        raise DataError(msg) from error
    if found is None:
        msg = f"{label}: no sheet with one well a row and columns for the sample, the gene and the Ct: export the sheet 'Results'"
        raise DataError(msg)
    return found


def _first(book: Any, label: str) -> Export | None:
    names = sorted(book.sheetnames, key=lambda n: n not in ("Results", "0"))
    for name in names:
        found = _qpcr_text.from_cells(f"{label}, sheet {name!r}", list(_rows(book[name], label)))
        if found is not None:
            say(f"{label}: sheet {name!r} is read")
            return found
    return None


def _rows(sheet: Any, label: str) -> Iterator[list[str]]:
    """Yield the cells of each row as text, as many in each row as the longest has."""
    rows = []
    for n, row in enumerate(sheet.iter_rows(values_only=True), 1):
        if n > _MAX_ROWS:
            msg = f"{label}: sheet {sheet.title!r} has over {_MAX_ROWS} rows: a qPCR export has one a well"
            raise DataError(msg)
        rows.append(["" if v is None else str(v).strip() for v in row])
    width = max(map(len, rows), default=0)
    yield from (r + [""] * (width - len(r)) for r in rows)


LOADER = Loader(
    name="qpcr_excel",
    title="qPCR workbook with one well a row (QuantStudio sheet 'Results', Bio-Rad CFX)",
    suffixes=_SUFFIXES,
    claims=_claims,
    load=_load,
    order=_qpcr_text.ORDER,
    scale="ct",
    options=OPTIONS,
)
