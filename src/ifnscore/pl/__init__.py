"""Figures: each takes `ax` and returns ``Axes``; nothing is shown, printed or saved.

Colours are Okabe and Ito's, always with a shape beside them. The settings of matplotlib are left as they are, unless a figure is
drawn inside ``with ifn.pl.style():``.
"""

from __future__ import annotations

from ifnscore.pl._style import style
from ifnscore.pl.paired import paired

__all__ = ["paired", "style"]
