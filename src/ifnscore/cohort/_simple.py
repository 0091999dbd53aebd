"""Simple paired designs: patient, time and group are columns of the samples, and there is no folder."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore import expr
from ifnscore._lazy import np, pd
from ifnscore.errors import DataError, UsageError, listing, nearest

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray

BASELINE, FOLLOWUP = "baseline", "followup"
COLUMNS = ("sample_id", "patient_id", "day", "visit_label", "tissue", "platform", "batch", "group", "is_control")
_SHOWN = 20
_SAMPLE_COLUMNS = ("sample", "sample_id")
_LONG = frozenset({"signature", "score"})
_CLOSE = 1e-9


def row_names(frame: pandas.DataFrame) -> tuple[pandas.Index[Any], str | None]:
    """Return what the rows of a table of samples or scores are called, and the column that says it.

    Annotations and scores are often one table that was just read: both are named here, so that they agree.

    Parameters
    ----------
    frame
        One row a sample, or a sample and signature. The sample is the column ``sample`` or ``sample_id``; in a table without
        an index of its own the first column, where it is no decimal number and differs in every row, else ``row 1`` and so on.

    Returns
    -------
    Index
        Of text, shape (n_rows,).
    str or None
        The column the names were taken from.
    """
    for name in _SAMPLE_COLUMNS:
        if name in frame.columns:
            return pd.Index(frame[name].astype(str)), name
    if isinstance(frame.index, pd.RangeIndex) and len(frame.columns) and not pd.api.types.is_float_dtype(frame.dtypes.iloc[0]):
        first = frame.columns[0]
        if not frame[first].duplicated().any() or set(frame.columns) >= _LONG:
            return pd.Index(frame[first].astype(str)), first
        # one row a visit: the first column is the patient, so rows are samples without a name
        return pd.Index([f"row {i}" for i in range(1, len(frame) + 1)]), None
    return pd.Index(frame.index.astype(str)), None


def by_sample(frame: pandas.DataFrame) -> pandas.DataFrame:
    """Return annotations indexed by sample, once each; all columns stay, as one of them may name the patient."""
    names, _ = row_names(frame)
    frame = frame.set_axis(names, axis=0)
    return frame[~frame.index.duplicated()] if set(frame.columns) >= _LONG else frame


@dataclass(frozen=True, slots=True, kw_only=True)
class SimpleDesign:
    """Which columns of the samples say who, when and which group; and the two times that are compared.

    Attributes
    ----------
    patient, time
        Columns with the patient and the time of each sample.
    baseline, followup
        Values of `time`; compared as numbers where the column is numeric.
    group, tissue, platform, batch
        Further columns; None where there is none.
    """

    patient: str
    time: str
    baseline: Any
    followup: Any
    group: str | None = None
    tissue: str | None = None
    platform: str | None = None
    batch: str | None = None

    def frame(self, obs: pandas.DataFrame) -> pandas.DataFrame:
        """Return the samples in the layout of a cohort.

        Parameters
        ----------
        obs
            Annotations, one row a sample, indexed by sample id. Samples that a column ``is_control`` marks are controls
            and belong to neither time.

        Returns
        -------
        DataFrame
            Columns of :data:`COLUMNS`; ``visit_label`` is ``baseline``, ``followup`` or empty, ``day`` the time where it is
            a number.

        Raises
        ------
        DataError
            A column is absent, a time matches no sample, a sample of one of the two times has no patient, a patient has
            two groups, or two samples of one patient, tissue and platform have the same time.
        """
        self._check_columns(obs)
        names = obs.index.astype(str)
        if names.duplicated().any():
            msg = f"sample {names[names.duplicated()][0]!r} stands in two rows; sample ids must differ"
            raise DataError(msg)
        control = expr.Selection("is_control")(obs) if "is_control" in obs.columns else np.zeros(len(obs), dtype=bool)
        days, label = self._labels(obs, control)
        table = pd.DataFrame(
            {
                "sample_id": pd.Series(list(names), dtype=object),
                "patient_id": text(obs[self.patient]),
                "day": days,
                "visit_label": pd.Series(list(label), dtype=object),
                **{c: _optional(obs, getattr(self, c)) for c in ("tissue", "platform", "batch", "group")},
                "is_control": control,
            }
        )[list(COLUMNS)]
        self._check_patients(table)
        self._check_groups(table)
        self._check_repeats(table)
        return table

    def _check_columns(self, obs: pandas.DataFrame) -> None:
        known = [str(c) for c in obs.columns]
        for role in ("patient", "time", "group", "tissue", "platform", "batch"):
            name = getattr(self, role)
            if name is not None and name not in known:
                msg = f"{role}={name!r}: the samples have no such column.{nearest(name, known)} Columns: {listing(known, _SHOWN)}"
                raise DataError(msg)

    def _labels(self, obs: pandas.DataFrame, control: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[Any]]:
        """Return the numeric time (NaN where the column is text) and the label of each sample."""
        words = text(obs[self.time])
        numbers = pd.to_numeric(words.where(words != "", None), errors="coerce").to_numpy(dtype=float)
        numeric = bool((np.isfinite(numbers) | (words == "").to_numpy()).all()) and bool(np.isfinite(numbers).any())
        label = np.full(len(obs), "", dtype=object)
        hits = {}
        for word, value in ((BASELINE, self.baseline), (FOLLOWUP, self.followup)):
            hits[word] = _matches(words, numbers, value, numeric=numeric) & ~control
            if not hits[word].any():
                there = [f"{n:g}" for n in sorted(set(numbers[np.isfinite(numbers)]))] if numeric else sorted(set(words) - {""})
                shown = listing(there, _SHOWN) or "none"
                msg = f"{word}={value!r}: no sample has it in column {self.time!r}; values there: {shown}"
                raise DataError(msg)
            label[hits[word]] = word
        if (hits[BASELINE] & hits[FOLLOWUP]).any():
            msg = f"baseline={self.baseline!r} and followup={self.followup!r} are the same time; name two"
            raise UsageError(msg)
        return np.where(numeric, numbers, np.nan), label

    def _check_patients(self, table: pandas.DataFrame) -> None:
        nobody = table[(table["patient_id"] == "") & (table["visit_label"] != "")]
        if len(nobody):
            msg = (
                f"column {self.patient!r} is empty for sample {nobody['sample_id'].iloc[0]!r}, which belongs to a comparison; "
                "fill it in, or mark controls in a column is_control"
            )
            raise DataError(msg)

    def _check_groups(self, table: pandas.DataFrame) -> None:
        seen: dict[str, tuple[str, str]] = {}
        for sample, patient, group in zip(table["sample_id"], table["patient_id"], table["group"], strict=True):
            if not patient or not group:
                continue
            first, before = seen.setdefault(patient, (sample, group))
            if before != group:
                msg = f"column {self.group!r}: samples {first!r} and {sample!r} are of one patient, but of two groups; keep one"
                raise DataError(msg)
        filled = [g or seen.get(p, ("", ""))[1] for p, g in zip(table["patient_id"], table["group"], strict=True)]
        table["group"] = pd.Series(filled, dtype=object)

    def _check_repeats(self, table: pandas.DataFrame) -> None:
        key = ["patient_id", "visit_label", "tissue", "platform"]
        paired = table[table["visit_label"] != ""]
        again = paired[paired.duplicated(key)]
        if not len(again):
            return
        row = again.iloc[0]
        first = paired.loc[(paired[key] == row[key]).all(axis=1), "sample_id"].iloc[0]
        msg = (
            f"column {self.time!r}: samples {first!r} and {row['sample_id']!r} are both the {row['visit_label']} of one patient; "
            "keep one, or name what parts them with tissue= or platform="
        )
        raise DataError(msg)


def _matches(words: pandas.Series[Any], numbers: NDArray[np.float64], value: Any, *, numeric: bool) -> NDArray[np.bool_]:
    if numeric:
        try:
            return np.abs(numbers - float(value)) <= _CLOSE
        except (TypeError, ValueError):
            return np.zeros(len(numbers), dtype=bool)
    return (words == str(value).strip()).to_numpy(dtype=bool)


def _optional(obs: pandas.DataFrame, column: str | None) -> pandas.Series[Any]:
    return pd.Series([""] * len(obs), dtype=object) if column is None else text(obs[column])


def text(column: pandas.Series[Any]) -> pandas.Series[Any]:
    """Return a column as text, missing as ""; a whole number read as 7.0 is "7"."""
    return pd.Series([_word(v) for v in column], dtype=object)


def _word(value: Any) -> str:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
