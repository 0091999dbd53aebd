"""Table 1: who is in the cohort, without a p-value, an id or a date.

Ages are printed in bands where the cohort is small (``band_ages_below``); their range stands in the note, marked as what it is:
the ages of single children. ``suppress=True`` is for tables that leave the house: counts from 1 to ``small_cell`` are hidden with
as many others as would give them away, and so are ranges, and summaries of so few values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np, pd
from ifnscore.cohort import _table1_patients
from ifnscore.cohort._table1_print import FEW, Printer, row
from ifnscore.cohort._table1_rows import NOT_GIVEN
from ifnscore.errors import DataError, UsageError, listing, nearest

if TYPE_CHECKING:
    import pandas

    from ifnscore.cohort._model import Cohort

COLUMNS = ("section", "row", "level", "value", "n", "n_total", "n_missing", "note")
CONTROLS = "controls"


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
    printer = Printer(cohort.settings.small_cell, suppress=suppress)
    blocks = _blocks(cohort, group)
    withheld = printer.withheld(blocks)
    shown = [printer.cells(v, blocks, withheld) for v in variables]
    rows: list[dict[str, Any]] = []
    for label, who in blocks.items():
        few = len(who) < FEW and label not in withheld
        made = [row("note", name, note=text) for name, text in _banners(cohort, few=few, suppress=suppress).items()]
        if label in withheld:
            made.append(row("cohort", "Patients", withheld[label], note="withheld: too few, or the rest of a group that is"))
        else:
            made += [r for v, cells in zip(variables, shown, strict=True) for r in printer.rows(v, who, cells[label])]
        rows += [{"group": label, **r} for r in made]
    if controls is not None:
        name = _table1_patients.score_label(cohort, score_name)
        found = _table1_patients.controls(cohort, controls)
        rows += [{"group": CONTROLS, **printer.controls(name, t, values)} for t, values in found.items()]
    table = pd.DataFrame(rows, columns=["group", *COLUMNS]).astype(dict.fromkeys(("n", "n_total", "n_missing"), "Int64"))
    return table if group is not None else table.drop(columns="group")


def _blocks(cohort: Cohort, group: str | None) -> dict[str, list[str]]:
    """Return the patients of each group; one block without a name where no group is asked for."""
    who = list(cohort.patients["patient_id"])
    if group is None:
        return {"": who}
    if cohort.simple is not None:
        known = ["group", cohort.simple.group] if cohort.simple.group else []
        source = dict(zip(cohort.samples["patient_id"], cohort.samples["group"], strict=True))
        words = [source.get(p, "") for p in who]
    else:
        known = [c for c in cohort.patients.columns if c != "patient_id" and not c.endswith("_years")]
        words = cohort.patients[group].tolist() if group in known else []
    if group not in known:
        hint = nearest(group, known) or f" Use one of: {listing(known, FEW) or 'none in this design'}"
        msg = f"group={group!r}: no column of the patients that can make groups (of ages only the bands can).{hint}"
        raise UsageError(msg)
    labels = [_label(w) for w in words]
    return {name: [p for p, w in zip(who, labels, strict=True) if w == name] for name in sorted(set(labels))}


def _label(value: Any) -> str:
    if value is None or value is pd.NA or value == "":
        return NOT_GIVEN
    return ("yes" if value else "no") if isinstance(value, bool | np.bool_) else str(value)


def _banners(cohort: Cohort, *, few: bool, suppress: bool) -> dict[str, str]:
    k = cohort.settings.small_cell
    notes = {"SYNTHETIC": "every value of this cohort is invented"} if cohort.settings.synthetic else {}
    if few:
        ends = "ranges are not shown" if suppress else "the ends of ranges are values of single children"
        notes[f"fewer than {FEW} patients"] = f"a row, or rows together, may identify a child; {ends}"
    if suppress and k:
        notes["hidden counts"] = f"<{k + 1}: a count from 1 to {k}; *: hidden so that such a count cannot be worked out"
    return notes
