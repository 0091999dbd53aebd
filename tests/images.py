"""Comparing a figure with the picture that was looked at.

A new picture is made by ``IFNSCORE_NEW_IMAGES=1 pytest tests/test_pl_paired.py``, opened, looked at, and committed. Pictures hold
for the version of matplotlib in constraints.txt, whose wheels bring their own type setter.
"""

from __future__ import annotations

import os
from pathlib import Path

from matplotlib.testing.compare import compare_images

FOLDER = Path(__file__).parent / "images"
DPI = 70
#: Root mean square difference of pixel values (0 to 255) up to which two pictures are the same: rounding of a line, no more.
TOLERANCE = 1.0


def difference(figure, name: str, tmp_path: Path, *, fresh: bool = False) -> float:
    """Return the root mean square difference between a figure and the picture ``tests/images/<name>.png``."""
    made = tmp_path / f"{name}.png"
    figure.savefig(made, dpi=DPI, metadata={"Software": None})
    kept = FOLDER / f"{name}.png"
    if fresh and os.environ.get("IFNSCORE_NEW_IMAGES"):
        kept.write_bytes(made.read_bytes())
    assert kept.is_file(), f"no picture {kept.name}: make it with IFNSCORE_NEW_IMAGES=1 and look at it"
    found = compare_images(str(kept), str(made), tol=0, in_decorator=True)
    return float(found["rms"]) if found else 0.0


def same(ax, name: str, tmp_path: Path) -> None:
    """Assert that a figure looks as it did when it was looked at."""
    rms = difference(ax.get_figure(), name, tmp_path, fresh=True)
    assert rms <= TOLERANCE, f"{name} differs from tests/images/{name}.png (rms {rms:.2f}); see {tmp_path}"


def differs(ax, name: str, tmp_path: Path) -> None:
    """Assert that the comparison would notice: this figure, with one thing changed, is not the same picture."""
    assert difference(ax.get_figure(), name, tmp_path) > TOLERANCE
