"""From transcripts to genes: which gene a transcript belongs to, and the sums, which pytximport makes."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from ifnscore import identify
from ifnscore._lazy import ad, np, pd
from ifnscore.errors import DataError, UsageError, listing, warn
from ifnscore.loaders import _quant, _tx2gene
from ifnscore.loaders._anndata import reason
from ifnscore.loaders._model import Known, Options
from ifnscore.loaders._optional import need
from ifnscore.loaders._orient import quiet_names
from ifnscore.loaders._quant import Quantified
from ifnscore.options import Option

QUANTITY = Option(
    "quantity", "what is read: tpm (scale linear) or counts (estimated, with decimals)", choices=("tpm", "counts"), default="tpm"
)
TX2GENE = Option("tx2gene", "CSV or TSV of transcript and gene (optional third column: symbol), header or not", is_file=True)
COUNTS_FROM_ABUNDANCE = Option(
    "counts_from_abundance",
    "with quantity=counts: counts made from TPM as tximport does; lengths are averaged over the samples of one folder",
    choices=("no", "scaled_tpm", "length_scaled_tpm"),
    default="no",
)
OPTIONS = (QUANTITY, TX2GENE, COUNTS_FROM_ABUNDANCE)
#: Share of a sample's expression that may be left out without a warning.
_FEW = 0.05
#: Samples whose transcripts are summed at one time, which bounds the memory.
_AT_ONCE = 25


def to_known(samples: Sequence[Quantified], options: Options, titles: dict[str, str]) -> Known:
    """Return one matrix of samples by genes.

    Parameters
    ----------
    samples
        Gene-level or transcript-level tables of one quantifier.
    options
        ``quantity``, ``tx2gene`` and ``counts_from_abundance``.
    titles
        Quantity -> name of its column in the files, for messages.

    Raises
    ------
    DataError
        The rows are transcripts and nothing tells their genes, or samples were quantified against different transcripts.
    UsageError
        ``counts_from_abundance`` without ``quantity=counts``.
    """
    quantity, remade = options["quantity"], options["counts_from_abundance"]
    if remade != "no" and quantity != "counts":
        msg = f"option counts_from_abundance={remade} makes counts: give quantity=counts as well"
        raise UsageError(msg)
    genes = _genes(samples[0], options["tx2gene"])
    others = [q for q in titles if q != quantity]
    why = f"column {titles[quantity]}; option quantity={' or '.join(others)} takes another"
    if genes is None:
        if remade != "no":
            msg = f"{samples[0].label}: counts_from_abundance needs transcripts, and the rows are genes already: leave it out"
            raise DataError(msg)
        return Known(_quant.matrix(samples, quantity), _scale(quantity), why, "RNA-seq")
    aligned = [_aligned(s, samples[0]) for s in samples]
    _warn_of_lost(aligned, genes, quantity)
    adata = _summed(aligned, genes.of, quantity, remade)
    if genes.symbols:
        adata.var["gene_name"] = [genes.symbols.get(g, "") for g in adata.var_names]
    made = f"transcripts summed per gene by pytximport ({genes.how})"
    notes = (*genes.notes, *((f"counts made from TPM ({remade})",) if remade != "no" else ()))
    return Known(adata, _scale(quantity), f"{why}; {made}", "RNA-seq", notes)


def _scale(quantity: str) -> Any:
    return "counts" if quantity == "counts" else "linear"


def _genes(sample: Quantified, table: str) -> _tx2gene.Genes | None:
    """Return the gene of every transcript, or None where the rows are genes already."""
    if table:
        return _tx2gene.from_table(table, sample.ids, sample.label)
    if sample.genes:
        return _tx2gene.Genes(sample.genes, "genes named in the files")
    if identify.known(sample.ids):
        return None
    return _tx2gene.from_names(sample.ids, sample.label)


def _aligned(sample: Quantified, first: Quantified) -> Quantified:
    """Return a sample with its transcripts in the order of the first one's."""
    if sample.ids == first.ids:
        return sample
    if sorted(sample.ids) != sorted(first.ids):
        msg = (
            f"{sample.label}: other transcripts ({len(sample.ids)}) than {first.label} ({len(first.ids)}): quantify all samples "
            "against one index, or put those of each index into a folder of its own and give both folders"
        )
        raise DataError(msg)
    order = np.empty(len(first.ids), dtype=np.intp)
    order[np.argsort(np.array(first.ids), kind="stable")] = np.argsort(np.array(sample.ids), kind="stable")
    return Quantified(sample.label, sample.name, first.ids, {k: v[order] for k, v in sample.columns.items()})


