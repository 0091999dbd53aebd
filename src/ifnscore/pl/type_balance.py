"""Type I score against type II score, with the healthy controls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ifnscore import get, signatures
from ifnscore._lazy import pd
from ifnscore.analysis import _frame, _healthy
from ifnscore.cohort import _exposure
from ifnscore.errors import DataError, UsageError, listing, nearest
from ifnscore.pl import _below, _inputs, _paths, _room, _style
from ifnscore.scoretable import collect

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ifnscore.cohort import Cohort
    from ifnscore.scoretable import Column, Scored, ScoreTable

#: Type II signature of the panel, and the two lists of the refusal.
TYPE_II, HALLMARK_I, HALLMARK_II = "aybey_ifn2_6", "msigdb_hallmark_ifna", "msigdb_hallmark_ifng"
#: Most patients whose samples are joined; most groups of `by`; most samples in full strength.
JOINED, GROUPS, FEW = 12, 20, 80
_PAIR = 2
NOT_GIVEN = "not given"
_WARNING = "Neither score names the interferon: cells answer to type I and type II with many of the same genes."


def type_balance(
    scored: Scored,
    cohort: Cohort | None = None,
    *,
    type_i: str | None = None,
    type_ii: str | None = None,
    by: str | None = None,
    tissue: str | None = None,
    scores: Sequence[str] | str | None = None,
    score_type: str | None = None,
    key: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a type I score against a type II score, one point a sample, beside the healthy controls.

    With up to 12 patients the samples of each are joined in the order of days; the arrow points to the last one. Every control is
    a point (repeats of a donor averaged) and the rectangle spans their range on both scores: what was seen, no interval. An
    ellipse or a hull would claim to know the shape of a cloud that 10 or 20 people cannot show.

    Parameters
    ----------
    scored
        AnnData that :func:`ifnscore.tl.score` wrote to, or a table of scores.
    cohort
        Who is patient and who is control, and the phase of the drug, which makes colour and shape. None: the controls are those
        of the scores.
    type_i
        Type I signature; None for the primary one.
    type_ii
        Type II signature; None for the panel's (``aybey_ifn2_6``, which answers to IL-1b too), else the first that was scored.
        Hallmark interferon gamma is refused: most Hallmark alpha genes are in it.
    by
        Column of the samples' annotations that makes colour and shape, in place of the phase.
    tissue
        Which samples; None for the primary tissue of the cohort, without a cohort the one with most samples.
    scores, score_type, key
        As in :func:`ifnscore.tl.compare`.
    ax
        Axes to draw into; None for a new figure.

    Returns
    -------
    Axes
        Both axes are on the scale of analysis: log2 for ratios, everything else as it is.

    Raises
    ------
    DataError
        There is no score of one type, no sample has both scores, or `by` has too many values.
    UsageError
        A signature is of another type, or there is no such tissue or column.
    """
    inputs = None if cohort is None else _inputs.join(scored, cohort, scores=scores, score_type=score_type, key=key)
    table = inputs.scores if inputs else collect(scored, scores=scores, score_type=score_type, key=key)
    primary, declared = (inputs.frame.primary, inputs.frame.settings.primary_signature) if inputs else (None, None)
    first, second = _type_i(table, type_i, primary, declared), _type_ii(table, type_ii)
    where, rows = _of_cohort(inputs, tissue) if inputs else _of_table(table, tissue)
    x, y = (_values(table, inputs, c)[rows.index] for c in (first, second))
    rows = rows.assign(x=x, y=y)
    both = rows.dropna(subset=["x", "y"])
    if both.empty:
        none = [c for c, name in ((first, "x"), (second, "y")) if not rows[name].notna().any()]
        why = "; ".join(_unscored(table, c.id) for c in none) or "those with a score of one have none of the other"
        msg = f"no sample{_in(where)} has scores of both {first.id} and {second.id}: {why}"
        raise DataError(msg)
    if by is not None:
        both = both.assign(group=_groups(table, inputs, both, by))
    ax = _style.axes(ax, (5.0, 4.6))
    _style.tidy(ax)
    healthy = _controls(table, cohort, (first.id, second.id), where)
    handles = [*_samples(ax, both, by, simple=bool(inputs and inputs.frame.simple)), *_region(ax, healthy)]
    if inputs and both["patient_id"].nunique() <= JOINED:
        _paths.joined(ax, both)
    ax.set_xlabel(_style.plain(f"type I: {_inputs.unit(first)}"))
    ax.set_ylabel(_style.plain(f"type II: {_inputs.unit(second)}"))
    _room.title(ax, _style.plain(_heading(both, where)), synthetic=bool(inputs and inputs.cohort.settings.synthetic))
    said = [_shared(table, first.id, second.id), _WARNING, _left_out(len(rows) - len(both), healthy)]
    _below.notes(ax, handles, said, columns=_columns(ax, handles))
    return ax


def _columns(ax: Axes, handles: Sequence[Any]) -> int:
    """Return how many columns of the legend fit."""
    longest = max((_room.text_width(str(h.get_label())) for h in handles), default=0.0) + _room.HANDLE
    return 2 if 2 * longest <= _room.inches(ax)[0] * 1.1 else 1


