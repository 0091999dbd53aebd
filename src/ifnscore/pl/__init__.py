"""Figures: each takes `ax` and returns ``Axes``; nothing is shown, printed or saved.

Colours are Okabe and Ito's, always with a shape beside them. The settings of matplotlib are left as they are, unless a figure is
drawn inside ``with ifn.pl.style():``.

Make figures of your own with ``layout="constrained"``, such as ``plt.subplots(2, 2, layout="constrained")``: names, notes and
legends outside the axes have room then. Give each figure axes of its own: a second one in the same axes lies over the first.
"""

from __future__ import annotations

from ifnscore.pl._style import style
from ifnscore.pl.association import association
from ifnscore.pl.contributions import contributions
from ifnscore.pl.coverage import coverage
from ifnscore.pl.evaluation import evaluation
from ifnscore.pl.genes_change import genes_change
from ifnscore.pl.heatmap import heatmap
from ifnscore.pl.overlap import overlap
from ifnscore.pl.paired import paired
from ifnscore.pl.scores import scores
from ifnscore.pl.spatial import spatial
from ifnscore.pl.timeline import timeline
from ifnscore.pl.type_balance import type_balance
from ifnscore.pl.umap import umap
from ifnscore.pl.violin import violin
from ifnscore.pl.waterfall import waterfall

__all__ = [
    "association",
    "contributions",
    "coverage",
    "evaluation",
    "genes_change",
    "heatmap",
    "overlap",
    "paired",
    "scores",
    "spatial",
    "style",
    "timeline",
    "type_balance",
    "umap",
    "violin",
    "waterfall",
]
