"""What a reference file must hold: JSON can say many things that are no reference, whatever their hash."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NoReturn

from ifnscore.errors import DataError
from ifnscore.expression import MAX_LINEAR, SCALES

_KINDS: dict[str, Any] = {
    "scale": str,
    "platform": str,
    "genes": list,
    "rows": dict,
    "by": list,
    "strata": list,
    "n_genes_of_matrix": int,
    "repeats_averaged": bool,
}
_STRATUM: dict[str, Any] = {
    "by": dict,
    "n_controls": int,
    "n_samples": int,
    "values": list,
    "sex": dict,
    "age_range": list | None,
}
_AGES = 2
_ABSENT = object()


def check(body: Mapping[str, Any], where: str) -> None:
    """Refuse what is no reference.

    Parameters
    ----------
    body
        The decoded JSON.
    where
        The file, for messages.

    Raises
    ------
    DataError
        A part is missing or of the wrong kind; the part is named.
    """
    _kinds(body, _KINDS, where)
    if body["scale"] not in SCALES:
        msg = f"{where}: unknown scale {body['scale']!r}"
        raise DataError(msg)
    genes = body["genes"]
    if not _texts(genes) or len(set(genes)) < len(genes):
        _refuse(where, "'genes' must be names, each once")
    if not _texts(body["by"]):
        _refuse(where, "'by' must be names of columns")
    for gene, row in body["rows"].items():
        if not (isinstance(row, list) and [type(v) for v in row] == [str, int]):
            _refuse(where, f"the row of {gene!r} must be an identifier and a number")
    if not body["strata"]:
        _refuse(where, "it holds no controls")
    for i, stratum in enumerate(body["strata"], 1):
        _check_stratum(stratum, len(genes), f"{where}: stratum {i}")


def _check_stratum(stratum: Any, n_genes: int, where: str) -> None:
    if not isinstance(stratum, dict):
        _refuse(where, "it is no table")
    _kinds(stratum, _STRATUM, where)
    values, ages = stratum["values"], stratum["age_range"]
    if not values or len(values) != stratum["n_controls"]:
        _refuse(where, f"{len(values)} rows of values for {stratum['n_controls']} controls")
    for i, row in enumerate(values, 1):
        if not isinstance(row, list) or len(row) != n_genes:
            _refuse(where, f"control {i} does not have {n_genes} values, one a gene")
        for value in row:
            if not (value is None or (_is_number(value) and not abs(value) > MAX_LINEAR)):
                _refuse(where, f"control {i} holds {value!r}, which is no expression value")
    if ages and not (len(ages) == _AGES and all(_is_number(a) and math.isfinite(a) for a in ages)):
        _refuse(where, "'age_range' must be two numbers")


def _kinds(body: Mapping[str, Any], kinds: Mapping[str, Any], where: str) -> None:
    for key, kind in kinds.items():
        value = body.get(key, _ABSENT)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)) or (kind is int and value < 0):
            _refuse(where, f"{key!r} is missing or of the wrong kind")


def _texts(values: list[Any]) -> bool:
    return all(isinstance(v, str) for v in values)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _refuse(where: str, what: str) -> NoReturn:
    msg = f"{where}: {what}; make the reference again with: ifnscore reference fit"
    raise DataError(msg)