def _unscored(table: ScoreTable, signature: str) -> str:
    """Return that there is no score of a signature, and where it is known why."""
    said = f"there is none of {signature}"
    if table.adata is None:
        return said
    facts = get.coverage(table.adata, key=table.key)
    low = facts[(facts["signature"] == signature) & ((facts["coverage"] < facts["min_coverage"]) | (facts["n_used"] == 0))]
    if low.empty:
        return said
    one = low.iloc[0]
    absent = listing([g for g in str(one["missing"]).split(",") if g], 4)
    gone = f"; absent: {absent}" if absent else ""
    return f"{said} ({one['n_used']} of {one['n_genes']} genes, needs {one['min_coverage']:.0%}{gone})"


def _type_i(table: ScoreTable, asked: str | None, primary: str | None, declared: str | None) -> Column:
    have = [c for c in table.columns if c.ifn_type == "I"]
    if asked is not None:
        return _asked(table, asked, "I", have)
    if not have:
        scored = listing([c.id for c in table.columns])
        msg = f"none of the scores is known as type I ({scored}): name one with type_i=, or score the panel"
        raise DataError(msg)
    wanted = next((c for c in have if c.id == primary), None) or next((c for c in have if c.is_log), have[0])
    return _scored(table, wanted, have, declared=wanted.id == declared)


def _type_ii(table: ScoreTable, asked: str | None) -> Column:
    have = [c for c in table.columns if c.ifn_type == "II"]
    if asked is not None:
        if asked == HALLMARK_II or _holds_type_i(table, asked):
            raise UsageError(_refusal(asked))
        return _asked(table, asked, "II", have)
    if not have:
        scored = listing([c.id for c in table.columns])
        msg = f"none of the scores is known as type II ({scored}): score {TYPE_II} too, or name one with type_ii="
        raise DataError(msg)
    return _scored(table, next((c for c in have if c.id == TYPE_II), have[0]), have)


def _scored(table: ScoreTable, wanted: Column, have: Sequence[Column], *, declared: bool = False) -> Column:
    """Return the signature of a type that is shown where none is asked for: one with scores."""
    return table.column(_inputs.scored_one(table.values[[c.id for c in have]], wanted.id, declared=declared))


def _asked(table: ScoreTable, asked: str, wanted: str, have: Sequence[Column]) -> Column:
    """Return the signature that was asked for; a user's own one may be of any type."""
    column = table.column(asked)
    if column.ifn_type not in {wanted, "unknown"}:
        there = listing([c.id for c in have]) or "none"
        msg = f"{asked} is no type {wanted} signature but {column.ifn_type}; scored of type {wanted}: {there}"
        raise UsageError(msg)
    return column


def _genes(table: ScoreTable, signature: str) -> set[str]:
    """Return the current symbols of a signature's genes; nothing where the list is not known."""
    if table.adata is not None:
        uses = get.genes(table.adata, key=table.key)
        return set(uses.loc[uses["signature"] == signature, "gene"])
    return set(signatures.to_network(signature)["target"]) if signature in signatures.ids() else set()


def _holds_type_i(table: ScoreTable, asked: str) -> bool:
    """Whether over half of Hallmark alpha is in a list: Hallmark gamma under another name."""
    alpha = set(signatures.to_network(HALLMARK_I)["target"])
    return 2 * len(alpha & _genes(table, asked)) > len(alpha)


def _refusal(asked: str) -> str:
    pair = signatures.overlap([HALLMARK_I, HALLMARK_II]).iloc[0]
    which = "Hallmark interferon gamma" if asked == HALLMARK_II else f"{asked}, like Hallmark interferon gamma,"
    held = f"{pair['n_shared']} of the {pair['n_first']} genes of Hallmark alpha (type I) are in Hallmark gamma"
    return f"{which} is no type II axis: {held}, so one would be drawn against itself; use {TYPE_II}"


def _shared(table: ScoreTable, first: str, second: str) -> str:
    a, b = _genes(table, first), _genes(table, second)
    if not a or not b:
        return "Which genes the two lists share is not known."
    both = sorted(a & b)
    if not both:
        return f"The two lists ({len(a)} and {len(b)} genes) share no gene."
    return f"The two lists ({len(a)} and {len(b)} genes) share {len(both)}: {listing(both, 6)}."


def _of_cohort(inputs: _inputs.Inputs, tissue: str | None) -> tuple[str, pd.DataFrame]:
    where = inputs.tissue(tissue)
    rows = inputs.frame.rows.assign(id=inputs.frame.ids)
    return where, rows[rows["tissue"] == where]


def _of_table(table: ScoreTable, tissue: str | None) -> tuple[str, pd.DataFrame]:
    """Return the tissue and its samples that are no controls, where there is no cohort."""
    people = _healthy.people(table)
    people = people[~people["control"]]
    counts = people["tissue"].value_counts()
    where = _inputs.choose("tissue", tissue, sorted(counts.index, key=lambda t: (-counts[t], t)) or [_frame.UNKNOWN])
    people = people[people["tissue"] == where]
    return where, pd.DataFrame({"id": people.index}, index=people.index)


