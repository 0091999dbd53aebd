"""Per-sample count files (HTSeq), alone and as a folder."""

from __future__ import annotations

from tests.badinputs._model import GENES, INSPECT, SCORE, Case, Family, files, matrix

_h = Family("htseq", "s1.txt")
_COUNTS = "".join(f"{g}\t{10 * (i + 1)}\n" for i, g in enumerate(GENES))
_ONE = matrix(samples=["s1"], x=[[10, 20, 30, 40, 50, 60]])


def _folder(id: str, wrong: str, contents: dict[str, object], says: str, **more: object) -> Case:
    code = more.pop("code", 1)
    words = SCORE if code else INSPECT
    return Case(id=id, format="htseq folder", wrong=wrong, make=files(contents), says=says, code=code, words=words, **more)


_h.read("htseq-footer", "footer rows that are no genes", _COUNTS + "__no_feature\t9\n__ambiguous\t9\n", "2 footer rows of htseq-count left out", holds=_ONE)
_h.read("htseq-crlf", "line ends of Windows", _COUNTS.replace("\n", "\r\n"), "1 samples x 6 genes", holds=_ONE)
_h.read("htseq-bom", "a byte order mark", "\ufeff" + _COUNTS, "1 samples x 6 genes", holds=_ONE)
_h.read("htseq-cr", "line ends of old Macs", _COUNTS.replace("\n", "\r"), "1 samples x 6 genes", holds=_ONE)
_h.read("htseq-utf16", "UTF-16", _COUNTS.encode("utf-16"), "1 samples x 6 genes", holds=_ONE)
_h.refuse("htseq-word", "a word instead of a count", _COUNTS.replace("40", "forty"), "row 'ISG15' ... 'forty' is not a number")
_h.refuse("htseq-ragged", "a row without a count", _COUNTS.replace("\t40", ""), "line 4: 1 fields where 2 are expected (too few)")
_h.refuse("htseq-truncated", "cut off in the last gene name", _COUNTS[:-8], "line 6: 1 fields where 2 are expected")
_h.refuse("htseq-negative", "a negative count", _COUNTS.replace("40", "-40"), "the expression scale is not certain: negative values (lowest -40)")
_h.refuse("htseq-no-genes", "identifiers that are no human genes", "g1\t1\ng2\t2\n", "no catalogue gene among the 2 identifiers ('g1'")
_h.refuse("htseq-only-footer", "footer rows only (0 genes)", "__no_feature\t9\n__ambiguous\t9\n", "0 genes (the matrix is 1 samples x 0 genes)")
_h.refuse("htseq-2-63", "a count of 2**63", _COUNTS.replace("40", str(2**63)), "whole numbers up to 9.223e+18, more than any count")
CASES = [
    *_h.cases,
    _folder("folder-empty", "an empty folder", {}, "a folder of no known layout: it is empty"),
    _folder("folder-other", "a folder of other files", {"a.pdf": "x", "b.docx": "y"}, "a folder of no known layout: it holds a.pdf, b.docx"),
    _folder("folder-one-empty", "one file of a folder is empty", {"a.txt": _COUNTS, "b.txt": b""}, "a folder of no known layout: it holds a.txt, b.txt"),
    _folder("folder-no-common-genes", "files without a common gene", {"a.txt": "ISG15\t1\nMX1\t2\n", "b.txt": "IFI27\t1\nRSAD2\t2\n"}, "the inputs have no gene identifier in common", named="a.txt"),
    _folder("folder-same-sample", "two files of one sample", {"a.txt": _COUNTS, "a.tsv": _COUNTS}, "sample names that ... has as well: a; samples must be unique", named="a.t"),
    _folder("folder-panel-grew", "files with different genes", {"a.txt": _COUNTS, "b.txt": _COUNTS + "MX1\t7\n"}, "only the 6 genes that all 2 inputs have are kept ... b.txt loses 1 of 7", code=0, holds=matrix(samples=["a", "b"], x=[[10, 20, 30, 40, 50, 60]] * 2)),
]  # fmt: skip
