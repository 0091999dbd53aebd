"""How much of each signature was in the matrix, and under which formula it was scored."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from ifnscore import get, keys
from ifnscore._lazy import np
from ifnscore.errors import DataError, listing
from ifnscore.pl import _below, _groups, _style
from ifnscore.pl._ink import ink
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from anndata import AnnData
    from matplotlib.axes import Axes

    from ifnscore._lazy import pd

#: Most signatures that have their words above the bar; more have one line each.
WORDS = 16
#: Fewest letters in the width of axes for words above the bars; inches below which a figure says less; smallest type, in points.
LETTERS, NARROW, SMALLEST = 34, 2.6, 4.5
#: Half the height of a bar, in rows.
HALF = 0.11


def coverage(scored: AnnData, *, key: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw one row a signature: the share of its genes that was found and used, and the share that a score needs.

    Above each bar stand the numbers, the formula ("published formula", "formula of X, not the X assay") and the genes that are
    missing. A signature without a score has a hatched bar and says so. Strata in which the same genes were used share a row.

    Parameters
    ----------
    scored
        AnnData that :func:`ifnscore.tl.score` wrote to.
    key
        ``obsm`` key of the scores; None for the latest.
    ax
        Axes to draw into; None for a new figure.

    Returns
    -------
    Axes
        x is the share of genes, 0 to 1. With more than 16 rows only the numbers are written.

    Raises
    ------
    DataError
        `scored` is a table of scores, or there are no scores.
    """
    if not hasattr(scored, "obsm"):
        msg = "a table of scores does not say which genes were found: give the AnnData that was scored (or its small scored file)"
        raise DataError(msg)
    key = keys.find(scored, key)
    rows = _rows(get.coverage(scored, key=key))
    lost = any(r["missing"] or r["dropped"] for r in rows)
    high, wordy = 0.76 if lost else 0.6, len(rows) <= WORDS
    if ax is not None:
        _below.laid_out(ax)
        (wide, inches), size = _below.inches(ax), _points("small")
        # words need room: a row of lines above the bar, and the width of a formula
        wordy = wordy and inches >= 0.7 * high * len(rows) * size / 8.3 and wide * 72 >= LETTERS * 0.56 * size
    ax = _style.axes(ax, (5.6, 1.3 + (high if wordy else 0.19) * len(rows)))
    _style.tidy(ax)
    ax.spines["left"].set_visible(False)
    ax.set_ylim(len(rows) - 0.6, -0.75 if wordy else -0.6)
    ax.set_xlim(0, 1.0)
    for i, row in enumerate(rows):
        _bar(ax, i, row, HALF if wordy else 2 * HALF)
    ax.set_xticks([0, 0.5, 1], ["0", "50 %", "100 %"])
    ax.set_xlabel("genes of the signature")
    none = sum(not r["scored"] for r in rows)
    title = f"{len(rows)} signatures" + (f", {none} without a score" if none else "")
    narrow = _below.cell_width(ax) < NARROW
    if narrow:
        ax.set_xticks([0, 1], ["0", "100 %"])
        ax.set_xlabel("genes")
    ax.set_title("\n".join(textwrap.wrap(title, 18)) if narrow else title, loc="left" if wordy else "right")
    ax.set_yticks([])
    said = ["which genes are missing: ifn.get.coverage"] if lost and not wordy else []
    if not wordy:
        _names(ax, rows)
    _below.notes(ax, _legend(rows), said, columns=1 if narrow else 2)
    _below.laid_out(ax)
    if not wordy:
        _names(ax, rows)  # the legend took height from the rows
        _below.laid_out(ax)
    if wordy:
        for i, row in enumerate(rows):
            _words(ax, i, row, 3 if lost else 2)
    return ax


