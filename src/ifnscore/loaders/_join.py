"""Several inputs as one: inner join on genes, samples one below the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from ifnscore import identify
from ifnscore._lazy import ad, np, pd, sp
from ifnscore.errors import DataError, ScaleError, listing, warn
from ifnscore.expression import Scale
from ifnscore.loaders._orient import quiet_names


class Part(NamedTuple):
    """One input of a join.

    Attributes
    ----------
    label
        The file as messages name it.
    adata
        Samples by genes.
    source
        What names the genes: ``"index"`` or a column of ``var``.
    x
        The matrix to join, ``X`` or a layer.
    scale
        Its scale, or None where that is unknown.
    """

    label: str
    adata: ad.AnnData
    source: str
    x: Any
    scale: Scale | None


def join(parts: Sequence[Part]) -> ad.AnnData:
    """Join inputs on the gene identifiers as written.

    A gene that stands in a file several times is joined copy by copy: the first with the first, and so on.
    The genes keep the order of the first input.

    Parameters
    ----------
    parts
        At least one input.

    Returns
    -------
    AnnData
        All samples; genes that every input has; ``var`` of the first input; ``obs`` with the columns of all; tables in
        ``obsm`` that every input has.

    Raises
    ------
    DataError
        A sample name is in two inputs, the scales differ, or no gene is in all inputs.
    """
    _refuse_mixed_scales(parts)
    _refuse_shared_samples(parts)
    keys = [_occurrences(identify.column(p.adata, p.source)) for p in parts]
    order = [np.arange(len(k)) for k in keys]
    if any(k != keys[0] for k in keys[1:]):
        common = set(keys[0]).intersection(*keys[1:])
        shared = [k for k in keys[0] if k in common]
        _report_loss(parts, keys, len(shared))
        for i, key in enumerate(keys):
            position = {k: j for j, k in enumerate(key)}
            order[i] = np.array([position[k] for k in shared], dtype=np.intp)
    blocks = [p.x[:, o] for p, o in zip(parts, order, strict=True)]
    x = sp.vstack(blocks, format="csr") if any(sp.issparse(b) for b in blocks) else np.vstack(blocks)
    obs = pd.concat([p.adata.obs for p in parts], join="outer")
    with quiet_names():
        joined = ad.AnnData(X=x, obs=_safe(obs), var=parts[0].adata.var.iloc[order[0]].copy())
    for name, tables in _shared_tables(parts).items():
        joined.obsm[name] = pd.concat(tables, join="outer")
    return joined


def _shared_tables(parts: Sequence[Part]) -> dict[str, list[pd.DataFrame]]:
    """Return the DataFrames of ``obsm`` that all inputs have; scores of ifnscore stay with their own file."""
    shared = set.intersection(*({k for k in p.adata.obsm if not k.startswith("ifn_")} for p in parts))
    tables = {k: [p.adata.obsm[k] for p in parts] for k in sorted(shared)}
    return {k: t for k, t in tables.items() if all(isinstance(one, pd.DataFrame) for one in t)}


def _occurrences(names: list[str]) -> list[tuple[str, int]]:
    """Pair each name with how often it stood before."""
    seen: Counter[str] = Counter()
    out = []
    for name in names:
        out.append((name, seen[name]))
        seen[name] += 1
    return out


def _safe(obs: pd.DataFrame) -> pd.DataFrame:
    """Make columns with missing words categorical, so that they can be written as h5ad."""
    for name in obs.columns:
        column = obs[name]
        if column.dtype.kind == "O" and not isinstance(column.dtype, pd.CategoricalDtype) and column.isna().any():
            values = column[column.notna()]
            if all(isinstance(v, bool | np.bool_) for v in values):
                obs[name] = column.astype("boolean")
            else:
                obs[name] = column.astype("category")
    return obs


def _report_loss(parts: Sequence[Part], keys: Sequence[list[tuple[str, int]]], n: int) -> None:
    if not n:
        shown = [listing([name for name, _ in key], 2) for key in keys]
        named = "; ".join(f"{p.label} has {s}" for p, s in zip(parts, shown, strict=True))
        msg = f"the inputs have no gene identifier in common ({named}): use the same kind of identifiers in all"
        raise DataError(msg)
    lost = [f"{p.label} loses {len(k) - n} of {len(k)}" for p, k in zip(parts, keys, strict=True) if len(k) > n]
    if lost:
        warn(f"only the {n} genes that all {len(parts)} inputs have are kept: {listing(lost)}")


def _refuse_shared_samples(parts: Sequence[Part]) -> None:
    owner: dict[str, str] = {}
    for part in parts:
        twice = [name for name in part.adata.obs_names if name in owner]
        if twice:
            shared = listing(twice)
            msg = f"{part.label}: sample names that {owner[twice[0]]} has as well: {shared}; samples must be unique"
            raise DataError(msg)
        owner.update(dict.fromkeys(part.adata.obs_names, part.label))


def _refuse_mixed_scales(parts: Sequence[Part]) -> None:
    first = parts[0]
    for part in parts[1:]:
        if part.scale != first.scale:
            msg = (
                f"mixed scales: {first.label} is {first.scale or 'of unknown scale'}, "
                f"{part.label} is {part.scale or 'of unknown scale'}; convert one, or declare the scale of both"
            )
            raise ScaleError(msg)
