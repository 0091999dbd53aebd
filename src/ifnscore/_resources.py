"""Where the shipped files lie: inside an installed wheel, or at the top of a checkout."""

from __future__ import annotations

from pathlib import Path

from ifnscore.errors import DataError

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent.parent


def folder(name: str) -> Path:
    """Return the folder `name` (``"genesets"`` or ``"examples"``) of this installation.

    A wheel carries it under ``ifnscore/_data``; an editable install finds it at the top of the repository.

    Raises
    ------
    DataError
        The folder is in neither place: the installation is broken.
    """
    for candidate in (_PACKAGE / "_data" / name, _CHECKOUT / name):
        if candidate.is_dir():
            return candidate
    msg = f"the shipped folder {name!r} is missing from this installation: reinstall ifnscore"
    raise DataError(msg)
