"""Quality of a NanoString lane: the measures of nSolver and its limits.

Sources. Field of view, linearity, limit of detection: nCounter Gene Expression Data Analysis Guidelines (NanoString MAN-C0011)
and nSolver User Manual (MAN-C0019), read through the vendor's own open package NanoStringNCTools (``setQCFlags``: 0.75; R squared
0.95 of log2 counts on log2 concentration, 0.5 fM and more; 2 standard deviations) and ROSALIND's page "How does ROSALIND QC my
nCounter data?". Binding density: at most 2.25 (MAX, FLEX, PRO) or 1.8 (SPRINT) in all of them. The lower limit is 0.05 in older
documents (NanoStringQCPro ``bdPlot``, "thresholds defined by NanoString") and 0.1 in newer ones; 0.05 is taken, because small
panels, as interferon panels are, bind few reporters in a sound lane. The instrument: the fifth character of the scanner's
serial number is P for a SPRINT (NanoStringNCTools).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ifnscore._lazy import np

FOV_RATIO = 0.75
DENSITY_LOW, DENSITY_HIGH, DENSITY_HIGH_SPRINT = 0.05, 2.25, 1.8
R_SQUARED = 0.95
#: fM of the positive controls; POS_F is below the limit of detection and takes no part in the linearity.
CONCENTRATIONS = {"A": 128.0, "B": 32.0, "C": 8.0, "D": 2.0, "E": 0.5, "F": 0.125}
_LOWEST = 0.5
_MIN_POINTS = 3
_SERIAL = re.compile(r"\d{4}([A-Z])\w*")
_PRINTED = re.compile(r"\(\s*([0-9.]+)\s*\)$")
_LETTER = re.compile(r"POS_([A-F])$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """What is known of a lane beside its counts.

    Attributes
    ----------
    sample
        Name of the sample, from the file name.
    rlf, lane, cartridge, scanner, rcc_id
        As in the file, empty where absent.
    plexset
        Set of a PlexSet, ``A`` to ``H`` as the rows of its plate; otherwise empty.
    fov_count, fov_counted, binding_density
        NaN where absent.
    """

    sample: str
    rlf: str = ""
    lane: str = ""
    cartridge: str = ""
    scanner: str = ""
    rcc_id: str = ""
    plexset: str = ""
    fov_count: float = math.nan
    fov_counted: float = math.nan
    binding_density: float = math.nan


def number(text: str) -> float:
    """Return a number that describes a lane, NaN for anything else: quality is then not assessed."""
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if value >= 0 and not math.isinf(value) else math.nan


def instrument(scanner: str) -> str:
    """Return ``SPRINT``, ``MAX/FLEX`` or ``unknown`` by the serial number of a scanner."""
    serial = _SERIAL.fullmatch(scanner.strip().upper())
    if not serial:
        return "unknown"
    return "SPRINT" if serial[1] == "P" else "MAX/FLEX"


def concentration(control: str) -> float:
    """Return the concentration of a positive control in fM, NaN where it is not known.

    Examples
    --------
    >>> from ifnscore.loaders._rcc_qc import concentration
    >>> concentration("POS_B(32)"), concentration("POS_E")
    (32.0, 0.5)
    """
    printed = _PRINTED.search(control)
    if printed and control.startswith("POS_"):
        try:
            return float(printed[1])
        except ValueError:
            return math.nan
    letter = _LETTER.match(control)
    return CONCENTRATIONS[letter[1]] if letter else math.nan


def linearity(controls: Mapping[str, float]) -> float:
    """Return R squared of log2 counts on log2 concentrations of the positive controls of 0.5 fM and more.

    A count of 0 is taken as 1. NaN with fewer than three concentrations.
    """
    known = {name: concentration(name) for name in controls}
    points = [(known[n], max(1.0, c)) for n, c in controls.items() if known[n] >= _LOWEST and not math.isnan(c)]
    if len({x for x, _ in points}) < _MIN_POINTS:
        return math.nan
    x, y = np.log2(np.array(points, dtype=float)).T
    return 0.0 if np.ptp(y) == 0 else float(np.corrcoef(x, y)[0, 1] ** 2)


def negatives(controls: Mapping[str, float]) -> list[float]:
    """Return the counts of the negative controls."""
    return [c for n, c in controls.items() if n.startswith("NEG_") and not math.isnan(c)]


def detection_limit(controls: Mapping[str, float]) -> float:
    """Return mean + 2 SD of the negative controls, NaN with fewer than two."""
    found = negatives(controls)
    return float(np.mean(found) + 2 * np.std(found, ddof=1)) if len(found) > 1 else math.nan


def measures(lane: Lane, controls: Mapping[str, float]) -> dict[str, float]:
    """Return the ``qc_`` columns of a lane; NaN where something is not known.

    Parameters
    ----------
    lane
        Facts of the lane.
    controls
        Control probe -> count.
    """
    at_half = [c for n, c in controls.items() if concentration(n) == _LOWEST]
    ratio = lane.fov_counted / lane.fov_count if lane.fov_count > 0 else math.nan
    return {
        "qc_fov_ratio": ratio,
        "qc_binding_density": lane.binding_density,
        "qc_positive_r2": linearity(controls),
        "qc_positive_half_fm": at_half[0] if at_half else math.nan,
        "qc_detection_limit": detection_limit(controls),
    }


def flags(lane: Lane, found: Mapping[str, float], controls: Mapping[str, float]) -> list[str]:
    """Return what is wrong with a lane in words, each with its value and its limit.

    Parameters
    ----------
    lane, controls
        As for :func:`measures`.
    found
        What :func:`measures` returned.
    """
    wrong = []
    if found["qc_fov_ratio"] < FOV_RATIO:
        wrong.append(f"fields of view counted {found['qc_fov_ratio']:.2f} < {FOV_RATIO}")
    density, model = lane.binding_density, instrument(lane.scanner)
    high = DENSITY_HIGH_SPRINT if model == "SPRINT" else DENSITY_HIGH
    if density < DENSITY_LOW:
        wrong.append(f"binding density {density:.3g} < {DENSITY_LOW}")
    if density > high:
        wrong.append(f"binding density {density:.3g} > {high} ({model})")
    elif model == "unknown" and density > DENSITY_HIGH_SPRINT:
        wrong.append(f"binding density {density:.3g} > {DENSITY_HIGH_SPRINT}, the limit of a SPRINT (instrument unknown)")
    if found["qc_positive_r2"] < R_SQUARED:
        wrong.append(f"positive control R2 {found['qc_positive_r2']:.3f} < {R_SQUARED}")
    half, limit = found["qc_positive_half_fm"], found["qc_detection_limit"]
    if half <= limit:
        wrong.append(f"POS_E {half:.0f} <= limit of detection {limit:.1f}")
    if not any(n.startswith("POS_") for n in controls):
        wrong.append("no positive controls")
    if not negatives(controls):
        wrong.append("no negative controls")
    return wrong
