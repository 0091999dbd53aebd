"""score_genes: mean of a signature's genes minus the mean of control genes of similar expression, by scanpy itself (Tirosh 2016).

:func:`scanpy.tl.score_genes` sorts all genes into ``n_bins`` by their mean over all samples, draws ``ctrl_size`` control genes
from every bin that holds a gene of the signature (without the signature's own genes), and takes mean(signature genes) -
mean(control genes). Nothing of that is computed here: scanpy is called once for the genes that go up and once for those that
go down, each from the same seed, and the second score is subtracted from the first.

The score depends on the other samples (bins are made of means over all of them), on ``seed``, and on the order of genes,
because scanpy draws by position. ``order="name"`` (default) shows scanpy the genes sorted by name, so that the score does not
change with the order of the matrix; ``order="matrix"`` leaves the order of the matrix and gives scanpy's own numbers. Where no
bin holds more than ``ctrl_size`` genes nothing is drawn, and the two are the same.

Scale: log scales as they are, as scanpy takes them (the score is in the same unit); counts and linear values as log2(x +
pseudo-count). Ties of mean expression share the lower bin. Zeros are values of 0. Missing genes are left out. Constant genes
stay. Missing values: refused, or the gene is dropped for all samples. Needs all samples in memory.

Contributions: (x_g - mean of the control genes) / k, negative for genes that go down. Leaving one gene out keeps the control
genes.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import ad, is_sparse, np, pd, sp
from ifnscore.errors import DataError
from ifnscore.methods._protocol import Method, Parameter, RowKernel

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, Plan, SetPlan

METHOD = Method(
    id="score_genes",
    title="mean of the genes minus the mean of control genes of similar expression, by scanpy",
    formula="mean log expression of the genes - mean of genes drawn from the same bins of mean expression over all samples",
    doi="10.1126/science.aad0501",
    needs="whole_matrix",
    works_on="log",
    score_type="rank",
    sample_independent=False,
    min_genes=200,
    parameters=(
        Parameter(name="ctrl_size", default=50, minimum=1, help="control genes drawn from each bin"),
        Parameter(name="n_bins", default=25, minimum=2, help="bins of mean expression"),
        Parameter(name="ctrl_as_ref", default=True, help="draw first and take the signature's genes out afterwards, as scanpy"),
        Parameter(name="seed", default=0, minimum=0, maximum=2**32 - 1, help="seed of the draw (random_state of scanpy)"),
        Parameter(
            name="order",
            default="name",
            choices=("name", "matrix"),
            help="order of genes that scanpy draws in; matrix gives scanpy's own numbers, which change with that order",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What scanpy made of all samples; slices are samples.

    Attributes
    ----------
    values
        Expression of the plan's genes, dense or CSR, shape (n_samples, n_genes).
    controls
        Mean of the control genes of each up-set and down-set in turn, shape (n_samples, 2 n_sets).
    scores
        Shape (n_samples, n_sets).
    """

    values: Any
    controls: Array
    scores: Array

    @property
    def shape(self) -> tuple[int, int]:
        """Samples and genes."""
        n, k = self.values.shape
        return int(n), int(k)

    def __getitem__(self, samples: Any) -> Prepared:
        """Return some samples."""
        return Prepared(self.values[samples], self.controls[samples], self.scores[samples])


