"""Libraries that only some formats need, imported when a file of that format is read."""

from __future__ import annotations

import importlib
from typing import Any

from ifnscore.errors import DataError


def need(module: str, label: str, what: str) -> Any:
    """Import `module`, or say in one line how to install it.

    Raises
    ------
    DataError
        It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        msg = f"{label}: reading {what} needs the package {package}: pip install {package}"
        raise DataError(msg) from error
