"""Normalisations beyond counts per million; each returns a new AnnData and says what it did.

A normalisation is one module of this package with a ``NORMALISATION`` (see :class:`ifnscore.pp.Normalisation`); nothing else
has to be changed to add one.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from typing import TYPE_CHECKING

from ifnscore import keys, options
from ifnscore.errors import ScaleError, UsageError, nearest, say
from ifnscore.options import Option
from ifnscore.pp._model import Normalisation

if TYPE_CHECKING:
    from ifnscore._lazy import ad

__all__ = ["Normalisation", "depends_on_run", "get", "normalisations", "normalise", "options_of"]


@functools.cache
def normalisations() -> tuple[Normalisation, ...]:
    """List the normalisations, sorted by name.

    Examples
    --------
    >>> from ifnscore import pp
    >>> all(n.gives == "linear" for n in pp.normalisations() if n.name == "nanostring")
    True
    """
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))
    return tuple(importlib.import_module(f"ifnscore.pp.{name}").NORMALISATION for name in names)


def get(name: str) -> Normalisation:
    """Return a normalisation by name.

    Raises
    ------
    UsageError
        There is none of this name.
    """
    known = {n.name: n for n in normalisations()}
    if name not in known:
        msg = f"unknown normalisation {name!r}; known are none, {', '.join(known)}.{nearest(name, known)}"
        raise UsageError(msg)
    return known[name]


def options_of(name: str) -> tuple[Option, ...]:
    """Return the options of a normalisation; of no normalisation none."""
    return get(name).options if name not in ("", "none") else ()


def depends_on_run(normalised: str) -> bool:
    """Whether values depend on the other samples of a run, by the name and options that :func:`normalise` recorded."""
    record = get(normalised.partition(" ")[0])
    return not record.sample_independent or bool(record.dependent and record.dependent in normalised)


def normalise(adata: ad.AnnData, name: str, **given: str) -> ad.AnnData:
    """Normalise ``X``.

    Parameters
    ----------
    adata
        Samples by genes, as :func:`ifnscore.read` returns it; not changed.
    name
        Normalisation; see :func:`normalisations`.
    **given
        Its options.

    Returns
    -------
    AnnData
        Normalised values in ``X``, the values before in ``layers["counts"]``; ``uns["ifnscore"]["input"]`` records the new
        scale, and under ``normalised`` the name and the options.

    Raises
    ------
    UsageError
        Unknown name or option.
    ScaleError
        ``X`` is not on a scale that this normalisation starts from.
    DataError
        The values do not allow it (no housekeeping genes, a sample without counts).
    """
    record = get(name)
    options.check(given, record.options)
    chosen = options.resolve(given, record.options, name)
    before = keys.recorded_input(adata)
    if before.get("scale") not in record.takes:
        why = before.get("scale_why")
        found = before.get("scale") or (f"not known ({why})" if why else "not known")
        fix = "leave the normalisation out, or read counts where the format has them (--option quantity=counts)"
        msg = f"{name} starts from {' or '.join(record.takes)}, and the scale is {found}: {fix}"
        raise ScaleError(msg)
    if record.settle:
        chosen = dict(record.settle(adata, chosen))
    made, notes = record.apply(adata, chosen)
    for note in notes:
        say(f"{name}: {note}")
    settings = ", ".join(f"{k}={v}" for k, v in chosen.items() if v)
    said = "; ".join([n for n in (str(before.get("notes", "")),) if n] + list(notes))
    made.uns[keys.UNS] = {
        **dict(adata.uns.get(keys.UNS, {})),
        "input": before
        | {
            "scale": record.gives,
            "scale_why": f"made by {name}",
            "normalised": f"{name} ({settings})" if settings else name,
            "notes": said,
        },
    }
    return made
