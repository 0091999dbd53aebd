"""Tables of a TOML file (or a dict of the same shape) to a signature, every key and value checked."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from ifnscore.errors import DataError, listing, nearest
from ifnscore.signatures._model import (
    CONFIDENCES,
    CUTOFF_RULES,
    FORMULA_STATUS,
    IFN_TYPES,
    PLATFORMS,
    UNKNOWN,
    Cutoff,
    Formula,
    Signature,
    Source,
    default_min_coverage,
)

_ID = re.compile(r"(?!\.{1,2}$)[^\s/\x00-\x1f\x7f]([^/\x00-\x1f\x7f]*[^\s/\x00-\x1f\x7f])?")
#: Fields that may hold a number, and what else they may hold.
_NUMBERS: dict[str, Any] = {"ddof": int | str, "pseudocount": int | float | str, "value": int | float, "year": int}
#: Largest weight; squares of it stay finite.
_LARGEST = 1e100
_CHOICES = {"ifn_type": IFN_TYPES, "platform": PLATFORMS, "confidence": CONFIDENCES}


def from_dict(data: object, where: str) -> Signature:
    """Build a :class:`Signature` from the tables of a TOML file (or a dict of the same shape).

    Parameters
    ----------
    data
        Top-level keys are the fields of :class:`Signature`; ``genes`` holds ``up``, ``down`` and ``weights``;
        ``formula``, ``cutoff`` and ``source`` are tables.
    where
        File name (or description) that error messages name.

    Raises
    ------
    DataError
        A key is unknown or missing, a value is of the wrong kind, or a gene stands twice.
    """
    if not isinstance(data, Mapping):
        msg = f"{where}: a signature is a table with 'id' and [genes], not {type(data).__name__}"
        raise DataError(msg)
    data = dict(data)
    genes = data.pop("genes", None)
    if not isinstance(genes, Mapping) or not (genes.get("up") or genes.get("down")):
        msg = f"{where}: a signature needs a [genes] table with a non-empty 'up' or 'down' list"
        raise DataError(msg)
    _known_keys(genes, {"up", "down", "weights"}, f"{where} [genes]")
    up, down = _names(genes.get("up", ()), where), _names(genes.get("down", ()), where)
    weighed = _mapping(genes.get("weights", {}), f"{where} [genes.weights]")
    weights = {str(k): _number(v, f"{where} [genes.weights] {k}") for k, v in weighed.items()}
    _check_genes(up, down, weights, where)
    parts = {
        "formula": _table(Formula, data.pop("formula", {}), f"{where} [formula]"),
        "cutoff": _table(Cutoff, data.pop("cutoff", {}), f"{where} [cutoff]"),
        "source": _table(Source, data.pop("source", {}), f"{where} [source]"),
    }
    data.setdefault("min_coverage", default_min_coverage(len(up) + len(down)))
    allowed = {f.name for f in fields(Signature)} - {"up", "down", "weights", *parts}
    _known_keys(data, allowed, where)
    data = _with_texts(Signature, data, where)
    if not _ID.fullmatch(data.get("id", "")):
        msg = f"{where}: 'id' is {data.get('id')!r}; it needs a name without / and control characters"
        raise DataError(msg)
    for key, choices in _CHOICES.items():
        if data.get(key, UNKNOWN) not in choices:
            msg = f"{where}: {key} is {data[key]!r}; choose one of {', '.join(choices)}"
            raise DataError(msg)
    coverage = _number(data["min_coverage"], f"{where} min_coverage")
    if not 0 < coverage <= 1:
        msg = f"{where}: min_coverage is {coverage}; it lies above 0 and up to 1"
        raise DataError(msg)
    tissue = data.get("tissue", ())
    data["tissue"] = (tissue,) if isinstance(tissue, str) else _names(tissue, f"{where} tissue", "tissues")
    return Signature(up=up, down=down, weights=weights, **data, **parts)


def _names(values: Any, where: str, what: str = "gene lists") -> tuple[str, ...]:
    if isinstance(values, str) or not isinstance(values, Sequence) or not all(isinstance(v, str) for v in values):
        msg = f"{where}: {what} are lists of strings"
        raise DataError(msg)
    return tuple(v.strip() for v in values if v.strip())


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        msg = f"{where}: {value!r} is not a number"
        raise DataError(msg)
    if abs(value) > _LARGEST or math.isnan(value):
        msg = f"{where}: {value!r} is no number that could be used"
        raise DataError(msg)
    return float(value)


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        msg = f"{where}: expected a table"
        raise DataError(msg)
    return value


def _with_texts(kind: Any, data: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return `data` with text in every field that holds text; numbers there are written out."""
    out = dict(data)
    for field in fields(kind):
        if field.name not in out or field.name in _NUMBERS or (field.name != "id" and not isinstance(field.default, str)):
            continue
        value = out[field.name]
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            msg = f"{where}: {field.name} is {value!r}; it needs text"
            raise DataError(msg)
        out[field.name] = str(value)
    return out


def _check_genes(up: tuple[str, ...], down: tuple[str, ...], weights: Mapping[str, float], where: str) -> None:
    genes = up + down
    twice = sorted(g for g, n in Counter(genes).items() if n > 1)
    if twice:
        msg = f"{where}: genes listed twice: {listing(twice)}"
        raise DataError(msg)
    known = set(genes)
    strangers = [g for g in weights if g not in known]
    if strangers or (weights and len(weights) != len(genes)):
        msg = f"{where}: [genes.weights] must weigh exactly the listed genes ({listing(strangers) or 'some are missing'})"
        raise DataError(msg)


def _known_keys(data: Mapping[str, Any], allowed: set[str], where: str) -> None:
    for key in data:
        if key not in allowed:
            msg = f"{where}: unknown key {key!r}.{nearest(key, sorted(allowed))}"
            raise DataError(msg)


def _table(kind: Any, data: Any, where: str) -> Any:
    _known_keys(_mapping(data, where), {f.name for f in fields(kind)}, where)
    data = _with_texts(kind, data, where)
    for key, allowed in _NUMBERS.items():
        if key in data and (isinstance(data[key], bool) or not isinstance(data[key], allowed)):
            msg = f"{where}: {key} is {data[key]!r}; it needs a number"
            raise DataError(msg)
    _mapping(data.get("params", {}), f"{where} params")
    if "housekeeping" in data:
        data["housekeeping"] = _names(data["housekeeping"], where)
    if kind is Formula and data.get("status", UNKNOWN) not in FORMULA_STATUS:
        msg = f"{where}: status is {data['status']!r}; choose one of {', '.join(FORMULA_STATUS)}"
        raise DataError(msg)
    if kind is Cutoff and data.get("rule", UNKNOWN) not in CUTOFF_RULES:
        msg = f"{where}: rule is {data['rule']!r}; choose one of {', '.join(CUTOFF_RULES)}"
        raise DataError(msg)
    return kind(**data)
