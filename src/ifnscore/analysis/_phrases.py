"""Numbers and counts as readings print them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ifnscore._lazy import np

SYNTHETIC = "SYNTHETIC DATA."
#: Topic and sentence, in the order of reading.
Sentences = list[tuple[str, str]]
#: Ratios from here on are printed without decimals.
_LARGE = 10.0
_TINY_P = 0.0001


def about(topic: str, *sentences: str) -> Sentences:
    """Return sentences under one topic, empty ones left out."""
    return [(topic, s) for s in sentences if s]


def paragraph(sentences: Sentences) -> str:
    """Return sentences as one paragraph."""
    return " ".join(s for _, s in sentences)


def number(x: float, digits: int = 2) -> str:
    """Return a number with a minus that prints well; small ones keep two significant digits, and nothing is minus zero."""
    text = f"{x:.{digits}f}" if abs(x) >= 0.5 * 10**-digits or x == 0 else f"{x:.2g}"
    return text.replace("-", "−")


def bounded(x: float) -> str:
    """Return a share or a correlation; what is not 1 is not printed as 1."""
    return (">0.99" if x > 0 else "<−0.99") if 0.99 < abs(x) < 1 and f"{abs(x):.2f}" == "1.00" else number(x)  # noqa: PLR2004


def p_value(p: float) -> str:
    """Return a p value with three significant digits, or ``p < 0.0001``."""
    return "p < 0.0001" if p < _TINY_P else f"p = {small(p)}"


def small(p: float) -> str:
    """Return a p or its floor with three significant digits."""
    return f"{p:.3g}"


def plural(n: int, word: str) -> str:
    """Return ``1 patient``, ``2 patients``."""
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def names(words: list[str]) -> str:
    """Return ``a``, ``a and b``, ``a, b and c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def percent(low: float, high: float) -> str:
    """Return an interval of shares in per cent."""
    return f"{share(low)} to {share(high)} %"


def share(x: float) -> str:
    """Return a share in whole per cent; what is not all, or not none, is not printed as 100 or 0."""
    value = 100 * x
    if 99 <= value < 100:  # noqa: PLR2004
        return f"{min(value, 99.9):.1f}"
    return f"{max(value, 0.1):.1f}" if 0 < value < 1 else f"{value:.0f}"


def interval(row: Mapping[str, Any]) -> str:
    """Return estimate and 95 % interval in words, with the ratio where there is one."""
    text = f"{number(row['estimate'])} {row['unit']}"
    if np.isfinite(row["ci_low"]):
        text += f" (95 % interval {number(row['ci_low'])} to {number(row['ci_high'])})"
    if np.isfinite(row.get("ratio", np.nan)):
        text += f", that is {times(row['ratio'])} times the baseline"
        if np.isfinite(row["ratio_low"]):
            text += f" ({times(row['ratio_low'])} to {times(row['ratio_high'])})"
    return text


def times(ratio: float) -> str:
    """Return a ratio: two decimals, none from ten on."""
    return f"{ratio:.0f}" if ratio >= _LARGE else number(ratio)
