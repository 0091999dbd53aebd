"""From the variables of Table 1 to its printed rows: medians and n/N, with warnings or with small counts hidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np, pd
from ifnscore.cohort import _privacy
from ifnscore.cohort._table1_rows import HAS, MISSING, NO, OUTSIDE, YES, Variable

if TYPE_CHECKING:
    import pandas

#: Below this many values: median and range, and no percentages.
FEW = 10
SMALL = "small cell: may identify a child"
NOT_RECORDED, NOT_SHOWN = "not recorded", "not shown"
_REST = "\0rest"
_WHOLE, _TENS = 100, 10


def row(section: str, name: str, value: str = "", *, level: str = "", note: str = "", **counts: Any) -> dict[str, Any]:
    """Return one row; counts that are not given, or hidden (text), are missing."""
    numbers = {c: pd.NA if isinstance(counts.get(c, ""), str) else counts[c] for c in ("n", "n_total", "n_missing")}
    return {"section": section, "row": name, "level": level, "value": value, **numbers, "note": note}


def number(x: float) -> str:
    """Return a number in about three digits: 1205, 33.5, 8.3, 0.325."""
    digits = 0 if abs(x) >= _WHOLE else 1 if abs(x) >= _TENS else 2 if abs(x) >= 1 else 3
    text = f"{x:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


@dataclass(frozen=True, slots=True)
class Printer:
    """How counts up to `limit` are printed: with a warning, or hidden."""

    limit: int
    suppress: bool

    def withheld(self, blocks: dict[str, list[str]]) -> dict[str, str]:
        """Return the groups that are too small to be shown at all, and those that would give their size away."""
        sizes = pd.DataFrame([[len(who) for who in blocks.values()]], columns=list(blocks))
        words = self._hide(sizes, "rows" if len(blocks) > 1 else "none").iloc[0]
        found = {str(label): word for label, word in words.items() if isinstance(word, str)}
        others = sorted((label for label in blocks if label not in found), key=lambda b: len(blocks[b]))
        while found and others and sum(len(blocks[b]) for b in found) <= self.limit:
            found[others.pop(0)] = _privacy.HIDDEN
        return found

    def cells(self, variable: Variable, blocks: dict[str, list[str]], withheld: dict[str, str]) -> pandas.DataFrame:
        """Return the counts of a variable as shown, cells by groups.

        The sums of both are known: of a group from its size, of all groups from the table without groups.
        """
        columns = {label: who for label, who in blocks.items() if label not in withheld}
        rest = [p for label in withheld for p in blocks[label]]
        columns |= {_REST: rest} if rest else {}
        counts = pd.DataFrame({label: variable.cells.loc[who].sum() for label, who in columns.items()})
        return self._hide(counts, "both" if len(columns) > 1 else "none" if variable.kind == "count" else "columns")

    def _hide(self, counts: pandas.DataFrame, totals: str) -> pandas.DataFrame:
        """Return counts as shown; a line hidden whole becomes ``*`` all over, as its sum could tell what ``<5`` leaves open."""
        if not self.suppress or not self.limit:
            return counts.astype(object)
        shown = _privacy.suppress(counts, self.limit, totals=totals)
        hidden = shown.map(lambda v: isinstance(v, str)).to_numpy()
        whole = np.zeros_like(hidden)
        if totals in {"rows", "both"} and counts.shape[1] > 1:
            whole |= hidden.all(axis=1, keepdims=True)
        if totals in {"columns", "both"} and counts.shape[0] > 1:
            whole |= hidden.all(axis=0, keepdims=True)
        return shown.mask(whole, _privacy.HIDDEN)

    def rows(self, variable: Variable, who: list[str], shown: pandas.Series[Any]) -> list[dict[str, Any]]:
        """Return the rows of a variable in one group, from its counts as they may be shown."""
        if variable.kind == "count":
            n = shown[HAS]
            return [row(variable.section, variable.name, str(n), n=n, note=_joined(variable.note, self._warning([n])))]
        if variable.kind == "numbers":
            return [self._numbers(variable, who, shown)]
        true = variable.cells.loc[who].sum()
        if variable.kind == "flag":
            return [self._share(variable, true, shown, YES, "")]
        names = [str(c) for c in shown.index if c not in {MISSING, OUTSIDE}]
        if not names:
            note = _joined(variable.note, self._warning([shown[MISSING]]))
            return [row(variable.section, variable.name, NOT_RECORDED, n_total=0, n_missing=shown[MISSING], note=note)]
        made = [self._share(variable, true, shown, name, name) for name in names]
        made[0]["note"] = _joined(self._ages(variable, who), variable.note, made[0]["note"])
        return made

    def _share(
        self, variable: Variable, true: pandas.Series[Any], shown: pandas.Series[Any], cell: str, level: str
    ) -> dict[str, Any]:
        """Return the row of n among those of whom it is known; that total is hidden where it would tell a hidden count."""
        n, missing = shown[cell], shown[MISSING]
        total = int(true.sum() - true[MISSING] - true[OUTSIDE])
        hidden = isinstance(missing, str) or isinstance(shown[OUTSIDE], str)
        if hidden:
            value = str(n)
        elif not total:
            value = NOT_RECORDED if true[MISSING] else "none"
        else:
            percent = f" ({100 * n / total:.0f} %)" if total >= FEW and not isinstance(n, str) else ""
            value = f"{n}/{total}{percent}"
        # Of yes and no either one tells the other.
        concerned = [shown[YES], shown[NO], missing] if variable.kind == "flag" else [n, missing]
        note = _joined(variable.note if variable.kind == "flag" else "", self._warning(concerned))
        counts = {"n": n, "n_total": "" if hidden else total, "n_missing": missing}
        return row(variable.section, variable.name, value, level=level, note=note, **counts)

    def _numbers(self, variable: Variable, who: list[str], shown: pandas.Series[Any]) -> dict[str, Any]:
        true = variable.cells.loc[who].sum()
        values: Any = [] if variable.numbers is None else variable.numbers.reindex(who).dropna()
        value, how = self._spread(values)
        if isinstance(shown[HAS], str) and len(values) <= self.limit:
            value, how = NOT_SHOWN, ""
        elif not len(values):
            value = NOT_RECORDED if true[MISSING] else "none"
        note = _joined(how, variable.note, self._warning([shown[HAS], shown[MISSING]]))
        total = "" if isinstance(shown[OUTSIDE], str) else int(true[HAS] + true[MISSING])
        counts = {"n": shown[HAS], "n_total": total, "n_missing": shown[MISSING]}
        return row(variable.section, variable.name, value, level=variable.level, note=note, **counts)

    def _spread(self, values: Any) -> tuple[str, str]:
        """Return median and range, or from 10 values on median and quartiles (linear interpolation), and what it is."""
        if not len(values):
            return "", ""
        low, mid, high = (float(q) for q in np.percentile(np.asarray(values, dtype=float), [25, 50, 75]))
        if len(values) < FEW:
            if self.suppress:
                return number(mid), "median"
            return f"{number(mid)} [{number(min(values))} to {number(max(values))}]", "median [minimum to maximum]"
        return f"{number(mid)} [{number(low)} to {number(high)}]", "median [interquartile range]"

    def controls(self, name: str, tissue: str, values: Any) -> dict[str, Any]:
        """Return the row of the healthy controls of one tissue."""
        n = len(values)
        value, how = self._spread(values)
        if self.suppress and n <= self.limit:
            return row("baseline score", name, NOT_SHOWN, level=tissue, note="healthy controls")
        note = _joined("healthy controls", how, self._warning([n]))
        return row("baseline score", name, value, level=tissue, n=n, note=note)

    def _ages(self, variable: Variable, who: list[str]) -> str:
        if variable.numbers is None or self.suppress:
            return ""
        ages = variable.numbers.reindex(who).dropna()
        return f"range {ages.min():g} to {ages.max():g} years: the ages of single children" if len(ages) else ""

    def _warning(self, shown: list[Any]) -> str:
        small = not self.suppress and any(1 <= n <= self.limit for n in shown)
        return SMALL if small else ""


def _joined(*notes: str) -> str:
    return "; ".join(n for n in notes if n)
