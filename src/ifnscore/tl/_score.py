"""``tl.score``: signatures, a method and a matrix become scores with coverage and provenance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ifnscore import engine, genes, keys, methods
from ifnscore import reference as references
from ifnscore import signatures as catalogue
from ifnscore.errors import DataError, UsageError, say
from ifnscore.reference import Reference, strata_of
from ifnscore.signatures import Signature
from ifnscore.tl import _inputs, _null, _stream, _write

if TYPE_CHECKING:
    from anndata import AnnData

    from ifnscore._lazy import pd

#: Up to this many samples, jackknife range and leading gene are computed unless told otherwise.
DETAIL_LIMIT = 10_000


def score(
    adata: AnnData,
    signatures: object = "panel",
    *,
    method: str | None = None,
    controls: Any = None,
    reference: Reference | str | Path | None = None,
    reference_by: Sequence[str] | str | None = None,
    donor: str | None = None,
    scale: str | None = None,
    layer: str | None = None,
    symbol_column: str | None = None,
    params: Mapping[str, Any] | None = None,
    pseudocount: float | None = None,
    min_coverage: float | None = None,
    allow_missing: bool = False,
    key_added: str | None = None,
    copy: bool = False,
    chunk_size: int | None = None,
    detail: bool | None = None,
    null: int | None = None,
    rng: int | None = None,
) -> AnnData | None:
    """Score interferon signatures, one score a sample and signature.

    Parameters
    ----------
    adata
        Matrix of shape (n_samples, n_genes), for instance from :func:`ifnscore.read`. Where its values stand in a file
        (``anndata.read_h5ad(path, backed="r")``, ``anndata.experimental.read_lazy``) they are read once, in parts; methods of two
        passes and `allow_missing` read them twice.
    signatures
        ``"panel"``, ``"all"``, ids, a TOML or GMT file, a dict of gene lists, or :class:`~ifnscore.signatures.Signature`.
    method
        A method id, or ``"published"``. None: each signature's published formula where there are controls or a
        reference, otherwise a rule that is said aloud and recorded.
    controls
        Healthy controls: an expression over ``obs`` such as ``"group == 'healthy'"``, or a boolean mask (n_samples,).
    reference
        A frozen :class:`~ifnscore.reference.Reference`, or its file, instead of controls.
    reference_by
        Columns of ``obs`` with one reference for each combination. None: ``tissue`` and ``platform`` where they vary.
    donor
        Column of ``obs`` that names the person: repeats among the controls are averaged and count once.
    scale
        ``counts``, ``linear``, ``log2``, ``log2p1``, ``log1p`` or ``ct``. None: what the loader recorded, or detected
        where that is certain.
    layer
        Layer to score instead of ``X``.
    symbol_column
        Column of ``var`` with the gene identifiers.
    params
        Parameters of the method; any method takes ``housekeeping``.
    pseudocount
        Added on the linear scale.
    min_coverage
        Smallest share of usable genes, instead of each signature's own.
    allow_missing
        Drop signature genes with missing values for all samples alike instead of refusing them.
    key_added
        Key in ``obsm`` and ``uns["ifnscore"]``; None: ``ifn_<method>``.
    copy
        Return a scored copy and leave `adata` as it was.
    chunk_size
        Samples handled at a time.
    detail
        Compute jackknife range and leading gene; None: up to 10,000 samples.
    null
        Compare every score with this many random gene sets a signature, each gene replaced by one of 100 nearest in mean
        expression that are outside the catalogue: ``obsm[key + "_null"]``, one p a sample and signature, (1 + sets that score
        at least as high) / (1 + sets), so never below 1 / (1 + sets). Such a p says how unusual the signature's genes are among
        genes like them in this one sample. It says nothing of differences between patients or groups: for those, compare
        scores (:func:`ifnscore.tl.compare`).
    rng
        Seed of the bootstrap interval of cut-offs, and of the random gene sets.

    Returns
    -------
    AnnData or None
        The copy, or None. Written are ``obsm[key]`` (DataFrame, one column a signature, NaN below minimum coverage),
        ``obsm[key + "_detail"]``, with `null` ``obsm[key + "_null"]``, and ``uns["ifnscore"][key]`` with ``coverage``,
        ``genes``, ``cutoffs`` and ``provenance``; and for controls given as a mask ``obsm[key + "_controls"]``, which
        samples they were (boolean, shape (n_samples, 1)). ``X``, ``obs`` and ``var`` stay as they are.

    Raises
    ------
    UsageError
        A signature, method or parameter is unknown.
    DataError
        The matrix, its scale, the controls or the reference cannot be used.

    Examples
    --------
    >>> import ifnscore as ifn
    >>> adata = ifn.datasets.whole_blood()
    >>> ifn.tl.score(adata, "rice", controls="treatment == 'Buffer'", donor="donor")
    >>> round(float(ifn.get.scores_wide(adata).loc["D1_IFNbeta", "rice2013_ags6"]), 2)
    3.4
    """
    _check_question(method, controls, reference)
    chosen = catalogue.resolve(signatures)
    adata = _stream.seen(_stream.copied(adata) if copy else adata)
    frozen = references.read(reference) if isinstance(reference, str | Path) else reference
    rows = frozen.rows if frozen else None
    given = _inputs.prepare(adata, scale=scale, layer=layer, symbol_column=symbol_column, rows=rows)
    asked = {**(params or {}), **({} if pseudocount is None else {"pseudocount": pseudocount})}
    request = engine.Request(params=asked, min_coverage=engine.check_share(min_coverage), platform=given.platform)
    compared = controls is not None or frozen is not None
    request, used, why = _method(method, given, chosen, request, compared=compared)
    tasks = engine.make(chosen, used, given.matrix, request)
    _need_controls(tasks, compared=compared)
    _check_delta_ct(given, tasks)
    wanted = wanted_genes(tasks)
    _stream.settle(given, tasks, wanted)
    _inputs.tell(given.matrix, wanted, whole=all(t.method.needs != "signature_columns" for t in tasks))
    pooled = compared or any(t.method.passes > 1 for t in tasks)
    by = _inputs.stratify(adata, reference_by, frozen) if pooled else []
    dropped = _stream.missing(given, tasks, wanted, allow_missing=allow_missing)
    watch = _stream.watch(given, tasks, wanted, dropped)
    tasks = [engine.without_housekeeping(t, dropped) for t in tasks]
    people: dict[int, str] = {}
    masked = controls is not None and not isinstance(controls, str)
    if frozen is not None:
        _inputs.check_fits(frozen, given)
    elif controls is not None:
        frozen, people = _inputs.make_reference(adata, given, controls, wanted, by, donor)
    drawn = _null.request(null, rng, adata, given, tasks, controls, frozen, donor)
    facts = {
        "method": used,
        "why": why,
        "layer": layer or "X",
        "notes": str(keys.recorded_input(adata).get("notes", "")),
        "reference_by": by,
        "controls": controls if isinstance(controls, str) else ("" if controls is None else "mask"),
        "dropped_genes": sorted(dropped),
        "repeats_averaged": donor or "",
        "rng": rng if rng is not None else 0,
        **_facts(given, frozen, drawn),
    }
    strata = strata_of(adata.obs, by)
    matrix = given.matrix
    _stream.look_for_empty(matrix)
    detailed = adata.n_obs <= DETAIL_LIMIT if detail is None else detail
    if _recommended(method, tasks, compared=compared):
        common = engine.Request(params={k: v for k, v in request.params.items() if k == "housekeeping"})
        beside = engine.make(chosen, engine.PACKAGE_DEFAULT, given.matrix, common)
        beside = [engine.without_housekeeping(t, dropped) for t in beside]
        runner = engine.Runner(matrix, beside, frozen, strata, dropped, chunk_size, watch, drawn)
        key = keys.key_of(engine.PACKAGE_DEFAULT, None)
        _write.remember_controls(adata, key, controls if masked else None)
        _finish(adata, key, runner, {**facts, "method": engine.PACKAGE_DEFAULT}, people, detail=detailed)
    runner = engine.Runner(matrix, tasks, frozen, strata, dropped, chunk_size, watch, drawn)
    _write.remember_controls(adata, keys.key_of(used, key_added), controls if masked else None)
    covered, out = _finish(adata, keys.key_of(used, key_added), runner, facts, people, detail=detailed)
    if matrix.streamed:
        _stream.tell_empty(out.unexpressed, matrix.samples)
    _write.announce(tasks, covered, out)
    return adata if copy else None


def _check_question(method: str | None, controls: Any, reference: Any) -> None:
    """Refuse what cannot be asked, before anything is read."""
    if controls is not None and reference is not None:
        msg = "give controls or a reference, not both"
        raise UsageError(msg)
    if method is not None and method != engine.PUBLISHED:
        methods.get(method)


def _facts(given: _inputs.Input, frozen: Reference | None, drawn: engine.NullRequest | None) -> dict[str, Any]:
    """Return what the provenance keeps of the matrix, the reference and the random sets."""
    return {
        "scale": given.scale,
        "scale_why": given.why,
        "platform": given.platform,
        "normalised": given.normalised,
        "identifiers": given.matrix.match.kind,
        "reference_hash": frozen.hash() if frozen else "",
        "n_controls": {s.label: s.n for s in frozen.strata} if frozen else {},
        **({"null": drawn.facts()} if drawn else {}),
    }


def _finish(
    adata: AnnData, key: str, runner: engine.Runner, facts: Mapping[str, Any], people: Mapping[int, str], *, detail: bool
) -> tuple[pd.DataFrame, engine.Scores]:
    """Run the kernels and store what came out."""
    out = runner.run(detail=detail, folder=None if detail or runner.null else getattr(adata, "scratch", None))
    _stream.refuse_empty(out.unexpressed)
    out.blank(out.unexpressed)
    covered = _write.coverage_table(runner, out)
    tables = {
        "coverage": covered,
        "genes": _write.genes_table(out),
        "cutoffs": _write.cutoff_table(runner, out, people, facts["rng"]),
        "provenance": _write.provenance(runner.tasks, facts),
    }
    _write.store(adata, key, runner.tasks, out, tables)
    return covered, out


def wanted_genes(tasks: Sequence[engine.Task]) -> list[str]:
    """Return the gene keys of all signatures and housekeeping genes of some tasks."""
    known = genes.table()
    keys_ = [known.resolve(g) for t in tasks for g in t.signature.genes]
    return list(dict.fromkeys([*keys_, *(h for t in tasks for h in t.housekeeping)]))


def _method(
    method: str | None, given: _inputs.Input, chosen: Sequence[Signature], request: engine.Request, *, compared: bool
) -> tuple[engine.Request, str, str]:
    """Return the request, the method to use, and why it was chosen."""
    if method is not None:
        return request, method, "asked for"
    if compared:
        return request, engine.PUBLISHED, "controls are given: each signature's published formula"
    used, why = engine.choose(given.matrix, chosen)
    say(f"method: {used} ({why})")
    if used == "mean_log" and "housekeeping" not in request.params and not given.normalised:
        params = {**request.params, "housekeeping": engine.panel_housekeeping(given.matrix)}
        request = replace(request, params=params)
    return request, used, why


def _need_controls(tasks: Sequence[engine.Task], *, compared: bool) -> None:
    needy = sorted({t.method.id for t in tasks if t.method.reference == "required"})
    if needy and not compared:
        msg = f"{', '.join(needy)} compares with healthy controls: name them with --controls EXPR or --reference FILE"
        raise UsageError(msg)


def _check_delta_ct(given: _inputs.Input, tasks: Sequence[engine.Task]) -> None:
    if given.scale == "ct" and given.minimum < 0 and any(t.housekeeping for t in tasks):
        msg = f"negative Ct values (lowest {given.minimum:.4g}): if these are delta Ct already, say --param housekeeping=none"
        raise DataError(msg)


def _recommended(method: str | None, tasks: Sequence[engine.Task], *, compared: bool) -> bool:
    """Whether zref_mean on log2 is computed beside published formulas: some are used off their own platform."""
    off = [t.signature.id for t in tasks if t.platform_match == "off-platform" and t.signature.formula.computable]
    if method is not None or not compared or not off:
        return False
    say(
        "formulas are used off the platform they were made for; the recommended score there is zref_mean on log2: beside "
        "them under the key 'ifn_zref_mean' (h5ad, zarr, Python); for a table add -m zref_mean"
    )
    return True
