"""Scores on disk: a table of millions of samples is kept in a file without a name until it is written where it belongs."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.errors import DataError

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array


class Spilled:
    """Scores of shape (n_samples, n_tasks) in a temporary file, put in by rows and read by rows.

    Parameters
    ----------
    shape
        Samples and tasks.
    folder
        Where the file lies; it has no name on systems that can do that, and goes when it is closed in any case.

    Attributes
    ----------
    columns
        Names of the tasks.

    Raises
    ------
    DataError
        The file cannot be made, or the disk is full.
    """

    def __init__(self, shape: tuple[int, int], folder: Path) -> None:
        self.shape, self.folder, self.columns = shape, folder, [str(i) for i in range(shape[1])]
        self._factor = np.ones(shape[1])
        self._blank = np.zeros(shape[0], dtype=bool)
        try:
            self._file = tempfile.TemporaryFile(dir=folder, prefix=".ifnscore-")  # noqa: SIM115  lives as long as the scores
        except OSError as error:
            raise self._full(error) from error

    def _full(self, error: OSError) -> DataError:
        return DataError(f"{self.folder}: cannot keep the scores here until they are written: {error.strerror or error}")

    def __setitem__(self, samples: slice, values: Array) -> None:
        try:
            self._file.seek(samples.start * self.shape[1] * 8)
            self._file.write(np.ascontiguousarray(values, dtype=np.float64).tobytes())
        except OSError as error:
            raise self._full(error) from error

    def __getitem__(self, at: Any) -> Any:
        """Return the scores of consecutive samples (a slice), or one score (a sample and a task)."""
        if isinstance(at, tuple):
            sample, task = at
            return float(self[int(sample) : int(sample) + 1][0, task])
        start, stop, _ = at.indices(self.shape[0])
        n = max(stop - start, 0)
        self._file.seek(start * self.shape[1] * 8)
        held = np.frombuffer(self._file.read(n * self.shape[1] * 8), dtype=np.float64).reshape(n, self.shape[1])
        held = held * self._factor
        held[self._blank[start:stop]] = np.nan
        return held

    def multiply(self, positions: list[int], factor: float) -> None:
        """Multiply the scores of some tasks when they are read."""
        self._factor[positions] *= factor

    def blank(self, samples: Array) -> None:
        """Take the scores of some samples away; `samples` is a mask of shape (n_samples,)."""
        self._blank |= samples

    def close(self) -> None:
        """Give the space back."""
        self._file.close()
