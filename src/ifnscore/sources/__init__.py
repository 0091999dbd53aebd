"""Matrices that stay where they are: rows and columns on demand from files and distributed arrays, memory bounded."""

from __future__ import annotations

from ifnscore.sources._base import Source
from ifnscore.sources._open import of
from ifnscore.sources._passes import gathered, head
from ifnscore.sources._shared import Place, Shared

__all__ = ["Place", "Shared", "Source", "gathered", "head", "of"]
