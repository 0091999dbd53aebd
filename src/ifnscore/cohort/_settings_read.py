"""From the tables of ``cohort.toml`` to settings: every key that cannot be used is listed, not only the first."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ifnscore.cohort._settings import INSTRUMENT, KEYS, TABLES, Key, Kind, Settings
from ifnscore.errors import nearest


@dataclass(frozen=True, slots=True)
class Wrong:
    """One key that cannot be used: its dotted name, what is wrong, what to do."""

    key: str
    problem: str
    fix: str


def from_tables(data: Mapping[str, Any]) -> tuple[Settings, list[Wrong]]:
    """Turn the tables of ``cohort.toml`` into settings; what is wrong is listed, and its default used.

    Parameters
    ----------
    data
        Parsed TOML. ``[[instrument]]`` tables are left to :mod:`ifnscore.instruments`.
    """
    wrong = _unknown(data)
    given: dict[str, Any] = {}
    for key in KEYS:
        table = data.get(key.table, {})
        if not isinstance(table, Mapping):
            continue
        raw = dict(table) if not key.name else table.get(key.name)
        if raw is None:
            continue
        value, problem = _value(key, raw)
        if problem:
            wrong.append(Wrong(key.dotted, problem, key.help))
        else:
            given[key.field] = value
    if not given.get("index_drug") and not any(w.key == "cohort.index_drug" for w in wrong):
        wrong.append(Wrong("cohort.index_drug", "the index drug is not named", 'write index_drug = "tofacitinib" under [cohort]'))
    given = {k: v for k, v in given.items() if v != "" or k in {"index_drug", "title"}}
    return Settings(**given), wrong


def _unknown(data: Mapping[str, Any]) -> list[Wrong]:
    wrong = []
    for table, content in data.items():
        if table == INSTRUMENT:
            continue
        if table not in TABLES:
            owners = [k.dotted for k in KEYS if k.name == table]
            hint = f" Did you mean: {owners[0]}?" if owners else nearest(table, [*TABLES, INSTRUMENT])
            wrong.append(Wrong(table, "unknown settings key", f"remove it or correct its name.{hint}"))
        elif not isinstance(content, Mapping):
            wrong.append(Wrong(table, "a table is needed here", f"write [{table}] and its keys below"))
        elif any(k.table == table and k.name for k in KEYS):
            names = [k.name for k in KEYS if k.table == table]
            dotted = [k.dotted for k in KEYS]
            for name in content:
                if name not in names:
                    hint = nearest(name, names) or nearest(f"{table}.{name}", dotted)
                    wrong.append(Wrong(f"{table}.{name}", "unknown settings key", f"remove it or correct its name.{hint}"))
    return wrong


def _value(key: Key, raw: Any) -> tuple[Any, str]:
    """Return the value of a key, and what is wrong with it ("" where nothing is)."""
    return _READERS[key.kind](key, raw)


def _word(key: Key, raw: Any) -> tuple[Any, str]:
    if not isinstance(raw, str):
        return None, "text in quotes is needed"
    word = raw.strip()
    bad = key.kind == "choice" and word not in key.choices
    return word, f"not one of {', '.join(key.choices)}.{nearest(word, key.choices)}" if bad else ""


def _flag(_: Key, raw: Any) -> tuple[Any, str]:
    return raw, "" if isinstance(raw, bool) else "true or false is needed, without quotes"


def _texts(_: Key, raw: Any) -> tuple[Any, str]:
    fine = isinstance(raw, list) and all(isinstance(t, str) for t in raw)
    return (tuple(raw), "") if fine else (None, 'a list of texts is needed, such as ["one", "two"]')


def _numbers(_: Key, raw: Any) -> tuple[Any, str]:
    bad = [name for name, value in raw.items() if not (_number(value) or 0) > 0]
    return (None, f"{bad[0]}: a number above 0 is needed") if bad else ({n: float(v) for n, v in raw.items()}, "")


def _limited(key: Key, raw: Any) -> tuple[Any, str]:
    number = _number(raw)
    if number is None:
        return None, "a number is needed, without quotes"
    if not key.low <= number <= key.high:
        return None, f"a number {_limits(key)} is needed"
    if key.kind == "whole":
        return int(number), "" if number == int(number) else "a whole number is needed"
    return number, ""


def _window(key: Key, raw: Any) -> tuple[Any, str]:
    ends = [_number(v) for v in raw] if isinstance(raw, list) else []
    if len(ends) != len(("first", "last")):
        return None, "two days in brackets are needed, such as [-90, 0]"
    first, last = ends
    if first is None or last is None:
        return None, "two days in brackets are needed, such as [-90, 0]"
    if first > last:
        return None, "the first day must not be after the last one"
    if last > key.high:
        return None, "the window must end on day 0 or before: a baseline is never taken after the first dose"
    return (first, last), ""


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _limits(key: Key) -> str:
    if math.isinf(key.high):
        return f"of at least {key.low:g}"
    return f"from {key.low:g} to {key.high:g}"


_READERS: dict[Kind, Callable[[Key, Any], tuple[Any, str]]] = {
    "text": _word,
    "choice": _word,
    "flag": _flag,
    "texts": _texts,
    "numbers": _numbers,
    "number": _limited,
    "whole": _limited,
    "window": _window,
}
