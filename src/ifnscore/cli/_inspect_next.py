"""The ``ifnscore score`` line that comes after ``inspect``, tried before it is printed."""

from __future__ import annotations

import logging
import shlex
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import is_sparse, np
from ifnscore.errors import IfnscoreError, ScaleError, listing, logger
from ifnscore.expression import MAX_LOG2, SCALES, Facts
from ifnscore.tl._inputs import FEW_FOR_CT, LARGE_FOR_LOG2

if TYPE_CHECKING:
    from anndata import AnnData

    from ifnscore.matrix import Matrix

#: Options of ``inspect`` that ``score`` must be given, too.
_CARRIED = ("samples", "symbol_column", "layer", "modality", "species", "normalise")
#: From so many samples on, most of whose genes are zero, the samples are cells.
_CELLS, _SPARSE = 500, 0.3
#: Samples that the line is tried on, unless values are missing.
_TRIED = 60
_EXAMPLE = "group == 'healthy'"


@dataclass(frozen=True, slots=True)
class Next:
    """What to run next.

    Attributes
    ----------
    command
        The line; empty where the values are refused on every scale.
    fill_in
        What has to be decided or put into the line first; empty where it runs as it stands.
    hints
        What would make the scores better.
    """

    command: str
    fill_in: tuple[str, ...]
    hints: tuple[str, ...]


def propose(
    name: str,
    adata: AnnData,
    view: Matrix,
    facts: Facts,
    scale: str | None,
    controls: Sequence[Mapping[str, Any]],
    options: Mapping[str, Any],
) -> Next:
    """Return the line for a matrix, with the first of the likely controls that works, and what is still open."""
    words, fill_in = _given(name, options)
    if scale is None:
        scale, why = _guess(view, facts)
        fits, refused = _fitting(adata, scale, facts, options)
        if not fits:
            return Next("", (f"there is no command: the values are refused on every scale; as {scale}: {refused} ({why})",), ())
        scale, why = fits, why if fits == scale else f"as {scale} the values are refused: {refused}"
        words += ["--scale", scale]
        fill_in.append(f"--scale {scale} is a guess ({why})")
    elif options.get("scale"):
        words += ["--scale", scale]
    cells = _are_cells(view)
    chosen = "" if cells or not controls else str(controls[0]["expression"])
    extra, refused = _tried(adata, scale, chosen, facts, options)
    if chosen and refused:
        without = _tried(adata, scale, "", facts, options)
        chosen, (extra, refused) = ("", without) if not without[1] else (chosen, (extra, refused))
    words += extra
    hints = ["--allow-missing drops genes with missing values for all samples alike"] if extra else []
    if chosen:
        words += ["--controls", chosen]
        hints.append(f"check that the samples with {chosen} are healthy controls")
    elif scale == "ct":
        words += ["--controls", _EXAMPLE]
        todo = "Ct values are scored against healthy controls: name yours in --controls, or give --reference FILE instead"
        fill_in.append(f"{todo}{_with(adata, options)}")
        refused = ""
        if "is_calibrator" in adata.obs and adata.obs["is_calibrator"].any():
            by = " --reference-by plate" if "plate" in adata.obs else ""
            hints.append(f"for ddCt against the calibrator: -m fold_change_median --controls is_calibrator{by}")
    elif not cells:
        hints.append(f"published formulas need healthy controls: add --controls EXPR{_with(adata, options)}")
    hints += [_of_cells(controls)] if cells else []
    fill_in += [f"as it stands the line is refused: {refused}"] if refused else []
    return Next(_joined(words), tuple(fill_in), tuple(hints))


def _fitting(adata: AnnData, guess: str, facts: Facts, options: Mapping[str, Any]) -> tuple[str, str]:
    """Return the guess, or the first other scale that the values are not refused on (none: empty), and why not the guess.

    Any number may be a cycle threshold, so ct is tried only where it is the guess.
    """
    part, allow = _part(adata, "", facts), facts.missing
    refused = ""
    for scale in dict.fromkeys((guess, *(s for s in SCALES if s != "ct"))):
        error = _refusal(part, scale, "", options, allow_missing=allow)
        if not isinstance(error, ScaleError):
            return scale, refused
        refused = refused or str(error)
    return "", refused


def _part(adata: AnnData, controls: str, facts: Facts) -> AnnData:
    """Return the samples to try the line on: all where some may be refused, for missing values or as z-scores."""
    return adata if facts.missing or facts.minimum < 0 else _some(adata, controls)


