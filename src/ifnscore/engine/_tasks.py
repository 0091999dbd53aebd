"""From signatures and a method to tasks: which formula, with which parameters, under which name."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ifnscore import genes, methods, signatures
from ifnscore.engine import _stable
from ifnscore.errors import DataError, UsageError, listing, say, warn
from ifnscore.expression import MIN_GENES_FOR_CPM, Scale
from ifnscore.matrix import Matrix
from ifnscore.methods import Method
from ifnscore.signatures import Signature

PUBLISHED = "published"
#: Score of a signature that has no published formula, and the one recommended off a signature's own platform.
PACKAGE_DEFAULT = "zref_mean"

#: Bounds of the rule that chooses a method where there are no controls.
FEW_GENES, MAX_SHARE, SPARSE = 2_000, 0.05, 0.30
#: Parameters that every method takes besides its own.
COMMON = ("pseudocount", "housekeeping")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One signature and how it is scored.

    Attributes
    ----------
    signature, method, params
        What is computed.
    pseudocount
        Added on the linear scale; None for the rule of the method.
    housekeeping
        Gene keys whose mean (log) expression is subtracted.
    label
        What the score may be called.
    platform_match
        ``native``, ``off-platform`` or ``unknown``.
    min_coverage
        Share of usable genes below which no score is given.
    """

    signature: Signature
    method: Method
    params: Mapping[str, Any]
    pseudocount: float | None = None
    housekeeping: tuple[str, ...] = ()
    label: str = ""
    platform_match: str = "unknown"
    min_coverage: float = 1.0

    @property
    def works_on(self) -> str:
        """Scale that the kernel is given."""
        return self.method.working_scale(self.params)

    @property
    def group(self) -> tuple[Any, ...]:
        """Tasks with the same group share a plan."""
        return (self.method.id, tuple(sorted(self.params.items())), self.pseudocount, self.housekeeping)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asked for, beside signatures and method.

    Attributes
    ----------
    params
        Parameters of the method, and of any method ``pseudocount`` and ``housekeeping``.
    min_coverage
        Overrides every signature's own.
    platform
        Platform of the data, or ``"unknown"``.
    """

    params: Mapping[str, Any] = field(default_factory=dict)
    min_coverage: float | None = None
    platform: str = "unknown"

    @property
    def own(self) -> dict[str, Any]:
        """The parameters that belong to the method."""
        return {k: v for k, v in self.params.items() if k not in COMMON}


def choose(matrix: Matrix, chosen: Sequence[Signature]) -> tuple[str, str]:
    """Return the default method without a reference, and the reason.

    Raises
    ------
    DataError
        Ct data mean nothing without controls.
    """
    if matrix.scale == "ct":
        msg = "Ct values are scored against controls: name them with --controls EXPR or --reference FILE"
        raise DataError(msg)
    n = len(matrix.universe)
    largest = max(s.n_genes for s in chosen)
    if n < FEW_GENES:
        return "mean_log", f"{n} genes, under {FEW_GENES}: ranks need a genome-wide matrix; comparable within this run only"
    if largest > MAX_SHARE * n:
        return "mean_log", f"a signature holds {largest} of {n} genes, over 5 %; comparable within this run only"
    share = matrix.detected()
    if share < SPARSE:
        return "ucell", f"{share:.0%} of the genes detected in the median sample, under 30 %"
    return "singscore", f"no controls, {n} genes, {share:.0%} detected"


def make(chosen: Sequence[Signature], method: str, matrix: Matrix, request: Request) -> list[Task]:
    """Return one task a signature, in order.

    Parameters
    ----------
    chosen
        Signatures.
    method
        Method id, or ``"published"`` for each signature's own formula.
    matrix
        The matrix: its genes and scale decide what is possible.
    request
        Parameters and limits of the user.

    Raises
    ------
    UsageError
        A parameter does not fit the method.
    DataError
        The matrix has too few genes for a rank method, or Ct data lack housekeeping genes.
    """
    if method == PUBLISHED and request.own:
        msg = f"--param {listing(request.own)} needs a method: published formulas have their own parameters; add -m METHOD"
        raise UsageError(msg)
    if method != PUBLISHED:
        request = replace(request, params=_stable.resolved(request.params, methods.get(method), matrix))
    tasks = [_task(s, method, matrix, request) for s in chosen]
    for used, params in {t.method.id: (t.method, t.params) for t in tasks}.values():
        if matrix.scale not in used.scales:
            msg = f"{used.id} takes {', '.join(used.scales)}, and this matrix is on scale {matrix.scale}"
            raise DataError(msg)
        check_universe(used, params, matrix)
    for task in tasks:
        _check_counts(task, matrix)
    return tasks


def _check_counts(task: Task, matrix: Matrix) -> None:
    """Refuse other values than counts where a parameter asks for counts."""
    if task.works_on == "counts" and matrix.scale != "counts":
        asks = next(f"{p.name}={task.params[p.name]}" for p in task.method.parameters if task.params[p.name] in p.works_on)
        msg = f"{task.method.id} with {asks} takes counts, and this matrix is on scale {matrix.scale}: leave {asks} out"
        raise DataError(msg)


def _task(signature: Signature, method: str, matrix: Matrix, request: Request) -> Task:
    formula = signature.formula
    published = method == PUBLISHED and formula.computable
    record = methods.get((formula.method if published else PACKAGE_DEFAULT) if method == PUBLISHED else method)
    given = dict(formula.params) if published else dict(request.own)
    offset = None if matrix.scale == "ct" else record.pseudocount  # relative quantities need no offset against zeros
    pseudocount = given.pop("pseudocount", offset)
    pseudocount = request.params.get("pseudocount", pseudocount)
    own = formula.housekeeping if (published and record.housekeeping) or matrix.scale == "ct" else ()
    housekeeping = _housekeeping(record, own, matrix, request)
    match = platform_match(signature, matrix.scale, request.platform, len(matrix.universe))
    return Task(
        signature=signature,
        method=record,
        params=record.resolve({k: v for k, v in given.items() if k not in COMMON}),
        pseudocount=None if pseudocount in (None, "auto") else check_pseudocount(pseudocount),
        housekeeping=housekeeping,
        label=_label(signature, method, record, match, (len(housekeeping), len(own))),
        platform_match=match,
        min_coverage=_min_coverage(signature, record, request),
    )


def check_pseudocount(value: Any) -> float:
    """Return a pseudo-count as a number, or refuse it with a UsageError."""
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        msg = f"pseudocount is {value!r}; it takes a number"
        raise UsageError(msg) from error
    if not math.isfinite(number) or number < 0:
        msg = f"pseudocount is {number}; it takes a number of at least 0"
        raise UsageError(msg)
    return number


def check_share(value: float | None) -> float | None:
    """Return a minimum coverage, or refuse it with a UsageError."""
    if value is not None and not 0 < value <= 1:
        msg = f"min_coverage is {value}; it lies above 0 and up to 1"
        raise UsageError(msg)
    return value


def _min_coverage(signature: Signature, method: Method, request: Request) -> float:
    if request.min_coverage is not None:
        return request.min_coverage
    return 1.0 if method.summary == "sum" else signature.min_coverage


def _label(signature: Signature, method: str, record: Method, match: str, housekeeping: tuple[int, int]) -> str:
    if method != PUBLISHED:
        return record.id
    if not signature.formula.computable:
        return f"package default ({record.id}): no published formula that can be computed"
    found, named = housekeeping
    if found < named:
        return f"formula of {signature.id} with {found} of its {named} housekeeping genes"
    if match == "off-platform":
        return f"formula of {signature.id}, not the {signature.id} assay"
    rule = "published formula" if signature.formula.status == "published" else "published formula (reconstructed)"
    return rule if match == "native" else f"{rule}; platform of the data not known"


def platform_match(signature: Signature, scale: Scale, platform: str, n_genes: int) -> str:
    """Return whether the data come from the platform a signature was made on, as far as that can be known."""
    native = signature.platform
    if native in {"gene set", "unknown"}:
        return "unknown"
    if platform != "unknown":
        return "native" if _same(platform, native) else "off-platform"
    if scale == "ct":
        return "native" if native == "RT-qPCR" else "off-platform"
    if n_genes >= MIN_GENES_FOR_CPM and native in {"RT-qPCR", "NanoString"}:
        return "off-platform"
    return "unknown"


def _same(a: str, b: str) -> bool:
    def plain(text: str) -> str:
        text = "".join(c for c in text.lower() if c.isalnum())
        return "rtqpcr" if text in {"qpcr", "rtqpcr", "rtpcr", "taqman"} else text

    return plain(a) == plain(b)


def catalogue_housekeeping() -> list[str]:
    """Return the housekeeping genes that any published formula of the catalogue names, as gene keys."""
    known = genes.table()
    names = [h for i in signatures.ids() for h in signatures.get(i).formula.housekeeping]
    return list(dict.fromkeys(known.resolve(h) for h in names))


def _housekeeping(record: Method, own: Sequence[str], matrix: Matrix, request: Request) -> tuple[str, ...]:
    """Return the housekeeping genes to subtract: the user's, the formula's, or for Ct data the catalogue's."""
    asked = request.params.get("housekeeping", "auto")
    if record.works_on == "order" or record.needs == "whole_matrix" or asked in ("none", ()):
        return ()
    known = genes.table()
    if asked != "auto":
        names = [w.strip() for w in asked.split(",")] if isinstance(asked, str) else list(asked)
        keys = [known.resolve(n) for n in names if n]
        absent = [n for n, k in zip(names, keys, strict=False) if k not in matrix.position]
        if absent or not keys:
            msg = f"housekeeping gene {listing(absent)} is not in the matrix"
            raise DataError(msg)
        return tuple(keys)
    found = tuple(k for k in (known.resolve(o) for o in own) if k in matrix.position)
    if found or matrix.scale != "ct":
        return found
    found = tuple(k for k in catalogue_housekeeping() if k in matrix.position)
    if not found:
        msg = (
            "Ct values need housekeeping genes and none of the catalogue's is in the matrix: name them with "
            "--param housekeeping=GENE1,GENE2, or say --param housekeeping=none if the values are delta Ct already"
        )
        raise DataError(msg)
    return found


