"""The six core set measures of IMACS and of PRINTO: their names, and that the two sets are never mixed.

Sources: https://pmc.ncbi.nlm.nih.gov/articles/PMC2774891/table/T2 (core sets),
https://pmc.ncbi.nlm.nih.gov/articles/PMC5577002/table/T3 (which measure takes which place in the score).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from ifnscore.errors import UsageError, nearest

CoreSet = Literal["IMACS", "PRINTO"]
CORE_SETS: tuple[CoreSet, ...] = ("IMACS", "PRINTO")
#: The places of the score, in the order of its table.
PLACES: tuple[str, ...] = ("phys", "parent", "muscle", "chaq", "enzyme", "extramusc")
#: Which measure of a set stands in which place.
MEASURES: Mapping[CoreSet, Mapping[str, str]] = {
    "IMACS": {"phys": "phys", "parent": "parent", "mmt": "muscle", "chaq": "chaq", "enzyme": "enzyme", "extramusc": "extramusc"},
    "PRINTO": {"phys": "phys", "parent": "parent", "cmas": "muscle", "chaq": "chaq", "chq_phs": "enzyme", "das": "extramusc"},
}
#: Measures for which a higher value is better (CHQ-PhS: https://pmc.ncbi.nlm.nih.gov/articles/PMC3636439/table/Tab1).
HIGHER_IS_BETTER = frozenset({"mmt", "cmas", "chq_phs"})

_OTHER_NAMES = {
    "phys": ("physician_global", "physician", "phyglo", "phyglovas", "md_global"),
    "parent": ("patient_global", "parent_global", "ptglo", "parentglo"),
    "muscle": (),
    "mmt": ("mmt8",),
    "cmas": (),
    "chaq": ("haq",),
    "enzyme": ("enzymes", "ck", "ldh", "aldolase", "alt", "ast"),
    "chq_phs": (),
    "extramusc": ("extramuscular", "mdaat_extramuscular"),
    "das": ("das_total",),
}


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


_KNOWN = {_plain(n): measure for measure, others in _OTHER_NAMES.items() for n in (measure, *others)}


def measure(name: str) -> str | None:
    """Return the measure that a name means, or None."""
    return _KNOWN.get(_plain(name))


def place(name: str) -> str:
    """Return the place in the score that a measure (or place) takes.

    Raises
    ------
    UsageError
        The name is unknown.
    """
    found = measure(name)
    if found is None:
        raise unknown(name)
    return next((where for table in MEASURES.values() for one, where in table.items() if one == found), found)


def unknown(name: str) -> UsageError:
    """Return the error for a name that is no core set measure."""
    return UsageError(f"unknown core set measure {name!r}.{nearest(name, _OTHER_NAMES)} Known: {', '.join(_OTHER_NAMES)}")


def named(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values by measure, in place of the user's names.

    Raises
    ------
    UsageError
        A name is unknown, or two names mean the same measure.
    """
    found: dict[str, Any] = {}
    for name, value in values.items():
        one = measure(str(name))
        if one is None:
            raise unknown(str(name))
        if one in found:
            msg = f"{name!r} is a second value for {one}; give one (of several enzymes: the most abnormal)"
            raise UsageError(msg)
        found[one] = value
    return found


def which(measures: Iterable[str], core_set: str | None = None) -> CoreSet | None:
    """Return the core set that measures belong to; None where they could be either.

    Parameters
    ----------
    measures
        Measures or places; ``enzyme`` and ``extramusc`` stand for the place beside ``muscle``, and for the IMACS
        measure beside a measure that only one set has.
    core_set
        The set that the user named.

    Raises
    ------
    UsageError
        The measures mix the sets, or do not fit the set that was named.
    """
    if core_set is not None and core_set not in CORE_SETS:
        msg = f"core_set is {core_set!r}; choose one of {', '.join(CORE_SETS)}"
        raise UsageError(msg)
    present = set(measures)
    printo = sorted(present & {"cmas", "chq_phs", "das"})
    imacs = sorted(present & ({"mmt", "enzyme", "extramusc"} if printo else {"mmt"}))
    wrong = imacs if core_set == "PRINTO" else printo if core_set == "IMACS" else []
    if (printo and imacs) or wrong:
        mixed = f"{', '.join(imacs)} (IMACS) with {', '.join(printo)} (PRINTO)" if printo and imacs else ", ".join(wrong)
        msg = (
            f"core sets are not mixed: {mixed}{f' in the {core_set} set' if wrong else ''}; IMACS is MMT, enzyme, extramuscular, "
            "PRINTO is CMAS, CHQ-PhS, DAS"
        )
        raise UsageError(msg)
    if core_set is not None:
        return "PRINTO" if core_set == "PRINTO" else "IMACS"
    return "PRINTO" if printo else "IMACS" if imacs else None