def _values(table: ScoreTable, inputs: _inputs.Inputs | None, column: Column) -> Any:
    return inputs.frame.values[column.id] if inputs else table.analysed()[column.id]


def _left_out(n: int, healthy: pd.DataFrame) -> str:
    without = f"{n} sample{'s' if n != 1 else ''} without one of the scores. " if n else ""
    return without + ("" if len(healthy) else "No healthy controls are known.")


def _groups(table: ScoreTable, inputs: _inputs.Inputs | None, rows: pd.DataFrame, by: str) -> list[str]:
    """Return the group of every sample, by a column of the patients or the samples.

    Raises
    ------
    UsageError
        There is no such column.
    DataError
        It has more values than a reader can tell apart.
    """
    patients = inputs.cohort.patients if inputs and inputs.cohort.simple is None else pd.DataFrame()
    if inputs and by in patients.columns:
        values = rows["patient_id"].map(patients.set_index(patients["patient_id"].map(inputs.cohort.codes))[by])
    elif by in table.obs:
        values = table.obs[by].reindex(rows["id"])
    else:
        known = [str(c) for c in [*patients.columns, *table.obs.columns]]
        msg = f"by={by!r}: the samples have no such column; there are {listing(known, 12) or 'none'}.{nearest(by, known)}"
        raise UsageError(msg)
    text = values.astype(object).where(values.notna(), "").astype(str).replace("", NOT_GIVEN)
    if text.nunique() > GROUPS:
        msg = f"by={by!r} has {text.nunique()} values; up to {GROUPS} can be told apart: name a column that samples share"
        raise DataError(msg)
    return list(text)


def _samples(ax: Axes, rows: pd.DataFrame, by: str | None, *, simple: bool) -> list[Any]:
    """Draw the samples by group, by phase, or all alike; return the handles."""
    faint = 1.0 if len(rows) <= FEW else 0.5
    if by is None and "phase" in rows:
        for phase, part in rows.groupby("phase", sort=False):
            drawn = _style.points(ax, part["x"], part["y"], str(phase), size=26, alpha=faint)
            # of most patients there is one baseline, and few samples off the drug: the many others must not hide them
            drawn.set_zorder(2.2 if phase == _exposure.BASELINE else 2 if _style.PHASES[str(phase)].filled else 2.4)
        marks = [(p, m) for p, m in _style.PHASES.items() if p in set(rows["phase"])]
        return [_style.handle(replace(m, label="follow-up") if simple and p == _exposure.ON else m) for p, m in marks]
    group = rows["group"] if by is not None else pd.Series("samples", index=rows.index)
    drawn = []
    for i, name in enumerate(sorted(set(group), key=lambda g: (g == NOT_GIVEN, g))):
        part = rows[group == name]
        # each round through the colours takes another shape, so that no pair of colour and shape comes twice
        colour = _style.GREY if name == NOT_GIVEN else _style.COLOURS[i % len(_style.COLOURS)]
        label = _style.plain(f"{_style.shortened(name)} (n = {len(part)})")
        look: dict[str, Any] = {
            "s": 26,
            "color": colour,
            "marker": _style.MARKERS[i % 7],
            "alpha": faint,
            "linewidths": 0,
        }
        drawn.append(ax.scatter(part["x"], part["y"], label=label, zorder=2, **look))
    return drawn


def _controls(table: ScoreTable, cohort: Cohort | None, pair: tuple[str, str], where: str) -> pd.DataFrame:
    x, y = (_healthy.values(table, s, where, cohort) for s in pair)
    return pd.concat({"x": x, "y": y}, axis=1, join="inner")


def _region(ax: Axes, healthy: pd.DataFrame) -> list[Any]:
    if healthy.empty:
        return []
    n = len(healthy)
    label = f"{n} healthy controls, and their range" if n >= _PAIR else "1 healthy control"
    drawn = ax.scatter(healthy["x"], healthy["y"], s=26, marker="+", color=_style.ink(), linewidths=1, label=label, zorder=3)
    if n >= _PAIR:
        from matplotlib.patches import Rectangle

        low, size = healthy.min(), healthy.max() - healthy.min()
        look: dict[str, Any] = {"edgecolor": _style.ink(), "linewidth": 0.7, "linestyle": "--", "zorder": 2.9}
        ax.add_patch(Rectangle((low["x"], low["y"]), size["x"], size["y"], facecolor=(_style.GREY, 0.2), **look))
    return [drawn]


def _heading(rows: pd.DataFrame, where: str) -> str:
    if "patient_id" in rows:
        return _inputs.heading(where, rows["patient_id"].nunique())
    many = f"{len(rows)} samples" if len(rows) != 1 else "1 sample"
    return many if where == _frame.UNKNOWN else f"{where}, {many}"


def _in(where: str) -> str:
    return "" if where == _frame.UNKNOWN else f" of {where}"