def without_housekeeping(task: Task, dropped: Mapping[str, str]) -> Task:
    """Return the task without housekeeping genes that hold missing values.

    Raises
    ------
    DataError
        None is left of those it had.
    """
    kept = tuple(h for h in task.housekeeping if h not in dropped)
    if task.housekeeping and not kept:
        msg = f"housekeeping gene {listing(task.housekeeping)} holds missing values: name others with --param housekeeping=..."
        raise DataError(msg)
    if len(kept) == len(task.housekeeping):
        return task
    lost = [h for h in task.housekeeping if h not in kept]
    warn(f"housekeeping gene {listing(lost)} holds missing values: all samples are normalised to {listing(kept)} alone")
    n = len(task.signature.formula.housekeeping)
    published = task.label.startswith("published formula") and len(kept) < n
    label = f"formula of {task.signature.id} with {len(kept)} of its {n} housekeeping genes" if published else task.label
    return replace(task, housekeeping=kept, label=label)


def panel_housekeeping(matrix: Matrix) -> tuple[str, ...]:
    """Return the housekeeping genes that normalise a small panel when nothing else was asked for."""
    found = tuple(k for k in catalogue_housekeeping() if k in matrix.position)
    if found:
        say(f"mean_log subtracts the mean log2 of the housekeeping genes found: {listing(found, 20)}")
    else:
        warn("no housekeeping gene in this panel: the values are taken as normalised (or name some: --param housekeeping=...)")
    return found


