"""Excel workbooks: one sheet with genes in rows or in columns."""

from __future__ import annotations

from pathlib import Path

from ifnscore import identify
from ifnscore.errors import DataError, listing, say
from ifnscore.loaders import _excel, _excel_table, _files, _parse
from ifnscore.loaders._model import Loader, Options, Table
from ifnscore.options import Option

_SUFFIXES = (".xlsx", ".xlsm", ".xls")
#: Describing columns that are searched for genes when a sheet has to be chosen.
_COLUMNS = 4


def _claims(path: Path) -> bool:
    return path.suffix.lower() in _SUFFIXES and not path.is_dir()


def _load(path: Path, options: Options) -> Table:
    label = _files.label(path)
    if not _excel.is_workbook(path, label):
        return _text(path, label, options["sheet"])
    name = _excel.named(path, label, options["sheet"]) if options["sheet"] else _chosen(path, label)
    sheet = _excel.read(path, label, name)
    place = _excel_table.locate(sheet)
    _excel.refuse_formulas(path, sheet, set(place.columns), place.header)
    return _excel_table.table(sheet, place)


def _text(path: Path, label: str, sheet: str) -> Table:
    """Read text that was saved under an ending of Excel, as many programs export it."""
    if sheet:
        msg = f"{label}: text, not an Excel workbook: it has no sheets"
        raise DataError(msg)
    data = _files.read_text(path)
    if data[:512].lstrip()[:1] == b"<":
        msg = f"{label}: a web page or XML with the ending of Excel: open it in a spreadsheet program and save it as .xlsx"
        raise DataError(msg)
    say(f"{label}: text, not an Excel workbook, and read as such")
    return _parse.parse(data, label)


def _chosen(path: Path, label: str) -> str:
    """Return the sheet to read: the only one shown, the only one with genes and numbers, or the first of those."""
    found = _excel.sheets(path, label)
    shown = [n for n, visible in found.items() if visible] or list(found)
    if len(shown) == 1:
        return shown[0]
    fitting = [n for n in shown if _holds_genes(_excel.read(path, label, n))]
    chosen = (fitting or shown)[0]
    others = [n for n in found if n != chosen]
    why = "the only one with genes and numbers" if len(fitting) == 1 else "the first one with genes and numbers"
    why = why if fitting else "the first one; none holds known genes"
    say(f"{label}: sheet {chosen!r} is read, {why} (there are also {listing(others, 4)}; choose with --option sheet=NAME)")
    return chosen


def _holds_genes(sheet: _excel.Sheet) -> bool:
    try:
        place = _excel_table.locate(sheet)
    except DataError:
        return False
    columns = [[row[j] for i in place.rows if j < len(row := sheet.rows[i])] for j in place.columns[:_COLUMNS]]
    words = [[c for c in column if isinstance(c, str)] for column in (*columns, place.names)]
    return any(identify.known(w) for w in words)


LOADER = Loader(
    name="excel",
    title="Excel sheet, genes in rows or in columns",
    suffixes=_SUFFIXES,
    claims=_claims,
    load=_load,
    order=9,  # a sheet that an instrument wrote belongs to the instrument's loader
    options=(Option("sheet", "Sheet to read (default: the only one with genes, or the first of those)."),),
)
