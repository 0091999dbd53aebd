"""Table 1: who is in the cohort, without a p-value, an id or a date.

Ages are printed in bands where the cohort is small (``band_ages_below``); their range stands in the note, marked as what it is: the
ages of single children. ``suppress=True`` is for tables that leave the house: counts from 1 to ``small_cell`` are hidden with as many
others as would give them away, and so are ranges, ages of single children, and summaries of so few values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np, pd
from ifnscore.cohort import _privacy, _table1_patients
from ifnscore.cohort._table1_rows import HAS, MISSING, NO, NOT_GIVEN, OUTSIDE, YES, Variable
from ifnscore.errors import DataError, UsageError, listing, nearest

if TYPE_CHECKING:
    import pandas

    from ifnscore.cohort._model import Cohort

COLUMNS = ("section", "row", "level", "value", "n", "n_total", "n_missing", "note")
#: Below this many values: median and range, and no percentages.
FEW = 10
SMALL = "small cell: may identify a child"
NOT_RECORDED, NOT_SHOWN = "not recorded", "not shown"
_SPREADS = (FEW, "median [minimum to maximum]"), (math.inf, "median [interquartile range]")
_REST = "\0rest"
_CONTROLS = "controls"


def table1(
    cohort: Cohort,
    *,
    scores: pandas.Series[Any] | None = None,
    score_name: str = "",
    controls: pandas.Series[Any] | None = None,
    suppress: bool = False,
    group: str | None = None,
) -> pandas.DataFrame:
    """Describe a cohort; see :meth:`ifnscore.cohort.Cohort.table1`."""
    if not len(cohort.patients):
        msg = "the cohort has no patients yet: bind it to its samples first"
        raise DataError(msg)
    variables = _table1_patients.variables(cohort, scores, score_name)
    printer = _Printer(cohort.settings.small_cell, suppress=suppress)
    blocks = _blocks(cohort, group)
    withheld = printer.withheld(blocks)
    notes = _banners(cohort, suppress=suppress)
    rows = []
    for label in blocks:
        rows += [{"group": label, **_note(text)} for text in [*notes, *_few(len(blocks[label]), suppress=suppress)]]
        if label in withheld:
            rows.append({"group": label, **_row("cohort", "Patients", withheld[label], note="too few: nothing else is shown")})
    for variable in variables:
        shown = printer.cells(variable, blocks, withheld)
        for label, who in blocks.items():
            if label not in withheld:
                rows += [{"group": label, **r} for r in printer.rows(variable, who, shown[label])]
    if controls is not None:
        label = _table1_patients.score_label(cohort, score_name)
        found = _table1_patients.controls(cohort, controls)
        rows += [{"group": _CONTROLS, **printer.controls(label, t, v)} for t, v in found.items()]
    order = {label: i for i, label in enumerate([*blocks, _CONTROLS])}
    rows.sort(key=lambda r: order[r["group"]])  # stable: the order of rows stays within a block
    made = pd.DataFrame(rows, columns=["group", *COLUMNS]).astype(dict.fromkeys(("n", "n_total", "n_missing"), "Int64"))
    return made if group is not None else made.drop(columns="group")


def _blocks(cohort: Cohort, group: str | None) -> dict[str, list[str]]:
    """Return the patients of each group; one block without a name where no group is asked for."""
    who = list(cohort.patients["patient_id"])
    if group is None:
        return {"": who}
    if cohort.simple is not None:
        known = {"group", cohort.simple.group} - {None} if cohort.simple.group else set()
        source = cohort.samples.drop_duplicates("patient_id").set_index("patient_id")["group"]
        words = [source.get(p, "") for p in who]
    else:
        known = {c for c in cohort.patients.columns if c != "patient_id" and not c.endswith("_years")}
        words = cohort.patients[group].tolist() if group in known else []
    if group not in known:
        hint = nearest(group, sorted(map(str, known))) or f" Use one of: {listing(sorted(map(str, known)), FEW) or 'none here'}"
        msg = f"group={group!r} is no column of the patients that groups can be made of (ages: in bands).{hint}"
        raise UsageError(msg)
    labels = [_label(w) for w in words]
    return {name: [p for p, w in zip(who, labels, strict=True) if w == name] for name in sorted(set(labels))}


def _label(value: Any) -> str:
    if value is None or value is pd.NA or value == "":
        return NOT_GIVEN
    return {True: "yes", False: "no"}[bool(value)] if isinstance(value, bool | np.bool_) else str(value)


def _banners(cohort: Cohort, *, suppress: bool) -> list[str]:
    k = cohort.settings.small_cell
    hidden = f"<{k + 1}: a count from 1 to {k}; *: hidden so that such a count cannot be worked out"
    synthetic = "SYNTHETIC: every value of this cohort is invented"
    return [text for text, holds in ((synthetic, cohort.settings.synthetic), (hidden, suppress and k)) if holds]


def _few(n: int, *, suppress: bool) -> list[str]:
    if n >= FEW:
        return []
    size = f"fewer than {FEW} patients" if suppress else f"{n} patients"
    return [f"{size}: single children may be recognised; medians with ranges, whose ends are single children's values"]


def _note(text: str) -> dict[str, Any]:
    return _row("note", text, "")


def _row(
    section: str,
    row: str,
    value: str,
    *,
    level: str = "",
    n: Any = pd.NA,
    n_total: Any = pd.NA,
    n_missing: Any = pd.NA,
    note: str = "",
) -> dict[str, Any]:
    return dict(zip(COLUMNS, (section, row, level, value, n, n_total, n_missing, note), strict=True))


@dataclass(frozen=True, slots=True)
class _Printer:
    """Turns counts and numbers into rows, with warnings or with small counts hidden."""

    limit: int
    suppress: bool

    def withheld(self, blocks: dict[str, list[str]]) -> dict[str, str]:
        """Return the groups that are too small to be shown at all, and those that would give their size away."""
        sizes = pd.DataFrame([[len(who) for who in blocks.values()]], columns=list(blocks))
        shown = self._hide(sizes, "rows" if len(blocks) > 1 else "none").iloc[0]
        return {label: word for label, word in shown.items() if isinstance(word, str)}

    def _hide(self, counts: pandas.DataFrame, totals: str) -> pandas.DataFrame:
        """Return counts as shown; where a line is hidden whole its total could tell what ``<5`` leaves open: all become ``*``."""
        if not self.suppress or not self.limit:
            return counts.astype(object)
        shown = _privacy.suppress(counts, self.limit, totals=totals)
        if totals == "none":
            return shown
        hidden = shown.map(lambda v: isinstance(v, str)).to_numpy()
        whole = np.zeros_like(hidden)
        if totals in {"rows", "both"} and counts.shape[1] > 1:
            whole |= hidden.all(axis=1, keepdims=True)
        if totals in {"columns", "both"} and counts.shape[0] > 1:
            whole |= hidden.all(axis=0, keepdims=True)
        return shown.mask(whole & hidden, _privacy.HIDDEN)

    def cells(self, variable: Variable, blocks: dict[str, list[str]], withheld: dict[str, str]) -> pandas.DataFrame:
        """Return the counts of a variable as shown: cells by groups, whose totals of both kinds are known."""
        rest = [p for label in withheld for p in blocks[label]]
        columns = {label: who for label, who in blocks.items() if label not in withheld} | ({_REST: rest} if rest else {})
        counts = pd.DataFrame({label: variable.cells.loc[who].sum() for label, who in columns.items()})
        totals = "both" if len(columns) > 1 else "none" if variable.kind == "count" else "columns"
        return self._hide(counts, totals)

    def rows(self, variable: Variable, who: list[str], shown: pandas.Series[Any]) -> list[dict[str, Any]]:
        """Return the rows of a variable in one group."""
        if variable.kind == "count":
            return [self._count(variable, shown)]
        if variable.kind == "numbers":
            return [self._numbers(variable, who, shown)]
        if variable.kind == "flag":
            return [self._share(variable, shown, YES, "", [YES, NO])]
        names = [c for c in shown.index if c not in {MISSING, OUTSIDE}]
        if not names:
            missing = shown[MISSING]
            note = _joined(variable.note, self._warning([missing]))
            return [_row(variable.section, variable.name, NOT_RECORDED, n_total=0, n_missing=_number(missing), note=note)]
        made = [self._share(variable, shown, name, name, names) for name in names]
        made[0]["note"] = _joined(self._ages(variable, who), made[0]["note"])
        return made

    def _ages(self, variable: Variable, who: list[str]) -> str:
        if variable.numbers is None or self.suppress:
            return ""
        ages = variable.numbers.reindex(who).dropna()
        return f"range {ages.min():g} to {ages.max():g} years: the ages of single children" if len(ages) else ""

    def _count(self, variable: Variable, shown: pandas.Series[Any]) -> dict[str, Any]:
        n = shown[HAS]
        return _row(variable.section, variable.name, str(n), n=_number(n), note=_joined(variable.note, self._warning([n])))

    def _share(
        self, variable: Variable, shown: pandas.Series[Any], cell: str, level: str, among: list[str]
    ) -> dict[str, Any]:
        """Return the row of n among those of whom it is known."""
        n, missing = shown[cell], shown[MISSING]
        known = [shown[c] for c in among]
        # Not from the sum of what is shown: the total is known unless the missing ones or those not asked are hidden.
        total = pd.NA if isinstance(missing, str) or isinstance(shown[OUTSIDE], str) else self._total(shown, among)
        if total is not pd.NA and total == 0:
            value = NOT_RECORDED if missing else "none"
        else:
            value = f"{n}/{total}" if total is not pd.NA else str(n)
            if not isinstance(n, str) and total is not pd.NA and total >= FEW:
                value += f" ({100 * n / total:.0f} %)"
        concerned = [n, missing] if variable.kind == "levels" else [*known, missing]
        note = _joined(variable.note, self._warning(concerned))
        return _row(
            variable.section, variable.name, value, level=level, n=_number(n), n_total=total, n_missing=_number(missing), note=note
        )