def _names(ax: Axes, rows: list[dict[str, Any]]) -> None:
    """Write one line a signature: its name at the left, its numbers at the right, in type that fits."""
    for text in list(ax.texts):
        if text.get_gid() == "numbers":
            text.remove()
    high, wide = _below.inches(ax)[1] * 72 / len(rows), _below.cell_width(ax)
    step = max(1, int(np.ceil(SMALLEST / high)))
    size = min(_points("small"), high * step)
    most = int(min(30, max(10, 0.42 * wide * 72 / (0.52 * size))))
    names = [_style.plain(_style.shortened(r["name"], most)) for r in rows[::step]]
    ax.set_yticks(range(0, len(rows), step), names, fontsize=size)
    ax.tick_params(axis="y", length=0, pad=2)
    for i, row in list(enumerate(rows))[::step]:
        numbers = f"{row['n_used']}/{row['n_genes']}" if wide < NARROW else _numbers(row)
        ax.annotate(
            numbers, (1.0, i), xytext=(3, 0), textcoords="offset points", va="center", fontsize=0.9 * size,
            annotation_clip=False, gid="numbers",
        )  # fmt: skip


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return one row a signature, or several where strata differ in the genes that were used."""
    made: list[dict[str, Any]] = []
    for signature, part in table.groupby("signature", sort=False):
        same = part.groupby(["n_found", "n_used", "missing", "dropped"], sort=False)
        for _, group in same:
            first = rows_of(group)[0]
            where = "; ".join(_groups.values_of(s) for s in group["stratum"]) if same.ngroups > 1 else ""
            enough = first["n_used"] > 0 and first["coverage"] >= first["min_coverage"] - 1e-9
            made.append({**first, "name": f"{signature} ({where})" if where else str(signature), "scored": enough})
    return made


def _bar(ax: Axes, i: int, row: dict[str, Any], half: float) -> None:
    n = row["n_genes"]
    used, found = row["n_used"] / n, row["n_found"] / n
    colour, hatch = (_style.BLUE, "") if row["scored"] else ("none", "/////")
    ax.barh(i, 1.0, 2 * half, facecolor="none", edgecolor=_style.GREY, linewidth=0.7, zorder=1)
    ax.barh(i, used, 2 * half, facecolor=colour, edgecolor=_style.BLUE, linewidth=0.7, hatch=hatch, zorder=2, gid="used")
    if found > used:
        ax.barh(i, found - used, 2 * half, left=used, facecolor=_style.YELLOW, edgecolor=_style.GREY, linewidth=0.7, hatch="....")
    least = float(row["min_coverage"])
    ax.plot([least] * 2, [i - 1.8 * half, i + 1.8 * half], color=ink(), linewidth=1.6, zorder=3, clip_on=False, gid="least")


def _numbers(row: dict[str, Any]) -> str:
    return f"{row['n_used']} of {row['n_genes']}" + ("" if row["scored"] else ", no score")


def _words(ax: Axes, i: int, row: dict[str, Any], lines: int) -> None:
    """Write what was scored above the bar: name and numbers, the formula, and the genes that are missing."""
    fit = int(_below.inches(ax)[0] * 72 / _points("small") / 0.56)
    numbers = f"{_numbers(row)} genes" if row["scored"] else f"{row['n_used']} of {row['n_genes']} genes: NO SCORE"
    name = _style.shortened(row["name"], max(12, fit - len(numbers) - 6))
    step = 9.0
    _line(ax, i, 2.0 + step * (lines - 1), 0.0, name, "left", weight="bold")
    _line(ax, i, 2.0 + step * (lines - 1), 1.0, numbers, "right")
    most = int(fit * 1.12)
    formula = str(row["formula"]).partition(": no published")[0]
    if len(formula) > most:
        formula = _style.shortened(formula.replace(row["signature"], _style.shortened(row["signature"], 14)), most)
    _line(ax, i, 2.0 + step * (lines - 2), 0.0, formula, "left", size="x-small")
    for what, column in (("missing", "missing"), ("not usable", "dropped")):
        genes = [g for g in str(row[column]).split(",") if g]
        if genes:
            text = _style.shortened(f"{what}: {listing(genes, 4)}", most // 2 if row["missing"] and row["dropped"] else most)
            second = what != "missing" and bool(row["missing"])
            _line(ax, i, 2.0, float(second), text, "right" if second else "left", size="x-small")


def _line(ax: Axes, i: int, up: float, x: float, text: str, ha: str, *, weight: str = "normal", size: str = "small") -> None:
    scale = _points("small") / 8.3  # smaller type, smaller distances
    ax.annotate(
        _style.plain(text), (x, i - HALF * 1.4), xytext=(0, up * scale), textcoords="offset points", ha=ha, va="bottom",
        fontsize=size, fontweight=weight, annotation_clip=False,
    )  # fmt: skip


def _points(size: str) -> float:
    from matplotlib.font_manager import FontProperties

    return float(FontProperties(size=size).get_size_in_points())


def _legend(rows: list[dict[str, Any]]) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [Patch(facecolor=_style.BLUE, label="used")] if any(r["scored"] for r in rows) else []
    if not all(r["scored"] for r in rows):
        handles.append(Patch(facecolor="none", edgecolor=_style.BLUE, hatch="/////", label="too few: no score"))
    if any(r["n_found"] > r["n_used"] for r in rows):
        handles.append(Patch(facecolor=_style.YELLOW, edgecolor=_style.GREY, hatch="....", label="found, not usable"))
    if any(r["n_found"] < r["n_genes"] for r in rows):
        handles.append(Patch(facecolor="none", edgecolor=_style.GREY, label="not in the matrix"))
    return [*handles, Line2D([], [], color=ink(), linewidth=1.6, label="needed for a score")]
