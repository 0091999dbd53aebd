"""The healthy controls a score is standardised against, one group per stratum, frozen to a JSON file.

A reference keeps the control values themselves (without names, in an order of their own), not only means, so that any
method, any cut-off and any leave-one-out score can be made from it later, on one new sample too.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ifnscore import _files, _html, _reference_check
from ifnscore._lazy import np, pd
from ifnscore.errors import DataError, listing, visible
from ifnscore.expression import Scale, to_linear
from ifnscore.matrix import Matrix, Row
from ifnscore.strata import label, strata_of

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

FORMAT = 1
#: Strata that are shown.
_SHOWN = 8
_AGE, _SEX = ("age", "age_years", "age_at_sample"), ("sex", "gender")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """Controls of one stratum.

    Attributes
    ----------
    by
        Stratum columns and their values, empty where there is only one stratum.
    values
        Control values on the stored scale, shape (n_controls, n_genes); one row a person.
    n_samples
        Samples behind them, repeats of one person included.
    age_range, sex
        Whole years and counts, where the annotations had them.
    """

    by: Mapping[str, str] = field(default_factory=dict)
    values: Array
    n_samples: int
    age_range: tuple[int, int] | None = None
    sex: Mapping[str, int] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Number of independent controls."""
        return len(self.values)

    @property
    def label(self) -> str:
        """The stratum in words, empty where there is only one."""
        return label(self.by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Healthy controls, frozen.

    Attributes
    ----------
    scale
        Scale of the matrix it was made from; a new matrix must be on the same one.
    genes
        Gene keys, shape (n_genes,).
    rows
        Gene key -> the matrix row that stood for it where there were several.
    strata
        One :class:`Stratum` for each combination of the `by` columns that has controls.
    by
        Stratum columns.
    platform
        Platform of the matrix, or ``"unknown"``.
    n_universe
        Number of genes of the matrix.
    donor
        Whether repeats of one person were averaged.
    normalised
        Normalisation that was applied before and its settings, empty for none; a new matrix must have had the same.
    species
        Species of the samples; genes of another than man stand for their one-to-one orthologs.
    """

    scale: Scale
    genes: tuple[str, ...]
    rows: Mapping[str, Row]
    strata: tuple[Stratum, ...]
    by: tuple[str, ...] = ()
    platform: str = "unknown"
    n_universe: int = 0
    donor: bool = False
    normalised: str = ""
    species: str = "human"

    @property
    def stored_scale(self) -> Scale:
        """Scale of the stored values: counts are kept as counts per million of their own sample."""
        return "linear" if self.scale == "counts" else self.scale

    def stratum(self, by: Mapping[str, str]) -> Stratum | None:
        """Return the controls of a stratum, or None where it has none."""
        return next((s for s in self.strata if dict(s.by) == dict(by)), None)

    def values(self, stratum: Stratum, keys: Sequence[str]) -> Array:
        """Return control values of some genes, shape (n_controls, len(keys))."""
        position = {g: i for i, g in enumerate(self.genes)}
        return stratum.values[:, [position[k] for k in keys]]

    def to_dict(self) -> dict[str, Any]:
        """Return the reference as JSON-ready types; its ``hash`` covers everything else."""
        body = {
            "ifnscore_reference": FORMAT,
            "scale": self.scale,
            "stored_scale": self.stored_scale,
            "platform": self.platform,
            "n_genes_of_matrix": self.n_universe,
            "repeats_averaged": self.donor,
            "by": list(self.by),
            "genes": list(self.genes),
            "rows": {k: [r.identifier, r.occurrence] for k, r in self.rows.items()},
            "strata": [_stratum_dict(s) for s in self.strata],
        }
        body |= {"normalised": self.normalised} if self.normalised else {}
        body |= {"species": self.species} if self.species != "human" else {}
        return {**body, "hash": _hash(body)}

    def hash(self) -> str:
        """Return a SHA-256 of the controls, the genes and the scale."""
        return str(self.to_dict()["hash"])

    def write(self, path: str | Path, *, force: bool = False) -> None:
        """Write the reference as JSON.

        Raises
        ------
        DataError
            The file exists and `force` is False, or cannot be written.
        """
        text = json.dumps(self.to_dict(), indent=1, allow_nan=True)
        _files.write(Path(path), lambda p: _put(p, text), force=force)

    @staticmethod
    def read(path: str | Path) -> Reference:
        """Read a reference from its JSON file, see :func:`read`."""
        return read(path)

    def describe(self) -> pd.DataFrame:
        """Return one row a stratum: controls, samples, genes, scale, platform, ages, sexes."""
        rows = [
            {
                "stratum": s.label or "all",
                "n_controls": s.n,
                "n_samples": s.n_samples,
                "n_genes": len(self.genes),
                "scale": self.scale,
                "platform": self.platform,
                "ages": f"{s.age_range[0]}-{s.age_range[1]}" if s.age_range else "unknown",
                "sex": ", ".join(f"{k} {v}" for k, v in s.sex.items()) or "unknown",
            }
            for s in self.strata
        ]
        return pd.DataFrame(rows)

    def _about(self) -> str:
        made = f"{self.scale}, {len(self.genes)} genes, platform {self.platform}"
        return made + (f", normalised by {self.normalised}" if self.normalised else "")

    def __repr__(self) -> str:
        strata = "; ".join(f"{s.label + ': ' if s.label else ''}{s.n}" for s in self.strata[:_SHOWN])
        more = f" and {len(self.strata) - _SHOWN} more strata" if len(self.strata) > _SHOWN else ""
        return f"<Reference of healthy controls ({visible(strata)}{more}): {visible(self._about())}; hash {self.hash()[:8]}>"

    def _repr_html_(self) -> str:
        columns = ["stratum", "n_controls", "n_samples", "ages", "sex"]
        rows: Any = self.describe()[columns].to_dict(orient="records")
        more = f"and {len(rows) - _SHOWN} more strata: .describe()" if len(rows) > _SHOWN else ""
        table = _html.table(rows[:_SHOWN], columns)
        foot = _html.paragraph(". ".join(t for t in (more, f"hash {self.hash()[:8]}") if t), quiet=True)
        return _html.page("Healthy controls", table, foot, quiet=self._about())


def _stratum_dict(s: Stratum) -> dict[str, Any]:
    return {
        "by": dict(s.by),
        "n_controls": s.n,
        "n_samples": s.n_samples,
        "age_range": list(s.age_range) if s.age_range else None,
        "sex": dict(s.sex),
        "values": [[None if not math.isfinite(v) else v for v in row] for row in s.values.tolist()],
    }


def _put(path: Path, text: str) -> None:
    path.write_text(text + "\n", encoding="utf-8")


def _hash(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def fit(
    matrix: Matrix,
    obs: pd.DataFrame,
    controls: Array,
    keys: Sequence[str],
    *,
    by: Sequence[str] = (),
    donor: str | None = None,
    platform: str = "unknown",
    normalised: str = "",
    species: str = "human",
) -> Reference:
    """Make a reference from the control samples of a matrix.

    Parameters
    ----------
    matrix, obs
        Expression and annotations of all samples.
    controls
        Boolean mask of shape (n_samples,).
    keys
        Genes to keep, those in the matrix.
    by
        Stratum columns of `obs`.
    donor
        Column that names the person: repeats are averaged on the stored scale and count once.
    platform
        Platform of the matrix.
    normalised
        Normalisation of the matrix in words, empty for none.
    species
        Species of the samples.

    Raises
    ------
    DataError
        The donor column is missing or empty for a control.
    """
    strata = strata_of(obs, by)
    index = np.flatnonzero(controls)
    values, sizes = matrix.gather(keys, index)
    if matrix.scale == "counts":
        values = to_linear(values, "counts", sizes)
    about = obs[[c for c in obs.columns if str(c).lower() in _AGE + _SEX]]
    people = _people(obs, donor, index)
    made = []
    places = [tuple(strata[i].items()) for i in index.tolist()]
    for one in sorted(set(places)):
        rows = [r for r, place in enumerate(places) if place == one]
        made.append(_stratum(dict(one), values[rows], about.iloc[index[rows]], [people[r] for r in rows]))
    return Reference(
        scale=matrix.scale,
        genes=tuple(keys),
        rows={k: r for k, r in matrix.rows_of(keys).items() if k in matrix.chosen_by_mean},
        strata=tuple(made),
        by=tuple(by),
        platform=platform,
        n_universe=len(matrix.universe),
        donor=donor is not None,
        normalised=normalised,
        species=species,
    )


def _people(obs: pd.DataFrame, donor: str | None, index: Array) -> list[str]:
    if donor is None:
        return [str(i) for i in index]
    if donor not in obs.columns:
        msg = f"--donor: there is no column {donor!r}; columns: {listing(obs.columns, 10) or 'none'}"
        raise DataError(msg)
    column = obs[donor].iloc[index]
    if column.isna().any():
        msg = f"--donor: column {donor!r} is empty for control sample {column.index[column.isna()][0]!r}"
        raise DataError(msg)
    return [str(v) for v in column]


def _stratum(by: dict[str, str], values: Array, obs: pd.DataFrame, people: list[str]) -> Stratum:
    names = sorted(set(people))
    who = np.array(people)
    averaged = np.array([values[who == n].mean(axis=0) for n in names])
    order = np.lexsort(averaged.T[::-1]) if averaged.size else np.arange(len(averaged))  # an order that names nobody
    lower = {str(c).lower(): c for c in obs.columns}
    age = next((pd.to_numeric(obs[lower[a]], errors="coerce") for a in _AGE if a in lower), None)
    sex = next((obs[lower[s]].astype(str).value_counts().sort_index() for s in _SEX if s in lower), None)
    known_age = age is not None and bool(age.notna().any())
    return Stratum(
        by=by,
        values=averaged[order],
        n_samples=len(people),
        age_range=(int(age.min()), int(age.max())) if age is not None and known_age else None,
        sex={str(k): int(v) for k, v in sex.items()} if sex is not None else {},
    )


def read(path: str | Path) -> Reference:
    """Read a reference that :meth:`Reference.write` wrote.

    Raises
    ------
    DataError
        The file is missing, is no reference, or was changed after it was written.
    """
    path = Path(path)
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"{path}: cannot read the reference: {error.strerror}"
        raise DataError(msg) from error
    except (ValueError, RecursionError) as error:
        msg = f"{path} is not a reference: it is not JSON (make one with: ifnscore reference fit)"
        raise DataError(msg) from error
    if not isinstance(body, dict) or body.get("ifnscore_reference") != FORMAT:
        msg = f"{path} is not a reference of format {FORMAT} (make one with: ifnscore reference fit)"
        raise DataError(msg)
    stated = body.pop("hash", "")
    if stated != _hash(body):
        msg = f"{path}: the content does not fit its hash, so it was changed or damaged; make it again"
        raise DataError(msg)
    return _from_dict(body, str(path))


def _from_dict(body: Mapping[str, Any], where: str) -> Reference:
    _reference_check.check(body, where)
    strata = tuple(
        Stratum(
            by=s["by"],
            values=np.array(s["values"], dtype=np.float64).reshape(s["n_controls"], len(body["genes"])),
            n_samples=s["n_samples"],
            age_range=tuple(s["age_range"]) if s["age_range"] else None,
            sex=s["sex"],
        )
        for s in body["strata"]
    )
    return Reference(
        scale=body["scale"],
        genes=tuple(body["genes"]),
        rows={k: Row(*r) for k, r in body["rows"].items()},
        strata=strata,
        by=tuple(body["by"]),
        platform=body["platform"],
        n_universe=body["n_genes_of_matrix"],
        donor=body["repeats_averaged"],
        normalised=body.get("normalised", ""),
        species=body.get("species", "human"),
    )


__all__ = ["FORMAT", "Reference", "Stratum", "fit", "label", "read", "strata_of"]
