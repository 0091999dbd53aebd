"""Scores with what is known about them, from a scored AnnData or from any table of scores."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, get_args

from ifnscore import get, keys, signatures
from ifnscore._lazy import np, pd
from ifnscore.cohort._simple import row_names
from ifnscore.errors import DataError, UsageError, listing, nearest, say
from ifnscore.expression import MAX_LINEAR
from ifnscore.methods._protocol import ScoreType

if TYPE_CHECKING:
    from anndata import AnnData

    Scored: TypeAlias = AnnData | pd.DataFrame

SCORE_TYPES: tuple[str, ...] = get_args(ScoreType)
#: Columns of a long score table that describe scores and not samples.
_OF_SCORES = frozenset(
    [
        *("signature", "method", "score", "coverage", "n_genes", "n_used", "n_found", "missing", "cutoff", "above_cutoff"),
        *("jackknife_low", "jackknife_high", "top_gene", "top_gene_share", "dropped", "formula", "score_type"),
        *("platform_match", "stratum"),
    ]
)
#: What the score types mean, for helps and messages.
MEANINGS = {
    "log": "log2 values",
    "ratio": "linear values such as fold changes or geometric means, compared as log2",
    "z": "standard deviations",
    "rank": "made from ranks of genes, such as UCell or ssGSEA",
}
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
#: What one unit of a score is, once it is on the scale of analysis.
UNITS = {"ratio": "log2", "log": "log2", "z": "z", "rank": "rank score"}


@dataclass(frozen=True, slots=True)
class Column:
    """One signature's scores: what may be done with them follows from `score_type`.

    Attributes
    ----------
    id
        Signature.
    ifn_type
        ``I``, ``II``, ``III``, ``I+II``, ``comparator`` or ``unknown``.
    score_type
        ``ratio`` (logged before it is compared), ``log``, ``z`` or ``rank`` (only ever subtracted).
    method
        Scoring method, ``unknown`` for a foreign table.
    """

    id: str
    ifn_type: str
    score_type: str
    method: str = "unknown"

    @property
    def unit(self) -> str:
        """Unit of a difference on the scale of analysis."""
        return "cohort z" if self.method == "zcohort_mean" else UNITS[self.score_type]

    @property
    def is_log(self) -> bool:
        """Whether a difference is a log2 ratio."""
        return self.score_type in {"ratio", "log"}


@dataclass(frozen=True, eq=False)
class ScoreTable:
    """Scores of shape (n_samples, n_signatures) with their annotations.

    Attributes
    ----------
    values
        Scores as they were given, indexed by sample.
    columns
        One :class:`Column` for each of them.
    obs
        Annotations, same index.
    adata
        The scored matrix, where there is one: genes can be compared then.
    key
        Where the scores lie in it.
    """

    values: pd.DataFrame
    columns: tuple[Column, ...]
    obs: pd.DataFrame
    adata: AnnData | None = None
    key: str = ""

    def analysed(self) -> pd.DataFrame:
        """Return scores on the scale of analysis: ratios as log2, everything else as it is; no logarithm of zero, but NaN."""
        out = self.values.astype(float).copy()
        for column in self.columns:
            if column.score_type == "ratio":
                raw = out[column.id].to_numpy()
                out[column.id] = np.log2(np.where(raw > 0, raw, np.nan))
        return out

    def column(self, signature: str) -> Column:
        """Return the facts of one signature.

        Raises
        ------
        DataError
            The signature was not scored.
        """
        for column in self.columns:
            if column.id == signature:
                return column
        have = [c.id for c in self.columns]
        msg = f"no scores of {signature!r}; scored: {listing(have)}.{nearest(signature, have)}"
        raise DataError(msg)


def collect(
    scored: Scored, *, scores: Sequence[str] | str | None = None, score_type: str | None = None, key: str | None = None
) -> ScoreTable:
    """Return scores and what they are.

    Parameters
    ----------
    scored
        AnnData that ``tl.score`` wrote to, or a DataFrame: wide (one row a sample, one column a signature) or long (columns
        ``sample, signature, score``), annotations beside the scores. The sample is the column ``sample`` or ``sample_id``, else
        the first text column, else the index.
    scores
        Signatures to take; in a wide table also score columns that are no signature ids.
    score_type
        ``log``, ``ratio``, ``z`` or ``rank`` for scores that do not say it themselves.
    key
        ``obsm`` key of the AnnData; None for the latest.

    Raises
    ------
    DataError
        No scores, a score that is no number, a ratio below zero, or a score type that nobody stated.
    UsageError
        An unknown score type.
    """
    if score_type is not None and score_type not in SCORE_TYPES:
        msg = f"score type {score_type!r} is none of {', '.join(SCORE_TYPES)}"
        raise UsageError(msg)
    wanted = [s.strip() for s in scores.split(",")] if isinstance(scores, str) else list(scores or [])
    made = _from_table(scored, wanted, score_type) if isinstance(scored, pd.DataFrame) else _from_anndata(scored, wanted, key)
    if made.values.index.has_duplicates:
        twice = made.values.index[made.values.index.duplicated()][0]
        msg = f"sample {twice!r} has two rows of scores; give each sample its own name"
        raise DataError(msg)
    return made


def obs_of(scored: Scored) -> pd.DataFrame:
    """Return the annotations of scored data, one row a sample, before anything is known about the scores."""
    if isinstance(scored, pd.DataFrame):
        frame = _by_sample(scored)
        return frame[~frame.index.duplicated()]
    return scored.obs.set_axis(scored.obs_names.astype(str), axis=0)


def _from_anndata(adata: AnnData, wanted: list[str], key: str | None) -> ScoreTable:
    key = keys.find(adata, key)
    values = get.scores_wide(adata, key=key)
    covered = get.coverage(adata, key=key).drop_duplicates("signature").set_index("signature")
    _known(wanted, list(values.columns))
    chosen = wanted or list(values.columns)
    columns = tuple(Column(s, _ifn_type(s), str(covered.loc[s, "score_type"]), str(covered.loc[s, "method"])) for s in chosen)
    values = values[chosen].set_axis(adata.obs_names.astype(str), axis=0)
    return ScoreTable(values, columns, adata.obs.set_axis(adata.obs_names.astype(str), axis=0), adata, key)


def _known(wanted: Sequence[str], have: Sequence[str]) -> None:
    for name in wanted:
        if name not in have:
            msg = f"no scores named {name!r}; there are {listing(list(have))}.{nearest(name, have)}"
            raise DataError(msg)


def _ifn_type(signature: str) -> str:
    return signatures.get(signature).ifn_type if signature in signatures.ids() else "unknown"


def _from_table(frame: pd.DataFrame, wanted: list[str], score_type: str | None) -> ScoreTable:
    frame = _by_sample(frame)
    if {"signature", "score"} <= set(frame.columns):
        return _from_long(frame, wanted, score_type)
    _known(wanted, list(frame.columns))
    chosen = wanted or [str(c) for c in frame.columns if c in signatures.ids()]
    if not chosen:
        have = listing(list(frame.columns), 3)
        msg = (
            f"no column is named after a signature; name the columns with scores (--scores); there are {have}; "
            "a matrix is scored first (ifnscore score)"
        )
        raise DataError(msg)
    if score_type is None:
        msg = f"the table does not say what its scores are ({listing(chosen, 3)}): {_way_out()}"
        raise DataError(msg)
    columns = tuple(Column(c, _ifn_type(c), score_type) for c in chosen)
    return ScoreTable(_checked(frame[chosen], columns), columns, frame.drop(columns=chosen))


def _way_out() -> str:
    meant = "; ".join(f"{name}: {meaning}" for name, meaning in MEANINGS.items())
    return (
        "score again with -o scored.h5ad or --long, which keep the type of each score; only for scores from elsewhere that are "
        f"all of one type state score_type= (--score-type; {meant})"
    )


def _by_sample(frame: pd.DataFrame) -> pd.DataFrame:
    names, column = row_names(frame)
    return frame.set_axis(names.rename("sample")).drop(columns=[] if column is None else [column])


def _from_long(frame: pd.DataFrame, wanted: list[str], score_type: str | None) -> ScoreTable:
    if frame["signature"].isna().any():
        msg = f"sample {frame.index[frame['signature'].isna()][0]!r} has a row without a signature: name it, or leave the row out"
        raise DataError(msg)
    names = list(dict.fromkeys(frame["signature"].astype(str)))
    _known(wanted, names)
    chosen = wanted or names
    pairs = pd.DataFrame({"sample": frame.index.astype(str), "signature": frame["signature"].astype(str).to_numpy()})
    if pairs.duplicated().any():
        sample, signature = pairs[pairs.duplicated()].iloc[0]
        msg = f"sample {sample!r} has two scores of {signature!r}; keep one row a sample and signature"
        raise DataError(msg)
    columns = []
    for name in chosen:
        rows = frame[frame["signature"] == name]
        said = _only(rows, "score_type") or score_type
        if said not in SCORE_TYPES:
            msg = f"the table does not say what the scores of {name} are: {_way_out()}"
            raise DataError(msg)
        columns.append(Column(name, _ifn_type(name), said, _only(rows, "method") or "unknown"))
    order = list(dict.fromkeys(frame.index))
    values = pd.DataFrame({c: frame.loc[frame["signature"] == c, "score"] for c in chosen}).reindex(order)
    extra = [c for c in frame.columns if c not in _OF_SCORES]
    obs = frame.loc[~frame.index.duplicated(), extra].reindex(order)
    return ScoreTable(_checked(values, columns), tuple(columns), obs)


def _only(rows: pd.DataFrame, column: str) -> str | None:
    found = sorted({str(v) for v in rows[column].dropna()}) if column in rows else []
    return found[0] if len(found) == 1 else None


def _checked(values: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Return scores as numbers; a ratio below zero was no ratio, and its logarithm would silently be missing."""
    read = _numbers(values)
    for column in columns:
        below = read.loc[read[column.id] < 0, column.id]
        if column.score_type == "ratio" and len(below):
            msg = (
                f"score {below.iloc[0]:.4g} of sample {below.index[0]!r} in column {column.id!r} is negative, and a ratio cannot "
                "be: state another type (log, z or rank), or score again with -o scored.h5ad"
            )
            raise DataError(msg)
    return read


