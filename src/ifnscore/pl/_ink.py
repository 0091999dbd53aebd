"""The colour of lines and points that mean something without a colour of their own: dark on a light page, light on a dark one."""

from __future__ import annotations


def ink() -> str:
    """Return the colour of text under the settings of matplotlib, such as white in ``plt.style.context("dark_background")``."""
    from matplotlib import colors, rcParams

    return colors.to_hex(rcParams["text.color"])


def paper() -> str:
    """Return the colour of the axes' ground, for rims that part points from each other."""
    from matplotlib import colors, rcParams

    return colors.to_hex(rcParams["axes.facecolor"])
