"""Last checks of what was read, its expression scale, and the record of both in ``uns``."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from ifnscore import expression, genes, identify, keys, orthologs, sources
from ifnscore._lazy import ad, np, sp
from ifnscore.errors import DataError, ScaleError, listing, say, warn
from ifnscore.expression import Scale
from ifnscore.loaders import _rcc_elsewhere
from ifnscore.loaders._model import Known

#: What a file that ifnscore wrote says about itself and no second look can find out.
_KEPT = ("subset", "platform", "pseudobulk", "notes", "normalised", "species")
#: Samples whose names are looked at: a table of results has fewer columns.
_FIRST = 1_000
#: Below this share of known genes something is wrong; a full human annotation has about 1 to 3 %.
_FEW = 0.005
#: Columns of results of DESeq2, limma, edgeR, Seurat and scanpy, in small letters and digits only.
_TESTED = {
    *("basemean", "log2foldchange", "lfcse", "pvalue", "padj", "logfc", "aveexpr", "adjpval", "adjpvalue", "logcpm", "pval"),
    *("avglog2fc", "avglogfc", "pct1", "pct2", "pvaladj", "logfoldchanges", "pvals", "pvalsadj", "qvalue", "log2fc"),
}
#: Such columns whose names could be those of samples, too (T and B cells); they count beside one that could not.
_TESTED_TOO = {"t", "b", "f", "lr", "stat", "scores", "fdr"}


def matrix(adata: ad.AnnData, label: str, layer: str | None) -> Any:
    """Return the matrix that holds the expression values: ``X`` or a layer.

    Raises
    ------
    DataError
        There is none, or it holds no numbers.
    """
    layers = listing([repr(k) for k in keys.layers(adata)], 8)
    if layer is not None and layer not in keys.layers(adata):
        msg = f"{label}: no layer {layer!r}; the layers are {layers or 'none'}"
        raise DataError(msg)
    x = adata.X if layer is None else adata.layers[layer]
    if isinstance(x, sources.Source):
        return x
    if x is None:
        choose = f"choose a layer: {layers}" if layers else "and there are no layers"
        msg = f"{label}: X, the expression matrix, is missing; {choose}"
        raise DataError(msg)
    kind: Any = getattr(x, "dtype", type(x).__name__)
    if not (sp.issparse(x) or isinstance(x, np.ndarray)) or kind.kind not in "biuf":
        what = "X" if layer is None else f"layer {layer!r}"
        msg = f"{label}: {what} holds {kind}, not numbers: store it as float or integer"
        raise DataError(msg)
    return x


def check_shape(adata: ad.AnnData, label: str) -> None:
    """Refuse what has no samples or no genes, results of a test instead of samples, and sample names that are not unique."""
    for n, what in ((adata.n_obs, "samples"), (adata.n_vars, "genes")):
        if n == 0:
            msg = f"{label}: 0 {what} (the matrix is {adata.n_obs} samples x {adata.n_vars} genes)"
            raise DataError(msg)
    tested = _tested([str(n) for n in adata.obs_names[:_FIRST]])
    if tested:
        columns = f"columns {listing(tested, 6)}"
        msg = f"{label}: a table of differential expression ({columns}), not of samples: score the matrix that it was made from"
        raise DataError(msg)
    if not adata.obs_names.is_unique:
        names: Any = adata.obs_names
        twice = names.repeated() if hasattr(names, "repeated") else [name for name, n in Counter(names).items() if n > 1]
        msg = f"{label}: duplicate sample names: {listing(twice)}; give each sample its own name"
        raise DataError(msg)


def _tested(samples: Sequence[str]) -> list[str]:
    """Return which sample names are columns of a table of differential expression, if at least two are."""
    plain = {name: re.sub(r"[\W_]", "", name.lower()) for name in samples}
    found = [name for name, word in plain.items() if word in _TESTED or word in _TESTED_TOO]
    return found if len(found) > 1 and any(plain[name] in _TESTED for name in found) else []


def finish(
    adata: ad.AnnData,
    label: str,
    *,
    name: str,
    orientation: str = "",
    scale: Scale | None = None,
    symbol_column: str | None = None,
    layer: str | None = None,
    stated: Known | None = None,
) -> None:
    """Check `adata`, find its scale and identifiers, and record both in ``uns["ifnscore"]["input"]``.

    Parameters
    ----------
    adata
        Changed in place: only ``uns["ifnscore"]["input"]`` is written.
    label
        The file as messages name it; it is not recorded.
    name
        Name of the format.
    orientation
        Where the genes lay in the file, empty for formats that fix it.
    scale
        Declared scale, or None.
    symbol_column, layer
        See :func:`ifnscore.loaders.read`.
    stated
        What the format itself says: its scale counts where none is declared.
    """
    check_shape(adata, label)
    x = matrix(adata, label, layer)
    _rcc_elsewhere.check(adata, label)
    earlier = keys.recorded_input(adata)
    source, match, mouse = _genes(adata, label, symbol_column)
    known = earlier.get("scale") if earlier.get("layer") == (layer or "") else None
    if scale is None and stated is not None and stated.scale is not None:
        found = _stated(x, label, stated)
    elif scale is None and stated is not None and stated.doubt:
        found = expression.Detection(None, stated.doubt)
        say(f"{label}: scale unknown ({found.why})")
    else:
        found = _scale(x, label, scale, adata.uns.get("log1p"), known)
    if not isinstance(adata.uns.get("ifnscore"), dict):
        adata.uns["ifnscore"] = {}
    kept = {k: earlier[k] for k in _KEPT if k in earlier}
    if stated is not None:
        kept |= {"platform": stated.platform} if stated.platform else {}
        kept |= {"notes": "; ".join(stated.notes)} if stated.notes else {}
    kind = match.kind
    if mouse is not None:
        say(f"{label}: {mouse.note}")
        notes = "; ".join(n for n in (str(kept.get("notes", "")), mouse.note) if n)
        kept |= {"species": "mouse", "notes": notes}
        kind, source = f"mouse {mouse.kind}", orthologs.COLUMN
    adata.uns["ifnscore"]["input"] = kept | {
        "format": name,
        "scale": found.scale or "",
        "scale_why": found.why,
        "orientation": orientation,
        "layer": layer or "",
        "identifiers_from": source,
        "id_kind": kind,
        "n_recognised": match.n_recognised,
    }


def _genes(adata: ad.AnnData, label: str, symbol_column: str | None) -> tuple[str, genes.Match, orthologs.Mapped | None]:
    """Return which column names the genes, what they are, and how mouse genes became human ones."""
    mapped = None
    try:
        source, names = identify.identifiers(adata, symbol_column)
        if identify.not_ids(names):
            raise DataError(genes.unusable(names))
        if orthologs.reading() == "mouse" and keys.recorded_input(adata).get("species") != "mouse":
            mapped = orthologs.to_human(names)
            names = mapped.names
            adata.var[orthologs.COLUMN] = names
        spelled = genes.check_species(names)
    except DataError as error:
        msg = f"{label}: {error}"
        raise DataError(msg) from error
    match = genes.match(names)
    if not match.n_recognised:
        msg = f"{label}: {genes.unusable(names)}"
        raise DataError(msg)
    if match.n_recognised < _FEW * len(names):
        what = "human genes" if mapped is None else "mouse genes with a one-to-one ortholog"
        few = f"only {match.n_recognised} of {len(names)} identifiers are known {what}"
        warn(f"{label}: {few}: is this matrix of the right species, and is the right column taken?")
    if spelled:
        warn(f"{label}: {spelled}")
    return source, match, mapped


def _stated(x: Any, label: str, stated: Known) -> expression.Detection:
    """Take the scale that the format states, if the values allow it."""
    assert stated.scale is not None
    try:
        expression.check(expression.facts(x), stated.scale)
    except ScaleError as error:
        msg = f"{label}: {error}"
        raise ScaleError(msg) from error
    why = stated.why or "stated by the format"
    say(f"{label}: scale {stated.scale} ({why})")
    return expression.Detection(stated.scale, why)


def _scale(x: Any, label: str, scale: Scale | None, mark: Any, known: Any) -> expression.Detection:
    """Take the declared scale, the one that is certain, or the one that ifnscore recorded in the file before."""
    facts = expression.facts(x)
    if scale is None:
        found = expression.detect(facts, mark)
        if found.scale is None and known in set(expression.SCALES) - {"counts"}:
            with contextlib.suppress(ScaleError):
                expression.check(facts, known)
                found = expression.Detection(known, "recorded in the file by ifnscore")
        say(f"{label}: scale {found.scale or 'unknown'} ({found.why})")
        return found
    try:
        expression.check(facts, scale)
    except ScaleError as error:
        msg = f"{label}: {error}"
        raise ScaleError(msg) from error
    return expression.Detection(scale, "declared")
