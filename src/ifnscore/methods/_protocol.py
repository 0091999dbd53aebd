"""The kernel protocol: what a scoring method declares about itself, and what it is called with.

A method is one module with a :class:`Method` record and a kernel, an instance of :class:`ColumnKernel` or
:class:`RowKernel` bound to the name ``KERNEL``. The engine makes a :class:`Plan` once per group of signatures that
share a method and its parameters, hands the kernel chunks of samples, and never lets it see a file, an AnnData or
another signature. The record can be read without importing numpy.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from ifnscore._lazy import np
from ifnscore.errors import UsageError, nearest
from ifnscore.expression import SCALES, Scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]

Needs = Literal["signature_columns", "whole_row", "whole_matrix"]
ScoreType = Literal["ratio", "log", "z", "rank"]
WorksOn = Literal["linear", "log2", "log", "order", "counts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a method: name, default, what it accepts, and what it does; a number lies in `minimum` to `maximum`.

    A value in `works_on` makes the method work on another scale than its own.
    """

    name: str
    default: Any
    help: str
    choices: tuple[Any, ...] = ()
    minimum: float = -math.inf
    maximum: float = math.inf
    works_on: Mapping[Any, WorksOn] = field(default_factory=dict)

    def parse(self, value: Any, method: str) -> Any:
        """Return `value` as the kind of the default; text from a shell is converted.

        Raises
        ------
        UsageError
            The value is not one of the choices, or not a number where one is needed.
        """
        kind: type = type(self.default)
        if isinstance(value, str) and kind is bool:
            if value.lower() not in {"true", "false", "1", "0", "yes", "no"}:
                msg = f"parameter {self.name} of {method} is {value!r}; it takes true or false"
                raise UsageError(msg)
            value = value.lower() in {"true", "1", "yes"}
        elif kind in {int, float} and not isinstance(value, bool):
            try:
                value = kind(value)
            except (TypeError, ValueError) as error:
                what = "whole number" if kind is int else "number"
                msg = f"parameter {self.name} of {method} is {value!r}; it takes a {what}{self._bounds()}"
                raise UsageError(msg) from error
            if not math.isfinite(value) or not self.minimum <= value <= self.maximum:
                msg = f"parameter {self.name} of {method} is {value}; it takes a number{self._bounds()}"
                raise UsageError(msg)
        by_text = {str(c): c for c in self.choices}
        if self.choices and str(value) not in by_text:
            msg = f"parameter {self.name} of {method} is {value!r}; it takes one of {', '.join(by_text)}"
            raise UsageError(msg)
        return by_text.get(str(value), value)

    def _bounds(self) -> str:
        """Return the words for the numbers that are accepted."""
        low = f" of at least {self.minimum:g}" if math.isfinite(self.minimum) else ""
        return f"{low} and at most {self.maximum:.10g}" if math.isfinite(self.maximum) else low


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """What a method accepts and promises.

    Attributes
    ----------
    id, title, formula, doi
        Name, one line, the formula in words and where it comes from.
    needs
        ``signature_columns``: only the columns of the signature genes. ``whole_row``: all genes of a sample.
        ``whole_matrix``: all genes of all samples at once.
    passes
        2 where the samples are read once before scoring.
    sample_independent
        Whether a sample's score is the same whatever other samples are scored with it.
    signature_independent
        Whether a score is the same whatever other signatures are asked for.
    score_type
        ``ratio`` (positive, may be logged), ``log`` (differences are log ratios), ``z``, ``rank``.
    works_on
        Scale that the kernel computes on: ``linear``, ``log2``, ``order`` (any increasing scale), or ``log``: the log scale of
        the input, otherwise log2, less a constant that all genes share (for whole rows, where it changes nothing).
        ``counts``: counts as they are, and nothing else.
    scales
        Input scales that can be converted to it.
    reference
        ``required`` where healthy controls are needed, else ``none``.
    summary
        ``sum`` where missing genes change the size of the score; ``median`` where one or two genes make it by
        construction; else ``mean``.
    min_genes
        Fewest genes that the matrix must have.
    pseudocount
        Added on the linear scale before the kernel sees the values; None: 0 on linear values, and before a
        logarithm 1, but 0 where the data are log2 or Ct already.
    housekeeping
        Whether the formula itself subtracts housekeeping genes; otherwise only Ct data are normalised to them.
    parameters
        See :class:`Parameter`.
    """

    id: str
    title: str
    formula: str
    doi: str
    needs: Needs
    score_type: ScoreType
    works_on: WorksOn
    passes: Literal[1, 2] = 1
    sample_independent: bool = True
    signature_independent: bool = True
    reference: Literal["required", "none"] = "none"
    scales: tuple[Scale, ...] = SCALES
    summary: Literal["sum", "mean", "median"] = "mean"
    min_genes: int = 1
    pseudocount: float | None = None
    housekeeping: bool = False
    parameters: tuple[Parameter, ...] = ()

    def working_scale(self, params: Mapping[str, Any]) -> str:
        """Return the scale that the kernel computes on with resolved parameters."""
        asked = (p.works_on[params[p.name]] for p in self.parameters if params.get(p.name) in p.works_on)
        return next(asked, str(params.get("scale", self.works_on)))

    def resolve(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return all parameters, the given ones checked and the rest at their defaults.

        Raises
        ------
        UsageError
            A name is unknown to the method, or a value is not accepted.
        """
        known = {p.name: p for p in self.parameters}
        for name in params:
            if name not in known:
                takes = f"it takes {', '.join(known)}" if known else "it has none"
                msg = f"{self.id} has no parameter {name!r}; {takes}.{nearest(name, known)}"
                raise UsageError(msg)
        return {n: p.parse(params[n], self.id) if n in params else p.default for n, p in known.items()}


@dataclass(frozen=True, slots=True)
class Stats:
    """What controls (or a first pass) say about each gene of a plan; arrays of shape (n_genes,).

    ``usable`` is False where the spread (z) or centre (ratio) is 0, so that the gene is dropped for all samples.
    """

    centre: Array
    spread: Array
    usable: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPlan:
    """One signature inside a plan.

    Attributes
    ----------
    id
        Signature id.
    index
        Positions of its usable genes in the plan's gene axis, shape (k,).
    sign
        +1 for genes that go up, -1 for genes that go down, shape (k,).
    weights
        Published weights, all 1 where there are none, shape (k,).
    n_published
        Number of genes of the published list, usable or not.
    absent
        How many genes of the list that go up, and that go down, are not usable.
    withheld
        Whether too few genes were found for a score, so that a method of several signatures at once leaves it out.
    centre, spread
        Control mean and spread of the finished score, for methods that standardise the score itself.
    """

    id: str
    index: Array
    sign: Array
    weights: Array
    n_published: int
    absent: tuple[int, int] = (0, 0)
    withheld: bool = False
    centre: float = 0.0
    spread: float = 1.0

    def without(self, position: int) -> SetPlan:
        """Return the plan with one gene left out."""
        keep = np.arange(len(self.index)) != position
        return self.subset(keep)

    def subset(self, keep: Array) -> SetPlan:
        """Return the plan of the genes where `keep` is True."""
        return replace(self, index=self.index[keep], sign=self.sign[keep], weights=self.weights[keep])


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything a kernel needs besides the values, made once.

    Attributes
    ----------
    genes
        Gene keys of the gene axis of this plan, shape (n_genes,).
    columns
        Their positions in the gene universe of the matrix, shape (n_genes,).
    sets
        One :class:`SetPlan` a signature.
    params
        Resolved parameters of the method.
    n_universe
        Number of genes of the matrix after duplicates were resolved.
    stats
        Statistics of the controls or of the first pass, or None.
    stable
        Positions of stable genes in the gene universe, for methods that rank among those only.
    compiled
        Whether the matrix is large enough that compiled code is worth its wait.
    universe
        Gene keys of the rows, shape (n_universe,), for :meth:`RowKernel.prepare` only.
    """

    genes: tuple[str, ...]
    columns: Array
    sets: tuple[SetPlan, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    n_universe: int = 0
    stats: Stats | None = None
    stable: Array | None = None
    compiled: bool = False
    universe: tuple[str, ...] = ()


class Kernel(ABC):
    """Base of all kernels; rows of every array are samples."""

    METHOD: Method

    @abstractmethod
    def score(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return the score of one signature, shape (n_samples,), from the terms of all genes of the plan."""

    @abstractmethod
    def contributions(self, terms: Array, one: SetPlan, plan: Plan) -> Array:
        """Return what each gene adds, shape (n_samples, k); rows sum to the score (its logarithm for products)."""

    def factor(self, scores: Array, plan: Plan) -> float:
        """Return what all scores of the call are multiplied by in the end; 1 for most methods.

        Parameters
        ----------
        scores
            All scores, or of each signature the smallest and largest finite one only, shape (2, n_sets).
        plan
            The signatures.
        """
        return 1.0

    def left_out(self, one: SetPlan, position: int, plan: Plan, control_terms: Array | None) -> SetPlan:
        """Return the signature with one gene left out, for the jackknife range over genes."""
        return one.without(position)

    def left_out_scores(self, terms: Array, one: SetPlan, plan: Plan, control_terms: Array | None) -> Array:
        """Return the scores with each gene left out in turn, shape (k, n_samples)."""
        rest = [self.left_out(one, i, plan, control_terms) for i in range(len(one.index))]
        return np.array([self.score(terms, r, plan) for r in rest])


class ColumnKernel(Kernel):
    """A method that needs only the signature genes: a term per gene, then a summary over genes."""

    def is_linear(self, plan: Plan) -> bool:
        """Whether scores are a weighted sum of the values plus a constant, so that zeros of sparse samples need no work."""
        return False

    def statistics(self, controls: Array, plan: Plan) -> Stats | None:
        """Return gene statistics from control values on the working scale, shape (n_controls, n_genes)."""
        return None

    def terms(self, x: Array, plan: Plan) -> Array:
        """Return one term per sample and gene from values on the working scale, shape (n_samples, n_genes)."""
        return x

    def fit_sets(self, control_terms: Array, plan: Plan) -> Plan:
        """Return the plan with statistics of whole scores, for methods that standardise the score itself."""
        return plan


class TwoPassKernel(ColumnKernel):
    """A column method that reads all samples once before it scores them.

    Attributes
    ----------
    gathers_sets
        Whether that pass gathers something of each signature, not of each gene alone.
    """

    gathers_sets = False

    def begin(self, plan: Plan) -> Any:
        """Return the state before any sample; None for methods that need nothing of the plan to fold."""
        return None

    @abstractmethod
    def fold(self, state: Any, x: Array) -> Any:
        """Add a chunk of samples, on the working scale, to the state (None at first)."""

    @abstractmethod
    def merge(self, state: Any, later: Any) -> Any:
        """Put the states of earlier and later samples together, where they were folded in different places."""

    @abstractmethod
    def finish(self, state: Any, plan: Plan) -> Stats:
        """Return the gene statistics that the state holds."""


class RowKernel(Kernel):
    """A method that sees all genes of a sample: it places the signature genes among them, or sums over them.

    Rows come on the working scale of the method; where that is ``order``, on the scale of the input.
    """

    def remarks(self, plan: Plan, detected: Callable[[], float]) -> Iterator[str]:
        """Yield what the user should know of these parameters on this matrix, each one line.

        Parameters
        ----------
        plan
            The plan of the first stratum.
        detected
            Returns the median share of the genes that a sample has above zero.
        """
        yield from ()

    def admit(self, n_samples: int, n_genes: int, plan: Plan) -> None:
        """Refuse, with a DataError, more samples than a method of the ``whole_matrix`` can hold; called before they are read."""

    def prepare(self, rows: Any, plan: Plan) -> Any:
        """Return what all samples together make of the rows; only called where the record says ``whole_matrix``."""
        return rows

    def statistics(self, prepared: Any, plan: Plan) -> Stats | None:
        """Return which genes of the plan can be used, from what was prepared, or None where all can."""
        return None

    @abstractmethod
    def terms(self, rows: Any, plan: Plan) -> Array:
        """Return one term per sample and gene of the plan; a method may set further columns beside them.

        Parameters
        ----------
        rows
            Dense or CSR matrix of shape (n_samples, n_universe), larger meaning more expression.
        """

    def scores(self, rows: Any, plan: Plan) -> Array | None:
        """Return the scores of all signatures at once, shape (n_samples, n_sets), where there is a faster way, else None."""
        return None
