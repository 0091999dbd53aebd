"""What the property tests draw: matrices of known genes, and damage done to the bytes of a file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

import ifnscore as ifn

#: The same examples in every run: a test that fails once fails until it is mended.
settings.register_profile(
    "ci", derandomize=True, deadline=None, max_examples=30, database=None, suppress_health_check=list(HealthCheck), print_blob=False
)
CI = settings.get_profile("ci")
KNOWN = tuple(dict.fromkeys(g for s in ifn.signatures.resolve("panel") for g in s.genes if g.isalnum()))
#: Names of samples that need no quoting in any format; those that do are in tests/test_read_text.py.
NAMES = st.text("abcdefghijXYZ0189_.", min_size=1, max_size=6).map(lambda name: f"s{name}")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A matrix of shape (n_samples, n_genes) with its names."""

    x: np.ndarray
    samples: list[str]
    genes: list[str]


@st.composite
def matrices(draw: st.DrawFn, *, whole: bool | None = None, max_samples: int = 5) -> Drawn:
    """Draw counts (`whole`), decimals, or either."""
    n = draw(st.integers(1, max_samples))
    samples = draw(st.lists(NAMES, min_size=n, max_size=n, unique=True))
    genes = draw(st.lists(st.sampled_from(KNOWN), min_size=4, max_size=9, unique=True))
    if draw(st.booleans()) if whole is None else whole:
        cells = st.integers(0, 2**53)
    else:
        cells = st.one_of(st.floats(0, 1e6), st.floats(0, 64, width=32), st.just(0.5))
    rows = draw(st.lists(st.lists(cells, min_size=len(genes), max_size=len(genes)), min_size=n, max_size=n))
    return Drawn(np.array(rows), samples, genes)


@st.composite
def damaged(draw: st.DrawFn, contents: list[bytes]) -> bytes:
    """Draw one of some files and damage it: bytes replaced, inserted, left out, repeated, cut off; or rubbish alone."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=200))
    data = bytearray(draw(st.sampled_from(contents)))
    for _ in range(draw(st.integers(1, 4))):
        i = draw(st.integers(0, len(data)))
        j = min(len(data), i + draw(st.integers(0, 40)))
        match draw(st.sampled_from(["replace", "insert", "drop", "repeat", "cut", "word"])):
            case "replace":
                data[i:j] = draw(st.binary(max_size=8))
            case "insert":
                data[i:i] = draw(st.binary(min_size=1, max_size=8))
            case "drop":
                del data[i:j]
            case "repeat":
                data[i:i] = data[i:j] * draw(st.integers(1, 3))
            case "cut":
                del data[i:]
            case _:
                data[i:j] = draw(st.sampled_from([b"\t", b",", b"\n", b"\r", b'"', b"NA", b"inf", b"-1", b"1e400", b"\0", b"\xff", b"9" * 30]))
    return bytes(data)
