"""Pages that are written from the package itself: the API, the catalogue, the methods, the command line, the figures."""

from __future__ import annotations

import shutil
from pathlib import Path


def write_all(docs: Path) -> None:
    """Write everything under ``docs/_generated``; what no longer exists is removed."""
    from _make import api, calibration, catalogue, commands, gallery, inputs, methods, notebooks, which

    out = docs / "_generated"
    shutil.rmtree(out, ignore_errors=True)
    (out / "parts").mkdir(parents=True)
    for module in (api, calibration, catalogue, commands, inputs, methods, notebooks, which):
        module.write(out)
    gallery.write(out)
