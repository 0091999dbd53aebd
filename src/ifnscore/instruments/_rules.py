"""The rules behind the response definitions: values and parameters in, verdict out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ifnscore.errors import DataError, UsageError, warn
from ifnscore.instruments import _core_sets, _registry, tis
from ifnscore.instruments import _tis_measures as measures
from ifnscore.instruments._definitions import Definition
from ifnscore.instruments._model import DIGITS, Instrument
from ifnscore.instruments._numbers import number


@dataclass(frozen=True, slots=True)
class Verdict:
    """Met, not met or not evaluable (None), why, and the number compared; `shown` joins the parameters in the label."""

    met: bool | None
    reason: str
    value: float = math.nan
    shown: Mapping[str, Any] = field(default_factory=dict)
    adult: bool = False


def one_value(instrument: Instrument, value: Any, unit: str | None, when: str, uln: float | None = None) -> float:
    """Return a value of an instrument in its canonical unit (missing as NaN).

    Raises
    ------
    DataError
        It is no number or out of range; beyond an unverified maximum it only warns.
    """
    x = number(value, f"{instrument.id} {when}")
    x = x if unit is None or math.isnan(x) else instrument.convert(x, unit, uln=uln)
    problem = instrument.check(x)
    if problem is None:
        return x
    if problem.level == "error":
        msg = f"{when}: {problem.text}"
        raise DataError(msg)
    warn(f"{when}: {problem.text}")
    return x


def _single(definition: Definition, before: Any, after: Any, instrument: str) -> tuple[Instrument, Any, Any]:
    """Find the one instrument that is meant, and its values."""
    keys = {k for one in (before, after) if isinstance(one, Mapping) for k in one}
    wanted = {_registry.get(str(k)).id: k for k in keys}
    if len(wanted) > 1:
        msg = f"{definition.name} judges one instrument, not {', '.join(sorted(wanted))}"
        raise UsageError(msg)
    default = definition.instruments[0] if len(definition.instruments) == 1 else ""
    name = _registry.get(instrument).id if instrument else next(iter(wanted), default)
    if not name:
        msg = f"{definition.name}: say which with instrument=, one of {', '.join(definition.instruments)}"
        raise UsageError(msg)
    if name not in definition.instruments or (wanted and name not in wanted):
        msg = f"{definition.name} is not defined for {name}; it uses {', '.join(definition.instruments)}"
        raise UsageError(msg)
    values = [one.get(wanted.get(name)) if isinstance(one, Mapping) else one for one in (before, after)]
    return _registry.get(name), values[0], values[1]


def _pair(definition: Definition, before: Any, after: Any, p: Mapping[str, Any]) -> tuple[Instrument, float, float]:
    one, old, new = _single(definition, before, after, p.get("instrument", ""))
    unit = p.get("unit")
    return one, one_value(one, old, unit, "before"), one_value(one, new, unit, "after")


def _absent(old: float, new: float) -> str:
    return "no value " + " and ".join(w for w, x in (("before", old), ("after", new)) if math.isnan(x))


def absolute(definition: Definition, before: Any, after: Any, p: Mapping[str, Any]) -> Verdict:
    """Improvement of at least so many points; a baseline with less room than that cannot respond."""
    one, old, new = _pair(definition, before, after, p)
    need, best = p["improvement"], one.best
    if not math.isnan(old) and best is not None and round(abs(old - best), DIGITS) < need:
        return Verdict(None, f"the baseline of {old:g} cannot improve by {need:g}")
    if math.isnan(old) or math.isnan(new):
        return Verdict(None, _absent(old, new))
    gain = round(old - new if one.higher_is_worse else new - old, DIGITS)
    return Verdict(gain >= need, f"{old:g} to {new:g}: improvement {gain:g}", gain)


def percent(definition: Definition, before: Any, after: Any, p: Mapping[str, Any]) -> Verdict:
    """Improvement of at least so many per cent of the baseline, for baselines above a limit."""
    one, old, new = _pair(definition, before, after, p)
    need, limit = p["percent"], p.get("baseline_above", 0.0)
    if not math.isnan(old) and round(old, DIGITS) <= limit:
        return Verdict(None, f"the baseline of {old:g} is not above {limit:g}: this rule does not judge it")
    if math.isnan(old) or math.isnan(new):
        return Verdict(None, _absent(old, new))
    gain = round((old - new if one.higher_is_worse else new - old) / old * 100.0, DIGITS)
    return Verdict(gain >= need, f"{old:g} to {new:g}: improvement {gain:.3g} %", gain)


def state(definition: Definition, before: Any, after: Any, p: Mapping[str, Any]) -> Verdict:
    """Being in a disease activity state, or a lower one, at follow-up."""
    one, old, new = _pair(definition, before, after, p)
    order = [b.label for b in one.bands]
    if p["target"] not in order[:-1]:
        msg = f"{definition.name}: target is {p['target']!r}; choose one of {', '.join(order[:-1])}"
        raise UsageError(msg)
    shown = {"instrument": one.id}
    if math.isnan(new):
        return Verdict(None, "no value after", shown=shown)
    now, then = one.band(new), None if math.isnan(old) else one.band(old)
    reason = f"{one.id} {new:g}: {now}" + (f" (before: {then})" if then else "")
    return Verdict(order.index(str(now)) <= order.index(p["target"]), reason, new, shown)


_CID = {"ck": "<=", "cmas": ">=", "mmt8": ">=", "physician_global": "<="}


def cid(definition: Definition, before: Any, after: Any, p: Mapping[str, Any]) -> Verdict:
    """PRINTO clinically inactive disease at follow-up, with missing items (see ``responses.toml``)."""
    now, then = (_cid_items(definition, one, when, p) for one, when in ((after, "after"), (before, "before")))
    verdict = _cid_verdict(now, p["required"])
    met, failed, absent = ([k for k, ok in now.items() if ok is want] for want in (True, False, None))
    parts = [f"{word}: {', '.join(k)}" for word, k in (("met", met), ("failed", failed), ("missing", absent)) if k]
    already = " (already so before)" if _cid_verdict(then, p["required"]) else ""
    return Verdict(verdict, "; ".join(parts) + already, float(len(met)) if verdict is not None else math.nan)


def _cid_items(definition: Definition, values: Any, when: str, p: Mapping[str, Any]) -> dict[str, bool | None]:
    if values is None:
        return dict.fromkeys(_CID)
    if not isinstance(values, Mapping):
        msg = f"{definition.name} judges several instruments: give a mapping of {', '.join(_CID)} to values"
        raise UsageError(msg)
    given = {_registry.get(str(k)).id: v for k, v in values.items()}
    strange = [k for k in given if k not in _CID]
    if strange:
        msg = f"{definition.name} does not use {strange[0]}; it uses {', '.join(_CID)}"
        raise UsageError(msg)
    found: dict[str, bool | None] = {}
    for item, sign in _CID.items():
        unit, uln = (p.get("ck_unit"), p.get("ck_uln")) if item == "ck" else (None, None)
        x = round(one_value(_registry.get(item), given.get(item), unit, when, uln), DIGITS)
        found[item] = None if math.isnan(x) else x <= p[item] if sign == "<=" else x >= p[item]
    return found


def _cid_verdict(items: Mapping[str, bool | None], required: int) -> bool | None:
    states = list(items.values())
    if states.count(True) >= required:
        return True
    return False if states.count(False) > len(states) - required else None


#: Arguments of :func:`ifnscore.instruments.tis.from_measures` that a TIS response hands on.
TIS_RANGES = ("enzyme_range", "mmt_max", "extramuscular_range", "chq_phs_range")
TIS_ARGUMENTS = ("core_set", *TIS_RANGES, "vas_unit")


def total_improvement(definition: Definition, before: Any, after: Any, p: Mapping[str, Any]) -> Verdict:
    """Compare a Total Improvement Score with a threshold; `after` is the score itself, or the measures at follow-up."""
    patients, level = p["patients"], p["level"]
    if patients not in tis.THRESHOLDS or level not in tis.THRESHOLDS[patients]:
        msg = (
            f"{definition.name}: patients={patients!r}, level={level!r}; choose juvenile or adult, and minimal, moderate or major"
        )
        raise UsageError(msg)
    base = Verdict(None, "no Total Improvement Score", adult=patients == "adult")
    base = replace(base, shown={"threshold": p.get("threshold", tis.THRESHOLDS[patients][level])})
    if isinstance(after, Mapping) and set(after) != {"tis"}:
        return _from_measures(definition, before, after, p, base)
    total = one_value(_registry.get("tis"), after["tis"] if isinstance(after, Mapping) else after, None, "after")
    if math.isnan(total):
        return base
    return replace(base, met=round(total, DIGITS) >= base.shown["threshold"], reason=f"TIS {total:g}", value=total)


def _from_measures(definition: Definition, before: Any, after: Any, p: Mapping[str, Any], base: Verdict) -> Verdict:
    if not isinstance(before, Mapping) or "core_set" not in p:
        msg = f"{definition.name}: give measures before and after as mappings, and core_set= with the ranges that it needs"
        raise UsageError(msg)
    ranges = {"vas_unit": "cm", **dict.fromkeys(TIS_RANGES), **{k: p[k] for k in TIS_ARGUMENTS if k in p}}
    found = tis.from_measures(before, after, **ranges)
    if math.isnan(found.total):
        return replace(base, reason=found.note)
    need, room = base.shown["threshold"], tis.score(measures.best_changes(before, **ranges)).total
    if round(room, DIGITS) < need:
        return replace(base, reason=f"from this baseline at most {room:g} points can be reached")
    return replace(base, met=round(found.total, DIGITS) >= need, reason=f"TIS {found.total:g}; {found.note}", value=found.total)


def doi(definition: Definition, before: Any, after: Any, p: Mapping[str, Any]) -> Verdict:
    """IMACS definition of improvement, in per cent of the baseline, with bounds for what is missing."""
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        msg = f"{definition.name} judges six measures: give mappings of {', '.join(_core_sets.MEASURES['IMACS'])} to values"
        raise UsageError(msg)
    gains = _relative_gains(before, after)
    old = _core_sets.named(before)
    room = [m for m in gains if m in _core_sets.HIGHER_IS_BETTER or number(old.get(m), m) != 0]
    if len(room) < p["n_improved"]:
        return Verdict(None, f"only {', '.join(room)} can improve from this baseline")
    better = [m for m, g in gains.items() if g is not None and g >= p["improved_percent"]]
    worse = [m for m, g in gains.items() if g is not None and g <= -p["worse_percent"]]
    absent = [m for m, g in gains.items() if g is None]
    reason = f"improved: {', '.join(better) or 'none'}; worse: {', '.join(worse) or 'none'}"
    reason += f"; not judged: {', '.join(absent)}" if absent else ""
    value = float(len(better))
    if "mmt" in worse or len(worse) > p["max_worse"]:
        return Verdict(False, reason, value)  # noqa: FBT003
    if len(better) + len(absent) < p["n_improved"]:
        return Verdict(False, reason, value)  # noqa: FBT003
    if len(better) >= p["n_improved"] and "mmt" not in absent and len(worse) + len(absent) <= p["max_worse"]:
        return Verdict(True, reason, value)  # noqa: FBT003
    return Verdict(None, reason)


def _relative_gains(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, float | None]:
    old, new = _core_sets.named(before), _core_sets.named(after)
    for values in (old, new):
        _core_sets.which(values, "IMACS")
        strange = [m for m in values if m not in _core_sets.MEASURES["IMACS"]]
        if strange:
            msg = f"{strange[0]!r} is no IMACS core set measure; use {', '.join(_core_sets.MEASURES['IMACS'])}"
            raise UsageError(msg)
    return {m: _relative_gain(m, old.get(m), new.get(m)) for m in _core_sets.MEASURES["IMACS"]}


def _relative_gain(measure: str, before: Any, after: Any) -> float | None:
    old, new = number(before, f"{measure} before"), number(after, f"{measure} after")
    low = min(x for x in (old, new, math.inf) if not math.isnan(x))
    if low < 0:
        msg = f"{measure} is {low:g}; it cannot be negative"
        raise DataError(msg)
    if math.isnan(old) or math.isnan(new):
        return None
    gain = new - old if measure in _core_sets.HIGHER_IS_BETTER else old - new
    if gain == 0:
        return 0.0
    return round(gain / old * 100.0, DIGITS) if old > 0 else math.copysign(math.inf, gain)


RULES = {"absolute": absolute, "percent": percent, "state": state, "cid": cid, "tis": total_improvement, "doi": doi}
