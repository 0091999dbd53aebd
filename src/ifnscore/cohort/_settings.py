"""What ``cohort.toml`` may say: every rule of the analysis, its default, its limits and a line of help."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ifnscore.errors import nearest

Kind = Literal["text", "number", "whole", "flag", "choice", "window", "texts", "numbers"]
Window = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The rules of an analysis; days count from day 0, the first dose of the index drug.

    See :data:`KEYS` for what each one means. A default without a published source is a design choice and may be changed
    in ``cohort.toml``.
    """

    index_drug: str = ""
    data_cut_day: float | None = None
    title: str = ""
    synthetic: bool = False
    hypotheses: tuple[str, ...] = ()
    baseline_window: Window = (-90.0, 0.0)
    baseline_rule: str = "last"
    min_days_on: float = 28.0
    grace_days: float = 1.0
    washout_days: float = 14.0
    followup_rule: str = "target"
    target_day: float = 180.0
    window_days: float = 60.0
    link_window: Window = (120.0, 240.0)
    match_tolerance_days: float = 14.0
    steroid_change: float = 0.25
    infection_days: float = 14.0
    allow_cross_batch: bool = False
    allow_confounded_batch: bool = False
    min_controls_batch: int = 5
    primary_signature: str | None = None
    primary_tissue: str | None = None
    primary_instrument: str | None = None
    primary_response: str | None = None
    icc: float | None = None
    long_run_mean: float | None = None
    small_cell: int = 4
    band_ages_below: int = 20
    score_rcv: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of ``cohort.toml``.

    Attributes
    ----------
    table, name
        Where it stands: ``[table]`` and ``name = ...``; an empty name: the whole table is a mapping.
    field
        Attribute of :class:`Settings`.
    kind
        What the value is.
    help
        One line for a clinician.
    low, high
        Limits of numbers, both included.
    choices
        Allowed words.
    example
        Written into the template where the default is "not given".
    """

    table: str
    name: str
    field: str
    kind: Kind
    help: str
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    example: str = '""'

    @property
    def dotted(self) -> str:
        """The key as messages and the sheet ``cohort`` name it."""
        return f"{self.table}.{self.name}" if self.name else self.table


KEYS: tuple[Key, ...] = (
    Key("cohort", "index_drug", "index_drug", "text", "needed: the drug whose first dose is day 0"),
    Key("cohort", "data_cut_day", "data_cut_day", "number", "last day of follow-up; ongoing drugs end here", 0, example="730"),
    Key("cohort", "title", "title", "text", "a title, without names or dates"),
    Key("cohort", "synthetic", "synthetic", "flag", "true: the data are invented, and every output says so"),
    Key("cohort", "hypotheses", "hypotheses", "texts", "hypotheses stated beforehand, printed in the results"),
    Key("baseline", "window", "baseline_window", "window", "first and last day of a baseline sample", high=0),
    Key("baseline", "rule", "baseline_rule", "choice", "last: the latest one, mean: of all", choices=("last", "mean")),
    Key("on_drug", "min_days_on", "min_days_on", "number", "uninterrupted days before a sample counts as on", 0),
    Key("on_drug", "grace_days", "grace_days", "number", "days after the last dose that still count as on", 0),
    Key("on_drug", "washout_days", "washout_days", "number", "days after the last dose that count as carry-over", 0),
    Key(
        "followup", "rule", "followup_rule", "choice", "target (nearest to target_day), last_on or first_on",
        choices=("target", "last_on", "first_on"),
    ),
    Key("followup", "target_day", "target_day", "number", "day of the follow-up sample", 0),
    Key("followup", "window_days", "window_days", "number", "allowed distance from target_day, either side", 0),
    Key("followup", "link_window", "link_window", "window", "days in which changes of score and skin are linked"),
    Key("matching", "tolerance_days", "match_tolerance_days", "number", "largest distance of a sample from its visit", 0),
    Key("matching", "steroid_change", "steroid_change", "number", "a change of steroid dose by this share parts them", 0, 1),
    Key("matching", "infection_days", "infection_days", "number", "days after an infection, for a sensitivity run", 0),
    Key("batch", "allow_cross_batch", "allow_cross_batch", "flag", "pair samples of different batches (flagged)"),
    Key("batch", "allow_confounded", "allow_confounded_batch", "flag", "go on where batch and time cannot be parted"),
    Key("batch", "min_controls", "min_controls_batch", "whole", "controls that a batch needs to be placed by them", 0),
    Key("primary", "signature", "primary_signature", "text", "the one signature of the main analysis", example='"rice2013_ags6"'),
    Key("primary", "tissue", "primary_tissue", "text", "its tissue", example='"blood"'),
    Key("primary", "instrument", "primary_instrument", "text", "the one clinical measure", example='"cdasi_activity"'),
    Key("primary", "response", "primary_response", "text", "the one response definition", example='"cdasi_abs4"'),
    Key("regression_to_mean", "icc", "icc", "number", "reliability between visits, from your own data", 0, 1, example="0.6"),
    Key("regression_to_mean", "long_run_mean", "long_run_mean", "number", "long-run mean score, from your own data", example="2.5"),
    Key("privacy", "small_cell", "small_cell", "whole", "counts from 1 to this are warned about", 0),
    Key("privacy", "band_ages_below", "band_ages_below", "whole", "below this number of patients, ages in bands", 0),
    Key("score_rcv", "", "score_rcv", "numbers", "signature = within-person SD on log2, from your data", 0),
)  # fmt: skip
TABLES: tuple[str, ...] = tuple(dict.fromkeys(k.table for k in KEYS))
#: User-defined instruments, an array of tables; parsed by :mod:`ifnscore.instruments`.
INSTRUMENT = "instrument"


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
