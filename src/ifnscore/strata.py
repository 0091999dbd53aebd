"""Strata: groups of samples with controls of their own, kept as codes because there may be millions of samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from ifnscore._lazy import np, pd
from ifnscore.errors import DataError, listing

if TYPE_CHECKING:
    from numpy.typing import NDArray

T = TypeVar("T")


class Coded(Sequence[T], Generic[T]):
    """A sequence with few different values.

    Parameters
    ----------
    codes
        Which value stands at each place, shape (n,).
    values
        The different values.
    """

    __slots__ = ("codes", "values")

    def __init__(self, codes: NDArray[Any], values: Sequence[T]) -> None:
        self.codes, self.values = codes, list(values)

    def __len__(self) -> int:
        return len(self.codes)

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> Coded[T]: ...
    def __getitem__(self, at: int | slice) -> T | Coded[T]:
        return Coded(self.codes[at], self.values) if isinstance(at, slice) else self.values[int(self.codes[at])]

    def __iter__(self) -> Iterator[T]:
        return (self.values[code] for code in self.codes.tolist())

    def count(self, value: Any) -> int:
        """Return at how many places a value stands."""
        return int(sum(np.count_nonzero(self.codes == i) for i, known in enumerate(self.values) if known == value))

    def where(self, value: Any) -> NDArray[np.intp]:
        """Return the places at which a value stands."""
        places = [i for i, known in enumerate(self.values) if known == value]
        return np.flatnonzero(np.isin(self.codes, places))


def label(by: Mapping[str, str]) -> str:
    """Return ``tissue=blood, platform=NanoString`` for a stratum."""
    return ", ".join(f"{k}={v}" for k, v in by.items())


def labels(strata: Sequence[Mapping[str, str]]) -> Coded[str]:
    """Return the labels of strata, in the order in which they occur first."""
    if isinstance(strata, Coded):
        return Coded(strata.codes, [label(by) for by in strata.values])
    codes, found = pd.factorize(np.array([label(by) for by in strata], dtype=object))
    return Coded(codes, list(found))


def strata_of(obs: pd.DataFrame, by: Sequence[str]) -> Coded[dict[str, str]]:
    """Return the stratum of every sample.

    Parameters
    ----------
    obs
        Annotations of n_samples samples.
    by
        Columns that separate strata; none: all samples are of one stratum, without a label.

    Raises
    ------
    DataError
        A stratum column is missing.
    """
    for column in by:
        if column not in obs.columns:
            msg = f"--reference-by: there is no column {column!r}; columns: {listing(obs.columns, 10) or 'none'}"
            raise DataError(msg)
    codes: NDArray[Any] = np.zeros(len(obs), dtype=np.int64)
    values: list[dict[str, str]] = [{}] if len(obs) else []
    for column in by:
        codes, values = _split(codes, values, column, obs[column])
    return Coded(codes.astype(np.min_scalar_type(max(len(values), 1))), values)


def _split(
    codes: NDArray[Any], values: list[dict[str, str]], column: str, cells: pd.Series[Any]
) -> tuple[NDArray[Any], list[dict[str, str]]]:
    """Return codes and values of strata that one more column separates, in the order of their first samples."""
    own, kinds = pd.factorize(cells, use_na_sentinel=False)
    texts = [str(t) for t in pd.Series(kinds).astype(str)]
    both, pairs = pd.factorize(codes * len(texts) + own)
    return both, [{**values[pair // len(texts)], column: texts[pair % len(texts)]} for pair in pairs.tolist()]


__all__ = ["Coded", "label", "labels", "strata_of"]