def _given(name: str, options: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return the beginning of the line, with the options that ``inspect`` was given, and what is wrong with the file name."""
    shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    words = ["ifnscore", "score", shown if shown == "-" or not shown.startswith("-") else f"./{shown}"]
    for option in _CARRIED:
        if options.get(option):
            words += [f"--{option.replace('_', '-')}", options[option]]
    for pair in options.get("format_options") or ():
        words += ["--option", pair]
    fill_in = ["the file name is no valid text: rename the file, or type its name"] if shown != name else []
    return words, [*fill_in, "the table has to come on the standard input again"] if name == "-" else fill_in


def _joined(words: Sequence[str]) -> str:
    """Return words as a shell reads them; an expression in double quotes, where the shell has nothing to expand in it."""
    plain = [f'"{w}"' if "'" in w and not set(w) & set('"$`\\!\n') else shlex.quote(w) for w in words]
    return " ".join(plain)


def _with(adata: AnnData, options: Mapping[str, Any]) -> str:
    columns = [str(c) for c in adata.obs.columns if not str(c).startswith("qc_")]
    if columns:
        return f" (columns: {listing(columns, 6)})"
    return "" if options.get("samples") else " and --samples FILE with a column that tells who they are"


def _guess(view: Matrix, facts: Facts) -> tuple[str, str]:
    """Return the likeliest scale of values that fit several, and why it is likely."""
    low, high = facts.minimum, facts.maximum
    if low < -MAX_LOG2:
        return "log2", f"no scale fits values down to {low:.4g}: raise background-subtracted intensities above 0 first"
    if low < 0:
        return "log2", "values below 0 are no linear values; z-scores and log fold changes cannot be scored"
    if high > MAX_LOG2:
        return "linear", f"values up to {high:.4g} are no logarithms; for counts with decimals (RSEM) write --scale counts"
    if not is_sparse(view.x) and view.x.shape[1] < FEW_FOR_CT and float(np.nanmedian(view.x)) > LARGE_FOR_LOG2:
        return "ct", "few genes, and values as large as cycle thresholds; otherwise write linear, log2 or log2p1"
    if low == 0:
        why = "write log1p for natural logarithms (scanpy), linear if no logarithm was taken"
        return "log2p1", f"zeros, and nothing above {high:.4g}; {why}"
    return "log2", f"no zeros, and nothing above {high:.4g}, as arrays have it; write linear if no logarithm was taken"


def _are_cells(view: Matrix) -> bool:
    return view.n_samples >= _CELLS and view.detected() < _SPARSE


def _of_cells(controls: Sequence[Mapping[str, Any]]) -> str:
    named = listing([c["column"] for c in controls], 6)
    columns = f" (columns: {named})" if named else ""
    return f"these look like single cells: for one score a donor and cell type add --pseudobulk COLUMN[,COLUMN]{columns}"


def _tried(adata: AnnData, scale: str, controls: str, facts: Facts, options: Mapping[str, Any]) -> tuple[list[str], str]:
    """Score some samples as the line would; return what has to be added to it, and why it is refused (empty: it runs)."""
    part = _part(adata, controls, facts)
    refused = ""
    for extra in ([], ["--allow-missing"]) if facts.missing else ([],):
        refused = _score(part, scale, controls, options, allow_missing=bool(extra))
        if not refused:
            return extra, ""
    return [], refused


def _some(adata: AnnData, controls: str) -> AnnData:
    """Return the first samples, half of them controls where there are any."""
    from ifnscore import expr

    n = np.arange(adata.n_obs)
    mask = expr.mask(adata.obs, controls) if controls else np.zeros(adata.n_obs, dtype=bool)
    kept = np.sort(np.concatenate([n[mask][: _TRIED // 2], n[~mask][: _TRIED - min(int(mask.sum()), _TRIED // 2)]]))
    return adata[kept] if len(kept) < adata.n_obs else adata


def _score(adata: AnnData, scale: str, controls: str, options: Mapping[str, Any], *, allow_missing: bool) -> str:
    error = _refusal(adata, scale, controls, options, allow_missing=allow_missing)
    return str(error) if error else ""


def _refusal(
    adata: AnnData, scale: str, controls: str, options: Mapping[str, Any], *, allow_missing: bool
) -> IfnscoreError | None:
    from ifnscore import tl

    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tl.score(
                adata.copy(),
                scale=scale,
                controls=controls or None,
                layer=options.get("layer"),
                symbol_column=options.get("symbol_column"),
                allow_missing=allow_missing,
                detail=False,
            )
    except IfnscoreError as error:
        return error
    finally:
        logger.setLevel(level)
    return None