def check_universe(method: Method, params: Mapping[str, Any], matrix: Matrix) -> None:
    """Warn about a panel, and refuse one that is too small for a method that needs all genes of a sample.

    Raises
    ------
    DataError
        There are fewer genes than the method needs, or only some of those that were measured, and no stable genes.
    """
    n = len(matrix.universe)
    if method.needs == "signature_columns" or params.get(_stable.PARAMETER):
        return
    ranks = method.works_on == "order"
    how = "ranks genes within a sample" if ranks else "compares the genes of a signature with all other genes of the matrix"
    if not matrix.complete:
        msg = f"{method.id} {how}, and this file holds only some of them: score the original matrix"
        raise DataError(msg)
    if n < method.min_genes:
        why = "on a panel ranks squeeze every difference" if ranks else "on a panel the other genes are no background"
        msg = (
            f"{method.id} {how} and this matrix has {n}, under {method.min_genes}: {why}. Use -m mean_log, controls with "
            f"-m zref_mean, or ranks among stable genes only: -m singscore --param {_stable.PARAMETER}=GENE,GENE,..."
        )
        raise DataError(msg)
    if n < FEW_GENES:
        depends = "the ranks depend" if ranks else "the score depends"
        warn(f"{method.id} on {n} genes, under {FEW_GENES}: {depends} on which genes the panel holds; mean_log is safer")
