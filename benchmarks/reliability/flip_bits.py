"""Flip bits of HDF5 files: what the libraries do (loop, crash), and what ifnscore makes of it; some minutes.

``python flip_bits.py [FILES A FORMAT]``. Each file is read twice in a forked child with a time limit: by anndata or scanpy as it
is, and by ``ifnscore.read``. ifnscore may read it or refuse it with its own error; anything else is printed and counted as failed.
"""

from __future__ import annotations

import collections
import os
import random
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
import anndata as ad
import scanpy as sc
from tests import bombs

import ifnscore as ifn
from ifnscore.errors import IfnscoreError
from ifnscore.loaders import _hdf5

LOOK, PATIENCE = 5, 60


def _plain(path: Path) -> str:
    x = (ad.read_h5ad(path) if path.suffix == ".h5ad" else sc.read_10x_h5(path, gex_only=False)).X
    x.sum()
    return "read"


def _ours(path: Path) -> str:
    try:
        ifn.read(path, scale="linear")
    except IfnscoreError as error:
        text = str(error)
        return "refused, library stopped" if "not through" in text or "breaks down" in text else "refused"
    return "read"


def _in_a_child(path: Path, reader: Callable[[Path], str], limit: int) -> str:
    """Return how reading ends; a signal means that the library crashed, or looped until its time was over."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(limit)
        try:
            word = reader(path)
        except BaseException as error:  # noqa: BLE001  a child never returns
            word = "error" if reader is _plain else f"FAILED {type(error).__name__}"
        os.write(write, word.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as text:
        word = text.read()
    _, status = os.waitpid(pid, 0)
    if word:
        return word
    how = "loops" if os.WTERMSIG(status) == signal.SIGALRM else f"crashes (signal {os.WTERMSIG(status)})"
    return how if reader is _plain else f"FAILED: {how}"


def _flipped(raw: bytes, rng: random.Random) -> bytes:
    data = bytearray(raw)
    for _ in range(rng.choice([1, 1, 2, 5, 20])):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def main() -> int:
    warnings.simplefilter("ignore")
    _hdf5.TIME = LOOK
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    failed = 0
    for name, make in (("m.h5ad", bombs.h5ad(lambda _: None)), ("m.h5", bombs.tenx_h5)):
        with tempfile.TemporaryDirectory(prefix="ifnscore-flip-") as folder:
            path = Path(folder) / name
            make(path)
            raw, rng, start = path.read_bytes(), random.Random(2026), time.perf_counter()
            plain: collections.Counter[str] = collections.Counter()
            ours: collections.Counter[str] = collections.Counter()
            for i in range(n):
                data = _flipped(raw, rng)
                path.write_bytes(data)
                plain[_in_a_child(path, _plain, LOOK)] += 1
                word = _in_a_child(path, _ours, PATIENCE)
                ours[word] += 1
                if word.startswith("FAILED"):
                    kept = Path(tempfile.gettempdir()) / f"ifnscore-flip-{i}-{name}"
                    kept.write_bytes(data)
                    failed += 1
                    print(f"{kept}: {word}", flush=True)
        print(f"{name}, {len(raw)} bytes, {n} damaged files, {time.perf_counter() - start:.0f} s")
        print(f"  the library alone: {dict(plain)}\n  ifnscore: {dict(ours)}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
