"""Execution: tasks, plans, chunks."""

from __future__ import annotations

from ifnscore.engine._rebuild import contributions
from ifnscore.engine._run import Runner
from ifnscore.engine._scores import Scores
from ifnscore.engine._tasks import (
    COMMON,
    PACKAGE_DEFAULT,
    PUBLISHED,
    Request,
    Task,
    check_pseudocount,
    check_share,
    choose,
    make,
    panel_housekeeping,
    without_housekeeping,
)

__all__ = [
    "COMMON",
    "PACKAGE_DEFAULT",
    "PUBLISHED",
    "Request",
    "Runner",
    "Scores",
    "Task",
    "check_pseudocount",
    "check_share",
    "choose",
    "contributions",
    "make",
    "panel_housekeeping",
    "without_housekeeping",
]