def _warn_of_lost(samples: Sequence[Quantified], genes: _tx2gene.Genes, quantity: str) -> None:
    lost = np.array([not g for g in genes.of], dtype=bool)
    for s in samples:
        values = s.columns[quantity]
        if lost.any() and values[lost].sum() > _FEW * values.sum():
            share = values[lost].sum() / values.sum()
            warn(f"{s.label}: {share:.0%} of the expression is of transcripts without a gene and left out: {genes.how}")
            return


def _summed(samples: Sequence[Quantified], genes: Sequence[str], quantity: str, remade: str) -> ad.AnnData:
    """Sum transcripts per gene, some samples at a time unless all have to be seen together."""
    _refuse_same_names(samples)
    size = len(samples) if remade == "length_scaled_tpm" else _AT_ONCE
    parts = [_imported(samples[i : i + size], genes, quantity, remade) for i in range(0, len(samples), size)]
    x = np.vstack([np.asarray(p["counts" if quantity == "counts" else "abundance"].values.T, dtype=np.float64) for p in parts])
    names = [str(g) for g in parts[0]["gene_id"].values]
    with quiet_names():
        return ad.AnnData(X=x, obs=pd.DataFrame(index=[s.name for s in samples]), var=pd.DataFrame(index=names))


def _imported(samples: Sequence[Quantified], genes: Sequence[str], quantity: str, remade: str) -> Any:
    """Call :func:`pytximport.tximport` on numbers that were read and checked here; returns its xarray Dataset.

    The transcripts are passed under their row numbers, so that no rule about versions or bars in names applies twice.
    """
    abundance = "tpm" if quantity == "counts" else quantity
    keep = [i for i, gene in enumerate(genes) if gene]
    tokens = [str(i) for i in keep]

    def importer(path: str, **_: Any) -> dict[str, Any]:
        columns = samples[int(path)].columns
        named = {"counts": columns["counts"], "length": columns["length"], "abundance": columns[abundance]}
        return {"transcript_id": tokens, "inferential_replicates": None} | {k: v[keep] for k, v in named.items()}

    label = samples[0].label
    with _quiet():
        tximport = need("pytximport", label, "transcript-level files").tximport
        try:
            return tximport(
                [str(i) for i in range(len(samples))],
                data_type="salmon",
                transcript_gene_map=pd.DataFrame({"transcript_id": tokens, "gene_id": [genes[i] for i in keep]}),
                counts_from_abundance=None if remade == "no" else remade,
                ignore_transcript_version=False,
                ignore_after_bar=False,
                custom_importer=importer,
                output_type="xarray",
            )
        except (AssertionError, ValueError, KeyError, IndexError, TypeError) as error:
            msg = f"{label}: pytximport cannot sum these transcripts ({reason(error)})"
            raise DataError(msg) from error


def _refuse_same_names(samples: Sequence[Quantified]) -> None:
    names = [s.name for s in samples]
    twice = [s for i, s in enumerate(samples) if s.name in names[:i]]
    if twice:
        owner = samples[names.index(twice[0].name)].label
        shared = listing([s.name for s in twice])
        msg = f"{twice[0].label}: sample names that {owner} has as well: {shared}; samples must be unique"
        raise DataError(msg)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence the progress bar, the messages to the root logger and the warnings of pytximport and its parts.

    Without a handler on the root logger ``logging.warning`` would install one for good.
    """
    root, silent, before = logging.getLogger(), logging.NullHandler(), logging.root.manager.disable
    root.addHandler(silent)
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
        root.removeHandler(silent)