class ScoreGenes(RowKernel):
    """scanpy's score, of the genes that go up less that of the genes that go down."""

    METHOD = METHOD

    def prepare(self, rows: Any, plan: Plan) -> Prepared:
        """Let scanpy score all samples."""
        _check_bins(plan)
        chosen = rows[:, plan.columns]
        controls = np.full((rows.shape[0], 2 * len(plan.sets)), np.nan)
        scores = np.full((rows.shape[0], len(plan.sets)), np.nan)
        adata = _shown(rows, plan)
        for i, one in enumerate(plan.sets):
            for j, sign in enumerate((1, -1)):
                index = one.index[one.sign == sign]
                if len(index):
                    score = _by_scanpy(adata, [plan.universe[c] for c in plan.columns[index]], one.id, plan)
                    mean = np.asarray(chosen[:, index].mean(axis=1, dtype=np.float64)).ravel()
                    controls[:, 2 * i + j] = mean - score
                    scores[:, i] = np.where(np.isnan(scores[:, i]), 0.0, scores[:, i]) + sign * score
        return Prepared(chosen, controls, scores)

    def terms(self, rows: Prepared, plan: Plan) -> Array:
        """Return expression of the plan's genes, then the mean of the control genes of each half of a signature."""
        values = rows.values.toarray() if is_sparse(rows.values) else np.asarray(rows.values)
        return np.hstack([values.astype(np.float64), rows.controls])

    def scores(self, rows: Prepared, plan: Plan) -> Array:
        """Return what scanpy returned, shape (n_samples, n_sets)."""
        return rows.scores

    def score(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return the sum of the contributions."""
        parts = self.contributions(terms, one, plan)
        return parts.sum(axis=1) if parts.shape[1] else np.full(len(terms), np.nan)

    def contributions(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return the distance of each gene from the control genes over the number of genes, negative for genes that go down."""
        at = len(plan.genes) + 2 * next(i for i, s in enumerate(plan.sets) if s.id == one.id)
        parts = np.zeros((len(terms), len(one.index)))
        for j, sign in enumerate((1, -1)):
            half = one.sign == sign
            if half.any():
                parts[:, half] = sign * (terms[:, one.index[half]] - terms[:, [at + j]]) / half.sum()
        return parts

    def left_out_scores(self, terms: Array, one: SetPlan, plan: Plan, control_terms: Array | None) -> Array:
        """Return the scores with each gene left out in turn, from the same control genes; shape (k, n_samples)."""
        parts = self.contributions(terms, one, plan).T
        out = np.empty_like(parts)
        for sign in (1, -1):
            half = one.sign == sign
            k, other = int(half.sum()), parts[~half].sum(axis=0)
            if k > 1:
                out[half] = (parts[half].sum(axis=0) - parts[half]) * k / (k - 1) + other
            elif k:
                out[half] = other if len(half) > 1 else np.nan
        return out


def _check_bins(plan: Plan) -> None:
    bins = plan.params["n_bins"]
    if round(plan.n_universe / (bins - 1)) < 1:
        msg = f"score_genes: n_bins is {bins}, more than {plan.n_universe} genes can fill: take fewer (--param n_bins=25)"
        raise DataError(msg)


def _shown(rows: Any, plan: Plan) -> ad.AnnData:
    """Return the matrix as scanpy is shown it.

    In the order of names values are in 64 bits: scanpy 1.11 adds up 32-bit ones in 32 bits, and bins would follow the samples.
    """
    names = list(plan.universe)
    if plan.params["order"] == "name":
        first = np.array(sorted(range(len(names)), key=names.__getitem__))
        names = sorted(names)
        if is_sparse(rows):
            place = np.empty(len(first), dtype=rows.indices.dtype)
            place[first] = np.arange(len(first))
            # values may be shared with the input, so they must not be sorted along with their columns
            values = rows.data.astype(np.float64, copy=False)
            rows = sp.csr_matrix((values, place[rows.indices], rows.indptr), shape=rows.shape)
        else:
            rows = np.asarray(rows, dtype=np.float64)[:, first]
    return ad.AnnData(X=rows, var=pd.DataFrame(index=pd.Index(names)))


def _by_scanpy(adata: ad.AnnData, members: list[str], name: str, plan: Plan) -> Array:
    """Return scanpy's score of some genes, shape (n_samples,).

    Raises
    ------
    DataError
        No control genes are left.
    """
    import scanpy as sc

    p = plan.params
    with _seed_kept(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning)
        try:
            sc.tl.score_genes(
                adata,
                members,
                ctrl_as_ref=p["ctrl_as_ref"],
                ctrl_size=p["ctrl_size"],
                n_bins=p["n_bins"],
                random_state=p["seed"],
                score_name="score",
                use_raw=False,
            )
        except RuntimeError as error:  # every gene of the bins belongs to the signature
            msg = (
                f"score_genes finds no control genes for {name}: its genes fill their bins of expression. "
                "Take fewer bins (--param n_bins=10), or -m mean_log"
            )
            raise DataError(msg) from error
    return np.asarray(adata.obs.pop("score"), dtype=np.float64)


@contextmanager
def _seed_kept() -> Iterator[None]:
    """Give numpy's global random state back as it was: scanpy seeds it."""
    state = np.random.get_state()
    try:
        yield
    finally:
        np.random.set_state(state)


KERNEL = ScoreGenes()
