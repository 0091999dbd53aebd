"""What ``tl.score`` needs to know about its input before anything is scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore import expr, expression, genes, identify, keys, pp, reference, sources
from ifnscore._lazy import is_sparse, np
from ifnscore.errors import DataError, ScaleError, UsageError, listing, nearest, say, warn
from ifnscore.expression import LOG_SCALES, MIN_GENES_FOR_CPM, SCALES, Scale
from ifnscore.matrix import Matrix, canonical
from ifnscore.reference import Reference, strata_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anndata import AnnData


#: Columns that separate references when they are in ``obs`` and nothing else was asked for.
DEFAULT_STRATA = ("tissue", "platform")
#: Share of genes with a mean of 0 over samples that marks z-scores or fold changes.
_CENTRED = 0.9
_MANY_CONTROLS = 1_000
#: A panel of fewer genes whose median log2 value is larger looks like cycle thresholds.
FEW_FOR_CT, LARGE_FOR_LOG2 = 1_000, 18.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """The matrix, its scale, platform and normalisation.

    Of a matrix that is read in parts, `minimum`, `missing` and `whole` (counts that were told by being whole numbers) are what
    its first samples say.
    """

    matrix: Matrix
    scale: Scale
    why: str
    platform: str
    minimum: float
    missing: bool
    whole: bool = False
    normalised: str = ""
    species: str = "human"


def values_of(adata: AnnData, layer: str | None) -> Any:
    """Return ``X`` or a layer.

    Raises
    ------
    DataError
        The layer is missing, there are no values, or they are not numbers.
    """
    if layer is not None and layer not in keys.layers(adata):
        msg = f"there is no layer {layer!r}; layers: {listing(keys.layers(adata)) or 'none'}.{nearest(layer, keys.layers(adata))}"
        raise DataError(msg)
    x = adata.X if layer is None else adata.layers[layer]
    if x is None:
        msg = "the matrix X is missing; choose a layer with --layer"
        raise DataError(msg)
    x = sources.of(x) or x
    if 0 in x.shape:
        msg = f"the matrix is empty: {x.shape[0]} samples, {x.shape[1]} genes"
        raise DataError(msg)
    kind = x.dtype.kind
    if kind not in "fiub":
        msg = f"the matrix holds {x.dtype}, not numbers"
        raise DataError(msg)
    return canonical(x)


def prepare(
    adata: AnnData, *, scale: str | None, layer: str | None, symbol_column: str | None, rows: Mapping[str, Any] | None
) -> Input:
    """Return the matrix with a certain scale and recognised genes.

    Raises
    ------
    ScaleError
        The scale is not known, or impossible for the values.
    DataError
        No gene is recognised, sample names repeat, or the genes are of another species.
    """
    x = values_of(adata, layer)
    if not adata.obs_names.is_unique:
        twice = adata.obs_names[adata.obs_names.duplicated()].unique()
        msg = f"duplicate sample names: {listing(twice)}; make them unique"
        raise DataError(msg)
    _, names = identify.identifiers(adata, symbol_column)
    if not genes.match(names).n_recognised:
        raise DataError(genes.unusable(names))
    odd = genes.check_species(names)
    if odd:
        warn(odd)
    facts = expression.facts(x)
    found, why = _scale(adata, x, facts, scale, layer)
    low = facts.minimum
    matrix = Matrix(x, names, adata.obs_names, found, rows, keys.totals(adata))
    return Input(
        matrix=matrix,
        scale=found,
        why=why,
        platform=_platform(adata),
        minimum=low,
        missing=facts.missing,
        whole=found == "counts" and facts.integer and why != "declared",
        normalised=str(keys.recorded_input(adata).get("normalised", "")) if layer is None else "",
        species=str(keys.recorded_input(adata).get("species") or "human"),
    )


def _scale(adata: AnnData, x: Any, facts: expression.Facts, scale: str | None, layer: str | None) -> tuple[Scale, str]:
    if scale is not None and scale not in SCALES:
        msg = f"unknown scale {scale!r}; choose one of {', '.join(SCALES)}"
        raise UsageError(msg)
    recorded = keys.recorded_input(adata)
    mark = adata.uns.get("log1p") if layer is None else None
    declared = next((s for s in SCALES if s == scale), None)
    if declared is None and str(recorded.get("layer", "")) == (layer or ""):
        declared = next((s for s in SCALES if s == recorded.get("scale")), None)
    if declared is not None:
        expression.check(facts, declared)
        _refuse_centred(x, facts, declared)
        _suspect_ct(x, declared)
        return declared, "declared" if scale else str(recorded.get("scale_why", "declared"))
    detection = expression.detect(facts, mark)
    if detection.scale is None:
        where = " (or a layer that holds counts: --layer)" if keys.layers(adata) else ""
        hint = (
            "linear, log2, log2p1 or log1p; ct for cycle thresholds"
            if facts.minimum >= 0
            else "log2 only if these are log2 expression values"
        )
        msg = f"the expression scale is not certain: {detection.why}; declare it with --scale ({hint}){where}"
        raise ScaleError(msg)
    say(f"scale: {detection.scale} ({detection.why})")
    return detection.scale, detection.why


def _refuse_centred(x: Any, facts: expression.Facts, scale: Scale) -> None:
    """Refuse z-scores and log fold changes that were declared to be log2 expression."""
    if scale != "log2" or facts.minimum >= 0 or x.shape[0] < 3:  # noqa: PLR2004
        return
    x = sources.head(x) if isinstance(x, sources.Source) else x
    values = np.asarray(x.toarray() if is_sparse(x) else x, dtype=np.float64)
    size = np.nanstd(values, axis=0)
    flat = np.abs(np.nanmean(values, axis=0)) < 1e-3 * np.where(size > 0, size, 1.0)
    if flat.mean() > _CENTRED:
        msg = "the genes are centred at 0: z-scores or log fold changes, which no method here can score; give expression values"
        raise ScaleError(msg)


def _suspect_ct(x: Any, scale: Scale) -> None:
    """Warn where declared log values are as large as cycle thresholds: scores would come out upside down."""
    if scale in LOG_SCALES and x.shape[1] < FEW_FOR_CT and isinstance(x, sources.Source):
        x = sources.head(x)
    if scale in LOG_SCALES and not is_sparse(x) and x.shape[1] < FEW_FOR_CT:
        middle = float(np.nanmedian(x))
        if middle > LARGE_FOR_LOG2:
            hint = "cycle thresholds need --scale ct, otherwise high scores mean low expression"
            warn(f"the median value is {middle:.3g}, large for logarithms: {hint}")


def tell(matrix: Matrix, wanted: Sequence[str], *, whole: bool) -> None:
    """Say what happened to the identifiers of the wanted genes, to duplicates and spreadsheet dates."""
    match = matrix.match
    older = {new: old for new, old in match.older.items() if new in wanted}
    if older:
        shown = listing([f"{old} ({new})" for new, old in older.items()])
        say(f"older gene names taken for current ones: {shown}")
    if match.excel:
        shown = listing([f"{n} -> {match.restored.get(n, 'not restored: more than one gene possible')}" for n in match.excel])
        warn(f"gene names that a spreadsheet turned into dates: {shown}")
    twice = [k for k in match.duplicated if whole or matrix.scale == "counts" or k in wanted]
    if twice:
        rule = "counts are summed" if matrix.scale == "counts" else "the row with the highest mean is kept"
        say(f"{len(twice)} genes stand in more than one row ({listing(twice, 3)}): {rule}")
    if matrix.scale == "counts" and not whole and matrix.complete and len(matrix.universe) < MIN_GENES_FOR_CPM:
        warn(
            f"counts per million over {len(matrix.universe)} genes, under {MIN_GENES_FOR_CPM}: the total says more about which "
            "genes are in the matrix than about the sample"
        )


def _platform(adata: AnnData) -> str:
    if "platform" in adata.obs.columns:
        values = {str(v) for v in adata.obs["platform"].dropna().unique()}
        if len(values) == 1:
            return values.pop()
    return str(keys.recorded_input(adata).get("platform") or "unknown")


def stratify(adata: AnnData, reference_by: Sequence[str] | str | None, frozen: Reference | None) -> list[str]:
    """Return the stratum columns: those asked for, those of the frozen reference, or the default ones present."""
    if frozen is not None:
        return list(frozen.by)
    if reference_by is None:
        bulk = str(keys.recorded_input(adata).get("pseudobulk", "")).split(",")[1:]
        found = [c for c in (*DEFAULT_STRATA, *bulk) if c in adata.obs.columns and adata.obs[c].nunique(dropna=False) > 1]
        if found:
            say(f"one reference per {' and '.join(found)} (change with --reference-by)")
        return found
    if isinstance(reference_by, str):
        reference_by = [c.strip() for c in reference_by.split(",") if c.strip()]
    return list(reference_by)


def make_reference(
    adata: AnnData,
    given: Input,
    controls: Any,
    wanted: Sequence[str],
    by: Sequence[str],
    donor: str | None,
    *,
    everybody: bool = False,
) -> tuple[Reference, dict[int, str]]:
    """Return the reference from the controls of this matrix, and the person of each control sample by position."""
    mask = expr.mask(adata.obs, controls, everybody=everybody)
    if mask.sum() > _MANY_CONTROLS:
        warn(
            f"{int(mask.sum())} controls: single cells are not independent controls; make pseudobulk samples first (--pseudobulk)"
        )
    here = [k for k in wanted if k in given.matrix.position]
    facts = {"platform": given.platform, "normalised": given.normalised, "species": given.species}
    made = reference.fit(given.matrix, adata.obs, mask, here, by=by, donor=donor, **facts)
    strata = {reference.label(s) for s in strata_of(adata.obs, by).values}
    empty = sorted(strata - {s.label for s in made.strata})
    if empty:
        warn(f"no controls in stratum {listing(empty)}: scores that need controls are missing there")
    who = adata.obs_names if donor is None else adata.obs[donor]
    return made, {int(i): str(who.iloc[i] if donor else who[i]) for i in np.flatnonzero(mask)}


def check_fits(frozen: Reference, given: Input) -> None:
    """Refuse a reference from another scale, platform or normalisation.

    Raises
    ------
    DataError
        Scale, platform or normalisation differ.
    """
    if frozen.scale != given.scale:
        msg = f"the reference is on scale {frozen.scale}, this matrix on {given.scale}: use one made from the same kind of data"
        raise DataError(msg)
    if frozen.species != given.species:
        msg = f"the reference is of species {frozen.species}, this matrix of {given.species}: use controls of the same species"
        raise DataError(msg)
    known = {frozen.platform, given.platform} - {"unknown"}
    if len(known) > 1:
        msg = (
            f"the reference is from platform {frozen.platform}, this matrix from {given.platform}: scores would not be comparable"
        )
        raise DataError(msg)
    if frozen.normalised != given.normalised:
        theirs, ours = frozen.normalised or "not normalised", given.normalised or "not normalised"
        msg = f"controls of the reference: {theirs}; this matrix: {ours}. Normalise both the same way (--normalise, --option)"
        raise DataError(msg)
    if given.normalised and pp.depends_on_run(given.normalised):
        warn(f"{given.normalised} depends on the other samples of a run: values here and in the reference may differ by a factor")
    n = len(given.matrix.universe)
    if frozen.scale == "counts" and not 0.9 * frozen.n_universe <= n <= frozen.n_universe / 0.9:
        warn(f"counts per million over {n} genes here and {frozen.n_universe} in the reference: the totals may not be comparable")


__all__ = ["Input", "check_fits", "make_reference", "prepare", "stratify", "tell", "values_of"]
