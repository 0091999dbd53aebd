"""From probes, counts and lanes to an AnnData: which code classes are genes, which are controls; PlexSet wells."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import replace

from ifnscore._lazy import ad, np, pd
from ifnscore.errors import DataError, listing, say, warn
from ifnscore.expression import Scale
from ifnscore.loaders import _rcc_qc
from ifnscore.loaders._model import Known
from ifnscore.loaders._orient import quiet_names
from ifnscore.loaders._rcc_parse import Probe
from ifnscore.loaders._rcc_qc import Lane

#: What was said about the files of the folder or archive that is being read; None outside of one.
_SAID: ContextVar[set[str] | None] = ContextVar("said", default=None)
#: Where the control probes are kept: a DataFrame in ``obsm``.
CONTROLS = "nanostring"
_GENES = {"endogenous": "Endogenous", "housekeeping": "Housekeeping"}
_CONTROL = re.compile(r"(positive|negative|binding|purification|ligation\w*|spike[-_]?in\w*|reserved)\d?", re.IGNORECASE)
_PLEX = re.compile(r"(endogenous|housekeeping)([1-8])s", re.IGNORECASE)
_NUMBERED = re.compile(r"(endogenous|housekeeping)\d?", re.IGNORECASE)
_NAMED = re.compile(r"(POS|NEG)_(\w+)(\(.*\))?")
_WELLS = "ABCDEFGH"
#: A sample id that is a code: short, with a digit, without words or dates.
_CODE = re.compile(r"(?=.*\d)(?!.*[A-Za-z]{4})(?!.*\d{6})[A-Za-z0-9_.#-]{1,24}")
#: A cartridge id that is a serial number rather than a date or words.
_SERIAL = re.compile(r"(?=.*\d)(?!.*[A-Za-z]{4})(?!(?:.*\D)?\d{6}(?:\D|$))(?!(?:.*\D)?\d{8}(?:\D|$))[A-Za-z0-9_.-]{1,24}")


@contextlib.contextmanager
def together() -> Iterator[None]:
    """Say once what is true of many files that are read within."""
    token = _SAID.set(set())
    try:
        yield
    finally:
        _SAID.reset(token)


def tell(label: str, text: str, how: Callable[[str], None] = say) -> None:
    """Say something about a file, once where files are read :func:`together`."""
    said = _SAID.get()
    if said is None:
        how(f"{label}: {text}")
    elif text not in said:
        said.add(text)
        how(f"{label}: {text} (said once, for this file and all others like it)")


def is_gene_class(code_class: str) -> bool:
    """Whether probes of a code class are genes measured as RNA."""
    return bool(_NUMBERED.fullmatch(code_class) or _PLEX.fullmatch(code_class))


def is_known_class(code_class: str) -> bool:
    """Whether this is a code class of genes or of control probes."""
    return is_gene_class(code_class) or is_control_class(code_class)


def is_control_class(code_class: str) -> bool:
    """Whether probes of a code class are controls."""
    return bool(_CONTROL.fullmatch(code_class))


def build(label: str, probes: Sequence[Probe], counts: np.ndarray, lanes: Sequence[Lane], why: str) -> Known:
    """Make the matrix of one file.

    Parameters
    ----------
    label
        The file as messages name it.
    probes
        One a column of `counts`.
    counts
        Array of shape (n_lanes, n_probes).
    lanes
        One a row of `counts`.
    why
        Where the scale stands.

    Returns
    -------
    Known
        Genes in ``X``; control probes in ``obsm["nanostring"]``; lanes and their quality in ``obs``.

    Raises
    ------
    DataError
        There are no probes of genes.
    """
    notes = []
    others = Counter(p.code_class for p in probes if not is_known_class(p.code_class))
    if others:
        named = listing([f"{n} {c}" for c, n in others.most_common()])
        note = f"{sum(others.values())} probes that are no RNA of genes are left out ({named})"
        tell(label, note)
        notes.append(note)
    is_control = np.array([is_control_class(p.code_class) for p in probes], dtype=bool)
    control_names = _control_names([p for p, c in zip(probes, is_control, strict=True) if c])
    controls = counts[:, is_control].astype(float)
    if any(_PLEX.fullmatch(p.code_class) for p in probes):
        genes, x, lanes, row = _plex(label, probes, counts, lanes)
        controls = controls[row]
        notes.append(
            "PlexSet: the eight sets of a lane have different probes and no dilution series, so that linearity and limit of "
            "detection are not assessed, and samples of different sets need controls of the same set (--reference-by plexset)"
        )
    else:
        here = [i for i, p in enumerate(probes) if _NUMBERED.fullmatch(p.code_class)]
        genes, x = [probes[i]._replace(code_class=_base(probes[i].code_class)) for i in here], counts[:, here]
    if not genes:
        found = listing(Counter(p.code_class for p in probes)) or "none"
        msg = f"{label}: no probes of class Endogenous or Housekeeping; the classes are {found}"
        raise DataError(msg)
    return _known(genes, x, lanes, pd.DataFrame(controls, columns=control_names), why, tuple(notes))


def _known(
    genes: Sequence[Probe], x: np.ndarray, lanes: Sequence[Lane], controls: pd.DataFrame, why: str, notes: tuple[str, ...]
) -> Known:
    samples = pd.Index([lane.sample for lane in lanes])
    controls.index = samples
    found = [dict(zip(controls.columns, row, strict=True)) for row in controls.to_numpy(dtype=float).tolist()]
    obs = pd.DataFrame([_row(lane, c) for lane, c in zip(lanes, found, strict=True)], index=samples)
    obs = obs[[c for c in obs.columns if not (obs[c].dtype.kind not in "iufb" and (obs[c] == "").all() and c != "qc_flags")]]
    var = pd.DataFrame(
        {"code_class": [p.code_class for p in genes], "accession": [p.accession for p in genes]},
        index=[p.name for p in genes],
    )
    with quiet_names():
        adata = ad.AnnData(X=np.ascontiguousarray(x), obs=obs, var=var, obsm={CONTROLS: controls})
    scale: Scale | None = "counts" if x.dtype.kind in "iu" else None
    return Known(adata, scale, why, "NanoString", notes)


def _row(lane: Lane, controls: dict[str, float]) -> dict[str, object]:
    """Return the annotations of a lane; people and dates stay behind."""
    found = _rcc_qc.measures(lane, controls)
    return {
        "rlf": lane.rlf,
        "cartridge": cartridge(lane.cartridge),
        "lane": lane.lane,
        "plexset": lane.plexset,
        "instrument": _rcc_qc.instrument(lane.scanner),
        "rcc_id": lane.rcc_id if _CODE.fullmatch(lane.rcc_id) else "",
        "fov_count": lane.fov_count,
        "fov_counted": lane.fov_counted,
        **found,
        "qc_flags": "; ".join(_rcc_qc.flags(lane, found, controls)),
    }


def cartridge(printed: str) -> str:
    """Return a cartridge id; one that holds words or a date becomes a code that is the same wherever it stands.

    Examples
    --------
    >>> from ifnscore.loaders._rcc_build import cartridge
    >>> cartridge("30102498310821")
    '30102498310821'
    >>> cartridge("JDM run 20191113").startswith("cartridge-")
    True
    """
    if not printed or _SERIAL.fullmatch(printed):
        return printed
    return f"cartridge-{hashlib.sha256(printed.encode()).hexdigest()[:8]}"


def _base(code_class: str) -> str:
    return _GENES[code_class.lower().rstrip("0123456789")]


def _control_names(probes: Sequence[Probe]) -> list[str]:
    """Name control probes alike in all files: ``POS_A(128)``, ``NEG_A(0)``, whether or not concentrations are printed."""
    names: list[str] = []
    for probe in probes:
        kind = {"p": "POS_", "n": "NEG_"}.get(probe.code_class[0].lower(), "")
        kind = "" if probe.code_class.lower().startswith("purification") else kind
        name = probe.name if probe.name.upper().startswith(kind) else kind + probe.name
        named = _NAMED.fullmatch(name.upper())
        if named and named[1] == "POS" and named[2] in _rcc_qc.CONCENTRATIONS:
            name = f"POS_{named[2]}({named[3].strip('() ') if named[3] else f'{_rcc_qc.CONCENTRATIONS[named[2]]:g}'})"
        elif named and named[1] == "NEG" and named[2].isalpha():
            name = f"NEG_{named[2]}(0)"
        names.append(name if name not in names else f"{name} {probe.accession}")
    return names


def _plex(
    label: str, probes: Sequence[Probe], counts: np.ndarray, lanes: Sequence[Lane]
) -> tuple[list[Probe], np.ndarray, list[Lane], list[int]]:
    """Take the sets of a PlexSet lane apart.

    Returns
    -------
    list of Probe
        Genes that every set has.
    ndarray
        Counts of shape (n_lanes * n_sets, n_genes).
    list of Lane
        One a set, named after the file and its well: ``lane_A`` to ``lane_H``.
    list of int
        Row of `counts` that each comes from.
    """
    sets: dict[int, dict[Probe, int]] = {}
    for i, probe in enumerate(probes):
        if match := _PLEX.fullmatch(probe.code_class):
            sets.setdefault(int(match[2]), {})[probe._replace(code_class=_base(match[1]))] = i
    order = sorted(sets)
    genes = [p for p in sets[order[0]] if all(p in sets[k] for k in order)]
    lost = len({p for k in order for p in sets[k]}) - len(genes)
    if lost:
        text = f"{lost} probes are not in all {len(order)} sets of this PlexSet and are left out"
        tell(label, text, warn)
    tell(label, f"PlexSet with {len(order)} sets, one sample each, named after file and well: ..._{_WELLS[order[0] - 1]}, ...")
    blocks, wells, row = [], [], []
    for r, lane in enumerate(lanes):
        for k in order:
            blocks.append(counts[r, [sets[k][p] for p in genes]])
            wells.append(replace(lane, sample=f"{lane.sample}_{_WELLS[k - 1]}", plexset=_WELLS[k - 1]))
            row.append(r)
    return genes, np.array(blocks), wells, row
