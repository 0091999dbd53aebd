"""Execution: tasks, plans, chunks."""

from __future__ import annotations

from ifnscore.engine._null import NullRequest
from ifnscore.engine._null import check_method as check_null
from ifnscore.engine._progress import track
from ifnscore.engine._rebuild import contributions
from ifnscore.engine._run import Runner
from ifnscore.engine._scores import Scores
from ifnscore.engine._spilled import Spilled
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
from ifnscore.engine._watch import Watch, first

__all__ = [
    "COMMON",
    "PACKAGE_DEFAULT",
    "PUBLISHED",
    "NullRequest",
    "Request",
    "Runner",
    "Scores",
    "Spilled",
    "Task",
    "Watch",
    "check_null",
    "check_pseudocount",
    "check_share",
    "choose",
    "contributions",
    "first",
    "make",
    "panel_housekeeping",
    "track",
    "without_housekeeping",
]
