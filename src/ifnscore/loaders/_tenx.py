"""What the two formats of 10x Genomics share."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Callable

from ifnscore import orthologs
from ifnscore._lazy import ad
from ifnscore.errors import DataError, listing, say
from ifnscore.loaders._anndata import read_with

_EXPRESSION = "Gene Expression"
#: Genomes of Cell Ranger's references, such as ``mm10``, ``refdata-gex-mm10-2020-A``, ``GRCm39``.
_MOUSE = re.compile(r"(.*[^a-z])?(mm(9|10|39)|grcm\d+|mus_musculus)([^a-z0-9]|$)", re.IGNORECASE)


def gene_expression(reader: Callable[[], ad.AnnData], label: str) -> ad.AnnData:
    """Read 10x data and keep the gene expression features; others are counted aloud."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning)
        adata = read_with(reader, label)
    _refuse_other_genome(adata, label)
    if "feature_types" not in adata.var:
        return adata
    other = Counter(t for t in adata.var["feature_types"] if t != _EXPRESSION)
    if not other:
        return adata
    dropped = ", ".join(f"{n} {kind}" for kind, n in other.items())
    say(f"{label}: features that are not gene expression left out: {dropped}")
    return adata[:, (adata.var["feature_types"] == _EXPRESSION).to_numpy()].copy()


def _refuse_other_genome(adata: ad.AnnData, label: str) -> None:
    """Refuse a matrix that says itself that its genome is not the one whose genes are looked for.

    Raises
    ------
    DataError
        Names the genome.
    """
    genomes = [str(g) for g in adata.var["genome"].unique() if str(g)] if "genome" in adata.var else []
    mouse = [g for g in genomes if _MOUSE.match(g)]
    if len(mouse) == len(genomes) > 0 and orthologs.reading() == "human":
        msg = f"{label}: the genome is {listing(mouse)}: mouse data are read with --species mouse (species='mouse')"
        raise DataError(msg)
