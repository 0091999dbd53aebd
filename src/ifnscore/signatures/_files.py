"""A user's own signatures: TOML, GMT, or a dict of gene lists."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ifnscore.errors import DataError, say
from ifnscore.signatures._model import Signature, default_min_coverage
from ifnscore.signatures._parse import from_dict

#: What h5ad does not allow in a column name.
_UNSAFE = re.compile(r"[/\x00-\x1f\x7f]+")
#: Larger files and lists are no signatures and would only fill the memory: all of MSigDB has about 35,000 sets in some 40 MB,
#: no list is longer than a genome, and a TOML file of 100,000 genes has 2 MB.
MAX_BYTES = {".gmt": 128 << 20, ".toml": 4 << 20}
MAX_SETS = 100_000
MAX_GENES = 100_000
_GMT_COLUMNS = 3


def read(path: Path) -> list[Signature]:
    """Read signatures from a TOML or GMT file.

    Parameters
    ----------
    path
        ``.toml``: one signature in the catalogue's schema, or several in tables ``[[signature]]``. ``.gmt``: one set a
        line, tab-separated: name, description (may hold spaces), genes.

    Raises
    ------
    DataError
        The file is missing, empty or malformed; the line or key is named.
    """
    text = _text(path)
    found = _read_toml(text, path.name) if path.suffix == ".toml" else _read_gmt(text, path.name)
    if not found:
        msg = f"{path.name}: no signature in this file"
        raise DataError(msg)
    return found


def _text(path: Path) -> str:
    """Return the text of a file, which may be endless, up to the size that a signature can have."""
    most = MAX_BYTES[".toml" if path.suffix == ".toml" else ".gmt"]
    try:
        with path.open("rb") as handle:
            data = handle.read(most + 1)
        if len(data) > most:
            msg = f"{path.name}: over {most >> 20} MiB, and no file of signatures is so long; is it another file?"
            raise DataError(msg)
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        msg = f"{path.name}: cannot read the signature file: {reason}"
        raise DataError(msg) from error


def _read_toml(text: str, where: str) -> list[Signature]:
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits and deep nesting are not TOMLDecodeError
        reason = "lists or tables too deep inside one another" if isinstance(error, RecursionError) else error
        msg = f"{where}: not valid TOML: {reason}"
        raise DataError(msg) from error
    several = data.get("signature")
    if isinstance(several, list):
        return [from_dict(one, f"{where} [[signature]] {i}") for i, one in enumerate(several, 1)]
    return [from_dict(data, where)]


def _read_gmt(text: str, where: str) -> list[Signature]:
    found: list[Signature] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        n = line.count("\t") + 1
        if n > MAX_GENES:
            msg = f"{where} line {number}: {n} fields; a signature has at most {MAX_GENES} genes"
            raise DataError(msg)
        if len(found) >= MAX_SETS:
            msg = f"{where} line {number}: over {MAX_SETS} signatures in one file; give those that are wanted"
            raise DataError(msg)
        cells = line.rstrip().split("\t")
        if len(cells) < _GMT_COLUMNS:
            msg = (
                f"{where} line {number}: a GMT line is name, description and genes separated by tabs; found {len(cells)} field(s)"
            )
            raise DataError(msg)
        found.append(plain(cells[0], cells[2:], f"{where} line {number}", title=cells[1]))
    return found


def from_mapping(sets: Mapping[Any, Any]) -> list[Signature]:
    """Build signatures from ``{name: genes}``, or from one dict in the catalogue's schema.

    Parameters
    ----------
    sets
        Genes are a list, or a mapping gene -> weight (a negative weight means the gene goes down).
    """
    if "genes" in sets and "id" in sets:
        return [from_dict(sets, f"signature {sets['id']}")]
    return [plain(str(name), genes, f"signature {name!r}") for name, genes in sets.items()]


def slug(name: str) -> str:
    """Return `name` as an id that h5ad allows as a column name; what was changed is said."""
    safe = _UNSAFE.sub("_", name.strip())
    safe = safe if safe.strip("._ ") else "unnamed"
    if safe != name:
        say(f"signature name {name!r} becomes {safe!r}")
    return safe


def plain(name: str, genes: Sequence[str] | Mapping[str, float], where: str, title: str = "") -> Signature:
    """Build a signature that is only a list of genes (or of weighted genes): no published formula.

    Parameters
    ----------
    name
        Becomes the id, see :func:`slug`.
    genes
        Names; repeats within the list are taken once.
    where
        For error messages.
    title
        Description.
    """
    if isinstance(genes, str) or not isinstance(genes, Sequence | Mapping):
        msg = f"{where}: genes must be a list of names or a mapping name -> weight, not {type(genes).__name__}"
        raise DataError(msg)
    names = list(dict.fromkeys(g.strip() for g in genes if isinstance(g, str) and g.strip()))
    if not names:
        msg = f"{where}: no genes"
        raise DataError(msg)
    if len(names) < len([g for g in genes if str(g).strip()]):
        say(f"{where}: genes listed more than once are taken once")
    table: dict[str, Any] = {"up": names}
    if isinstance(genes, Mapping):
        table = {"up": names, "weights": {g: float(genes[g]) for g in names}}
    data = {"id": slug(name), "title": title or name, "genes": table, "min_coverage": default_min_coverage(len(names))}
    return from_dict(data, where)
