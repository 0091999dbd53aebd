"""Containers of Bioconductor and Seurat: the assay to score, and the annotations of samples and genes.

A container is known by its slots, so that classes derived from it (DESeqDataSet, SingleCellExperiment, NanoStringSet) are
read as well. Where the slots are: SummarizedExperiment 1.28 (``assays``, ``colData``, ``NAMES`` or ``rowRanges``),
Biobase 2.58 (``assayData``, ``phenoData``, ``featureData``), edgeR 3.40 and limma 3.54 (lists with ``counts`` or ``E``),
SeuratObject 4.1 (``counts``, ``data``) and 5.4 (``layers`` with ``LogMap`` names).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ifnscore._lazy import np
from ifnscore.errors import DataError, listing, nearest, say
from ifnscore.loaders import _r_matrix as matrices
from ifnscore.loaders import _r_tree as tree

_FIRST = ("counts", "exprs", "E")


@dataclass(frozen=True, slots=True)
class Container:
    """What was taken out of an R object: genes in rows, samples in columns; data frames are still R objects."""

    matrix: matrices.Matrix
    assay: str
    samples: Any = None
    genes: Any = None
    platform: str = ""


def kind_of(obj: Any) -> str:
    """Return which container an object is, or an empty string."""
    slots = set(tree.attributes(obj))
    for needed, name in (
        ({"assays", "colData"}, "experiment"),
        ({"assayData", "phenoData"}, "eset"),
        ({"assays", "meta.data", "active.assay"}, "seurat"),
    ):
        if needed <= slots:
            return name
    own = set(tree.classes(obj))
    return "dgelist" if own & {"DGEList", "EList", "EListRaw", "DGEGLM", "DGELRT"} and tree.kind(obj) == "VEC" else ""


def read(obj: Any, label: str, assay: str) -> Container:
    """Return what a container holds.

    Raises
    ------
    DataError
        No assay of this name, or one that lies outside the file (HDF5Array, BPCells) or is of an unknown class.
    """
    return {"experiment": _experiment, "eset": _eset, "seurat": _seurat, "dgelist": _dgelist}[kind_of(obj)](obj, label, assay)


def how_to_save(obj: Any) -> str:
    """Return the line of R that writes a file which can be read."""
    kind = kind_of(obj)
    own = tree.class_name(obj)
    values = {
        "experiment": "SummarizedExperiment::assay(x)",
        "eset": "Biobase::exprs(x)",
        "seurat": "SeuratObject::GetAssayData(x)",
    }.get(kind, "assay(x[[1]])" if own == "MultiAssayExperiment" else "x")
    return f"in R, write.csv(as.matrix({values}), 'counts.csv') writes a file that can be read"


def _pick(found: dict[str, Any], label: str, asked: str, what: str) -> str:
    """Return which assay is meant: the one asked for, counts, or the first, said aloud."""
    if asked and asked not in found:
        msg = f"{label}: no {what} {asked!r}; there are {listing(found, 8) or 'none'}.{nearest(asked, found)}"
        raise DataError(msg)
    if not found:
        msg = f"{label}: it holds no {what}"
        raise DataError(msg)
    chosen = asked or next((n for n in _FIRST if n in found), next(iter(found)))
    if not asked and len(found) > 1:
        others = [n for n in found if n != chosen]
        say(f"{label}: {what} {chosen!r} is taken (there are also {listing(others)}; choose with --option assay=NAME)")
    return chosen


def _matrix(obj: Any, label: str, what: str, owner: Any) -> matrices.Matrix:
    if matrices.is_matrix(obj):
        return matrices.read(obj, label)
    msg = f"{label}: {what} is of class {tree.class_name(obj)}, which is not kept in this file or not known; {how_to_save(owner)}"
    raise DataError(msg)


def _experiment(obj: Any, label: str, asked: str) -> Container:
    slots = tree.attributes(obj)
    found = _assays(slots["assays"])
    assay = _pick(found, label, asked, "assay")
    m = _matrix(found[assay], label, f"assay {assay!r}", obj)
    genes, rows = slots.get("elementMetadata"), tree.names(slots.get("NAMES"))
    if "rowRanges" in slots:
        ranges = tree.attributes(slots["rowRanges"])
        genes = ranges.get("elementMetadata", genes)
        rows = next((n for part in ("ranges", "partitioning") if part in ranges for n in [_slot_names(ranges[part])] if n), rows)
    columns = tree.names(tree.attributes(slots["colData"]).get("rownames"))
    named = matrices.Matrix(m.x, rows or m.rows, columns or m.columns)
    sequencing = "DESeqDataSet" in tree.classes(obj)
    return Container(named, assay, slots["colData"], genes, "RNA-seq" if sequencing else "")


def _slot_names(obj: Any) -> list[str]:
    return tree.names(tree.attributes(obj).get("NAMES"))


def _assays(obj: Any) -> dict[str, Any]:
    """Return the assays: a SimpleList in a slot, or in the environment of the older reference class."""
    slots = tree.attributes(obj)
    held = slots.get("data")
    if held is None and ".xData" in slots:
        held = tree.entries(slots[".xData"]).get("data")
    if held is None:
        return {}
    return tree.entries(tree.attributes(held).get("listData", held))


def _eset(obj: Any, label: str, asked: str) -> Container:
    slots = tree.attributes(obj)
    found = {n: v for n, v in tree.entries(slots["assayData"]).items() if not n.startswith(".")}
    assay = _pick(found, label, asked, "assay")
    m = _matrix(found[assay], label, f"assay {assay!r}", obj)
    features = tree.attributes(slots["featureData"]).get("data") if "featureData" in slots else None
    return Container(m, assay, tree.attributes(slots["phenoData"]).get("data"), features)


def _dgelist(obj: Any, label: str, asked: str) -> Container:
    held = tree.entries(obj)
    found = {n: v for n, v in held.items() if n in {"counts", "E", "Eb"} and matrices.is_matrix(v)}
    assay = _pick(found, label, asked, "assay")
    m = _matrix(found[assay], label, f"{assay!r}", obj)
    return Container(
        m, assay, held.get("samples", held.get("targets")), held.get("genes"), "RNA-seq" if assay == "counts" else ""
    )


def _seurat(obj: Any, label: str, asked: str) -> Container:
    slots = tree.attributes(obj)
    assays = tree.entries(slots["assays"])
    active = next(iter(tree.names(slots["active.assay"])), "")
    wanted, _, layer = asked.partition("/")
    name = wanted or ("RNA" if "RNA" in assays else active)
    if name not in assays:
        msg = f"{label}: no assay {name!r}; there are {listing(assays, 8) or 'none'} (write assay=NAME or assay=NAME/LAYER)"
        raise DataError(msg)
    if not wanted and len(assays) > 1:
        say(f"{label}: assay {name!r} is taken (there are {listing(assays)}; choose with --option assay=NAME)")
    parts = tree.attributes(assays[name])
    if "layers" in parts:
        layer, m = _layer(obj, parts, label, name, layer)
    else:
        layer, m = _slot(obj, parts, label, name, layer)
    return Container(m, f"{name}/{layer}", slots["meta.data"])


def _slot(obj: Any, parts: dict[str, Any], label: str, assay: str, asked: str) -> tuple[str, matrices.Matrix]:
    """Return a slot of a version 3 or 4 assay: counts, and data where there are none."""
    present: dict[str, Any] = {n: parts[n] for n in ("counts", "data", "scale.data") if n in parts}
    filled = {n: v for n, v in present.items() if not (matrices.is_matrix(v) and 0 in matrices.read(v, label).x.shape)}
    layer = _pick(filled, label, asked, f"layer of assay {assay!r}") if asked or not filled else next(iter(filled))
    if not asked and layer != "counts":
        say(f"{label}: assay {assay!r} has no counts; its layer {layer!r} is taken")
    return layer, _matrix(filled[layer], label, f"layer {layer!r}", obj)


def _layer(obj: Any, parts: dict[str, Any], label: str, assay: str, asked: str) -> tuple[str, matrices.Matrix]:
    """Return a layer of a version 5 assay; its names lie in two tables of names by layer."""
    layers = tree.entries(parts["layers"])
    split = [n for n in layers if n.startswith("counts.")]
    if not asked and "counts" not in layers and split:
        msg = f"{label}: assay {assay!r} is split into {listing(split, 3)}: in R, x <- JoinLayers(x), and save it again"
        raise DataError(msg)
    layer = _pick(layers, label, asked, f"layer of assay {assay!r}") if asked or "counts" not in layers else "counts"
    m = _matrix(layers[layer], label, f"layer {layer!r}", obj)
    rows, columns = (_mapped(parts.get(part), layer, label) for part in ("features", "cells"))
    if (len(rows), len(columns)) != m.x.shape:
        msg = f"{label}: layer {layer!r} is {m.x.shape[0]} x {m.x.shape[1]} and has {len(rows)} and {len(columns)} names: damaged"
        raise DataError(msg)
    return layer, matrices.Matrix(m.x, rows, columns)


def _mapped(obj: Any, layer: str, label: str) -> list[str]:
    """Return the names that a LogMap (names x layers, true or false) marks for a layer."""
    if obj is None or not matrices.is_matrix(obj):
        return []
    table = matrices.read(obj, label)
    return [table.rows[i] for i in np.flatnonzero(table.x[:, table.columns.index(layer)])] if layer in table.columns else []
