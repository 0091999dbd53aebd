"""Matrices that stay where they are: rows and columns on demand from files and distributed arrays, memory bounded."""

from __future__ import annotations

from ifnscore.sources._base import Source
from ifnscore.sources._open import of

__all__ = ["Source", "of"]
