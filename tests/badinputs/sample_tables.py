"""Tables beside the matrix, and control expressions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.badinputs._model import CSV, Case, Outcome, files

_GOOD = "sample_id,group,age\ns1,healthy,7\ns2,healthy,8\ns3,jdm,9\n"
_READ = ("score", "{folder}/m.csv", "--samples", "{path}", "-s", "rice", "-m", "zref_mean", "--controls", "group == 'healthy'", "-o", "{out}/scores.tsv")


def _samples(id: str, wrong: str, content: object, says: str, name: str = "samples.csv", **more: object) -> Case:
    """Return a bad table of samples beside a good matrix."""
    more.setdefault("words", _READ)
    return Case(id=f"samples-{id}", format="samples table", wrong=wrong, make=files({"m.csv": CSV, name: content}, name), says=says, **more)


def _control(id: str, wrong: str, text: str, says: str, code: int = 2, samples: str = _GOOD) -> Case:
    """Return a bad control expression beside good tables."""
    words = [w if w != "group == 'healthy'" else text.replace("{", "{{").replace("}", "}}") for w in _READ]
    return Case(
        id=f"controls-{id}", format="control expression", wrong=wrong, make=files({"m.csv": CSV, "samples.csv": samples}, "samples.csv"),
        says=says, code=code, words=words, named="",
    )  # fmt: skip


def _scored(*samples: str) -> Callable[[Outcome], None]:
    def check(outcome: Outcome) -> None:
        rows = (outcome.out / "scores.tsv").read_text(encoding="utf-8").splitlines()[1:]
        assert tuple(r.split("\t")[0] for r in rows) == samples

    return check


def _directory(folder: Path) -> Path:
    (folder / "m.csv").write_text(CSV)
    (folder / "samples.csv").mkdir()
    return folder / "samples.csv"


_NO_CONTROLS = "selects none of the 3 samples; values of 'group': healthy, jdm"
CASES = [
    _samples("empty", "0 bytes", b"", "the file is empty"),
    _samples("header-only", "a header and no rows", "sample_id,group\n", "the table has no rows"),
    _samples("one-cell", "one word", "x\n", "the table has no rows"),
    _samples("other-names", "names that the matrix does not have", _GOOD.replace("s", "S"), "no sample of the matrix (s1, s2, s3) stands in column"),
    _samples("duplicate", "a sample in two rows", _GOOD + "s1,jdm,9\n", "sample 's1' stands in two rows of column 'sample_id'"),
    _samples("ragged", "a row with one field more", _GOOD.replace("jdm", "jdm,x,y"), "not a CSV or TSV table"),
    _samples("open-quote", "a quote that is never closed", _GOOD.replace("jdm", '"jdm'), "not a CSV or TSV table"),
    _samples("binary", "random bytes", bytes(range(256)), "this is not text but binary data"),
    _samples("xlsx", "a workbook under .csv", b"PK\x03\x04" + bytes(60), "a spreadsheet or zip archive: give a workbook the ending .xlsx"),
    _samples("missing-column", "no column 'group'", _GOOD.replace("group", "diagnosis"), "there is no column 'group'", named=""),
    _samples("two-columns", "two columns of one name", _GOOD.replace("age", "group"), "two columns are called 'group'; give each its own name"),
    _samples("missing-file", "no such file", b"", "cannot be read (No such file or directory)", words=(*_READ[:3], "{folder}/gone.csv", *_READ[4:]), named="gone.csv"),
    _samples("folder", "a folder", b"", "samples.csv", words=_READ),
    _samples("blank-names", "no sample has a name", "sample_id,group\n,healthy\n,jdm\n", "sample '' stands in two rows of column 'sample_id'"),
    _samples("semicolons", "semicolons between fields", _GOOD.replace(",", ";"), "wrote", code=0, holds=_scored("s1", "s2", "s3")),
    _samples("tabs", "tabs under .csv", _GOOD.replace(",", "\t"), "wrote", code=0, holds=_scored("s1", "s2", "s3")),
    _samples("bom", "a byte order mark", "\ufeff" + _GOOD, "wrote", code=0, holds=_scored("s1", "s2", "s3")),
    _samples("utf16", "UTF-16", _GOOD.encode("utf-16"), "wrote", code=0, holds=_scored("s1", "s2", "s3")),
    _samples("latin1", "Windows-1252", _GOOD.replace("jdm", "j\u00e4h").encode("cp1252"), "not UTF-8, read as Windows-1252", code=0, holds=_scored("s1", "s2", "s3")),
    _samples("crlf", "line ends of Windows", _GOOD.replace("\n", "\r\n"), "wrote", code=0, holds=_scored("s1", "s2", "s3")),
    _samples("cr", "line ends of old Macs", _GOOD.replace("\n", "\r"), "wrote", code=0, holds=_scored("s1", "s2", "s3")),
    _samples("padded", "blanks around every cell", _GOOD.replace(",", " , "), "wrote", code=0, holds=_scored("s1", "s2", "s3")),
    _samples("incomplete", "a sample of the matrix is missing", _GOOD.replace("s3,jdm,9\n", "s9,jdm,9\n"), "no annotation for 1 of 3 samples: s3", code=0, holds=_scored("s1", "s2", "s3")),
    _control("empty", "nothing", "", "is not an expression"),
    _control("unbalanced", "an open bracket", "(group == 'healthy'", "is not an expression"),
    _control("call", "a call of a function", "__import__('os').system('id')", "is not allowed in an expression"),
    _control("attribute", "an attribute", "group.__class__ == 'x'", "is not allowed in an expression"),
    _control("lambda", "a lambda", "(lambda: 1)()", "is not allowed in an expression"),
    _control("arithmetic", "arithmetic", "age * 9**9**9 > 1", "is not allowed in an expression"),
    _control("deep", "10,000 brackets", "(" * 10_000 + "group == 'x'" + ")" * 10_000, "is not an expression"),
    _control("constant", "no column at all", "1 == 1", "selects all 3 samples", code=1),
    _control("constant-only", "a number", "1", "is not allowed in an expression"),
    _control("newline", "two lines", "group == 'healthy'\nimport os", "is not an expression"),
    _control("nul", "a NUL", "group == 'a\0b'", "is not an expression"),
    _control("single-equals", "= instead of ==", "group = 'healthy'", "is not an expression"),
    _control("unknown-column", "a column that is not there", "grp == 'healthy'", "there is no column 'grp'. Did you mean: group?", code=1),
    _control("unquoted", "text without quotes", "group == healthy", "there is no column 'healthy'", code=1),
    _control("nobody", "selects nobody", "group == 'Healthy'", _NO_CONTROLS, code=1),
    _control("everybody", "selects everybody", "age > 0", "selects all 3 samples", code=1),
    _control("order-text", "text ordered against a number", "group > 3", "orders text against a number", code=1),
    _control("not-boolean", "a column of words by itself", "group", "column 'group' is not true or false; compare it with a value", code=1),
    _control("not-boolean-number", "'not' before a comparison of two constants", "not 1 == 1", "selects none of the 3 samples", code=1),
    _control("in-text", "'in' with text instead of a list", "group in 'healthy'", "after 'in' stands a list of values"),
    _control("huge-number", "a number of 5,000 digits", "age > " + "9" * 5000, "is not an expression"),
]  # fmt: skip
CASES = [c if c.id != "samples-folder" else Case(id=c.id, format=c.format, wrong=c.wrong, make=_directory, says="cannot be read", words=_READ) for c in CASES]
