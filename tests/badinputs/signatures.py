"""Own signatures: GMT and TOML."""

from __future__ import annotations

from pathlib import Path

from tests.badinputs._model import CSV, Case, Outcome, files

_WORDS = ("score", "{folder}/m.csv", "-s", "{path}", "-m", "mean_log", "-o", "{out}/scores.csv")
_TOML = 'id = "mine"\ntitle = "Mine"\n[genes]\nup = ["ISG15", "IFI27"]\n'


def _case(id: str, wrong: str, content: object, says: str, name: str, **more: object) -> Case:
    more.setdefault("words", _WORDS)
    made = files({"m.csv": CSV, name: content}, name)
    return Case(id=f"{name.partition('.')[2]}-{id}", format=f"signature, {name.partition('.')[2].upper()}", wrong=wrong, make=made, says=says, **more)


def _gmt(id: str, wrong: str, content: object, says: str, **more: object) -> Case:
    return _case(id, wrong, content, says, "own.gmt", **more)


def _toml(id: str, wrong: str, content: object, says: str, **more: object) -> Case:
    return _case(id, wrong, content, says, "own.toml", **more)


def _columns(*names: str):
    def check(outcome: Outcome) -> None:
        header = (outcome.out / "scores.csv").read_text(encoding="utf-8").splitlines()[0]
        assert header.split(",")[1:] == list(names)

    return check


def _directory(folder: Path) -> Path:
    (folder / "m.csv").write_text(CSV)
    (folder / "own.gmt").mkdir()
    return folder / "own.gmt"


