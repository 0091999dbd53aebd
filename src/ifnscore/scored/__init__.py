"""The small scored file: scores, annotations and the signature genes, without the rest of the matrix.

What is in memory is made and written whole; what stays in its file (:class:`ifnscore.loaders.Lazy`) goes over part by part.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from ifnscore import _files, loaders
from ifnscore._lazy import ad
from ifnscore.scored import _parts
from ifnscore.scored._small import small

if TYPE_CHECKING:
    from anndata import AnnData

__all__ = ["SUFFIXES", "small", "write"]
#: Kinds of file that hold an AnnData.
SUFFIXES = (".h5ad", ".zarr")


def write(adata: AnnData | loaders.Lazy, path: Path, *, force: bool = False) -> None:
    """Write the small scored file as ``.h5ad`` or ``.zarr``.

    Parameters
    ----------
    adata
        Scored matrix of shape (n_samples, n_genes).
    path
        Where it goes; the ending says the format.
    force
        Replace an existing output.

    Raises
    ------
    DataError
        The output exists and `force` is False, or cannot be written.
    """
    if isinstance(adata, loaders.Lazy):
        _parts.write(adata, path, force=force)
        return
    made = small(adata)
    if path.suffix == ".zarr":
        _files.write(path, made.write_zarr, force=force)
    else:
        _files.write(path, lambda target: _write_h5ad(made, target), force=force)


def _write_h5ad(adata: AnnData, path: Path) -> None:
    """Write through memory: where a disk is full, the HDF5 library fails once more at the end of Python, with a crash."""
    import h5py

    image = io.BytesIO()
    adata.strings_to_categoricals()
    with h5py.File(image, "w") as file:
        ad.io.write_elem(file, "/", adata)
        del file["raw"]  # which is empty; anndata before 0.11 cannot read that
    path.write_bytes(image.getbuffer())
