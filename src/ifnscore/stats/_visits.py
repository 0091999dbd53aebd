"""Visits of patients as arrays: what every longitudinal model starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np, pd
from ifnscore.errors import DataError, UsageError, listing

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array


@dataclass(frozen=True, slots=True)
class Visits:
    """Complete visits, in the order given.

    Attributes
    ----------
    y
        Outcome, shape (n_obs,).
    columns
        Named variables, each of shape (n_obs,).
    codes
        Row of each visit's patient in `patients`, shape (n_obs,).
    patients
        Labels, in order of first appearance among the complete visits.
    n_dropped
        Visits left out because a value was missing.
    """

    y: Array
    columns: dict[str, Array]
    codes: Array
    patients: Array
    n_dropped: int

    @property
    def dropped_note(self) -> str:
        """A few words on the visits left out, or an empty string."""
        if not self.n_dropped:
            return ""
        return f"{self.n_dropped} visit{'s' if self.n_dropped > 1 else ''} with missing values left out"


def numbers(values: Any, name: str) -> Array:
    """Return `values` as a vector of floats; booleans become 0 and 1, missing values (also ``pd.NA``) NaN."""
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "bif":
            array = pd.to_numeric(pd.Series(array)).to_numpy(dtype=float, na_value=float("nan"))
        array = array.astype(float)
    except (TypeError, ValueError):
        message = f"{name} must hold numbers (or true/false): found other values; convert the column first"
        raise DataError(message) from None
    if array.ndim != 1:
        message = f"{name} must be one value a visit, found shape {array.shape}"
        raise UsageError(message)
    return array


def complete(y: Any, patient: Any, columns: Mapping[str, Any]) -> Visits:
    """Return the visits at which nothing is missing.

    Raises
    ------
    UsageError
        The vectors differ in length.
    DataError
        A visit has no patient, or a vector holds text.
    """
    outcome = numbers(y, "y")
    named = {name: numbers(values, name) for name, values in columns.items()}
    labels = np.asarray(patient, dtype=object)
    lengths = {"patient": len(labels), **{name: len(v) for name, v in named.items()}}
    wrong = [f"{name} {n}" for name, n in lengths.items() if n != len(outcome)]
    if wrong:
        message = f"one value a visit is needed: y has {len(outcome)}, but {listing(wrong)}"
        raise UsageError(message)
    codes, _ = pd.factorize(labels)
    if (codes < 0).any():
        message = f"visit {int(np.flatnonzero(codes < 0)[0]) + 1} has no patient; give every visit a patient code or leave it out"
        raise DataError(message)
    keep = np.isfinite(outcome)
    for values in named.values():
        keep &= np.isfinite(values)
    codes, patients = pd.factorize(labels[keep])
    return Visits(outcome[keep], {k: v[keep] for k, v in named.items()}, codes, patients, int((~keep).sum()))


def design(visits: Visits, names: list[str]) -> Array:
    """Return an intercept and the named columns, shape (n_obs, 1 + len(names))."""
    return np.column_stack([np.ones(len(visits.y)), *(visits.columns[name] for name in names)])


def estimable(x: Array) -> Array:
    """Return which columns of `x` (n_obs, k) have a coefficient that the data determine, shape (k,).

    A coefficient is determined when no combination of columns that adds to zero involves its column; a treatment that never
    varies is the same as the intercept, and neither gets a value by leaving out the other silently.
    """
    if not len(x):
        return np.zeros(x.shape[1], dtype=bool)
    norm = np.linalg.norm(x, axis=0)
    scaled = x / np.where(norm > 0, norm, 1.0)
    _, values, rows = np.linalg.svd(scaled, full_matrices=True)
    kept = int((values > 1e-10 * values[0]).sum()) if values[0] > 0 else 0
    return (np.abs(rows[kept:]) < 1e-6).all(axis=0)  # noqa: PLR2004


def basis(x: Array) -> Array:
    """Return the columns of `x` that are no combination of earlier ones, as indices: all coefficients of these exist."""
    kept: list[int] = []
    norm = np.linalg.norm(x, axis=0)
    scaled = x / np.where(norm > 0, norm, 1.0)
    for j in range(x.shape[1]):
        if norm[j] > 0 and np.linalg.matrix_rank(scaled[:, [*kept, j]], tol=1e-8) > len(kept):
            kept.append(j)
    return np.array(kept, dtype=int)
