"""The shipped instruments: one TOML file each in ``data/``, found by id or alias."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import pd
from ifnscore.errors import DataError, UsageError, nearest
from ifnscore.instruments._model import Instrument
from ifnscore.instruments._parse import from_dict

if TYPE_CHECKING:
    import pandas

_DATA = Path(__file__).parent / "data"
_COLUMNS = (
    "id", "title", "domain", "population", "minimum", "maximum", "range_confidence", "direction", "unit", "units", "version",
    "excludes", "age_min", "age_max", "responses", "status", "notes", "sources",
)  # fmt: skip


@functools.cache
def ids() -> tuple[str, ...]:
    """Return the ids of all shipped instruments; files are not opened."""
    return tuple(sorted(p.stem for p in _DATA.glob("*.toml")))


@functools.cache
def _load(name: str) -> Instrument:
    path = _DATA / f"{name}.toml"
    return from_dict(tomllib.loads(path.read_text(encoding="utf-8")), path.name)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


@functools.cache
def _names() -> dict[str, str]:
    """Every name of a shipped instrument, plain, -> id."""
    found = {_plain(i): i for i in ids()}
    for i in ids():
        for alias in (*_load(i).aliases, _load(i).title):
            found.setdefault(_plain(alias), i)
    return found


def get(name: str, user: Mapping[str, Instrument] | None = None) -> Instrument:
    """Return one instrument by id or alias; case, spaces and punctuation do not matter.

    Parameters
    ----------
    name
        For instance ``"cdasi_activity"``, ``"CDASI activity"`` or ``"skinDAS"``.
    user
        Further instruments, id -> instrument (see :func:`with_user`).

    Raises
    ------
    UsageError
        Nothing is called so; the nearest names are given.
    """
    own = {} if user is None else {_plain(i): x for i, x in user.items()}
    if _plain(name) in own:
        return own[_plain(name)]
    if _plain(name) in _names():
        return _load(_names()[_plain(name)])
    known = [*ids(), *(i for i in user or () if i not in ids())]
    several = [i for i in known if _plain(name) and _plain(i).startswith(_plain(name))]
    hint = f" Say which: {', '.join(several)}" if several else nearest(name, known) or f" Known: {', '.join(known)}"
    msg = f"unknown instrument {name!r}.{hint}"
    raise UsageError(msg)


def with_user(tables: Iterable[Mapping[str, Any]], where: str) -> dict[str, Instrument]:
    """Return all instruments by id: the shipped ones and a user's ``[[instrument]]`` tables.

    Parameters
    ----------
    tables
        Tables in the schema of :func:`from_dict`.
    where
        File that error messages name, for instance ``cohort.toml``.

    Raises
    ------
    DataError
        A table is malformed, an id stands twice, or is the name of a shipped instrument.
    """
    found = {i: _load(i) for i in ids()}
    for number, table in enumerate(tables, 1):
        place = f"{where} [[instrument]] {number}"
        new = from_dict(table, place)
        if _plain(new.id) in _names():
            msg = f"{place}: {new.id!r} is the shipped instrument {_names()[_plain(new.id)]}; choose another id"
            raise DataError(msg)
        if new.id in found:
            msg = f"{place}: {new.id!r} is defined twice"
            raise DataError(msg)
        found[new.id] = new
    return found


def table(instruments: Iterable[Instrument] | None = None) -> pandas.DataFrame:
    """Return the instruments as a table, one row each; limits that do not exist or are unknown are NaN."""
    chosen = [_load(i) for i in ids()] if instruments is None else list(instruments)
    return pd.DataFrame([_row(i) for i in chosen], columns=list(_COLUMNS))


def _row(instrument: Instrument) -> dict[str, Any]:
    row: dict[str, Any] = {c: getattr(instrument, c) for c in _COLUMNS}
    for number in ("minimum", "maximum", "age_min", "age_max"):
        row[number] = float("nan") if row[number] is None else row[number]
    row["units"] = ", ".join(instrument.accepted_units)
    return {k: "; ".join(v) if isinstance(v, tuple) else v for k, v in row.items()}