CASES = [
    _gmt("empty", "0 bytes", b"", "no signature in this file"),
    _gmt("blank", "blank lines only", "\n \n\t\n", "no signature in this file"),
    _gmt("blanks", "blanks instead of tabs", "set description ISG15 IFI27\n", "line 1: a GMT line is name, description and genes separated by tabs; found 1 field(s)"),
    _gmt("no-genes", "a line without genes", "a\tb\tISG15\nb\tdescription\n", "line 2: a GMT line is name, description and genes separated by tabs; found 2 field(s)"),
    _gmt("blank-genes", "genes that are blanks", "a\tb\t \t \tx\n\n", "no score for a (0/1 genes, needs 100%; absent: x)", code=0, holds=_columns("a")),
    _gmt("million", "a line of a million genes", "a\tb" + "".join(f"\tG{i}" for i in range(1_000_000)), "line 1: 1000002 fields; a signature has at most 100000 genes"),
    _gmt("latin1", "Windows-1252", "a\tM\u00fcller\tISG15\n".encode("cp1252"), "cannot read the signature file: it is not UTF-8 text"),
    _gmt("utf16", "UTF-16", "a\tb\tISG15\n".encode("utf-16"), "cannot read the signature file: it is not UTF-8 text"),
    _gmt("binary", "random bytes", bytes(range(256)), "cannot read the signature file: it is not UTF-8 text"),
    _gmt("gzip", "gzip under .gmt", b"\x1f\x8b\x08\0\0\0\0\0", "cannot read the signature file: it is not UTF-8 text"),
    _gmt("folder", "a folder", b"", "cannot read the signature file: Is a directory"),
    _gmt("missing", "no such file", b"", "cannot read the signature file: No such file or directory", words=[w.replace("{path}", "{folder}/gone.gmt") for w in _WORDS], named="gone.gmt"),
    _gmt("same-name", "two sets of one name", "a\tb\tISG15\na\tb\tIFI27\n", "two different signatures are called 'a': rename one", named=""),
    _gmt("absent-genes", "no gene of it is in the matrix", "a\tb\tBRCA1\tTP53\n", "no score for a (0/2 genes, needs 100%; absent: TP53, BRCA1)", code=0, holds=_columns("a")),
    _gmt("repeats", "a gene three times", "a\tb\tISG15\tISG15\tISG15\n", "genes listed more than once are taken once", code=0, holds=_columns("a")),
    _gmt("crlf", "line ends of Windows, a byte order mark", "\ufeffa\tb\tISG15\tIFI27\r\n", "wrote", code=0, holds=_columns("a")),
    _gmt("slash", "a name that h5ad does not allow", "a/b\tb\tISG15\n", "signature name 'a/b' becomes 'a_b'", code=0, holds=_columns("a_b")),
    _gmt("dots", "a name of two dots", "..\tb\tISG15\n", "becomes 'unnamed'", code=0, holds=_columns("unnamed")),
    _toml("empty", "0 bytes", b"", "a signature needs a [genes] table"),
    _toml("syntax", "no TOML", "id = \n", "not valid TOML: ... line 1"),
    _toml("truncated", "cut off within a list", _TOML[:-12], "not valid TOML"),
    _toml("no-genes", "no genes", 'id = "mine"\n', "a signature needs a [genes] table with a non-empty 'up' or 'down' list"),
    _toml("no-id", "no id", '[genes]\nup = ["ISG15"]\n', "'id' is None; it needs a name"),
    _toml("unknown-key", "a key misspelt", _TOML.replace("title", "titel"), "unknown key 'titel'. Did you mean: title"),
    _toml("duplicate", "a gene twice", _TOML.replace("IFI27", "ISG15"), "genes listed twice: ISG15"),
    _toml("up-and-down", "a gene up and down", _TOML + 'down = ["ISG15"]\n', "genes listed twice: ISG15"),
    _toml("text-genes", "genes as one text", _TOML.replace('["ISG15", "IFI27"]', '"ISG15 IFI27"'), "gene lists are lists of strings"),
    _toml("number-genes", "genes that are numbers", _TOML.replace('["ISG15", "IFI27"]', "[1, 2]"), "gene lists are lists of strings"),
    _toml("genes-number", "a number instead of a list of genes", _TOML.replace('["ISG15", "IFI27"]', "7"), "gene lists are lists of strings"),
    _toml("weights", "weights of other genes", _TOML + "weights = {MX1 = 1.0}\n", "[genes.weights] must weigh exactly the listed genes"),
    _toml("weights-number", "a number instead of weights", _TOML + "weights = 3\n", "own.toml [genes.weights]: expected a table"),
    _toml("weight-nan", "a weight that is nan", _TOML + "weights = {ISG15 = nan, IFI27 = 1.0}\n", "own.toml [genes.weights] ISG15: nan is no number that could be used"),
    _toml("coverage", "a coverage of 2", 'min_coverage = 2\n' + _TOML, "min_coverage is 2.0; it lies above 0 and up to 1"),
    _toml("coverage-nan", "a coverage that is nan", 'min_coverage = nan\n' + _TOML, "min_coverage: nan is no number that could be used"),
    _toml("ifn-type", "an interferon type that does not exist", 'ifn_type = "IV"\n' + _TOML, "ifn_type is 'IV'; choose one of I, II, III"),
    _toml("ifn-type-list", "an interferon type that is a list", 'ifn_type = ["I"]\n' + _TOML, "ifn_type is ['I']; it needs text"),
    _toml("id-number", "an id that is a number", _TOML.replace('"mine"', "7"), "wrote", code=0, holds=_columns("7")),
    _toml("id-slash", "an id with a slash", _TOML.replace('"mine"', '"a/b"'), "'id' is 'a/b'; it needs a name without / and control characters"),
    _toml("method", "a method that does not exist", _TOML + '[formula]\nmethod = "magic"\nstatus = "published"\n', "unknown method 'magic'", code=2, named="", words=("score", "{folder}/m.csv", "-s", "{path}", "-m", "published", "-o", "{out}/scores.csv")),
    _toml("formula-list", "a formula that is a list", 'formula = [1]\n' + _TOML, "[formula]: expected a table"),
    _toml("tissue", "a tissue that is a number", 'tissue = 3\n' + _TOML, "own.toml tissue: tissues are lists of strings"),
    _toml("signature-number", "[[signature]] of numbers", "signature = [1, 2]\n", "own.toml [[signature]] 1: a signature is a table with 'id' and [genes], not int"),
    _toml("params", "parameters that are no table", _TOML + "[formula]\nparams = 3\n", "own.toml [formula] params: expected a table"),
    _toml("title-number", "a title that is a number", _TOML.replace('"Mine"', "3"), "wrote", code=0, holds=_columns("mine")),
]  # fmt: skip
CASES = [c if c.id != "gmt-folder" else Case(id=c.id, format=c.format, wrong=c.wrong, make=_directory, says=c.says, words=_WORDS) for c in CASES]
