"""The record of a normalisation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from ifnscore.options import Option

if TYPE_CHECKING:
    from ifnscore._lazy import ad
    from ifnscore.expression import Scale

#: Values of a normalisation's options, defaults filled in.
Options: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalisation:
    """One way to make samples comparable. A module of this package that holds a ``NORMALISATION`` is found by itself.

    Attributes
    ----------
    name
        As in ``--normalise NAME``.
    title
        What it does, in words, for lists and messages.
    source
        Where the algorithm is published.
    takes
        Scales that it can start from.
    gives
        Scale of the result.
    apply
        Returns a new AnnData with normalised ``X`` and what was found in words (one note a fact); the values before are in
        ``layers["counts"]``.
    options
        What a user may choose.
    sample_independent
        Whether a sample's values depend on that sample alone; if not, scores against frozen controls carry a warning.
    settle
        Replaces options that mean something else in other data (``housekeeping=auto``) by what they mean in these, so that
        the recorded options say whether two matrices were treated alike; None where there are no such options.
    dependent
        Setting, written ``NAME=VALUE``, under which values depend on the other samples although they otherwise do not.
    """

    name: str
    title: str
    source: str
    takes: tuple[Scale, ...]
    gives: Scale
    apply: Callable[[ad.AnnData, Options], tuple[ad.AnnData, tuple[str, ...]]]
    options: tuple[Option, ...] = ()
    sample_independent: bool = True
    settle: Callable[[ad.AnnData, Options], Options] | None = None
    dependent: str = ""
