"""The verb ``tl.associate``: do score and skin go together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ifnscore import scoretable
from ifnscore._lazy import np, pd
from ifnscore.analysis import (
    _batch,
    _discordant,
    _family,
    _frame,
    _link,
    _linked,
    _methods_text,
    _noise,
    _responders,
    _sensitivity_link,
    _tables,
    _words_link,
)
from ifnscore.analysis._phrases import paragraph
from ifnscore.cohort._flow import flow
from ifnscore.errors import UsageError
from ifnscore.result import COLUMNS, Result

if TYPE_CHECKING:
    from anndata import AnnData

    from ifnscore.analysis._linked import Linked
    from ifnscore.cohort import Cohort
    from ifnscore.scoretable import Column

_ADJUSTMENTS = ("holm", "bh", "none")


def associate(
    scored: AnnData | pd.DataFrame,
    cohort: Cohort,
    *,
    outcome: str | None = None,
    subscale: str = "",
    response: str | None = None,
    scores: Sequence[str] | str | None = None,
    score_type: str | None = None,
    key: str | None = None,
    adjust: str = "holm",
    firth: bool = False,
    rng: Any = None,
) -> Result:
    """Link interferon scores to a clinical measure, between patients and within them.

    Parameters
    ----------
    scored
        AnnData that :func:`ifnscore.tl.score` wrote to, or a table of scores.
    cohort
        ``Cohort.read(folder)`` with visits and outcomes.
    outcome
        Instrument, such as ``cdasi_activity``; None for the primary one of ``cohort.toml``.
    subscale
        Part of the measure, where it has parts.
    response
        Response definition, such as ``cdasi_abs4``; None for the declared one if it is of this instrument, else the first of it.
    scores, score_type, key
        As in :func:`compare`.
    adjust
        ``holm`` (default), ``bh`` or ``none``, over signatures for one contrast.
    firth
        Add Firth's logistic regression of response on the score to the table.
    rng
        Seed of permutations above the exact sizes.

    Returns
    -------
    Result
        ``table`` in the order of evidence: correlation at baseline, of change with change in a common window, slopes within and
        between patients, within-patient correlation freed of the drug's phase and of log(1 + days on drug) with p from
        permutations inside patient and phase, the unadjusted one with its warning, responders against the rest. ``tables``:
        pairs, discordant, responders, matching, lags, flow, settings.

    Raises
    ------
    DataError
        A simple design, nobody has the measure, or nothing can be matched.
    UsageError
        Unknown instrument, response definition or adjustment; no measure named.

    Notes
    -----
    Nothing here shows a cause, and a fall of the score is no proof of benefit: interferon normalised in children who did not
    respond as well (Le Voyer 2021, doi:10.1093/rheumatology/keab116).
    """
    if adjust not in _ADJUSTMENTS:
        msg = f"adjustment {adjust!r} is none of {', '.join(_ADJUSTMENTS)}"
        raise UsageError(msg)
    outcome = outcome or cohort.settings.primary_instrument
    if not outcome:
        msg = "name the measure: outcome='cdasi_activity' (--outcome), or [primary] instrument in cohort.toml"
        raise UsageError(msg)
    table = scoretable.collect(scored, scores=scores, score_type=score_type, key=key)
    frame, no_p = _batch.allow(_frame.build(table, cohort))
    linked = _linked.build(frame, cohort, outcome, subscale)
    definition = _responders.check(response, cohort.settings.primary_response, linked.instrument.id)
    if response is not None and definition is not None:
        _responders.refuse_foreign(definition, cohort)
    judged = _responders.table(frame, cohort, definition, linked.instrument.id) if definition else pd.DataFrame()
    rows = [
        r
        for c in frame.columns
        for tissue in frame.tissues
        for r in _one(frame, linked, c, tissue, judged, rng, with_firth=firth)
    ]
    _adjust(rows, adjust)
    main = _ordered(rows, frame)
    main = _tables.hide_p(main, no_p)
    tables = _tables_of(frame, cohort, linked, judged, _noise.within_person(table, cohort))
    tables["sensitivity"] = _tables.hide_p(_sensitivity_link.table(frame, cohort, outcome, subscale, rng), no_p)
    tables["settings"] = _tables.settings(
        cohort, outcome=linked.instrument.id, response=definition or "none", adjust=adjust, rng=rng, **_tables.origin(table)
    )
    said = _words_link.associate(main, tables, frame, cohort, linked, definition, no_p)
    made = Result(
        verb="associate",
        table=_tables.whole(main),
        tables={name: _tables.whole(t) for name, t in tables.items() if len(t.columns)},
        reading=paragraph(said),
        sentences=tuple(said),
        methods=_methods_text.associate(frame, linked.instrument.title, adjust, no_p, response=len(judged) > 0),
        settings=dict(zip(tables["settings"]["rule"], tables["settings"]["value"], strict=True)),
    )
    return made.marked("SYNTHETIC") if cohort.settings.synthetic else made


def _one(
    frame: _frame.Frame, linked: Linked, column: Column, tissue: str, judged: pd.DataFrame, rng: Any, *, with_firth: bool
) -> list[dict[str, Any]]:
    pairs, _ = _linked.pairs(frame, linked, column.id, tissue)
    before = _linked.baselines(frame, linked, column.id, tissue)
    visits = _linked.visits_of(frame, linked, column.id, tissue)
    rows: list[dict[str, Any] | None] = [
        _link.change(pairs, rng),
        _link.baseline(before, rng),
        _link.change_given_steroid(pairs, rng),
        _link.change_with_time(pairs, rng),
        *_link.split(visits),
        _link.own_course(visits, rng),
        _link.slopes(visits, rng),
        _link.adjusted(visits, rng),
        _link.adjusted_steroid(visits, rng),
        _link.unadjusted(visits),
    ]
    if len(judged):
        rows += _responders.rows(pairs, before, judged, rng, with_firth=with_firth)
    about = {
        "signature": column.id,
        "tissue": tissue,
        "outcome": linked.instrument.id,
        "ifn_type": column.ifn_type,
        "score_type": column.score_type,
        "method": column.method,
    }
    return [{**about, **r} for r in rows if r is not None]


def _adjust(rows: list[dict[str, Any]], how: str) -> None:
    families: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        row["adjustment"] = how
        families.setdefault((row["tissue"], row["contrast"], row["test"]), []).append(row)
    if how != "none":
        for family in families.values():
            _family.adjust_rows(family, how)


def _ordered(rows: list[dict[str, Any]], frame: _frame.Frame) -> pd.DataFrame:
    table = pd.DataFrame(rows)
    primary = (table["signature"] == frame.primary) & (table["tissue"] == frame.tissues[0])
    headline = primary & (table["contrast"] == _link.CHANGE)
    table.insert(0, "role", np.where(headline, _tables.PRIMARY, np.where(primary, _tables.SECONDARY, _tables.EXPLORATORY)))
    first = [*COLUMNS, "outcome"]
    table = table[[*first, *(c for c in table.columns if c not in first)]]
    rank = (~headline).astype(int) + (~primary).astype(int)
    return table.loc[rank.sort_values(kind="stable").index].reset_index(drop=True)


def _tables_of(frame: _frame.Frame, cohort: Cohort, linked: Linked, judged: pd.DataFrame, noise: Any) -> dict[str, pd.DataFrame]:
    pairs, discordant, flows = [], [], []
    for column in frame.columns:
        for tissue in frame.tissues:
            found, why = _linked.pairs(frame, linked, column.id, tissue)
            about = {"signature": column.id, "tissue": tissue}
            pairs.append(found.assign(**about).sort_values("patient_id"))
            made = _discordant.table(found, linked.instrument, noise[column.id, tissue].rcv, judged)
            discordant.append(made.assign(**about) if len(made) else made)
            here = frame.rows[frame.rows["tissue"] == tissue]
            entered = {p: int((here["patient_id"] == p).sum()) for p in frame.patients}
            used = dict.fromkeys(found["patient_id"], 2)
            flows.append(flow(entered, why, used, _linked.REASONS, {**about, "contrast": _link.CHANGE}))
    return {
        "pairs": _about_first(pairs),
        "discordant": _about_first([d for d in discordant if len(d)]),
        "responders": judged.sort_values("patient_id") if len(judged) else judged,
        "response_rates": _responders.rates(judged) if len(judged) else judged,
        "matching": linked.unmatched,
        "lags": _lags(linked, cohort),
        "flow": pd.concat(flows, ignore_index=True),
    }


def _about_first(parts: list[pd.DataFrame]) -> pd.DataFrame:
    if not parts:
        return pd.DataFrame()
    whole = pd.concat([p for p in parts if len(p)] or parts[:1], ignore_index=True)  # empty parts have other dtypes
    first = ["signature", "tissue"]
    return whole[[*first, *(c for c in whole.columns if c not in first)]]


def _lags(linked: Linked, cohort: Cohort) -> pd.DataFrame:
    """Return how far samples and visits lie apart, and how many matches are left with a smaller or larger tolerance."""
    rows = []
    for tissue, part in linked.rows.groupby("tissue"):
        far = part["lag"].abs()
        row = {"tissue": tissue, "n_matched": len(part), "median_lag": float(far.median()), "max_lag": float(far.max())}
        rows.append({**row, **{f"within_{d}_days": int((far <= d).sum()) for d in (0, 7, 14, 30)}})
    return pd.DataFrame(rows).assign(tolerance_days=cohort.settings.match_tolerance_days)
