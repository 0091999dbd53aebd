"""What ``cohort.toml`` may say: every rule of the analysis, its default, its limits and a line of help."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["text", "number", "whole", "flag", "choice", "window", "texts", "numbers"]
Window = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The rules of an analysis; days count from day 0, the first dose of the index drug.

    See :data:`KEYS` for what each one means. A default without a published source is a design choice and may be changed
    in ``cohort.toml``.
    """

    index_drug: str = ""
    data_cut_day: float | None = None
    title: str = ""
    synthetic: bool = False
    hypotheses: tuple[str, ...] = ()
    baseline_window: Window = (-90.0, 0.0)
    baseline_rule: str = "last"
    min_days_on: float = 28.0
    grace_days: float = 1.0
    washout_days: float = 14.0
    followup_rule: str = "target"
    target_day: float = 180.0
    window_days: float = 60.0
    link_window: Window = (120.0, 240.0)
    match_tolerance_days: float = 14.0
    steroid_change: float = 0.25
    infection_days: float = 14.0
    allow_cross_batch: bool = False
    allow_confounded_batch: bool = False
    min_controls_batch: int = 5
    primary_signature: str | None = None
    primary_tissue: str | None = None
    primary_instrument: str | None = None
    primary_response: str | None = None
    icc: float | None = None
    long_run_mean: float | None = None
    small_cell: int = 4
    band_ages_below: int = 20
    score_rcv: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of ``cohort.toml``.

    Attributes
    ----------
    table, name
        Where it stands: ``[table]`` and ``name = ...``; an empty name: the whole table is a mapping.
    field
        Attribute of :class:`Settings`.
    kind
        What the value is.
    help
        One line for a clinician.
    low, high
        Limits of numbers, both included.
    choices
        Allowed words.
    example
        Written into the template where the default is "not given".
    """

    table: str
    name: str
    field: str
    kind: Kind
    help: str
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    example: str = '""'

    @property
    def dotted(self) -> str:
        """The key as messages and the sheet ``cohort`` name it."""
        return f"{self.table}.{self.name}" if self.name else self.table


KEYS: tuple[Key, ...] = (
    Key("cohort", "index_drug", "index_drug", "text", "needed: the drug whose first dose is day 0"),
    Key("cohort", "data_cut_day", "data_cut_day", "number", "last day of follow-up; ongoing drugs end here", 0, example="730"),
    Key("cohort", "title", "title", "text", "a title, without names or dates"),
    Key("cohort", "synthetic", "synthetic", "flag", "true: the data are invented, and every output says so"),
    Key("cohort", "hypotheses", "hypotheses", "texts", "hypotheses stated beforehand, printed in the results"),
    Key("baseline", "window", "baseline_window", "window", "first and last day of a baseline sample", high=0),
    Key("baseline", "rule", "baseline_rule", "choice", "last: the latest one, mean: of all", choices=("last", "mean")),
    Key("on_drug", "min_days_on", "min_days_on", "number", "uninterrupted days before a sample counts as on", 0),
    Key("on_drug", "grace_days", "grace_days", "number", "days after the last dose that still count as on", 0),
    Key("on_drug", "washout_days", "washout_days", "number", "days after the last dose that count as carry-over", 0),
    Key(
        "followup", "rule", "followup_rule", "choice", "target (nearest to target_day), last_on or first_on",
        choices=("target", "last_on", "first_on"),
    ),
    Key("followup", "target_day", "target_day", "number", "day of the follow-up sample", 0),
    Key("followup", "window_days", "window_days", "number", "allowed distance from target_day, either side", 0),
    Key("followup", "link_window", "link_window", "window", "days in which changes of score and skin are linked"),
    Key("matching", "tolerance_days", "match_tolerance_days", "number", "largest distance of a sample from its visit", 0),
    Key("matching", "steroid_change", "steroid_change", "number", "a change of steroid dose by this share parts them", 0, 1),
    Key("matching", "infection_days", "infection_days", "number", "days after an infection, for a sensitivity run", 0),
    Key("batch", "allow_cross_batch", "allow_cross_batch", "flag", "pair samples of different batches (flagged)"),
    Key("batch", "allow_confounded", "allow_confounded_batch", "flag", "go on where batch and time cannot be parted"),
    Key("batch", "min_controls", "min_controls_batch", "whole", "controls that a batch needs to be placed by them", 0),
    Key("primary", "signature", "primary_signature", "text", "the one signature of the main analysis", example='"rice2013_ags6"'),
    Key("primary", "tissue", "primary_tissue", "text", "its tissue", example='"blood"'),
    Key("primary", "instrument", "primary_instrument", "text", "the one clinical measure", example='"cdasi_activity"'),
    Key("primary", "response", "primary_response", "text", "the one response definition", example='"cdasi_abs4"'),
    Key("regression_to_mean", "icc", "icc", "number", "reliability between visits, from your own data", 0, 1, example="0.6"),
    Key("regression_to_mean", "long_run_mean", "long_run_mean", "number", "long-run mean score, from your data", example="2.5"),
    Key("privacy", "small_cell", "small_cell", "whole", "counts from 1 to this are warned about", 0),
    Key("privacy", "band_ages_below", "band_ages_below", "whole", "below this number of patients, ages in bands", 0),
    Key("score_rcv", "", "score_rcv", "numbers", "within-person SD of log2 scores, from your own data", 0),
)  # fmt: skip
TABLES: tuple[str, ...] = tuple(dict.fromkeys(k.table for k in KEYS))
#: User-defined instruments, an array of tables; parsed by :mod:`ifnscore.instruments`.
INSTRUMENT = "instrument"
