"""Bytes of an R data file to the tree of its objects, by the parser of rdata, with every declared length checked.

R's serialisation is described in "R Internals", section 1.8; nothing in it is evaluated here: promises, closures, language
and environments are parsed as data, and only named places are looked at afterwards. rdata trusts declared lengths, so its
parsers are given stricter methods: no array, string or table of byte code may be longer than the file.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, cast

from ifnscore.errors import DataError
from ifnscore.loaders import _files
from ifnscore.loaders._anndata import reason
from ifnscore.loaders._optional import need

#: Elements of all sequences that a file stores as "from, by, how many" (ALTREP) together.
MAX_SEQUENCE = 100_000_000
_WORKSPACE = (b"RDX2\n", b"RDX3\n", b"RDA2\n", b"RDA3\n", b"RDB2\n", b"RDB3\n")
_FORMATS = {
    b"X\n": ("_xdr", "ParserXDR"),
    b"A\n": ("_ascii", "ParserASCII"),
    b"A\r\n": ("_ascii", "ParserASCII"),
    b"B\n": ("_binary", "ParserBinary"),
}


def parse(path: Path, label: str) -> tuple[Any, bool]:
    """Return the root object of an R file, and whether it is a workspace (.rda, .RData): a pairlist of named objects.

    Raises
    ------
    DataError
        rdata is not installed, or the file is empty, truncated, damaged, too large or no R file.
    """
    data = _files.read_bytes(path)
    if not data:
        msg = f"{label}: the file is empty"
        raise DataError(msg)
    workspace = data[:5] in _WORKSPACE
    start = 5 if workspace else 0
    magic = next((m for m in _FORMATS if data[start : start + len(m)] == m), None)
    if magic is None:
        msg = f"{label}: not an R data file (saveRDS or save): it begins with {data[:8]!r}"
        raise DataError(msg)
    need("rdata", label, "R data files")
    module, name = _FORMATS[magic]
    base = getattr(need(f"rdata.parser.{module}", label, "R data files"), name)
    content = memoryview(data)[start + len(magic) :]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parser = _bounded(base)(content, expand_altrep=True, altrep_constructor_dict=_sequences(label))
            parser.limit = len(content)
            return parser.parse_all().object, workspace
    except MemoryError:
        raise
    except RecursionError as error:
        msg = f"{label}: objects are nested too deep; save the matrix alone: {_SAVE}"
        raise DataError(msg) from error
    except NotImplementedError as error:
        msg = f"{label}: holds something that rdata cannot read ({reason(error)}); save the matrix alone: {_SAVE}"
        raise DataError(msg) from error
    except Exception as error:  # of any kind, as rdata trusts the file
        if str(error).startswith(_UNKNOWN_TYPES):
            msg = f"{label}: holds promises or packages, which are not read; save the matrix alone: {_SAVE}"
            raise DataError(msg) from error
        msg = f"{label}: the R data file is truncated or damaged ({_why(error)}): copy or download it again"
        raise DataError(msg) from error


#: Types of R that rdata does not know: persistent names, packages, class references and promises without a value.
_UNKNOWN_TYPES = ("247 is not a valid", "248 is not a valid", "250 is not a valid", "252 is not a valid")
_SAVE = "in R, write.csv(as.matrix(x), 'counts.csv')"


class _DamagedError(ValueError):
    """A length that the file cannot hold."""


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, _DamagedError) else "it ends in the middle, or its parts do not fit"


def _bounded(base: Any) -> Any:
    """Return a parser of rdata that allocates nothing larger than the file."""

    class Bounded:
        limit = 0

        def _parse_array_values(self, dtype: Any, length: int) -> Any:
            self._fits(length)
            values = base._parse_array_values(self, dtype, length)
            if len(values) != length:
                msg = f"{length} values are declared and {len(values)} are there"
                raise _DamagedError(msg)
            return values

        def parse_string(self, length: int) -> bytes:
            self._fits(length)
            text = cast("bytes", base.parse_string(self, length))
            if len(text) != length:
                msg = "it ends inside a text"
                raise _DamagedError(msg)
            return text

        def _parse_bytecode(self, reference_list: Any, bytecode_rep_list: Any = None) -> Any:
            if bytecode_rep_list is None:
                here = self.file.tell()  # type: ignore[attr-defined]
                self._fits(self.parse_int())  # type: ignore[attr-defined]
                self.file.seek(here)  # type: ignore[attr-defined]
            return base._parse_bytecode(self, reference_list, bytecode_rep_list)

        def _fits(self, length: int) -> None:
            if self.limit and not 0 <= length <= self.limit:
                msg = f"a length of {length} is declared in {self.limit} bytes"
                raise _DamagedError(msg)

    return type("Bounded", (Bounded, base), {})


def _sequences(label: str) -> dict[bytes, Any]:
    """Return how compact vectors (ALTREP) are written out, with a limit on how long all of them may get."""
    known = dict(need("rdata.parser", label, "R data files").DEFAULT_ALTREP_MAP)
    known[b"wrap_list"] = known[b"wrap_real"]
    left = [MAX_SEQUENCE]

    def limited(expand: Any) -> Any:
        def expanded(state: Any) -> Any:
            n = float(state.value[0])
            left[0] -= int(n)
            if not 0 <= n <= MAX_SEQUENCE or left[0] < 0:
                msg = f"sequences of more than {MAX_SEQUENCE} numbers are declared"
                raise _DamagedError(msg)
            return expand(state)

        return expanded

    return known | {name: limited(known[name]) for name in (b"compact_intseq", b"compact_realseq")}
