"""What ``tl.score(null=N)`` needs beside the scores: a checked number, controls of all genes, and words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ifnscore import engine, expr
from ifnscore import reference as references
from ifnscore.errors import DataError, UsageError, say
from ifnscore.reference import Reference
from ifnscore.tl import _inputs

if TYPE_CHECKING:
    from anndata import AnnData

#: Random sets of a signature that are held at once, with their genes.
MOST_SETS = 100_000
#: Values of controls that are held for random genes.
_MOST = 10_000_000


def check(n: int) -> None:
    """Refuse a number of random sets that is none.

    Raises
    ------
    UsageError
        It is not a whole number of at least 1.
    """
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= MOST_SETS:
        msg = f"null is {n!r}; it takes the number of random gene sets a signature, such as 1000, and at most {MOST_SETS}"
        raise UsageError(msg)


def request(
    n: int | None,
    rng: int | None,
    adata: AnnData,
    given: _inputs.Input,
    tasks: Sequence[engine.Task],
    controls: Any,
    frozen: Reference | None,
    donor: str | None,
) -> engine.NullRequest | None:
    """Return what the engine is asked for, or None without random sets.

    Raises
    ------
    UsageError
        `n` is no number of sets, or a method has no random sets.
    DataError
        There are so many controls that their values of all genes are too large.
    """
    if n is None:
        return None
    check(n)
    for task in tasks:
        engine.check_null(task.method)
    made = engine.NullRequest(n=n, seed=rng or 0)
    sets = "one random gene set" if n == 1 else f"{n} random gene sets"
    say(
        f"p_null: {sets} a signature, seed {made.seed}: how often one scores as high in the same sample; no p is "
        f"below {made.smallest:.3g}. It tells how unusual the genes are in this sample, not whether groups of patients differ"
    )
    if frozen is None or all(t.method.reference != "required" for t in tasks):
        return made
    if controls is None:
        return engine.NullRequest(n=n, seed=made.seed, reference=frozen)
    mask = expr.mask(adata.obs, controls)
    keys = given.matrix.universe
    if int(mask.sum()) * len(keys) > _MOST:
        msg = (
            f"random sets need the values of all {len(keys)} genes in all {int(mask.sum())} controls: too many; make pseudobulk "
            "samples first, or take a method that needs no controls"
        )
        raise DataError(msg)
    whole = references.fit(given.matrix, adata.obs, mask, keys, by=frozen.by, donor=donor)
    return engine.NullRequest(n=n, seed=made.seed, reference=whole)