def _numbers(values: pd.DataFrame) -> pd.DataFrame:
    out = {}
    for name in values.columns:
        given = values[name]
        read = pd.to_numeric(given, errors="coerce")
        bad = read.isna() & given.notna() & ~given.astype(str).str.strip().isin(["", "NA", "NaN", "nan"])
        if bad.any():
            word = given[bad].iloc[0]
            comma = isinstance(word, str) and _DECIMAL_COMMA.fullmatch(word.strip())
            advice = f": a decimal comma? write {word.strip().replace(',', '.')}" if comma else ""
            msg = f"score {word!r} of sample {given.index[bad][0]!r} in column {name!r} is no number{advice}"
            raise DataError(msg)
        read = read.astype(float)
        infinite = ~np.isfinite(read.to_numpy()) & read.notna().to_numpy()
        if infinite.any():
            say(f"{int(infinite.sum())} infinite scores in column {name!r} are taken as missing")
            read = read.where(~infinite)
        absurd = read.abs() > MAX_LINEAR
        if absurd.any():
            which = f"score {read[absurd].iloc[0]:.4g} of sample {given.index[absurd][0]!r} in column {name!r}"
            msg = f"{which} is no score: is a cell broken?"
            raise DataError(msg)
        out[name] = read
    return pd.DataFrame(out, index=values.index)
