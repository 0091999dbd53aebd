"""Scores for compare, cohort folders, and tables for the Total Improvement Score."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests import cohorts
from tests.badinputs._model import Case, Outcome, files

_SIMPLE = ("compare", "{path}", "--patient", "who", "--time", "when", "--baseline", "pre", "--followup", "post", "--scores", "ifn", "--score-type", "log", "-o", "{out}/change")
_WHO = [f"p{i}" for i in range(6)]
_SCORES = "sample,who,when,ifn\n" + "".join(f"{w}{t},{w},{t},{4 - (t == 'post') + i / 10}\n" for i, w in enumerate(_WHO) for t in ("pre", "post"))
_COMPARE = ("compare", "{folder}/scores.csv", "{path}", "--scores", "ifn", "--score-type", "log", "-o", "{out}/change")
_TIS = ("tis", "{path}", "--core-set", "IMACS", "-o", "{out}/tis.tsv")
_PERCENT = "case,phys,parent,muscle,chaq,enzyme,extramusc\na,50,50,50,50,50,50\n"


def _scores(id: str, wrong: str, content: object, says: str, name: str = "scores.csv", **more: object) -> Case:
    more.setdefault("words", _SIMPLE)
    return Case(id=f"scores-{id}", format="table of scores", wrong=wrong, make=files({name: content}, name), says=says, **more)


def _cohort(id: str, wrong: str, says: str, make: Callable[[Path], Path] | None = None, **more: object) -> Case:
    """Return a broken cohort; changes of tables are keyword arguments in capitals, as text."""
    tables = {k.lower(): more.pop(k) for k in [k for k in more if k.isupper()]}

    def write(folder: Path) -> Path:
        (folder / "scores.csv").write_text("sample,ifn\nB1,4\nB2,3\n")
        return cohorts.write(folder / "cohort", **tables)

    more.setdefault("words", _COMPARE)
    more.setdefault("named", "")
    return Case(id=f"cohort-{id}", format="cohort", wrong=wrong, make=make or write, says=says, **more)


def _in(table: str, old: str, new: str) -> dict[str, str]:
    return {k.upper(): v for k, v in cohorts.change(table, old, new).items()}


def _bytes(name: str, content: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / "scores.csv").write_text("sample,ifn\nB1,4\nB2,3\n")
        cohort = cohorts.write(folder / "cohort")
        (cohort / name).write_bytes(content)
        return cohort

    return make


def _tis(id: str, wrong: str, content: object, says: str, **more: object) -> Case:
    more.setdefault("words", _TIS)
    return Case(id=f"tis-{id}", format="TIS table", wrong=wrong, make=files({"tis.csv": content}, "tis.csv"), says=says, **more)


def _written(name: str) -> Callable[[Outcome], None]:
    def check(outcome: Outcome) -> None:
        assert (outcome.out / name).exists()

    return check


def _missing_folder(folder: Path) -> Path:
    (folder / "scores.csv").write_text("sample,ifn\nB1,4\n")
    return folder / "gone"


def _empty_folder(folder: Path) -> Path:
    (folder / "scores.csv").write_text("sample,ifn\nB1,4\n")
    (folder / "cohort").mkdir()
    return folder / "cohort"


CASES = [
    _scores("empty", "0 bytes", b"", "the file is empty"),
    _scores("header-only", "a header and no rows", "sample,who,when,ifn\n", "the table has no rows"),
    _scores("binary", "random bytes", bytes(range(256)), "this is not text but binary data"),
    _scores("no-score", "the score column is missing", _SCORES.replace("ifn", "rice"), "no scores named 'ifn'; there are who, when, rice"),
    _scores("no-patient", "the column of patients is missing", _SCORES.replace("who", "id"), "patient='who': the samples have no such column", named=""),
    _scores("word", "a word among the scores", _SCORES.replace("4.0", "high"), "score 'high' of sample 'p0pre' in column 'ifn' is no number"),
    _scores("tis.csv row 2 (a), column 'phys' is infinite; leave it empty where it is missing", "an infinite score", _SCORES.replace("4.0", "inf"), "1 infinite scores in column 'ifn' are taken as missing", code=0, holds=_written("change")),
    _scores("1e308", "a score of 1e308", _SCORES.replace("4.0", "1e308"), "score 1e+308 of sample 'p0pre' in column 'ifn' is no score"),
    _scores("decimal-comma", "decimal commas", _SCORES.replace(",", ";").replace(".", ","), "score '4,0' of sample 'p0pre' in column 'ifn' is no number"),
    _scores("duplicate", "a sample twice", _SCORES + "p0pre,p0,pre,9\n", "sample 'p0pre' has two rows of scores; give each sample its own name"),
    _scores("ragged", "a row with one field more", _SCORES.replace("p1,pre", "p1,pre,x"), "not a CSV or TSV table: line 4 has 5 cells, the header 4"),
    _scores("one-patient", "one patient", "\n".join(_SCORES.splitlines()[:3]) + "\n", "1 patient cannot reject anything at 0.05", code=0, holds=_written("change")),
    _scores("no-followup", "nobody has a follow-up", _SCORES.replace("post", "other"), "followup='post': no sample has it in column 'when'; values there: other, pre", named=""),
    _scores("not-scored", "an h5ad without scores", b"\x89HDF\r\n\x1a\n", "not a readable HDF5 file", name="m.h5ad"),
    _scores("parquet", "a damaged parquet file", b"PAR1xxxxPAR1", "not a parquet table", name="scores.parquet"),
    _scores("ending", "an unknown ending", b"\0\1\2", "this is not text but binary data", name="scores.docx"),
    _cohort("missing", "no such folder", "there is no such folder; `ifnscore cohort template ...` writes an empty one", make=_missing_folder),
    _cohort("empty", "an empty folder", "cohort.toml: the file is missing; write one that says [cohort] and", make=_empty_folder),
    _cohort("no-patients", "patients.csv is missing", "patients.csv: the file is missing; add it, one row for one patient; `ifnscore cohort", PATIENTS=None),
    _cohort("no-settings", "cohort.toml is missing", "cohort.toml: the file is missing; write one that says [cohort] and index_drug =", SETTINGS=None),
    _cohort("toml", "cohort.toml cut off", "cohort.toml: not valid TOML", SETTINGS='[cohort]\nindex_drug = "tofa'),
    _cohort("toml-key", "an unknown setting", "cohort.toml line 4, column cohort.sythetic: unknown settings key; remove it or correct", **_in("settings", "synthetic = true", "sythetic = true")),
    _cohort("toml-kind", "a word where a number is needed", "cohort.toml line 3, column cohort.data_cut_day: a number is needed, without quotes; last", **_in("settings", "400", '"late"')),
    _cohort("toml-binary", "random bytes as cohort.toml", "cohort.toml: cannot be read: not UTF-8 text; save it as UTF-8 text", make=_bytes("cohort.toml", bytes(range(256)))),
    _cohort("empty-table", "patients.csv of 0 bytes", "patients.csv: the file is empty; write a header line with the names of the columns", PATIENTS=""),
    _cohort("header-only", "patients.csv without rows", "patients.csv: no rows; fill in one row for one patient", PATIENTS=cohorts.TABLES["patients"].partition("\n")[0] + "\n"),
    _cohort("duplicate", "a patient twice", "patients.csv line 3, column patient_id: the same patient_id as in line 2;", **_in("patients", "P-b,M", "P-a,M")),
    _cohort("stranger", "a sample of an unknown patient", "samples.csv line 3, column patient_id: this patient is not in patients.csv; add the", **_in("samples", "B2,P-a", "B2,P-x")),
    _cohort("day-word", "a day that is a word", "visits.csv line 3, column day: not a number; write days since the first dose of the", **_in("visits", "P-a,V1,180", "P-a,V1,later")),
    _cohort("day-date", "a date instead of a day", "visits.csv line 3, column day: a calendar date; write days since the first dose of the", **_in("visits", "P-a,V1,180", "P-a,V1,2019-03-01")),
    _cohort("day-comma", "a decimal comma", "wrote", code=0, holds=_written("change"), **_in("visits", "NA,V1,175.5", 'NA,V1,"175,5"')),
    _cohort("day-huge", "a day of 1e400", "visits.csv line 3, column day: a calendar date that Excel wrote as a number; write days", **_in("visits", "P-a,V1,180", "P-a,V1,1e400")),
    _cohort("stop-before-start", "a drug stopped before it began", "exposures.csv line 3, column stop_day: stops before it starts; correct", **_in("exposures", "0,90,", "90,0,")),
    _cohort("out-of-range", "a measure out of its range", "outcomes.csv line 2, column value: cdasi_activity is 900, above 100 ... check the form", code=0, holds=_written("change"), **_in("outcomes", "P-a,V0,cdasi_activity,,20", "P-a,V0,cdasi_activity,,900")),
    _cohort("instrument", "an unknown measure", "outcomes.csv line 10, column instrument: unknown instrument; use its id, or define it in", **_in("outcomes", "NA,V0,cmas", "NA,V0,cmaz")),
    _cohort("ragged", "a row with one field more", "visits.csv line 3: 5 cells, but the header has 4; put text that holds the separator in", **_in("visits", "P-a,V1,180,", "P-a,V1,180,x,")),
    _cohort("binary", "random bytes as visits.csv", "visits.csv: not UTF-8 text; in Excel, save it as 'CSV UTF-8'", make=_bytes("visits.csv", bytes(range(256)))),
    _cohort("utf16-nul", "NUL bytes in visits.csv", "visits.csv, column visit_id: the column is missing; add it: name of the", make=_bytes("visits.csv", b"patient_id,visit_id\0\n")),
    _cohort("xlsx", "a damaged workbook", "cohort.xlsx: cannot be read as an Excel workbook (BadZipFile); save it again as .xlsx", make=files({"scores.csv": "sample,ifn\nB1,4\n", "cohort.xlsx": b"PK\x03\x04xx"}, "cohort.xlsx")),
    _cohort("folder-table", "visits.csv is a folder", "visits.csv: cannot be read: Is a directory; check its permissions", make=lambda f: ((f / "scores.csv").write_text("sample,ifn\nB1,4\n"), cohorts.write(f / "cohort", visits=None), (f / "cohort" / "visits.csv").mkdir())[1]),
    _tis("empty", "0 bytes", b"", "the file is empty"),
    _tis("no-measure", "no measure among the columns", "a,b\n1,2\n", "no column is a core set measure (found a, b); give per cent changes in phys, parent, muscle, chaq,"),
    _tis("word", "a word instead of a number", _PERCENT.replace("a,50", "a,much"), "tis.csv row 2 (a), column 'phys' is 'much'; it needs a number, or nothing where it is missing"),
    _tis("over-100", "150 per cent", _PERCENT.replace("a,50", "a,150"), "tis.csv row 2 (a), column 'phys': phys: a change of 150 % is not possible; it lies within -100 to 100 %"),
    _tis("inf", "inf", _PERCENT.replace("a,50", "a,inf"), "inf"),
    _tis("huge", "1e400", _PERCENT.replace("a,50", "a,1e400"), "tis.csv row 2 (a), column 'phys' is infinite; leave it empty where it is missing"),
    _tis("duplicate", "a measure twice", _PERCENT.replace("parent", "phys"), "two columns are called 'phys'"),
    _tis("values", "values without the range of the enzyme", "case,enzyme_before,enzyme_after\na,5,4\n", "tis.csv holds values: give --mmt-max (the largest MMT of the form in use, 80 or 150), --enzyme-range"),
    _tis("decimal-comma", "decimal commas", _PERCENT.replace(",", ";").replace("a;50", "a;5,5"), "tis.csv row 2 (a), column 'phys' is '5,5'; it needs a number, or nothing where it is missing"),
    _tis("ragged", "a row with one field more", _PERCENT + "b,1,2,3,4,5,6,7,8\n", "not a CSV or TSV table: line 3 has 9 cells, the header 7"),
    _tis("missing", "a missing measure", _PERCENT.replace("a,50", "a,"), "wrote", code=0, holds=_written("tis.tsv")),
    _tis("bom-crlf", "a byte order mark and line ends of Windows", "\ufeff" + _PERCENT.replace("\n", "\r\n"), "wrote", code=0, holds=_written("tis.tsv")),
]  # fmt: skip
