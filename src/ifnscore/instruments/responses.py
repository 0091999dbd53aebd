"""Response definitions by name: a patient is a responder, a non-responder, or not to be judged.

Examples
--------
>>> from ifnscore.instruments import responses
>>> responses.evaluate("cdasi_abs4", 20, 12).met
True
>>> responses.evaluate("cdasi_pct40_if_gt14", 12, 2).evaluable
False
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ifnscore.errors import UsageError, nearest
from ifnscore.instruments import _rules
from ifnscore.instruments._definitions import ADULT_DERIVED, Definition, Response, definitions, for_instrument, get, names, table

__all__ = ["ADULT_DERIVED", "Definition", "Response", "definitions", "evaluate", "for_instrument", "get", "names", "table"]

#: Parameters without a default, by kind of rule.
_OPTIONAL = {
    "absolute": ("unit", "instrument"),
    "percent": ("unit", "instrument", "baseline_above"),
    "cid": ("ck_unit", "ck_uln"),
    "tis": ("threshold", *_rules.TIS_ARGUMENTS),
}


def evaluate(name: str, before: Any, after: Any, **parameters: Any) -> Response:
    """Judge one patient by one definition.

    Parameters
    ----------
    name
        Of a definition (see :func:`table`).
    before, after
        Values at baseline and at follow-up: a number for definitions of one instrument; a mapping of instrument (or core set
        measure) to value for the others. Missing is None, NaN or absent. States (``printo_cid``, ``jdmai_state``) need no
        `before`; for ``tis_*``, `after` alone may be a computed score. Values are in the instrument's unit, unless
        ``unit=`` says otherwise.
    **parameters
        Instead of the definition's defaults, for instance ``improvement=6``; a changed one is said in the label. ``tis_*``
        take ``patients="juvenile"`` or ``"adult"`` and the arguments of :func:`ifnscore.instruments.tis.from_measures`;
        ``jdmai_state`` needs ``instrument=`` and takes ``target=``; ``printo_cid`` takes ``ck_unit="xULN"`` with ``ck_uln=``.

    Returns
    -------
    Response
        ``evaluable`` is False, and ``met`` None, where a value is missing or the baseline leaves no room to respond.

    Raises
    ------
    UsageError
        Definition, parameter or instrument is unknown or missing.
    DataError
        A value is no number or out of range.
    """
    definition = get(name)
    used = _parameters(definition, parameters)
    verdict = _rules.RULES[definition.kind](definition, before, after, used)
    adult = definition.adult_derived or verdict.adult
    return Response(
        name=name,
        met=verdict.met,
        evaluable=verdict.met is not None,
        reason=verdict.reason,
        adult_derived=adult,
        label=_label(definition, {**used, **verdict.shown}, parameters, adult=adult),
        value=verdict.value,
    )


def _parameters(definition: Definition, given: Mapping[str, Any]) -> dict[str, Any]:
    known = (*definition.parameters, *_OPTIONAL.get(definition.kind, ()))
    for key, value in given.items():
        if key not in known:
            msg = f"{definition.name} has no parameter {key!r}.{nearest(key, known)} It takes {', '.join(known)}"
            raise UsageError(msg)
        usual = definition.parameters.get(key)
        numeric = isinstance(usual, int | float) or key in {"threshold", "baseline_above", "ck_uln"}
        if numeric and (isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0):
            msg = f"{definition.name}: {key} is {value!r}; it needs a number, 0 or more"
            raise UsageError(msg)
    return {**definition.parameters, **given}


def _label(definition: Definition, used: Mapping[str, Any], given: Mapping[str, Any], *, adult: bool) -> str:
    text = definition.text(used)
    numbers = {k: v for k, v in definition.parameters.items() if isinstance(v, int | float)}
    changed = [f"{k} = {given[k]}" for k in given if (k in numbers and given[k] != numbers[k]) or k == "threshold"]
    marks = [*([ADULT_DERIVED] if adult else []), *([f"changed by the user: {', '.join(changed)}"] if changed else [])]
    return f"{text} ({'; '.join(marks)})" if marks else text
