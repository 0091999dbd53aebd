"""Annotations that name people, days or files stay in the file they came from."""

from __future__ import annotations

import re

from ifnscore._lazy import pd
from ifnscore.errors import listing, say

_PRIVATE = re.compile(
    r"contact([_. ]|$)|(.*[_. ])?dates?([_. ]|\d|$)|supplementary_file|relation$|owner|(file|path)([_. ]?name)?$|dob$|"
    r"(first|last|full|family|given|sur|patient|subject|donor)[_. ]?name|initials|e-?mail|phone|address|operator|investigator",
    re.IGNORECASE,
)


def without_private(frame: pd.DataFrame, label: str) -> pd.DataFrame:
    """Return annotations without the columns that, by their names, tell people, days or places of files; said aloud."""
    private = [c for c in frame.columns if _PRIVATE.match(str(c))]
    if private:
        say(f"{label}: annotations about people, days or files left out: {listing(private)}")
    return frame.drop(columns=private)
